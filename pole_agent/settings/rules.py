"""[[zone]], [[line]] and [[rule]]: where to look, and what is worth an incident."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator, model_validator

from pole_agent import geometry
from pole_agent.almanac import Span
from pole_agent.languages import phrase
from pole_agent.rule_kinds import KINDS, RuleKind
from pole_agent.settings.camera import Polygon
from pole_agent.settings.section import Fraction, FractionPoint, Level, Name, Section
from pole_agent.vocabulary import Severity

Label = Literal["person", "bicycle", "car", "motorcycle", "bus", "truck", "vehicle", "two_wheeler"]
LABELS: tuple[Label, ...] = get_args(Label)
SeverityWord = Literal["info", "warning", "alarm"]
MIN_ZONE_AREA = 1e-4  # a hundredth of the picture's side, squared


class ZoneSettings(Section):
    name: Name
    camera: Name | None = Field(None, description="default: the only camera")
    polygon: Polygon
    enter_s: Annotated[
        float, Field(ge=0, le=60, description="an object must be inside this long to count")
    ] = 0.2
    leave_s: Annotated[
        float, Field(ge=0, le=60, description="and clearly outside this long not to count any more")
    ] = 1.0

    @field_validator("polygon")
    @classmethod
    def has_area(cls, value: tuple[FractionPoint, ...]) -> tuple[FractionPoint, ...]:
        if geometry.area(value) < MIN_ZONE_AREA:
            raise ValueError(phrase("polygon-without-area"))
        return value


class LineSettings(Section):
    name: Name
    camera: Name | None = Field(None, description="default: the only camera")
    start: FractionPoint = Field(alias="from")
    end: FractionPoint = Field(alias="to")

    @model_validator(mode="after")
    def has_length(self) -> LineSettings:
        if self.start == self.end:
            raise ValueError(phrase("line-without-length"))
        return self


class RuleLamp(Section):
    level: Level = 1.0
    hold_s: Annotated[float, Field(ge=0, le=3600)] = 30


class RuleSettings(Section):
    name: Name
    kind: RuleKind
    camera: Name | None = Field(None, description="default: the camera of the zone or line, or the only one")
    zone: Name | None = Field(None, description="default: the whole frame")
    line: Name | None = None
    direction: Literal["any", "forward", "backward"] = "any"
    classes: Annotated[
        tuple[Label, ...],
        Field(
            min_length=1,
            description=(
                "vehicle stands for car, bus and truck; two_wheeler for bicycle and motorcycle, rider"
                " included"
            ),
        ),
    ] = ("person",)
    min_height: Annotated[Fraction, Field(description="of the picture: what is smaller does not count")] = 0
    max_height: Annotated[Fraction, Field(description="of the picture: what is larger does not count")] = 1
    dwell_s: Annotated[float, Field(ge=0, le=86400)] = Field(
        default_factory=lambda data: KINDS[data["kind"]].dwell_s
    )
    count: Annotated[int, Field(ge=1, le=1000)] = Field(
        default_factory=lambda data: KINDS[data["kind"]].count
    )
    active: str = "always"
    severity: SeverityWord = "info"
    announce: Literal["open", "close"] = Field(
        default_factory=lambda data: "close" if data["severity"] == "info" else "open"
    )
    max_alarms_per_h: Annotated[int, Field(ge=1, le=3600)] = 6
    notify: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = Field((), max_length=8)
    lamp: RuleLamp | None = None
    drone: bool = False

    @field_validator("active")
    @classmethod
    def is_span(cls, value: str) -> str:
        Span.parse(value)
        return value

    @model_validator(mode="after")
    def fits_kind(self) -> RuleSettings:
        kind = KINDS[self.kind]
        if kind.on_line and self.line is None:
            raise ValueError(phrase("rule-needs-line", kind=self.kind))
        if kind.on_line and self.zone is not None:
            raise ValueError(phrase("rule-on-line", kind=self.kind))
        if not kind.on_line and self.line is not None:
            raise ValueError(phrase("rule-on-zone", kind=self.kind))
        if self.min_height >= self.max_height:
            raise ValueError(phrase("heights-reversed"))
        if kind.one_way and self.direction == "any":
            raise ValueError(phrase("rule-needs-direction", kind=self.kind))
        return self

    @property
    def span(self) -> Span:
        return Span.parse(self.active)

    @property
    def level(self) -> Severity:
        return Severity.of(self.severity)
