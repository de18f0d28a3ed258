"""Times of day: fixed ("22:00") and solar ("sunset-00:15"), and when the sun passes which height.

The sun is found by its elevation, not by an event of a calendar day: that cannot return another day's event and
cannot fail where the sun does not rise. Formulas: NOAA solar calculator (after Meeus, Astronomical Algorithms),
right within about a minute between the polar circles.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

HORIZON_DEG = -0.833  # sunrise and sunset: refraction and the radius of the disc
TWILIGHT_DEG = -6.0  # dusk and dawn: civil twilight
DAY_S = 86_400
STEP_S = 600  # search step for a crossing; a crossing is then refined to under a second

SOLAR_WORDS = {
    "sunset": (HORIZON_DEG, -1),
    "sunrise": (HORIZON_DEG, 1),
    "dusk": (TWILIGHT_DEG, -1),
    "dawn": (TWILIGHT_DEG, 1),
}
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
    """A fixed time (`solar` is None, `offset_s` counts from local midnight) or a solar one (`offset_s` from the event)."""

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
        raise ValueError(f'{text!r} is no time of day; write "22:00", "sunset" or "sunrise-00:15" (sunset, sunrise, dusk, dawn)')


def elevation_deg(wall: float, place: Place) -> float:
    """Height of the sun's centre over the horizon, in degrees, at a wall time (Unix seconds)."""
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
    solar_min = (wall % DAY_S) / 60 + equation_min + 4 * place.longitude
    hour_angle = math.radians(solar_min / 4 - 180)
    latitude = math.radians(place.latitude)
    height = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(hour_angle)
    return math.degrees(math.asin(max(-1.0, min(1.0, height))))


def is_dark(wall: float, place: Place) -> bool:
    """True between sunset and sunrise."""
    return elevation_deg(wall, place) < HORIZON_DEG


def _noon_before(wall: float, zone: tzinfo) -> datetime:
    local = datetime.fromtimestamp(wall, zone)
    noon = local.replace(hour=12, minute=0, second=0, microsecond=0)
    return noon if noon <= local else noon - timedelta(days=1)


def moment(time: TimeOfDay, wall: float, place: Place) -> float | None:
    """The wall time of `time` in the day (noon to noon, so that a night is one day) that holds `wall`.

    None where the sun does not pass that height in this day.
    """
    noon = _noon_before(wall, place.zone)
    if time.solar is None:
        day = noon if time.offset_s >= DAY_S // 2 else noon + timedelta(days=1)
        hour, minute = divmod(time.offset_s // 60, 60)
        return day.replace(hour=hour, minute=minute).timestamp()
    height, direction = SOLAR_WORDS[time.solar]
    start = noon.timestamp()
    before = elevation_deg(start, place) - height
    for step in range(STEP_S, DAY_S + STEP_S, STEP_S):
        after = elevation_deg(start + step, place) - height
        if before * direction < 0 <= after * direction:
            low, high = start + step - STEP_S, start + step
            while high - low > 0.5:
                middle = (low + high) / 2
                if (elevation_deg(middle, place) - height) * direction < 0:
                    low = middle
                else:
                    high = middle
            return high + time.offset_s
        before = after
    return None


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
            raise ValueError(f'{text!r} is no span; write "always", "sunset..sunrise" or "22:00..05:00"')
        return cls(TimeOfDay.parse(start), TimeOfDay.parse(end))

    def holds(self, wall: float, place: Place) -> bool:
        """True when `wall` lies in the span. A solar end that does not happen today leaves the sun's height to decide."""
        if self.start is None or self.end is None:
            return True
        start, end = moment(self.start, wall, place), moment(self.end, wall, place)
        if start is None or end is None:
            return is_dark(wall, place)
        return start <= wall < end if start <= end else wall >= start or wall < end


def rfc3339(wall: float) -> str:
    """Unix seconds as RFC 3339 in UTC with milliseconds and ``Z``."""
    moment_utc = datetime.fromtimestamp(wall, UTC)
    return moment_utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment_utc.microsecond // 1000:03d}Z"
