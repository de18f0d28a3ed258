"""Small rules of the lamp, each side of each limit: levels, boosts, controls, relay, survey."""

from __future__ import annotations

import copy
import math
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pole_agent.almanac import Place, Span, TimeOfDay, night_of
from pole_agent.lamp.boosts import Boosts
from pole_agent.lamp.controls import Bounds, Control, Controls
from pole_agent.lamp.decide import Decision, Limits
from pole_agent.lamp.fade import FADE_TICK_S, Fade
from pole_agent.lamp.levels import clamp, driven, duty, faded, held, output, remaining
from pole_agent.lamp.program import Plan, Step
from pole_agent.lamp.relay import Relay
from pole_agent.lamp.survey import survey
from pole_agent.vocabulary import BoostLamp, Severity

SUMEDANG = Place(-6.8586, 107.9164, ZoneInfo("Asia/Jakarta"))
MIDNIGHT = night_of(datetime(2026, 11, 24, 15, tzinfo=UTC).timestamp(), SUMEDANG).middle

# --- levels


@pytest.mark.parametrize(
    ("level", "expected"), [(-0.1, 0.0), (0.0, 0.0), (0.01, 0.01), (0.99, 0.99), (1.0, 1.0), (1.1, 1.0)]
)
def test_a_level_is_between_none_and_full(level: float, expected: float) -> None:
    assert clamp(level) == expected
    assert duty(level, "linear") == expected


@pytest.mark.parametrize(
    ("level", "expected"),
    [(-0.1, 0.0), (0.0, 0.0), (1e-9, 0.1), (0.09, 0.1), (0.1, 0.1), (0.11, 0.11), (1.0, 1.0), (1.1, 1.0)],
)
def test_what_a_driver_holds(level: float, expected: float) -> None:
    """Off, or at least the lowest that it can."""
    assert held(level, 0.1) == expected


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (0.0, 0.0),
        (1e-12, 0.001),
        (1 / 253, 0.001 * 10 ** (3 / 253)),
        (1 / 3, 0.01),
        (0.5, 0.0316228),
        (2 / 3, 0.1),
        (1.0, 1.0),
    ],
)
def test_the_logarithmic_curve(level: float, expected: float) -> None:
    """From a thousandth at the first step to all, by a factor of ten for every third of the way."""
    assert duty(level, "dali") == pytest.approx(expected, rel=1e-5)


AGEING = ((100.0, 0.9), (200.0, 0.7), (200.0, 0.6), (201.0, 0.4))


@pytest.mark.parametrize(
    ("hours", "left"),
    [
        (0.0, 0.9),
        (99.0, 0.9),
        (100.0, 0.9),
        (150.0, 0.8),
        (199.0, 0.702),
        (200.0, 0.6),
        (200.5, 0.5),
        (201.0, 0.4),
        (9999.0, 0.4),
        (None, 1.0),
    ],
)
def test_how_much_light_is_left(hours: float | None, left: float) -> None:
    """Straight lines between the points, the first point before them, the last one after."""
    assert remaining(AGEING, hours) == pytest.approx(left)
    assert remaining((), hours) == 1.0
    assert output(AGEING, 0.8, hours) == pytest.approx(0.8 if hours is None else 0.8 * 0.4 / left)
    assert output(AGEING, 9.0, hours) == 1.0, "never more than all"
    assert output((), 0.8, hours) == 0.8


@pytest.mark.parametrize(
    ("level", "share", "expected"),
    [
        (-0.1, 1.0, 0.0),
        (0.0, 1.0, 0.0),
        (1e-9, 1.0, 0.1),
        (0.5, 1.0, 0.5),
        (0.5, 0.5, 0.25),
        (0.5, 0.1, 0.1),
        (0.5, 0.21, 0.105),
        (1.0, 1.0, 1.0),
    ],
)
def test_what_is_driven_for_a_level(level: float, share: float, expected: float) -> None:
    """The share of full, never below what the driver holds, and nothing only for nothing."""
    assert driven(level, "linear", share, 0.1) == pytest.approx(expected)
    assert driven(level, "dali", 0.0, 0.5) == pytest.approx(0.0316228 if level > 0 else 0.0, rel=1e-5)


@pytest.mark.parametrize(
    ("fade_s", "now", "expected"),
    [
        (4.0, 9.0, 0.2),
        (4.0, 10.0, 0.2),
        (4.0, 11.0, 0.4),
        (4.0, 12.0, 0.6),
        (4.0, 13.9, 0.98),
        (4.0, 14.0, 1.0),
        (4.0, 99.0, 1.0),
        (0.0, 9.0, 1.0),
        (0.0, 10.0, 1.0),
        (-1.0, 9.0, 1.0),
        (1.0, 10.5, 0.6),
        (0.5, 10.25, 0.6),
    ],
)
def test_the_points_of_a_fade(fade_s: float, now: float, expected: float) -> None:
    """A straight line from its beginning to its end, and nothing before or beyond."""
    assert faded(0.2, 1.0, 10.0, fade_s, now) == pytest.approx(expected)
    assert faded(1.0, 0.2, 10.0, fade_s, now) == pytest.approx(1.2 - expected)


# --- boosts


@pytest.mark.parametrize(
    ("second", "wakes"),
    [
        (BoostLamp("a", 0.8, 100.0), False),
        (BoostLamp("a", 0.8, 99.0), False),
        (BoostLamp("a", 0.8, 101.0), True),
        (BoostLamp("a", 0.7, 100.0), True),
        (BoostLamp("a", 0.9, 90.0), True),
        (BoostLamp("b", 0.8, 100.0), True),
    ],
)
def test_which_boost_wakes_the_lamp(second: BoostLamp, wakes: bool) -> None:
    """A new one, another level, a longer time; not the same once more. The newest of a source replaces."""
    boosts, woken = Boosts(), []
    boosts.add(BoostLamp("first of all", 0.5, 10.0))  # nobody listens yet
    boosts.wake = lambda: woken.append(1)
    boosts.add(BoostLamp("a", 0.8, 100.0))
    assert len(woken) == 1
    boosts.add(second)
    assert (len(woken) == 2) is wakes
    assert [b for b in boosts.at(20.0) if b.source == second.source] == [second]


def test_a_boost_lives_until_its_end() -> None:
    """And is forgotten at it."""
    boosts = Boosts()
    boosts.add(BoostLamp("a", 0.8, 100.0))
    assert boosts.at(99.9) == [BoostLamp("a", 0.8, 100.0)]
    assert boosts.at(100.0) == []
    assert boosts.at(50.0) == []


# --- controls

ALWAYS, NIGHTLY, DAILY = Span.parse("always"), Span.parse("22:00..05:00"), Span.parse("09:00..15:00")


def control(
    kind: Any, level: float, when: Any = "always", span: Span = ALWAYS, hold_s: float = 0.0
) -> Control:
    return Control(kind, level, when, span, hold_s)


@pytest.mark.parametrize(
    ("controls", "wall", "bounds"),
    [
        ([], MIDNIGHT, Bounds(0.0, 1.0, sensed=False)),
        ([control("min", 0.6)], MIDNIGHT, Bounds(0.6, 1.0)),
        ([control("max", 0.6)], MIDNIGHT, Bounds(0.0, 0.6)),
        ([control("level", 0.6)], MIDNIGHT, Bounds(0.6, 0.6)),
        ([control("max", 0.0)], MIDNIGHT, Bounds(0.0, 0.0)),
        ([control("min", 0.0), control("min", 0.6)], MIDNIGHT, Bounds(0.0, 1.0)),
        ([control("max", 0.0), control("max", 0.6)], MIDNIGHT, Bounds(0.0, 0.0)),
        ([control("min", 0.3), control("level", 0.6)], MIDNIGHT, Bounds(0.3, 0.6)),
        ([control("max", 0.8), control("level", 0.6)], MIDNIGHT, Bounds(0.6, 0.8)),
        ([control("level", 0.6), control("min", 0.9), control("max", 0.1)], MIDNIGHT, Bounds(0.6, 0.6)),
        ([control("min", 0.3), control("max", 0.6)], MIDNIGHT, Bounds(0.3, 0.6)),
        ([control("max", 0.6), control("min", 0.3)], MIDNIGHT, Bounds(0.3, 0.6)),
        ([control("min", 0.7), control("max", 0.6)], MIDNIGHT, Bounds(0.7, 0.7)),
        ([control("max", 0.3), control("min", 0.6)], MIDNIGHT, Bounds(0.3, 0.3)),
        ([control("min", 0.7), control("level", 0.6)], MIDNIGHT, Bounds(0.7, 0.7)),
        ([control("max", 0.3), control("level", 0.6)], MIDNIGHT, Bounds(0.3, 0.3)),
        # the time of day; one that does not hold now stands in nobody's way
        ([control("min", 0.6, span=NIGHTLY)], MIDNIGHT, Bounds(0.6, 1.0)),
        ([control("min", 0.6, span=DAILY), control("min", 0.2)], MIDNIGHT, Bounds(0.2, 1.0)),
        # without a clock minima hold, and what asks for full light; what would darken does not
        ([control("min", 0.6, span=DAILY)], None, Bounds(0.6, 1.0)),
        ([control("max", 0.6)], None, Bounds()),
        ([control("level", 1.0, span=DAILY)], None, Bounds(1.0, 1.0)),
        ([control("level", 0.99)], None, Bounds()),
        ([control("level", 0.0)], None, Bounds()),
        ([control("max", 1.0)], None, Bounds()),
        ([control("max", 0.1), control("min", 0.6)], None, Bounds(0.6, 1.0)),
    ],
)
def test_which_limits_hold(controls: list[Control], wall: float | None, bounds: Bounds) -> None:
    """The first of a kind, within what came before it, in its hours."""
    assert Controls(controls, SUMEDANG).bounds([], wall, 0.0) == bounds
    assert bool(Controls(controls, SUMEDANG)) is bool(controls)


INFO, WARNING, ALARM = Severity.INFO, Severity.WARNING, Severity.ALARM


@pytest.mark.parametrize(
    ("when", "boosts", "holds"),
    [
        ("always", [], True),
        ("presence", [], False),
        ("presence", [(INFO, 9.0)], True),
        ("info", [(INFO, 9.0)], True),
        ("info", [], False),
        ("warning", [(INFO, 9.0)], False),
        ("warning", [(WARNING, 9.0)], True),
        ("warning", [(ALARM, 9.0)], True),
        ("alarm", [(WARNING, 9.0)], False),
        ("alarm", [(ALARM, 9.0)], True),
        ("alarm", [(INFO, 9.0), (ALARM, 9.0), (WARNING, 9.0)], True),
        ("presence", [(INFO, 5.0)], False),
        ("presence", [(INFO, 5.001)], True),
        ("alarm", [(ALARM, 5.0), (WARNING, 9.0)], False),
    ],
)
def test_when_a_control_is_true(when: Any, boosts: list[tuple[Severity, float]], holds: bool) -> None:
    """The gravest of what is seen now decides; and it is told that it was seen."""
    seen = [BoostLamp(f"{number}", 1.0, until, severity) for number, (severity, until) in enumerate(boosts)]
    expected = Bounds(0.6, 1.0, sensed=when != "always") if holds else Bounds()
    assert Controls([control("min", 0.6, when)], SUMEDANG).bounds(seen, MIDNIGHT, 5.0) == expected


def test_a_maximum_is_no_reason_to_say_presence() -> None:
    """Only a minimum that was sensed says so."""
    seen = [BoostLamp("a", 1.0, 9.0)]
    assert Controls([control("max", 0.6, "presence")], SUMEDANG).bounds(seen, MIDNIGHT, 5.0) == Bounds(
        0.0, 0.6, sensed=False
    )
    both = Controls([control("min", 0.5), control("min", 0.6, "presence")], SUMEDANG)
    assert both.bounds(seen, MIDNIGHT, 5.0) == Bounds(0.5, 1.0, sensed=False)


@pytest.mark.parametrize(("after", "low"), [(0.0, 0.6), (29.9, 0.6), (30.0, 0.6), (30.1, 0.0)])
@pytest.mark.parametrize("reload", ["none", "same", "moved", "other"])
def test_how_long_a_control_holds_on(after: float, low: float, reload: str) -> None:
    """Its hold time after it was last true, also over a reload, wherever it stands in the list; another
    control begins anew.
    """
    held_on, another = control("min", 0.6, "presence", hold_s=30.0), control("max", 0.9)
    before = Controls([held_on], SUMEDANG)
    before.bounds([BoostLamp("a", 1.0, 9.0)], MIDNIGHT, 5.0)
    kinds = {
        "same": [held_on],
        "moved": [another, held_on],
        "other": [control("min", 0.6, "presence", hold_s=31.0)],
    }
    after_it = before if reload == "none" else Controls(kinds[reload], SUMEDANG, before.state)
    assert after_it.bounds([], MIDNIGHT, 5.0 + after).low == (0.0 if reload == "other" else low)


def test_at_first_nothing_was_true() -> None:
    """A hold time of before the process is none."""
    assert (
        Controls([control("min", 0.6, "presence", hold_s=1e9)], SUMEDANG).bounds([], MIDNIGHT, 5.0)
        == Bounds()
    )


# --- relay

Step_ = tuple[float, bool, bool | None, bool]  # now, lit, dark -> closed


@pytest.mark.parametrize(
    "story",
    [
        # off for a minute by day or by night, and it opens
        [(0.0, False, False, True), (59.9, False, False, True), (60.0, False, False, False)],
        [(0.0, False, True, True), (60.0, False, True, False)],
        [(0.0, False, None, True), (60.0, False, None, False)],
        # a moment of light begins the minute anew
        [
            (0.0, False, False, True),
            (50.0, True, False, True),
            (51.0, False, False, True),
            (110.9, False, False, True),
            (111.0, False, False, False),
        ],
        # by day it stays open for its minute
        [
            (0.0, False, False, True),
            (60.0, False, False, False),
            (119.9, True, False, False),
            (120.0, True, False, True),
        ],
        # in darkness, or when nobody knows, light goes first
        [(0.0, False, False, True), (60.0, False, False, False), (60.1, True, True, True)],
        [(0.0, False, False, True), (60.0, False, False, False), (60.1, True, None, True)],
        [
            (0.0, False, False, True),
            (60.0, False, False, False),
            (70.0, True, False, False),
            (70.1, True, True, True),
        ],
        # and the next opening takes its minute again
        [
            (0.0, False, True, True),
            (60.0, False, True, False),
            (61.0, True, True, True),
            (62.0, False, True, True),
            (121.9, False, True, True),
            (122.0, False, True, False),
        ],
    ],
)
def test_the_relay_in_time(story: list[Step_]) -> None:
    """Each side of its minute, by day and in the dark; the same over a reload at every step."""
    relay = Relay(60.0)
    assert relay.state.closed, "as the wiring leaves it"
    for now, lit, dark, closed in story:
        after = Relay(60.0, copy.copy(relay.state))
        for one in (after, relay):
            assert one.step(lit, dark, now) is closed
            assert one.state.closed is closed


@pytest.mark.parametrize(
    ("min_off_s", "story", "settled"),
    [
        (60.0, [], True),
        (60.0, [(0.0, True)], True),
        (60.0, [(0.0, False)], False),
        (60.0, [(0.0, False), (60.0, False)], True),
        (60.0, [(0.0, False), (60.0, False), (61.0, True)], False),
        (math.inf, [(0.0, False)], True),
    ],
)
def test_when_a_relay_waits_for_nothing(
    min_off_s: float, story: list[tuple[float, bool]], settled: bool
) -> None:
    """Off and not yet open, or wanted and not yet closed: then time alone changes it."""
    relay = Relay(min_off_s)
    for now, lit in story:
        relay.step(lit, False, now)
    assert relay.settled is settled


def test_a_relay_that_never_opens_closes_at_a_reload() -> None:
    """Where the configuration has none any more, the lamp has power."""
    old = Relay(60.0)
    old.step(False, False, 0.0)
    old.step(False, False, 60.0)
    for min_off_s, closed in ((60.0, False), (61.0, False), (math.inf, True)):
        assert Relay(min_off_s, copy.copy(old.state)).state.closed is closed


# --- survey


def spells(
    *steps: tuple[str, int, float], place: Place = SUMEDANG, nights: int = 1
) -> list[tuple[bool, float]]:
    """Lit or not, and how long: of a program of (solar word, seconds after it, level)."""
    plan = Plan(
        {"default": tuple(Step(TimeOfDay(word, after), level) for word, after, level in steps)}, (), place
    )
    return [(s.lit, s.end - s.start) for s in survey(plan, MIDNIGHT, nights)]


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        # Twilight is no night without light
        ([("sunset", 0, 1.0), ("sunrise", 0, 0.0)], []),
        ([("dusk", 0, 1.0), ("dawn", 0, 0.0)], []),
        ([("sunset", 0, 1.0), ("dusk", 3600, 0.0), ("dusk", 3660, 1.0), ("sunrise", 0, 0.0)], []),
        (
            [("sunset", 0, 1.0), ("dusk", 3600, 0.0), ("dusk", 3661, 1.0), ("sunrise", 0, 0.0)],
            [(False, 61.0)],
        ),
        ([("sunset", 0, 1.0), ("sunrise", 3600, 0.0)], []),
        ([("sunset", 0, 1.0), ("sunrise", 3601, 0.0)], [(True, 3601.0)]),
        ([("sunset", -3600, 1.0), ("sunrise", 0, 0.0)], []),
        ([("sunset", -3601, 0.001), ("sunrise", 0, 0.0)], [(True, 3601.0)]),
        ([("sunset", -1800, 1.0), ("sunrise", 1900, 0.0)], []),  # two that are short are not one that is long
        (
            [("sunset", -3601, 1.0), ("sunset", 60, 0.0), ("dusk", 0, 0.5), ("sunrise", 3700, 0.0)],
            [(True, 3601.0), (True, 3700.0)],
        ),
        (
            [
                ("sunset", 0, 1.0),
                ("dusk", 600, 0.0),
                ("dusk", 700, 1.0),
                ("dusk", 900, 0.0),
                ("dusk", 1001, 0.7),
                ("sunrise", 0, 0.0),
            ],
            [(False, 100.0), (False, 101.0)],
        ),
    ],
)
def test_which_spells_are_told(steps: list[tuple[str, int, float]], found: list[tuple[bool, float]]) -> None:
    """Darkness in deep night for more than a minute, light by day for more than an hour; each by itself."""
    assert spells(*steps) == found


def test_a_look_ahead_over_a_leap_year() -> None:
    """Three hundred and sixty-six nights, one after the other, from the night of now on."""
    plan = Plan(
        {"default": (Step(TimeOfDay("sunset", 0), 1.0), Step(TimeOfDay("sunrise", 4000), 0.0))}, (), SUMEDANG
    )
    days = [spell.evening for spell in survey(plan, MIDNIGHT)]
    assert (str(days[0]), str(days[-1]), len(days), len(set(days))) == ("2026-11-24", "2027-11-24", 366, 366)


@pytest.mark.parametrize("quarter", range(-4, 5))
@pytest.mark.parametrize("month", [2, 5, 8, 11])
def test_a_year_has_each_night_once(month: int, quarter: int) -> None:
    """Also asked around solar noon, where one night ends and which moves by half an hour within the year."""
    noon = night_of(datetime(2026, month, 12, 15, tzinfo=UTC).timestamp(), SUMEDANG).start
    plan = Plan(
        {"default": (Step(TimeOfDay("sunset", 0), 1.0), Step(TimeOfDay(None, 3600), 0.0))}, (), SUMEDANG
    )
    evenings = [spell.evening for spell in survey(plan, noon + quarter * 900.0)]
    assert len(evenings) == len(set(evenings)) == 366
    assert (evenings[-1] - evenings[0]).days == 365


def test_the_first_light_does_not_fade() -> None:
    """What is decided next, before anything was shown, fades from there."""
    limits = Limits(floor=0.2, min_level=0.1, failsafe_level=1.0, boost_in_daylight=False)
    fade, first, second = Fade(2.0, 4.0, limits), Decision(1.0, "failsafe"), Decision(0.5, "program")
    fade.change(None, first, None, 0.0)
    fade.change(first, second, None, 0.0)
    assert fade.point(0.5, True, None, 2.0 - FADE_TICK_S) == pytest.approx(0.75)
    assert fade.point(0.5, True, None, 4.0 - FADE_TICK_S) == pytest.approx(0.5)
