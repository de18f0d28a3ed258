"""A drone request in the eight lines that an officer decides on: in local time, seen from the pole."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from pole_agent.almanac import from_rfc3339
from pole_agent.console.control import Here
from pole_agent.geometry import distance_m
from pole_agent.languages import in_language, phrase
from pole_agent.rule_kinds import named
from pole_agent.words import how_long

LABELS = (
    phrase("request"),
    phrase("state"),
    phrase("asked-by"),
    phrase("time"),
    phrase("target"),
    phrase("gates"),
    phrase("decided"),
    phrase("next"),
)
WIDTH = 12
MEANING = {
    "detected": phrase("meaning-detected"),
    "suppressed": phrase("meaning-suppressed"),
    "requested": phrase("meaning-requested"),
    "blocked": phrase("meaning-blocked"),
    "pending_approval": phrase("meaning-pending-approval"),
    "approved": phrase("meaning-approved"),
    "denied": phrase("meaning-denied"),
    "expired": phrase("meaning-expired"),
    "canceled": phrase("meaning-canceled"),
    "sent": phrase("meaning-sent"),
    "accepted": phrase("meaning-accepted"),
    "rejected": phrase("meaning-rejected"),
    "in_progress": phrase("meaning-in-progress"),
    "paused": phrase("meaning-paused"),
    "timeout": phrase("meaning-timeout"),
    "ok": phrase("meaning-ok"),
    "partially_done": phrase("meaning-partially-done"),
    "failed": phrase("meaning-failed"),
}
WAITING, ORDERED = (
    ("requested", "blocked", "pending_approval", "approved"),
    ("sent", "accepted", "in_progress", "paused"),
)
COMPASS = (
    phrase("north"),
    phrase("north-east"),
    phrase("east"),
    phrase("south-east"),
    phrase("south"),
    phrase("south-west"),
    phrase("west"),
    phrase("north-west"),
)
SIMULATION = phrase("simulation-nothing-may-fly")


def eight_lines(request: dict[str, Any], here: Here, typed: Callable[..., str], language: str) -> list[str]:
    """`typed(*words)` is a command of pole-agent as it can be pasted here."""
    said = (
        request["request_id"] + (f" ({SIMULATION.of(language)})" if request["simulation"] else ""),
        _state(request, here, language),
        _asked(request, language),
        _times(request, here, language),
        _target(request, here, language),
        _gates(request, language),
        _decided(request, here, language),
        _next(request, typed, language),
    )
    return [f"{label.of(language):<{WIDTH}} {text}" for label, text in zip(LABELS, said, strict=True)]


def _state(request: dict[str, Any], here: Here, language: str) -> str:
    state, last = request["state"], request["history"][-1:]
    since = [phrase("since", time=here.time(s["at"], seconds=True)).of(language) for s in last]
    why = ": " + in_language(request["reason"], language) if request["reason"] else ""
    step = [f'"{request["step"]}"'] if request["step"] else []
    return ", ".join([f"{state} - {MEANING[state].of(language)}", *step, *since]) + why


def _asked(request: dict[str, Any], language: str) -> str:
    if request["origin"] == "patrol":
        return phrase("asked-by-patrol", patrol=request["rule"], plan=request["place"]).of(language)
    return phrase(
        "asked-by-rule",
        rule=request["rule"],
        severity=named(request["severity"], language),
        camera=request["camera"],
        place=request["place"],
        score=f"{request['score']:.0%}",
        count=request["count"],
    ).of(language)


def _times(request: dict[str, Any], here: Here, language: str) -> str:
    expires = from_rfc3339(request["expires_at"])
    asked, until = here.time(request["created_at"], seconds=True), here.time(request["expires_at"])
    text = phrase("asked-valid-until", asked=asked, until=until).of(language)
    if request["state"] in WAITING and expires > here.wall:
        text += phrase("left-suffix", left=how_long(expires - here.wall, language)).of(language)
    return text


def _target(request: dict[str, Any], here: Here, language: str) -> str:
    target = request["target"]
    radius = target.get("uncertainty_m", target.get("radius_m"))
    place = target["latitude"], target["longitude"]
    return phrase(
        "target-line",
        latitude=f"{place[0]:.6f}",
        longitude=f"{place[1]:.6f}",
        radius=f"{radius:g}",
        height=f"{target['altitude_agl_m']:g}",
        where=where((here.latitude, here.longitude), place, language),
    ).of(language)


def where(pole: tuple[float, float], place: tuple[float, float], language: str) -> str:
    """ "120 m north-east of the pole" """
    metres = distance_m(pole, place)
    if metres < 1:
        return phrase("at-the-pole").of(language)
    north, east = place[0] - pole[0], (place[1] - pole[1]) * math.cos(math.radians(pole[0]))
    bearing = COMPASS[round(math.degrees(math.atan2(east, north)) / 45) % 8].of(language)
    far = f"{metres:.0f} m" if metres < 9950 else f"{metres / 1000:.0f} km"
    return phrase("from-the-pole", distance=far, bearing=bearing).of(language)


def _gates(request: dict[str, Any], language: str) -> str:
    gates = request["gates"]
    closed = [f"{g['name']} ({_value(g, language)})" for g in gates if not g["ok"]]
    if not gates:
        return phrase("gates-not-evaluated").of(language)
    if not closed:
        return phrase("gates-all-open", count=len(gates)).of(language)
    some = phrase("gates-closed", closed=", ".join(closed), open=len(gates) - len(closed))
    return some.of(language)


def _value(gate: dict[str, Any], language: str) -> str:
    unknown = phrase("unknown").of(language)
    shown = unknown if gate["value"] in (None, "") else str(gate["value"])
    if gate["limit"] not in (None, ""):
        shown += phrase("limit-suffix", limit=gate["limit"]).of(language)
    if gate["age_s"] is not None:
        shown += phrase("age-suffix", age=how_long(gate["age_s"], language)).of(language)
    return shown


def _decided(request: dict[str, Any], here: Here, language: str) -> str:
    by = [s for s in request["history"] if s["state"] in ("approved", "denied", "canceled")]
    if not by:
        return phrase("nobody-yet").of(language)
    who = phrase("by").of(language)
    return ", ".join(f"{s['state']} {who} {s['by']} {here.time(s['at'], seconds=True)}" for s in by)


def _next(request: dict[str, Any], typed: Callable[..., str], language: str) -> str:
    name, state = request["request_id"], request["state"]
    if state == "pending_approval":
        rest = phrase("deny-or-cancel").of(language)
        return typed("drone", "approve", name) + rest
    if state in WAITING:
        return typed("drone", "deny", name)
    if state in ORDERED:
        return typed("drone", "cancel", name)
    return typed("why", "drone", name)
