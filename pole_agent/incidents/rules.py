"""What a rule, a zone and a line are to the judge. Plain values, made from the settings by compose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pole_agent.almanac import Span
from pole_agent.geometry import scaled, to_ring, wound
from pole_agent.rule_kinds import KINDS, Kind, RuleKind
from pole_agent.vocabulary import Point, Severity, Track


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of a camera's picture. No polygon means the whole frame.

    An object is inside once its foot has been for `enter_s`, and outside once it has been clearly outside for
    `leave_s`. The edge is inside, and so is whatever the polygon goes around where it crosses itself.
    """

    name: str
    polygon: tuple[Point, ...] = ()
    enter_s: float = 0.0
    leave_s: float = 0.0

    def holds(self, point: Point) -> bool:
        return not self.polygon or wound(point, self.polygon)

    def distance(self, point: Point, aspect: float) -> float:
        """From its edge, in picture heights; `aspect` is the picture's width over its height. 0 without a
        polygon.
        """
        if not self.polygon:
            return 0.0
        here, *corners = scaled((point, *self.polygon), aspect)
        return to_ring(here, corners)


@dataclass(frozen=True, slots=True)
class Line:
    """`forward` crosses towards the right hand of one who looks from `start` to `end`.

    Its ends belong to it.
    """

    name: str
    start: Point
    end: Point


ALWAYS = Span()


@dataclass(frozen=True, slots=True)
class Rule:
    """What is worth an incident, and what follows from it. Times in seconds, levels 0 to 1."""

    name: str
    kind: RuleKind
    place: Zone | Line
    classes: frozenset[str]
    dwell_s: float = 0.0
    count: int = 1
    direction: Literal["any", "forward", "backward"] = "any"
    span: Span = ALWAYS
    severity: Severity = Severity.INFO
    announce_open: bool = False
    max_alarms_per_h: int = 6
    notify: tuple[str, ...] = ()
    lamp_level: float | None = None
    lamp_hold_s: float = 0.0
    drone: bool = False
    min_height: float = 0.0  # of the picture; what is smaller or larger does not count
    max_height: float = 1.0

    @property
    def of_kind(self) -> Kind:
        return KINDS[self.kind]

    def fits(self, track: Track) -> bool:
        """Is it of a class and a size that the rule is about?

        A box that is cut off by the picture counts with all its height.
        """
        return (
            track.label in self.classes
            and self.min_height <= track.box.height
            and min(1.0, track.box.height) <= self.max_height
        )


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident as it stands. Times are monotonic seconds."""

    incident_id: str
    rule: Rule
    opened_at: float
    last_seen_at: float
    label: str
    track_ids: tuple[int, ...]
    peak: int
    path: tuple[Point, ...]
    direction: str = ""
    end_reason: str = ""
    score: float = 0.0  # how sure the detector is of the object it is surest of
    since: float = 0.0  # when the condition began to hold: the rule's dwell time before it opened
