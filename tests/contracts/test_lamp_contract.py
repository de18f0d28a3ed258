"""Lamp: what every implementation keeps. The pins are gpiozero's mock pins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pole_agent.errors import LampError
from pole_agent.lamp.gpio import GpioLamp, pi_factory
from pole_agent.lamp.mock import mock_factory

PIN = 18


@pytest.fixture
def factory() -> Iterator[Any]:
    made = mock_factory()
    yield made
    made.reset()


def light(factory: Any, active_low: bool) -> float:
    """The share of full light that the wire asks for."""
    state = float(factory.pin(f"GPIO{PIN}").state)
    return 1 - state if active_low else state


@pytest.mark.parametrize("active_low", [True, False])
def test_set_is_what_the_wire_shows(factory: Any, active_low: bool) -> None:
    lamp = GpioLamp(factory, PIN, 1000, active_low)
    for duty in (0.0, 0.1, 0.29, 0.5, 1.0):
        lamp.set(duty)
        assert light(factory, active_low) == pytest.approx(duty, abs=1e-5)
    lamp.close()
    lamp.close()


def test_claiming_and_closing_are_light_with_the_reference_wiring(factory: Any) -> None:
    """Every edge that is not a `set` leaves the pin low, which is full light."""
    lamp = GpioLamp(factory, PIN, 1000, active_low=True)
    assert light(factory, True) == 1.0
    lamp.set(0.3)
    lamp.close()
    assert light(factory, True) == 1.0
    assert [round(1 - float(s.state), 3) for s in factory.pin(f"GPIO{PIN}").states] == [1.0, 0.3, 1.0]


def test_whole_percents_survive_a_driver_that_cuts_off(factory: Any) -> None:
    """lgpio computes int(value * 100): 0.29 must not become 28 %."""
    lamp = GpioLamp(factory, PIN, 1000, active_low=False)
    for percent in range(101):
        lamp.set(percent / 100)
        assert int(float(factory.pin(f"GPIO{PIN}").state) * 100) == percent


def test_a_pin_in_use_is_a_clear_error(factory: Any) -> None:
    lamp = GpioLamp(factory, PIN, 1000, active_low=True)
    with pytest.raises(LampError, match="GPIO18 cannot be driven"):
        GpioLamp(factory, PIN, 1000, active_low=True)
    lamp.close()


def test_without_gpio_the_error_says_what_to_install() -> None:
    with pytest.raises(LampError, match=r"lgpio|GPIO chip"):
        pi_factory()
