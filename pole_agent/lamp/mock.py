"""Pins that exist in memory only, for tests, the demo and machines without GPIO: gpiozero's own mock."""

from __future__ import annotations

from typing import Any


def mock_factory() -> Any:
    """A gpiozero pin factory with PWM pins in memory."""
    from gpiozero.pins.mock import MockFactory, MockPWMPin

    return MockFactory(pin_class=MockPWMPin)
