"""A drone request in the eight lines that an officer decides on: in local time, seen from the pole."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from pole_agent.almanac import from_rfc3339
from pole_agent.console.control import Here
from pole_agent.geometry import distance_m
from pole_agent.indonesian import spoken
from pole_agent.rule_kinds import named
from pole_agent.words import Both, how_long

LABELS = (
    Both("request", "permintaan"),
    Both("state", "keadaan"),
    Both("asked by", "diminta oleh"),
    Both("time", "waktu"),
    Both("target", "sasaran"),
    Both("gates", "gerbang"),
    Both("decided", "keputusan"),
    Both("next", "berikutnya"),
)
WIDTH = 12
MEANING = {
    "detected": Both("it was just seen", "baru terlihat"),
    "suppressed": Both("held back, never asked", "ditahan, tidak pernah ditanyakan"),
    "requested": Both("the gates are asked", "gerbang sedang diperiksa"),
    "blocked": Both("a gate is shut", "sebuah gerbang tertutup"),
    "pending_approval": Both("a person decides", "menunggu keputusan petugas"),
    "approved": Both("the order leaves as soon as it can", "perintah berangkat secepatnya"),
    "denied": Both("a person said no", "ditolak petugas"),
    "expired": Both("nobody decided in time", "tidak diputuskan pada waktunya"),
    "canceled": Both("called off", "dibatalkan"),
    "sent": Both("the order is under way to the dispatcher", "perintah sedang menuju pengendali"),
    "accepted": Both("the dispatcher takes it", "pengendali menerimanya"),
    "rejected": Both("the dispatcher does not take it", "pengendali tidak menerimanya"),
    "in_progress": Both("it flies", "sedang terbang"),
    "paused": Both("the flight is paused", "penerbangan dijeda"),
    "timeout": Both("the dispatcher is silent; it was called off", "pengendali diam; dibatalkan"),
    "ok": Both("it has flown", "sudah terbang"),
    "partially_done": Both("it has flown in part", "terbang sebagian"),
    "failed": Both("the flight failed", "penerbangan gagal"),
}
WAITING, ORDERED = (
    ("requested", "blocked", "pending_approval", "approved"),
    ("sent", "accepted", "in_progress", "paused"),
)
COMPASS = (
    Both("north", "utara"),
    Both("north-east", "timur laut"),
    Both("east", "timur"),
    Both("south-east", "tenggara"),
    Both("south", "selatan"),
    Both("south-west", "barat daya"),
    Both("west", "barat"),
    Both("north-west", "barat laut"),
)
SIMULATION = Both("a simulation, nothing may fly", "simulasi, tidak boleh ada yang terbang")


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


def reasons(text: str, language: str) -> str:
    """Why it is so; several reasons are joined by semicolons."""
    return "; ".join(spoken(part, language) for part in text.split("; "))


def _state(request: dict[str, Any], here: Here, language: str) -> str:
    state, last = request["state"], request["history"][-1:]
    since = [Both("since {}", "sejak {}").of(language).format(here.time(s["at"], seconds=True)) for s in last]
    why = ": " + reasons(request["reason"], language) if request["reason"] else ""
    step = [f'"{request["step"]}"'] if request["step"] else []
    return ", ".join([f"{state} - {MEANING[state].of(language)}", *step, *since]) + why


def _asked(request: dict[str, Any], language: str) -> str:
    if request["origin"] == "patrol":
        return (
            Both('patrol "{}", planned for {}', 'patroli "{}", direncanakan {}')
            .of(language)
            .format(request["rule"], request["place"])
        )
    text = Both(
        'rule "{rule}" ({severity}), camera "{camera}", at "{place}", {sure:.0%} sure, {count} time(s)',
        'aturan "{rule}" ({severity}), kamera "{camera}", di "{place}", keyakinan {sure:.0%}, {count} kali',
    )
    return text.of(language).format(
        **request | {"severity": named(request["severity"], language)}, sure=request["score"]
    )


def _times(request: dict[str, Any], here: Here, language: str) -> str:
    expires = from_rfc3339(request["expires_at"])
    asked, until = here.time(request["created_at"], seconds=True), here.time(request["expires_at"])
    text = Both("asked {}, lives until {}", "diminta {}, berlaku sampai {}").of(language).format(asked, until)
    if request["state"] in WAITING and expires > here.wall:
        text += (
            Both(" (another {})", " ({} lagi)").of(language).format(how_long(expires - here.wall, language))
        )
    return text


def _target(request: dict[str, Any], here: Here, language: str) -> str:
    target = request["target"]
    radius = target.get("uncertainty_m", target.get("radius_m"))
    place = target["latitude"], target["longitude"]
    text = Both(
        "{0:.6f}, {1:.6f}, within {2:g} m, {3:g} m high; {4}",
        "{0:.6f}, {1:.6f}, dalam {2:g} m, setinggi {3:g} m; {4}",
    )
    return text.of(language).format(
        *place, radius, target["altitude_agl_m"], where((here.latitude, here.longitude), place, language)
    )


def where(pole: tuple[float, float], place: tuple[float, float], language: str) -> str:
    """ "120 m north-east of the pole" """
    metres = distance_m(pole, place)
    if metres < 1:
        return Both("at the pole itself", "di tiang itu sendiri").of(language)
    north, east = place[0] - pole[0], (place[1] - pole[1]) * math.cos(math.radians(pole[0]))
    bearing = COMPASS[round(math.degrees(math.atan2(east, north)) / 45) % 8].of(language)
    far = f"{metres:.0f} m" if metres < 9950 else f"{metres / 1000:.0f} km"
    return Both("{} {} of the pole", "{} di sebelah {} tiang").of(language).format(far, bearing)


def _gates(request: dict[str, Any], language: str) -> str:
    gates = request["gates"]
    shut = [f"{g['name']} ({_value(g, language)})" for g in gates if not g["ok"]]
    if not gates:
        return Both("were not asked yet", "belum diperiksa").of(language)
    if not shut:
        return Both("all {} were open", "semua {} terbuka").of(language).format(len(gates))
    return (
        Both("SHUT: {}; {} open", "TERTUTUP: {}; {} terbuka")
        .of(language)
        .format(", ".join(shut), len(gates) - len(shut))
    )


def _value(gate: dict[str, Any], language: str) -> str:
    unknown = Both("unknown", "tidak diketahui").of(language)
    shown = unknown if gate["value"] in (None, "") else str(gate["value"])
    limit = (
        ""
        if gate["limit"] in (None, "")
        else Both(", limit {}", ", batas {}").of(language).format(gate["limit"])
    )
    age = (
        ""
        if gate["age_s"] is None
        else Both(", {} old", ", {} yang lalu").of(language).format(how_long(gate["age_s"], language))
    )
    return shown + limit + age


def _decided(request: dict[str, Any], here: Here, language: str) -> str:
    by = [s for s in request["history"] if s["state"] in ("approved", "denied", "canceled")]
    if not by:
        return Both("nobody yet", "belum ada").of(language)
    return ", ".join(
        f"{s['state']} {Both('by', 'oleh').of(language)} {s['by']} {here.time(s['at'], seconds=True)}"
        for s in by
    )


def _next(request: dict[str, Any], typed: Callable[..., str], language: str) -> str:
    name, state = request["request_id"], request["state"]
    if state == "pending_approval":
        rest = Both("; or deny, cancel in place of approve", "; atau deny, cancel sebagai ganti approve").of(
            language
        )
        return typed("drone", "approve", name) + rest
    if state in WAITING:
        return typed("drone", "deny", name)
    if state in ORDERED:
        return typed("drone", "cancel", name)
    return typed("why", "drone", name)
