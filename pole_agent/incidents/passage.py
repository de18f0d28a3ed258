"""Has this object crossed that line? Hysteresis by distance, in heights of its own box, both ways alike.
Pure.

A box trembles by a few hundredths of its height, more when somebody else covers the feet. So an object is on
a side of the line only where its foot is clearly beyond it, and it has crossed once it is clear on the other
side than before: by two looks that say so plainly, more that say so just about, not all within a moment, or
by standing there. Between the two sides its path must lead through the line, not around its end. What happens
within the band, or to one whose first clear side this is, is no crossing.
"""

from __future__ import annotations

from pole_agent.geometry import beyond, crosses
from pole_agent.incidents.rules import Line
from pole_agent.vocabulary import Point

# Of the box's height, at both sides of a line or outside a zone: several times what a box trembles by
BAND = 0.1
SURE = 0.1  # box heights beyond the band, summed over looks (a one-sided CUSUM, Page 1954) …
MAX_A_LOOK = SURE / 2  # … of which one look gives at most half: one box alone may be cut off or too long
MIN_S = 0.3  # looks closer together than this tremble together: they are no second opinion
# Clear on the other side for this long is sure as well: a still picture gives one look again and again, no
# longer
STANDS_S = 2.0
MIN_HEIGHT = 0.02  # of the picture: the band never shrinks to nothing


def reach(height: float, share: float = BAND) -> float:
    """A share of a box's height, in picture heights."""
    return share * max(height, MIN_HEIGHT)


class Passage:
    """One object and one line."""

    def __init__(self, line: Line, foot: Point) -> None:
        self._line = line
        self._foot = foot
        self._side = 0  # where it was clear last: +1 right, -1 left, 0 not yet
        self._through = 0  # times through the line since then, those to the left taken off
        self._evidence = 0.0
        self._clear_since: float | None = None  # on the other side

    def step(self, foot: Point, height: float, aspect: float, now: float) -> int:
        """It was seen at `foot`. +1: it has crossed forward, -1: backward, 0: not, or not yet.

        `height` is that of its box, a fraction of the picture's; `aspect` the picture's width over its
        height.
        """
        (x1, y1), (x2, y2) = self._line.start, self._line.end
        start, end = (x1 * aspect, y1), (x2 * aspect, y2)
        before, here = (self._foot[0] * aspect, self._foot[1]), (foot[0] * aspect, foot[1])
        self._through += crosses(before, here, start, end)
        new, self._foot = foot != self._foot, foot
        away = beyond(here, start, end) / reach(height, 1.0)
        if self._side == 0:
            if abs(away) > BAND:
                self._arrive(1 if away > 0 else -1)
            return 0
        if away * self._side > BAND:
            self._through = 0
        excess = -away * self._side - BAND
        if new:
            self._evidence = max(0.0, self._evidence + min(excess, MAX_A_LOOK))
        if excess <= 0:
            self._clear_since = None
            return 0
        since = self._clear_since = now if self._clear_since is None else self._clear_since
        sure_s = MIN_S if self._evidence >= SURE - 1e-9 else STANDS_S
        return self._arrive(-self._side) if now - since >= sure_s - 1e-6 else 0

    def end(self) -> int:
        """It will not be seen again: its last look counts, if that was clear. As `step`."""
        return 0 if self._clear_since is None else self._arrive(-self._side)

    def skip(self, gap_s: float) -> None:
        """Nobody looked for so long."""
        if self._clear_since is not None:
            self._clear_since += gap_s

    def _arrive(self, side: int) -> int:
        crossed = side if self._side and self._through * side > 0 else 0
        self._side, self._through, self._evidence, self._clear_since = side, 0, 0.0, None
        return crossed
