"""The values that dispatch keeps in the store beside its requests, and requests as people read them. Pure."""

from __future__ import annotations

import contextlib
import json
import math
from dataclasses import dataclass
from typing import Any

from pole_agent.almanac import rfc3339
from pole_agent.drone.approval import UNREADABLE
from pole_agent.drone.request import Request

# Keys in the store
LAST_ORDER, STOP, DOCK_STOP, STANDING = "last_order", "drone_stop", "drone_dock_stop", "drone_standing"
KEYS = (LAST_ORDER, STOP, DOCK_STOP, STANDING)


@dataclass(frozen=True, slots=True)
class LastOrder:
    """When a flight was ordered last, on the wall clock and on that of its boot."""

    request_id: str
    wall: float
    at: float
    boot_id: str


def last_order_of(text: str | None, otherwise: LastOrder) -> LastOrder | None:
    """When a flight was ordered last; `otherwise` when that is damaged."""
    try:
        if text is None or (kept := json.loads(text)) is None:
            return None
        wall, at = float(kept["wall"]), float(kept.get("at", 0.0))
        boot_id = str(kept["boot_id"]) if "at" in kept else ""
        return (
            LastOrder(str(kept.get("request_id", "")), wall, at, boot_id)
            if math.isfinite(wall + at)
            else otherwise
        )
    except UNREADABLE:
        return otherwise


def dock_stop_of(text: str | None) -> float | None:
    """When the dispatcher said that its dock is stopped.

    A damaged text is a stop at time 0, which any newer message can end.
    """
    if text is None or text == "null":
        return None
    try:
        measured = float(json.loads(text))
        return measured if math.isfinite(measured) else 0.0
    except UNREADABLE:
        return 0.0


def stop_of(text: str | None, otherwise: dict[str, Any]) -> dict[str, Any] | None:
    """Who stopped all flights, None: nobody; `otherwise` when that is damaged."""
    if text is None or text == "null":
        return None
    try:
        kept = json.loads(text)
        return (
            otherwise
            | {
                "reason": "",
                **{key: str(kept[key]) for key in ("by", "reason", "since") if key in kept},
            }
            if kept["by"]
            else otherwise
        )
    except UNREADABLE:
        return otherwise


def recounted(request: Request, base: str) -> dict[str, Any]:
    """A request for people: its message and its history."""
    history = [
        {"at": rfc3339(s.at), "state": s.state, "by": s.by, "reason": s.reason} for s in request.history
    ]
    return request.message(base) | {"approved_by": request.approved_by, "history": history}


def dump_requests(texts: list[str], base: str) -> list[dict[str, Any]]:
    """Stored requests for people, without the agent running. What cannot be read is left out."""
    found = []
    for text in texts:
        with contextlib.suppress(*UNREADABLE):
            found.append(recounted(Request.load(text), base))
    return found
