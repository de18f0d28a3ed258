"""Points, polygons, lines."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pole_agent.geometry import (
    area,
    beyond,
    crosses,
    distance_m,
    inside,
    near,
    on_edge,
    scaled,
    side,
    to_edge_m,
    to_ring,
    to_segment,
    towards,
    wound,
)
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
def test_zone_as_large_as_picture_holds_every_foot(
    holds: Holds, left: float, top: float, width: float, height: float
) -> None:
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
    far = (
        (s[0] + 1000 * (s[0] - e[0]), s[1] + 1000 * (s[1] - e[1])),
        (e[0] + 1000 * (e[0] - s[0]), e[1] + 1000 * (e[1] - s[1])),
    )
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
    assert math.isclose(area([(0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9)]), 0.32), (
        "a bow: half of its square"
    )
    assert (
        area([(0.1, 0.1), (0.2, 0.2), (0.3, 0.3)])
        == 0
        == area([(0.1, 0.1), (0.5, 0.1), (0.5, 0.5), (0.5, 0.1)])
    )
    assert abs(distance_m((-6.8586, 107.9164), (-6.8586 + 1 / 111.195, 107.9164)) - 1000) < 1


@pytest.mark.parametrize(
    ("at", "metres"),
    [
        ((0.5, 0.2), 0.1),  # above the middle
        ((0.5, 0.5), 0.2),  # below it
        ((0.0, 0.3), 0.2),  # beyond its start
        ((0.9, 0.7), 0.5),  # beyond its end: a triangle of 3, 4, 5
        ((0.2, 0.3), 0.0),  # its start
        ((0.6, 0.3), 0.0),  # its end
    ],
)
def test_distance_to_a_segment(at: tuple[float, float], metres: float) -> None:
    """The nearest point of a segment is a foot of the perpendicular, or an end."""
    assert math.isclose(to_segment(at, (0.2, 0.3), (0.6, 0.3)), metres, abs_tol=1e-12)
    assert math.isclose(to_segment(at, (0.6, 0.3), (0.2, 0.3)), metres, abs_tol=1e-12)
    assert math.isclose(to_segment(at[::-1], (0.3, 0.2), (0.3, 0.6)), metres, abs_tol=1e-12)
    assert math.isclose(to_segment(at, at, at), 0.0)


@given(point, point, st.floats(-2, 3), st.floats(0.01, 1))
def test_beyond_is_the_distance_from_the_endless_line(
    start: tuple[float, float], end: tuple[float, float], along: float, away: float
) -> None:
    """So far to the right hand, and as far negative to the left; a line of one point has no sides."""
    length = math.dist(start, end)
    assume(length > 0.05)
    ahead = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    foot = start[0] + along * ahead[0], start[1] + along * ahead[1]
    right = foot[0] - away * ahead[1], foot[1] + away * ahead[0]
    left = foot[0] + away * ahead[1], foot[1] - away * ahead[0]
    assert math.isclose(beyond(right, start, end), away, abs_tol=1e-9) and side(right, start, end) > 0
    assert math.isclose(beyond(left, start, end), -away, abs_tol=1e-9) and side(left, start, end) < 0
    assert beyond(right, start, start) == 0


@pytest.mark.parametrize(
    ("at", "there", "away"),
    [
        ((0.5, 0.5), True, 0.3),  # the middle
        ((0.25, 0.5), True, 0.05),
        ((0.15, 0.5), False, 0.05),
        ((0.5, 0.15), False, 0.05),
        ((0.5, 0.9), False, 0.1),
        ((0.9, 0.5), False, 0.1),
        ((1.1, 1.2), False, 0.5),  # a corner: 3, 4, 5
    ],
)
def test_distance_to_a_ring_from_either_side(at: tuple[float, float], there: bool, away: float) -> None:
    """To the nearest edge or corner, also over the edge from the last corner to the first."""
    for shift in range(4):
        ring = SQUARE[shift:] + SQUARE[:shift]
        assert math.isclose(to_ring(at, ring), away)
        assert inside(at, ring) == there == wound(at, ring)
        assert not on_edge(at, ring)


def test_an_edge_is_as_wide_as_rounding() -> None:
    """A billionth of a picture beside the edge lies on it; ten billionths do not."""
    for side_of, (x, y) in {
        "left": (0.2, 0.5),
        "top": (0.5, 0.2),
        "right": (0.8, 0.5),
        "bottom": (0.5, 0.8),
    }.items():
        across = (1, 0) if side_of in ("left", "right") else (0, 1)
        for way in (-1, 1):
            near_it = x + way * across[0] * 0.8e-9, y + way * across[1] * 0.8e-9
            off_it = x + way * across[0] * 1e-8, y + way * across[1] * 1e-8
            assert on_edge(near_it, SQUARE) and not on_edge(off_it, SQUARE), (side_of, way)
    assert not on_edge((0.9, 0.2), SQUARE) and not on_edge((0.1, 0.2), SQUARE), (
        "in line with an edge, beyond its ends"
    )


def test_a_ring_that_turns_twice_has_a_hole_by_parity() -> None:
    """Around twice: even-odd sees through it, the winding number does not.

    There and back again goes around nothing.
    """
    twice = SQUARE * 2
    assert not inside((0.5, 0.5), twice) and wound((0.5, 0.5), twice)
    there_and_back = SQUARE + SQUARE[::-1]
    assert not wound((0.5, 0.5), there_and_back) and math.isclose(area(there_and_back), 0, abs_tol=1e-12)


def test_fractions_as_lengths() -> None:
    """Across a picture of 16:9 it is as far as 1.78 heights."""
    assert scaled([(0.5, 0.25), (1.0, 1.0)], 16 / 9) == ((8 / 9, 0.25), (16 / 9, 1.0))


@pytest.mark.parametrize(
    ("a", "b", "metres"),
    [
        ((0.0, 0.0), (0.0, 1.0), 111_195.08),
        ((0.0, 0.0), (1.0, 0.0), 111_195.08),
        ((60.0, 10.0), (60.0, 11.0), 55_597.01),  # a degree there is half as wide
        ((0.0, 179.5), (0.0, -179.5), 111_195.08),  # over the date line
        ((0.0, 0.0), (0.0, 180.0), 20_015_114.4),  # half around the Earth
        ((-6.2088, 106.8456), (-6.8586, 107.9164), 138_400.0),  # Jakarta to Sumedang
    ],
)
def test_distances_on_the_earth(a: tuple[float, float], b: tuple[float, float], metres: float) -> None:
    """Known distances on a sphere of the mean radius, the same both ways."""
    assert math.isclose(distance_m(a, b), metres, rel_tol=3e-3 if metres == 138_400 else 4e-5)
    assert math.isclose(distance_m(a, b), distance_m(b, a))


@given(st.floats(-80, 80), st.floats(-180, 180), st.floats(0, 360), st.floats(1, 10_000))
def test_a_step_on_the_earth_is_as_long_as_asked(
    latitude: float, longitude: float, bearing: float, metres: float
) -> None:
    """So many metres away, in the asked direction, with a longitude that a map knows."""
    there = towards((latitude, longitude), bearing, metres)
    assert math.isclose(distance_m((latitude, longitude), there), metres, rel_tol=6e-3, abs_tol=1e-3)
    assert -180 <= there[1] <= 180
    north = math.cos(math.radians(bearing)) * metres
    assert math.isclose((there[0] - latitude) * 111_195.08, north, abs_tol=0.01 + metres * 1e-6)
    if abs(math.sin(math.radians(bearing))) > 0.01:
        east = (there[1] - longitude + 540) % 360 - 180
        assert (east > 0) == (bearing < 180), "clockwise from north"


def test_a_step_over_the_date_line_and_over_a_pole() -> None:
    """Over 180 degrees the count goes on at -180; there is no latitude above 90."""
    assert math.isclose(towards((0.0, 179.99), 90, 2 * 1111.9508)[1], -179.99, abs_tol=1e-6)
    assert math.isclose(towards((0.0, -179.99), 270, 2 * 1111.9508)[1], 179.99, abs_tol=1e-6)
    assert towards((0.0, 180.0), 0, 100)[1] == 180.0
    assert towards((89.9999, 0.0), 0, 1000)[0] == 90.0
    assert towards((-89.9999, 0.0), 180, 1000)[0] == -90.0


def test_a_ring_over_the_date_line() -> None:
    """Counted from around a longitude, each corner goes the short way from the one before."""
    ring = [(-16.0, 179.0), (-16.0, -179.0), (-17.0, -179.0), (-17.0, 179.0)]
    assert near(ring, 179.5) == [(-16.0, 179.0), (-16.0, 181.0), (-17.0, 181.0), (-17.0, 179.0)]
    assert near(ring, -179.5) == [(-16.0, -181.0), (-16.0, -179.0), (-17.0, -179.0), (-17.0, -181.0)]
    assert near([(0.0, 107.0)], 108.0) == [(0.0, 107.0)]


@pytest.mark.parametrize(
    ("at", "metres"),
    [((0.005, 0.005), 555.98), ((0.005, 0.011), 111.2), ((0.012, 0.005), 222.4), ((0.005, 0.002), 222.4)],
)
def test_metres_to_the_edge_of_a_fence(at: tuple[float, float], metres: float) -> None:
    """From inside and from outside, in all directions, at the equator and where degrees of longitude are half
    as wide.
    """
    fence = [(0.0, 0.0), (0.0, 0.01), (0.01, 0.01), (0.01, 0.0)]
    assert math.isclose(to_edge_m(at, fence), metres, rel_tol=1e-3)
    for latitude in (60.0, -60.0):
        north = [(latitude + y, 100 + 2 * x) for y, x in fence]
        assert math.isclose(to_edge_m((latitude + at[0], 100 + 2 * at[1]), north), metres, rel_tol=1e-3)
