"""How often a rule may alarm: so many times within any hour. Pure."""

from __future__ import annotations

from collections import deque

HOUR_S = 3600.0


class Limit:
    """Of one rule. Times in seconds, of whatever clock, never backwards."""

    def __init__(self) -> None:
        self._alarms: deque[float] = deque()  # of the last hour

    def admits(self, most: int, now: float) -> bool:
        """May it alarm now? Then it has."""
        while self._alarms and now - self._alarms[0] >= HOUR_S:
            self._alarms.popleft()
        if len(self._alarms) >= most:
            return False
        self._alarms.append(now)
        return True

    def is_over(self, now: float) -> bool:
        """May it alarm again, if it was at its limit?"""
        return not self._alarms or now - self._alarms[0] >= HOUR_S
