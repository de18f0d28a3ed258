"""The photocell in time: each side of each limit of it, in the window, in the night, by day, and where the
sun does not rise or set.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from pole_agent.almanac import NEVER, Place, TimeOfDay, night_of
from pole_agent.lamp.decide import Scene
from pole_agent.lamp.photocell import Photocell, Thresholds
from pole_agent.lamp.program import Plan, Step

SUMEDANG = Place(-6.8586, 107.9164, ZoneInfo("Asia/Jakarta"))
NIGHT = night_of(datetime.fromisoformat("2026-11-24T20:00:00+07:00").timestamp(), SUMEDANG)
WINDOW_S, DAY_S = 2700.0, 86_400.0
SUNSET, DUSK, DAWN, SUNRISE = (NIGHT.sun[word] for word in ("sunset", "dusk", "dawn", "sunrise"))
DARK, BETWEEN, BRIGHT = 10.0, 30.0, 500.0
UNKNOWN = Scene()  # what the lamp makes the failsafe level of


def plan(*steps: tuple[str, float], place: Place = SUMEDANG) -> Plan:
    return Plan({"default": tuple(Step(TimeOfDay.parse(at), level) for at, level in steps)}, (), place)


USUAL = plan(("sunset", 0.8), ("sunrise", 0.0))
# Brighter, then darker, around both: the level of the other side of the window is once more and once less
# than that of now.
RISING = plan(("sunset-00:30", 0.3), ("sunset+00:40", 0.9), ("sunrise-00:40", 0.5), ("sunrise+00:30", 0.2))
FALLING = plan(
    ("sunset-00:50", 0.6),
    ("sunset-00:10", 0.9),
    ("sunset+00:10", 0.4),
    ("sunrise-00:10", 0.7),
    ("sunrise+00:10", 0.3),
    ("sunrise+00:40", 0.5),
)


class Eye:
    """A cell that is read at moments of the wall clock. The monotonic clock is another one."""

    def __init__(self, by: Plan = USUAL) -> None:
        self.plan, self.cell = by, Photocell(Thresholds(20.0, 40.0, WINDOW_S), by)

    def see(self, wall: float, lux: float | None) -> Scene:
        """The scene of one reading."""
        return self.cell.step(lux, self.sun(wall), wall, wall - NIGHT.start + 77.0)

    def steady(self, wall: float, lux: float | None) -> Scene:
        """The scene of a reading that has lasted half a minute."""
        self.see(wall - 30, lux)
        return self.see(wall, lux)

    def sun(self, wall: float) -> Scene:
        """What program and almanac say."""
        stretch = self.plan.stretch(wall)
        return Scene(stretch.level, stretch.dark, stretch.deep)


# --- what a reading means


@pytest.mark.parametrize(
    ("readings", "dark"),
    [
        ([(0, 19.9)], True),
        ([(0, 20.0)], None),
        ([(0, 40.0)], None),
        ([(0, 40.1)], False),
        ([(0, None)], None),
        ([(0, DARK), (9, 20.0), (99, 20.0)], True),
        ([(0, DARK), (9, 40.0), (99, 40.0)], True),
        ([(0, DARK), (9, 40.1), (99, 40.1)], False),
        ([(0, BRIGHT), (9, 20.0), (99, 20.0)], False),
        ([(0, BRIGHT), (9, 19.9), (99, 19.9)], True),
        # a change lasts half a minute before it counts, without a break
        ([(0, DARK), (5, BRIGHT), (34.9, BRIGHT)], True),
        ([(0, DARK), (5, BRIGHT), (35, BRIGHT)], False),
        ([(0, BRIGHT), (5, DARK), (34.9, DARK)], False),
        ([(0, BRIGHT), (5, DARK), (35, DARK)], True),
        ([(0, DARK), (5, BRIGHT), (20, DARK), (25, BRIGHT), (54.9, BRIGHT)], True),
        ([(0, DARK), (5, BRIGHT), (20, DARK), (25, BRIGHT), (55, BRIGHT)], False),
        # between the thresholds it goes on as before, also a change that has begun
        ([(0, DARK), (5, BRIGHT), (35, BETWEEN)], False),
        ([(0, BETWEEN), (9, DARK)], True),
        # what gives nothing for a minute is unknown; the first reading after that counts at once
        ([(0, DARK), (59.9, None)], True),
        ([(0, DARK), (60, None)], None),
        ([(0, BRIGHT), (60, None)], None),
        ([(0, DARK), (40, DARK), (99.9, None)], True),
        ([(0, DARK), (60, None), (61, BETWEEN)], None),
        ([(0, DARK), (60, None), (61, BRIGHT)], False),
        ([(0, DARK), (60, float("nan"))], None),
        ([(0, DARK), (59, float("nan"))], True),
    ],
)
@pytest.mark.parametrize("wall", [NIGHT.start + 600, None])
def test_what_readings_mean(
    readings: list[tuple[float, float | None]], dark: bool | None, wall: float | None
) -> None:
    """Below 20 lx is dark, above 40 bright, after half a minute; also while the clock is not trusted."""
    cell, scene = Photocell(Thresholds(20.0, 40.0, WINDOW_S), USUAL), Scene(0.0, False, False)
    for at, lux in readings:
        cell.step(lux, scene, None if wall is None else wall + at, 77.0 + at)
    assert cell.state.dark is dark


@pytest.mark.parametrize(
    ("wall", "scene"),
    [(None, Scene(0.8, True, True)), (NIGHT.start + 600, UNKNOWN), (None, UNKNOWN), (SUNSET - 60, UNKNOWN)],
)
@pytest.mark.parametrize("lux", [DARK, BRIGHT, None])
def test_without_clock_or_program_it_changes_nothing(
    wall: float | None, scene: Scene, lux: float | None
) -> None:
    """What is unknown stays unknown, whatever the cell says."""
    assert Photocell(Thresholds(20.0, 40.0, WINDOW_S), USUAL).step(lux, scene, wall, 500.0) is scene


# --- around sunset and sunrise


@pytest.mark.parametrize(
    ("wall", "lux", "level", "dark"),
    [
        (SUNSET - WINDOW_S - 1, BRIGHT, 0.0, False),
        (SUNSET - WINDOW_S, BRIGHT, 0.0, False),
        (SUNSET - WINDOW_S - 0.5, DARK, None, None),
        (SUNSET - WINDOW_S, DARK, 0.8, True),
        (SUNSET - 1, DARK, 0.8, True),
        (SUNSET + 1, DARK, 0.8, True),
        (SUNSET + WINDOW_S, DARK, 0.8, True),
        (SUNSET + WINDOW_S + 1, DARK, 0.8, True),
        # Not seen bright before
        (SUNSET - 1, BRIGHT, 0.0, False),
        (SUNSET, BRIGHT, 0.8, True),
        (SUNSET + 1, BRIGHT, 0.8, True),
        (NIGHT.middle, DARK, 0.8, True),
        (NIGHT.middle, BRIGHT, 0.8, True),
        (SUNRISE - WINDOW_S - 1, BRIGHT, 0.8, True),
        (SUNRISE - WINDOW_S, BRIGHT, 0.8, True),
        (DAWN - 1, BRIGHT, 0.8, True),
        (DAWN + 1, BRIGHT, 0.0, False),
        (SUNRISE - 1, BRIGHT, 0.0, False),
        (SUNRISE - 1, DARK, 0.8, True),
        (SUNRISE + 1, BRIGHT, 0.0, False),
        (SUNRISE + 1, DARK, 0.8, True),
        (SUNRISE + WINDOW_S, DARK, 0.8, True),
        (SUNRISE + WINDOW_S + 0.5, DARK, None, None),
        (SUNRISE + WINDOW_S + 1, BRIGHT, 0.0, False),
        (NIGHT.start, DARK, None, None),
        (NIGHT.start, BRIGHT, 0.0, False),
        (NIGHT.end - 1, DARK, None, None),
        (NIGHT.end - 1, BRIGHT, 0.0, False),
        *(
            (at, lux, 0.0, False)
            for at in (SUNSET - WINDOW_S - 1, SUNSET - 1, SUNRISE + 1, NIGHT.end - 1)
            for lux in (None, BETWEEN)
        ),
        *((at, lux, 0.8, True) for at in (SUNSET + 1, NIGHT.middle, SUNRISE - 1) for lux in (None, BETWEEN)),
    ],
)
def test_the_first_look_at_any_hour(
    wall: float, lux: float | None, level: float | None, dark: bool | None
) -> None:
    """In the windows the cell decides, in the night the sun, by day the cell can only light."""
    scene = Eye().see(wall, lux)
    assert (scene.level, scene.dark) == (level, dark)


@pytest.mark.parametrize(
    ("by", "looks", "level", "dark"),
    [
        # dark: at least what comes on the night's side of the window
        (RISING, [(SUNSET - 2000, DARK)], 0.9, True),
        (RISING, [(SUNSET + 1800, DARK)], 0.9, True),
        (RISING, [(SUNSET + WINDOW_S + 1, DARK)], 0.9, True),
        (FALLING, [(SUNSET - 400, DARK)], 0.9, True),
        (FALLING, [(SUNSET - 2000, DARK)], 0.6, True),
        (RISING, [(SUNRISE + 2000, DARK)], 0.9, True),
        (FALLING, [(SUNRISE - 300, DARK)], 0.7, True),
        (FALLING, [(SUNRISE + 800, DARK)], 0.4, True),
        # bright: at most what was on the day's side of it
        (RISING, [(SUNSET - 1000, BRIGHT)], 0.2, False),
        (FALLING, [(SUNSET - 400, BRIGHT)], 0.6, False),
        (FALLING, [(SUNSET - 400, BRIGHT), (SUNSET + 700, BRIGHT)], 0.4, False),
        (USUAL, [(SUNSET - 1, BRIGHT), (DUSK - 1, BRIGHT)], 0.0, False),
        (USUAL, [(SUNSET - 1, BRIGHT), (DUSK + 1, BRIGHT)], 0.8, True),
        (RISING, [(SUNRISE - 600, BRIGHT)], 0.2, False),
        (FALLING, [(SUNRISE - 300, BRIGHT)], 0.5, False),
        (FALLING, [(SUNRISE + 800, BRIGHT)], 0.3, False),
        # seen bright before sunset, not at it; by another evening, or by nobody, it is not seen
        (USUAL, [(SUNSET - 0.5, BRIGHT), (SUNSET + 60, BRIGHT)], 0.0, False),
        (USUAL, [(SUNSET + 30, BRIGHT), (SUNSET + 60, BRIGHT)], 0.8, True),
        (USUAL, [(SUNSET - 60, None), (SUNSET + 60, BRIGHT)], 0.8, True),
        (USUAL, [(SUNSET - 60, BETWEEN), (SUNSET + 60, BRIGHT)], 0.8, True),
        (USUAL, [(SUNSET - DAY_S - 60, BRIGHT), (SUNSET + 60, BRIGHT)], 0.8, True),
        # one change an evening and one a morning
        (USUAL, [(SUNSET - 900, DARK), (SUNSET - 300, BRIGHT)], 0.8, True),
        (USUAL, [(SUNSET - 900, DARK), (SUNSET + 300, BRIGHT)], 0.8, True),
        (USUAL, [(SUNSET - 900, DARK), (SUNRISE - 300, BRIGHT)], 0.0, False),
        (USUAL, [(SUNSET - 900, DARK), (SUNSET - 300, None)], 0.8, True),
        (USUAL, [(SUNRISE - 300, BRIGHT), (SUNRISE - 200, None)], 0.0, False),
        (USUAL, [(DAWN - 100, BRIGHT), (DAWN - 1, DARK), (DAWN + 40, DARK)], 0.8, True),
        (USUAL, [(SUNRISE - 300, DARK), (SUNRISE + 300, BRIGHT)], 0.0, False),
    ],
)
def test_what_the_cell_makes_of_the_program(
    by: Plan, looks: list[tuple[float, float | None]], level: float, dark: bool
) -> None:
    """It shifts the step of the evening and that of the morning, with their own levels, and nothing else of
    the program.
    """
    eye = Eye(by)
    for wall, lux in looks:
        scene = eye.steady(wall, lux)
    assert (scene.level, scene.dark) == (level, dark)


@pytest.mark.parametrize("deep", [True, None])
def test_bright_counts_only_where_it_is_not_deep(deep: bool | None) -> None:
    """Where nobody knows how deep the night is, a bright cell ends neither evening nor morning."""
    for middle, first in ((SUNSET, SUNSET - 60), (SUNRISE, SUNRISE - 90)):
        eye = Eye()
        eye.see(first, BRIGHT if middle == SUNSET else DARK)
        for wall in (middle + 60, middle + 120):
            scene = Scene(0.8, True, deep)
            assert eye.cell.step(BRIGHT, scene, wall, wall - NIGHT.start + 77.0).level == 0.8


# --- darkness by day


@pytest.mark.parametrize("begins", [NIGHT.start + 600, SUNSET - WINDOW_S - 5000, SUNRISE + WINDOW_S + 1])
def test_an_hour_of_light_after_darkness_by_day(begins: float) -> None:
    """From the last moment at which it was dark, not less and not more; and it is told as a contradiction."""
    eye = Eye()
    now = begins - NIGHT.start + 77.0
    assert not eye.cell.contradicts(now)
    assert eye.see(begins, DARK) == eye.see(begins + 100, DARK) == UNKNOWN
    assert eye.steady(begins + 200, BRIGHT) == UNKNOWN
    last = begins + 170  # bright from then on, but not yet believed
    assert eye.see(last + 3599.5, BRIGHT) == UNKNOWN
    assert eye.cell.contradicts(now + 170 + 3599.5)
    assert eye.see(last + 3600, BRIGHT).level == 0.0
    assert not eye.cell.contradicts(now + 170 + 3600)


@pytest.mark.parametrize("lux", [BRIGHT, None, BETWEEN])
def test_the_hour_goes_on_into_the_evening(lux: float | None) -> None:
    """Darkness by day just before the window of sunset: what is seen then may be the lamp's own light, and
    darkens nothing for an hour.
    """
    eye = Eye()
    begins = SUNSET - WINDOW_S - 60
    assert eye.see(begins, DARK) == UNKNOWN
    for after in (31, 61, 100, 600, 2000, WINDOW_S):
        scene = eye.see(begins + after, lux)
        assert scene.level in (None, 0.8), after
    assert eye.see(begins + 31 + 3600, lux).level in (0.0, 0.8), "and no longer"


@pytest.mark.parametrize(("after", "expected"), [(DAY_S - 1, None), (DAY_S, 0.0)])
def test_a_cell_is_broken_after_a_day_of_darkness(after: float, expected: float | None) -> None:
    """Dark for less than a day lights the day; longer is the cell itself.

    A moment of light begins the day anew.
    """
    eye = Eye()
    begins = NIGHT.start + 3600
    eye.see(begins, DARK)
    eye.see(begins + 9 * 3600, BRIGHT)  # shorter than half a minute
    eye.see(begins + 9 * 3600 + 20, DARK)
    assert eye.see(begins + after, DARK).level == expected
    eye = Eye()
    eye.see(begins - 7200, DARK)
    eye.steady(begins - 3600, BRIGHT)
    eye.steady(begins, DARK)
    assert eye.see(begins + after, DARK).level == expected


# --- against the sun


@pytest.mark.parametrize(
    ("looks", "stuck"),
    [
        # light in the night, from a window after dusk to a window before dawn
        ([(DUSK + WINDOW_S, BRIGHT), (DUSK + WINDOW_S + 1800, BRIGHT)], True),
        ([(DUSK + WINDOW_S, BRIGHT), (DUSK + WINDOW_S + 1799, BRIGHT)], None),
        ([(DUSK + WINDOW_S - 1, BRIGHT), (DUSK + WINDOW_S + 1799, BRIGHT)], None),
        ([(DAWN - WINDOW_S - 1801, BRIGHT), (DAWN - WINDOW_S - 1, BRIGHT)], True),
        ([(DAWN - WINDOW_S - 1801, BRIGHT), (DAWN - WINDOW_S, BRIGHT)], None),
        # darkness by day, from a window after sunrise to a window before sunset
        ([(SUNSET - WINDOW_S - 1801, DARK), (SUNSET - WINDOW_S - 1, DARK)], True),
        ([(SUNSET - WINDOW_S - 1801, DARK), (SUNSET - WINDOW_S, DARK)], None),
        ([(SUNRISE + WINDOW_S, DARK), (SUNRISE + WINDOW_S + 1800, DARK)], True),
        ([(SUNRISE + WINDOW_S - 1, DARK), (SUNRISE + WINDOW_S + 1799, DARK)], None),
        ([(SUNRISE + WINDOW_S, DARK), (SUNRISE + WINDOW_S + 1799, DARK)], None),
        # it agrees
        ([(DUSK + WINDOW_S, DARK)], False),
        ([(DAWN - WINDOW_S - 1, DARK)], False),
        ([(SUNSET - WINDOW_S - 1, BRIGHT)], False),
        ([(SUNRISE + WINDOW_S, BRIGHT)], False),
        # in between nobody knows
        ([(DUSK + WINDOW_S - 1, DARK)], None),
        ([(DAWN - WINDOW_S, DARK)], None),
        ([(SUNSET - WINDOW_S, BRIGHT)], None),
        ([(SUNRISE + WINDOW_S - 1, BRIGHT)], None),
        ([(SUNSET, DARK), (SUNSET + 1900, DARK)], None),
        ([(SUNRISE - 1000, BRIGHT), (SUNRISE + 1000, BRIGHT)], None),
        ([(NIGHT.middle, BETWEEN), (NIGHT.middle + 1900, BETWEEN)], None),
        ([(NIGHT.start, BETWEEN), (NIGHT.start + 1900, BETWEEN)], None),
        # once it agrees the half hour begins anew, and one that was stuck is believed again
        (
            [
                (NIGHT.middle, BRIGHT),
                (NIGHT.middle + 900, DARK),
                (NIGHT.middle + 960, DARK),
                (NIGHT.middle + 1000, BRIGHT),
                (NIGHT.middle + 2000, BRIGHT),
            ],
            False,
        ),
        (
            [
                (NIGHT.middle, BRIGHT),
                (NIGHT.middle + 1800, BRIGHT),
                (NIGHT.middle + 1900, DARK),
                (NIGHT.middle + 1930, DARK),
            ],
            False,
        ),
        (
            [
                (NIGHT.start, DARK),
                (NIGHT.start + 1800, DARK),
                (NIGHT.start + 1900, BRIGHT),
                (NIGHT.start + 1930, BRIGHT),
            ],
            False,
        ),
        # stuck it stays through the hours in which nobody knows
        ([(NIGHT.start + 9000, DARK), (NIGHT.start + 10_800, DARK), (SUNSET, DARK)], True),
        # silence of a minute is the end of it
        ([(NIGHT.middle, BRIGHT), (NIGHT.middle + 1800, BRIGHT), (NIGHT.middle + 1859, None)], True),
        ([(NIGHT.middle, BRIGHT), (NIGHT.middle + 1800, BRIGHT), (NIGHT.middle + 1860, None)], None),
        (
            [
                (NIGHT.middle, BRIGHT),
                (NIGHT.middle + 900, None),
                (NIGHT.middle + 901, BRIGHT),
                (NIGHT.middle + 2000, BRIGHT),
            ],
            None,
        ),
    ],
)
def test_a_cell_is_stuck_after_half_an_hour(
    looks: list[tuple[float, float | None]], stuck: bool | None
) -> None:
    """Each side of the hours that count, and of the half hour."""
    eye = Eye()
    for wall, lux in looks:
        eye.see(wall, lux)
    assert eye.cell.state.stuck is stuck


@pytest.mark.parametrize(("wall", "level"), [(SUNSET - 600, None), (SUNSET + 600, 0.8), (SUNSET + 7000, 0.8)])
def test_a_stuck_cell_decides_no_evening(wall: float, level: float | None) -> None:
    """Dark through the afternoon: the sun decides, lit before sunset for its hour."""
    eye = Eye()
    for at in (SUNSET - WINDOW_S - 1900, SUNSET - WINDOW_S - 1):
        eye.see(at, DARK)
    assert eye.cell.state.stuck
    assert eye.see(wall, DARK).level == level
    eye.cell.state.dark_since -= DAY_S  # and after a day of it there is no hour any more
    eye.cell.state.lit_until = float("-inf")
    assert eye.see(wall, DARK).level == (level or 0.0)


# --- where the sun does not rise or set

TROMSO = Place(69.65, 18.96, UTC)
POLAR_NIGHT = night_of(datetime(2026, 12, 20, 22, tzinfo=UTC).timestamp(), TROMSO)
MIDNIGHT_SUN = night_of(datetime(2026, 6, 20, 22, tzinfo=UTC).timestamp(), TROMSO)
ALL_DAY = plan(("sunset", 0.8), ("sunrise", 0.0), place=TROMSO)


@pytest.mark.parametrize("after", [0.0, 60.0, WINDOW_S - 1, WINDOW_S, 20_000.0, DAY_S - 200])
def test_in_the_polar_night_dark_is_no_contradiction(after: float) -> None:
    """There is no sunset to shift, and darkness at noon is as it should be: the program holds."""
    assert (POLAR_NIGHT.sun["sunset"], POLAR_NIGHT.sun["sunrise"]) == (POLAR_NIGHT.start, NEVER)
    for lux in (DARK, BRIGHT, None):
        eye = Eye(ALL_DAY)
        wall = POLAR_NIGHT.start + after
        scene = eye.sun(wall)
        assert scene.level == 0.8
        assert eye.see(wall, lux) == scene


@pytest.mark.parametrize("after", [0.0, 60.0, WINDOW_S, 43_000.0, DAY_S - 200])
def test_under_the_midnight_sun_dark_is_one(after: float) -> None:
    """There is no sunrise to shift: a dark cell lights, at any hour, and a bright one changes nothing."""
    assert (MIDNIGHT_SUN.sun["sunset"], MIDNIGHT_SUN.sun["sunrise"]) == (NEVER, MIDNIGHT_SUN.start)
    wall = MIDNIGHT_SUN.start + after
    assert Eye(ALL_DAY).see(wall, DARK) == UNKNOWN
    assert Eye(ALL_DAY).see(wall, BRIGHT) == Eye(ALL_DAY).see(wall, None) == replace(Scene(0.0, False, False))
