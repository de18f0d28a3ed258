"""Sensors of the lamp: pins through gpiozero, and files of kernel drivers (IIO, hwmon), read in a thread
because a bus can hang.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pole_agent.errors import LampError
from pole_agent.languages import phrase
from pole_agent.threads import Thread

EVERY_S = 1.0
STALE_S = 10.0
BOUNCE_S = 0.05


class PinInput:
    """A pin that is active or not. Raises LampError when it cannot be claimed."""

    def __init__(self, factory: Any, pin: int, active_low: bool) -> None:
        from gpiozero import DigitalInputDevice, GPIOZeroError

        self._errors = (GPIOZeroError, OSError)
        try:
            # Pulled to inactive, so that a broken wire reads as inactive.
            self._device: Any = DigitalInputDevice(pin, pull_up=active_low, pin_factory=factory)
        except self._errors as error:
            raise LampError(phrase("input-pin-unreadable", pin=pin, error=error)) from error

    def active(self) -> bool | None:
        """None when it cannot be read."""
        try:
            return bool(self._device.is_active)
        except self._errors:
            return None

    def close(self) -> None:
        with contextlib.suppress(*self._errors):
            self._device.close()


class FileInput:
    """The number in a file, times `scale`. None when the newest is older than STALE_S."""

    def __init__(
        self,
        path: Path,
        scale: float = 1.0,
        every_s: float = EVERY_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._scale, self._every_s, self._now = path, scale, every_s, now
        self._newest: tuple[float, float] | None = None
        self._stop = threading.Event()
        self._thread = Thread(f"read {path.name}", self._run)

    def value(self) -> float | None:
        newest = self._newest
        return None if newest is None or self._now() - newest[1] > STALE_S else newest[0]

    def close(self) -> None:
        self._stop.set()
        self._thread.leave()

    def _run(self) -> None:
        while not self._stop.is_set():
            # One failed read is no news; the reading grows old by itself.
            with contextlib.suppress(OSError, ValueError):
                value = float(self._path.read_text()) * self._scale
                if math.isfinite(value):
                    self._newest = (value, self._now())
            self._stop.wait(self._every_s)


class PinButton:
    """A button between the pin and ground. `when_pressed` is called from a thread of gpiozero."""

    def __init__(self, factory: Any, pin: int) -> None:
        from gpiozero import Button, GPIOZeroError

        self._errors = (GPIOZeroError, OSError)
        try:
            self._device: Any = Button(pin, pull_up=True, bounce_time=BOUNCE_S, pin_factory=factory)
        except self._errors as error:
            raise LampError(phrase("button-pin-unreadable", pin=pin, error=error)) from error

    def on_press(self, call: Callable[[], None]) -> None:
        self._device.when_pressed = call

    def close(self) -> None:
        with contextlib.suppress(*self._errors):
            self._device.close()
