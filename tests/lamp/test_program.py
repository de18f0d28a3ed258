"""Nights, programs and the calendar: right everywhere on Earth, or lit."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.almanac import Place, TimeOfDay, elevation_deg, night_of
from pole_agent.dates import Dates, Weekdays
from pole_agent.lamp.drawing import draw
from pole_agent.lamp.program import CalendarRule, Plan, Step
from pole_agent.lamp.survey import survey

SUMEDANG = Place(-6.8586, 107.9164, ZoneInfo("Asia/Jakarta"))
LONDON = Place(51.4769, 0.0, ZoneInfo("Europe/London"))
TROMSO = Place(69.65, 18.96, ZoneInfo("Europe/Oslo"))
USHUAIA = Place(-54.8, -68.3, ZoneInfo("America/Argentina/Ushuaia"))
LORD_HOWE = Place(-31.55, 159.08, ZoneInfo("Australia/Lord_Howe"))  # summer time is half an hour


def wall(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def program(*steps: tuple[str, float]) -> tuple[Step, ...]:
    return tuple(Step(TimeOfDay.parse(at), level) for at, level in steps)


USUAL = program(("sunset", 1.0), ("22:00", 0.4), ("sunrise", 0.0))
PLAN = Plan({"default": USUAL}, (), SUMEDANG)


def level_at(plan: Plan, text: str) -> float:
    return plan.stretch(wall(text)).level


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("17:00", 0.0),
        ("18:30", 1.0),
        ("21:59", 1.0),
        ("22:01", 0.4),
        ("03:00", 0.4),
        ("06:30", 0.0),
        ("12:00", 0.0),
    ],
)
def test_the_program_of_a_night(at: str, expected: float) -> None:
    assert level_at(PLAN, f"2026-03-02T{at}:00+07:00") == expected


@pytest.mark.parametrize(
    ("steps", "at", "expected"),
    [
        ((("22:00", 0.4),), "19:00", 0.4),  # dark, and nothing has come tonight
        ((("22:00", 0.4),), "15:00", 0.4),
        ((("sunset", 1.0), ("23:00", 0.6)), "15:00", 0.6),
        ((("sunset", 1.0), ("sunrise", 0.1)), "15:00", 0.1),
        ((("sunset", 1.0), ("sunrise", 0.0)), "15:00", 0.0),
    ],
)
def test_before_its_first_step_last_night_goes_on(
    steps: tuple[tuple[str, float], ...], at: str, expected: float
) -> None:
    """Until the first step of this night has come, the last one of the night before holds."""
    assert level_at(Plan({"default": program(*steps)}, (), SUMEDANG), f"2026-03-02T{at}:00+07:00") == expected


# A day of the sun is shorter than 24 hours then, and longer
@pytest.mark.parametrize("month", ["2026-09", "2026-12"])
@pytest.mark.parametrize(
    ("day", "expected"), [("25", 0.4), ("26", 0.4), ("27", 0.4), ("28", 0.7), ("29", 0.5), ("30", 0.4)]
)
def test_last_night_is_the_night_before(month: str, day: str, expected: float) -> None:
    """Not the one before that: after a night with another program its last step holds until this night's
    first one.
    """
    calendar = (
        CalendarRule("fair", None, Dates.parse(f"{month}-27")),
        CalendarRule("late", None, Dates.parse(f"{month}-28")),
    )
    programs = {
        "default": program(("22:00", 0.4)),
        "fair": program(("23:00", 0.7)),
        "late": program(("23:00", 0.5)),
    }
    assert level_at(Plan(programs, calendar, SUMEDANG), f"{month}-{day}T15:00:00+07:00") == expected


@pytest.mark.parametrize(
    ("day", "expected"), [("2026-12-20", [1.0, 0.3]), ("2026-06-20", [0.0]), ("2026-03-20", [1.0, 0.3, 0.0])]
)
def test_a_step_that_never_comes_is_no_step(day: str, expected: list[float]) -> None:
    """Where the sun stays below or above the horizon its words are left out; a step in time has a time."""
    plan = Plan({"default": program(("sunset", 1.0), ("23:00", 0.3), ("sunrise", 0.0))}, (), TROMSO)
    found = plan.steps(night_of(wall(f"{day}T23:30:00+01:00"), TROMSO))
    assert all(math.isfinite(at) for at, _ in found)
    assert [level for _, level in found] == expected


@pytest.mark.parametrize(
    ("day", "word", "level"), [("2026-12-20", "sunrise", 1.0), ("2026-06-20", "sunset", 0.0)]
)
def test_where_no_step_comes_the_sun_decides(day: str, word: str, level: float) -> None:
    """A program whose only word the sun does not reach for days: dark is lit, bright is off."""
    plan = Plan({"default": program((word, 0.5))}, (), TROMSO)
    assert level_at(plan, f"{day}T23:30:00+01:00") == level


@pytest.mark.parametrize(
    ("steps", "at", "expected"),
    [
        # dawn is at 05:32 and sunrise at 05:54; sunset at 18:04 and dusk at 18:25
        ((("sunset", 1.0), ("05:45", 0.5), ("dawn", 0.3), ("sunrise", 0.0)), "05:50", 0.3),
        ((("sunset", 1.0), ("05:20", 0.5), ("dawn", 0.3), ("sunrise", 0.0)), "05:25", 0.5),
        ((("sunset", 1.0), ("05:45", 0.5), ("sunrise", 0.0)), "05:50", 0.5),
        ((("sunset", 1.0), ("05:58", 0.5), ("sunrise", 0.0)), "05:59", 0.0),
        ((("sunset", 1.0), ("dusk", 0.7), ("18:10", 0.5), ("sunrise", 0.0)), "18:15", 1.0),
        ((("sunset", 1.0), ("dusk", 0.7), ("18:10", 0.5), ("sunrise", 0.0)), "18:40", 0.5),
        ((("sunset", 1.0), ("18:10", 0.5), ("dusk", 0.7), ("sunrise", 0.0)), "18:15", 0.5),
        ((("17:30", 0.5), ("sunset", 1.0), ("sunrise", 0.0)), "17:45", 0.5),
        ((("sunset", 1.0), ("17:30", 0.5), ("sunrise", 0.0)), "17:45", 0.0),
        ((("sunset", 1.0), ("sunrise", 0.2), ("06:30", 0.0)), "06:45", 0.0),
        ((("sunset", 1.0), ("sunrise", 0.2), ("06:30", 0.0)), "06:15", 0.2),
        ((("sunset", 1.0), ("dawn-01:00", 0.6), ("sunrise", 0.0)), "05:00", 0.6),
        ((("sunset", 1.0), ("dusk+12:00", 0.6), ("sunrise", 0.0)), "06:28", 0.0),
    ],
)
def test_a_program_is_in_the_order_of_the_night(
    steps: tuple[tuple[str, float], ...], at: str, expected: float
) -> None:
    """A fixed time waits for the evening words above it; what would come after the first morning word below
    it is left out.
    """
    assert level_at(Plan({"default": program(*steps)}, (), SUMEDANG), f"2026-03-02T{at}:00+07:00") == expected


def test_a_stretch_ends_where_something_changes() -> None:
    stretch = PLAN.stretch(wall("2026-03-02T20:00:00+07:00"))
    assert stretch.end == wall("2026-03-02T22:00:00+07:00")
    assert (stretch.level, stretch.dark, stretch.deep, stretch.program) == (1.0, True, True, "default")


@pytest.mark.parametrize(
    ("word", "dark", "deep", "level"),
    [
        ("sunset", True, False, 1.0),
        ("dusk", True, True, 1.0),
        ("dawn", True, False, 0.4),
        ("sunrise", False, False, 0.0),
    ],
)
def test_what_the_sun_does_at_its_words(word: str, dark: bool, deep: bool, level: float) -> None:
    """At the moment itself it has come; half a second before it has not."""
    moment = night_of(wall("2026-03-02T20:00:00+07:00"), SUMEDANG).sun[word]
    at, before = PLAN.stretch(moment), PLAN.stretch(moment - 0.5)
    assert (at.dark, at.deep, at.level, at.start) == (dark, deep, level, moment)
    assert (before.dark, before.deep) != (dark, deep)
    assert before.end == moment


@pytest.mark.parametrize(("at", "level"), [("21:59:59.5", 1.0), ("22:00:00", 0.4)])
def test_a_step_comes_at_its_moment(at: str, level: float) -> None:
    assert level_at(PLAN, f"2026-03-02T{at}+07:00") == level


plans = st.builds(
    Plan,
    st.fixed_dictionaries(
        {
            name: st.lists(
                st.builds(
                    Step,
                    st.one_of(
                        st.builds(TimeOfDay, st.none(), st.integers(0, 1439).map(lambda m: m * 60)),
                        st.builds(
                            TimeOfDay,
                            st.sampled_from(["sunset", "sunrise", "dusk", "dawn"]),
                            st.integers(-10_800, 10_800),
                        ),
                    ),
                    st.sampled_from([0.0, 0.2, 0.5, 1.0]),
                ),
                min_size=1,
                max_size=5,
            ).map(tuple)
            for name in ("default", "other")
        }
    ),
    st.sampled_from([(), (CalendarRule("other", Weekdays.parse("fri..sun"), None),)]),
    st.builds(
        Place,
        st.floats(-90, 90),
        st.floats(-180, 180),
        st.sampled_from([UTC, ZoneInfo("Asia/Jakarta"), ZoneInfo("America/Havana")]),
    ),
)


@given(plans, st.floats(0, 4e9))
def test_any_program_anywhere_gives_a_level(plan: Plan, at: float) -> None:
    """Any program anywhere gives a level in every moment and stretches join."""
    stretch = plan.stretch(at)
    assert stretch.start <= at < stretch.end
    assert 0 <= stretch.level <= 1
    later = plan.stretch(stretch.end)
    assert later.start == stretch.end
    middle = plan.stretch((stretch.start + stretch.end) / 2)
    assert middle == stretch, "nothing changes inside a stretch"


# --- places


def test_where_the_sun_never_sets_the_lamp_is_off() -> None:
    """Where the sun never sets the lamp is off and where it never rises it is on."""
    june, december = wall("2026-06-20T12:00:00+02:00"), wall("2026-12-20T12:00:00+01:00")
    plan = Plan({"default": USUAL}, (), TROMSO)
    assert {plan.stretch(june + 600 * k).level for k in range(300)} == {0.0}
    assert {plan.stretch(december + 600 * k).level for k in range(300)} == {1.0, 0.4}
    fixed = Plan({"default": program(("17:00", 0.8), ("07:00", 0.0))}, (), TROMSO)
    assert fixed.stretch(wall("2026-06-20T23:00:00+02:00")).level == 0.8, (
        "a program of fixed times is what it says"
    )


def test_late_sunset_leads_straight_to_level_of_hour() -> None:
    """A late sunset leads straight to the level of the hour.

    In June the sun of Tromso's neighbours sets after ten: the reduced level of ten o'clock holds from sunset
    on, not from ten.
    """
    plan = Plan(
        {"default": program(("sunset", 1.0), ("22:00", 0.4), ("05:30", 0.9), ("sunrise", 0.0))},
        (),
        Place(63.4, 10.4, TROMSO.zone),
    )
    night = night_of(wall("2026-05-20T23:59:00+02:00"), plan.place)
    assert night.sun["sunset"] > wall("2026-05-20T22:00:00+02:00")
    assert next((p.level, p.start) for p in plan.stretches(night) if p.level > 0) == (
        0.4,
        night.sun["sunset"],
    )
    assert {p.level for p in plan.stretches(night)} == {0.0, 0.4}, (
        "half past five comes after sunrise and is left out"
    )


def test_night_shorter_than_offsets_does_not_light_day() -> None:
    """A night shorter than the offsets does not light the day.

    In northern Norway the sun sets for less than an hour in May.
    """
    plan = Plan({"default": program(("sunset+00:40", 1.0), ("sunrise-00:40", 0.0))}, (), TROMSO)
    day = wall("2026-05-16T12:00:00+02:00")
    assert {plan.stretch(day + 600 * k).level for k in range(72)} == {0.0}


@pytest.mark.parametrize(
    "place", [SUMEDANG, LONDON, TROMSO, USHUAIA, LORD_HOWE, Place(70.0, 25.0, UTC), Place(-70.0, 25.0, UTC)]
)
def test_over_a_year_the_usual_program_is_lit_exactly(place: Place) -> None:
    """Over a year the usual program is lit exactly while it is dark."""
    plan = Plan({"default": USUAL}, (), place)
    at = wall("2027-06-30T12:00:00+00:00")
    for _ in range(366 * 24):
        at += 3600
        height = elevation_deg(at, place)
        if abs(height + 0.833) > 0.4:
            assert (plan.stretch(at).level > 0) == (height < -0.833), datetime.fromtimestamp(at, place.zone)


@pytest.mark.parametrize(
    ("place", "night"),
    [  # nights in which summer time begins or ends, the leap day, New Year
        (LONDON, "2027-03-27"),
        (LONDON, "2027-10-30"),
        (USHUAIA, "2027-01-01"),
        (LORD_HOWE, "2027-04-03"),
        (LORD_HOWE, "2027-10-02"),
        (SUMEDANG, "2028-02-28"),
        (SUMEDANG, "2028-02-29"),
        (SUMEDANG, "2026-12-31"),
    ],
)
def test_clock_on_the_wall_is_clock_of_the_program(place: Place, night: str) -> None:
    """The clock on the wall is the clock of the program."""
    plan = Plan(
        {
            "default": program(
                ("sunset", 1.0), ("23:00", 0.5), ("02:30", 0.3), ("04:00", 0.7), ("sunrise", 0.0)
            )
        },
        (),
        place,
    )
    at = night_of(datetime.fromisoformat(f"{night}T23:30").replace(tzinfo=place.zone).timestamp(), place)
    assert str(at.date) == night
    levels: dict[float, str] = {}
    for part in plan.stretches(at):
        levels.setdefault(part.level, datetime.fromtimestamp(part.start, place.zone).strftime("%H:%M"))
    assert levels[0.5] == "23:00"
    assert levels[0.3] in ("02:30", "03:00", "03:30"), "a time that summer time leaves out comes later"
    assert levels[0.7] == "04:00"


# --- calendar


CALENDAR = (
    CalendarRule("festival", None, Dates.parse("08-16..08-17")),
    CalendarRule("weekend", Weekdays.parse("fri,sat"), None),
    CalendarRule("once", Weekdays.parse("mon"), Dates.parse("2026-12-01..2026-12-31")),
)
TOWN = Plan(
    {
        "default": USUAL,
        "festival": program(("sunset", 1.0), ("sunrise", 0.0)),
        "weekend": program(("sunset", 1.0), ("23:30", 0.6), ("sunrise", 0.0)),
        "once": program(("sunset", 0.9), ("sunrise", 0.0)),
    },
    CALENDAR,
    SUMEDANG,
)


@pytest.mark.parametrize(
    ("at", "name", "level"),
    [
        ("2027-08-16T23:00:00+07:00", "festival", 1.0),
        ("2027-08-18T02:00:00+07:00", "festival", 1.0),  # the night of the 17th
        ("2027-08-18T23:00:00+07:00", "default", 0.4),
        ("2026-11-28T02:00:00+07:00", "weekend", 0.6),  # Saturday morning belongs to Friday
        ("2026-11-30T02:00:00+07:00", "default", 0.4),  # Monday morning belongs to Sunday
        ("2026-12-07T23:00:00+07:00", "once", 0.9),
        ("2026-11-30T23:00:00+07:00", "default", 0.4),
    ],
)
def test_first_rule_that_holds_for_evening_decides(at: str, name: str, level: float) -> None:
    """The first rule that holds for the evening decides."""
    stretch = TOWN.stretch(wall(at))
    assert (stretch.program, stretch.level) == (name, level)


def test_when_program_changes_at_noon_level_goes() -> None:
    """When the program changes at noon the level goes on until the next step.

    Nothing switches by the change of the program itself.
    """
    at = night_of(wall("2026-11-27T20:00:00+07:00"), SUMEDANG).start
    assert TOWN.stretch(at - 1).level == TOWN.stretch(at + 1).level == 0.0


# --- looking ahead


def test_survey_names_the_nights_without_light() -> None:
    """The survey names the nights without light and the days with."""
    plan = Plan(
        {
            "default": USUAL,
            "dark": program(("sunset", 1.0), ("01:00", 0.0)),
            "waste": program(("sunset", 1.0), ("09:30", 0.0)),
        },
        (
            CalendarRule("dark", None, Dates.parse("2027-03-21")),
            CalendarRule("waste", None, Dates.parse("2027-05-02")),
        ),
        SUMEDANG,
    )
    found = list(survey(plan, wall("2026-12-01T20:00:00+07:00")))
    assert [(str(s.evening), s.program, s.lit) for s in found] == [
        ("2027-03-21", "dark", False),
        ("2027-05-02", "waste", True),
    ]
    dark = found[0]
    assert dark.start == wall("2027-03-22T01:00:00+07:00")
    assert dark.end == night_of(dark.start, SUMEDANG).sun["dawn"]
    assert list(survey(PLAN, wall("2026-12-01T20:00:00+07:00"))) == []


def test_survey_tells_one_spell_for_many_steps() -> None:
    """Light by day that changes its level on the way is one spell, from sunrise to its end."""
    waste = program(("sunset", 1.0), ("07:00", 0.5), ("08:00", 0.7), ("09:30", 0.0))
    plan = Plan(
        {"default": USUAL, "waste": waste},
        (CalendarRule("waste", None, Dates.parse("2027-05-02")),),
        SUMEDANG,
    )
    (spell,) = survey(plan, wall("2027-05-02T20:00:00+07:00"), 2)
    assert spell.lit and spell.end == wall("2027-05-03T09:30:00+07:00")
    assert spell.start == night_of(spell.end - 6 * 3600, SUMEDANG).sun["sunrise"]


@pytest.mark.parametrize("place", [SUMEDANG, TROMSO, LONDON])
@pytest.mark.parametrize("day", ["2026-06-21", "2026-12-21", "2027-03-28"])
def test_a_night_can_be_drawn_anywhere(place: Place, day: str) -> None:
    plan = Plan({"default": USUAL}, (), place)
    lines = list(draw(plan, night_of(wall(f"{day}T20:00:00+00:00"), place), 60.0))
    pictures = [line for line in lines if line.endswith("|")]
    assert len(pictures) == 10
    assert {len(line) for line in pictures} == {80}
    assert any("Wh" in line for line in lines)


def test_the_drawing_shows_the_steps() -> None:
    text = "\n".join(draw(PLAN, night_of(wall("2026-03-02T20:00:00+07:00"), SUMEDANG), 60.0))
    sunset = datetime.fromtimestamp(
        night_of(wall("2026-03-02T20:00:00+07:00"), SUMEDANG).sun["sunset"], SUMEDANG.zone
    )
    assert f"  {sunset:%H:%M}  100%" in text
    assert "  22:00   40%" in text
    assert f"sunset {sunset:%H:%M}" in text
