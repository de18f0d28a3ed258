"""The controller as a whole: fades, sweep, reload, and a year of nights second by second against an
almanac of its own.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pole_agent.almanac import Place, Span, TimeOfDay, night_of
from pole_agent.dates import Dates, Weekdays
from pole_agent.lamp.commands import Sweep
from pole_agent.lamp.controller import Configuration, Controller, ControllerState, Driver
from pole_agent.lamp.controls import Control
from pole_agent.lamp.decide import Limits, Override
from pole_agent.lamp.fade import FADE_TICK_S
from pole_agent.lamp.faults import Feedback
from pole_agent.lamp.gpio import GpioLamp
from pole_agent.lamp.levels import driven
from pole_agent.lamp.mock import mock_factory
from pole_agent.lamp.photocell import Thresholds
from pole_agent.lamp.program import CalendarRule, Plan, Step
from pole_agent.vocabulary import BoostLamp

SUMEDANG = Place(-6.8586, 107.9164, ZoneInfo("Asia/Jakarta"))
FLOOR = 0.2


def steps(*pairs: tuple[str, float]) -> tuple[Step, ...]:
    return tuple(Step(TimeOfDay.parse(at), level) for at, level in pairs)


def configuration(
    programs: dict[str, tuple[Step, ...]] | None = None,
    calendar: tuple[CalendarRule, ...] = (),
    place: Place = SUMEDANG,
    fade_s: float = 2.0,
    fade_down_s: float = 4.0,
    relay_s: float = math.inf,
    photocell: bool = False,
    powered_means_night: bool = False,
    controls: tuple[Control, ...] = (),
    rated_w: float = 60.0,
) -> Configuration:
    usual = {"default": steps(("sunset", 0.8), ("22:00", 0.5), ("sunrise", 0.0))}
    return Configuration(
        plan=Plan(programs or usual, calendar, place),
        limits=Limits(FLOOR, 0.1, 1.0, False),
        driver=Driver("linear", fade_s, fade_down_s, (), 1.0, powered_means_night),
        rated_w=rated_w,
        controls=controls,
        min_off_s=relay_s,
        thresholds=Thresholds(20, 40, 2700) if photocell else None,
    )


def controller(*arguments: Any, state: ControllerState | None = None, **more: Any) -> Controller:
    """Of a configuration that is made as `configuration` makes it."""
    return Controller(configuration(*arguments, **more), state)


EVENING = datetime.fromisoformat("2026-11-24T20:00:00+07:00").timestamp()
NOON = datetime.fromisoformat("2026-11-24T13:00:00+07:00").timestamp()


def trace(
    c: Controller, wall: float, now: float, seconds: float, boosts: list[BoostLamp] | None = None
) -> list[float]:
    """The duty cycles as the loop would drive them, fade ticks included."""
    duties, end = [], now + seconds
    while now < end:
        output = c.step(wall + now, now, boosts or [])
        duties.append(output.duty)
        now += FADE_TICK_S if output.fading else 1.0
    return duties


def test_the_first_light_does_not_fade() -> None:
    assert controller().step(EVENING, 0.0).duty == 0.8
    assert controller().step(None, 0.0).duty == 1.0


def test_somebody_comes_light_rises_at_next_tick() -> None:
    """Somebody comes the light rises at the next tick in small steps and fades back."""
    c = controller()
    trace(c, EVENING, 0.0, 3.0)
    up = trace(c, EVENING, 3.0, 3.0, [BoostLamp("a", 1.0, 100.0)])
    assert up[0] > 0.8, "the first tick is already lighter"
    assert up == sorted(up)
    assert up[-1] == 1.0
    assert max(b - a for a, b in itertools.pairwise(up)) <= 0.2 / 2.0 * FADE_TICK_S * 1.01
    down = trace(c, EVENING, 6.0, 6.0)
    assert down == sorted(down, reverse=True)
    assert down[-1] == 0.8
    assert max(a - b for a, b in itertools.pairwise(down)) <= 0.2 / 4.0 * FADE_TICK_S * 1.01


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.floats(0.02, 3), st.one_of(st.none(), st.floats(0, 5))),
        min_size=1,
        max_size=12,
    )
)
def test_any_sequence_of_overrides_is_followed(moves: list[tuple[float, float, float | None]]) -> None:
    """Any sequence of overrides is followed without a jump or a flicker.

    Whatever is asked for in the middle of a fade, the light goes from where it is towards what is asked, and
    no faster than it may.
    """
    c, now, asked = controller(), 0.0, -1.0
    c.step(EVENING, now)
    for level, lasts, transition in moves:
        c.override = Override(level, now + 1000, True, transition)
        target = max(level, FLOOR)
        before = c.state.fade.shown
        for duty in (seen := trace(c, EVENING, now, lasts)):
            assert min(before, target) - 1e-9 <= duty <= max(before, target) + 1e-9
        gaps = [b - a for a, b in itertools.pairwise([before, *seen])]
        assert all(g >= -1e-9 for g in gaps) or all(g <= 1e-9 for g in gaps), (
            "it never turns back within one fade"
        )
        if transition is None and target != asked:
            assert all(abs(g) <= abs(target - before) / 2.0 * FADE_TICK_S + 1e-9 for g in gaps), (
                "two seconds for the way, in even steps"
            )
        asked = target
        now += lasts


wishes = st.one_of(
    st.just("resume"),
    st.tuples(st.just("override"), st.floats(0, 1), st.floats(1, 500)),
    st.tuples(st.just("boost"), st.floats(0, 1), st.floats(1, 100)),
    st.tuples(st.just("sweep"), st.floats(1, 20), st.just(0.0)),
    st.tuples(st.just("clock"), st.sampled_from([None, EVENING, NOON]), st.just(0.0)),
)


@given(st.lists(st.tuples(wishes, st.floats(0.5, 300)), max_size=12), st.sampled_from([math.inf, 60.0]))
def test_doing_nothing_when_nothing_is_new_changes(story: list[tuple[Any, float]], relay_s: float) -> None:
    """Doing nothing when nothing is new changes nothing.

    The shortcut of an idle controller against one that always thinks.
    """
    quick, thorough = controller(relay_s=relay_s), controller(relay_s=relay_s)
    now, base, boosts = 0.0, EVENING, []
    for wish, lasts in story:
        match wish:
            case "resume":
                quick.override = thorough.override = None
            case ("override", level, seconds):
                quick.override = thorough.override = Override(level, now + seconds)
            case ("boost", level, seconds):
                boosts = [BoostLamp("a", level, now + seconds)]
            case ("sweep", seconds, _):
                quick.sweep(Sweep(seconds), now)
                thorough.sweep(Sweep(seconds), now)
            case ("clock", wall, _):
                base = wall
        for _ in range(4):
            live = [b for b in boosts if b.until > now]
            wall = None if base is None else base + now
            thorough._idle = None
            assert quick.step(wall, now, live) == thorough.step(wall, now, live)
            now += lasts / 4


def test_a_sweep_goes_once_through_the_range() -> None:
    """A sweep goes once through the range and ends by itself."""
    c = controller()
    c.step(EVENING, 0.0)
    c.sweep(Sweep(20.0), 0.0)
    duties = trace(c, EVENING, 0.0, 25.0)
    lowest = duties.index(min(duties))
    assert min(duties) == pytest.approx(0.1, abs=0.01)
    assert max(duties) > 0.99
    assert duties[: lowest + 1] == sorted(duties[: lowest + 1], reverse=True)
    assert duties[-1] == 0.8
    assert min(duties) > 0, "the lamp is never off"


def test_reload_takes_light_over_in_middle_of_fade() -> None:
    """A reload takes the light over in the middle of a fade."""
    old = controller()
    old.step(EVENING, 0.0)
    old.override = Override(0.3, 1000.0, by="officer")
    before = trace(old, EVENING, 1.0, 1.0)[-1]
    new = controller({"default": steps(("sunset", 0.6), ("sunrise", 0.0))}, state=old.hand_over(2.0))
    after = trace(new, EVENING, 2.0, 5.0)
    assert abs(after[0] - before) < 0.02
    assert after == sorted(after, reverse=True)
    assert after[-1] == 0.3
    assert new.ledger.state is old.ledger.state


def test_slow_transition_asked_for_by_day() -> None:
    """A slow transition asked for by day does not keep the night below the floor.

    An hour's transition, ten minutes before sunset: in the dark the light goes up to the floor at the usual
    pace.
    """
    for level in (0.0, 0.3):
        c = controller()
        sunset = night_of(EVENING, SUMEDANG).sun["sunset"]
        assert c.plan.stretch(sunset - 1).level == 0.0
        c.step(sunset - 600, 0.0)
        c.override = Override(level, 43_200.0, transition_s=3600)
        seen = trace(c, sunset - 600, 0.0, 620.0)
        assert seen[-1] >= FLOOR - 0.001
        lit = [duty for duty in seen if duty > 0]  # from off to what the driver can hold is one step
        assert max(b - a for a, b in itertools.pairwise(lit)) <= 0.5 * FADE_TICK_S * 1.01, (
            "and without a jump"
        )


def test_a_reload_keeps_hold_times_and_the_relay() -> None:
    control = Control("min", 0.95, "presence", Span.parse("always"), 600.0)
    old = controller(relay_s=600.0, controls=(control,))
    old.step(EVENING, 0.0, [BoostLamp("a", 0.0, 5.0)])
    new = controller(relay_s=600.0, controls=(control,), state=old.hand_over(20.0))
    assert new.step(EVENING + 20, 20.0).decision.level == 0.95
    old = controller(relay_s=600.0)
    old.step(NOON, 0.0)
    assert not old.step(NOON + 600, 600.0).closed
    new = controller(relay_s=600.0, state=old.hand_over(700.0))
    new.override = Override(1.0, 9000.0)
    assert not new.step(NOON + 700, 700.0).closed
    bare = controller(state=new.hand_over(700.0))
    assert bare.step(NOON + 700, 700.0).closed, "where there is no relay any more, the lamp has power"


def test_time_beyond_calendar_with_controls() -> None:
    """A time beyond the calendar with controls is failsafe too."""
    c = controller(controls=(Control("max", 0.5, "always", Span.parse("22:00..05:00"), 0.0),))
    for wall in (4e11, -1e12, 1e18):
        assert c.step(wall, 0.0).decision.level == 1.0


@pytest.mark.parametrize("lux", [None, 5000.0])
def test_powered_pole_on_feeder_that_is_cut_by_day(lux: float | None) -> None:
    """A powered pole on a feeder that is cut by day is never below the floor."""
    c = controller({"default": steps(("dusk", 0.8), ("dawn", 0.0))}, photocell=True, powered_means_night=True)
    for k in range(0, 86_400, 30):
        assert c.step(NOON + k, float(k), lux=lux).duty >= FLOOR - 1e-9


def test_when_feeder_is_cut_by_day_being_powered_means() -> None:
    """When the feeder is cut by day being powered means night."""
    assert controller(powered_means_night=True).step(NOON, 0.0).duty == FLOOR
    assert controller(powered_means_night=True).step(EVENING, 0.0).duty == 0.8
    assert controller().step(NOON, 0.0).duty == 0.0


@pytest.mark.parametrize(("powered_means_night", "raised", "least"), [(True, 0.7, FLOOR), (False, 0.0, 0.0)])
def test_a_powered_pole_is_in_the_dark(powered_means_night: bool, raised: float, least: float) -> None:
    """Where the feeder is cut by day a powered pole is wanted: at noon too presence lifts it, and no message
    darkens it below the floor.
    """
    c = controller(fade_s=0.0, fade_down_s=0.0, powered_means_night=powered_means_night)
    assert c.step(NOON, 0.0, [BoostLamp("a", 0.7, 100.0)]).duty == raised
    c.override = Override(0.0, 1000.0)
    assert c.step(NOON + 200, 200.0).duty == least


@pytest.mark.parametrize(("part_night", "expected"), [(False, FLOOR), (True, 0.0)])
def test_a_powered_pole_keeps_its_part_night(part_night: bool, expected: float) -> None:
    """Being powered lifts no program that is meant to be dark for a part of the night."""
    c = controller(powered_means_night=True)
    c.limits = replace(c.limits, part_night=part_night)
    assert c.step(NOON, 0.0).duty == expected


def test_a_powered_pole_without_a_clock_is_failsafe() -> None:
    """What is unknown stays unknown: full light, not the floor."""
    assert controller(powered_means_night=True).step(None, 0.0).duty == 1.0


def test_the_relay_opens_by_day_and_the_ledger() -> None:
    """The relay opens by day and the ledger and the faults know it."""
    c = controller(relay_s=60.0)
    assert c.step(NOON, 0.0).closed
    assert not c.step(NOON + 61, 61.0).closed
    assert c.step(EVENING, 100.0).closed


def test_faults_come_out_of_the_step() -> None:
    c = controller()
    found = [x for k in range(40) for x in c.step(EVENING + k, float(k), feedback=Feedback(False)).changes]
    assert [(x.fault, x.open) for x in found] == [("lamp_failure", True)]


@pytest.mark.parametrize(
    ("wall", "reason", "duty"),
    [
        (0.0, "program", 0.0),  # seven in the morning in Sumedang
        (-1e6, "program", 0.0),  # a quarter past five in the afternoon
        (-1e6 + 3 * 3600, "program", 0.8),
        (4e9, "program", 0.0),  # in 2096, six minutes past two in the afternoon
        (4e9 + 8 * 3600, "program", 0.5),
        (1e12, "failsafe", 1.0),
        (-1e12, "failsafe", 1.0),
        (1e300, "failsafe", 1.0),
        (math.nan, "failsafe", 1.0),
        (math.inf, "failsafe", 1.0),
        (-math.inf, "failsafe", 1.0),
    ],
)
def test_a_clock_that_reads_nonsense(wall: float, reason: str, duty: float) -> None:
    """Within the calendar the program of that time holds, beyond it the failsafe level: never one for the
    other.
    """
    c = controller()
    for at in (wall, wall):
        output = c.step(at, 0.0)
        assert (output.decision.reason, output.duty) == (reason, duty)


@settings(max_examples=30)
@given(st.lists(st.floats(0, 4e9), min_size=1, max_size=20))
def test_after_any_jump_of_the_clock_the_level(walls: list[float]) -> None:
    """After any jump of the clock the level is that of the new time."""
    c, now = controller(fade_s=0.0, fade_down_s=0.0), 0.0
    for wall in walls:
        now += 1.0
        output = c.step(wall, now)
        stretch = c.plan.stretch(wall)
        assert output.duty == driven(max(stretch.level, FLOOR if stretch.deep else 0.0), "linear", 1.0, 0.1)


# --- a year


def sun_deg(wall: np.ndarray, place: Place) -> np.ndarray:
    """Elevation by another formula than the product's: the low-precision one of the Astronomical Almanac,
    good to 0.02° until 2050.
    """
    days = wall / 86_400 + 2_440_587.5 - 2_451_545.0
    anomaly = np.radians(357.528 + 0.9856003 * days)
    longitude = np.radians(280.460 + 0.9856474 * days + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    obliquity = np.radians(23.439 - 0.0000004 * days)
    ascension = np.arctan2(np.cos(obliquity) * np.sin(longitude), np.cos(longitude))
    declination = np.arcsin(np.sin(obliquity) * np.sin(longitude))
    sidereal = np.radians((18.697374558 + 24.06570982441908 * days) * 15 + place.longitude)
    latitude = np.radians(place.latitude)
    height = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(
        sidereal - ascension
    )
    elevation: np.ndarray = np.degrees(np.arcsin(height))
    return elevation


def test_the_almanac_agrees_with_the_other_formula() -> None:
    from pole_agent.almanac import elevation_deg

    walls = np.linspace(1.79e9, 2.1e9, 2000)
    for place in (SUMEDANG, Place(69.65, 18.96, UTC), Place(-54.8, -68.3, UTC)):
        ours = np.array([elevation_deg(w, place) for w in walls])
        assert np.abs(ours - sun_deg(walls, place)).max() < 0.05


YEAR_PLACES = [
    SUMEDANG,
    Place(69.65, 18.96, ZoneInfo("Europe/Oslo")),
    Place(-69.0, 39.6, ZoneInfo("Antarctica/Syowa")),
    Place(40.4, -3.7, ZoneInfo("Europe/Madrid")),
    Place(-31.55, 159.08, ZoneInfo("Australia/Lord_Howe")),
]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("step_s", [60, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("place", YEAR_PLACES)
def test_a_year_of_nights(place: Place, step_s: int) -> None:
    """Every second (or minute) of a year with summer time, a leap day and a calendar: in range, never black
    while it is dark, off by day.

    The trace of the pin is compared with an almanac of the test's own, at every step.
    """
    programs = {
        "default": steps(("sunset", 0.8), ("22:00", 0.4), ("05:00", 0.7), ("sunrise", 0.0)),
        "weekend": steps(("sunset-00:10", 1.0), ("23:30", 0.5), ("sunrise+00:10", 0.0)),
        "holiday": steps(("sunset", 1.0), ("sunrise", 0.0)),
    }
    calendar = (
        CalendarRule("holiday", None, Dates.parse("12-24..01-02")),
        CalendarRule("weekend", Weekdays.parse("fri,sat"), None),
    )
    c = controller(programs, calendar, place, fade_s=0.0, fade_down_s=0.0)
    begin = int(datetime(2027, 6, 1, tzinfo=UTC).timestamp())
    seconds = 366 * 86_400  # 2028 is a leap year
    factory = mock_factory()
    lamp = GpioLamp(factory, 18, 1000, active_low=True)
    pin = factory.pin("GPIO18")
    trace_ = np.empty(seconds // step_s, np.float32)
    step, driven_, lit = c.step, -1.0, 0.0
    for k in range(seconds // step_s):
        if (duty := step(begin + k * step_s, float(k * step_s)).duty) != driven_:
            lamp.set(duty)
            driven_, lit = duty, round(1 - float(pin.state), 3)
        trace_[k] = lit
    assert len(pin.states) - 2 == int((np.diff(trace_) != 0).sum()), "every edge on the pin is in the trace"
    factory.reset()
    assert ((trace_ == 0) | ((trace_ >= 0.1) & (trace_ <= 1))).all()
    assert set(np.unique(trace_.round(3))) <= {np.float32(v) for v in (0.0, 0.2, 0.4, 0.5, 0.7, 0.8, 1.0)}
    for day in range(366):
        part = slice(day * 86_400 // step_s, (day + 1) * 86_400 // step_s)
        height = sun_deg(begin + np.arange(part.start, part.stop, dtype=np.float64) * step_s, place)
        assert (trace_[part][height < -1.0] >= FLOOR).all(), "lit from sunset to sunrise"
        assert (trace_[part][height > 4.0] == 0).all(), "and off by day"
    changes = int((np.diff(trace_) != 0).sum())
    assert changes <= 366 * 5, "no more changes than steps"
