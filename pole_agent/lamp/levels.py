"""From the level that is asked for to the duty cycle of the driver. Levels and duties are 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Curve = Literal["linear", "dali"]
Ageing = Sequence[tuple[float, float]]
DALI_STEPS = 254


def clamp(level: float) -> float:
    return min(1.0, max(0.0, level))


def held(level: float, min_level: float) -> float:
    """Off, or at least the lowest level that the driver can hold."""
    return 0.0 if level <= 0 else max(clamp(level), min_level)


def duty(level: float, curve: Curve) -> float:
    """Duty cycle for a level.

    "dali" reads the level as a position on the logarithmic dimming curve of IEC 62386-102: arc power n of 1
    to 254 gives 10^((n − 1) / (253 / 3) − 1) percent of the light, so that equal steps look equal.
    """
    level = clamp(level)
    if curve == "linear" or level == 0:
        return level
    step = 1 + level * (DALI_STEPS - 1)
    return clamp(10 ** ((step - 1) / (253 / 3) - 1) / 100)


def remaining(ageing: Ageing, burn_h: float | None) -> float:
    """The share of its first light that a lamp still gives after these hours: straight lines between the
    points of the curve.
    """
    if not ageing or burn_h is None:
        return 1.0
    before = ageing[0]
    for point in ageing:
        if burn_h < point[0]:
            span = point[0] - before[0]
            return (
                before[1] if span <= 0 else before[1] + (point[1] - before[1]) * (burn_h - before[0]) / span
            )
        before = point
    return before[1]


def output(ageing: Ageing, virtual: float, burn_h: float | None) -> float:
    """The share of the driver's power that means "full" at this age: constant light output (CLO), after TALQ.

    Full is what the lamp still gives at the end of its curve, so a new lamp is dimmed and an old one is not;
    `virtual` (virtual light output) scales first. Unknown hours mean as bright as at the end.
    """
    if not ageing:
        return virtual
    end = min(share for _, share in ageing)
    return clamp(virtual * (end / remaining(ageing, burn_h) if burn_h is not None else 1.0))


def driven(level: float, curve: Curve, share: float, min_level: float) -> float:
    """The duty cycle for a level with constant light output: never below what the driver can hold, off only
    for off.
    """
    if level <= 0:
        return 0.0
    return max(duty(level, curve) * share, duty(min_level, curve))


def faded(start: float, end: float, began: float, fade_s: float, now: float) -> float:
    """The point of a fade at `now`: a straight line from `start` to `end` over `fade_s`."""
    if fade_s <= 0 or now - began >= fade_s:
        return end
    return start + (end - start) * max(0.0, now - began) / fade_s
