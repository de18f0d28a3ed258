"""How far appearance tells the people of this street from each other, learned while they are in sight.

A linear discriminant of one number, the likeness of two looks: the log of how much more likely it is among
looks of one object than of two (Fisher 1936, both with one variance). Where all wear the same, it says
little; where light changes how everybody looks, too.
"""

from __future__ import annotations

# Likeness of one object, of two, and around both: the mean of many streets, worth so many pairs
SAME, OTHER, DEVIATION = 0.86, 0.6, 0.1
WORTH = 40
MOST = 400  # pairs that are remembered: the light of an hour ago is another
LIMIT = 8.0  # a look is never the only reason


class Discriminant:
    """What likeness is worth, for one camera."""

    def __init__(self) -> None:
        self._same, self._other, self._variance = SAME, OTHER, DEVIATION**2
        self._pairs_same = self._pairs_other = WORTH

    def learn(self, likeness: float, same: bool) -> None:
        """Two looks that are surely of one object, or surely of two."""
        if same:
            self._pairs_same = min(MOST, self._pairs_same + 1)
            off = likeness - self._same
            self._same += off / self._pairs_same
        else:
            self._pairs_other = min(MOST, self._pairs_other + 1)
            off = likeness - self._other
            self._other += off / self._pairs_other
        self._variance += (off * off - self._variance) / (self._pairs_same + self._pairs_other)

    def says(self, likeness: float) -> float:
        """The log of the ratio, for one object above 0."""
        slope = max(0.0, self._same - self._other) / self._variance
        return max(-LIMIT, min(LIMIT, slope * (likeness - (self._same + self._other) / 2)))
