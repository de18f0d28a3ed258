"""Points, polygons, lines."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pole_agent.geometry import area, crosses, distance_m, inside, side, to_segment, wound
from pole_agent.vocabulary import Box

Ring = tuple[tuple[float, float], ...]
Holds = Callable[[tuple[float, float], Ring], bool]
SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
fraction = st.floats(0, 1)
point = st.tuples(fraction, fraction)


@given(point)
def test_inside_a_square_is_what_the_comparison_says(p: tuple[float, float]) -> None:
    assume(all(v == edge or abs(v - edge) > 1e-8 for v in p for edge in (0.2, 0.8)))
    assert inside(p, SQUARE) == (0.2 <= p[0] <= 0.8 and 0.2 <= p[1] <= 0.8)


corners = st.lists(point, min_size=3, max_size=8, unique=True).map(tuple)
HOLDS = [inside, wound]


@pytest.mark.parametrize("holds", HOLDS)
@given(corners, st.integers(0, 7), st.floats(0, 1))
def test_every_corner_and_every_point_of_edge(holds: Holds, ring: Ring, number: int, along: float) -> None:
    """Every corner and every point of an edge is inside.

    Also where the outline crosses itself, runs along the border of the picture, or there and back.
    """
    (x1, y1), (x2, y2) = ring[number % len(ring) - 1], ring[number % len(ring)]
    assert holds((x1, y1), ring)
    assert holds((x1 + along * (x2 - x1), y1 + along * (y2 - y1)), ring)
    assert holds((x1 + along * (x2 - x1), y1 + along * (y2 - y1)), ring[::-1])


@pytest.mark.parametrize("holds", HOLDS)
@given(fraction, st.floats(0.01, 0.99))
def test_two_zones_that_adjoin_both_hold_common_edge(holds: Holds, y: float, x: float) -> None:
    """Two zones that adjoin both hold their common edge and together leave no gap."""
    slanted = ((0.4, 0.0), (0.6, 1.0))
    left = ((0.0, 0.0), *slanted, (0.0, 1.0))
    right = ((1.0, 0.0), *slanted, (1.0, 1.0))
    assert holds((0.4 + 0.2 * y, y), left)
    assert holds((0.4 + 0.2 * y, y), right)
    assert holds((x, y), left) or holds((x, y), right)
    assert not (holds((x, y), left) and holds((x, y), right)) or to_segment((x, y), *slanted) < 1e-6


@pytest.mark.parametrize("holds", HOLDS)
@given(st.floats(-1, 2), st.floats(-1, 2), st.floats(0.01, 1), st.floats(0.01, 3))
def test_zone_as_large_as_picture_holds_every_foot(holds: Holds, left: float, top: float, width: float, height: float) -> None:
    """A zone as large as the picture holds every foot."""
    box = Box(left, top, left + width, top + height)
    assume(box.sane())
    assert holds(box.foot, ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))


@given(fraction, fraction, st.floats(0.01, 0.2))
def test_line_that_ends_on_border_is_crossed_by_foot(end: float, start: float, step: float) -> None:
    """A line that ends on the border is crossed by a foot on the border."""
    for a, b in (((start, 0.3), (end, 1.0)), ((0.3, start), (1.0, end))):
        across = (step, 0.0) if b[1] == 1.0 and a[0] == start else (0.0, step)
        before, after = (b[0] - across[0], b[1] - across[1]), (b[0] + across[0], b[1] + across[1])
        assert crosses(before, after, a, b) == -crosses(after, before, a, b) != 0


@given(point, point, st.lists(point, min_size=2, max_size=20))
def test_a_path_crosses_an_endless_line(s: tuple[float, float], e: tuple[float, float], path: Ring) -> None:
    """A path crosses an endless line as often each way as its ends say.

    No step is counted twice where it ends on the line, and none is lost.
    """
    assume(math.dist(s, e) > 0.01)
    far = ((s[0] + 1000 * (s[0] - e[0]), s[1] + 1000 * (s[1] - e[1])), (e[0] + 1000 * (e[0] - s[0]), e[1] + 1000 * (e[1] - s[1])))
    steps = sum(crosses(a, b, *far) for a, b in itertools.pairwise(path))
    assert steps == (side(path[-1], *far) > 0) - (side(path[0], *far) > 0)


def test_forward_is_towards_the_right_hand() -> None:
    """Forward is towards the right hand of one who looks from start to end.

    Looking from left to right along a horizontal line, the right hand is at the bottom of the picture.
    """
    start, end = (0.0, 0.5), (1.0, 0.5)
    assert crosses((0.5, 0.4), (0.5, 0.6), start, end) == 1
    assert crosses((0.5, 0.6), (0.5, 0.4), start, end) == -1
    assert crosses((0.5, 0.6), (0.5, 0.7), start, end) == 0


def test_passing_beside_end_of_line_is_no_crossing() -> None:
    """Passing beside the end of a line is no crossing."""
    assert crosses((0.9, 0.4), (0.9, 0.6), (0.0, 0.5), (0.5, 0.5)) == 0


@given(point, point, point, point)
def test_the_way_back_crosses_the_other_way(
    a: tuple[float, float], b: tuple[float, float], s: tuple[float, float], e: tuple[float, float]
) -> None:
    there, back = crosses(a, b, s, e), crosses(b, a, s, e)
    assert there == -back or 0 in (there, back)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=8))
def test_area_is_that_of_all_points_that_ring_goes(polygon: list[tuple[float, float]]) -> None:
    """Area is that of all points that the ring goes around."""
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
