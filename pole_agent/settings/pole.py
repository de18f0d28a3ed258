"""[pole], [storage], [clock] and [page]: who this pole is, where it keeps things, which clock it believes."""

from __future__ import annotations

import zoneinfo
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from pole_agent.almanac import Place
from pole_agent.languages import phrase
from pole_agent.settings.section import FilePath, Identifier, Section, nearest
from pole_agent.vocabulary import EVENT_TYPES

MAX_GROUPS = 16


class PoleSettings(Section):
    id: Identifier
    site: Identifier
    name: str = Field("", max_length=200)
    operator: str = Field(
        "", max_length=200, description="who runs it, for the sign at the pole (pole-agent explain)"
    )
    contact: str = Field("", max_length=200, description="where questions and complaints go")
    sign: str = Field(
        "",
        pattern=r"^([0-9a-f]{8,64})?$",
        description="conduct_sha256 as on the sign that hangs at the pole; its first eight letters do",
    )
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    timezone: str = "UTC"
    supply: Annotated[
        Literal["always", "night"], Field(description='"night": the feeder of the pole is cut by day')
    ] = "always"
    area_code: str = Field("", max_length=32, description="Kemendagri code of the area, for example 32.11")
    groups: Annotated[
        tuple[Identifier, ...],
        Field(
            max_length=MAX_GROUPS,
            description="the pole also takes commands that are sent to these groups of poles",
        ),
    ] = ()

    @field_validator("timezone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
            raise ValueError(phrase("time-zone-unknown", value=f"{value!r}")) from None
        return value

    @field_validator("groups")
    @classmethod
    def each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if twice := next((name for name in value if value.count(name) > 1), ""):
            raise ValueError(phrase("group-twice", name=twice))
        return value

    @property
    def place(self) -> Place:
        return Place(self.latitude, self.longitude, zoneinfo.ZoneInfo(self.timezone))


def _type_or_first_word(text: str) -> str:
    words = sorted({t.partition(".")[0] for t in EVENT_TYPES})
    if text in (*words, *EVENT_TYPES):
        return text
    known = [*words, *EVENT_TYPES]
    listed = phrase("event-type-unknown-known", known=", ".join(known))
    raise ValueError(nearest(phrase("event-type-unknown"), text, known, listed))


TypeOrFirstWord = Annotated[str, AfterValidator(_type_or_first_word)]
KEEP_DAYS = {"traffic": 14.0, "health": 7.0, "command": 30.0, "lamp": 90.0, "incident": 90.0, "drone": 90.0}


class StorageSettings(Section):
    state_dir: FilePath = Path("/var/lib/pole-agent")
    max_mb: Annotated[int, Field(ge=4, le=65536)] = 256
    batch_s: Annotated[
        float,
        Field(
            gt=0,
            le=30,
            description=(
                "routine events are gathered so long before they are written, twelve times as long on a busy"
                " street; a power cut can cost them"
            ),
        ),
    ] = 5
    keep_days: dict[TypeOrFirstWord, Annotated[float, Field(gt=0, le=3650)]] = Field(
        default_factory=dict,
        description="how long an event waits for the broker, by type or its first word; alarms wait for ever",
    )

    trajectory_days: Annotated[
        float,
        Field(
            ge=0,
            le=31,
            description=(
                "how long it is kept, on the pole only, where what was seen went (class, place, size; no"
                " picture), so that rules can be rehearsed; 0: not at all"
            ),
        ),
    ] = 0

    @property
    def ttl_s(self) -> dict[str, float]:
        """Seconds by type or first word."""
        return {word: days * 86_400 for word, days in (KEEP_DAYS | self.keep_days).items()}


class ClockSettings(Section):
    trust: Literal["auto", "system"] = "auto"
    rtc: Annotated[
        bool,
        Field(description="there is a clock chip with a battery: what it set the clock to at boot is right"),
    ] = False
