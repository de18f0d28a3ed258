"""The lamp and its controller from the settings.

Imports as little as can be: the street is lit before anything else is loaded.
"""

from __future__ import annotations

import logging
from typing import Any

from pole_agent.almanac import Span
from pole_agent.clock import Clock
from pole_agent.dates import Dates, Weekdays
from pole_agent.errors import LampError
from pole_agent.health.keeper import keeper_of
from pole_agent.lamp.controller import Configuration, Driver, powered
from pole_agent.lamp.controls import Control
from pole_agent.lamp.decide import Limits, Scene, decide
from pole_agent.lamp.faults import Feedback
from pole_agent.lamp.gpio import GpioLamp, GpioRelay, pi_factory
from pole_agent.lamp.inputs import FileInput, PinButton, PinInput
from pole_agent.lamp.lamp import Lamp, Luminaire
from pole_agent.lamp.levels import driven
from pole_agent.lamp.photocell import Thresholds
from pole_agent.lamp.program import CalendarRule, Plan, Step
from pole_agent.lamp.pwm import KernelPwmLamp
from pole_agent.lamp.street_light import LampState, StreetLight
from pole_agent.settings import Settings

log = logging.getLogger(__name__)
NEVER_S = float("inf")
MOCK_EDGES = 1000  # that a pin in memory keeps: a fade has a hundred


def pin_factory(settings: Settings) -> Any:
    """gpiozero's pin factory for the backend. Raises LampError."""
    if settings.lamp.backend == "mock":
        from pole_agent.lamp.mock import mock_factory

        return mock_factory(MOCK_EDGES)
    return pi_factory()


def open_lamp(settings: Settings, clock: Clock, factory: Any = None) -> Luminaire:
    """Claim the lamp and light it, by the program when the clock is known to be right, at the failsafe level
    else; then its sensors.

    Raises LampError when the lamp itself cannot be driven. A sensor that cannot be read is a trouble to
    report, not a reason to be dark.
    """
    chosen = settings.lamp
    if chosen.backend != "pwm" and factory is None:
        factory = pin_factory(settings)
    lamp = claim_lamp(settings, factory)
    lamp.set(first_duty(settings, clock))
    luminaire = Luminaire(lamp, factory=factory)
    attach(luminaire, settings)
    return luminaire


def attach(luminaire: Luminaire, settings: Settings) -> None:
    """Claim relay, sensors and button. Troubles are noted, not raised."""
    chosen = settings.lamp
    pins = [
        part
        for part in (chosen.relay, chosen.photocell, chosen.feedback, chosen.button)
        if part is not None and part.pin is not None
    ]
    if pins and luminaire.factory is None:
        try:
            luminaire.factory = pin_factory(settings)
        except LampError as error:
            luminaire.troubles["lamp inputs"] = str(error)
    for claim in (_relay, _photocell, _feedback, _button):
        try:
            claim(luminaire, settings, luminaire.factory)
        except LampError as error:
            luminaire.troubles[f"lamp {claim.__name__.strip('_')}"] = str(error)


def claim_lamp(settings: Settings, factory: Any = None) -> Lamp:
    """The lamp itself, without a level; with the reference wiring it is lit, or as it was.

    Raises LampError.
    """
    chosen = settings.lamp
    if chosen.backend == "pwm":
        return KernelPwmLamp(
            chosen.pin, chosen.frequency_hz, chosen.active_low, chosen.pwm_device, chosen.pwm_channel
        )
    return GpioLamp(
        pin_factory(settings) if factory is None else factory,
        chosen.pin,
        chosen.frequency_hz,
        chosen.active_low,
    )


def first_duty(settings: Settings, clock: Clock) -> float:
    """What to drive before anything else is known."""
    chosen = settings.lamp
    scene = Scene()
    if keeper_of(settings, clock).trusted:
        try:
            now = plan_of(settings).stretch(clock.wall())
            scene = Scene(now.level, now.dark, now.deep)
            if settings.pole.supply == "night":
                scene = powered(scene, limits_of(settings))
        except (ValueError, OverflowError):
            log.warning("the clock reads a time beyond the calendar: the lamp is at its failsafe level")
    level = decide(scene, None, (), limits_of(settings), 0.0).level
    return driven(level, chosen.curve, 1.0, chosen.min_level)


def _relay(luminaire: Luminaire, settings: Settings, factory: Any) -> None:
    chosen = settings.lamp.relay
    if chosen is not None and factory is not None:
        luminaire.relay = GpioRelay(factory, chosen.pin, chosen.active_low)


def _photocell(luminaire: Luminaire, settings: Settings, factory: Any) -> None:
    chosen = settings.lamp.photocell
    if chosen is None:
        return
    if chosen.file is not None:
        file = FileInput(chosen.file, chosen.scale)
        luminaire.inputs.append(file)
        luminaire.lux = file.value
    elif chosen.pin is not None and factory is not None:
        pin = PinInput(factory, chosen.pin, active_low=chosen.dark_when == "low")
        luminaire.inputs.append(pin)
        luminaire.lux = lambda: None if (dark := pin.active()) is None else 0.0 if dark else NEVER_S


def _feedback(luminaire: Luminaire, settings: Settings, factory: Any) -> None:
    chosen = settings.lamp.feedback
    if chosen is None:
        return
    if chosen.file is not None:
        file = FileInput(chosen.file, chosen.scale)
        luminaire.inputs.append(file)
        luminaire.feedback = lambda: (
            None if (w := file.value()) is None else Feedback(w > chosen.lit_above_w, w)
        )
    elif chosen.pin is not None and factory is not None:
        pin = PinInput(factory, chosen.pin, chosen.active_low)
        luminaire.inputs.append(pin)
        luminaire.feedback = lambda: None if (lit := pin.active()) is None else Feedback(lit)


def _button(luminaire: Luminaire, settings: Settings, factory: Any) -> None:
    chosen = settings.lamp.button
    if chosen is not None and factory is not None:
        button = PinButton(factory, chosen.pin)
        luminaire.inputs.append(button)
        luminaire.on_press = button.on_press


# --- the controller


def plan_of(settings: Settings) -> Plan:
    """The programs and the calendar."""
    chosen = settings.lamp
    programs = {
        name: tuple(Step(s.time, s.level) for s in steps) for name, steps in chosen.programs().items()
    }
    calendar = tuple(
        CalendarRule(
            c.program, Weekdays.parse(c.days) if c.days else None, Dates.parse(c.dates) if c.dates else None
        )
        for c in chosen.calendar
    )
    return Plan(programs, calendar, settings.pole.place)


def limits_of(settings: Settings) -> Limits:
    chosen = settings.lamp
    return Limits(
        chosen.floor, chosen.min_level, chosen.failsafe_level, chosen.boost_in_daylight, chosen.part_night
    )


def configuration_of(settings: Settings) -> Configuration:
    """What the controller is built from."""
    chosen, cell = settings.lamp, settings.lamp.photocell
    down = chosen.fade_s if chosen.fade_down_s is None else chosen.fade_down_s
    controls = (Control(c.kind, c.level, c.when, Span.parse(c.active), c.hold_s) for c in chosen.control)
    return Configuration(
        plan=plan_of(settings),
        limits=limits_of(settings),
        driver=Driver(
            chosen.curve,
            chosen.fade_s,
            down,
            chosen.clo,
            chosen.virtual_output,
            settings.pole.supply == "night",
        ),
        rated_w=chosen.rated_w,
        controls=tuple(controls),
        min_off_s=chosen.relay.min_off_s if chosen.relay else NEVER_S,
        thresholds=None if cell is None else Thresholds(cell.on_lux, cell.off_lux, cell.window_min * 60),
    )


def street_light_of(settings: Settings, state: LampState, *, cell_aside: bool) -> StreetLight:
    """The street light, which goes on from `state`."""
    button = settings.lamp.button
    return StreetLight(
        configuration_of(settings),
        state,
        button_off_s=button.off_s if button else 0.0,
        cell_aside=cell_aside,
    )
