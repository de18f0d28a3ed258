"""Controls, relay, photocell, faults, ledger: each by itself."""

from __future__ import annotations

import itertools
import json
import math
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.almanac import Place, Span, TimeOfDay, night_of
from pole_agent.lamp.controls import Bounds, Control, Controls
from pole_agent.lamp.decide import Scene
from pole_agent.lamp.faults import NAMES, Change, Faults, Feedback
from pole_agent.lamp.ledger import Ledger
from pole_agent.lamp.photocell import Photocell, PhotocellState, Thresholds
from pole_agent.lamp.program import Plan, Step
from pole_agent.lamp.relay import Relay
from pole_agent.vocabulary import BoostLamp, Severity

SUMEDANG = Place(-6.8586, 107.9164, ZoneInfo("Asia/Jakarta"))
ALWAYS = Span.parse("always")
PLAN = Plan(
    {"default": (Step(TimeOfDay.parse("sunset"), 0.8), Step(TimeOfDay.parse("sunrise"), 0.0))}, (), SUMEDANG
)
NIGHT = night_of(datetime.fromisoformat("2026-11-24T20:00:00+07:00").timestamp(), SUMEDANG)


# --- controls


def boost(until: float, severity: Severity = Severity.INFO) -> list[BoostLamp]:
    return [BoostLamp("camera/rule", 0.0, until, severity)]


def test_a_control_holds_while_its_condition() -> None:
    """A control holds while its condition does and its hold time longer."""
    controls = Controls([Control("min", 0.8, "warning", ALWAYS, 30.0)], SUMEDANG)
    assert controls.bounds([], NIGHT.middle, 0.0) == Bounds()
    assert controls.bounds(boost(20.0), NIGHT.middle, 10.0) == Bounds(), "info is no warning"
    assert controls.bounds(boost(20.0, Severity.ALARM), NIGHT.middle, 10.0) == Bounds(0.8, 1.0, sensed=True)
    assert controls.bounds([], NIGHT.middle, 40.0).low == 0.8
    assert controls.bounds([], NIGHT.middle, 40.5) == Bounds()


def test_the_first_control_has_priority() -> None:
    """The first control has priority and a later one gives way."""
    low, high = Control("min", 0.6, "always", ALWAYS, 0.0), Control("max", 0.4, "always", ALWAYS, 0.0)
    assert Controls([low, high], SUMEDANG).bounds([], NIGHT.middle, 0.0) == Bounds(0.6, 0.6)
    assert Controls([high, low], SUMEDANG).bounds([], NIGHT.middle, 0.0) == Bounds(0.4, 0.4)
    exactly = Control("level", 0.5, "presence", ALWAYS, 0.0)
    assert Controls([exactly, low, high], SUMEDANG).bounds(boost(9.0), NIGHT.middle, 0.0) == Bounds(
        0.5, 0.5, sensed=True
    )


def test_control_keeps_hours_and_without_clock() -> None:
    """A control keeps its hours and without a clock only minima hold."""
    quiet = Control("max", 0.3, "always", Span.parse("23:00..05:00"), 0.0)
    school = Control("min", 0.7, "always", Span.parse("18:00..20:00"), 0.0)
    controls = Controls([quiet, school], SUMEDANG)
    assert controls.bounds([], NIGHT.middle, 0.0) == Bounds(0.0, 0.3), "about midnight"
    assert controls.bounds(
        [], datetime.fromisoformat("2026-11-24T19:00:00+07:00").timestamp(), 0.0
    ) == Bounds(0.7, 1.0)
    assert controls.bounds([], None, 0.0) == Bounds(0.7, 1.0)


@given(
    st.lists(
        st.builds(
            Control,
            st.sampled_from(["min", "max", "level"]),
            st.floats(0, 1),
            st.sampled_from(["always", "presence", "alarm"]),
            st.just(ALWAYS),
            st.floats(0, 100),
        ),
        max_size=6,
    ),
    st.booleans(),
)
def test_bounds_are_never_crossed(controls: list[Control], somebody: bool) -> None:
    bounds = Controls(controls, SUMEDANG).bounds(boost(9.0) if somebody else [], NIGHT.middle, 0.0)
    assert 0 <= bounds.low <= bounds.high <= 1


# --- relay


def test_the_relay_opens_after_a_while_of_off() -> None:
    """The relay opens after a while of off and closes at once in darkness."""
    relay = Relay(60.0)
    assert relay.step(True, True, 0.0)
    assert relay.step(False, False, 10.0)
    assert relay.step(False, False, 69.9)
    assert not relay.step(False, False, 70.0)
    assert relay.step(True, True, 70.1), "light goes first"


def test_by_day_the_relay_stays_open_for_its_time() -> None:
    relay = Relay(60.0)
    relay.step(False, False, 0.0)
    assert not relay.step(False, False, 60.0)
    assert not relay.step(True, False, 61.0)
    assert relay.step(True, False, 120.0)


@given(
    st.lists(st.tuples(st.floats(0.1, 50), st.booleans(), st.sampled_from([True, False, None])), max_size=60)
)
def test_the_relay_never_cycles_faster_than_its_time(
    moves: list[tuple[float, bool, bool | None]],
) -> None:
    """The relay never cycles faster than its time and never withholds light in the dark."""
    relay, now, opened = Relay(60.0), 0.0, []
    closed = True
    for wait, lit, dark in moves:
        now += wait
        was, closed = closed, relay.step(lit, dark, now)
        if was and not closed:
            opened.append(now)
        assert closed or not lit or dark is False
    assert all(later - earlier >= 60.0 for earlier, later in itertools.pairwise(opened))


# --- photocell


class Cell:
    """A photocell, and time that passes over it."""

    def __init__(self, state: PhotocellState | None = None) -> None:
        self.cell = Photocell(Thresholds(20.0, 40.0, 2700.0), PLAN, state)

    def at(self, wall: float, lux: float | None, lasts_s: float = 60.0) -> Scene:
        """The scene after this reading has lasted until `wall`."""
        moment = wall - lasts_s
        scene = Scene()
        while moment <= wall:
            stretch = PLAN.stretch(moment)
            scene = self.cell.step(lux, Scene(stretch.level, stretch.dark, stretch.deep), moment, moment)
            moment += 10.0
        return scene


SUNSET, SUNRISE = NIGHT.sun["sunset"], NIGHT.sun["sunrise"]


def test_a_dark_evening_brings_the_light_forward() -> None:
    """A dark evening brings the light forward and a bright one holds it back until dusk."""
    assert Cell().at(SUNSET - 1800, 10.0).level == 0.8
    assert Cell().at(SUNSET - 1800, 500.0).level == 0.0
    assert Cell().at(SUNSET + 600, 500.0, lasts_s=1200) == Scene(0.0, False, False)
    assert Cell().at(NIGHT.sun["dusk"] + 5, 500.0, lasts_s=2400).level == 0.8, (
        "at dusk the sun is right, not the sensor"
    )


def test_darkness_by_day_is_lit_and_light_by_day() -> None:
    """Darkness by day is lit and light by day changes nothing.

    The cell or the clock is wrong, nobody knows which: the failsafe level, for an hour at least: the lamp may
    shine on it.
    """
    assert Cell().at(SUNSET - 3600, 500.0).level == 0.0
    cell = Cell()
    cell.at(NIGHT.start + 600, 500.0)
    assert cell.at(NIGHT.start + 700, 10.0, lasts_s=20.0).level == 0.0, "twenty seconds are a cloud of birds"
    assert cell.at(NIGHT.start + 900, 10.0) == Scene()
    assert cell.at(NIGHT.start + 1200, 500.0) == Scene(), "perhaps by the lamp's own light"
    assert cell.at(NIGHT.start + 1200 + 3600 + 60, 500.0, lasts_s=3600.0).level == 0.0


def test_a_cell_that_is_dark_for_a_day_is_broken() -> None:
    """A cell that is dark for a day is broken and lights nothing any more."""
    cell = Cell()
    assert cell.at(NIGHT.start + 20 * 3600, 0.0, lasts_s=19 * 3600.0).level is None
    assert cell.at(NIGHT.end + 2 * 3600, 0.0, lasts_s=6 * 3600.0 + 300).level == 0.0


def test_a_dark_morning_keeps_the_light() -> None:
    """A dark morning keeps the light and a bright one ends it but not before dawn."""
    assert Cell().at(SUNRISE + 1200, 5.0).level == 0.8
    assert Cell().at(SUNRISE - 600, 500.0).level == 0.0
    assert Cell().at(NIGHT.sun["dawn"] - 60, 500.0).level == 0.8


@pytest.mark.parametrize("begins", [-900, -60, 60, 900])
def test_dark_again_after_the_morning_came(begins: float) -> None:
    """Dark again around sunrise: the light comes back, as by day, and for an hour at least.

    A storm; or a clock that is twelve hours ahead, for which the evening falls into the hour of sunrise.
    """
    cell = Cell()
    assert cell.at(SUNRISE - 1000, 500.0).level == 0.0
    assert cell.at(SUNRISE + begins, 5.0, lasts_s=20.0).level == 0.0, "twenty seconds are a cloud of birds"
    assert cell.at(SUNRISE + begins + 60, 5.0) == Scene()
    assert cell.at(SUNRISE + begins + 1800, 500.0, lasts_s=1700.0) == Scene(), (
        "perhaps by the lamp's own light"
    )


def test_stuck_cell_and_an_evening_by_a_wrong_clock() -> None:
    """A cell that was dark through the day by the clock keeps its hour of light into the evening."""
    cell = Cell()
    cell.at(SUNSET - 2760, 0.0, lasts_s=3600.0)
    assert cell.cell.state.stuck
    assert cell.at(SUNSET - 600, 0.0, lasts_s=2100.0) == Scene()


def test_lamp_itself_on_sensor_does_not_make_it_cycle() -> None:
    """The lamp itself on the sensor does not make it cycle."""
    cell = Cell()
    assert cell.at(SUNSET - 1200, 10.0).level == 0.8
    assert cell.at(SUNSET - 600, 500.0).level == 0.8, "it was dark this evening already"


def test_hysteresis_and_short_flashes() -> None:
    cell = Cell()
    cell.at(SUNSET - 1500, 100.0)
    assert cell.at(SUNSET - 1400, 30.0).level == 0.0, "between the thresholds nothing changes"
    assert cell.at(SUNSET - 1300, 10.0, lasts_s=20.0).level == 0.0, "twenty seconds are a cloud of birds"
    assert cell.at(SUNSET - 1200, 10.0).level == 0.8


def test_without_a_reading_the_sun_decides() -> None:
    assert Cell().at(SUNSET - 600, None).level == 0.0
    assert Cell().at(SUNSET + 600, None).level == 0.8


@pytest.mark.parametrize(("lux", "moment"), [(500.0, NIGHT.middle), (0.0, NIGHT.start + 3600)])
def test_sensor_that_contradicts_sun_for_half_hour(lux: float, moment: float) -> None:
    """A sensor that contradicts the sun for half an hour is stuck and believed no more."""
    cell = Cell()
    cell.at(moment, lux, lasts_s=1700.0)
    assert cell.cell.state.stuck in (None, False)
    cell.at(moment + 120, lux, lasts_s=120.0)
    assert cell.cell.state.stuck
    assert cell.at(SUNSET + 600, 500.0).level == 0.8


def test_a_stuck_sensor_is_believed_again() -> None:
    """A stuck sensor is believed again when it agrees with the sun."""
    cell = Cell()
    cell.at(NIGHT.middle, 500.0, lasts_s=3600.0)
    cell.at(NIGHT.middle + 600, 0.0)
    assert cell.cell.state.stuck is False


def test_one_failed_reading_changes_nothing_and_silent() -> None:
    """One failed reading changes nothing and a silent sensor is unknown after a minute."""
    cell = Cell()
    assert cell.at(SUNSET - 1200, 10.0).level == 0.8
    for k in range(20):
        assert cell.at(SUNSET - 1100 + k * 20, None if k % 2 else 10.0, lasts_s=0).level == 0.8
    assert cell.at(SUNSET - 500, None, lasts_s=300).level == 0.8, "this evening is decided"
    assert cell.cell.state.dark is None
    assert cell.cell.state.stuck is None


def test_nonsense_from_the_sensor_is_no_reading() -> None:
    cell = Cell()
    cell.at(SUNSET - 3000, 5000.0)
    assert cell.at(SUNSET + 60, math.nan, lasts_s=600).level == 0.8, "as without a sensor: sunset decides"
    for lux in (math.inf, -math.inf, -5.0, 1e300):
        assert Cell().at(NIGHT.middle, lux).level == 0.8


def test_headlight_before_dawn_does_not_end_night() -> None:
    """A headlight before dawn does not end the night."""
    cell = Cell()
    dawn = NIGHT.sun["dawn"]
    cell.at(dawn - 300, 500.0, lasts_s=120)
    assert cell.at(SUNRISE - 300, 1.0, lasts_s=SUNRISE - dawn).level == 0.8


def test_after_restart_lamps_light_does_not_put_it_out() -> None:
    """After a restart the lamps own light does not put it out."""
    assert Cell().at(SUNSET + 300, 500.0).level == 0.8, "nobody saw it bright before sunset"
    first = Cell()
    first.at(SUNSET - 600, 10.0)
    second = Cell(first.cell.state)
    assert second.at(SUNSET - 500, 500.0).level == 0.8, "a reload goes on with what was decided"


# --- faults


def run(
    faults: Faults,
    seconds: float,
    duty: float,
    feedback: Feedback | None,
    dark: bool | None = True,
    now: float = 0.0,
) -> list[Change]:
    return [c for k in range(int(seconds)) for c in faults.step(duty, dark, feedback, None, now + k)]


def test_without_a_sensor_every_fault_is_unknown() -> None:
    faults = Faults(60.0)
    assert run(faults, 3600, 1.0, None) == []
    assert faults.states() == dict.fromkeys(NAMES)


@pytest.mark.parametrize(
    ("name", "duty", "feedback", "dark"),
    [
        ("lamp_failure", 0.8, Feedback(False), True),
        ("unexpectedly_on", 0.0, Feedback(True), True),
        ("dimming_failure", 0.3, Feedback(True, 58.0), True),
        ("dimming_failure", 1.0, Feedback(True, 20.0), True),
        ("day_burner", 1.0, Feedback(True), False),
    ],
)
def test_a_fault_opens_once_and_closes_when_it_is_gone(
    name: str, duty: float, feedback: Feedback, dark: bool
) -> None:
    faults = Faults(60.0)
    opened = run(faults, 1000, duty, feedback, dark)
    assert [(c.fault, c.open) for c in opened] == [(name, True)]
    assert faults.states()[name] is True
    well = Feedback(duty > 0, None if feedback.watts is None else duty * 60.0)
    closed = run(faults, 120, duty, well, True, now=1000.0)
    assert [(c.fault, c.open) for c in closed] == [(name, False)]
    assert closed[0].data["lasted_s"] > 0
    assert faults.states()[name] is False


def test_lamp_that_goes_out_and_comes_back_by_itself() -> None:
    """A lamp that goes out and comes back by itself cycles."""
    faults, found = Faults(60.0), []
    for k in range(900):
        found += faults.step(1.0, True, Feedback(k % 60 >= 5), None, float(k))
    assert ("cycling", True) in [(c.fault, c.open) for c in found]
    assert ("lamp_failure", True) not in [(c.fault, c.open) for c in found], (
        "it was never out for ten seconds"
    )


def test_a_sensor_that_falls_silent_is_unknown() -> None:
    """A sensor that falls silent is unknown and closes what it had opened."""
    faults = Faults(60.0)
    assert [c.open for c in run(faults, 100, 1.0, Feedback(False))] == [True]
    (closed,) = run(faults, 120, 1.0, None, now=100.0)
    assert (closed.fault, closed.open, closed.data["unknown"]) == ("lamp_failure", False, True)
    assert faults.states() == dict.fromkeys(NAMES)


def test_switching_and_dimming_on_purpose_is_no_fault() -> None:
    faults, found = Faults(60.0), []
    duty = 0.0
    for k in range(7200):
        if k % 600 == 0:
            duty = (0.0, 0.3, 1.0, 0.5)[k // 600 % 4]
        late = duty if k % 600 >= 5 else -1.0  # the driver needs five seconds
        found += faults.step(duty, True, Feedback(late != 0, max(0.0, late) * 60.0), None, float(k))
    assert found == []


# --- ledger


def test_the_ledger_adds_up() -> None:
    ledger = Ledger(60.0)
    ledger.note(1.0, 1.0, "program", False, 0.0)
    ledger.note(0.5, 0.5, "program", True, 3600.0)
    ledger.note(0.0, 0.0, "program", False, 7200.0)
    ledger.note(1.0, 1.0, "override", False, 9000.0)
    ledger.turn("2026-11-24", "a", "b", 10_800.0)
    (night,) = ledger.state.finished
    assert night["burn_h"] == 2.5
    assert night["observed_h"] == 3.0
    assert night["level_h"] == {"0.5": 1.0, "1.0": 1.5}
    assert night["presence_h"] == {"0.5": 1.0}
    assert night["reason_h"] == {"override": 0.5, "program": 2.5}
    assert night["energy_wh_estimated"] == 120.0
    assert night["energy_wh_flat"] == 720.0
    assert (night["switch_ons"], night["changes"]) == (1, 3)
    assert night["total"]["burn_h"] == 2.5


def test_the_ledger_goes_on_after_a_power_cut() -> None:
    first = Ledger(60.0)
    first.note(1.0, 1.0, "program", False, 0.0)
    kept = json.loads(json.dumps(first.document(7200.0)))
    second = Ledger(60.0)
    second.note(0.5, 0.5, "program", False, 50.0)
    second.charge(3650.0)
    second.restore(kept)
    second.power_came()
    second.turn(None, None, None, 3650.0)
    assert second.burn_h == 3.0
    assert second.state.finished[0]["burn_h"] == 3.0
    assert second.state.finished[0]["energy_wh_estimated"] == 150.0
    assert (second.state.boots, second.state.switch_ons) == (1, 1)


GOOD = Ledger(60.0).document(0.0)


@pytest.mark.parametrize(
    "kept",
    [
        {"burn_s": "x", "night": None},
        [],
        GOOD | {"burn_s": math.nan},
        GOOD | {"burn_s": -1e9},
        GOOD | {"energy_wh": math.inf},
        GOOD | {"switch_ons": 10**400},
        GOOD | {"boots": True},
        GOOD | {"night": GOOD["night"] | {"sums": [math.nan, 0, 0, 0, 0]}},
        GOOD | {"night": GOOD["night"] | {"levels": {"0.6": -1}}},
    ],
)
def test_a_ledger_that_cannot_be_read_changes_nothing(kept: object) -> None:
    ledger = Ledger(60.0)
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        ledger.restore(kept)  # type: ignore[arg-type]
    assert (ledger.state.burn_s, ledger.state.finished) == (0.0, [])


@given(
    st.lists(
        st.tuples(
            st.floats(0, 5000),
            st.floats(0, 1),
            st.sampled_from(["program", "presence", "override"]),
            st.booleans(),
        ),
        max_size=30,
    )
)
def test_every_second_of_a_night_is_accounted_for_once(moves: list[tuple[float, float, str, bool]]) -> None:
    ledger, now = Ledger(60.0), 0.0
    ledger.note(0.0, 0.0, "program", False, 0.0)
    for wait, level, reason, presence in moves:
        now += wait
        ledger.note(level, level, reason, presence, now)
        if int(now) % 3 == 0:
            restored = Ledger(60.0)
            restored.restore(ledger.document(now))
            restored.note(level, level, reason, presence, now)
            ledger = restored
    ledger.turn(None, None, None, now + 1.0)
    (night,) = ledger.state.finished
    assert night["observed_h"] == pytest.approx((now + 1.0) / 3600, abs=0.01)
    assert sum(night["reason_h"].values()) == pytest.approx(night["observed_h"], abs=0.01)
    assert sum(night["level_h"].values()) == pytest.approx(night["burn_h"], abs=0.01)
    assert night["burn_h"] <= night["observed_h"] + 0.01
