"""What browsers get of what poles said: texts, finite numbers and flags of known names, nothing else. Pure.

Any JSON object can be in the database. A page that met an object where it expects a text would stop, for
everybody who looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from city.reading import SEVERITIES, moment

MOST_TEXT, MOST_ITEMS, MOST_NUMBER = 200, 30, 1e12


def text(value: Any) -> str:
    """A text, cut; empty for anything else."""
    return value[:MOST_TEXT] if isinstance(value, str) else ""


def number(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST_NUMBER
    return value if known else None


def obj(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def time(value: Any) -> str | None:
    """A time as it was written: officers sign it so. None for what is none."""
    try:
        moment(value)
    except ValueError:
        return None
    return str(value)


def scalar(value: Any) -> str:
    """A value of a gate: a text, a number, or a list of numbers."""
    if isinstance(value, list):
        return ", ".join(scalar(one) for one in value[:4] if not isinstance(one, list))
    return text(value) if isinstance(value, str) else "" if number(value) is None else f"{value}"


def request(source: str, state: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """A drone request. `target` is None, and nothing can be decided here, where it is not whole."""
    names = "request_id", "origin", "rule", "camera", "place", "reason", "by"
    severity, gates = document.get("severity"), document.get("gates")
    return {
        "source": source,
        "pole": source.removeprefix("/"),
        "state": state,
        **{name: text(document.get(name)) for name in names},
        "severity": severity if severity in SEVERITIES else "info",
        "count": number(document.get("count")) or 1,
        "simulation": document.get("simulation") is True,
        "created_at": time(document.get("created_at")),
        "expires_at": time(document.get("expires_at")),
        "target": _target(obj(document.get("target"))),
        "gates": [_gate(gate) for gate in (gates if isinstance(gates, list) else [])[:MOST_ITEMS]],
    }


def _target(target: Mapping[str, Any]) -> dict[str, float] | None:
    names = "latitude", "longitude", "altitude_agl_m"
    found = {name: number(target.get(name)) for name in names}
    radii = {name: number(target.get(name)) for name in ("radius_m", "uncertainty_m")}
    known = {name: value for name, value in {**found, **radii}.items() if value is not None}
    return known if set(names) < set(known) else None


def _gate(gate: Any) -> dict[str, Any]:
    found = obj(gate)
    return {
        "name": text(found.get("name")), "ok": found.get("ok") is True, "value": scalar(found.get("value")),
        "limit": scalar(found.get("limit")),
    }  # fmt: skip


def pole(source: str, words: Mapping[str, Mapping[str, Any]], night: Mapping[str, Any]) -> dict[str, Any]:
    """A pole: its last words by topic, and the last `lamp.summarized`."""
    info, health = words.get("info", {}), words.get("health", {})
    lamp, place = words.get("lamp/state", {}), obj(info.get("location"))
    parts = obj(health.get("parts"))
    flat, used = number(night.get("energy_wh_flat")), number(night.get("energy_wh_estimated"))
    degraded = [text(name) for name, part in parts.items() if obj(part).get("state") != "ok"]
    return {
        "source": source,
        "name": text(info.get("name")) or source.rpartition("/")[2],
        "latitude": _within(place.get("latitude"), 90.0),
        "longitude": _within(place.get("longitude"), 180.0),
        "simulation": info.get("simulation") is True,
        "level": _within(lamp.get("level"), 1.0),
        "degraded": degraded[:MOST_ITEMS],
        "waiting": _waiting(health),
        "burn_h": number(night.get("burn_h")),
        "energy_wh": used,
        "saved_wh": None if flat is None or used is None else flat - used,
    }


def _within(value: Any, most: float) -> float | None:
    known = number(value)
    return known if known is not None and abs(known) <= most else None


def _waiting(health: Mapping[str, Any]) -> int:
    """Events that wait in the pole."""
    waiting = obj(obj(health.get("outbox")).get("waiting"))
    return int(sum(number(count) or 0 for count in list(waiting.values())[:MOST_ITEMS]))
