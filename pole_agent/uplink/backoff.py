"""How long to wait before the next attempt: exponential with random spread, so that a thousand poles do not
return at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import floor, log

MIN_S = 0.1
EASY_S = 8.0


@dataclass(slots=True)
class Backoff:
    """The ceiling grows from `first_s` by `growth` to `most_s`. The first wait is drawn between nothing and
    it, the others between `least` of it and all.

    `random` gives 0 to 1.
    """

    random: Callable[[], float]
    first_s: float = 1.0
    most_s: float = 50.0  # a broker that is back is found within a minute
    growth: float = 2.0
    least: float = 0.0
    _tries: int = 0

    def next(self) -> float:
        ceiling = min(self.most_s, self.first_s * self.growth ** min(self._tries, 16))
        least = self.least if self._tries else 0.0
        self._tries += 1
        return max(MIN_S, ceiling * (least + (1 - least) * self.random()))

    def ease(self) -> None:
        """The last attempt was worth something: the ceiling goes back to EASY_S, or to the first."""
        easy = max(0, floor(log(EASY_S / self.first_s) / log(self.growth)))
        self._tries = min(self._tries, easy)

    def reset(self) -> None:
        self._tries = 0
