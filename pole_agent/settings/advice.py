"""What is allowed and probably not meant: warnings about a valid configuration."""

from __future__ import annotations

from collections import Counter

from pole_agent import geometry
from pole_agent.languages import phrase
from pole_agent.settings import Settings
from pole_agent.settings.load import FLAT_MASK, PULLED_HIGH

# EEMUA 191: an operator bears about one alarm in ten minutes, of all poles together
OPERATOR_ALARMS_PER_H = 6


def warnings(settings: Settings) -> list[str]:
    """What is allowed but deserves a word."""
    found: list[str] = []
    mqtt = settings.mqtt
    if mqtt is None:
        found.append(phrase("advice-no-broker"))
    elif not mqtt.tls and not mqtt.loopback:
        found.append(phrase("advice-no-tls", host=mqtt.host))
    if settings.metrics.enabled and settings.metrics.host not in ("127.0.0.1", "::1", "localhost"):
        found.append(phrase("advice-metrics-host", host=settings.metrics.host))
    if not settings.lamp.active_low:
        found.append(phrase("advice-active-low"))
    elif settings.lamp.pin <= PULLED_HIGH and settings.lamp.backend != "mock":
        found.append(phrase("advice-pulled-high", pin=settings.lamp.pin))
    relay = settings.lamp.relay
    if relay is not None and (relay.pin <= PULLED_HIGH) is not relay.active_low:
        found.append(phrase("advice-relay", pin=relay.pin))
    found += _lamp_warnings(settings)
    found += _drone_warnings(settings)
    found += _alarm_warnings(settings)
    for index, camera in enumerate(settings.cameras):
        for number, mask in enumerate(camera.masks):
            if geometry.area(mask) < FLAT_MASK:
                found.append(phrase("advice-flat-mask", camera=index, mask=number))
    if not settings.cameras:
        found.append(phrase("advice-no-camera"))
    return found


def _alarm_warnings(settings: Settings) -> list[str]:
    """More alarms than an operator bears, as far as the limits of the rules tell."""
    most = sum(r.max_alarms_per_h for r in settings.rules if r.severity == "alarm")
    return (
        [phrase("advice-many-alarms", most=most, share=OPERATOR_ALARMS_PER_H)]
        if most > OPERATOR_ALARMS_PER_H
        else []
    )


def _drone_warnings(settings: Settings) -> list[str]:
    found: list[str] = []
    drone = settings.drone
    if not drone.enabled:
        return []
    if drone.geofence is None:
        found.append(phrase("advice-no-fence"))
    if not drone.night_permit:
        found.append(phrase("advice-no-night-permit"))
    if drone.approval == "automatic":
        found.append(phrase("advice-automatic-approval"))
    elif not drone.officers and settings.mqtt is not None and not settings.mqtt.loopback:
        found.append(phrase("advice-no-officer"))
    return found


def _lamp_warnings(settings: Settings) -> list[str]:
    """What is allowed in [lamp], and most likely a mistake."""
    lamp = settings.lamp
    found: list[str] = []
    for index, entry in enumerate(lamp.calendar[:-1]):
        if entry.days is None and entry.dates is None:
            found.append(phrase("advice-calendar-always", index=index))
    for name, steps in lamp.programs().items():
        for at, count in Counter(s.at for s in steps).items():
            if count > 1:
                found.append(phrase("advice-steps-at-once", program=name, count=count, at=at))
    if lamp.min_level > lamp.floor > 0:
        found.append(phrase("advice-floor", floor=f"{lamp.floor:.0%}", level=f"{lamp.min_level:.0%}"))
    for index, control in enumerate(lamp.control):
        if control.kind == "max" and control.level < lamp.floor:
            found.append(
                phrase(
                    "advice-control-below-floor",
                    index=index,
                    level=f"{control.level:.0%}",
                    floor=f"{lamp.floor:.0%}",
                )
            )
    shares = [share for _, share in lamp.clo]
    if shares != sorted(shares, reverse=True):
        found.append(phrase("advice-clo-rises"))
    return found
