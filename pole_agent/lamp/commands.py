"""The command ``lamp/set``: read, checked, refused with a reason. Nothing is clamped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pole_agent.errors import CommandRefused
from pole_agent.lamp.decide import Override

DEFAULT_S = 3600.0
LONGEST_S = 12 * 3600.0
LONGEST_TRANSITION_S = 3600.0
KEYS = {"state", "brightness", "level", "transition", "duration_s", "mode", "reason", "resume"}


def read(payload: Mapping[str, Any], now: float) -> Override | None:
    """Return the override that is asked for, None to resume the program. Raises CommandRefused."""
    if unknown := sorted(payload.keys() - KEYS):
        raise CommandRefused(f"unknown key {unknown[0]!r}; a lamp command has {', '.join(sorted(KEYS))}")
    if "resume" in payload:
        if payload["resume"] is not True or len(payload) > 1:
            raise CommandRefused('to go back to the program send {"resume": true} alone')
        return None
    level = _level(payload)
    duration = _number(payload, "duration_s", DEFAULT_S, 1, LONGEST_S)
    transition = _number(payload, "transition", None, 0, LONGEST_TRANSITION_S)
    mode = payload.get("mode", "adaptive")
    if mode not in ("adaptive", "fixed"):
        raise CommandRefused('mode is "adaptive" (presence may still raise the lamp) or "fixed"')
    reason = payload.get("reason", "")
    if not isinstance(reason, str) or len(reason) > 200:
        raise CommandRefused("reason is a text of at most 200 characters")
    assert duration is not None
    return Override(level, now + duration, mode == "fixed", transition, reason=reason)


def _level(payload: Mapping[str, Any]) -> float:
    state = payload.get("state")
    if state is not None and state not in ("ON", "OFF"):
        raise CommandRefused('state is "ON" or "OFF"')
    if "brightness" in payload and "level" in payload:
        raise CommandRefused("give brightness (0 to 255) or level (0 to 1), not both")
    level = _number(payload, "level", None, 0, 1)
    if "brightness" in payload:
        brightness = _number(payload, "brightness", None, 0, 255)
        level = None if brightness is None else brightness / 255
    if state == "OFF":
        if level:
            raise CommandRefused('state "OFF" and a level above 0 contradict each other')
        return 0.0
    if level is None:
        if state is None:
            raise CommandRefused("give state, brightness (0 to 255) or level (0 to 1)")
        return 1.0
    return level


def _number(payload: Mapping[str, Any], key: str, default: float | None, least: float, most: float) -> float | None:
    value = payload.get(key, default)
    if value is None and key not in payload:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not least <= value <= most:
        raise CommandRefused(f"{key} is a number from {least:g} to {most:g}")
    return float(value)
