"""How long to wait before the next attempt: exponential with full spread, so that a thousand poles do not return at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Grows from `first_s` to at most `most_s`, each wait drawn from its upper half. `random` gives 0 to 1."""

    random: Callable[[], float]
    first_s: float = 1.0
    most_s: float = 45.0  # a broker that is back is found within a minute
    _tries: int = 0

    def next(self) -> float:
        ceiling = min(self.most_s, self.first_s * 2.0 ** min(self._tries, 16))
        self._tries += 1
        return ceiling * (0.5 + 0.5 * self.random())

    def reset(self) -> None:
        self._tries = 0
