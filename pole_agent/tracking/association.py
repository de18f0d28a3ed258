"""Who is who: pairs of a known object and a detection, best first, each used once.

The best total would need the Hungarian method; on street scenes greedy matching of a gated, sorted list gives the same pairs in
all but crowded frames, is deterministic, and is linear in the pairs that pass the gate. With the handful of objects of a street,
plain Python is faster than arrays: most pairs are ruled out by two comparisons.
"""

from __future__ import annotations

from collections.abc import Iterable

Pair = tuple[float, int, int]  # likeness (0 to 1), row, column
Sides = tuple[float, float, float, float]  # left, top, right, bottom


def grown(box: Sides, share: float) -> Sides:
    """The sides, moved outwards by a share of the size at every side."""
    left, top, right, bottom = box
    x, y = (right - left) * share, (bottom - top) * share
    return left - x, top - y, right + x, bottom + y


def iou(a: Sides, b: Sides) -> float:
    """Intersection over union, 0 to 1."""
    left, top, right, bottom = a
    other_left, other_top, other_right, other_bottom = b
    # Comparisons, not min and max: calls are what costs here.
    width = (right if right < other_right else other_right) - (left if left > other_left else other_left)
    height = (bottom if bottom < other_bottom else other_bottom) - (top if top > other_top else other_top)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((right - left) * (bottom - top) + (other_right - other_left) * (other_bottom - other_top) - shared)


def match(pairs: Iterable[Pair], least: float, rows: set[int], columns: set[int]) -> list[tuple[int, int]]:
    """Choose pairs, best first, none below `least`, from the rows and columns that are still free; those chosen are taken out.

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
