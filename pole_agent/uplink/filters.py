"""Which topics to ask a broker for, and how: all in one SUBSCRIBE, or one by one when it does not bear that.
Pure.

Some brokers allow a few subscriptions only, and tell so by closing; some close at a topic that this client
may not read. What they close at is set aside, one topic at a time, so that the others are heard: the lamp and
the stop of flights first. Times are monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

from pole_agent.languages import phrase

BULK_TRIES = 2  # a line that breaks at that moment once is nothing
REFUSED_AGAIN_S, CLOSED_AGAIN_S = 600.0, 3600.0


class Filters:
    """The topics below the pole's base topic, the most important first, and what has become of them."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self.missing: dict[str, str] = {}  # path -> why the broker does not send it
        self._again_at: dict[str, float] = {}
        self._failures = 0  # of the one SUBSCRIBE with all
        self._one_by_one = False

    def groups(self, now: float) -> list[list[str]]:
        """What to ask for on a new connection, one SUBSCRIBE each."""
        wanted = [path for path in self._paths if self._again_at.get(path, 0.0) <= now]
        if self._one_by_one or len(wanted) < len(self._paths):
            return [[path] for path in wanted]
        return [wanted] if wanted else []

    def again(self, now: float) -> list[str]:
        """What is missing and to be asked for once more, one at a time."""
        return [path for path, at in self._again_at.items() if at <= now]

    def next_at(self) -> float:
        """When `again` has something; infinite while nothing is missing."""
        return min(self._again_at.values(), default=float("inf"))

    def granted(self, path: str) -> None:
        self._drop(path)

    def refused(self, path: str, reason: str, now: float) -> None:
        self._miss(path, reason, now + REFUSED_AGAIN_S)

    def closed(self, group: Sequence[str], now: float) -> None:
        """The broker closed, or did not answer, at this SUBSCRIBE."""
        if len(group) > 1:
            self._failures += 1
            self._one_by_one = self._failures >= BULK_TRIES
        else:
            self._miss(
                group[0],
                phrase("subscribe-unanswered"),
                now + CLOSED_AGAIN_S,
            )

    def split(self) -> None:
        """All in one SUBSCRIBE was refused as a whole: they are to be asked for one by one."""
        self._one_by_one = True

    def _miss(self, path: str, reason: str, again_at: float) -> None:
        self.missing[path], self._again_at[path] = reason, again_at

    def _drop(self, path: str) -> None:
        self.missing.pop(path, None)
        self._again_at.pop(path, None)
