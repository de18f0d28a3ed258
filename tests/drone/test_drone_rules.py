"""Machine, gates, areas, targets, triage, patrols, commands: everything pure in the drone room."""

from __future__ import annotations

import json
import math
import zoneinfo
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.almanac import NEVER, Place, TimeOfDay, night_of
from pole_agent.dates import Weekdays
from pole_agent.drone.approval import UNREADABLE
from pole_agent.drone.areas import Area, areas
from pole_agent.drone.commands import read_decision, read_progress, read_stop
from pole_agent.drone.conditions import AHEAD_S, Conditions, read_conditions
from pole_agent.drone.gates import DroneLimits, Gate, Known, ask, in_words
from pole_agent.drone.machine import (
    OPEN_STATES,
    ORDERED_STATES,
    STATUS,
    TABLE,
    WAITING_STATES,
    State,
    Transition,
    after,
    picture,
)
from pole_agent.drone.patrol import Patrol
from pole_agent.drone.request import Request, Step
from pole_agent.drone.target import POSITION_M, Target, View, around, seen_from
from pole_agent.drone.triage import Triage, by_priority, comes_before, superseded
from pole_agent.errors import CommandRefused
from pole_agent.geometry import distance_m, to_edge_m, towards
from pole_agent.vocabulary import RequestDrone, Severity
from tests.conftest import ROOT

POLE = (-6.8586, 107.9164)
SUMEDANG = Place(*POLE, zoneinfo.ZoneInfo("Asia/Jakarta"))
FENCE = ((-6.88, 107.89), (-6.88, 107.94), (-6.84, 107.94), (-6.84, 107.89))
TARGET = around(POLE, 60, 60)
WALL, NOW = 1_793_850_000.0, 5000.0
GOOD = Known(clock_trusted=True, wall=WALL, now=NOW, dark=False, since_last_order_s=None)
LIMITS = DroneLimits(geofence=Area(FENCE))


# --- the machine


@pytest.mark.parametrize("state", get_args(State))
@pytest.mark.parametrize("transition", get_args(Transition))
def test_every_pair_is_in_the_table_or_raises(state: State, transition: Transition) -> None:
    if transition in TABLE[state]:
        assert after(state, transition) in get_args(State)
    else:
        with pytest.raises(ValueError, match="does not"):
            after(state, transition)


def test_only_a_person_and_open_gates_lead_to_an_order() -> None:
    assert {s for s, ways in TABLE.items() if "sent" in ways.values()} == {"approved"}
    assert {(s, h) for s, ways in TABLE.items() for h, to in ways.items() if to == "approved"} == {
        ("pending_approval", "approve")
    }
    ways_back = {
        (s, to)
        for s, ways in TABLE.items()
        for to in ways.values()
        if s in ORDERED_STATES and to in WAITING_STATES
    }
    assert not ways_back, "what was ordered is never asked for again"


@pytest.mark.parametrize("state", sorted(OPEN_STATES))
def test_deny_and_cancel_are_legal_in_every_state(state: State) -> None:
    """Deny and cancel are legal in every state that is not final."""
    assert (after(state, "cancel"), after(state, "deny")) == ("canceled", "denied")
    assert TABLE["canceled"] == TABLE["denied"] == {}


@pytest.mark.parametrize("state", sorted(WAITING_STATES))
def test_what_waits_may_expire(state: State) -> None:
    assert after(state, "expire") == "expired"


def test_the_document_shows_the_table() -> None:
    assert f"```mermaid\n{picture()}```" in (ROOT / "docs" / "drone.md").read_text()


# --- gates


def shut(
    limits: DroneLimits, known: Known, remaining: float | None = 100.0, target: Target = TARGET
) -> set[str]:
    return {g.name for g in ask(target, remaining, limits, known) if not g.ok}


@pytest.mark.parametrize(
    ("limits", "known", "remaining", "expected"),
    [
        (LIMITS, GOOD, 100.0, set()),
        (replace(LIMITS, geofence=None), GOOD, 100.0, {"geofence"}),
        (replace(LIMITS, geofence=Area(FENCE, (FENCE,))), GOOD, 100.0, {"geofence"}),
        (replace(LIMITS, exclusions=(Area(FENCE),)), GOOD, 100.0, {"exclusions"}),
        (replace(LIMITS, max_alt_agl_m=59.9), GOOD, 100.0, {"altitude_agl_m"}),
        (LIMITS, replace(GOOD, clock_trusted=False), 100.0, {"clock"}),
        (LIMITS, replace(GOOD, dark=True), 100.0, {"night"}),
        (LIMITS, replace(GOOD, dark=None), 100.0, {"night"}),
        (replace(LIMITS, night_permit=True), replace(GOOD, dark=True), 100.0, set()),
        (LIMITS, GOOD, 0.0, {"ttl"}),
        (LIMITS, GOOD, None, {"ttl"}),
        (LIMITS, replace(GOOD, since_last_order_s=899.9), 100.0, {"cooldown"}),
        (LIMITS, replace(GOOD, since_last_order_s=-5.0), 100.0, {"cooldown"}),
        (LIMITS, replace(GOOD, since_last_order_s=900.0), 100.0, set()),
        (LIMITS, replace(GOOD, stopped="Officer"), 100.0, {"emergency_stop"}),
        (LIMITS, replace(GOOD, stopped=None), 100.0, {"emergency_stop"}),
        (LIMITS, replace(GOOD, before="r-1"), 100.0, {"precedence"}),
    ],
)
def test_gates_open_only_on_what_is_known(
    limits: DroneLimits, known: Known, remaining: float | None, expected: set[str]
) -> None:
    assert shut(limits, known, remaining) == expected
    words = in_words(ask(TARGET, remaining, limits, known))
    assert bool(words) is bool(expected)


def heard(age_s: float = 10.0, **values: Any) -> Known:
    conditions = Conditions()
    found, measured = read_conditions(values | {"at": datetime.fromtimestamp(WALL - age_s, UTC).isoformat()})
    conditions.take(found, measured, WALL, NOW - max(0.0, age_s))
    return replace(GOOD, conditions=conditions)


STRICT = replace(
    LIMITS,
    max_wind_ms=8,
    max_rain_mm_h=0,
    min_temperature_c=0,
    max_temperature_c=40,
    min_battery_pct=30,
    require_dock_idle=True,
    require_no_maintenance=True,
)
FINE: dict[str, Any] = {
    "wind_ms": 8,
    "rain_mm_h": 0,
    "temperature_c": 27,
    "battery_pct": 30,
    "dock": "idle",
    "maintenance": False,
}
ALL = {"wind_ms", "rain_mm_h", "min_temperature_c", "max_temperature_c", "battery_pct", "dock", "maintenance"}


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (GOOD, ALL),
        (heard(**FINE), set()),
        (heard(300.0, **FINE), set()),
        (heard(300.1, **FINE), ALL),
        (heard(-AHEAD_S - 1, **FINE), ALL),
        (heard(**FINE | {"wind_ms": 8.1}), {"wind_ms"}),
        (heard(**FINE | {"rain_mm_h": 0.1}), {"rain_mm_h"}),
        (heard(**{k: v for k, v in FINE.items() if k != "rain_mm_h"} | {"rain": True}), {"rain_mm_h"}),
        (heard(**{k: v for k, v in FINE.items() if k != "rain_mm_h"} | {"rain": False}), set()),
        (heard(**FINE | {"temperature_c": -0.1}), {"min_temperature_c"}),
        (heard(**FINE | {"temperature_c": 40.1}), {"max_temperature_c"}),
        (heard(**FINE | {"battery_pct": 29.9}), {"battery_pct"}),
        (heard(**FINE | {"dock": "working"}), {"dock"}),
        (heard(**FINE | {"maintenance": True}), {"maintenance"}),
        (heard(**FINE | {"emergency_stop": True}), {"emergency_stop"}),
    ],
)
def test_condition_missing_old_or_beyond_blocks(known: Known, expected: set[str]) -> None:
    """A condition that is missing old or beyond its limit blocks."""
    assert shut(STRICT, known) == expected
    assert shut(LIMITS, known) == expected & {"emergency_stop"}, "no limit, no gate; a stop needs none"


def test_a_blocked_request_says_why_in_words() -> None:
    known = replace(heard(400.0, battery_pct=80), dark=True)
    known.conditions.take({"wind_ms": 11.4}, WALL - 5, WALL, NOW - 5)
    limits = replace(LIMITS, max_wind_ms=8, min_battery_pct=30, max_rain_mm_h=1)
    assert in_words(ask(TARGET, 50, limits, known)) == (
        "no permit to fly at night (drone.night_permit); wind 11.4 m/s, allowed at most 8 m/s; "
        "rain is unknown: no value was received; battery is unknown: the last value is 400 s old"
    )


def test_an_overtaken_message_changes() -> None:
    """An overtaken message changes nothing and age never shrinks."""
    conditions = Conditions()
    conditions.take({"wind_ms": 12.0}, WALL, WALL, NOW)
    conditions.take({"wind_ms": 2.0}, WALL - 60, WALL + 1, NOW + 1)
    found = conditions.get("wind_ms")
    assert found is not None
    assert found.value == 12.0
    assert found.age_s(WALL - 3600 + 3600, NOW + 400) == 400, (
        "the clock went back; the value has been here for 400 s"
    )
    assert found.age_s(WALL - 3600, NOW) is None, "it comes from the future"


@given(
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.floats(0, 5000),
    st.none() | st.floats(allow_nan=True),
    st.booleans(),
    st.none() | st.booleans(),
    st.none() | st.floats(allow_nan=True),
    st.none() | st.sampled_from(["", "Officer"]),
)
def test_no_gate_is_open_on_anything_but_a_yes(
    lat: float,
    lon: float,
    radius: float,
    remaining: float | None,
    trusted: bool,
    dark: bool | None,
    since: float | None,
    stopped: str | None,
) -> None:
    known = replace(GOOD, clock_trusted=trusted, dark=dark, since_last_order_s=since, stopped=stopped)
    gates = {g.name: g.ok for g in ask(Target(lat, lon, 60, radius), remaining, LIMITS, known)}
    assert gates["clock"] is trusted
    assert gates["night"] is (dark is False)
    assert gates["ttl"] is (remaining is not None and remaining > 0)
    assert gates["cooldown"] is (since is None or since >= 900)
    assert gates["emergency_stop"] is (stopped == "")
    if gates["geofence"]:
        assert -6.88 <= lat <= -6.84
        assert 107.89 <= lon <= 107.94


# --- areas and targets


def test_geojson_is_longitude_first_and_has_holes() -> None:
    ring = [[107.90, -6.87], [107.93, -6.87], [107.93, -6.85], [107.90, -6.87]]
    hole = [[107.91, -6.865], [107.92, -6.865], [107.92, -6.86], [107.91, -6.865]]
    polygon = {"type": "Polygon", "coordinates": [ring, hole]}
    document = {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": polygon}]}
    (area,) = areas(json.dumps(document))
    assert area.outer[0] == (-6.87, 107.90)
    assert len(area.holes) == 1
    in_the_hole = (-6.8635, 107.9185)
    assert not area.contains(in_the_hole, 0)
    assert area.touches(in_the_hole, 0), "an exclusion with a hole is an exclusion"
    several = {
        "type": "GeometryCollection",
        "geometries": [polygon, {"type": "MultiPolygon", "coordinates": [[ring], [ring]]}],
    }
    assert len(areas(json.dumps(several))) == 3


@given(
    st.text(max_size=50)
    | st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda s: st.lists(s, max_size=3)).map(
        json.dumps
    )
)
def test_what_is_no_geojson_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not|holds no"):
        areas(text)


@given(st.floats(0, 3000), st.floats(0, 359.9), st.floats(0, 3000))
def test_circle_is_within_fence_only_when_all_of_it_is(away: float, bearing: float, radius: float) -> None:
    """A circle is within the fence only when all of it is."""
    fence, centre = Area(FENCE), towards(POLE, bearing, away)
    rim = [towards(centre, angle, radius) for angle in range(0, 360, 10)]
    if fence.contains(centre, radius):
        assert all(fence.contains(point, 0) for point in rim)
    if not fence.touches(centre, radius):
        assert not any(fence.touches(point, 0) for point in rim)


@given(st.floats(-80, 80), st.floats(-179, 179), st.floats(0, 359.9), st.floats(0, 2000))
def test_going_somewhere_is_as_far_as_it_was_meant(
    lat: float, lon: float, bearing: float, metres: float
) -> None:
    assert math.isclose(
        distance_m((lat, lon), towards((lat, lon), bearing, metres)), metres, rel_tol=2e-3, abs_tol=0.01
    )


@pytest.mark.parametrize(
    "extra",
    [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [0, 0]}},
        {"type": "Feature", "geometry": None},
        {"type": "Feature"},
        "junk",
        7,
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": []}},
        {"type": "Polygon", "coordinates": [[[True, 0], [1, 0], [1, 1]]]},
    ],
)
def test_nothing_in_file_of_areas_is_left_out(extra: object) -> None:
    """Nothing in a file of areas is left out without a word."""
    polygon = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]}
    assert len(areas(json.dumps({"type": "FeatureCollection", "features": [polygon]}))) == 1
    with pytest.raises(ValueError, match=r"."):
        areas(json.dumps({"type": "FeatureCollection", "features": [polygon, extra]}))


def test_exclusion_that_crosses_or_repeats_itself() -> None:
    """An exclusion that crosses or repeats itself has no opening."""
    star = [towards(POLE, angle, 500) for angle in (0, 144, 288, 72, 216)]
    ring = [towards(POLE, angle, 500) for angle in range(0, 360, 30)]
    for shape in (star, [*ring, *ring], [*ring, ring[0]]):
        assert Area(tuple(shape)).touches(POLE, 0)
        assert not Area(FENCE, (tuple(shape),)).contains(POLE, 0)


@given(
    st.lists(st.tuples(st.floats(-6.9, -6.8), st.floats(107.8, 108)), min_size=3, max_size=9),
    st.floats(-6.9, -6.8),
    st.floats(107.8, 108),
)
def test_what_even_count_of_edges_holds_is_wound_too(
    ring: list[tuple[float, float]], lat: float, lon: float
) -> None:
    """What an even count of edges holds is wound too."""
    if Area(tuple(ring)).contains((lat, lon), 0):
        assert Area(tuple(ring)).touches((lat, lon), 0)


@given(st.integers(0, 3), st.floats(0, 1), st.floats(0, 500))
def test_on_edge_of_fence_and_on_that_of_exclusion(number: int, along: float, radius: float) -> None:
    """On the edge of a fence and on that of an exclusion nothing flies.

    Also where a circle only touches the edge from inside, or from outside an exclusion.
    """
    (lat1, lon1), (lat2, lon2) = FENCE[number - 1], FENCE[number]
    edge = (lat1 + along * (lat2 - lat1), lon1 + along * (lon2 - lon1))
    assert not Area(FENCE).contains(edge, 0)
    assert Area(FENCE).touches(edge, 0)
    for bearing in (0, 90, 180, 270):
        beside = towards(edge, bearing, radius)
        assert not Area(FENCE).contains(beside, to_edge_m(beside, FENCE))
        assert Area(FENCE).touches(beside, to_edge_m(beside, FENCE))


def test_metres_to_an_edge() -> None:
    square = (
        towards(POLE, 315, 100 * math.sqrt(2)),
        towards(POLE, 45, 100 * math.sqrt(2)),
        towards(POLE, 135, 100 * math.sqrt(2)),
    )
    assert to_edge_m(towards(POLE, 0, 160), square) == pytest.approx(60, abs=0.2)
    assert to_edge_m(towards(POLE, 90, 60), square) == pytest.approx(40, abs=0.2)


def test_a_target_lies_where_the_camera_looks() -> None:
    """A target lies where the camera looks and says how unsure that is."""
    unknown = seen_from(POLE, View(), (0.5, 0.9), 60)
    assert (unknown.point, unknown.radius_m) == (POLE, 50 + POSITION_M)
    east = View(heading_deg=90, hfov_deg=90, range_m=80)
    middle = seen_from(POLE, east, (0.5, 0.9), 60)
    assert distance_m(middle.point, towards(POLE, 90, 40)) < 1
    assert middle.radius_m == 40 + POSITION_M
    right_edge = seen_from(POLE, east, (1.0, 0.9), 60)
    assert distance_m(right_edge.point, towards(POLE, 135, 40)) < 1
    anywhere = seen_from(POLE, east, None, 60)
    assert anywhere.radius_m > right_edge.radius_m, (
        "without a place in the picture, the whole width is unsure"
    )


@given(st.floats(0, 359), st.floats(10, 170), st.floats(1, 300), st.floats(0, 1), st.floats(0, 1))
def test_the_true_place_lies_in_the_circle(
    heading: float, hfov: float, reach: float, x: float, share: float
) -> None:
    """Whatever the distance the true place lies in the circle."""
    target = seen_from(POLE, View(heading, hfov, reach), (x, 0.9), 60)
    aside = math.degrees(math.atan((2 * x - 1) * math.tan(math.radians(hfov / 2))))
    assert distance_m(target.point, towards(POLE, heading + aside, reach * share)) <= target.radius_m


# --- triage


def request(number: int, **more: Any) -> Request:
    given_: dict[str, Any] = {
        "request_id": f"r-{number}",
        "state": "pending_approval",
        "origin": "incident",
        "rule": "watch",
        "place": "road",
        "camera": "street",
        "severity": "warning",
        "score": 0.8,
        "target": TARGET,
        "created": WALL + number,
        "expires": WALL + 600,
        "created_at": NOW,
        "expires_at": NOW + 600,
        "boot_id": "boot",
    }
    return Request(**given_ | more)


def trigger(**more: Any) -> RequestDrone:
    given_: dict[str, Any] = {
        "rule": "watch",
        "camera": "street",
        "place": "road",
        "incident_id": "i",
        "severity": Severity.WARNING,
        "at": NOW,
    }
    return RequestDrone(**given_ | more)


def test_repeat_joins_what_is_open_or_ended_within() -> None:
    """A repeat joins what is open or ended within the cooldown."""
    triage = Triage(cooldown_s=900)
    open_one, ended, other = request(1), request(2, state="denied"), request(3, place="yard")
    assert triage.joins(trigger(), [other, open_one], {}) is open_one
    assert triage.joins(trigger(), [ended], {"r-2": 899.0}) is ended
    assert triage.joins(trigger(), [ended], {"r-2": 900.0}) is None
    assert triage.joins(trigger(), [ended], {"r-2": -1e6}) is None, "it was ended by a clock that was ahead"
    assert triage.joins(trigger(camera="yard"), [open_one], {}) is None
    assert triage.joins(trigger(), [request(4, state="suppressed")], {"r-4": 1.0}) is None


@pytest.mark.parametrize(
    ("triage", "asking", "made", "rates", "cause"),
    [
        (Triage(), trigger(), 0, {}, ""),
        (Triage(min_severity=Severity.ALARM), trigger(), 0, {}, "low_severity"),
        (Triage(min_score=0.7), trigger(score=0.69), 0, {}, "low_confidence"),
        (Triage(max_requests_per_day=3), trigger(), 3, {}, "quota"),
        (
            Triage(max_false_alarm_rate=0.5),
            trigger(),
            0,
            {"watch": {"true": 2, "false": 3, "false_alarm_rate": 0.6}},
            "barred",
        ),
        (
            Triage(max_false_alarm_rate=0.5),
            trigger(),
            0,
            {"watch": {"true": 1, "false": 3, "false_alarm_rate": 0.75}},
            "",
        ),
        (
            Triage(max_false_alarm_rate=0.5),
            trigger(),
            0,
            {"other": {"true": 0, "false": 9, "false_alarm_rate": 1.0}},
            "",
        ),
    ],
)
def test_what_becomes_no_request_says_why(
    triage: Triage, asking: RequestDrone, made: int, rates: Any, cause: str
) -> None:
    assert triage.suppresses(asking, made, rates).partition(":")[0] == cause


def test_graver_comes_first_and_takes_place() -> None:
    """The graver comes first and takes the place of what nobody decided on."""
    patrol = request(1, origin="patrol", severity="info")
    warning, approved, alarm = request(2), request(3, state="approved"), request(4, severity="alarm")
    elsewhere = request(5, camera="yard")
    everything = [patrol, warning, approved, alarm, elsewhere]
    assert [r.request_id for r in by_priority(everything)] == ["r-4", "r-2", "r-3", "r-5", "r-1"]
    assert [r.request_id for r in superseded(trigger(severity=Severity.ALARM), everything)] == ["r-2"]
    assert superseded(trigger(), everything) == []
    assert comes_before(patrol, everything) == "the request r-2"
    assert comes_before(warning, everything) == ""
    flying = request(6, state="paused")
    assert comes_before(alarm, [*everything, flying]) == "the flight r-6"
    assert comes_before(flying, [*everything, flying]) == ""
    called_back = request(7, state="canceled", ordered=True, call_back=True)
    assert "r-7" in comes_before(alarm, [*everything, called_back]), "it may still be in the air"


def test_a_request_survives_its_own_dump() -> None:
    gate = Gate("geofence", [1.5, 2.5], "inside", False, "configuration", 3.0, "why")
    full = request(
        1,
        path=((0.1, 0.2), (0.3, 0.4)),
        gates=(gate,),
        nonces=("n",),
        history=(Step(1.0, "requested", "pole", ""),),
        incident_ids=("a", "b"),
    )
    assert Request.load(full.dump()) == full
    for broken in (
        "{}",
        "[]",
        '{"state": "x"}',
        "[" * 100_000,
        full.dump().replace("pending_approval", "launched"),
    ):
        with pytest.raises(UNREADABLE):
            Request.load(broken)
    fields = json.loads(full.dump())
    for name, value in (
        ("expires", None),
        ("expires", "x"),
        ("expires", 1e300),
        ("created", math.nan),
        ("severity", "huge"),
        ("severity", None),
        ("score", None),
        ("expires_at", "x"),
        ("request_id", []),
        ("count", "x"),
        ("origin", "x"),
        ("target", {}),
        ("path", [[1]]),
        ("history", [{"at": "x", "state": "requested", "by": "", "reason": ""}]),
        ("gates", [{}]),
        ("boot_id", 5),
        ("state", []),
    ):
        with pytest.raises(UNREADABLE):
            Request.load(json.dumps(fields | {name: value}))


# --- patrols


def plan(*at: str, days: str = "mon..sun", window_s: float = 900) -> Patrol:
    return Patrol(
        "round", tuple(map(TimeOfDay.parse, at)), Weekdays.parse(days), 1000, window_s, "as written"
    )


def local(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=SUMEDANG.zone).timestamp()


@pytest.mark.parametrize("at", ["06:00", "12:00", "18:30", "23:00", "00:10", "11:59"])
def test_a_patrol_is_due_at_its_time(at: str) -> None:
    """A patrol is due at its time until its window closes."""
    when = local(f"2026-11-24T{at}:00")  # a Tuesday
    assert plan(at).due(when - 0.1, SUMEDANG) == []
    assert plan(at).due(when, SUMEDANG) == [when]
    assert plan(at).due(when + 899.9, SUMEDANG) == [when]
    assert plan(at).due(when + 900, SUMEDANG) == []
    assert plan(at, days="tue").due(when, SUMEDANG) == [when]
    assert plan(at, days="mon,wed..sun").due(when, SUMEDANG) == []


def test_a_patrol_by_the_sun() -> None:
    sunrise = night_of(local("2026-11-24T03:00:00"), SUMEDANG).sun["sunrise"]
    assert plan("sunrise+00:30").due(sunrise + 1800, SUMEDANG) == [sunrise + 1800]
    due = plan("sunset").due(night_of(local("2026-11-24T03:00:00"), SUMEDANG).sun["sunset"], SUMEDANG)
    assert len(due) == 1
    north = Place(78.2, 15.6, zoneinfo.ZoneInfo("Arctic/Longyearbyen"))
    december = datetime(2026, 12, 20, 12, tzinfo=UTC).timestamp()
    assert night_of(december, north).sun["sunrise"] == NEVER
    for hour in range(24):
        assert plan("sunrise", "sunset").due(december + hour * 3600, north) == [], (
            "the sun does not come: its words have no moment"
        )


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "Europe/Berlin"])
def test_a_fixed_time_comes_every_day_of_the_year(zone: str) -> None:
    place = replace(SUMEDANG, zone=zoneinfo.ZoneInfo(zone))
    found = set()
    wall = datetime(2027, 1, 1, tzinfo=place.zone).timestamp()
    while wall < datetime(2028, 1, 1, tzinfo=place.zone).timestamp():
        found |= set(plan("11:30", "12:00", "13:10", window_s=3600).due(wall, place))
        wall += 1800
    days = {datetime.fromtimestamp(at, place.zone).strftime("%m-%d %H:%M") for at in found}
    assert len({d for d in days if d.startswith(tuple(f"{m:02}" for m in range(1, 13)))}) == 3 * 365


@given(
    st.integers(0, 7 * 86_400),
    st.sampled_from(["06:00", "12:00", "23:59", "sunset", "dawn-01:00"]),
    st.integers(60, 21_600),
)
def test_every_moment_belongs_to_at_most_one_patrol(seconds: int, at: str, window: int) -> None:
    """Every moment belongs to at most one patrol of a time."""
    wall = local("2026-11-23T00:00:00") + seconds
    found = plan(at, window_s=window).due(wall, SUMEDANG)
    assert len(found) <= 1
    assert all(0 <= wall - moment < window for moment in found)


# --- commands


@pytest.mark.parametrize(
    "payload",
    [
        {"request_id": "a", "decision": "approve"},
        {"request_id": "a", "decision": "launch", "by": "x"},
        {"decision": "approve", "by": "x"},
        {"request_id": "a", "decision": ["approve"], "by": "x"},
        {"request_id": "a", "decision": "approve", "by": ""},
        {"request_id": "a", "decision": "approve", "by": "two\nlines"},
        {"request_id": "a", "decision": "approve", "by": "x", "altitude": 500},
        {"request_id": "a", "decision": "approve", "by": "x", "reason": "r" * 201},
        {"patrol": "p", "decision": "approve", "by": "x", "until": "2027-01-01"},
        {"patrol": ["p"], "decision": "deny", "by": "x"},
    ],
)
def test_decision_without_name_or_odd_is_refused(payload: dict[str, object]) -> None:
    """A decision without a name or with anything odd is refused."""
    with pytest.raises(CommandRefused):
        read_decision(payload)


def test_progress_conditions_and_stop_are_checked() -> None:
    assert (
        read_progress({"request_id": "a", "status": "in_progress", "step": "on scene"}).transition
        == "progress"
    )
    assert {read_progress({"request_id": "a", "status": s}).transition for s in STATUS} <= set(
        get_args(Transition)
    )
    assert read_conditions({"wind_ms": 3, "at": "2026-11-24T10:00:00Z"})[0] == {"wind_ms": 3.0}
    assert read_stop({"stop": True, "by": "x"}) == (True, "x", "")
    at = {"at": "2026-11-24T10:00:00Z"}
    for payload in (
        at,
        {"wind_ms": 3},
        {"wind_ms": "3"} | at,
        {"wind_ms": float("inf")} | at,
        {"wind_ms": True} | at,
        {"wind_ms": -1} | at,
        {"wind_ms": 3, "at": "x"},
        {"wind_ms": 3, "at": "2026-11-24T10:00:00"},
        {"wind_ms": 3, "at": 5},
        {"dock": ""} | at,
        {"maintenance": "no"} | at,
        {"wind_ms": 10**400} | at,
    ):
        with pytest.raises(CommandRefused):
            read_conditions(payload)
    for progress in (
        {"request_id": "a", "status": "landed"},
        {"status": "ok"},
        {"request_id": "a", "status": "ok", "step": "s" * 65},
    ):
        with pytest.raises(CommandRefused):
            read_progress(progress)
    for stop in ({"stop": True}, {"stop": "yes", "by": "x"}, {"stop": True, "by": "x", "until": 5}):
        with pytest.raises(CommandRefused):
            read_stop(stop)
