"""How long to wait before the next attempt: exponential with full spread, so that a thousand poles do not
return at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

MIN_S = 0.1
EASY_TRIES = 3


@dataclass(slots=True)
class Backoff:
    """The ceiling grows from `first_s` to `most_s`; each wait is drawn between nothing and it (full jitter).
    `random` gives 0 to 1.
    """

    random: Callable[[], float]
    first_s: float = 1.0
    most_s: float = 55.0  # a broker that is back is found within a minute
    _tries: int = 0

    def next(self) -> float:
        ceiling = min(self.most_s, self.first_s * 2.0 ** min(self._tries, 16))
        self._tries += 1
        return max(MIN_S, ceiling * self.random())

    def ease(self) -> None:
        """The last attempt was worth something: the wait grows no further than a few seconds."""
        self._tries = min(self._tries, EASY_TRIES)

    def reset(self) -> None:
        self._tries = 0
