"""[[camera]] and [detector]: where pictures come from, and which model looks at them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from pole_agent.settings.section import FractionPoint, Name, Section

Polygon = Annotated[tuple[FractionPoint, ...], Field(min_length=3, max_length=64)]


class CameraSettings(Section):
    name: Name = "street"
    source: Annotated[str, Field(min_length=1, description="rtsp://…, /dev/video0 or a video file")]
    username: str | None = None
    password_file: Path | None = None
    fps: Annotated[float, Field(gt=0, le=60, description="frames a second that are looked at")] = 5
    loop: bool = Field(False, description="start a file again when it ends")
    masks: tuple[Polygon, ...] = Field((), description="privacy masks, burned black before anything else sees the frame")
    heading_deg: Annotated[float | None, Field(ge=0, lt=360, description="where it looks, clockwise from true north; for drones")] = None
    hfov_deg: Annotated[float, Field(gt=0, lt=180, description="how wide it looks")] = 70
    range_m: Annotated[float, Field(gt=0, le=1000, description="how far it looks")] = 50

    @field_validator("source")
    @classmethod
    def no_password_in_it(cls, value: str) -> str:
        """What is not quite an address may hold a password in any part of it; it is not repeated here, nor let into a log."""
        secret = "write user and password as username and password_file"
        if "://" not in value:
            if re.search(r"[^/]+:[^/]+@", value):  # anywhere: file names have been made absolute
                raise ValueError(f"an address begins with rtsp:// or http://; {secret}")
            return value
        try:
            parts = urlsplit(value)
            readable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            readable = False
        if not readable or re.search(r"[\s\x00-\x1f]", value):
            raise ValueError(f"is no address that can be read; {secret}")
        if "@" in parts.path + parts.query + parts.fragment:
            raise ValueError(f'an "@" stands behind the host; {secret}')
        return value

    @property
    def live(self) -> bool:
        """True for a stream or a device, False for a file."""
        return "://" in self.source or self.source.startswith("/dev/")


class DetectorSettings(Section):
    model: Annotated[str, Field(min_length=1, description="a shipped model by name, or the path of a card (.toml)")] = "nanodet-g-320-int8"
    min_score: Annotated[float, Field(ge=0.1, lt=1, description="starts a track; the tracker sees from 0.1")] = 0.4
    threads: Annotated[int, Field(ge=1, le=16)] = 2
