"""Who is who: pairs of a known object and a detection, best first, each used once.

The best total would need the Hungarian method; on street scenes greedy matching of a gated, sorted list gives the same pairs in
all but crowded frames, is deterministic, and is linear in the pairs that pass the gate. With the handful of objects of a street,
plain Python is faster than arrays: most pairs are ruled out by two comparisons.
"""

from __future__ import annotations

from collections.abc import Iterable

from pole_agent.vocabulary import Box

Pair = tuple[float, int, int]  # likeness (0 to 1), row, column
Sides = tuple[float, float, float, float]  # left, top, right, bottom


def grown(box: Box, share: float) -> Sides:
    """The sides of the box, widened by a share of its size at every side."""
    x, y = box.width * share, box.height * share
    return box.left - x, box.top - y, box.right + x, box.bottom + y


def iou(a: Sides, b: Sides) -> float:
    """Intersection over union, 0 to 1."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def match(pairs: Iterable[Pair], least: float, rows: set[int], columns: set[int]) -> list[tuple[int, int]]:
    """Choose pairs, best first, none below `least`, from the rows and columns that are still free; those chosen are taken out.

    Ties go to the lower row, then the lower column.
    """
    chosen = []
    for negative, row, column in sorted((-likeness, row, column) for likeness, row, column in pairs if likeness >= least):
        if row in rows and column in columns and negative <= -least:
            rows.discard(row)
            columns.discard(column)
            chosen.append((row, column))
    return chosen
