"""How many messages are in flight: as many as the line takes. Pure.

On a slow line more in flight only wait longer in some buffer: a live alarm would stand behind them, and all
would be sent again when the line breaks. So the window follows the time from handing over to acknowledgement,
as congestion control by delay does: it starts small and grows with each acknowledgement; it shrinks by half
when they take long, and longer than this line needs at least; from then on it grows by one with each full
window.
"""

from __future__ import annotations

SOON_S = 2.0  # an acknowledgement within this is no sign of a queue
QUEUED = 2.0  # one that takes so many times the least is
MIN_WINDOW, START = 2, 10


class Pace:
    """The window, between MIN_WINDOW and `most` messages."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.window = min(START, most)
        self._opening = True  # no acknowledgement was late yet
        self._least_s = float("inf")
        self._since = 0  # acknowledgements since the window was changed

    def acknowledged(self, took_s: float) -> None:
        """A message was acknowledged so many seconds after it was handed over."""
        self._since += 1
        self._least_s = min(self._least_s, took_s)
        late = took_s > max(SOON_S, QUEUED * self._least_s)
        if self._since < self.window and not (self._opening and not late):
            return
        if late:
            self._opening = False
            self.window, self._since = max(min(MIN_WINDOW, self._most), self.window // 2), 0
        elif self.window < self._most:
            self.window, self._since = self.window + 1, 0
