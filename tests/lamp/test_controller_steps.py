"""The controller step by step: what is new and what is not, fades and sweeps to the number, and everything
that `why` is told.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pole_agent.almanac import Span, night_of
from pole_agent.dates import Dates
from pole_agent.lamp.commands import Sweep
from pole_agent.lamp.controller import Controller
from pole_agent.lamp.controls import Control
from pole_agent.lamp.decide import Override
from pole_agent.lamp.faults import Feedback
from pole_agent.lamp.program import CalendarRule
from pole_agent.vocabulary import BoostLamp, Severity
from tests.lamp.test_controller import EVENING, FLOOR, NOON, SUMEDANG, controller, steps

NIGHT = night_of(EVENING, SUMEDANG)
TEN = EVENING + 2 * 3600  # the program's second step
Making = dict[str, Any]


# --- what is new is noticed, although most of a year nothing is

Look = dict[str, Any]  # what a step is given


@pytest.mark.parametrize(
    ("making", "looks"),
    [
        # the next stretch begins at its moment, and a clock may be set back out of the one that holds
        ({}, [{"wall": TEN - 60}, {"wall": TEN - 1}, {"wall": TEN}]),
        ({}, [{"wall": TEN + 60}, {"wall": TEN}, {"wall": TEN - 0.5}]),
        ({}, [{"wall": NIGHT.sun["sunset"] - 1}, {"wall": NIGHT.sun["sunset"]}]),
        ({}, [{"wall": EVENING}, {"wall": None}, {"wall": EVENING}]),
        ({}, [{"wall": EVENING}, {"wall": 1e12}, {"wall": EVENING}]),
        ({}, [{"wall": EVENING}, {"wall": NOON}]),
        # somebody is there, or is there no more
        ({}, [{"boosts": [BoostLamp("a", 1.0, 1e9)]}, {}]),
        ({}, [{}, {"boosts": [BoostLamp("a", 1.0, 1e9)]}, {}]),
        # sensors
        (
            {"photocell": True},
            [{"wall": NOON, "lux": 500.0}, {"wall": NOON, "lux": 5.0}, {"wall": NOON, "lux": 5.0}],
        ),
        (
            {"photocell": True},
            [
                {"wall": NIGHT.sun["sunset"] - 600, "lux": 500.0},
                {"wall": NIGHT.sun["sunset"] - 500, "lux": 5.0},
            ]
            * 3,
        ),
        ({}, [{"feedback": Feedback(True)}, *[{"feedback": Feedback(False)}] * 3]),
        ({}, [{}, *[{"feedback": Feedback(False)}] * 3, {}]),
        ({"relay_s": 60.0}, [{"wall": NOON}, {"wall": NOON + 30}, {"wall": NOON + 61}, {"wall": NOON + 100}]),
    ],
)
def test_what_is_new_is_noticed(making: Making, looks: list[Look]) -> None:
    """A controller that has rested says the same as one that looks at everything every time."""
    quick, thorough = controller(**making), controller(**making)
    for number, look in enumerate(looks):
        for again in range(12):  # two minutes
            thorough._idle = None
            now = number * 120.0 + again * 10.0
            given: Look = {"wall": EVENING} | look
            assert quick.step(now=now, **given) == thorough.step(now=now, **given)
    assert quick.ledger.document(1e4) == thorough.ledger.document(1e4)


@pytest.mark.parametrize(
    "wish",
    [lambda c: setattr(c, "override", Override(0.9, 200.0)), lambda c: c.sweep(Sweep(30.0), 100.0)],
)
def test_a_wish_wakes_a_controller_that_rests(wish: Callable[[Controller], None]) -> None:
    """An override, a sweep; and its end is noticed too."""
    quick, thorough = controller(), controller()
    for now in (0.0, 50.0, 99.0):
        assert quick.step(EVENING + now, now) == thorough.step(EVENING + now, now)
    assert quick._idle is not None
    wish(quick)
    wish(thorough)
    seen = set()
    for k in range(30):
        thorough._idle, now = None, 100.0 + k * 7.0
        output = quick.step(EVENING + now, now)
        assert output == thorough.step(EVENING + now, now)
        seen.add(round(output.duty, 3))
    assert len(seen) > 1
    assert output.duty == 0.8


def test_the_hour_of_a_control_is_noticed() -> None:
    """It comes and goes in the middle of a stretch of the program."""
    control = Control("min", 0.9, "always", Span.parse("20:02..20:04"), 0.0)
    c = controller(fade_s=0.0, fade_down_s=0.0, controls=(control,))
    assert [c.step(EVENING + now, now).duty for now in (0.0, 119.0, 120.0, 239.0, 240.0)] == [
        0.8,
        0.8,
        0.9,
        0.9,
        0.8,
    ]


def test_it_rests_where_nothing_is_new() -> None:
    """The same output, not one more thought, until the program goes on."""
    c = controller()
    first = c.step(EVENING, 0.0)
    assert all(c.step(EVENING + k, float(k)) is first for k in range(1, 500))
    assert c.step(TEN - 0.5, 7199.5) is first
    assert c.step(TEN, 7200.0).decision.level == 0.5
    assert c.step(TEN - 1, 7201.0).decision.level == 0.8
    still = controller(relay_s=60.0)
    assert still.step(NOON, 0.0) is not still.step(NOON + 1, 1.0), "the relay is to open yet"


def test_a_step_comes_at_its_moment_without_rest() -> None:
    """Also while somebody holds the lamp, so that it looks every time."""
    c = controller(fade_s=0.0, fade_down_s=0.0)
    seen = [
        c.step(wall, now, [BoostLamp("a", 0.1, 1e9)]).decision.level
        for now, wall in enumerate((TEN - 0.5, TEN, TEN - 0.5))
    ]
    assert seen == [0.8, 0.5, 0.8]


def test_two_looks_without_rest_are_one_note() -> None:
    """What is as it was is not noted anew: a change a minute would be a change in the ledger."""
    c = controller()
    c.override = Override(0.5, 1e9)
    for k in range(10):
        c.step(EVENING + k, float(k))
    assert c.ledger.document(10.0)["night"]["sums"][4] == 0
    assert c.ledger.document(10.0)["night"]["reasons"] == {"override": 10.0}


# --- ends


@pytest.mark.parametrize(("now", "reason"), [(99.9, "override"), (100.0, "program")])
def test_an_override_ends_at_its_moment(now: float, reason: str) -> None:
    """And is gone then."""
    c = controller()
    c.override = Override(0.5, 100.0)
    assert c.step(EVENING, now).decision.reason == reason
    assert (c.override is None) is (reason == "program")


def test_the_name_of_the_program() -> None:
    """Of the night that holds now; without a clock, or before the first look, it is not known."""
    c = controller(
        {"default": steps(("sunset", 0.8)), "fair": steps(("sunset", 1.0))},
        (CalendarRule("fair", None, Dates.parse("11-24")),),
    )
    assert c.program is None
    c.step(EVENING, 0.0)
    assert c.program == "fair"
    c.step(None, 1.0)
    assert c.program is None
    c.step(EVENING + 86_400, 2.0)
    assert c.program == "default"


def test_what_a_photocell_says() -> None:
    """Where there is none it says nothing."""
    bare, seeing = controller(), controller(photocell=True)
    assert (bare.cell_dark, seeing.cell_dark) == (None, None)
    for lux, dark in ((5.0, True), (500.0, False)):
        for now in (0.0, 40.0):
            seeing.step(NOON, now + lux, lux=lux)
        assert seeing.cell_dark is dark
        assert bare.cell_dark is None


@pytest.mark.parametrize("old_cell", [True, False])
@pytest.mark.parametrize("new_cell", [True, False])
def test_a_reload_brings_or_takes_a_photocell(old_cell: bool, new_cell: bool) -> None:
    """What one has seen goes on where there is one before and after; else nothing is taken, and nothing
    fails.
    """
    old = controller(photocell=old_cell)
    old.step(EVENING, 0.0, lux=5.0)
    new = controller(photocell=new_cell, state=old.hand_over(1.0))
    assert new.cell_dark is (True if old_cell and new_cell else None)
    assert new.step(EVENING + 1, 1.0, lux=5.0).duty == 0.8


# --- fades and sweeps to the number


def duties(c: Controller, wall: float | None, begin: float, *after: float) -> list[float]:
    return [round(c.step(None if wall is None else wall + begin + s, begin + s).duty, 6) for s in after]


def test_the_points_of_the_usual_fades() -> None:
    """Two seconds up and four down, one tick ahead; the first light at once."""
    c = controller()
    assert duties(c, EVENING, 0.0, 0.0) == [0.8]
    c.override = Override(1.0, 1e9)
    assert duties(c, EVENING, 1000.0, 0.0, 0.98, 1.97, 1.98, 50.0) == [0.802, 0.9, 0.999, 1.0, 1.0]
    c.override = Override(0.6, 1e9)
    assert duties(c, EVENING, 2000.0, 0.0, 1.98, 3.88, 3.98) == [0.998, 0.8, 0.61, 0.6]
    c.override = Override(1.0, 1e9)
    assert duties(c, EVENING, 3000.0, 0.0, 0.98) == [0.604, 0.8]
    c.override = Override(0.6, 1e9)
    assert duties(c, EVENING, 3001.0, 0.0, 1.98, 3.98) == [0.799, 0.7, 0.6], "from where it stands"


@pytest.mark.parametrize(("transition", "at_ten"), [(0.0, 0.4), (10.0, 0.4), (20.0, 0.5996), (None, 0.4)])
def test_a_transition_belongs_to_its_command(transition: float | None, at_ten: float) -> None:
    """It lasts as long as it was asked for; what comes and goes under the same override fades as usual."""
    c = controller()
    c.step(EVENING, 0.0)
    c.override = Override(0.4, 1e9, transition_s=transition)
    assert duties(c, EVENING, 1000.0, 0.0, 10.0)[1] == at_ten
    c.step(EVENING + 2000, 2000.0)
    for boosts, begin, middle in (([BoostLamp("a", 1.0, 1e9)], 3000.0, 0.7), ([], 4000.0, 0.7)):
        c.step(EVENING + begin, begin, boosts)
        half = 0.98 if boosts else 1.98
        assert c.step(EVENING + begin + half, begin + half, boosts).duty == pytest.approx(middle)
        c.step(EVENING + begin + 100, begin + 100, boosts)
    c.override = Override(0.5, 1e9, transition_s=transition)
    c.step(EVENING + 5000, 5000.0)
    assert c.step(EVENING + 5010, 5010.0).duty == pytest.approx({20.0: 0.4501}.get(transition or 0.0, 0.5))


def test_presence_does_not_take_the_transition() -> None:
    """An override that asks for an hour's way does not slow down the light for somebody who comes at the same
    moment.
    """
    c = controller()
    c.step(EVENING, 0.0)
    c.override = Override(0.4, 1e9, transition_s=3600.0)
    boosts = [BoostLamp("a", 1.0, 1e9)]
    c.step(EVENING + 10, 10.0, boosts)
    assert c.step(EVENING + 12, 12.0, boosts).duty == 1.0


@pytest.mark.parametrize(("transition", "duty"), [(20.0, 0.6994), (None, 0.4), (0.0, 0.4)])
def test_a_transition_waits_for_presence_to_end(transition: float | None, duty: float) -> None:
    """What was asked for while somebody was there is done once nobody is: as slowly as it was asked."""
    c = controller()
    boosts = [BoostLamp("a", 1.0, 1e9)]
    c.step(EVENING, 0.0, boosts)
    c.override = Override(0.4, 1e9, transition_s=transition)
    for now in (10.0, 20.0):
        assert c.step(EVENING + now, now, boosts).duty == 1.0
    c.step(EVENING + 30, 30.0)
    assert c.step(EVENING + 40, 40.0).duty == pytest.approx(duty)


@pytest.mark.parametrize("began", [0.0, 1000.0])
def test_the_points_of_a_sweep(began: float) -> None:
    """From full to the least that the driver holds and back, then to the program at the usual pace, and it is
    over.
    """
    c = controller()
    c.step(EVENING + began, began)
    c.sweep(Sweep(20.0), began)
    assert duties(c, EVENING, began, 0.0, 5.0, 10.0, 15.0, 19.999) == [1.0, 0.55, 0.1, 0.55, 0.99991]
    assert c.step(EVENING + began + 19.9991, began + 19.9991).fading
    ended = [c.step(EVENING + began + 20 + s, began + 20 + s) for s in (0.0, 1.0, 2.0, 3.0)]
    assert [round(o.duty, 3) for o in ended] == [0.998, 0.898, 0.8, 0.8]
    assert [o.fading for o in ended] == [True, True, False, False]


@pytest.mark.parametrize(
    ("dark", "local", "level", "quick"),
    [
        (True, False, 0.2, True),
        (None, False, 0.2, True),
        (False, False, 0.2, False),
        (True, True, 0.2, False),
        (True, False, 0.5, True),
    ],
)
def test_a_slow_fade_that_is_overtaken_by_the_night(
    dark: bool | None, local: bool, level: float, quick: bool
) -> None:
    """Up to the floor the light goes at the usual pace where it is dark, or nobody knows; not by day, and not
    for a person at the pole.
    """
    c = controller()
    c.step(NOON, 0.0)
    c.override = Override(level, 1e9, transition_s=1000.0, local=local)
    c.step(NOON + 1, 1.0)
    wall = {True: EVENING, None: None, False: NOON + 2}[dark]
    c.step(wall, 2.0)
    duty = c.step(None if wall is None else wall + 1.98, 3.98).duty
    assert duty == pytest.approx(level) if quick else duty == 0.1


@pytest.mark.parametrize(("at", "duty"), [(98.0, 0.19804), (97.9, 0.1981696)])
def test_a_fade_that_is_nearly_over_goes_on(at: float, duty: float) -> None:
    """Where no more is left of it than a usual one lasts, it is left alone; where more is left it is not."""
    c = controller()
    c.step(NOON, 0.0)
    c.override = Override(0.2, 1e9, transition_s=100.0)
    c.step(NOON, 0.0)
    assert c.step(None, at).duty == pytest.approx(0.002 * (at + 0.02), abs=1e-9)
    assert c.step(None, 99.0).duty == pytest.approx(duty, abs=1e-9)


@pytest.mark.parametrize(("dark_at", "duty"), [(399.98, 0.2 + 0.5 * 0.002), (399.0, 0.5)])
def test_at_the_floor_a_slow_fade_is_as_slow_as_asked(dark_at: float, duty: float) -> None:
    """What is at the floor is not below it; what is below it goes at the usual pace."""
    c = controller()
    c.step(NOON, 0.0)
    c.override = Override(0.5, 1e9, transition_s=1000.0)
    c.step(NOON, 0.0)
    c.step(None, dark_at)
    assert c.step(None, 401.98).duty == pytest.approx(duty)


# --- what else comes out of a step


def test_the_ledger_knows_what_the_relay_does() -> None:
    """A lamp that is wanted by day behind an open relay burns nothing, and is not missed either."""
    c = controller(relay_s=600.0, fade_s=0.0, fade_down_s=0.0)
    c.step(NOON, 0.0)
    assert not c.step(NOON + 600, 600.0).closed
    c.override = Override(1.0, 1e9)
    output = c.step(NOON + 700, 700.0, feedback=Feedback(False))
    assert (output.duty, output.closed) == (1.0, False)
    for k in range(100):
        assert c.step(NOON + 701 + k, 701.0 + k, feedback=Feedback(False)).changes == ()
    assert c.ledger.document(801.0)["burn_s"] == 0.0
    assert c.step(NOON + 1200, 1200.0).closed
    assert c.ledger.document(1300.0)["burn_s"] == 100.0


@pytest.mark.parametrize(
    ("boosts", "present"),
    [([BoostLamp("a", 0.9, 1e9)], {"0.9": 100.0}), ([BoostLamp("a", 0.1, 1e9)], {"0.8": 100.0}), ([], {})],
)
def test_the_ledger_knows_who_was_there(boosts: list[BoostLamp], present: dict[str, float]) -> None:
    """Presence counts also where it raises nothing; the level is that which is asked for."""
    c = controller()
    c.step(EVENING, 0.0, boosts)
    c.step(EVENING + 100, 100.0, boosts)
    assert c.ledger.document(100.0)["night"]["present"] == present


def test_an_old_lamp_gets_more() -> None:
    """By the hours of the ledger; and a driver gets no less than it can hold."""
    c = controller()
    c._driver = replace(c._driver, ageing=((0.0, 1.0), (1000.0, 0.5)), virtual_output=0.8)
    assert c.step(EVENING, 0.0).duty == pytest.approx(0.8 * 0.8 * 0.5)
    old = controller()
    old._driver = c._driver
    old.ledger.set_hours(1000.0, 0.0)
    assert old.step(EVENING, 0.0).duty == pytest.approx(0.8 * 0.8)


@pytest.mark.parametrize("wall", [NOON, None])
def test_a_stuck_photocell_is_a_fault(wall: float | None) -> None:
    """It comes out of the step; without a cell nobody knows."""
    c = controller(photocell=True)
    found = [x for k in range(200) for x in c.step(NOON + k * 10, k * 10.0, lux=5.0).changes]
    assert [(x.fault, x.open) for x in found] == [("photocell_stuck", True)]
    assert c.faults.states()["photocell_stuck"] is True
    bare = controller()
    bare.step(wall, 0.0)
    assert bare.faults.states()["photocell_stuck"] is None


# --- why


def test_everything_that_was_asked() -> None:
    """Field by field: nothing before the first look, the program, an override, somebody, a control, darkness
    by day.
    """
    c = controller(photocell=True)
    nothing: dict[str, Any] = {
        "level": None,
        "reason": None,
        "program": None,
        "program_level": None,
        "dark": None,
        "deep": None,
        "floor": FLOOR,
        "failsafe_level": 1.0,
        "override": None,
        "presence": {},
        "dark_by_day": False,
        "low": 0.0,
        "high": 1.0,
    }
    assert c.reasons() == nothing
    c.step(EVENING, 0.0)
    usual = nothing | {
        "level": 0.8,
        "reason": "program",
        "program": "default",
        "program_level": 0.8,
        "dark": True,
        "deep": True,
    }
    assert c.reasons() == usual
    c.override = Override(0.3, 1e9, True, by="officer", reason="film", local=True)
    always = Span.parse("always")
    both = Control("min", 0.4, "alarm", always, 0.0), Control("max", 0.9, "always", always, 0.0)
    c = controller(controls=both, state=c.hand_over(1.0))
    c.step(EVENING, 1.0, [BoostLamp("a", 0.6, 1e9, Severity.ALARM), BoostLamp("b", 0.7, 1e9)])
    assert c.reasons() == usual | {
        "level": 0.3,
        "reason": "override",
        "low": 0.4,
        "high": 0.9,
        "presence": {"a": 0.6, "b": 0.7},
        "override": {"level": 0.3, "fixed": True, "local": True, "by": "officer", "reason": "film"},
    }
    dark = controller(photocell=True)
    dark.step(NOON, 0.0, lux=5.0)
    assert dark.reasons() == nothing | {"level": 1.0, "reason": "failsafe", "dark_by_day": True}
    dark.step(None, 1.0, lux=5.0)
    assert dark.reasons()["dark_by_day"] is False, "without a clock there is no day"
    dark.step(NOON + 2, 2.0, lux=5.0)
    assert dark.reasons()["dark_by_day"] is True
    for at in (40.0, 80.0, 4000.0):
        dark.step(NOON + at, at, lux=500.0)
    assert dark.reasons()["dark_by_day"] is False


def test_controls_without_a_program_have_no_hour() -> None:
    """A clock whose time lies beyond the calendar is none: minima hold, maxima do not."""
    for wall in (None, 1e12, math.nan):
        least = Control("min", 0.95, "always", Span.parse("10:00..11:00"), 0.0)
        most = Control("max", 0.1, "always", Span.parse("always"), 0.0)
        c = controller(controls=(least, most))
        c.step(wall, 0.0)
        assert (c.reasons()["low"], c.reasons()["high"], c.reasons()["level"]) == (0.95, 1.0, 1.0)
