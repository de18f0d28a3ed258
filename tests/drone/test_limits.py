"""Both sides of every limit between a trigger and a flight.

The numbers are those of the promise, not of the code.
"""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pole_agent.drone.areas import Area, areas
from pole_agent.drone.conditions import Condition, Conditions, read_conditions
from pole_agent.drone.gates import DroneLimits, Gate, Known, ask, in_words
from pole_agent.drone.target import Target
from pole_agent.errors import CommandRefused
from pole_agent.geometry import distance_m, towards

POLE = (-6.8586, 107.9164)
WALL, NOW = 1_793_850_000.0, 5000.0
DAY = 86_400.0
# A square, 1000 m from its middle to each side.
FENCE = Area(tuple(towards(POLE, bearing, 1000 * math.sqrt(2)) for bearing in (45, 135, 225, 315)))
GOOD = Known(clock_trusted=True, wall=WALL, now=NOW, dark=False, since_last_order_s=None)
LIMITS = DroneLimits(geofence=FENCE)
STRICT = replace(
    LIMITS,
    max_wind_ms=8,
    max_rain_mm_h=2,
    min_temperature_c=-5,
    max_temperature_c=40,
    min_battery_pct=30,
    require_dock_idle=True,
    require_no_maintenance=True,
)
FINE: dict[str, Any] = {
    "wind_ms": 3.0,
    "rain_mm_h": 1.0,
    "temperature_c": 27.0,
    "battery_pct": 80.0,
    "dock": "idle",
    "maintenance": False,
}


def known(
    values: dict[str, Any] | None = None, measured: float = WALL - 10, came: float = NOW - 10, **more: Any
) -> Known:
    """What is known, with every value measured and come at these moments."""
    conditions = Conditions()
    conditions.take(FINE | (values or {}), measured, measured, came)
    return replace(GOOD, conditions=conditions, **more)


def at(metres: float, bearing: float = 0, radius_m: float = 60, altitude_m: float = 60) -> Target:
    return Target(*towards(POLE, bearing, metres), altitude_m, radius_m)


HERE = at(0)


def gates(
    target: Target = HERE,
    remaining_s: float | None = 600,
    limits: DroneLimits = STRICT,
    what: Known | None = None,
) -> dict[str, Gate]:
    return {g.name: g for g in ask(target, remaining_s, limits, known() if what is None else what)}


def shut(**more: Any) -> set[str]:
    return {name for name, gate in gates(**more).items() if not gate.ok}


# --- gates, one side and the other

# Its edge: 200 m to the north
NEAR = Area(tuple(towards(at(300).point, bearing, 100 * math.sqrt(2)) for bearing in (45, 135, 225, 315)))
ELSEWHERE = Area(((9.0, 9.0), (9.0, 10.0), (10.0, 9.0)))
SIDES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {  # gate -> what opens it, what shuts it
    "clock": ({}, {"what": known(clock_trusted=False)}),
    "ttl": ({"remaining_s": 0.1}, {"remaining_s": 0.0}),
    "ttl, after": ({"remaining_s": 1.0}, {"remaining_s": -0.1}),
    "emergency_stop": ({"what": known(stopped="")}, {"what": known(stopped="Officer")}),
    "emergency_stop, of the dock": (
        {"what": known({"emergency_stop": False})},
        {"what": known({"emergency_stop": True})},
    ),
    "geofence": ({"target": at(800, radius_m=198)}, {"target": at(800, radius_m=202)}),
    "geofence, its own place": ({"target": at(938, radius_m=60)}, {"target": at(942, radius_m=60)}),
    "geofence, east": ({"target": at(938, 90, radius_m=60)}, {"target": at(942, 90, radius_m=60)}),
    "geofence, none": ({}, {"limits": replace(STRICT, geofence=None)}),
    "exclusions": (
        {"target": at(0, radius_m=198), "limits": replace(STRICT, exclusions=(NEAR,))},
        {"target": at(0, radius_m=202), "limits": replace(STRICT, exclusions=(NEAR,))},
    ),
    "exclusions, the second": (
        {"target": at(0, radius_m=198), "limits": replace(STRICT, exclusions=(ELSEWHERE, NEAR))},
        {"target": at(0, radius_m=202), "limits": replace(STRICT, exclusions=(ELSEWHERE, NEAR))},
    ),
    "altitude_agl_m": ({"target": at(0, altitude_m=120)}, {"target": at(0, altitude_m=120.1)}),
    "altitude_agl_m, of the plan": (
        {"target": at(0, altitude_m=50), "limits": replace(STRICT, max_alt_agl_m=50)},
        {"target": at(0, altitude_m=50.1), "limits": replace(STRICT, max_alt_agl_m=50)},
    ),
    "altitude_agl_m, ground": ({"target": at(0, altitude_m=0.1)}, {"target": at(0, altitude_m=0)}),
    "altitude_agl_m, below it": ({"target": at(0, altitude_m=1)}, {"target": at(0, altitude_m=-60)}),
    "night": ({"what": known(dark=False)}, {"what": known(dark=True)}),
    "night, by a permit": (
        {"what": known(dark=True), "limits": replace(STRICT, night_permit=True)},
        {"what": known(dark=True)},
    ),
    "cooldown": ({"what": known(since_last_order_s=900)}, {"what": known(since_last_order_s=899.9)}),
    "cooldown, of a clock that was ahead": (
        {"what": known(since_last_order_s=None)},
        {"what": known(since_last_order_s=-1e6)},
    ),
    "cooldown, as it was set": (
        {"what": known(since_last_order_s=60), "limits": replace(STRICT, cooldown_s=60)},
        {"what": known(since_last_order_s=59.9), "limits": replace(STRICT, cooldown_s=60)},
    ),
    "precedence": ({"what": known(before="")}, {"what": known(before="the flight r-1")}),
    "wind_ms": ({"what": known({"wind_ms": 8.0})}, {"what": known({"wind_ms": 8.1})}),
    "rain_mm_h": ({"what": known({"rain_mm_h": 2.0})}, {"what": known({"rain_mm_h": 2.1})}),
    "rain_mm_h, nobody says how much": ({}, {"what": known({"rain_mm_h": "raining"})}),
    "min_temperature_c": ({"what": known({"temperature_c": -5.0})}, {"what": known({"temperature_c": -5.1})}),
    "max_temperature_c": ({"what": known({"temperature_c": 40.0})}, {"what": known({"temperature_c": 40.1})}),
    "battery_pct": ({"what": known({"battery_pct": 30.0})}, {"what": known({"battery_pct": 29.9})}),
    "dock": ({"what": known({"dock": "idle"})}, {"what": known({"dock": "Idle"})}),
    "maintenance": ({"what": known({"maintenance": False})}, {"what": known({"maintenance": True})}),
}


@pytest.mark.parametrize("name", SIDES)
def test_one_side_is_open_the_other_shut(name: str) -> None:
    """Each limit shuts its own gate, and no other, right where it lies."""
    open_side, shut_side = SIDES[name]
    gate = name.partition(",")[0]
    assert shut(**open_side) == set()
    assert shut(**shut_side) == {gate}
    assert gates(**shut_side)[gate].ok is False
    assert in_words(list(gates(**open_side).values())) == ""
    assert in_words(list(gates(**shut_side).values())) == gates(**shut_side)[gate].why != ""


MEASURED = {
    "wind_ms",
    "rain_mm_h",
    "min_temperature_c",
    "max_temperature_c",
    "battery_pct",
    "dock",
    "maintenance",
}


@pytest.mark.parametrize(
    ("measured_ago_s", "here_for_s", "is_open"),
    [
        (300, 0, True),
        (300.1, 0, False),  # by the dispatcher's word
        (0, 300, True),
        (0, 300.1, False),  # as long as it has been here, whatever the clocks say
        (-60, 0, True),
        (-60.1, 0, False),
        (-60, 300.1, False),  # from the future
        (-3600, 10, False),
    ],
)
def test_a_value_counts_for_five_minutes(measured_ago_s: float, here_for_s: float, is_open: bool) -> None:
    """What was heard counts up to 300 s after it was measured and came, and up to 60 s before."""
    what = known(measured=WALL - measured_ago_s, came=NOW - here_for_s)
    assert shut(what=what) == (set() if is_open else MEASURED)
    shorter = replace(STRICT, conditions_max_age_s=299)
    assert shut(what=what, limits=shorter) == (
        set() if is_open and max(measured_ago_s, here_for_s) <= 299 else MEASURED
    )
    assert shut(what=what, limits=LIMITS) == set(), "without a limit there is no gate"


def test_a_stop_of_the_dock_has_no_age() -> None:
    """A day old, or told for the future, a stop stays one until a newer word."""
    for measured in (WALL - DAY, WALL + DAY):
        assert "emergency_stop" in shut(
            what=known({"emergency_stop": True}, measured=measured), limits=LIMITS
        )
    assert gates(what=known({"emergency_stop": True}))["emergency_stop"].value == "the dispatcher"
    assert gates(what=known({"emergency_stop": True}, stopped="Officer"))["emergency_stop"].value == "Officer"


def test_a_gate_says_what_it_knows() -> None:
    """Value, limit, source and age of every gate are those of the inputs."""
    what = known(measured=WALL - 12.34, since_last_order_s=1234.56)
    told = [g.as_data() for g in ask(at(0), 599.94, STRICT, what)]
    place = list(at(0).point)

    def gate(
        name: str, value: Any, limit: Any, source: str = "dispatcher", age_s: float | None = 12.3
    ) -> dict[str, Any]:
        return {"name": name, "value": value, "limit": limit, "ok": True, "source": source, "age_s": age_s}

    assert told == [
        gate("clock", "trusted", "trusted", "pole", None),
        gate("ttl", 599.9, 0, "pole", None),
        gate("emergency_stop", "", "", "pole", None),
        gate("geofence", place, "inside", "configuration", None),
        gate("exclusions", place, "outside", "configuration", None),
        gate("altitude_agl_m", 60, 120, "configuration", None),
        gate("night", "day", "day", "pole", None),
        gate("cooldown", 1234.6, 900, "pole", None),
        gate("precedence", "", "", "pole", None),
        gate("wind_ms", 3.0, 8),
        gate("rain_mm_h", 1.0, 2),
        gate("min_temperature_c", 27.0, -5),
        gate("max_temperature_c", 27.0, 40),
        gate("battery_pct", 80.0, 30),
        gate("dock", "idle", "idle"),
        gate("maintenance", False, False),
    ]
    unknown = gates(
        what=replace(GOOD, clock_trusted=False, dark=None),
        remaining_s=None,
        limits=replace(STRICT, night_permit=True),
    )
    shown = {name: (g.value, g.limit, g.age_s) for name, g in unknown.items()}
    assert shown["clock"] == ("untrusted", "trusted", None)
    assert shown["ttl"] == (None, 0, None)
    assert shown["night"] == ("unknown", "night", None)
    assert shown["wind_ms"] == (None, 8, None)
    assert gates(what=known(dark=True))["night"].value == "night"
    (no_fence,) = [g for g in ask(at(0), 600, replace(STRICT, geofence=None), what) if g.name == "geofence"]
    assert (no_fence.value, no_fence.limit, no_fence.source, no_fence.age_s) == (
        place,
        None,
        "configuration",
        None,
    )


WORDS: list[tuple[dict[str, Any], str]] = [
    ({"what": known(clock_trusted=False)}, "the pole's clock is not trusted"),
    ({"remaining_s": 0}, "it has expired"),
    (
        {"remaining_s": None},
        "the request was made before a restart, and without a trusted clock its age is unknown",
    ),
    ({"what": known(stopped="Dewi")}, "all flights are stopped by Dewi"),
    ({"what": known(stopped=None)}, "could not read whether flights are stopped"),
    ({"what": known({"emergency_stop": True})}, "all flights are stopped by the dispatcher"),
    ({"limits": replace(STRICT, geofence=None)}, "no geofence is configured"),
    ({"target": at(2000)}, "the target, with 60 m around it, is not inside the geofence"),
    ({"limits": replace(STRICT, exclusions=(FENCE,))}, "an exclusion is within 60 m of the target"),
    ({"target": at(0, altitude_m=121)}, "121 m above ground is more than 120 m"),
    ({"what": known(dark=True)}, "no permit to fly at night (drone.night_permit)"),
    ({"what": known(since_last_order_s=1)}, "the last flight was ordered less than 900 s ago"),
    ({"what": known(before="the request r-1")}, "the request r-1 goes first"),
    ({"what": known({"maintenance": True})}, "maintenance yes, allowed is no"),
    ({"what": known({"dock": "working"})}, "dock working, allowed is idle"),
    ({"what": known({"temperature_c": -9.5})}, "temperature -9.5 °C, allowed at least -5 °C"),
    ({"what": known({"temperature_c": 41.0})}, "temperature 41 °C, allowed at most 40 °C"),
    ({"what": known({"battery_pct": 29.123456789})}, "battery 29.1235 %, allowed at least 30 %"),
    ({"what": known({"wind_ms": 12.0})}, "wind 12 m/s, allowed at most 8 m/s"),
    ({"what": known({"rain_mm_h": "raining"})}, "rain raining mm/h, allowed at most 2 mm/h"),
    (
        {"limits": replace(LIMITS, max_wind_ms=8), "what": known(measured=WALL + 61)},
        "wind is unknown: its time is in the future",
    ),
    (
        {"limits": replace(LIMITS, max_wind_ms=8), "what": known(measured=WALL - 361)},
        "wind is unknown: the last value is 361 s old",
    ),
    ({"limits": replace(LIMITS, max_wind_ms=8), "what": GOOD}, "wind is unknown: no value was received"),
]


@pytest.mark.parametrize(("more", "words"), WORDS)
def test_a_shut_gate_says_why(more: dict[str, Any], words: str) -> None:
    """What blocks a request is told in words that name it."""
    assert in_words(list(gates(**more).values())) == words


def test_an_area_is_asked_for_every_target() -> None:
    """What is remembered of one target is not taken for another, however many there are."""
    limits = replace(LIMITS, exclusions=(NEAR,))
    for _ in range(2):
        for number in range(501):
            assert shut(target=at(0, radius_m=60 + number / 10), limits=limits, what=GOOD) == set()
            assert len(limits._asked) == (number + 1 if number < 500 else 1), (
                "and not more than that is remembered"
            )
        assert shut(target=at(300), limits=limits, what=GOOD) == {"exclusions"}
        assert shut(target=at(3000), limits=limits, what=GOOD) == {"geofence"}
        limits._asked.clear()


class Counted(Area):
    """An area that counts how often it is asked."""

    asked = 0

    def contains(self, point: tuple[float, float], radius_m: float) -> bool:
        Counted.asked += 1
        return super().contains(point, radius_m)


def test_an_area_is_asked_once_for_a_target() -> None:
    """Thousands of points at each turn would be felt; and what was asked makes no limits unequal, nor longer
    to read.
    """
    limits, fresh = (
        replace(LIMITS, geofence=Counted(FENCE.outer)),
        replace(LIMITS, geofence=Counted(FENCE.outer)),
    )
    for _ in range(3):
        assert limits.ground(at(0)) == (True, False)
    assert limits.ground(at(2000)) == (False, False)
    assert Counted.asked == 2
    assert limits == fresh
    assert repr(limits) == repr(fresh)


def test_what_holds_where_nothing_is_written() -> None:
    """Ten minutes to live, a quarter of an hour between flights, 120 m, and no night, no fence, no other
    limit.
    """
    unset = DroneLimits()
    assert (unset.ttl_s, unset.cooldown_s, unset.max_alt_agl_m, unset.night_permit) == (600, 900, 120, False)
    assert shut(limits=unset, what=known(dark=True)) == {"geofence", "night"}


# --- unknown = blocked

INPUTS: dict[str, list[tuple[Any, bool]]] = {  # of each input: values, and whether its gate is open
    "remaining_s": [(600.0, True), (None, False), (0.0, False), (math.nan, False)],
    "clock_trusted": [(True, True), (False, False), (None, False)],
    "dark": [(False, True), (True, False), (None, False)],
    "stopped": [("", True), ("Officer", False), (None, False)],
    # None: there was no order
    "since_last_order_s": [(None, True), (900.0, True), (0.0, False), (math.nan, False)],
    "geofence": [(FENCE, True), (None, False)],
}
GATE_OF = {
    "remaining_s": "ttl",
    "clock_trusted": "clock",
    "dark": "night",
    "stopped": "emergency_stop",
    "since_last_order_s": "cooldown",
    "geofence": "geofence",
}


def test_what_is_unknown_is_blocked() -> None:
    """In every combination of known and unknown inputs a gate is open only on a known yes."""
    for values in itertools.product(*INPUTS.values()):
        given = dict(zip(INPUTS, (value for value, _ in values), strict=True))
        expected = {GATE_OF[name] for name, (_, is_open) in zip(INPUTS, values, strict=True) if not is_open}
        limits = replace(LIMITS, geofence=given.pop("geofence"))
        remaining = given.pop("remaining_s")
        assert {
            g.name for g in ask(at(0), remaining, limits, replace(GOOD, **given)) if not g.ok
        } == expected, values


@pytest.mark.parametrize("missing", sorted(FINE))
@pytest.mark.parametrize("how", ["never heard", "of another kind", "of no kind"])
def test_a_value_that_is_unknown_blocks_its_gates(missing: str, how: str) -> None:
    """Where one value of weather or dock is missing, or is no such value, its gates are shut and the others
    open.
    """
    conditions = Conditions()
    conditions.take({k: v for k, v in FINE.items() if k != missing}, WALL, WALL, NOW)
    if how == "of another kind":
        conditions.take({missing: 0.0 if missing in ("dock", "maintenance") else "idle"}, WALL, WALL, NOW)
    elif how == "of no kind":
        conditions.take(
            {missing: math.nan if missing not in ("dock", "maintenance") else ""}, WALL, WALL, NOW
        )
    expected = {name for name in MEASURED if name.removeprefix("min_").removeprefix("max_") == missing}
    assert expected
    assert shut(what=replace(GOOD, conditions=conditions)) == expected


@pytest.mark.parametrize(
    "limit", ["max_wind_ms", "max_rain_mm_h", "min_temperature_c", "max_temperature_c", "min_battery_pct"]
)
def test_each_limit_has_a_gate_of_its_own(limit: str) -> None:
    """A limit of nought is a limit; one that is not set asks nothing."""
    conditions = Conditions()
    assert len(ask(at(0), 600, LIMITS, GOOD)) == 9
    nought: dict[str, Any] = {limit: 0}
    (gate,) = ask(at(0), 600, replace(LIMITS, **nought), replace(GOOD, conditions=conditions))[9:]
    assert (gate.ok, gate.limit) == (False, 0)
    conditions.take({limit[4:]: 0.0}, WALL, WALL, NOW)
    (gate,) = ask(at(0), 600, replace(LIMITS, **nought), replace(GOOD, conditions=conditions))[9:]
    assert (gate.ok, gate.value) == (True, 0.0)


# --- what the dispatcher tells


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("wind_ms", 0, 200),
        ("rain_mm_h", 0, 1000),
        ("temperature_c", -100, 100),
        ("battery_pct", 0, 100),
        ("rain", 0, 1000),
    ],
)
def test_numbers_of_the_dispatcher_have_their_range(name: str, least: float, most: float) -> None:
    """The least and the most are taken as they are; a step beyond either is refused, and so is what is no
    number.
    """
    word = {"at": "2026-11-24T10:00:00Z"}
    for right in (least, most, float(most)):
        found, measured = read_conditions({name: right} | word)
        assert found == {"rain_mm_h" if name == "rain" else name: float(right)}
        assert measured == datetime(2026, 11, 24, 10, tzinfo=UTC).timestamp()
    for wrong in (least - 0.1, most + 0.1, "3", [3], math.nan):
        with pytest.raises(CommandRefused, match=f'"{name}" must be a number from {least:g} to {most:g}'):
            read_conditions({name: wrong} | word)


def test_what_the_dispatcher_may_say() -> None:
    """Every word is taken as it was meant; null is nothing."""
    word = {"at": "2026-11-24T10:00:00Z"}
    assert read_conditions({"rain": True} | word)[0] == {"rain_mm_h": "raining"}
    assert read_conditions({"rain": False} | word)[0] == {"rain_mm_h": 0.0}
    assert read_conditions({"rain": False, "rain_mm_h": 5} | word)[0] == {"rain_mm_h": 5.0}, (
        "the more exact word counts"
    )
    assert read_conditions({"dock": "d" * 64} | word)[0] == {"dock": "d" * 64}
    assert read_conditions({"maintenance": True, "emergency_stop": False} | word)[0] == {
        "maintenance": True,
        "emergency_stop": False,
    }
    nothing = dict.fromkeys(
        ("wind_ms", "rain", "rain_mm_h", "temperature_c", "dock", "maintenance", "emergency_stop")
    )
    assert read_conditions(nothing | {"battery_pct": 5} | word)[0] == {"battery_pct": 5.0}
    for wrong, says in (
        (
            nothing,
            (
                "expected at least one of wind_ms, rain_mm_h, temperature_c, battery_pct, rain, dock,"
                " maintenance, emergency_stop"
            ),
        ),
        ({"dock": "d" * 65}, '"dock" must be one word'),
        ({"dock": ""}, '"dock" must be one word'),
        ({"dock": 5}, '"dock" must be one word'),
        ({"emergency_stop": "yes"}, '"emergency_stop" must be true or false'),
        ({"maintenance": 1}, '"maintenance" must be true or false'),
        ({"wind_ms": True}, '"wind_ms" must be a number'),
    ):
        with pytest.raises(CommandRefused, match=says):
            read_conditions(wrong | word)


@pytest.mark.parametrize(
    ("measured_s", "before_s", "taken"),
    [(0, 0, True), (0.1, 0, True), (-0.1, 0, False), (-50, 0.0, False), (-50, 0.1, True), (-50, 3600, True)],
)
def test_a_newer_word_counts(measured_s: float, before_s: float, taken: bool) -> None:
    """A word counts that is as new as the one before it, or where the one before was told for the future."""
    conditions = Conditions()
    conditions.take({"wind_ms": 1.0}, WALL + before_s, WALL - 60, NOW)
    conditions.take({"wind_ms": 2.0}, WALL + measured_s, WALL, NOW + 1)
    assert conditions.get("wind_ms") == (
        Condition(2.0, WALL + measured_s, NOW + 1) if taken else Condition(1.0, WALL + before_s, NOW)
    )


def test_an_old_stop_counts_an_old_release_does_not() -> None:
    """A stop that was overtaken counts; a release that was overtaken does not, nor does an overtaken word of
    another thing.
    """
    conditions = Conditions()
    conditions.take({"emergency_stop": False, "maintenance": False}, WALL, WALL, NOW)
    conditions.take({"emergency_stop": True, "maintenance": True}, WALL - 100, WALL, NOW)
    assert [conditions.get(name) for name in ("emergency_stop", "maintenance")] == [
        Condition(True, WALL - 100, NOW),
        Condition(False, WALL, NOW),
    ]
    conditions.take({"emergency_stop": False}, WALL - 200, WALL, NOW)
    stopped = conditions.get("emergency_stop")
    assert stopped is not None
    assert stopped.value is True


@pytest.mark.parametrize(
    ("wall_s", "now_s", "age_s"),
    [(10, 0, 10.0), (0, 10, 10.0), (-60, 0, 0.0), (-60.1, 0, None), (-60, 5, 5.0), (20, 10, 20.0)],
)
def test_the_age_of_a_value(wall_s: float, now_s: float, age_s: float | None) -> None:
    """It is as old as the older of two clocks says, and of no known age beyond a minute in the future."""
    assert Condition(1.0, WALL, NOW).age_s(WALL + wall_s, NOW + now_s) == age_s


# --- areas


def square(middle: tuple[float, float], half_m: float) -> list[list[float]]:
    return [
        [lon, lat]
        for lat, lon in (towards(middle, bearing, half_m * math.sqrt(2)) for bearing in (45, 135, 225, 315))
    ]


@pytest.mark.parametrize("away", [0.0, 30.0, 90.0])
def test_a_circle_ends_at_the_edge(away: float) -> None:
    """A metre short of the edge is inside, a metre beyond is not, from either side; a hole is not inside and
    is not to fly in.
    """
    (area,) = areas(
        json.dumps(
            {"type": "Polygon", "coordinates": [square(POLE, 1000), square(towards(POLE, 0, 500), 100)]}
        )
    )
    south = towards(POLE, 180, 500)
    assert area.contains(south, 499)
    assert not area.contains(south, 501)
    assert abs(area.to_edge_m(south) - 500) < 0.5
    assert area.contains(POLE, 399)
    assert not area.contains(POLE, 401)
    assert not area.contains(towards(POLE, 0, 500), 0)
    outside = towards(POLE, 90, 1000 + 1 + away)
    assert not area.contains(outside, 0)
    assert area.touches(outside, 2 + away)
    assert not area.touches(outside, max(0.0, away))


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ([[0, 0], [1, 0], [1, 1]], ""),
        ([[0, 0], [1, 0]], "fewer than three"),
        ([[180, 90], [-180, -90], [0, 0]], ""),
        ([[0, 0, 5], [1, 0, 5], [1, 1, 5]], ""),
        ([[180.1, 0], [1, 0], [1, 1]], "expected \\[longitude"),
        ([[0, 90.1], [1, 0], [1, 1]], "expected \\[longitude"),
        ([[0, -90.1], [1, 0], [1, 1]], "expected \\[longitude"),
        ([[True, 0], [1, 0], [1, 1]], "expected \\[longitude"),
        ([[0, True], [1, 0], [1, 1]], "expected \\[longitude"),
        ([[0], [1, 0], [1, 1]], "expected \\[longitude"),
        ("x", "fewer than three"),
        ([["0", 0], [1, 0], [1, 1]], "expected \\[longitude"),
    ],
)
def test_both_sides_of_what_makes_a_ring(points: Any, says: str) -> None:
    """Three points on earth are a ring, and nothing less."""
    document = json.dumps({"type": "Polygon", "coordinates": [points]})
    if not says:
        assert [a.outer for a in areas(document)] == [tuple((float(p[1]), float(p[0])) for p in points)]
        return
    with pytest.raises(ValueError, match=says):
        areas(document)


def test_ten_thousand_points_are_taken() -> None:
    """Ten thousand points are taken and one more is not. All rings of all areas count, holes too."""
    ring = [[math.cos(n / 800), math.sin(n / 800)] for n in range(4000)]
    document: dict[str, Any] = {
        "type": "MultiPolygon",
        "coordinates": [[ring, ring[:1000]], [ring], [ring[:1000]]],
    }
    assert len(areas(json.dumps(document))) == 3
    document["coordinates"][2] = [ring[:1001]]
    with pytest.raises(ValueError, match="more than 10000 points"):
        areas(json.dumps(document))


def test_flat_and_swapped_areas() -> None:
    """A tenth of a metre of width is an area; less is a line. Swapped twice is as before, holes too."""
    wide = Area(((0.0, 0.0), (0.0, 1.0), (3e-6, 0.5)))
    flat = Area(((0.0, 0.0), (0.0, 1.0), (0.5e-6, 0.5)))
    assert (wide.is_flat(), flat.is_flat(), Area(((1.0, 1.0),) * 3).is_flat()) == (False, True, True)
    assert Area(((0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (2.0, 2.1))).is_flat() is False
    holed = Area(((1.0, 2.0), (3.0, 4.0), (5.0, 7.0)), (((1.0, 9.0), (2.0, 8.0), (3.0, 8.5)),))
    assert holed.swapped() == Area(
        ((2.0, 1.0), (4.0, 3.0), (7.0, 5.0)), (((9.0, 1.0), (8.0, 2.0), (8.5, 3.0)),)
    )
    assert holed.swapped().swapped() == holed
    assert distance_m((0.0, 0.5), (1e-6, 0.5)) < 0.2
