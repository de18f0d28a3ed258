"""Who is who: pairs of a known object and a detection, best first, each used once.

The best total would need the Hungarian method; on street scenes greedy matching of a gated, sorted list gives
the same pairs in all but crowded frames, is deterministic, and is linear in the pairs that pass the gate.
With the handful of objects of a street, plain Python is faster than arrays: most pairs are ruled out by two
comparisons.
"""

from __future__ import annotations

from collections.abc import Iterable

Pair = tuple[float, int, int]  # likeness (a log of odds), row, column


def match(pairs: Iterable[Pair], least: float, rows: set[int], columns: set[int]) -> list[tuple[int, int]]:
    """Choose pairs, best first, none below `least`, from the rows and columns that are still free; those
    chosen are taken out.

    Ties go to the lower row, then the lower column.
    """
    chosen = []
    ranked = [(-likeness, row, column) for likeness, row, column in pairs if likeness >= least]
    ranked.sort()
    for _, row, column in ranked:
        if row in rows and column in columns:
            rows.discard(row)
            columns.discard(column)
            chosen.append((row, column))
    return chosen
