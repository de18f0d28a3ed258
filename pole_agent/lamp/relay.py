"""When the mains relay of the driver may open.

Pure; it saves the driver's standby power and makes "off" really off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class RelayState:
    """It starts closed, as the wiring leaves it undriven. Times are monotonic."""

    closed: bool = True
    off_since: float | None = None  # the lamp
    opened_at: float = 0.0


class Relay:
    """Opens after the lamp was off for `min_off_s` and stays open that long by day; so it cannot cycle
    faster.

    In darkness, or when darkness is unknown, light goes first: it closes at once.
    """

    def __init__(self, min_off_s: float, state: RelayState | None = None) -> None:
        """`min_off_s` infinite: it never opens, so it is closed whatever `state` says."""
        self._min_off_s = min_off_s
        self.state = RelayState() if state is None else state
        if min_off_s == math.inf:
            self.state.closed = True

    @property
    def settled(self) -> bool:
        """Nothing will change by time alone."""
        return self.state.closed is (self.state.off_since is None) or self._min_off_s == math.inf

    def step(self, lit: bool, dark: bool | None, now: float) -> bool:
        """Is it closed, now that the lamp is to be lit or not?"""
        state = self.state
        if lit:
            state.off_since = None
            if not state.closed and (dark is not False or now - state.opened_at >= self._min_off_s):
                state.closed = True
            return state.closed
        if state.off_since is None:
            state.off_since = now
        if state.closed and now - state.off_since >= self._min_off_s:
            state.closed, state.opened_at = False, now
        return state.closed
