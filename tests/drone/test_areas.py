"""Areas on the ground: fences and exclusions at the date line, and those that would block every request of a
pole.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.drone.areas import Area, areas
from pole_agent.drone.doubts import doubts
from pole_agent.drone.target import around
from pole_agent.geometry import distance_m, towards
from pole_agent.vocabulary import Point
from tests.cli import call

POLE = (-6.8586, 107.9164)


MUNICH = (48.14, 11.58)


def box(centre: Point, half: float) -> tuple[Point, ...]:
    """A square of degrees, its longitudes written from -180 to 180."""
    corners = [(centre[0] + y * half, centre[1] + x * half) for y, x in ((-1, -1), (-1, 1), (1, 1), (1, -1))]
    return tuple(
        (lat, lon if abs(lon) <= 180 else lon - 360 * (1 if lon > 0 else -1)) for lat, lon in corners
    )


@pytest.mark.parametrize("longitude", [179.995, 180.0, -180.0, -179.999, 0.0, 107.9164])
@pytest.mark.parametrize("hole", [False, True])
def test_fence_is_same_at_date_line_as_elsewhere(longitude: float, hole: bool) -> None:
    """A fence is the same at the date line as elsewhere."""
    pole = (-16.9, longitude)
    area = Area(box(pole, 0.02), (box((-16.9 + 0.015, longitude), 0.002),) if hole else ())
    assert area.contains(pole, 1000)
    assert not area.contains(pole, 3000)
    assert not area.contains((-16.9, longitude - 0.03 if longitude > 0 else longitude + 0.03), 1)
    assert area.contains((-16.9 + 0.015, longitude), 1) is not hole
    assert area.touches((-16.9, longitude), 0)
    assert not area.touches((-16.8, longitude), 0)


def test_an_exclusion_around_the_world_covers_it() -> None:
    world = Area(((-90.0, -180.0), (-90.0, 180.0), (90.0, 180.0), (90.0, -180.0)))
    assert world.touches(POLE, 0)
    assert not world.contains(POLE, 10), "as a fence it is unsure, so nothing flies"


@given(st.floats(-80, 80), st.floats(-180, 180), st.floats(0, 360), st.floats(1, 5000))
def test_place_some_metres_away_is_on_earth_and_as_far(
    latitude: float, longitude: float, bearing: float, metres: float
) -> None:
    """A place some metres away is on earth and as far."""
    there = towards((latitude, longitude), bearing, metres)
    assert abs(there[0]) <= 90
    assert abs(there[1]) <= 180
    assert abs(distance_m((latitude, longitude), there) - metres) <= 0.01 * metres


def test_at_the_end_of_the_earth_nothing_breaks() -> None:
    assert abs(towards((90.0, 10.0), 0, 500)[0]) <= 90
    assert Area(((89.9, 0.0), (89.9, 120.0), (89.9, -120.0))).touches((90.0, 0.0), 20_000)


CASES = {
    "another district": (box((-7.86, 110.91), 0.02), "km from its edge"),
    "a line": (((-6.86, 107.90), (-6.86, 107.91), (-6.86, 107.95)), "has no area"),
    "one point": ((POLE,) * 3, "has no area"),
    "swapped, both below 90": (tuple((b, a) for a, b in box(MUNICH, 0.02)), "swapped"),
    "at the edge": (box((POLE[0] + 0.01999, POLE[1]), 0.02), "of its edge"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fence_that_would_block_everything_is_told(name: str) -> None:
    ring, says = CASES[name]
    told = list(doubts(Area(ring), (), MUNICH if "swapped" in name else POLE, {}))
    assert len(told) == 1
    assert says in told[0]
    assert "every request from this pole will be blocked" in told[0]


def test_a_hole_and_an_exclusion_at_the_pole_are_told() -> None:
    """A hole and an exclusion at the pole are told and a good fence is not."""
    fence, targets = Area(box(POLE, 0.02)), {'patrol "round"': around(POLE, 1000, 60)}
    assert list(doubts(fence, (), POLE, targets)) == []
    assert "outside" in next(doubts(Area(box(POLE, 0.02), (box(POLE, 0.001),)), (), POLE, targets))
    assert "exclusions" in next(doubts(fence, (Area(box(POLE, 0.001)),), POLE, targets))
    assert 'the 3000 m around the target of patrol "round"' in next(
        doubts(fence, (), POLE, {'patrol "round"': around(POLE, 3000, 60)})
    )
    near = (Area(box((POLE[0] + 0.008, POLE[1]), 0.001)),)
    assert "drone.exclusions: the 1000 m" in next(doubts(fence, near, POLE, targets))


RING = [[lon, lat, 712.0] for lat, lon in (*box(POLE, 0.02), box(POLE, 0.02)[0])]
FEATURE = {"type": "Feature", "properties": {}, "geometry": {"type": "MultiPolygon", "coordinates": [[RING]]}}


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_collection_of_multipolygon_with_heights(
    coding: str, bench: Callable[..., Path], tmp_path: Path
) -> None:
    """A collection of a multipolygon with heights is read however it was saved."""
    text = json.dumps(
        {"type": "FeatureCollection", "name": "Kecamatan é", "features": [FEATURE]}, ensure_ascii=False
    )
    assert areas(text)[0].contains(POLE, 1000)
    (tmp_path / "fence.geojson").write_bytes(text.replace(", ", ",\r\n").encode(coding))
    config = bench('[drone]\nenabled = true\nnight_permit = true\ngeofence = "fence.geojson"\n')
    done = call("check", "--config", str(config))
    assert done.returncode == 0, done.stderr
    assert "geofence" not in done.stdout


def test_check_warns_of_a_fence_without_the_pole(bench: Callable[..., Path]) -> None:
    """Check warns of a fence without the pole and of a drone that is off it does not."""
    fence = "geofence = [[-7.87, 110.90], [-7.87, 110.93], [-7.85, 110.93]]\n"
    done = call("check", "--config", str(bench("[drone]\nenabled = true\n" + fence)))
    assert done.returncode == 0
    assert "warning: drone.geofence: the pole is outside" in done.stdout
    assert "geofence" not in call("check", "--config", str(bench("[drone]\n" + fence))).stdout


@pytest.mark.parametrize(("points", "read"), [(9_999, True), (10_000, True), (10_001, False)])
def test_an_area_has_ten_thousand_points_at_most(points: int, read: bool) -> None:
    """All rings together, holes too; one point more is refused and said."""
    hole = [[x, y] for y, x in box(POLE, 0.001)]
    outer = [[107 + n / 100_000, -6.0 - (n % 2) / 1000] for n in range(points - 4)]
    text = json.dumps({"type": "Polygon", "coordinates": [outer, hole]})
    if read:
        (area,) = areas(text)
        assert len(area.outer) + len(area.holes[0]) == points
    else:
        with pytest.raises(ValueError, match="more than 10000 points"):
            areas(text)
