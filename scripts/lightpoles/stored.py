"""What poles recorded beside what the city's database holds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Grouped by store, as PostgreSQL counts them. `ids`: no two of them are one event.
HELD = (
    "SELECT source, store, count(*) AS n, count(DISTINCT sequence) AS numbers, count(DISTINCT id) AS ids,"
    " max(sequence) AS last FROM events GROUP BY source, store"
)
Store = tuple[str, str]  # source, storeid
WINDOW_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """`recorded`: by the poles, or more where they have gone on; `twice`: rows too many."""

    recorded: int
    missing: int
    twice: int


def compared(kept: Mapping[Store, int], rows: Sequence[Mapping[str, Any]]) -> Compared:
    """`kept`: the last number of each store, by its pole. A number that no row has is missing."""
    held = {(row["source"], row["store"]): row for row in rows}
    recorded = missing = twice = 0
    for store in kept.keys() | held.keys():
        row = held.get(store)
        last = max(kept.get(store, 0), 0 if row is None else int(row["last"]))
        recorded += last
        missing += last - (0 if row is None else int(row["numbers"]))
        twice += 0 if row is None else int(row["n"]) - min(int(row["numbers"]), int(row["ids"]))
    return Compared(recorded=recorded, missing=missing, twice=twice)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """`seconds`: from the first that was stored to the last; rates in events a second."""

    seconds: float
    mean: float
    best: float


def drained(counts: Sequence[tuple[float, int]]) -> Drained | None:
    """From how many were stored at which times; None where nothing came. `best`: in WINDOW_S or a little
    longer, since it was looked at only now and then.
    """
    grown = [n for n in range(1, len(counts)) if counts[n][1] > counts[n - 1][1]]
    if not grown:
        return None
    counts = counts[grown[0] - 1 : grown[-1] + 1]
    (begun, before), (ended, after) = counts[0], counts[-1]
    best, first = 0.0, 0
    for at, n in counts:
        while first + 1 < len(counts) and at - counts[first + 1][0] >= WINDOW_S:
            first += 1
        best = max(best, (n - counts[first][1]) / max(WINDOW_S, at - counts[first][0]))
    return Drained(seconds=ended - begun, mean=(after - before) / (ended - begun), best=best)
