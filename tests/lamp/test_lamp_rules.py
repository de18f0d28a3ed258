"""Levels, decision, commands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.errors import CommandRefused
from pole_agent.lamp.commands import BurnHours, Lasting, Resume, Sweep, read
from pole_agent.lamp.controls import Bounds
from pole_agent.lamp.decide import Limits, Override, Scene, decide
from pole_agent.lamp.levels import driven, duty, faded, held, output, remaining
from pole_agent.vocabulary import BoostLamp, Severity

LIMITS = Limits(floor=0.2, min_level=0.1, failsafe_level=1.0, boost_in_daylight=False)
level = st.floats(0, 1)
DAY, EVENING, NIGHT = Scene(0.0, False, False), Scene(0.3, True, False), Scene(0.3, True, True)
UNKNOWN = Scene()
scenes = st.one_of(
    st.just(UNKNOWN),
    st.builds(Scene, level, st.just(False), st.just(False)),
    st.builds(Scene, level, st.just(True), st.booleans()),
    st.builds(Scene, st.none(), st.none(), st.none()),
)
overrides = st.one_of(
    st.none(), st.builds(Override, level, st.floats(0, 200), st.booleans(), local=st.booleans())
)
boost_lists = st.lists(
    st.builds(BoostLamp, st.text(max_size=3), level, st.floats(0, 200), st.sampled_from(Severity)), max_size=4
)
all_bounds = (
    st.tuples(level, level)
    .map(sorted)
    .flatmap(lambda pair: st.builds(Bounds, st.just(pair[0]), st.just(pair[1]), st.booleans()))
)


@given(scenes, overrides, boost_lists, all_bounds)
def test_level_is_in_range_and_nothing_but_person(
    scene: Scene, override: Override | None, boosts: list[BoostLamp], bounds: Bounds
) -> None:
    """The level is in range and nothing but a person at the pole darkens the night."""
    decision = decide(scene, override, boosts, LIMITS, 100.0, bounds)
    assert decision.level == 0 or LIMITS.min_level <= decision.level <= 1
    live = override is not None and override.until > 100.0
    at_the_pole = live and override is not None and override.local
    if not at_the_pole and scene.deep is not False:
        assert decision.level >= LIMITS.floor
    if decision.reason == "override" and not at_the_pole and scene.dark is not False:
        assert decision.level >= LIMITS.floor
    if scene.level is None and not live:
        assert decision.level >= LIMITS.failsafe_level
    if decision.reason == "presence":
        assert decision.level > decide(scene, override, [], LIMITS, 100.0).level


@given(level, level, st.booleans())
def test_the_floor_holds_in_deep_darkness(program: float, floor: float, part_night: bool) -> None:
    """The floor holds in deep darkness whatever the program says unless part night is allowed."""
    limits = Limits(floor, 0.1, 1.0, False, part_night)
    found = decide(Scene(program, True, True), None, [], limits, 0.0)
    assert found.level == held(program if part_night else max(program, floor), 0.1)
    assert decide(Scene(program, True, False), None, [], limits, 0.0).level == held(program, 0.1), (
        "at twilight the program may end"
    )


def test_unknown_is_lit() -> None:
    assert decide(UNKNOWN, None, [], LIMITS, 0.0).level == 1.0
    assert decide(UNKNOWN, None, [], LIMITS, 0.0).reason == "failsafe"


def test_presence_lifts_only_in_darkness() -> None:
    """Presence lifts only in darkness unless told otherwise."""
    boost = [BoostLamp("a", 1.0, 50.0)]
    assert decide(DAY, None, boost, LIMITS, 0.0).level == 0.0
    assert decide(NIGHT, None, boost, LIMITS, 0.0).reason == "presence"
    bright = Limits(0.2, 0.1, 1.0, boost_in_daylight=True)
    assert decide(DAY, None, boost, bright, 0.0).level == 1.0
    assert decide(NIGHT, None, boost, LIMITS, 50.0).reason == "program", "a boost ends"


def test_the_strongest_boost_holds() -> None:
    boosts = [BoostLamp("a", 0.6, 50.0), BoostLamp("b", 0.9, 20.0), BoostLamp("c", 0.9, 10.0)]
    assert decide(NIGHT, None, boosts, LIMITS, 0.0).level == 0.9
    assert decide(NIGHT, None, boosts, LIMITS, 0.0).until == 20.0
    assert decide(NIGHT, None, boosts, LIMITS, 20.0).level == 0.6


def test_boost_that_driver_cannot_show_is_no_presence() -> None:
    """A boost that the driver cannot show is no presence."""
    assert (
        decide(Scene(0.03125, True, False), None, [BoostLamp("a", 0.0625, 50.0)], LIMITS, 0.0).reason
        == "program"
    )


def test_presence_raises_override_unless_it_is_fixed() -> None:
    """Presence raises an override unless it is fixed."""
    boost = [BoostLamp("a", 0.9, 50.0)]
    assert decide(NIGHT, Override(0.3, 10.0), boost, LIMITS, 0.0).level == 0.9
    assert decide(NIGHT, Override(0.3, 10.0, fixed=True), boost, LIMITS, 0.0).level == 0.3
    assert decide(NIGHT, Override(0.3, 10.0), [], LIMITS, 10.0).reason == "program", "an override ends"


def test_only_at_pole_itself_lamp_can_be_switched_off() -> None:
    """Only at the pole itself the lamp can be switched off at night."""
    assert decide(NIGHT, Override(0.0, 10.0), [], LIMITS, 0.0).level == 0.2
    assert decide(UNKNOWN, Override(0.0, 10.0), [], LIMITS, 0.0).level == 0.2
    assert decide(NIGHT, Override(0.0, 10.0, local=True), [], LIMITS, 0.0).level == 0.0
    assert decide(NIGHT, Override(0.0, 10.0, local=True), [], LIMITS, 10.0).level == 0.3, (
        "and it ends by itself"
    )


def test_a_maximum_limits_program_and_presence() -> None:
    """A maximum limits program and presence but no person and never the floor."""
    quiet = Bounds(0.0, 0.25)
    boost = [BoostLamp("a", 1.0, 50.0)]
    assert decide(NIGHT, None, boost, LIMITS, 0.0, quiet).level == 0.25
    assert decide(NIGHT, Override(0.8, 10.0), [], LIMITS, 0.0, quiet).level == 0.8
    assert decide(NIGHT, None, boost, LIMITS, 0.0, Bounds(0.0, 0.0)).level == 0.2
    assert decide(UNKNOWN, None, [], LIMITS, 0.0, quiet).level == 1.0, "no limit lowers the failsafe"


def test_a_minimum_raises_in_darkness_and_says_why() -> None:
    assert decide(NIGHT, None, [], LIMITS, 0.0, Bounds(0.7, 1.0, sensed=True)).reason == "presence"
    assert decide(NIGHT, None, [], LIMITS, 0.0, Bounds(0.7, 1.0)).reason == "program"
    assert decide(NIGHT, Override(0.3, 10.0), [], LIMITS, 0.0, Bounds(0.7, 1.0)).level == 0.7
    assert decide(NIGHT, Override(0.3, 10.0, fixed=True), [], LIMITS, 0.0, Bounds(0.7, 1.0)).level == 0.3
    assert decide(DAY, None, [], LIMITS, 0.0, Bounds(0.7, 1.0)).level == 0.0


@given(level, st.sampled_from(["linear", "dali"]))
def test_the_duty_is_in_range_and_grows_with_the_level(value: float, curve: str) -> None:
    assert 0 <= duty(value, curve) <= 1  # type: ignore[arg-type]
    assert duty(value, curve) <= duty(min(1.0, value + 0.01), curve)  # type: ignore[arg-type]


@pytest.mark.parametrize(("step", "percent"), [(1, 0.1), (170, 10.1), (229, 50.5), (254, 100.0)])
def test_the_dali_curve_agrees_with_the_standard(step: int, percent: float) -> None:
    assert duty((step - 1) / 253, "dali") * 100 == pytest.approx(percent, abs=0.1) or step == 1


@given(level, level, st.floats(0, 10), st.floats(0, 20))
def test_a_fade_stays_between_its_ends_and_arrives(
    start: float, end: float, fade_s: float, after_s: float
) -> None:
    assert min(start, end) - 1e-9 <= faded(start, end, 0.0, fade_s, after_s) <= max(start, end) + 1e-9
    assert faded(start, end, 0.0, fade_s, fade_s) == end


def test_the_driver_gets_nothing_that_it_cannot_hold() -> None:
    assert (held(0.0, 0.1), held(0.01, 0.1), held(0.5, 0.1)) == (0.0, 0.1, 0.5)


def test_a_command_becomes_an_override_that_ends() -> None:
    assert read({"state": "ON"}, 10.0) == Override(1.0, 10.0 + 3600)
    assert read({"brightness": 51, "transition": 2, "duration_s": 60, "mode": "fixed"}, 0.0) == Override(
        0.2, 60.0, True, 2.0
    )
    assert read({"state": "OFF"}, 0.0) == Override(0.0, 3600.0)
    assert read({"resume": True}, 0.0) == Resume()
    assert read({"default_duration_s": 90.0}, 0.0) == Lasting(90.0)
    assert read({"level": 0.5}, 10.0, 90.0) == Override(0.5, 100.0)


def test_what_only_a_person_at_the_pole_may_do() -> None:
    assert read({"sweep_s": 20}, 0.0, local=True) == Sweep(20.0)
    assert read({"burn_h": 0}, 0.0, local=True) == BurnHours(0.0)
    assert read({"state": "OFF"}, 0.0, local=True) == Override(0.0, 3600.0, local=True)
    for payload in ({"sweep_s": 20}, {"burn_h": 0}):
        with pytest.raises(CommandRefused, match="unknown key"):
            read(payload, 0.0)


def test_commands_as_home_assistant_sends_them() -> None:
    """Payloads recorded from Home Assistant 2026.2.3 with the announcement of uplink/homeassistant.py."""
    assert read({"state": "ON"}, 0.0) == Override(1.0, 3600.0)
    assert read({"state": "ON", "brightness": 128}, 0.0) == Override(128 / 255, 3600.0)
    assert read({"state": "ON", "transition": 2.5, "brightness": 76}, 0.0) == Override(
        76 / 255, 3600.0, transition_s=2.5
    )
    assert read({"state": "OFF"}, 0.0) == Override(0.0, 3600.0)
    assert read({"state": "OFF", "transition": 3.0}, 0.0) == Override(0.0, 3600.0, transition_s=3.0)
    assert read({"state": "ON", "brightness": 1}, 0.0) == Override(1 / 255, 3600.0)
    assert read({"state": "ON", "brightness": 255}, 0.0) == Override(1.0, 3600.0)
    assert read({"resume": True}, 0.0) == Resume()
    assert read({"default_duration_s": 1800}, 0.0) == Lasting(1800.0)


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
        {"level": 10**400},
        {"level": 0.5, "duration_s": 10**400},
        {"state": ["ON"]},
        {"state": None, "brightness": None},
        {"default_duration_s": 0},
        {"default_duration_s": 43201},
        {"default_duration_s": 60, "level": 1},
        {"duration_s": float("inf"), "level": 1},
        {"mode": ["fixed"], "level": 1},
    ],
)
def test_what_is_out_of_range_is_refused_not_clamped(payload: dict[str, object]) -> None:
    with pytest.raises(CommandRefused):
        read(payload, 0.0)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "state",
                "level",
                "brightness",
                "transition",
                "duration_s",
                "mode",
                "resume",
                "default_duration_s",
                "sweep_s",
                "burn_h",
                "x",
            ]
        ),
        json_values,
    ),
    st.booleans(),
)
def test_any_json_object_is_a_command(payload: dict[str, object], local: bool) -> None:
    """Any json object is a command that ends or is refused."""
    try:
        command = read(payload, 0.0, local=local)
    except CommandRefused:
        return
    if isinstance(command, Override):
        assert 0 <= command.level <= 1
        assert 0 < command.until <= 43200
        assert command.local is local


CLO = [(0.0, 1.0), (50_000.0, 0.9), (100_000.0, 0.8)]


def test_lamp_that_ages_gets_more_so_that_light_stays() -> None:
    """A lamp that ages gets more so that its light stays the same."""
    for hours in (0.0, 10_000.0, 50_000.0, 75_000.0, 100_000.0):
        assert output(CLO, 1.0, hours) * remaining(CLO, hours) == pytest.approx(0.8), "constant light output"
    assert output(CLO, 1.0, 0.0) == pytest.approx(0.8)
    assert output(CLO, 1.0, 200_000.0) == 1.0
    assert output(CLO, 1.0, None) == 1.0, "unknown hours: as bright as it gets"
    assert output([], 0.7, 0.0) == 0.7


@given(
    level, st.sampled_from(["linear", "dali"]), st.floats(0, 200_000), st.floats(0.05, 1), st.floats(0.01, 1)
)
def test_what_is_driven_is_in_range_and_off(
    value: float, curve: str, hours: float, virtual: float, least: float
) -> None:
    """What is driven is in range and off only for off."""
    duty_cycle = driven(value, curve, output(CLO, virtual, hours), least)  # type: ignore[arg-type]
    assert 0 <= duty_cycle <= 1
    assert (duty_cycle == 0) == (value == 0)
    assert value == 0 or duty_cycle >= duty(least, curve)  # type: ignore[arg-type]
