"""A photocell speaks against a clock that is hours wrong, and against nothing else: no storm, no eclipse, no
dirt, no lamp.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from pole_agent.almanac import Place, elevation_deg, night_of
from pole_agent.lamp.daylight import DARKNESS, LIGHT, Daylight
from tests.lamp.test_controller import EVENING, SUMEDANG

HOUR_S, DAY_S, STEP_S = 3600.0, 86_400.0, 60.0
NOON = night_of(EVENING, SUMEDANG).start
MIDNIGHT = night_of(EVENING, SUMEDANG).middle
NEXT_NOON = night_of(EVENING, SUMEDANG).end


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
            words = self.daylight.step(
                self.cell(self.now), self.now + self.error_s, self.now, True, self.rose_at
            )
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
    assert watch.daylight.state.aside
    watch.cell = sees
    watch.walk(2 * DAY_S)
    assert not watch.daylight.state.aside, "it has agreed for a day"


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


# --- each side of each limit


class Look:
    """A cell whose word is given, at a place and a moment; wall and monotonic clock are different ones."""

    def __init__(self, wall: float, place: Place = SUMEDANG, now: float = 5000.0) -> None:
        self.daylight, self.wall, self.now = Daylight(place), wall, now

    def see(self, dark: bool | None, lit: bool = False, rose_at: float = float("-inf")) -> str:
        return self.daylight.step(dark, self.wall, self.now, lit, rose_at)

    def go(self, seconds: float) -> Look:
        self.wall, self.now = self.wall + seconds, self.now + seconds
        return self

    def minutes(self, count: int, dark: bool | None, **more: Any) -> str:
        """Read once a minute, so often: what it says at the last time; then a minute passes."""
        words = self.daylight.state.doubt
        for _ in range(count):
            words = self.see(dark, **more)
            self.go(60)
        return words


@pytest.mark.parametrize(
    ("dark", "begins", "words"),
    [
        (False, MIDNIGHT - 3 * HOUR_S, LIGHT),
        (False, MIDNIGHT + HOUR_S + 60, LIGHT),
        (True, NOON, DARKNESS),
        (True, NOON + HOUR_S + 60, DARKNESS),
        (True, NEXT_NOON - 3 * HOUR_S, DARKNESS),
    ],
)
def test_two_hours_are_needed(dark: bool, begins: float, words: str) -> None:
    """Three hours before and after midnight and noon count, to the minute; 119 minutes are not enough, 120
    are.
    """
    look = Look(begins)
    assert look.minutes(119, dark) == ""
    assert look.minutes(1, dark) == words
    assert look.minutes(30, dark) == words, "it is not told anew"


@pytest.mark.parametrize(
    ("dark", "begins"), [(False, MIDNIGHT - 3 * HOUR_S - 1), (True, NEXT_NOON - 3 * HOUR_S - 1)]
)
def test_before_the_hours_that_count_nothing_does(dark: bool, begins: float) -> None:
    """A second earlier is one look more to wait."""
    look = Look(begins)
    assert look.minutes(120, dark) == ""
    assert look.minutes(1, dark) != ""


@pytest.mark.parametrize(("more_s", "told"), [(59.0, False), (60.0, True)])
@pytest.mark.parametrize("before", ["nothing", "agreed", "set", "boot"])
@pytest.mark.parametrize("dark", [True, False])
def test_two_hours_to_the_second(dark: bool, before: str, more_s: float, told: bool) -> None:
    """Of the time between two looks as much counts as it saw; after an agreement, a clock that was set and a
    boot too.
    """
    look = Look(NOON + 60 if dark else MIDNIGHT - 2.9 * HOUR_S, now=30.0 if before == "boot" else 5000.0)
    if before in ("agreed", "set"):
        look.minutes(30, dark)
    if before == "agreed":
        look.minutes(1, not dark)
    elif before == "set":
        look.wall += 1000.0
    if before == "boot":
        look.minutes(1, dark)  # half a minute after the boot it has seen half a minute
        more_s -= 30.0
    look.minutes(119, dark)
    look.go(-59).see(None)  # in the second after the last look
    assert bool(look.go(more_s).see(dark)) is told


@pytest.mark.parametrize(("dark", "begins"), [(False, MIDNIGHT + HOUR_S + 61), (True, NOON + HOUR_S + 61)])
def test_after_the_hours_that_count_nothing_does(dark: bool, begins: float) -> None:
    """A second later the two hours are not full, however long it lasts."""
    assert Look(begins).minutes(300, dark) == ""


SUMMER = night_of(datetime(2026, 6, 21, 23, tzinfo=UTC).timestamp(), Place(54.0, 0.0, UTC))
WINTER = night_of(datetime(2026, 12, 21, 23, tzinfo=UTC).timestamp(), Place(54.0, 0.0, UTC))


@pytest.mark.parametrize(
    ("latitude", "dark", "words"),
    [
        (56.0, False, ""),  # the sun is 10.6° below the horizon at midnight: bright to a cell, perhaps
        (55.0, False, ""),
        (53.9, False, LIGHT),
        (53.0, False, LIGHT),  # 11.6°, 12.7°, 13.6°
        # 8.6°, 9.4°, 10.6°, 11.6° above it at noon
        (58.0, True, ""),
        (57.2, True, ""),
        (56.0, True, DARKNESS),
        (55.0, True, DARKNESS),
    ],
)
def test_only_a_sun_that_leaves_no_question_counts(latitude: float, dark: bool, words: str) -> None:
    """Twelve degrees below the horizon, or ten above it; in between it says nothing in four days."""
    night = WINTER if dark else SUMMER
    middle = night.start + DAY_S if dark else night.middle
    look = Look(middle - 4 * HOUR_S, Place(latitude, 0.0, UTC))
    for _ in range(4):
        said = look.minutes(480, dark)
        look.see(not dark)  # else it would be broken after a day
        look.go(16 * HOUR_S)
    assert said == words


@pytest.mark.parametrize(
    ("lit", "ago_s", "words"),
    [
        (True, 119.0, ""),
        (True, 120.0, LIGHT),
        (False, 119.0, ""),
        (False, 121.0, LIGHT),
        (True, 5000.0, LIGHT),
    ],
)
def test_whose_light_it_is(lit: bool, ago_s: float, words: str) -> None:
    """What turns bright within two minutes after the lamp rose is the lamp; what does so later is not, lit or
    not.
    """
    look = Look(MIDNIGHT - 2 * HOUR_S)
    look.see(True)
    look.go(60)
    assert look.minutes(150, False, lit=lit, rose_at=look.now - ago_s) == words


@pytest.mark.parametrize(("lit", "words"), [(True, ""), (False, LIGHT)])
@pytest.mark.parametrize("silent_first", [True, False])
def test_a_first_word_beside_a_lit_lamp_is_none(lit: bool, words: str, silent_first: bool) -> None:
    """Nobody knows whether it was dark before the lamp was lit; beside a lamp that is off it is light."""
    look = Look(MIDNIGHT - 2 * HOUR_S)
    if silent_first:
        look.minutes(5, None)
    assert look.minutes(150, False, lit=lit) == words


def test_the_lamp_darkens_no_noon() -> None:
    """Own light excuses light, not darkness."""
    look = Look(NOON)
    look.minutes(1, False)
    assert look.minutes(121, True, lit=True, rose_at=look.now) == DARKNESS


@pytest.mark.parametrize(("every_s", "reads"), [(60.0, 120), (30.0, 240), (20.0, 360), (59.0, 239)])
def test_it_looks_once_a_minute(every_s: float, reads: int) -> None:
    """However often it is read, two hours are two hours; of a gap a minute counts."""
    look = Look(MIDNIGHT - 2.9 * HOUR_S)
    look.go(-60)
    look.see(True)
    look.go(60)
    told = [look.go(every_s if k else 0.0).see(False) for k in range(reads + 3)]
    assert LIGHT not in told[: reads - 3]
    assert told[-1] == LIGHT


def test_of_a_gap_one_minute_counts() -> None:
    """A process that was stopped for an hour has seen nothing of it."""
    look = Look(MIDNIGHT - 2 * HOUR_S)
    for _ in range(4):
        assert look.see(False) == ""
        look.go(HOUR_S)
    assert look.daylight.state.against_s[False] == 180.0 + 60.0


@pytest.mark.parametrize(("by_s", "words"), [(120.0, LIGHT), (-120.0, LIGHT), (121.0, ""), (-121.0, "")])
def test_a_clock_that_is_set_begins_anew(by_s: float, words: str) -> None:
    """Two minutes are drift, more is a clock that was set: what was seen before it does not count."""
    look = Look(MIDNIGHT - 2 * HOUR_S)
    assert look.minutes(119, False) == ""
    look.wall += by_s
    assert look.minutes(2, False) == words
    assert look.minutes(118, False) == LIGHT


@pytest.mark.parametrize("by_s", [121.0, -121.0])
def test_a_doubt_ends_with_the_clock_that_was_set(by_s: float) -> None:
    """At once, at the next look; and the two hours begin anew."""
    look = Look(MIDNIGHT - 2.9 * HOUR_S)
    assert look.minutes(120, False) == LIGHT
    look.wall += by_s
    assert look.minutes(119, False) == ""
    assert look.minutes(2, False) == LIGHT


@pytest.mark.parametrize("agrees", [True, False])
def test_a_moment_of_agreement_is_the_end_of_evidence(agrees: bool) -> None:
    """Dark at midnight, the light of before was something else; a cell that says nothing in between changes
    nothing.
    """
    look = Look(MIDNIGHT - 2.9 * HOUR_S)
    look.minutes(100, False)
    look.minutes(1, True if agrees else None)
    assert look.minutes(25, False) == ("" if agrees else LIGHT)


def test_agreement_at_noon_excuses_no_midnight() -> None:
    """Light at noon is as it should be: it says nothing of the light of the night before."""
    look = Look(MIDNIGHT + 1.4 * HOUR_S)
    assert look.minutes(120, False) == ""  # 97 of them count
    look.wall, look.now = look.wall + 7 * HOUR_S, look.now + 7 * HOUR_S
    look.minutes(60, False)
    look.see(True)  # at some other time, else the cell would be broken
    look.go(11 * HOUR_S)
    assert look.minutes(25, False) == LIGHT


@pytest.mark.parametrize(("hours", "words"), [(26 - 1 / HOUR_S, LIGHT), (26.0, "")])
def test_a_cell_that_says_the_same_for_26_hours(hours: float, words: str) -> None:
    """Is broken: its doubt ends, and begins no more."""
    look = Look(MIDNIGHT - 2 * HOUR_S)
    assert look.minutes(130, False) == LIGHT
    look.go(hours * HOUR_S - 130 * 60)
    assert look.see(False) == words
    look.go(HOUR_S)
    assert look.minutes(200, False) == ""


def test_a_broken_cell_that_changes_counts_again() -> None:
    """With the next change it says something; its two hours are two hours."""
    look = Look(MIDNIGHT - 30 * HOUR_S)
    look.minutes(60, False)
    look.go(27 * HOUR_S)
    look.minutes(2, False)
    look.minutes(1, True)
    assert look.minutes(119, False) == ""
    assert look.minutes(1, False) == LIGHT


@pytest.mark.parametrize(("hours", "words"), [(25 - 1 / HOUR_S, LIGHT), (25.0, "")])
def test_a_doubt_ends_a_day_after_it_was_fed(hours: float, words: str) -> None:
    """Twenty-five hours without one; until then it holds, whatever the cell says."""
    look = Look(MIDNIGHT - 2.9 * HOUR_S)
    assert look.minutes(120, False) == LIGHT
    last = look.now - 60
    while look.now < last + hours * HOUR_S - 60:
        look.see((look.wall - MIDNIGHT) % DAY_S < 6 * HOUR_S or (look.wall - MIDNIGHT) % DAY_S > 18 * HOUR_S)
        look.go(600)
    look.go(last + hours * HOUR_S - look.now)
    assert look.see(True) == words


def test_a_contradiction_in_between_prolongs_the_doubt() -> None:
    """The day is counted from the last one."""
    look = Look(MIDNIGHT - 2.9 * HOUR_S)
    assert look.minutes(120, False) == LIGHT
    look.minutes(1, True)
    look.go(23 * HOUR_S)
    assert look.minutes(3, False) == LIGHT
    look.minutes(1, True)
    look.go(24 * HOUR_S)
    assert look.see(True) == LIGHT
    look.go(2 * HOUR_S)
    assert look.see(True) == ""


@pytest.mark.parametrize(("hours", "aside"), [(25 - 1 / HOUR_S, True), (25.0, False)])
def test_a_cell_that_is_set_aside_agrees_for_a_day(hours: float, aside: bool) -> None:
    """From its first agreement on; nothing that it says until then is a doubt."""
    look = Look(MIDNIGHT - 2.9 * HOUR_S)
    assert look.minutes(120, False) == LIGHT
    look.daylight.set_aside()
    assert (look.daylight.state.doubt, look.daylight.state.aside) == ("", True)
    assert look.minutes(200, False) == ""
    first = look.now
    assert look.daylight.state.aside
    while look.now < first + hours * HOUR_S:
        look.see((look.wall - MIDNIGHT) % DAY_S < 6 * HOUR_S or (look.wall - MIDNIGHT) % DAY_S > 18 * HOUR_S)
        look.go(min(600, max(1.0, first + hours * HOUR_S - look.now)))
    look.see(True)
    assert look.daylight.state.aside is aside


def test_a_contradiction_begins_the_day_anew() -> None:
    """A cell that is set aside and contradicts once more has agreed for nothing."""
    look = Look(MIDNIGHT - 2.9 * HOUR_S)
    look.daylight.set_aside()
    look.minutes(10, True)
    look.go(24 * HOUR_S)
    look.minutes(2, False)
    look.minutes(2, True)
    look.go(2 * HOUR_S)
    look.minutes(2, True)
    assert look.daylight.state.aside
    look.go(24 * HOUR_S)
    look.see(True)
    assert not look.daylight.state.aside


def test_a_cell_that_always_says_the_same_stays_aside() -> None:
    """It agrees with every night, and contradicts every noon: that is no day of agreement."""
    look = Look(MIDNIGHT)
    look.daylight.set_aside()
    look.minutes(4 * 24 * 60, True)
    assert look.daylight.state.aside


def test_what_was_seen_before_it_was_set_aside_is_gone() -> None:
    """The two hours begin anew once it counts again."""
    look = Look(MIDNIGHT - 2.9 * HOUR_S)
    look.minutes(119, False)
    look.daylight.set_aside()
    assert look.daylight.state.against_s == {True: 0.0, False: 0.0}
    assert not Daylight(SUMEDANG).state.aside, "at first it counts"


@pytest.mark.parametrize("wall", [1e12, -1e12, 1e18, float("inf"), float("nan")])
@pytest.mark.parametrize("dark", [True, False, None])
def test_a_clock_that_reads_nonsense_is_not_judged(wall: float, dark: bool | None) -> None:
    """Beyond the calendar there is neither noon nor midnight."""
    look = Look(wall)
    for _ in range(3):
        assert look.minutes(130, dark) == ""
        look.see(None if dark is None else not dark)


@pytest.mark.parametrize("dark", [True, False])
def test_who_says_nothing_contradicts_nothing(dark: bool) -> None:
    """Unknown is neither light nor darkness, at noon and at midnight."""
    look = Look(NOON if dark else MIDNIGHT - 2.9 * HOUR_S)
    assert look.minutes(140, None) == ""
    assert look.minutes(119, dark) == "", "and counts for neither"
