"""Gates: each says whether a flight may be asked for, with its value, its limit and the age of what it knows. Unknown = blocked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pole_agent.geometry import inside
from pole_agent.vocabulary import Point

FRESH_S = 300.0  # conditions older than this are unknown


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate's answer. `source` is where the value is from; `age_s` how old it is."""

    name: str
    value: Any
    limit: Any
    ok: bool
    source: str
    age_s: float | None = None

    def as_data(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": self.value,
            "limit": self.limit,
            "ok": self.ok,
            "source": self.source,
            "age_s": self.age_s,
        }


@dataclass(frozen=True, slots=True)
class DroneLimits:
    """From [drone]. Polygons are (latitude, longitude) in degrees; None means that the limit is not set."""

    cooldown_s: float = 900
    ttl_s: float = 600
    max_alt_agl_m: float = 120
    geofence: tuple[Point, ...] | None = None
    exclusions: tuple[tuple[Point, ...], ...] = ()
    max_wind_ms: float | None = None
    max_rain_mm_h: float | None = None
    min_battery_pct: float | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known at the moment of asking. Times are seconds."""

    clock_trusted: bool
    since_last_order_s: float | None  # None: there was none
    conditions: dict[str, float] = field(default_factory=dict)
    conditions_age_s: float | None = None


def ask(target: Point, remaining_s: float, limits: DroneLimits, known: Known) -> list[Gate]:
    """All gates for a flight to `target` (latitude, longitude) whose request lives `remaining_s` more seconds."""
    fence = limits.geofence
    gates = [
        Gate("clock", "trusted" if known.clock_trusted else "untrusted", "trusted", known.clock_trusted, "pole"),
        Gate("ttl", round(remaining_s, 1), 0, remaining_s > 0, "pole"),
        Gate(
            "geofence",
            list(target),
            "inside" if fence else "no geofence is configured",
            fence is not None and inside(target, fence),
            "configuration",
        ),
        Gate(
            "cooldown",
            None if known.since_last_order_s is None else round(known.since_last_order_s, 1),
            limits.cooldown_s,
            known.since_last_order_s is None or known.since_last_order_s >= limits.cooldown_s,
            "pole",
        ),
    ]
    if limits.exclusions:
        free = not any(inside(target, area) for area in limits.exclusions)
        gates.append(Gate("exclusions", list(target), "outside", free, "configuration"))
    checks: Sequence[tuple[str, float | None, bool]] = (
        ("wind_ms", limits.max_wind_ms, True),
        ("rain_mm_h", limits.max_rain_mm_h, True),
        ("battery_pct", limits.min_battery_pct, False),
    )
    for name, limit, is_most in checks:
        if limit is not None:
            gates.append(_condition(name, limit, is_most, known))
    return gates


def _condition(name: str, limit: float, is_most: bool, known: Known) -> Gate:
    value, age = known.conditions.get(name), known.conditions_age_s
    fresh = age is not None and 0 <= age <= FRESH_S
    ok = fresh and value is not None and math.isfinite(value) and (value <= limit if is_most else value >= limit)
    return Gate(name, value, limit, ok, "dispatcher", None if age is None else round(age, 1))
