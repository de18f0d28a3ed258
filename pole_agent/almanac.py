"""Times of day: fixed ("22:00") and solar ("sunset-00:15"), the sun's height, and nights.

A night is one day of the lamp: from one solar noon to the next. Solar noon, not twelve o'clock, because a
zone may lie hours beside its sun (in Iceland the winter sun rises after twelve). The sun is found by its
elevation: that cannot return another day's event and cannot fail where the sun does not rise. Formulas: NOAA
solar calculator (after Meeus, Astronomical Algorithms), right within about a minute between the polar
circles.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from types import MappingProxyType
from typing import Any

from pole_agent.languages import phrase

HORIZON_DEG = -0.833  # sunrise and sunset: refraction and the radius of the disc
TWILIGHT_DEG = -6.0  # dusk and dawn: civil twilight
DAY_S = 86_400
EXACT_S = 0.5  # a crossing is found to within this
ALREADY, NEVER = -math.inf, math.inf

EVENING = {"sunset": HORIZON_DEG, "dusk": TWILIGHT_DEG}
MORNING = {"dawn": TWILIGHT_DEG, "sunrise": HORIZON_DEG}
_FIXED = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_SOLAR = re.compile(r"(sunset|sunrise|dusk|dawn)(?:([+-])([01]\d|2[0-3]):([0-5]\d))?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pole stands, and the time zone its programs are written in."""

    latitude: float
    longitude: float
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """A fixed time (`solar` is None, `offset_s` counts from local midnight) or a solar one (`offset_s` from
    the event).
    """

    solar: str | None
    offset_s: int

    @classmethod
    def parse(cls, text: str) -> TimeOfDay:
        """Read "22:00", "sunset" or "sunrise-00:15". Raises ValueError."""
        if match := _FIXED.fullmatch(text):
            return cls(None, int(match[1]) * 3600 + int(match[2]) * 60)
        if match := _SOLAR.fullmatch(text):
            offset = int(match[3] or 0) * 3600 + int(match[4] or 0) * 60
            return cls(match[1], -offset if match[2] == "-" else offset)
        raise ValueError(phrase("invalid-time-of-day", text=f"{text!r}"))


def _sun(wall: float) -> tuple[float, float]:
    """Declination of the sun in radians, and the equation of time in minutes, at a wall time
    (Unix seconds).
    """
    century = (wall / DAY_S + 2440587.5 - 2451545.0) / 36525
    mean_long = (280.46646 + century * (36000.76983 + century * 0.0003032)) % 360
    anomaly = math.radians(357.52911 + century * (35999.05029 - 0.0001537 * century))
    eccentricity = 0.016708634 - century * (0.000042037 + 0.0000001267 * century)
    centre = (
        math.sin(anomaly) * (1.914602 - century * (0.004817 + 0.000014 * century))
        + math.sin(2 * anomaly) * (0.019993 - 0.000101 * century)
        + math.sin(3 * anomaly) * 0.000289
    )
    node = math.radians(125.04 - 1934.136 * century)
    apparent = math.radians(mean_long + centre - 0.00569 - 0.00478 * math.sin(node))
    tilt = 23 + (26 + (21.448 - century * (46.815 + century * (0.00059 - century * 0.001813))) / 60) / 60
    obliquity = math.radians(tilt + 0.00256 * math.cos(node))
    declination = math.asin(math.sin(obliquity) * math.sin(apparent))
    y = math.tan(obliquity / 2) ** 2
    twice = math.radians(2 * mean_long)
    equation_min = 4 * math.degrees(
        y * math.sin(twice)
        - 2 * eccentricity * math.sin(anomaly)
        + 4 * eccentricity * y * math.sin(anomaly) * math.cos(twice)
        - 0.5 * y * y * math.sin(2 * twice)
        - 1.25 * eccentricity**2 * math.sin(2 * anomaly)
    )
    return declination, equation_min


def elevation_deg(wall: float, place: Place) -> float:
    """Height of the sun's centre over the horizon, in degrees, at a wall time (Unix seconds)."""
    declination, equation_min = _sun(wall)
    solar_min = (wall % DAY_S) / 60 + equation_min + 4 * place.longitude
    hour_angle = math.radians(solar_min / 4 - 180)
    latitude = math.radians(place.latitude)
    height = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(
        declination
    ) * math.cos(hour_angle)
    return math.degrees(math.asin(max(-1.0, min(1.0, height))))


def is_dark(wall: float, place: Place) -> bool:
    """True between sunset and sunrise."""
    return elevation_deg(wall, place) < HORIZON_DEG


@dataclass(frozen=True, slots=True)
class Night:
    """From one solar noon (`start`) to the next (`end`), in wall time. `date` is the local date of the
    evening.

    `sun` gives the wall time of each solar word. Where the sun does not pass that height: below it all the
    time, the evening word has come when the night starts and the morning word never comes (NEVER); above it
    all the time, the other way round.
    """

    date: date
    start: float
    end: float
    sun: Mapping[str, float]

    @property
    def middle(self) -> float:
        """The sun's lowest."""
        return (self.start + self.end) / 2


def night_of(wall: float, place: Place) -> Night:
    """The night that holds `wall`. Raises ValueError or OverflowError for a time beyond the calendar."""
    number = math.floor(wall / DAY_S + place.longitude / 360 - 0.5)
    # The equation of time moves noon by a quarter of an hour
    for candidate in (number - 1, number, number + 1):
        night = _night(candidate, place)
        if night.start <= wall < night.end:
            return night
    raise ValueError(phrase("no-night-at", time=wall))


@functools.lru_cache(maxsize=16)
def _night(number: int, place: Place) -> Night:
    start, end = _noon(number, place), _noon(number + 1, place)
    middle = (start + end) / 2
    # From noon the sun falls until the middle of the night, then it rises: at most one crossing in each half.
    evening = {word: _crossing(start, middle, height, -1, place) for word, height in EVENING.items()}
    morning = {word: _crossing(middle, end, height, 1, place) for word, height in MORNING.items()}
    words = {word: start if at == ALREADY else at for word, at in (evening | morning).items()}
    return Night(datetime.fromtimestamp(start, place.zone).date(), start, end, MappingProxyType(words))


def _noon(number: int, place: Place) -> float:
    """Wall time of a solar noon. Nights are numbered from 1970."""
    mean = number * DAY_S + DAY_S / 2 - place.longitude * 240
    return mean - _sun(mean)[1] * 60


def _crossing(first: float, last: float, height: float, direction: int, place: Place) -> float:
    """When the sun passes `height` between two times, rising (1) or falling (-1); ALREADY or NEVER when it is
    past it or not there yet.
    """

    def past(wall: float) -> bool:
        return (elevation_deg(wall, place) - height) * direction >= 0

    if past(first):
        return ALREADY
    if not past(last):
        return NEVER
    low, high = first, last
    while high - low > EXACT_S:
        middle = (low + high) / 2
        low, high = (low, middle) if past(middle) else (middle, high)
    return high


def moment(time_of_day: TimeOfDay, night: Night, place: Place) -> float:
    """The wall time of `time_of_day` in a night; NEVER where the sun does not get there.

    An offset may lead out of the night.
    """
    if time_of_day.solar is not None:
        return night.sun[time_of_day.solar] + time_of_day.offset_s
    hour, minute = divmod(time_of_day.offset_s // 60, 60)
    at = datetime.combine(night.date, time(hour, minute), place.zone)
    return (at if at.timestamp() >= night.start else at + timedelta(days=1)).timestamp()


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the day: always, or from one time of day to another."""

    start: TimeOfDay | None = None
    end: TimeOfDay | None = None

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read "always", "sunset..sunrise" or "22:00..05:00". Raises ValueError."""
        if text == "always":
            return cls()
        start, dots, end = text.partition("..")
        if not dots:
            raise ValueError(phrase("invalid-time-span", text=f"{text!r}"))
        return cls(TimeOfDay.parse(start), TimeOfDay.parse(end))

    def holds(self, wall: float, place: Place) -> bool:
        """True when `wall` lies in the span.

        A solar end that does not happen today leaves the sun's height to decide.
        """
        if self.start is None or self.end is None:
            return True
        night = night_of(wall, place)
        solar = [
            (at.solar, below)
            for at, below in ((self.start, EVENING), (self.end, MORNING))
            if at.solar is not None
        ]
        if any(night.sun[word] in (NEVER, night.start) for word, _ in solar):
            # The sun does not pass the height of a word today: is it where the span says, below that height
            # or above?
            word, below = solar[0]
            return (elevation_deg(wall, place) < (EVENING | MORNING)[word]) is (word in below)
        start, end = moment(self.start, night, place), moment(self.end, night, place)
        return start <= wall < end if start <= end else wall >= start or wall < end


def rfc3339(wall: float) -> str:
    """Unix seconds as RFC 3339 in UTC with milliseconds and ``Z``."""
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def from_rfc3339(text: Any) -> float:
    """Unix seconds of a time with its zone. Raises ValueError for anything else, whatever its type."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        return moment.timestamp()
    except TypeError as error:
        raise ValueError from error
