"""The command ``lamp/set``: read, checked, refused with a reason. Nothing is clamped. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pole_agent.errors import CommandRefused
from pole_agent.lamp.decide import Override
from pole_agent.languages import phrase

DEFAULT_S = 3600.0
LONGEST_S = 12 * 3600.0
LONGEST_TRANSITION_S = 3600.0
LONGEST_SWEEP_S = 300.0
MAX_HOURS = 1e6
KEYS = (
    "state",
    "brightness",
    "level",
    "transition",
    "duration_s",
    "mode",
    "reason",
    "resume",
    "default_duration_s",
)


@dataclass(frozen=True, slots=True)
class Resume:
    """Back to the program."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """From now on, an override that names no duration lasts so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Sweep:
    """Ramp once from full to the lowest level and back, for the one who mounts the lamp."""

    seconds: float


@dataclass(frozen=True, slots=True)
class BurnHours:
    """Count from here: a new lamp, or a new controller on an old one."""

    hours: float


LampCommand = Override | Resume | Lasting | Sweep | BurnHours

LOCAL_KEYS = ("sweep_s", "burn_h")
ALONE: tuple[tuple[str, float, type[Lasting | Sweep | BurnHours]], ...] = (
    ("default_duration_s", LONGEST_S, Lasting),
    ("sweep_s", LONGEST_SWEEP_S, Sweep),
    ("burn_h", MAX_HOURS, BurnHours),
)


def read(
    payload: Mapping[str, Any], now: float, default_s: float = DEFAULT_S, *, local: bool = False
) -> LampCommand:
    """Return what is asked for at `now` (monotonic). `local`: at the pole itself. Raises CommandRefused."""
    known = (*KEYS, *LOCAL_KEYS) if local else KEYS
    if unknown := sorted(payload.keys() - set(known)):
        raise CommandRefused(phrase("lamp-key-unknown", key=f"{unknown[0][:40]!r}", known=", ".join(known)))
    if "resume" in payload:
        if payload["resume"] is not True or len(payload) > 1:
            raise CommandRefused(phrase("resume-alone"))
        return Resume()
    for key, most, kind in ALONE:
        if key in payload:
            if len(payload) > 1:
                raise CommandRefused(phrase("send-alone", key=key))
            return kind(_number(payload, key, 0 if kind is BurnHours else 1, most))
    level = _level(payload)
    duration = _number(payload, "duration_s", 1, LONGEST_S) if "duration_s" in payload else default_s
    transition = _number(payload, "transition", 0, LONGEST_TRANSITION_S) if "transition" in payload else None
    mode = payload.get("mode", "adaptive")
    if mode not in ("adaptive", "fixed"):
        raise CommandRefused(phrase("mode-invalid"))
    reason = payload.get("reason", "")
    if not isinstance(reason, str) or len(reason) > 200:
        raise CommandRefused(phrase("reason-too-long"))
    return Override(level, now + duration, mode == "fixed", transition, reason=reason, local=local)


def _level(payload: Mapping[str, Any]) -> float:
    state = payload.get("state")
    if state not in (None, "ON", "OFF") or not isinstance(state, str | None):
        raise CommandRefused(phrase("lamp-state-invalid"))
    if "brightness" in payload and "level" in payload:
        raise CommandRefused(phrase("brightness-and-level"))
    level: float | None = None
    if "level" in payload:
        level = _number(payload, "level", 0, 1)
    if "brightness" in payload:
        level = _number(payload, "brightness", 0, 255) / 255
    if state == "OFF":
        if level:
            raise CommandRefused(phrase("off-with-level"))
        return 0.0
    if level is None:
        if state is None:
            raise CommandRefused(phrase("state-or-level-required"))
        return 1.0
    return level


def _number(payload: Mapping[str, Any], key: str, least: float, most: float) -> float:
    value = payload[key]
    # Compared before it is converted: an integer of a thousand digits has no float.
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not least <= value <= most
        or not math.isfinite(value)
    ):
        raise CommandRefused(phrase("number-invalid", key=key, least=f"{least:g}", most=f"{most:g}"))
    return float(value)
