"""[lamp]: the pin, the driver and the program of the night."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from pole_agent.almanac import TimeOfDay
from pole_agent.settings.section import Level, Section


class ProgramStep(Section):
    at: str
    level: Level

    @field_validator("at")
    @classmethod
    def is_time(cls, value: str) -> str:
        TimeOfDay.parse(value)
        return value

    @property
    def time(self) -> TimeOfDay:
        return TimeOfDay.parse(self.at)


DEFAULT_PROGRAM = (ProgramStep(at="sunset", level=1.0), ProgramStep(at="sunrise", level=0.0))


class LampSettings(Section):
    backend: Literal["gpio", "mock"] = "gpio"
    pin: Annotated[int, Field(ge=0, le=27, description="BCM number")] = 18
    active_low: Annotated[bool, Field(description="low or floating = lit, the safe wiring")] = True
    frequency_hz: Annotated[int, Field(ge=100, le=10_000)] = 1000
    rated_w: Annotated[float, Field(gt=0, le=2000)] = 60
    curve: Literal["linear", "dali"] = "linear"
    fade_s: Annotated[float, Field(ge=0, le=60)] = 2
    min_level: Annotated[Level, Field(description="the lowest level the driver can hold; between 0 and this it gives this")] = 0.1
    floor: Annotated[Level, Field(description="nothing remote goes below this at night")] = 0.2
    failsafe_level: Annotated[float, Field(ge=0.1, le=1)] = 1.0
    boost_in_daylight: bool = False
    program: Annotated[tuple[ProgramStep, ...], Field(min_length=1, max_length=48)] = DEFAULT_PROGRAM
