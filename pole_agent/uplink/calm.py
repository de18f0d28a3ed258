"""When a trouble is over: once nothing of it was seen for a while, because each change is an event. Pure."""

from __future__ import annotations

CALM_S = 60.0


class Calm:
    """Of parts, by name. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._trouble_at: dict[str, float] = {}  # when something of it was seen last

    def trouble(self, part: str, now: float) -> None:
        self._trouble_at[part] = now

    def over(self, part: str, now: float) -> bool:
        return now - self._trouble_at.get(part, now - CALM_S) >= CALM_S
