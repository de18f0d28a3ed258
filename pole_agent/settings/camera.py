"""[[camera]] and [detector]: where pictures come from, and which model looks at them."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator

from pole_agent.languages import phrase
from pole_agent.settings.section import FilePath, FractionPoint, Name, Section, no_shell
from pole_agent.settings.source import address_of, may_hold_password

Polygon = Annotated[tuple[FractionPoint, ...], Field(min_length=3, max_length=64)]


class CameraSettings(Section):
    name: Name = "street"
    source: Annotated[str, Field(min_length=1, description="rtsp://…, /dev/video0 or a video file")]
    username: str | None = None
    password_file: FilePath | None = None
    transport: Annotated[
        Literal["auto", "tcp", "udp"],
        Field(description="of RTSP; auto: TCP, and UDP where the camera refuses that"),
    ] = "auto"
    fps: Annotated[float, Field(gt=0, le=60, description="frames a second that are looked at")] = 5
    loop: bool = Field(False, description="start a file again when it ends")
    masks: tuple[Polygon, ...] = Field(
        (), description="privacy masks, burned black before anything else sees the frame"
    )
    picture: Annotated[
        str | None,
        Field(
            description=(
                '"640x480": the picture that masks and zones were drawn on; default: the first one seen'
            ),
        ),
    ] = None
    heading_deg: Annotated[
        float | None, Field(ge=0, lt=360, description="where it looks, clockwise from true north; for drones")
    ] = None
    hfov_deg: Annotated[float, Field(gt=0, lt=180, description="how wide it looks")] = 70
    range_m: Annotated[float, Field(gt=0, le=1000, description="how far it looks")] = 50

    @field_validator("source")
    @classmethod
    def no_password_in_it(cls, value: str) -> str:
        """It is not repeated here, nor let into a log."""
        if may_hold_password(value) if "://" not in value else address_of(value) is None:
            raise ValueError(phrase("source-invalid"))
        return value if "://" in value else no_shell(value)

    @field_validator("picture")
    @classmethod
    def two_numbers(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[1-9]\d{0,4}x[1-9]\d{0,4}", value):
            raise ValueError(phrase("picture-size-invalid"))
        return value

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of `picture`."""
        if self.picture is None:
            return None
        width, _, height = self.picture.partition("x")
        return int(width), int(height)

    @property
    def live(self) -> bool:
        """True for a stream or a device, False for a file."""
        return "://" in self.source or self.source.startswith("/dev/")


class DetectorSettings(Section):
    model: Annotated[
        str, Field(min_length=1, description="a shipped model by name, or the path of a card (.toml)")
    ] = "nanodet-g-street-384-int8"
    min_score: Annotated[
        float, Field(ge=0.1, lt=1, description="starts a track; the tracker sees from 0.1")
    ] = 0.4
    threads: Annotated[int, Field(ge=1, le=16)] = 2
