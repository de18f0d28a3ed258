"""When to ask a pole for what is missing. Pure.

A gap is no loss at once: an alarm overtakes older events. What stays missing is asked for with
`outbox/resend`, again at pauses that double: a pole records every command, and keeps delivered events for 72
hours only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from city.books import Span

PATIENCE_S = 60.0  # as long as a gap must stay the same
LONGEST_S = 86_400.0
APART_S = 10.0  # between two questions to one pole


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers that are missing of a store that its pole still has."""

    source: str
    store: str
    span: Span


@dataclass(slots=True)
class Wait:
    due: float
    pause: float


class Asking:
    """Times are monotonic seconds."""

    def __init__(self, patience_s: float = PATIENCE_S, apart_s: float = APART_S) -> None:
        self._patience, self._apart = patience_s, apart_s
        self._waits: dict[Gap, Wait] = {}
        self._last: dict[str, float] = {}  # by source

    def due(self, missing: Iterable[Gap], now: float) -> list[Gap]:
        """What to ask for now; each answer counts as asked. `missing` is all that is missing now."""
        known, asked = self._waits, []
        self._waits = {}
        for gap in missing:
            wait = self._waits[gap] = known.get(gap) or Wait(now + self._patience, self._patience)
            if now < wait.due or now - self._last.get(gap.source, float("-inf")) < self._apart:
                continue
            wait.pause = min(LONGEST_S, 2 * wait.pause)
            wait.due = now + wait.pause
            self._last[gap.source] = now
            asked.append(gap)
        self._last = {source: at for source, at in self._last.items() if now - at < self._apart}
        return asked
