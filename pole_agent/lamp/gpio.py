"""The lamp on a GPIO pin by PWM, through gpiozero. The pin factory is passed in: nothing global, no
environment switch.

Reference wiring: low or floating = lit (`active_low`, a pull-down at the driver). Then every artefact of
start, stop and crash (the pin claimed low, an input after a kill) is light, never darkness.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import Any

from pole_agent.errors import LampError
from pole_agent.languages import phrase

SOFTWARE_STEPS = 100  # lgpio's PWM knows whole percents


class GpioLamp:
    """Drives `pin` (BCM number) of `factory` (a gpiozero pin factory)."""

    def __init__(self, factory: Any, pin: int, frequency_hz: int, active_low: bool) -> None:
        from gpiozero import GPIOZeroError, PWMOutputDevice

        self._errors: tuple[type[Exception], ...] = (GPIOZeroError, OSError)
        # The device itself is told active high, so that its own artefacts (low at claim, low at close) stay
        # low on the wire.
        self._inverted = active_low
        try:
            self._device: Any = PWMOutputDevice(
                pin, active_high=True, initial_value=0, frequency=frequency_hz, pin_factory=factory
            )
        except self._errors as error:
            raise LampError(phrase("pin-not-driven", pin=pin, error=error)) from error

    def set(self, duty: float) -> None:
        # A hair more than the whole percent, because lgpio cuts off: 0.29 must not become 28 %.
        light = round(min(1.0, max(0.0, duty)) * SOFTWARE_STEPS)
        if duty > 0:
            light = max(1, light)  # lit never rounds to dark
        percent = SOFTWARE_STEPS - light if self._inverted else light
        try:
            self._device.value = min(1.0, percent / SOFTWARE_STEPS + 1e-6) if percent else 0.0
        except self._errors as error:
            raise LampError(phrase("lamp-pin-failed", error=error)) from error

    def close(self) -> None:
        with contextlib.suppress(*self._errors):
            self._device.close()


class GpioRelay:
    """The relay in the supply of the driver, on its normally closed contact: the coil is powered to switch
    the lamp off.
    """

    def __init__(self, factory: Any, pin: int, active_low: bool) -> None:
        from gpiozero import DigitalOutputDevice, GPIOZeroError

        self._errors: tuple[type[Exception], ...] = (GPIOZeroError, OSError)
        try:
            self._device: Any = DigitalOutputDevice(
                pin, active_high=not active_low, initial_value=False, pin_factory=factory
            )
        except self._errors as error:
            raise LampError(phrase("relay-pin-not-driven", pin=pin, error=error)) from error

    def set(self, closed: bool) -> None:
        try:
            self._device.value = not closed
        except self._errors as error:
            raise LampError(phrase("relay-pin-failed", error=error)) from error

    def close(self) -> None:
        with contextlib.suppress(*self._errors):
            self._device.close()


def pi_factory() -> Any:
    """gpiozero's factory on lgpio. Raises LampError that says what is missing."""
    # lgpio writes a notification file into its working directory when it is imported.
    os.environ.setdefault("LG_WD", os.environ.get("RUNTIME_DIRECTORY", tempfile.gettempdir()).split(":")[0])
    try:
        import lgpio
        from gpiozero.pins.lgpio import LGPIOFactory
    except ImportError as error:
        raise LampError(phrase("lgpio-needed")) from error
    if not hasattr(lgpio, "tx_pwm"):
        raise LampError(phrase("lgpio-stub"))
    try:
        return LGPIOFactory()
    except Exception as error:
        raise LampError(phrase("gpio-chip-not-opened", error=error)) from error
