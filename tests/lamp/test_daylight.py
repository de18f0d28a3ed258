"""A photocell speaks against a clock that is hours wrong, and against nothing else: no storm, no eclipse, no dirt, no lamp."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pole_agent.almanac import elevation_deg, night_of
from pole_agent.lamp.daylight import DARKNESS, LIGHT, Daylight
from tests.lamp.test_controller import EVENING, SUMEDANG

HOUR_S, DAY_S, STEP_S = 3600.0, 86_400.0, 60.0
NOON = night_of(EVENING, SUMEDANG).start
MIDNIGHT = night_of(EVENING, SUMEDANG).middle


def sees(true: float) -> bool:
    """Dark to a cell that is clean, and sees no lamp."""
    return elevation_deg(true, SUMEDANG) < -3


class Watch:
    """A cell that is read every minute by a clock that is `error_s` wrong."""

    def __init__(self, error_s: float = 0.0, cell: Callable[[float], bool | None] = sees) -> None:
        self.daylight, self.error_s, self.cell = Daylight(SUMEDANG), error_s, cell
        self.now, self.turns, self.last = NOON, 0, ""
        self.rose_at = float("-inf")

    def walk(self, seconds: float) -> str:
        end = self.now + seconds
        while self.now < end:
            self.now += STEP_S
            words = self.daylight.step(self.cell(self.now), self.now + self.error_s, self.now, True, self.rose_at)
            self.turns += words != self.last
            self.last = words
        return self.last


@pytest.mark.parametrize("hours", [5.5, 7, 8, 12, -12, -8, -7, -5.5])
def test_clock_that_is_hours_wrong_is_found_out_within(hours: float) -> None:
    """A clock that is hours wrong is found out within a day and stays doubted."""
    watch = Watch(hours * HOUR_S)
    assert watch.walk(DAY_S + 3 * HOUR_S)
    assert watch.walk(5 * DAY_S)
    assert watch.turns == 1, "and no flapping"


@pytest.mark.parametrize("hours", [0, 0.5, -0.5, 1, -1, 2, -2])
def test_a_clock_that_is_nearly_right_is_never_doubted(hours: float) -> None:
    watch = Watch(hours * HOUR_S)
    assert watch.walk(6 * DAY_S) == ""
    assert watch.turns == 0


def test_which_words_it_finds() -> None:
    assert Watch(12 * HOUR_S).walk(DAY_S) in (LIGHT, DARKNESS)
    assert Watch(0.0, lambda true: not sees(true)).walk(DAY_S) in (LIGHT, DARKNESS)


def test_neither_eclipse_nor_storm_nor_hand() -> None:
    """Neither an eclipse nor a storm nor a hand is evidence."""

    def weather(true: float) -> bool:
        hour = (true - NOON) % DAY_S / HOUR_S
        return sees(true) or hour < 0.12 or 1.0 < hour < 2.8

    watch = Watch(0.0, weather)
    assert watch.walk(6 * DAY_S) == ""
    assert watch.turns == 0


def test_dirty_cell_that_sees_light_around_noon() -> None:
    """A dirty cell that sees light around noon only is no evidence."""
    watch = Watch(0.0, lambda true: elevation_deg(true, SUMEDANG) < 45)
    watch.walk(6 * DAY_S)
    assert watch.turns == 0


@pytest.mark.parametrize("stuck", [True, False, None])
def test_a_cell_that_always_says_the_same_is_broken(stuck: bool | None) -> None:
    """A cell that always says the same is broken and no evidence after a day."""
    watch = Watch(0.0, lambda _: stuck)
    watch.walk(2 * DAY_S)
    assert watch.last == ""
    turns = watch.turns
    assert turns <= 2
    watch.walk(5 * DAY_S)
    assert watch.turns == turns


def test_the_lamps_own_light_is_no_daylight() -> None:
    """The cell sees the lamp: it turns bright just after the lamp rose."""
    watch = Watch()
    lit_at = MIDNIGHT - 5 * HOUR_S

    def own(true: float) -> bool:
        return sees(true) and not lit_at + 60 <= true < lit_at + 9 * HOUR_S

    watch.cell, watch.rose_at = own, lit_at + 30
    assert watch.walk(DAY_S) == ""


def test_a_headlight_for_an_hour_is_no_evidence() -> None:
    """A headlight for an hour is no evidence and a new floodlight is until a person accepts the clock."""

    def headlight(true: float) -> bool:
        return sees(true) and abs(true - MIDNIGHT) > HOUR_S / 2

    assert Watch(0.0, headlight).walk(DAY_S) == ""

    def floodlight(true: float) -> bool:
        return sees(true) and abs((true - MIDNIGHT + DAY_S / 2) % DAY_S - DAY_S / 2) > 2 * HOUR_S

    watch = Watch(0.0, floodlight)
    assert watch.walk(DAY_S) == LIGHT
    watch.daylight.set_aside()
    assert watch.walk(5 * DAY_S) == "", "the person is believed"
    assert watch.daylight.aside
    watch.cell = sees
    watch.walk(2 * DAY_S)
    assert not watch.daylight.aside, "it has agreed for a day"


def test_a_clock_that_was_set_is_looked_at_anew() -> None:
    watch = Watch(8 * HOUR_S)
    assert watch.walk(1.5 * DAY_S)
    watch.error_s = 0.0
    assert watch.walk(STEP_S) == ""
    assert watch.walk(3 * DAY_S) == ""


def test_after_day_without_contradiction_doubt_ends() -> None:
    """After a day without contradiction the doubt ends."""
    watch = Watch(0.0, lambda true: not sees(true) if true < NOON + DAY_S else sees(true))
    assert watch.walk(DAY_S)
    assert watch.walk(2.2 * DAY_S) == ""
