"""Points, polygons, lines."""

from __future__ import annotations

import math

from hypothesis import assume, given
from hypothesis import strategies as st

from pole_agent.geometry import area, crosses, distance_m, inside, wound

SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
fraction = st.floats(0, 1)
point = st.tuples(fraction, fraction)


@given(point)
def test_inside_a_square_is_what_the_comparison_says(p: tuple[float, float]) -> None:
    assume(all(abs(v - edge) > 1e-9 for v in p for edge in (0.2, 0.8)))
    assert inside(p, SQUARE) == (0.2 < p[0] < 0.8 and 0.2 < p[1] < 0.8)


def test_forward_is_towards_the_right_hand_of_one_who_looks_from_start_to_end() -> None:
    """Looking from left to right along a horizontal line, the right hand is at the bottom of the picture."""
    start, end = (0.0, 0.5), (1.0, 0.5)
    assert crosses((0.5, 0.4), (0.5, 0.6), start, end) == 1
    assert crosses((0.5, 0.6), (0.5, 0.4), start, end) == -1
    assert crosses((0.5, 0.6), (0.5, 0.7), start, end) == 0


def test_passing_beside_the_end_of_a_line_is_no_crossing() -> None:
    assert crosses((0.9, 0.4), (0.9, 0.6), (0.0, 0.5), (0.5, 0.5)) == 0


@given(point, point, point, point)
def test_the_way_back_crosses_the_other_way(
    a: tuple[float, float], b: tuple[float, float], s: tuple[float, float], e: tuple[float, float]
) -> None:
    there, back = crosses(a, b, s, e), crosses(b, a, s, e)
    assert there == -back or 0 in (there, back)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=8))
def test_area_is_that_of_all_points_that_the_ring_goes_around(polygon: list[tuple[float, float]]) -> None:
    places = [((x + 0.5) / 8, (y + 0.5) / 8) for x in range(32) for y in range(32)]
    around = sum(wound((x + 1e-7, y + 2e-7), polygon) for x, y in places) / 64
    assert abs(area(polygon) - around) <= 0.25 * len(polygon)
    assert math.isclose(area(polygon), area([(y, x) for x, y in polygon][::-1]), abs_tol=1e-9)


def test_area_and_distance() -> None:
    assert math.isclose(area(SQUARE), 0.36)
    assert math.isclose(area(SQUARE[::-1] * 2), 0.36)
    assert math.isclose(area([(0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9)]), 0.32), "a bow: half of its square"
    assert area([(0.1, 0.1), (0.2, 0.2), (0.3, 0.3)]) == 0 == area([(0.1, 0.1), (0.5, 0.1), (0.5, 0.5), (0.5, 0.1)])
    assert abs(distance_m((-6.8586, 107.9164), (-6.8586 + 1 / 111.195, 107.9164)) - 1000) < 1
