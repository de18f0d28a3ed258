"""What is allowed and probably not meant: warnings about a valid configuration."""

from __future__ import annotations

from collections import Counter

from pole_agent import geometry
from pole_agent.settings import Settings
from pole_agent.settings.load import FLAT_MASK, PULLED_HIGH


def warnings(settings: Settings) -> list[str]:
    """What is allowed but deserves a word."""
    found = []
    mqtt = settings.mqtt
    if mqtt is None:
        found.append("mqtt: there is no broker; events are kept on the pole only")
    elif not mqtt.tls and not mqtt.loopback:
        found.append(f"mqtt.tls: is false for {mqtt.host}; passwords and events can be read on the way")
    if settings.metrics.enabled and settings.metrics.host not in ("127.0.0.1", "::1", "localhost"):
        found.append(
            f"metrics.host: {settings.metrics.host} is not the pole itself; whoever reaches it can read the"
            " numbers"
        )
    if not settings.lamp.active_low:
        found.append("lamp.active_low: is false; an undriven pin means a dark street")
    elif settings.lamp.pin <= PULLED_HIGH and settings.lamp.backend != "mock":
        found.append(
            f"lamp.pin: GPIO{settings.lamp.pin} is pulled high at power-on: dark until the agent starts; use"
            " a pin from 9 to 27"
        )
    relay = settings.lamp.relay
    if relay is not None and (relay.pin <= PULLED_HIGH) is not relay.active_low:
        found.append(
            f"lamp.relay: GPIO{relay.pin} switches the coil on, and the lamp off, while nobody drives it; see"
            " docs/wiring.md"
        )
    found += _lamp_warnings(settings)
    found += _drone_warnings(settings)
    for index, camera in enumerate(settings.cameras):
        for number, mask in enumerate(camera.masks):
            if geometry.area(mask) < FLAT_MASK:
                found.append(
                    f"camera[{index}].masks[{number}]: has no area; it covers no more than its outline"
                )
    if not settings.cameras:
        found.append("camera: there is none; the lamp runs by its program")
    return found


def _drone_warnings(settings: Settings) -> list[str]:
    drone, found = settings.drone, []
    if not drone.enabled:
        return []
    if drone.geofence is None:
        found.append("drone.geofence: is missing; every request will be blocked by that gate")
    if not drone.night_permit:
        found.append(
            "drone.night_permit: is false; between sunset and sunrise every request will be blocked by that"
            " gate"
        )
    if drone.approval == "automatic":
        found.append(
            'drone.approval: is "automatic", which is for simulation only; every message says so, and no real'
            " drone may obey"
        )
    elif not drone.officers and settings.mqtt is not None and not settings.mqtt.loopback:
        found.append(
            "drone.officer: there is none; whoever may write to drone/approval at the broker may approve"
            " flights"
        )
    return found


def _lamp_warnings(settings: Settings) -> list[str]:
    """What is allowed in [lamp], and most likely a mistake."""
    lamp, found = settings.lamp, []
    for index, entry in enumerate(lamp.calendar[:-1]):
        if entry.days is None and entry.dates is None:
            found.append(
                f"lamp.calendar[{index}]: has neither days nor dates, so it holds always; the rules below it"
                " never do"
            )
    for name, steps in lamp.programs().items():
        for at, count in Counter(s.at for s in steps).items():
            if count > 1:
                found.append(f'lamp.program "{name}": has {count} steps at {at}; the last one counts')
    if lamp.min_level > lamp.floor > 0:
        found.append(f"lamp.floor: {lamp.floor:.0%} is below min_level, so the floor is {lamp.min_level:.0%}")
    for index, control in enumerate(lamp.control):
        if control.kind == "max" and control.level < lamp.floor:
            found.append(
                f"lamp.control[{index}].level: a maximum of {control.level:.0%} lies below the floor of"
                f" {lamp.floor:.0%}"
            )
    shares = [share for _, share in lamp.clo]
    if shares != sorted(shares, reverse=True):
        found.append("lamp.clo: the shares rise; a lamp gives less light as it ages")
    return found
