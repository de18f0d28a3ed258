"""When the board is too hot the detector looks less often: it is what heats, and it slows down before
everything else does.
"""

from __future__ import annotations

from collections.abc import Callable

from pole_agent.languages import phrase

READ_S = 5.0
WARM_C, HOT_C, COOLED_C = 80.0, 84.0, 3.0  # a Raspberry Pi throttles from 80 °C on, harder at 85
SHARES = {0.5: phrase("half"), 0.25: phrase("a-quarter")}  # of the detector's work


class Heat:
    """`temperature` gives °C, `throttled` whether the firmware slows the processor down now; None: unknown,
    then nothing is slowed.
    """

    def __init__(
        self,
        temperature: Callable[[], float | None],
        throttled: Callable[[], bool | None],
        now: Callable[[], float],
    ) -> None:
        self._temperature, self._throttled, self._now = temperature, throttled, now
        self._read_at = float("-inf")
        self._pace = 1.0
        self.why = ""

    def pace(self) -> float:
        """The share of its usual work that the detector may do: 1, a half, or a quarter.

        Reads the sensors at most every few seconds.
        """
        now = self._now()
        if now - self._read_at >= READ_S:
            self._read_at = now
            self._judge(self._temperature(), self._throttled())
        return self._pace

    def _judge(self, hot: float | None, throttled: bool | None) -> None:
        level = 0.0 if hot is None else hot
        # Down at once; up again only when it has cooled by some degrees, so that it does not swing.
        if level >= HOT_C or (self._pace <= 0.25 and level >= HOT_C - COOLED_C):
            self._pace = 0.25
        elif throttled or level >= WARM_C or (self._pace <= 0.5 and level >= WARM_C - COOLED_C):
            self._pace = 0.5
        else:
            self._pace = 1.0
        self.why = _why(hot, SHARES[self._pace]) if self._pace in SHARES else ""


def _why(hot: float | None, share: str) -> str:
    if hot is None:
        return phrase("board-too-hot", share=share)
    return phrase("board-too-hot-at", celsius=f"{hot:.0f}", share=share)
