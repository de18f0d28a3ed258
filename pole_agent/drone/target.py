"""Where to look from above: the pole's position, the camera's heading and range, and how unsure that is.
Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pole_agent.geometry import towards
from pole_agent.vocabulary import Point

POSITION_M = 10.0  # how well the pole's own position is known


@dataclass(frozen=True, slots=True)
class View:
    """What is known of a camera: where it looks (degrees clockwise from true north), how wide and how far.

    No heading: it is unknown.
    """

    heading_deg: float | None = None
    hfov_deg: float = 70.0
    range_m: float = 50.0


@dataclass(frozen=True, slots=True)
class Target:
    """A circle on the ground, degrees and metres. The altitude is over ground."""

    latitude: float
    longitude: float
    altitude_m: float
    radius_m: float

    @property
    def point(self) -> Point:
        return self.latitude, self.longitude

    def as_data(self, radius: str) -> dict[str, Any]:
        """`radius` names what the radius is: how unsure the place is, or how far to fly around it."""
        return {
            "latitude": self.latitude,
            "longitude": self.longitude,
            "altitude_agl_m": self.altitude_m,
            radius: self.radius_m,
        }


def seen_from(pole: Point, view: View, foot: Point | None, altitude_m: float) -> Target:
    """The place of something that a camera of the pole sees at `foot` (fractions of the picture).

    One camera without calibration knows the direction, not the distance: the middle of its range, as unsure
    as half of it. The direction is that of a pinhole camera: tan(angle) grows evenly with the distance from
    the picture's middle.
    """
    if view.heading_deg is None:
        return _rounded(pole, altitude_m, view.range_m + POSITION_M)
    half = math.radians(view.hfov_deg / 2)
    if foot is None:
        aside, wide = 0.0, view.range_m * math.tan(min(half, math.radians(60)))
    else:
        aside, wide = math.degrees(math.atan((2 * foot[0] - 1) * math.tan(half))), 0.0
    place = towards(pole, view.heading_deg + aside, view.range_m / 2)
    return _rounded(place, altitude_m, math.hypot(view.range_m / 2, wide) + POSITION_M)


def around(pole: Point, radius_m: float, altitude_m: float) -> Target:
    """A patrol: the circle around the pole."""
    return _rounded(pole, altitude_m, radius_m)


def _rounded(place: Point, altitude_m: float, radius_m: float) -> Target:
    # To what an approval is signed over (0.1 m): what is shown, signed and ordered is the same number.
    return Target(round(place[0], 6), round(place[1], 6), round(altitude_m, 1), round(radius_m, 1))
