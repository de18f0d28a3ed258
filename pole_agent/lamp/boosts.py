"""The set of live boosts: who wants the lamp raised, how far, until when.

In memory only; written by watch, read by light.
"""

from __future__ import annotations

from collections.abc import Callable

from pole_agent.vocabulary import BoostLamp


class Boosts:
    """One boost a source; the newest replaces. `wake` is called when the lamp should look."""

    def __init__(self) -> None:
        self._live: dict[str, BoostLamp] = {}
        self.wake: Callable[[], None] = lambda: None

    def add(self, boost: BoostLamp) -> None:
        before = self._live.get(boost.source)
        self._live[boost.source] = boost
        if before is None or before.level != boost.level or before.until < boost.until:
            self.wake()

    def at(self, now: float) -> list[BoostLamp]:
        """The boosts that live at `now`; dead ones are forgotten."""
        self._live = {s: b for s, b in self._live.items() if b.until > now}
        return list(self._live.values())
