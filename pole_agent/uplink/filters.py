"""Which topics to ask a broker for, and how: all in one SUBSCRIBE, or one by one when it does not bear that.
Pure.

Some brokers allow a few subscriptions only, and tell so by closing; some close at a topic that this client
may not read. What they close at is set aside, one topic at a time, so that the others are heard: the lamp and
the stop of flights first. Topics of many poles are asked for apart, an address at a time, and set aside
together: an older list of rights does not know them, and the pole must not come and go for each. Times are
monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pole_agent.languages import phrase

BULK_TRIES = 2  # a line that breaks at that moment once is nothing
REFUSED_AGAIN_S, CLOSED_AGAIN_S = 600.0, 3600.0


class Filters:
    """The pole's own topics, the most important first, those of many poles by their addresses (`many`), and
    what has become of them.
    """

    def __init__(self, paths: Sequence[str], many: Sequence[Sequence[str]] = ()) -> None:
        self._paths, self._many = paths, [list(group) for group in many]
        self.missing: dict[str, str] = {}  # path -> why the broker does not send it
        self._again_at: dict[str, float] = {}
        self._failures = 0  # of the one SUBSCRIBE with all
        self._one_by_one = False
        self._closed: dict[str, int] = {}  # the first path of an address -> how often the broker closed at it
        self._heard: set[str] = set()  # the first paths of addresses that were granted

    def groups(self, now: float) -> list[list[str]]:
        """What to ask for on a new connection, one SUBSCRIBE each."""
        wanted = [path for path in self._paths if self._again_at.get(path, 0.0) <= now]
        one_by_one = self._one_by_one or len(wanted) < len(self._paths)
        own = [[path] for path in wanted] if one_by_one else [wanted] if wanted else []
        return own + self._of_many(lambda path: self._again_at.get(path, 0.0) <= now)

    def again(self, now: float) -> list[list[str]]:
        """What is missing and to be asked for once more, one SUBSCRIBE each."""
        due = {path for path, at in self._again_at.items() if at <= now}
        return [[path] for path in self._paths if path in due] + self._of_many(due.__contains__)

    def anew(self) -> list[list[str]]:
        """Everything, each own topic by itself; what many poles hear, unless the broker closes at it."""
        return [[path] for path in self._paths] + self._of_many(lambda path: path not in self._again_at)

    def _of_many(self, wanted: Callable[[str], bool]) -> list[list[str]]:
        """What the broker closed at comes last: the others are granted before it closes again."""
        found = [[path for path in group if wanted(path)] for group in self._many]
        found = sorted(filter(None, found), key=lambda group: self._closed.get(group[0], 0) >= BULK_TRIES)
        return [[path] for group in found for path in group] if self._one_by_one else found

    def is_of_many(self, group: Sequence[str]) -> bool:
        return any(group[0] in paths for paths in self._many)

    def next_at(self) -> float:
        """When `again` has something; infinite while nothing is missing."""
        return min(self._again_at.values(), default=float("inf"))

    def granted(self, path: str) -> None:
        self._closed.pop(path, None)
        self._heard.add(path)
        self._drop(path)

    def refused(self, path: str, reason: str, now: float) -> None:
        self._miss(path, reason, now + REFUSED_AGAIN_S)

    def closed(self, group: Sequence[str], now: float) -> None:
        """The broker closed, or did not answer, at this SUBSCRIBE."""
        if self.is_of_many(group):
            self._closed_at_many(group[0], now)
        elif len(group) > 1:
            self._failures += 1
            self._one_by_one = self._failures >= BULK_TRIES
        else:
            self._miss(
                group[0],
                phrase("subscribe-unanswered"),
                now + CLOSED_AGAIN_S,
            )

    def _closed_at_many(self, first: str, now: float) -> None:
        """The second time, all addresses that were never granted are set aside: they need the same right."""
        self._closed[first] = self._closed.get(first, 0) + 1
        if self._closed[first] < BULK_TRIES:
            return
        for group in self._many:
            if first in group or group[0] not in self._heard:
                for path in group:
                    self._miss(path, phrase("subscribe-unanswered"), now + CLOSED_AGAIN_S)

    def split(self) -> None:
        """All in one SUBSCRIBE was refused as a whole: they are to be asked for one by one."""
        self._one_by_one = True

    def _miss(self, path: str, reason: str, again_at: float) -> None:
        self.missing[path], self._again_at[path] = reason, again_at

    def _drop(self, path: str) -> None:
        self.missing.pop(path, None)
        self._again_at.pop(path, None)
