"""Times of day and the sun."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.almanac import Place, Span, TimeOfDay, elevation_deg, is_dark, moment, rfc3339

SUMEDANG = Place(-6.8586, 107.9164, ZoneInfo("Asia/Jakarta"))
GREENWICH = Place(51.4769, 0.0, ZoneInfo("Europe/London"))
TROMSO = Place(69.65, 18.96, ZoneInfo("Europe/Oslo"))


def wall(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("place", "day", "word", "expected"),
    [  # published times (US Naval Observatory, by date and place)
        (GREENWICH, "2024-06-20T12:30:00+01:00", "sunset", "2024-06-20T21:21:00+01:00"),
        (GREENWICH, "2024-12-21T12:30:00+00:00", "sunset", "2024-12-21T15:53:00+00:00"),
        (GREENWICH, "2024-12-20T12:30:00+00:00", "sunrise", "2024-12-21T08:04:00+00:00"),
    ],
)
def test_the_sun_sets_and_rises_when_the_tables_say(place: Place, day: str, word: str, expected: str) -> None:
    found = moment(TimeOfDay.parse(word), wall(day), place)
    assert found is not None
    assert abs(found - wall(expected)) < 90


def test_a_night_is_one_day_from_noon_to_noon() -> None:
    """One in the morning and the evening before name the same sunset and the same 22:00."""
    evening, night = wall("2026-03-01T21:00:00+07:00"), wall("2026-03-02T01:00:00+07:00")
    for text in ("sunset", "22:00", "sunrise-00:15", "05:00"):
        time = TimeOfDay.parse(text)
        assert moment(time, evening, SUMEDANG) == moment(time, night, SUMEDANG)


def test_where_the_sun_does_not_set_there_is_no_sunset_and_it_is_not_dark() -> None:
    june = wall("2026-06-21T12:00:00+02:00")
    assert moment(TimeOfDay.parse("sunset"), june, TROMSO) is None
    assert not any(is_dark(june + 3600 * h, TROMSO) for h in range(24))
    assert not Span.parse("sunset..sunrise").holds(june, TROMSO)


@given(st.floats(0, 4e9), st.floats(-90, 90), st.floats(-180, 180))
def test_the_elevation_is_an_angle_at_any_time_and_place(wall_s: float, latitude: float, longitude: float) -> None:
    assert -90 <= elevation_deg(wall_s, Place(latitude, longitude, UTC)) <= 90


@pytest.mark.parametrize("text", ["25:00", "sunset+1:00", "noon", "", "sunset-", "22:60", "22:00 "])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no time of day"):
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


def test_rfc3339_is_utc_with_z() -> None:
    assert rfc3339(0.0625) == "1970-01-01T00:00:00.062Z"
