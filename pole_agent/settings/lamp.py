"""[lamp]: the driver, the programs and their calendar, limits, sensors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from pole_agent.almanac import Span, TimeOfDay
from pole_agent.dates import Dates, Weekdays
from pole_agent.languages import phrase
from pole_agent.settings.section import FilePath, Level, Name, Section

Pin = Annotated[int, Field(ge=0, le=27, description="BCM number")]
Share = Annotated[float, Field(gt=0, le=1)]
PWM_PINS = (12, 13, 18, 19)
DEFAULT = "default"


class ProgramStep(Section):
    name: Annotated[Name, Field(description="the program that this step belongs to")] = DEFAULT
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


class CalendarSettings(Section):
    """The first rule that matches the evening decides which program the night has."""

    program: Name
    days: Annotated[str | None, Field(description='weekdays of the evening: "mon..fri", "sat,sun"')] = None
    dates: Annotated[str | None, Field(description='"2027-03-20", every year "08-17", "12-24..01-02"')] = None

    @field_validator("days")
    @classmethod
    def are_days(cls, value: str | None) -> str | None:
        if value is not None:
            Weekdays.parse(value)
        return value

    @field_validator("dates")
    @classmethod
    def are_dates(cls, value: str | None) -> str | None:
        if value is not None:
            Dates.parse(value)
        return value


class ControlSettings(Section):
    """A limit that holds at some times or while something happens; what comes first has priority."""

    kind: Literal["min", "max", "level"]
    level: Level
    when: Annotated[
        Literal["always", "presence", "info", "warning", "alarm"],
        Field(
            description=(
                "always, while any rule sees somebody, or while an incident of this severity or more is open"
            )
        ),
    ] = "always"
    active: str = "always"
    hold_s: Annotated[float, Field(ge=0, le=3600, description="so much longer than its condition")] = 0

    @field_validator("active")
    @classmethod
    def is_span(cls, value: str) -> str:
        Span.parse(value)
        return value


class RelaySettings(Section):
    """A relay in the supply of the driver, on its normally closed contact: undriven = closed = lit."""

    pin: Pin
    active_low: bool = False
    min_off_s: Annotated[float, Field(ge=5, le=3600)] = 60


class PhotocellSettings(Section):
    """A light sensor: a pin that tells dark from bright, or a file with lux (the kernel's IIO drivers)."""

    pin: Pin | None = None
    dark_when: Literal["high", "low"] = "high"
    file: FilePath | None = None
    scale: Annotated[float, Field(gt=0)] = 1.0
    on_lux: Annotated[float, Field(ge=0)] = 20
    off_lux: Annotated[float, Field(gt=0)] = 40
    window_min: Annotated[
        float, Field(gt=0, le=120, description="trusted so many minutes around sunset and sunrise")
    ] = 45

    @model_validator(mode="after")
    def one_source(self) -> PhotocellSettings:
        _one_source(self.pin, self.file)
        if self.off_lux <= self.on_lux:
            raise ValueError(phrase("lux-reversed"))
        return self


class FeedbackSettings(Section):
    """What comes back from the lamp: a pin that is active while current flows or light is there, or a file
    with watts (hwmon).
    """

    pin: Pin | None = None
    active_low: bool = False
    file: FilePath | None = None
    scale: Annotated[
        float, Field(gt=0, description="watts for one unit of the file; hwmon power is in microwatts")
    ] = 1e-6
    lit_above_w: Annotated[float, Field(gt=0)] = 2.0

    @model_validator(mode="after")
    def one_source(self) -> FeedbackSettings:
        _one_source(self.pin, self.file)
        return self


class ButtonSettings(Section):
    """A button inside the pole, from the pin to ground: off for a while, and pressed again back to the
    program.
    """

    pin: Pin
    off_s: Annotated[float, Field(ge=10, le=12 * 3600)] = 900


DEFAULT_PROGRAM = (ProgramStep(at="sunset", level=1.0), ProgramStep(at="sunrise", level=0.0))


class LampSettings(Section):
    backend: Annotated[
        Literal["gpio", "pwm", "mock"],
        Field(description='"pwm": the hardware PWM of the kernel, recommended'),
    ] = "gpio"
    pin: Pin = 18
    pwm_device: Annotated[
        str | None, Field(description="name of the PWM device under /sys; default: that of the Pi")
    ] = None
    pwm_channel: Annotated[int | None, Field(ge=0, le=15)] = None
    active_low: Annotated[bool, Field(description="low or floating = lit, the safe wiring")] = True
    frequency_hz: Annotated[int, Field(ge=100, le=10_000)] = 1000
    rated_w: Annotated[float, Field(gt=0, le=2000)] = 60
    curve: Literal["linear", "dali"] = "linear"
    fade_s: Annotated[float, Field(ge=0, le=60)] = 2
    fade_down_s: Annotated[float | None, Field(ge=0, le=600, description="default: fade_s")] = None
    min_level: Annotated[
        float,
        Field(
            gt=0, le=1, description="the lowest level the driver can hold; between 0 and this it gives this"
        ),
    ] = 0.1
    floor: Annotated[
        Level, Field(description="nothing remote goes below this at night, and no mistake in a program")
    ] = 0.2
    part_night: Annotated[
        bool, Field(description="the program may go below the floor between dusk and dawn")
    ] = False
    failsafe_level: Annotated[float, Field(ge=0.1, le=1)] = 1.0
    boost_in_daylight: bool = False
    clo: Annotated[
        tuple[tuple[Annotated[float, Field(ge=0)], Share], ...],
        Field(
            max_length=32,
            description=(
                "constant light output: [burn hours, share of the first light that is left], in order"
            ),
        ),
    ] = ()
    virtual_output: Annotated[
        Share,
        Field(
            description="the share of the driver's power that is called full, for a lamp that is too bright"
        ),
    ] = 1.0
    program: Annotated[tuple[ProgramStep, ...], Field(min_length=1, max_length=96)] = DEFAULT_PROGRAM
    calendar: Annotated[tuple[CalendarSettings, ...], Field(max_length=64)] = ()
    control: Annotated[tuple[ControlSettings, ...], Field(max_length=16)] = ()
    relay: RelaySettings | None = None
    photocell: PhotocellSettings | None = None
    feedback: FeedbackSettings | None = None
    button: ButtonSettings | None = None

    @field_validator("clo")
    @classmethod
    def in_order(cls, value: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        hours = [h for h, _ in value]
        if hours != sorted(set(hours)):
            raise ValueError(phrase("hours-must-rise"))
        return value

    @model_validator(mode="after")
    def fits_together(self) -> LampSettings:
        used: dict[int, str] = {}
        twice = [
            phrase("pin-twice", key=key, other=used[pin], pin=pin)
            for key, pin in self.pins()
            if used.setdefault(pin, key) != key
        ]
        if twice:
            raise ValueError("; ".join(twice))
        if self.backend == "pwm" and self.pin not in PWM_PINS and self.pwm_channel is None:
            raise ValueError(phrase("pin-without-pwm", pin=self.pin, pins=", ".join(map(str, PWM_PINS))))
        if (self.pwm_device is None) != (self.pwm_channel is None):
            raise ValueError(phrase("pwm-both-or-none"))
        return self

    def pins(self) -> Iterator[tuple[str, int]]:
        """Every pin that is used, with its key."""
        yield "pin", self.pin
        for key in ("relay", "photocell", "feedback", "button"):
            part = getattr(self, key)
            if part is not None and part.pin is not None:
                yield f"{key}.pin", part.pin

    def programs(self) -> dict[str, list[ProgramStep]]:
        """The steps by program."""
        found: dict[str, list[ProgramStep]] = {}
        for step in self.program:
            found.setdefault(step.name, []).append(step)
        return found


def _one_source(pin: int | None, file: FilePath | None) -> None:
    if (pin is None) == (file is None):
        raise ValueError(phrase("pin-or-file"))
    if file is not None and not file.is_absolute():
        raise ValueError(phrase("file-not-absolute", file=file))
