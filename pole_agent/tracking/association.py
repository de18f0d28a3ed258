"""Who is who: a one-to-one match of tracks and detections, best pairs first.

The best total would need the Hungarian method; on street scenes greedy matching of a gated, sorted list gives the
same pairs in all but crowded frames, is deterministic, and is linear in the pairs that pass the gate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def iou(a: Floats, b: Floats) -> Floats:
    """Intersection over union of (n, 4) and (m, 4) boxes (left, top, right, bottom): (n, m)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.maximum(high - low, 0)
    shared = sides[..., 0] * sides[..., 1]
    areas_a = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    areas_b = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    result: Floats = shared / np.maximum(areas_a[:, None] + areas_b[None, :] - shared, 1e-12)
    return result


def match(likeness: Floats, least: float) -> list[tuple[int, int]]:
    """Pair rows with columns of `likeness` (n, m), best first, each used once, none below `least` (NaN never matches).

    Ties go to the lower row, then the lower column.
    """
    rows, columns = np.nonzero(likeness >= least)
    order = np.argsort(-likeness[rows, columns], kind="stable")
    used_rows: set[int] = set()
    used_columns: set[int] = set()
    pairs = []
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row not in used_rows and column not in used_columns:
            used_rows.add(row)
            used_columns.add(column)
            pairs.append((row, column))
    return pairs
