"""Overlap and the choice of pairs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.tracking.association import match
from pole_agent.vocabulary import iou

likeness = st.one_of(st.floats(0, 1), st.just(float("nan")))
tables = st.lists(
    st.tuples(likeness, st.integers(0, 5), st.integers(0, 5)), max_size=36, unique_by=lambda p: p[1:]
)


@given(tables, st.floats(0.01, 1))
def test_match_is_one_to_one_and_never_below_least(pairs: list[tuple[float, int, int]], least: float) -> None:
    """A match is one to one and never below the least."""
    rows, columns = set(range(6)), set(range(6))
    chosen = match(pairs, least, rows, columns)
    by_place = {(row, column): value for value, row, column in pairs}
    assert all(by_place[pair] >= least for pair in chosen)
    assert len({r for r, _ in chosen}) == len({c for _, c in chosen}) == len(chosen)
    assert rows == set(range(6)) - {r for r, _ in chosen}
    assert columns == set(range(6)) - {c for _, c in chosen}
    assert not [p for p in pairs if p[0] >= least and p[1] in rows and p[2] in columns], (
        "no pair is left that could still be matched"
    )


def test_best_pair_goes_first_and_ties_to_lower_row() -> None:
    """The best pair goes first and ties to the lower row."""
    assert match([(0.5, 1, 0), (0.9, 0, 0), (0.5, 1, 1)], 0.1, {0, 1}, {0, 1}) == [(0, 0), (1, 1)]
    assert match([(0.5, 1, 0), (0.5, 0, 0)], 0.1, {0, 1}, {0}) == [(0, 0)]


def test_overlap_of_boxes() -> None:
    box = (0.0, 0.0, 2.0, 2.0)
    assert iou(box, (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert iou(box, (5, 5, 6, 6)) == iou(box, (2, 0, 3, 2)) == 0
