"""[drone]: when a look from above may be asked for. It is off by default, and a person always approves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from pole_agent.settings.section import Section

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
GeoPolygon = Annotated[tuple[tuple[Latitude, Longitude], ...], Field(min_length=3, max_length=1000)]


class DroneSettings(Section):
    enabled: bool = False
    approval: Literal["required"] = "required"
    cooldown_s: Annotated[float, Field(ge=0, le=86400)] = 900
    ttl_s: Annotated[float, Field(ge=10, le=86400)] = 600
    max_alt_agl_m: Annotated[float, Field(gt=0, le=120)] = 120
    geofence: Annotated[GeoPolygon | Path | None, Field(description="[[lat, lon], …] or the path of a GeoJSON file")] = None
    exclusions: Annotated[Path | None, Field(description="the path of a GeoJSON file with areas not to fly in")] = None
    max_wind_ms: Annotated[float, Field(gt=0, le=50)] | None = None
    max_rain_mm_h: Annotated[float, Field(ge=0, le=500)] | None = None
    min_battery_pct: Annotated[float, Field(gt=0, le=100)] | None = None
