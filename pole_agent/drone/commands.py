"""Commands to the drone room: decisions of an officer, progress and conditions from the dispatcher. Read, checked, refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pole_agent.drone.machine import STATUS, Happening
from pole_agent.errors import CommandRefused

DECISIONS: dict[str, Happening] = {"approve": "approve", "deny": "deny", "cancel": "cancel"}
CONDITIONS = ("wind_ms", "rain_mm_h", "battery_pct")


def read_decision(payload: Mapping[str, Any]) -> tuple[str, Happening, str]:
    """Return (request id, what happens, by whom). Raises CommandRefused."""
    decision, by = payload.get("decision"), payload.get("by")
    if not isinstance(by, str) or not 1 <= len(by) <= 100:
        raise CommandRefused('"by" is required: the name of the person who decides, at most 100 characters')
    if not isinstance(decision, str) or decision not in DECISIONS:
        raise CommandRefused(f'"decision" is one of {", ".join(DECISIONS)}')
    _only(payload, {"request_id", "decision", "by", "reason"})
    return _request_id(payload), DECISIONS[decision], by


def read_progress(payload: Mapping[str, Any]) -> tuple[str, Happening]:
    """Return (request id, what happens). Raises CommandRefused."""
    status = payload.get("status")
    if not isinstance(status, str) or status not in STATUS:
        raise CommandRefused(f'"status" is one of {", ".join(STATUS)}')
    return _request_id(payload), STATUS[status]


def read_conditions(payload: Mapping[str, Any]) -> dict[str, float]:
    """Return the conditions that are given and known. Raises CommandRefused."""
    found = {}
    for name in CONDITIONS:
        if name in payload:
            value = payload[name]
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise CommandRefused(f'"{name}" is a number')
            found[name] = float(value)
    if not found:
        raise CommandRefused(f"give at least one of {', '.join(CONDITIONS)}")
    return found


def _request_id(payload: Mapping[str, Any]) -> str:
    value = payload.get("request_id")
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        raise CommandRefused('"request_id" is required')
    return value


def _only(payload: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(payload.keys() - known):
        raise CommandRefused(f"unknown key {unknown[0]!r}; known here: {', '.join(sorted(known))}")
