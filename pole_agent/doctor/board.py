"""The lamp's pins: GPIO chips and libraries, the kernel's PWM, the files of sensors.

Nothing is claimed or driven.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

from pole_agent.doctor.finding import Finding, said
from pole_agent.errors import LampError
from pole_agent.lamp.pwm import find_chip
from pole_agent.settings import Settings
from pole_agent.words import Both

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
            Both(
                'lamp.backend is "mock": no lamp is driven',
                'lamp.backend adalah "mock": tidak ada lampu yang dikendalikan',
            ),
            Both(
                'On a pole write backend = "pwm" or "gpio" in [lamp].',
                'Di tiang, tulis backend = "pwm" atau "gpio" pada [lamp].',
            ),
        )
        return
    if lamp.backend == "pwm" and not parts:
        return
    chips = sorted((root / "dev").glob("gpiochip*"))
    if not chips:
        yield Finding(
            "gpio",
            "fail",
            Both("there is no GPIO chip (/dev/gpiochip*)", "tidak ada chip GPIO (/dev/gpiochip*)"),
            Both(
                "Is this a Raspberry Pi? In a container or service, allow it: DeviceAllow=char-gpiochip rw.",
                "Apakah ini Raspberry Pi? Di dalam kontainer atau layanan, izinkan: DeviceAllow=char-gpiochip rw.",
            ),
        )
        return
    shut = [chip.name for chip in chips if not os.access(chip, os.R_OK | os.W_OK)]
    if len(shut) == len(chips):
        yield Finding(
            "gpio",
            "fail",
            Both(
                f"this user may not open {', '.join(shut)}",
                f"pengguna ini tidak boleh membuka {', '.join(shut)}",
            ),
            Both(
                "sudo usermod -aG gpio $USER, then log in again.",
                "sudo usermod -aG gpio $USER, lalu masuk kembali.",
            ),
        )
        return
    yield _library(len(chips))


def _library(chips: int) -> Finding:
    install = Both(
        f"pip install lgpio=={LGPIO} (Python 3.11 on aarch64), or sudo apt install python3-lgpio and make the environment with --system-site-packages.",
        f"pip install lgpio=={LGPIO} (Python 3.11 di aarch64), atau sudo apt install python3-lgpio dan buat lingkungan dengan --system-site-packages.",
    )
    if importlib.util.find_spec("lgpio") is None:
        return Finding(
            "gpio",
            "fail",
            Both("the library lgpio is not installed", "pustaka lgpio belum dipasang"),
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
            Both(
                f"lgpio {version} is an empty stub: it cannot drive anything",
                f"lgpio {version} hanyalah cangkang kosong: tidak dapat mengendalikan apa pun",
            ),
            install,
        )
    return Finding(
        "gpio", "ok", Both(f"{chips} GPIO chip(s), lgpio {version}", f"{chips} chip GPIO, lgpio {version}")
    )


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
            said(error),
            Both(
                "Add dtoverlay=pwm,pin=18,func=2 to /boot/firmware/config.txt and restart (docs/wiring.md).",
                "Tambahkan dtoverlay=pwm,pin=18,func=2 ke /boot/firmware/config.txt lalu nyalakan ulang (docs/wiring.md).",
            ),
        )
        return
    if not os.access(chip / "export", os.W_OK):
        yield Finding(
            "pwm",
            "fail",
            Both(f"this user may not write {chip}/export", f"pengguna ini tidak boleh menulis {chip}/export"),
            Both(
                "The udev rule of scripts/install gives it to the group gpio; be in that group.",
                "Aturan udev dari scripts/install memberikannya kepada grup gpio; masuklah ke grup itu.",
            ),
        )
        return
    yield Finding("pwm", "ok", Both(f"{chip.name}, channel {channel}", f"{chip.name}, kanal {channel}"))


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
                Both(f"{part.file} gives no number: {error}", f"{part.file} tidak memberi angka: {error}"),
                Both(
                    "Is the sensor connected, is its driver loaded?",
                    "Apakah sensor tersambung, apakah drivernya dimuat?",
                ),
            )
        else:
            yield Finding(
                name,
                "ok",
                Both(
                    f"{part.file} gives {value * part.scale:g}", f"{part.file} memberi {value * part.scale:g}"
                ),
            )
