"""When the mains relay of the driver may open.

Pure; it saves the driver's standby power and makes "off" really off.
"""

from __future__ import annotations

import math


class Relay:
    """Opens after the lamp was off for `min_off_s` and stays open that long by day; so it cannot cycle
    faster.

    In darkness, or when darkness is unknown, light goes first: it closes at once. It starts closed, as the
    wiring leaves it undriven.
    """

    def __init__(self, min_off_s: float) -> None:
        self._min_off_s = min_off_s
        self._off_since: float | None = None
        self._opened_at = 0.0
        self.closed = True

    def take_over(self, old: Relay) -> None:
        """Go on where another stands, with its times; where this one never opens, it closes."""
        self.closed, self._off_since, self._opened_at = old.closed, old._off_since, old._opened_at
        if self._min_off_s == math.inf:
            self.closed = True

    @property
    def settled(self) -> bool:
        """Nothing will change by time alone."""
        return self.closed is (self._off_since is None) or self._min_off_s == math.inf

    def step(self, lit: bool, dark: bool | None, now: float) -> bool:
        """Is it closed, now that the lamp is to be lit or not?"""
        if lit:
            self._off_since = None
            if not self.closed and (dark is not False or now - self._opened_at >= self._min_off_s):
                self.closed = True
            return self.closed
        if self._off_since is None:
            self._off_since = now
        if self.closed and now - self._off_since >= self._min_off_s:
            self.closed, self._opened_at = False, now
        return self.closed
