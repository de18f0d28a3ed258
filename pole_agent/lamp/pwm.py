"""The lamp on the kernel's hardware PWM (/sys/class/pwm): exact, without flicker, and no thread. Recommended
on a Pi.

The chip is found by the name of its device, because its number changes between kernels. The PWM goes on by
itself when the process dies, so a restart does not blink; `close` and ``pole-agent lamp release`` let the
wiring light the street.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from pole_agent.errors import LampError
from pole_agent.languages import phrase

ROOT = Path("/sys/class/pwm")
READY_S = 1.0  # udev changes the owner of the files after the export
PI5 = "1f00098000.pwm"
# device -> {BCM pin: channel}
CHANNELS = {PI5: {12: 0, 13: 1, 18: 2, 19: 3}} | {
    device: {12: 0, 13: 1, 18: 0, 19: 1} for device in ("fe20c000.pwm", "3f20c000.pwm", "2020c000.pwm")
}
FUNCTION = {12: 4, 13: 4, 18: 2, 19: 2}


class KernelPwmLamp:
    """Drives channel `channel` of the chip whose device is `device`; with None for both, the chip of the Pi
    that serves `pin`.
    """

    def __init__(
        self,
        pin: int,
        frequency_hz: int,
        active_low: bool,
        device: str | None = None,
        channel: int | None = None,
        root: Path = ROOT,
    ) -> None:
        chip, channel = find_chip(root, pin, device, channel)
        self._period_ns = round(1e9 / frequency_hz)
        self._inverted = active_low
        self._folder = chip / f"pwm{channel}"
        self._closed = False
        try:
            if not self._folder.exists():
                (chip / "export").write_text(f"{channel}\n")
            self._wait_until_ready()
            self._start()
        except OSError as error:
            raise LampError(phrase("pwm-unwritable", folder=self._folder, error=error)) from error

    def set(self, duty: float) -> None:
        duty = min(1.0, max(0.0, duty))
        light_ns = max(1, round(duty * self._period_ns)) if duty > 0 else 0  # lit never rounds to dark
        try:
            self._write("duty_cycle", self._period_ns - light_ns if self._inverted else light_ns)
        except OSError as error:
            raise LampError(phrase("pwm-failed", folder=self._folder, error=error)) from error

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            with contextlib.suppress(OSError):
                self._write("duty_cycle", 0)
                self._write("enable", 0)

    def _start(self) -> None:
        """Take over a PWM that runs as it is; else start it low, which the reference wiring shows as full
        light.
        """
        normal = (self._folder / "polarity").read_text().strip() == "normal"
        if normal and self._read("enable") == 1 and self._read("period") == self._period_ns:
            return
        if not normal:  # left so by somebody; it can be changed only while the PWM stands
            self._write("enable", 0)
            (self._folder / "polarity").write_text("normal\n")
        if self._read("period"):
            # First, because no duty may be longer than the period, and none can be set without one
            self._write("duty_cycle", 0)
        self._write("period", self._period_ns)
        self._write("duty_cycle", 0)
        self._write("enable", 1)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        while True:
            try:
                with (self._folder / "duty_cycle").open("r+"):
                    return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def _read(self, name: str) -> int:
        return int((self._folder / name).read_text())

    def _write(self, name: str, value: int) -> None:
        (self._folder / name).write_text(f"{value}\n")


def find_chip(root: Path, pin: int, device: str | None, channel: int | None) -> tuple[Path, int]:
    """The folder of the chip, and the channel. Raises LampError that says what is there and what to do."""
    chips = {(chip / "device").resolve().name: chip for chip in sorted(root.glob("pwmchip*"))}
    if device is not None and channel is not None:
        if device in chips:
            return chips[device], channel
    else:
        for known, channels in CHANNELS.items():
            if known in chips and pin in channels:
                return chips[known], channels[pin]
    there = ", ".join(chips) or "none"
    advice = f"dtoverlay=pwm,pin={pin},func={FUNCTION[pin]}" if pin in FUNCTION else "a PWM overlay"
    raise LampError(
        phrase("no-pwm-chip", device=device or "of a Raspberry Pi", pin=pin, there=there, overlay=advice)
    )
