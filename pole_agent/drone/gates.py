"""Gates: each says whether a flight may be asked for, with its value, its limit and the age of what it knows.
Unknown = blocked. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pole_agent.drone.areas import Area
from pole_agent.drone.conditions import Conditions, Value
from pole_agent.drone.target import Target
from pole_agent.languages import phrase

MAX_TARGETS = 500
Comparison = Literal["at most", "at least", "is"]


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate's answer. `source` is where the value is from; `age_s` how old it is; `why` says in words what
    keeps it shut.
    """

    name: str
    value: Any
    limit: Any
    ok: bool
    source: str = "pole"
    age_s: float | None = None
    why: str = ""

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
    """From [drone]. None means that the limit is not set; without a geofence nothing flies."""

    cooldown_s: float = 900
    ttl_s: float = 600
    max_alt_agl_m: float = 120
    geofence: Area | None = None
    exclusions: tuple[Area, ...] = ()
    night_permit: bool = False
    max_wind_ms: float | None = None
    max_rain_mm_h: float | None = None
    min_temperature_c: float | None = None
    max_temperature_c: float | None = None
    min_battery_pct: float | None = None
    require_dock_idle: bool = False
    require_no_maintenance: bool = False
    conditions_max_age_s: float = 300
    _asked: dict[Target, tuple[bool, bool]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def ground(self, target: Target) -> tuple[bool, bool]:
        """(inside the geofence, hits an exclusion).

        Areas may have thousands of points, and do not change: asked once for each target.
        """
        if target not in self._asked:
            if len(self._asked) >= MAX_TARGETS:
                self._asked.clear()
            fenced = self.geofence is not None and self.geofence.contains(target.point, target.radius_m)
            self._asked[target] = (
                fenced,
                any(area.touches(target.point, target.radius_m) for area in self.exclusions),
            )
        return self._asked[target]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known at the moment of asking. `wall` and `now` (monotonic) are seconds."""

    clock_trusted: bool
    wall: float
    now: float
    dark: bool | None  # between sunset and sunrise; None: unknown
    since_last_order_s: float | None  # None: there was none
    stopped: str | None = ""  # who stopped all flights; empty: nobody, None: unknown
    # What comes first, as text: another flight, or an incident's request where this is a patrol
    before: str = ""
    conditions: Conditions = field(default_factory=Conditions)


def ask(target: Target, remaining_s: float | None, limits: DroneLimits, known: Known) -> list[Gate]:
    """All gates for a flight to `target` whose request lives `remaining_s` more seconds (None:
    nobody knows).
    """
    return [*_always(target, remaining_s, limits, known), *_weather_and_dock(limits, known)]


def in_words(gates: Sequence[Gate]) -> str:
    """Why nothing flies; empty when all gates are open."""
    return "; ".join(g.why for g in gates if not g.ok)


def _always(target: Target, remaining_s: float | None, limits: DroneLimits, known: Known) -> Iterator[Gate]:
    trusted = known.clock_trusted
    state = "trusted" if trusted else "untrusted"
    yield Gate("clock", state, "trusted", trusted, why=phrase("gate-clock"))
    left = None if remaining_s is None else round(remaining_s, 1)
    why = phrase("gate-age-unknown") if left is None else phrase("request-expired")
    yield Gate("ttl", left, 0, remaining_s is not None and remaining_s > 0, why=why)

    stop = known.stopped
    by_dock = known.conditions.get("emergency_stop")
    if by_dock is not None and by_dock.value and not stop:  # however old: only a newer message ends it
        stop = "the dispatcher"
    why = phrase("gate-stop-unknown") if stop is None else phrase("gate-stopped", by=stop)
    yield Gate("emergency_stop", stop, "", stop == "", why=why)
    yield from _of_the_place(target, limits)
    yield _night(limits.night_permit, known.dark)

    since = known.since_last_order_s
    cooled = since is None or since >= limits.cooldown_s
    value = None if since is None else round(since, 1)
    why = phrase("gate-cooldown", seconds=f"{limits.cooldown_s:g}")
    yield Gate("cooldown", value, limits.cooldown_s, cooled, why=why)
    yield Gate(
        "precedence", known.before, "", not known.before, why=phrase("gate-queue", request=known.before)
    )


def _of_the_place(target: Target, limits: DroneLimits) -> Iterator[Gate]:
    fence, place = limits.geofence, [target.latitude, target.longitude]
    ok, hit = limits.ground(target)
    if fence is None:
        yield Gate("geofence", place, None, False, "configuration", why=phrase("gate-no-fence"))
    else:
        why = phrase("gate-fence", metres=f"{target.radius_m:g}")
        yield Gate("geofence", place, "inside", ok, "configuration", why=why)
    why = phrase("gate-exclusion", metres=f"{target.radius_m:g}")
    yield Gate("exclusions", place, "outside", not hit, "configuration", why=why)
    most = limits.max_alt_agl_m
    why = phrase("gate-altitude", metres=f"{target.altitude_m:g}", most=f"{most:g}")
    within = 0 < target.altitude_m <= most
    yield Gate("altitude_agl_m", target.altitude_m, most, within, "configuration", why=why)


def _night(permit: bool, dark: bool | None) -> Gate:
    value = "unknown" if dark is None else "night" if dark else "day"
    limit = "night" if permit else "day"
    return Gate(
        "night",
        value,
        limit,
        permit or dark is False,
        why=phrase("gate-night"),
    )


def _weather_and_dock(limits: DroneLimits, known: Known) -> Iterator[Gate]:
    checks: Sequence[tuple[str, str, str, str, Comparison, Value | None]] = (
        ("wind_ms", "wind_ms", phrase("wind"), " m/s", "at most", limits.max_wind_ms),
        ("rain_mm_h", "rain_mm_h", phrase("rain"), " mm/h", "at most", limits.max_rain_mm_h),
        (
            "min_temperature_c",
            "temperature_c",
            phrase("temperature"),
            " °C",
            "at least",
            limits.min_temperature_c,
        ),
        (
            "max_temperature_c",
            "temperature_c",
            phrase("temperature"),
            " °C",
            "at most",
            limits.max_temperature_c,
        ),
        ("battery_pct", "battery_pct", phrase("battery"), " %", "at least", limits.min_battery_pct),
        ("dock", "dock", phrase("dock"), "", "is", "idle" if limits.require_dock_idle else None),
        (
            "maintenance",
            "maintenance",
            phrase("maintenance"),
            "",
            "is",
            False if limits.require_no_maintenance else None,
        ),
    )
    for label, name, word, unit, comparison, limit in checks:
        if limit is None:
            continue
        condition = known.conditions.get(name)
        age = condition.age_s(known.wall, known.now) if condition else None
        value = condition.value if condition else None
        if condition is None:
            unknown: str = phrase("value-never-received")
        elif age is None:
            unknown = phrase("value-in-future")
        else:
            unknown = phrase("value-too-old", age=f"{age:.0f}") if age > limits.conditions_max_age_s else ""
        ok = not unknown and _holds(value, comparison, limit)
        why = phrase("gate-value-unknown", what=word, reason=unknown) if unknown else ""
        why = why or _too_much(word, _said(value) + unit, comparison, _said(limit) + unit)
        yield Gate(label, value, limit, ok, "dispatcher", None if age is None else round(age, 1), why)


def _too_much(what: str, value: str, comparison: Comparison, limit: str) -> str:
    match comparison:
        case "at most":
            return phrase("gate-at-most", what=what, value=value, limit=limit)
        case "at least":
            return phrase("gate-at-least", what=what, value=value, limit=limit)
        case _:
            return phrase("gate-exactly", what=what, value=value, limit=limit)


def _holds(value: Value | None, comparison: Comparison, limit: Value) -> bool:
    match value, comparison, limit:
        case float(), "at most", float() | int():
            return value <= limit
        case float(), "at least", float() | int():
            return value >= limit
        case _, "is", _:
            return type(value) is type(limit) and value == limit
    return False


def _said(value: Value | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
