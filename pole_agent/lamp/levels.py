"""From the level that is asked for to the duty cycle of the driver. Levels and duties are 0 to 1."""

from __future__ import annotations

from typing import Literal

Curve = Literal["linear", "dali"]
DALI_STEPS = 254


def clamp(level: float) -> float:
    return min(1.0, max(0.0, level))


def held(level: float, min_level: float) -> float:
    """Off, or at least the lowest level that the driver can hold."""
    return 0.0 if level <= 0 else max(clamp(level), min_level)


def duty(level: float, curve: Curve) -> float:
    """Duty cycle for a level.

    "dali" reads the level as a position on the logarithmic dimming curve of IEC 62386-102: arc power n of 1 to 254 gives
    10^((n − 1) / (253 / 3) − 1) percent of the light, so that equal steps look equal.
    """
    level = clamp(level)
    if curve == "linear" or level == 0:
        return level
    step = 1 + level * (DALI_STEPS - 1)
    return clamp(10 ** ((step - 1) / (253 / 3) - 1) / 100)


def faded(start: float, end: float, began: float, fade_s: float, now: float) -> float:
    """The point of a fade at `now`: a straight line from `start` to `end` over `fade_s`."""
    if fade_s <= 0 or now - began >= fade_s:
        return end
    return start + (end - start) * max(0.0, now - began) / fade_s
