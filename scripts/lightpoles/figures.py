"""What noted times say about a fleet. Pure; times are monotonic seconds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """How a fleet came back after an outage.

    `worst_share`: of the poles, how many tried within one second, whichever was the worst. `all_s`: from the
    return of the broker until the last who was away was in, None while one is missing. `soon_share`: in
    within SOON_S.
    """

    poles: int
    tries: int
    worst_share: float
    all_s: float | None
    median_s: float | None
    soon_share: float


SOON_S = 5.0


def worst_second(times: Sequence[float]) -> int:
    """The most of them in any window of one second, not only in those of a clock."""
    ordered = sorted(times)
    return max((bisect_left(ordered, at + 1.0) - n for n, at in enumerate(ordered)), default=0)


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value that this share of them does not exceed; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def returned(
    tries: Sequence[float], entered: dict[str, float], back_at: float, poles: int, away: int | None = None
) -> Return:
    """`tries`: all attempts since the outage began; `entered`: when each pole was in again. `away`: how many
    of the poles were; all of them without.
    """
    away = poles if away is None else away
    waits = [max(0.0, at - back_at) for at in entered.values()]
    return Return(
        poles=poles,
        tries=len(tries),
        worst_share=worst_second(tries) / poles,
        all_s=max(waits, default=0.0) if len(waits) == away else None,
        median_s=quantile(waits, 0.5) if len(waits) == away else None,
        soon_share=sum(w <= SOON_S for w in waits) / away if away else 1.0,
    )


def a_second(times: Sequence[float], since: float, seconds: int) -> list[int]:
    """How many in each second from `since` on."""
    counts = [0] * seconds
    for at in times:
        if 0 <= (n := floor(at - since)) < seconds:
            counts[n] += 1
    return counts
