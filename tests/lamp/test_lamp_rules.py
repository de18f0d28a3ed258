"""Levels, program, decision, commands, ledger."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.almanac import Place, TimeOfDay
from pole_agent.errors import CommandRefused
from pole_agent.lamp.commands import read
from pole_agent.lamp.decide import Limits, Override, decide
from pole_agent.lamp.ledger import Ledger
from pole_agent.lamp.levels import duty, faded, held
from pole_agent.lamp.program import Step, level_at, next_change, wanted
from pole_agent.vocabulary import BoostLamp

SUMEDANG = Place(-6.8586, 107.9164, ZoneInfo("Asia/Jakarta"))
TROMSO = Place(69.65, 18.96, ZoneInfo("Europe/Oslo"))
LIMITS = Limits(floor=0.2, min_level=0.1, failsafe_level=1.0, boost_in_daylight=False)
level = st.floats(0, 1)
NIGHT = [Step(TimeOfDay.parse("sunset"), 1.0), Step(TimeOfDay.parse("22:00"), 0.4), Step(TimeOfDay.parse("sunrise"), 0.0)]


def wall(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@given(
    st.one_of(st.none(), level),
    st.sampled_from([True, False, None]),
    st.one_of(st.none(), st.builds(Override, level, st.floats(0, 200), st.booleans())),
    st.lists(st.builds(BoostLamp, st.text(max_size=3), level, st.floats(0, 200)), max_size=4),
)
def test_the_level_is_in_range_and_never_below_the_floor_at_night_by_remote(
    program: float | None, dark: bool | None, override: Override | None, boosts: list[BoostLamp]
) -> None:
    decision = decide(program, dark, override, boosts, LIMITS, 100.0)
    assert decision.level == 0 or LIMITS.min_level <= decision.level <= 1
    if decision.reason == "override" and dark is not False:
        assert decision.level >= LIMITS.floor
    if program is None and (override is None or override.until <= 100.0):  # overrides also work without a trusted clock
        assert decision.level >= LIMITS.failsafe_level
    if decision.reason == "presence":
        assert decision.level > decide(program, dark, override, [], LIMITS, 100.0).level


def test_unknown_is_lit() -> None:
    assert decide(None, None, None, [], LIMITS, 0.0).level == 1.0
    assert decide(None, None, None, [], LIMITS, 0.0).reason == "failsafe"


def test_presence_lifts_only_in_darkness_unless_told_otherwise() -> None:
    boost = [BoostLamp("a", 1.0, 50.0)]
    assert decide(0.0, False, None, boost, LIMITS, 0.0).level == 0.0
    assert decide(0.3, True, None, boost, LIMITS, 0.0).reason == "presence"
    bright = Limits(0.2, 0.1, 1.0, boost_in_daylight=True)
    assert decide(0.0, False, None, boost, bright, 0.0).level == 1.0
    assert decide(0.3, True, None, boost, LIMITS, 50.0).reason == "program", "a boost ends"


def test_a_boost_that_the_driver_cannot_show_is_no_presence() -> None:
    assert decide(0.03125, True, None, [BoostLamp("a", 0.0625, 50.0)], LIMITS, 0.0).reason == "program"


def test_presence_raises_an_override_unless_it_is_fixed() -> None:
    boost = [BoostLamp("a", 0.9, 50.0)]
    assert decide(0.5, True, Override(0.3, 10.0), boost, LIMITS, 0.0).level == 0.9
    assert decide(0.5, True, Override(0.3, 10.0, fixed=True), boost, LIMITS, 0.0).level == 0.3
    assert decide(0.5, True, Override(0.3, 10.0), [], LIMITS, 10.0).reason == "program", "an override ends"


@pytest.mark.parametrize(
    ("at", "expected"),
    [("17:00", 0.0), ("18:30", 1.0), ("21:59", 1.0), ("22:01", 0.4), ("03:00", 0.4), ("06:30", 0.0), ("12:00", 0.0)],
)
def test_the_program_of_a_night(at: str, expected: float) -> None:
    assert level_at(NIGHT, wall(f"2026-03-02T{at}:00+07:00"), SUMEDANG) == expected


def test_the_next_change_is_ahead_and_is_where_the_level_changes() -> None:
    now = wall("2026-03-02T20:00:00+07:00")
    assert next_change(NIGHT, now, SUMEDANG) == wall("2026-03-02T22:00:00+07:00")


def test_a_solar_program_where_the_sun_never_sets_follows_the_sun() -> None:
    program = [Step(TimeOfDay.parse("sunset"), 1.0), Step(TimeOfDay.parse("sunrise"), 0.0)]
    assert wanted(program, wall("2026-06-21T01:00:00+02:00"), TROMSO) == 0.0
    assert wanted(program, wall("2026-12-21T12:00:00+01:00"), TROMSO) == 1.0


@given(level, st.sampled_from(["linear", "dali"]))
def test_the_duty_is_in_range_and_grows_with_the_level(value: float, curve: str) -> None:
    assert 0 <= duty(value, curve) <= 1  # type: ignore[arg-type]
    assert duty(value, curve) <= duty(min(1.0, value + 0.01), curve)  # type: ignore[arg-type]


@pytest.mark.parametrize(("step", "percent"), [(1, 0.1), (170, 10.1), (229, 50.5), (254, 100.0)])
def test_the_dali_curve_agrees_with_the_standard(step: int, percent: float) -> None:
    assert duty((step - 1) / 253, "dali") * 100 == pytest.approx(percent, abs=0.1) or step == 1


@given(level, level, st.floats(0, 10), st.floats(0, 20))
def test_a_fade_stays_between_its_ends_and_arrives(start: float, end: float, fade_s: float, after_s: float) -> None:
    assert min(start, end) - 1e-9 <= faded(start, end, 0.0, fade_s, after_s) <= max(start, end) + 1e-9
    assert faded(start, end, 0.0, fade_s, fade_s) == end


def test_the_driver_gets_nothing_that_it_cannot_hold() -> None:
    assert (held(0.0, 0.1), held(0.01, 0.1), held(0.5, 0.1)) == (0.0, 0.1, 0.5)


def test_a_command_becomes_an_override_that_ends() -> None:
    assert read({"state": "ON"}, 10.0) == Override(1.0, 10.0 + 3600)
    assert read({"brightness": 51, "transition": 2, "duration_s": 60, "mode": "fixed"}, 0.0) == Override(0.2, 60.0, True, 2.0)
    assert read({"state": "OFF"}, 0.0) == Override(0.0, 3600.0)
    assert read({"resume": True}, 0.0) is None


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"level": 1.5},
        {"level": float("nan")},
        {"level": True},
        {"level": "1"},
        {"level": None},
        {"brightness": 256},
        {"brightness": 10, "level": 0.5},
        {"state": "on"},
        {"state": "OFF", "level": 0.5},
        {"level": 0.5, "duration_s": 43201},
        {"level": 0.5, "duration_s": 0},
        {"level": 0.5, "mode": "auto"},
        {"level": 0.5, "transition": -1},
        {"level": 0.5, "colour": "red"},
        {"resume": True, "level": 0.5},
        {"resume": 1},
        {"level": 0.5, "reason": "x" * 201},
    ],
)
def test_what_is_out_of_range_is_refused_not_clamped(payload: dict[str, object]) -> None:
    with pytest.raises(CommandRefused):
        read(payload, 0.0)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3), max_leaves=5
)


@given(st.dictionaries(st.sampled_from(["state", "level", "brightness", "transition", "duration_s", "mode", "resume", "x"]), json_values))
def test_any_json_object_is_an_override_or_refused(payload: dict[str, object]) -> None:
    try:
        override = read(payload, 0.0)
    except CommandRefused:
        return
    assert override is None or (0 <= override.level <= 1 and 0 < override.until <= 43200)


def test_the_ledger_adds_up() -> None:
    ledger = Ledger(60.0, 0.0)
    ledger.note(1.0, "program", 0.0)
    ledger.note(0.5, "program", 1800.0)
    ledger.note(0.5, "override", 2700.0)
    data = ledger.summary(3600.0)
    assert data["level_s"] == {"0.5": 1800.0, "1.0": 1800.0}
    assert data["reason_s"] == {"override": 900.0, "program": 2700.0}
    assert data["energy_wh_estimated"] == 45.0
    assert data["changes"] == 2
