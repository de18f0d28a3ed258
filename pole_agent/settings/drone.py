"""[drone], [[drone.patrol]] and [[drone.officer]]: when a look from above may be asked for, and who decides.
Off by default.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, field_validator, model_validator

from pole_agent.almanac import TimeOfDay
from pole_agent.dates import Weekdays
from pole_agent.languages import phrase
from pole_agent.settings.rules import SeverityWord
from pole_agent.settings.section import FilePath, Fraction, Name, Section

POINTS, FILE = "<points>", "<file>"  # no keys: paths of problems leave them out
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
GeoPolygon = Annotated[tuple[tuple[Latitude, Longitude], ...], Field(min_length=3, max_length=1000)]
Fence = Annotated[
    Annotated[GeoPolygon, Tag(POINTS)] | Annotated[FilePath, Tag(FILE)],
    Discriminator(lambda value: FILE if isinstance(value, (str, PurePath)) else POINTS),
]
PUBLIC_KEY_BYTES = 32


def _time_of_day(text: str) -> str:
    TimeOfDay.parse(text)
    return text


TimeText = Annotated[str, AfterValidator(_time_of_day)]


class PatrolSettings(Section):
    name: Name
    at: Annotated[
        tuple[TimeText, ...],
        Field(min_length=1, max_length=48, description='local times: "06:00", "sunset+00:30"'),
    ]
    days: str = Field("mon..sun", description='"mon..fri", "sat,sun"')
    radius_m: Annotated[
        float, Field(gt=0, le=10_000, description="how far around the pole the drone flies")
    ] = 1000
    window_s: Annotated[
        float,
        Field(
            ge=60,
            le=6 * 3600,
            description="a patrol that could not start so long after its time is not made up for",
        ),
    ] = 900

    @field_validator("at")
    @classmethod
    def are_different(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError(phrase("time-twice"))
        return value

    @field_validator("days")
    @classmethod
    def are_days(cls, value: str) -> str:
        Weekdays.parse(value)
        return value

    @property
    def written(self) -> str:
        """The plan on one line, the same for the same plan: what a standing approval covers."""
        return (
            f"at {', '.join(self.at)} on {self.days}, {self.radius_m:g} m around the pole, each within"
            f" {self.window_s:g} s"
        )


class OfficerSettings(Section):
    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=100,
            pattern=r"^[^\x00-\x1f\x7f]+$",
            description='the "by" of the approvals',
        ),
    ]
    public_key: Annotated[str, Field(description="made by: pole-agent drone key")]

    @field_validator("public_key")
    @classmethod
    def is_key(cls, value: str) -> str:
        try:
            if len(base64.b64decode(value, validate=True)) == PUBLIC_KEY_BYTES:
                return value
        except (binascii.Error, ValueError):
            pass
        raise ValueError(phrase("public-key-invalid", bytes=PUBLIC_KEY_BYTES))


class DroneSettings(Section):
    enabled: bool = False
    approval: Annotated[
        Literal["required", "automatic"],
        Field(description='"automatic" is for simulation only, and every message says so'),
    ] = "required"
    officers: Annotated[
        tuple[OfficerSettings, ...],
        Field(max_length=64, description="when there is one, an approval counts only when signed by one"),
    ] = Field((), alias="officer")
    patrols: Annotated[tuple[PatrolSettings, ...], Field(max_length=16)] = Field((), alias="patrol")
    cooldown_s: Annotated[float, Field(ge=0, le=86400)] = 900
    ttl_s: Annotated[float, Field(ge=10, le=86400)] = 600
    min_severity: Annotated[SeverityWord, Field(description="of the incident that asks")] = "info"
    min_score: Annotated[
        Fraction, Field(description="how sure the detector must be of the object that asks")
    ] = 0
    max_requests_per_day: Annotated[int, Field(ge=1, le=96, description="by incidents, in 24 hours")] = 24
    max_false_alarm_rate: Annotated[
        Fraction | None,
        Field(description="a rule of which people said so often that it was wrong asks for no drone"),
    ] = None
    alt_agl_m: Annotated[float, Field(gt=0, le=120, description="height over ground that is asked for")] = 60
    max_alt_agl_m: Annotated[float, Field(gt=0, le=120)] = 120
    geofence: Annotated[Fence | None, Field(description="[[lat, lon], …] or the path of a GeoJSON file")] = (
        None
    )
    exclusions: Annotated[
        FilePath | None, Field(description="the path of a GeoJSON file with areas not to fly in")
    ] = None
    night_permit: Annotated[
        bool, Field(description="there is a permit to fly between sunset and sunrise")
    ] = False
    max_wind_ms: Annotated[float, Field(gt=0, le=50)] | None = None
    max_rain_mm_h: Annotated[float, Field(ge=0, le=500)] | None = None
    min_temperature_c: Annotated[float, Field(ge=-60, le=60)] | None = None
    max_temperature_c: Annotated[float, Field(ge=-60, le=80)] | None = None
    min_battery_pct: Annotated[float, Field(gt=0, le=100)] | None = None
    require_dock_idle: bool = False
    require_no_maintenance: bool = False
    conditions_max_age_s: Annotated[
        float, Field(ge=5, le=3600, description="conditions that are older are unknown")
    ] = 300
    answer_s: Annotated[
        float,
        Field(
            ge=10, le=3600, description="a dispatcher that has not accepted an order by then did not get it"
        ),
    ] = 120
    silence_s: Annotated[
        float,
        Field(ge=60, le=14400, description="a flight of which nothing is heard for so long is called back"),
    ] = 1800

    @model_validator(mode="after")
    def fits_together(self) -> DroneSettings:
        if self.approval == "automatic" and self.officers:
            raise ValueError(phrase("automatic-with-officers"))
        if "alt_agl_m" in self.model_fields_set and self.alt_agl_m > self.max_alt_agl_m:
            raise ValueError(
                phrase("altitude-above-most", altitude=f"{self.alt_agl_m:g}", most=f"{self.max_alt_agl_m:g}")
            )
        for key, names in (
            ("patrol", [p.name for p in self.patrols]),
            ("officer", [o.name for o in self.officers]),
        ):
            for name, count in Counter(names).items():
                if count > 1:
                    raise ValueError(phrase("name-twice-in", key=key, name=name, count=count))
        return self

    @property
    def altitude_m(self) -> float:
        """What is asked for: never above the maximum."""
        return min(self.alt_agl_m, self.max_alt_agl_m)
