"""Times of day and the sun."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.almanac import (
    HORIZON_DEG,
    NEVER,
    TWILIGHT_DEG,
    Place,
    Span,
    TimeOfDay,
    elevation_deg,
    from_rfc3339,
    is_dark,
    moment,
    night_of,
    rfc3339,
)
from pole_agent.dates import Dates, Weekdays

SUMEDANG = Place(-6.8586, 107.9164, ZoneInfo("Asia/Jakarta"))
GREENWICH = Place(51.4769, 0.0, ZoneInfo("Europe/London"))
TROMSO = Place(69.65, 18.96, ZoneInfo("Europe/Oslo"))


def wall(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("place", "day", "word", "expected"),
    [  # published times (US Naval Observatory, by date and place)
        (GREENWICH, "2024-06-20T18:00:00+01:00", "sunset", "2024-06-20T21:21:00+01:00"),
        (GREENWICH, "2024-12-21T18:00:00+00:00", "sunset", "2024-12-21T15:53:00+00:00"),
        (GREENWICH, "2024-12-20T18:00:00+00:00", "sunrise", "2024-12-21T08:04:00+00:00"),
    ],
)
def test_the_sun_sets_and_rises_when_the_tables_say(place: Place, day: str, word: str, expected: str) -> None:
    found = moment(TimeOfDay.parse(word), night_of(wall(day), place), place)
    assert abs(found - wall(expected)) < 90


def test_a_night_is_one_day_from_noon_to_noon() -> None:
    """One in the morning and the evening before name the same sunset and the same 22:00."""
    evening, night = wall("2026-03-01T21:00:00+07:00"), wall("2026-03-02T01:00:00+07:00")
    for text in ("sunset", "22:00", "sunrise-00:15", "05:00"):
        time = TimeOfDay.parse(text)
        found = moment(time, night_of(evening, SUMEDANG), SUMEDANG)
        assert found == moment(time, night_of(night, SUMEDANG), SUMEDANG)
        assert abs(found - night) < 9 * 3600


def test_where_the_sun_does_not_set_there_is_no_sunset() -> None:
    """Where the sun does not set there is no sunset and it is not dark."""
    june = wall("2026-06-21T12:00:00+02:00")
    assert moment(TimeOfDay.parse("sunset"), night_of(june, TROMSO), TROMSO) == NEVER
    assert not any(is_dark(june + 3600 * h, TROMSO) for h in range(24))
    assert not Span.parse("sunset..sunrise").holds(june, TROMSO)


GRIMSEY = Place(66.54, -18.0, ZoneInfo("Atlantic/Reykjavik"))
KASHGAR = Place(39.47, 75.99, ZoneInfo("Asia/Shanghai"))
places = st.builds(
    Place,
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.sampled_from([UTC, ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")]),
)


def test_where_clock_lies_beside_sun_night() -> None:
    """Where the clock lies beside the sun a night is still one.

    In the winter of northern Iceland the sun rises after twelve; in western China it sets towards half past
    ten.
    """
    night = night_of(wall("2026-12-21T20:00:00+00:00"), GRIMSEY)
    sunset, sunrise = (datetime.fromtimestamp(night.sun[w], GRIMSEY.zone) for w in ("sunset", "sunrise"))
    assert (sunset.day, sunset.hour, sunrise.day, sunrise.hour) == (21, 14, 22, 12)
    late = night_of(wall("2026-06-21T20:00:00+08:00"), KASHGAR)
    assert datetime.fromtimestamp(late.sun["sunset"], KASHGAR.zone).strftime("%H:%M") == "22:26"


def test_in_the_polar_night_the_evening_has_come() -> None:
    """In the polar night the evening has come and the morning never comes."""
    night = night_of(wall("2026-12-21T20:00:00+01:00"), TROMSO)
    assert (night.sun["sunset"], night.sun["sunrise"]) == (night.start, NEVER)
    assert night.start < night.sun["dusk"] < night.sun["dawn"] < night.end


@given(st.floats(0, 4e9), places)
def test_every_moment_lies_in_one_night_and_the_sun(at: float, place: Place) -> None:
    """Every moment lies in one night and the sun is where its words say."""
    night = night_of(at, place)
    assert night.start <= at < night.end
    assert 86_300 < night.end - night.start < 86_500
    assert night_of(night.end, place).start == night.end, "nights join"
    sun = night.sun
    if abs(place.latitude) < 89:  # at the pole itself the sun's slow way over the year is what moves it
        for evening, morning, height in (("sunset", "sunrise", HORIZON_DEG), ("dusk", "dawn", TWILIGHT_DEG)):
            elevation = elevation_deg(at, place)
            if abs(elevation - height) > 0.5:
                assert (sun[evening] <= at < sun[morning]) == (elevation < height)


@given(st.datetimes(datetime(1970, 1, 2), datetime(2099, 1, 1)), places, st.integers(0, 1439))
def test_a_fixed_time_comes_once_a_night(day: datetime, place: Place, minute: int) -> None:
    """A fixed time comes once a night whatever the zone does.

    Summer time included: a time that does not exist comes an hour later.
    """
    night = night_of(day.replace(tzinfo=UTC).timestamp(), place)
    at = moment(TimeOfDay(None, minute * 60), night, place)
    assert night.start <= at < night.end + 3700
    local = datetime.fromtimestamp(at, place.zone)
    assert (local.hour * 60 + local.minute - minute) % 1440 in (0, 60)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon", {0}),
        ("mon..fri", {0, 1, 2, 3, 4}),
        ("sat,sun", {5, 6}),
        ("fri..mon", {4, 5, 6, 0}),
        ("mon..sun", set(range(7))),
    ],
)
def test_weekdays(text: str, days: set[int]) -> None:
    assert {d for d in range(7) if Weekdays.parse(text).holds(datetime(2026, 11, 23 + d).date())} == days, (
        "23 November 2026 is a Monday"
    )


@pytest.mark.parametrize(
    ("text", "day", "holds"),
    [
        ("2027-03-20", "2027-03-20", True),
        ("2027-03-20", "2028-03-20", False),
        ("08-17", "2031-08-17", True),
        ("08-16..08-17", "2031-08-18", False),
        ("12-24..01-02", "2026-12-31", True),
        ("12-24..01-02", "2027-01-02", True),
        ("12-24..01-02", "2027-01-03", False),
        ("02-29", "2028-02-29", True),
        ("2026-12-30..2027-01-02", "2027-01-01", True),
        ("2026-12-30..2027-01-02", "2027-12-31", False),
    ],
)
def test_dates(text: str, day: str, holds: bool) -> None:
    assert Dates.parse(text).holds(datetime.fromisoformat(day).date()) is holds


@pytest.mark.parametrize(
    "text", ["", "02-30", "2027-02-29", "8-17", "2027-03-02..2027-03-01", "08-17..2027-08-18", "mon"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"invalid date|ends before|give both"):
        Dates.parse(text)


@pytest.mark.parametrize("text", ["", "monday", "mon..", "mon-fri", "1"])
def test_what_is_no_weekday_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid weekday"):
        Weekdays.parse(text)


@given(st.floats(0, 4e9), st.floats(-90, 90), st.floats(-180, 180))
def test_elevation_is_angle_at_any_time_and_place(wall_s: float, latitude: float, longitude: float) -> None:
    """The elevation is an angle at any time and place."""
    assert -90 <= elevation_deg(wall_s, Place(latitude, longitude, UTC)) <= 90


@pytest.mark.parametrize("text", ["25:00", "sunset+1:00", "noon", "", "sunset-", "22:60", "22:00 "])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid time of day"):
        TimeOfDay.parse(text)


@pytest.mark.parametrize(
    ("span", "at", "holds"),
    [
        ("22:00..05:00", "23:00", True),
        ("22:00..05:00", "04:59", True),
        ("22:00..05:00", "05:00", False),
        ("22:00..05:00", "12:00", False),
        ("08:00..17:00", "12:00", True),
        ("08:00..17:00", "09:00", True),
        ("08:00..17:00", "18:00", False),
        ("sunset..sunrise", "21:00", True),
        ("sunset..sunrise", "12:30", False),
        ("always", "12:30", True),
    ],
)
def test_spans(span: str, at: str, holds: bool) -> None:
    assert Span.parse(span).holds(wall(f"2026-03-01T{at}:00+07:00"), SUMEDANG) is holds


@pytest.mark.parametrize(
    ("span", "at", "holds"),
    [
        ("sunrise..sunset", "2026-12-21T00:00:00+01:00", False),
        ("sunset..sunrise", "2026-12-21T00:00:00+01:00", True),
        ("sunrise..sunset", "2026-06-21T13:00:00+02:00", True),
        ("sunset..sunrise", "2026-06-21T13:00:00+02:00", False),
        ("dusk..dawn", "2026-08-05T01:00:00+02:00", False),  # the sun sets, but there is no dusk
        ("dusk..dawn", "2026-12-21T12:00:00+01:00", False),
        ("dusk..dawn", "2026-12-21T20:00:00+01:00", True),
    ],
)
def test_spans_in_polar_day_and_night(span: str, at: str, holds: bool) -> None:
    assert Span.parse(span).holds(wall(at), TROMSO) is holds


@pytest.mark.parametrize("word", ["sunset", "dusk", "sunrise", "dawn"])
@pytest.mark.parametrize(
    ("at", "dark"), [("2026-12-21T{}:00+01:00", True), ("2026-06-21T{}:00+02:00", False)]
)
def test_half_a_solar_span_in_polar_day_and_night(word: str, at: str, dark: bool) -> None:
    """Beside a fixed time too, the sun's height decides on a day on which the word does not come: all night
    long, or not at all.
    """
    place = Place(79.0, 18.96, ZoneInfo("Europe/Oslo"))  # neither sun nor twilight in December
    evening = word in ("sunset", "dusk")
    for hour in ("00:30", "12:00", "23:00"):
        for span, holds in (
            (f"{word}..05:00", dark if evening else not dark),
            (f"22:00..{word}", not dark if evening else dark),
            (f"{word}+00:30..05:00", dark if evening else not dark),
            (f"22:00..{word}-00:30", not dark if evening else dark),
        ):
            assert Span.parse(span).holds(wall(at.format(hour)), place) is holds, (span, hour)


@pytest.mark.parametrize("at", [math.nan, math.inf, -math.inf, 1e300, 1e15, 3e11, -1e12])
def test_a_time_beyond_the_calendar_has_no_night(at: float) -> None:
    """It is refused as that, whatever it is."""
    with pytest.raises((ValueError, OverflowError)):
        night_of(at, SUMEDANG)


def test_the_middle_of_a_night_is_its_darkest() -> None:
    """The sun is lower there than a quarter of an hour before and after."""
    night = night_of(wall("2026-03-01T21:00:00+07:00"), SUMEDANG)
    before, lowest, after = (elevation_deg(night.middle + s, SUMEDANG) for s in (-900, 0, 900))
    assert before > lowest < after


def test_rfc3339_is_utc_with_z() -> None:
    assert rfc3339(0.0625) == "1970-01-01T00:00:00.062Z"


@given(st.floats(0, 4_102_444_800))
def test_a_moment_as_text_is_read_back(wall: float) -> None:
    assert abs(from_rfc3339(rfc3339(wall)) - wall) < 0.0011  # milliseconds, cut


@pytest.mark.parametrize("text", [None, 5, [], "", "soon", "2026-01-31", "2026-01-31T18:00:00"])
def test_what_is_no_time_with_its_zone_is_refused(text: object) -> None:
    with pytest.raises(ValueError):
        from_rfc3339(text)
