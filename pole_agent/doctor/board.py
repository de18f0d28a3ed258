"""The lamp's pins: GPIO chips and libraries, the kernel's PWM, the files of sensors.

Nothing is claimed or driven.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

from pole_agent.doctor.finding import Finding
from pole_agent.errors import LampError
from pole_agent.lamp.pwm import find_chip
from pole_agent.languages import phrase
from pole_agent.settings import Settings

MACHINE = Path("/")
LGPIO = "0.2.2.0"


def gpio(settings: Settings, root: Path = MACHINE) -> Iterator[Finding]:
    """The backend gpio needs a chip that may be opened, and a real lgpio: without a wheel, pip installs an
    empty stub.
    """
    lamp = settings.lamp
    parts = [
        part
        for part in (lamp.relay, lamp.photocell, lamp.feedback, lamp.button)
        if part is not None and part.pin is not None
    ]
    if lamp.backend == "mock":
        yield Finding(
            "gpio",
            "warn",
            phrase("backend-is-mock"),
            phrase("backend-is-mock-fix"),
        )
        return
    if lamp.backend == "pwm" and not parts:
        return
    chips = sorted((root / "dev").glob("gpiochip*"))
    if not chips:
        yield Finding(
            "gpio",
            "fail",
            phrase("no-gpio-chip"),
            phrase("no-gpio-chip-fix"),
        )
        return
    shut = [chip.name for chip in chips if not os.access(chip, os.R_OK | os.W_OK)]
    if len(shut) == len(chips):
        yield Finding(
            "gpio",
            "fail",
            phrase("gpio-not-permitted", chips=", ".join(shut)),
            phrase("gpio-not-permitted-fix"),
        )
        return
    yield _library(len(chips))


def _library(chips: int) -> Finding:
    install = phrase("install-lgpio-fix", version=LGPIO)
    if importlib.util.find_spec("lgpio") is None:
        return Finding(
            "gpio",
            "fail",
            phrase("lgpio-missing"),
            install,
        )
    try:
        version = importlib.metadata.version("lgpio")
    except importlib.metadata.PackageNotFoundError:
        version = "of the distribution"
    import lgpio

    if not hasattr(lgpio, "tx_pwm"):
        return Finding(
            "gpio",
            "fail",
            phrase("lgpio-is-stub", version=version),
            install,
        )
    return Finding("gpio", "ok", phrase("gpio-works", chips=chips, version=version))


def pwm(settings: Settings, root: Path = MACHINE) -> Iterator[Finding]:
    """The backend pwm needs a chip of the kernel, and write access to it."""
    lamp = settings.lamp
    if lamp.backend != "pwm":
        return
    try:
        chip, channel = find_chip(root / "sys/class/pwm", lamp.pin, lamp.pwm_device, lamp.pwm_channel)
    except LampError as error:
        yield Finding(
            "pwm",
            "fail",
            str(error),
            phrase("pwm-missing-fix"),
        )
        return
    if not os.access(chip / "export", os.W_OK):
        yield Finding(
            "pwm",
            "fail",
            phrase("pwm-not-permitted", chip=chip),
            phrase("pwm-not-permitted-fix"),
        )
        return
    yield Finding("pwm", "ok", phrase("pwm-works", chip=chip.name, channel=channel))


def sensors(settings: Settings) -> Iterator[Finding]:
    """Files of a photocell or a lamp's feedback can be read."""
    for name, part in (("photocell", settings.lamp.photocell), ("feedback", settings.lamp.feedback)):
        if part is None or part.file is None:
            continue
        try:
            value = float(part.file.read_text().split()[0])
        except (OSError, ValueError, IndexError) as error:
            yield Finding(
                name,
                "fail",
                phrase("sensor-without-number", file=part.file, error=error),
                phrase("sensor-without-number-fix"),
            )
        else:
            yield Finding(
                name,
                "ok",
                phrase("sensor-gives", file=part.file, value=f"{value * part.scale:g}"),
            )
