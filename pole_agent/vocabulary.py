"""The words that the rooms share. Plain values: no numpy, no I/O.

Boxes and points are fractions of the picture (0 to 1), origin top left. Times named `at` or ending in `_s`
are seconds of the monotonic clock of this boot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

Point = tuple[float, float]
Sides = tuple[float, float, float, float]  # left, top, right, bottom
MIN_AREA = 1e-9  # of a picture: far below a pixel
ROUNDING = 1e-6  # of the picture: parts of it are cut at whole pixels
GROUPS = {"vehicle": ("car", "bus", "truck"), "two_wheeler": ("bicycle", "motorcycle")}
# What the agent looks for, in COCO's words
CLASSES = ("person", "bicycle", "car", "motorcycle", "bus", "truck")
EVENT_TYPES = (  # without the prefix smartpole.
    "incident.opened",
    "incident.closed",
    "incident.summarized",
    "traffic.summarized",
    "lamp.summarized",
    "lamp.overridden",
    "lamp.resumed",
    "lamp.fault_opened",
    "lamp.fault_closed",
    "health.degraded",
    "health.recovered",
    "drone.changed",
    "command.accepted",
    "command.refused",
    "outbox.dropped",
    "page.viewed",
    "configuration.changed",
    "pole.commissioned",
)
TimeQuality = Literal["synced", "corrected", "unsynced"]


def members(names: Iterable[str]) -> frozenset[str]:
    """The classes that `names` stand for: a group for its members, a class for itself."""
    return frozenset(label for name in names for label in GROUPS.get(name, (name,)))


def group_of(label: str) -> str:
    """The group a class belongs to; a class without one is a group of its own."""
    return _GROUP_OF.get(label, label)


_GROUP_OF = {label: group for group, labels in GROUPS.items() for label in labels}


class Severity(IntEnum):
    """How much an event matters. Orders the way out and, when the disk is full, the way to oblivion."""

    INFO = 0
    WARNING = 1
    ALARM = 2

    @classmethod
    def of(cls, word: str) -> Severity:
        return cls[word.upper()]

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in fractions of the picture. It may reach beyond the picture where an object is cut off."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def sides(self) -> Sides:
        return self.left, self.top, self.right, self.bottom

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        return max(0.0, self.width) * max(0.0, self.height)

    @property
    def foot(self) -> Point:
        """Where the object stands: bottom centre, kept inside the picture."""
        x = (self.left + self.right) / 2
        return min(1.0, max(0.0, x)), min(1.0, max(0.0, self.bottom))

    def shows(self, sides: Sides) -> bool:
        """True where everything of a box with these sides is in this part of the picture, but what lies
        beyond the picture.
        """
        left, top, right, bottom = sides
        return (
            self.left <= max(left, 0.0) + ROUNDING
            and self.top <= max(top, 0.0) + ROUNDING
            and min(right, 1.0) <= self.right + ROUNDING
            and min(bottom, 1.0) <= self.bottom + ROUNDING
        )

    def sane(self) -> bool:
        """True for a box with an area that overlaps the picture and reaches less than two pictures beyond it.

        False for NaN.
        """
        left, top, right, bottom = self.left, self.top, self.right, self.bottom
        return (
            -2 < left < right < 3
            and -2 < top < bottom < 3
            and (right - left) * (bottom - top) > MIN_AREA
            and right > 0
            and bottom > 0
            and left < 1
            and top < 1
        )


def iou(a: Sides, b: Sides) -> float:
    """Intersection over union, 0 to 1."""
    left, top, right, bottom = a
    other_left, other_top, other_right, other_bottom = b
    # Comparisons, not min and max: calls are what costs here.
    width = (right if right < other_right else other_right) - (left if left > other_left else other_left)
    height = (bottom if bottom < other_bottom else other_bottom) - (top if top > other_top else other_top)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (
        (right - left) * (bottom - top) + (other_right - other_left) * (other_bottom - other_top) - shared
    )


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    return iou(a.sides, b.sides)


@dataclass(frozen=True, slots=True)
class Detection:
    """What the detector saw in one frame. `look` is an appearance descriptor (any sequence of floats), if one
    was taken.

    `moving`: the picture changes there, so it is no post that looks like somebody.
    """

    box: Box
    score: float
    label: str
    look: Any = None
    moving: bool = False


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where an object was seen, and when."""

    at: float
    box: Box


@dataclass(frozen=True, slots=True)
class Track:
    """One object followed over time, as seen at this frame.

    `earlier`: where it was seen before it was sure to be there, oldest first; given once, in its first
    report. `velocity`: across and down, in pictures a second; what is sure of it.
    """

    track_id: int
    label: str
    box: Box
    score: float
    first_seen: float
    last_seen: float
    seen_now: bool
    earlier: tuple[Sighting, ...] = ()
    velocity: Point = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment on every clock we have: monotonic, boot, and the wall as it was believed then."""

    monotonic: float
    boot_id: str
    wall: float
    quality: TimeQuality


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """Store an event and, in the same transaction, the incident it opens or closes.

    `kind` is the CloudEvents type without its prefix. A silent one only keeps the incident, nobody is told.
    """

    kind: str
    severity: Severity
    data: Mapping[str, Any]
    at: float
    opens: str | None = None
    closes: str | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class BoostLamp:
    """Raise the lamp to at least `level` until `until` (monotonic seconds). One live boost per source.

    Level 0 raises nothing by itself: it tells the lamp's own controls that something of this severity goes
    on.
    """

    source: str
    level: float
    until: float
    severity: Severity = Severity.INFO


@dataclass(frozen=True, slots=True)
class RequestDrone:
    """Ask for a look from above.

    Never more than a request. `place` is the zone or line, `score` how sure the detector is (0 to 1).
    """

    rule: str
    camera: str
    place: str
    incident_id: str
    severity: Severity
    at: float
    score: float = 1.0
    path: tuple[Point, ...] = ()

    @property
    def incident_key(self) -> tuple[str, str, str]:
        """What it is about: a repeat joins the request that there is."""
        return self.camera, self.rule, self.place


Response = RecordEvent | BoostLamp | RequestDrone
