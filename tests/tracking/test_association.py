"""Matching tracks and detections."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from pole_agent.tracking.association import iou, match

tables = arrays(
    np.float64, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=12), elements=st.floats(allow_nan=True, allow_infinity=True)
)


@given(tables, st.floats(0.01, 1))
def test_a_match_is_one_to_one_and_never_below_the_least(table: np.ndarray, least: float) -> None:
    pairs = match(table, least)
    assert len({r for r, _ in pairs}) == len(pairs) == len({c for _, c in pairs})
    assert all(table[r, c] >= least for r, c in pairs)


@given(tables, st.floats(0.01, 1))
def test_no_pair_is_left_that_could_still_be_matched(table: np.ndarray, least: float) -> None:
    pairs = match(table, least)
    rows, columns = {r for r, _ in pairs}, {c for _, c in pairs}
    free = [(r, c) for r in range(table.shape[0]) for c in range(table.shape[1]) if r not in rows and c not in columns]
    assert not any(table[r, c] >= least for r, c in free)


def test_overlap_of_boxes() -> None:
    a = np.array([[0, 0, 2, 2], [0, 0, 0, 0]], float)
    b = np.array([[1, 0, 3, 2], [5, 5, 6, 6]], float)
    assert np.allclose(iou(a, b), [[1 / 3, 0], [0, 0]])
