"""Commands over MQTT: bytes through the envelope and the pure parser of each room; signed approvals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fuzzing.target import Lost, Ready, Target, samples

NOW, WALL = 1000.0, 1_795_500_000.0
MARK = "\0"  # between path and payload of an input
PRIVATE = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("lamp/set", {"state": "ON", "brightness": 128, "transition": 3, "duration_s": 600, "command_id": "a1"}),
    ("lamp/set", {"level": 0.4, "mode": "fixed", "reason": "market", "by": "duty"}),
    ("lamp/set", {"resume": True, "issued_at": "2026-11-24T05:00:00Z", "expires_at": "2026-11-24T06:00:00Z"}),
    ("lamp/set", {"default_duration_s": 600}),
    ("lamp/set", {"sweep_s": 20}),
    ("lamp/set", {"burn_h": 100}),
    ("drone/approval", {"request_id": "r1", "decision": "approve", "by": "Dewi", "reason": "clear"}),
    ("drone/approval", {"request_id": "r1", "decision": "deny", "by": "Dewi"}),
    ("drone/approval", {"patrol": "round", "decision": "approve", "until": "2026-12-01T00:00:00Z",
    "by": "D"}),
    ("drone/approval", {"patrol": "round", "decision": "cancel", "by": "Dewi"}),
    ("drone/stop", {"stop": True, "by": "Dewi", "reason": "storm"}),
    ("drone/stop", {"stop": False, "by": "Dewi"}),
    ("drone/progress", {"request_id": "r1", "status": "in_progress", "step": "climb", "reason": ""}),
    ("drone/conditions", {"wind_ms": 3.5, "rain_mm_h": 0, "battery_pct": 90,
    "at": "2026-11-24T05:00:00+07:00"}),
    ("drone/conditions", {"rain": True, "dock": "open", "emergency_stop": False,
    "at": "2026-11-24T05:00:00Z"}),
    ("outbox/resend", {"storeid": "s", "from": 1, "to": 20}),
    ("incident/feedback", {"incident_id": "0" * 36, "verdict": "false", "by": "Dewi"}),
    ("diagnose", {"lang": "id"}),
    ("pole/commissioned", {"by": "Dewi"}),
)  # fmt: skip
WORDS = (
    "true", "false", "null", "NaN", "Infinity", "-0", "1e999", "1e308", "-1", "9" * 25, '"\\ud800"',
    '"\\u0000"',
    "\ufeff", "{}", "[]", '{"', '":', '","', "approve", "deny", "cancel", "signature", "nonce",
    "expires_at", "value",
    "issued_at", "command_id", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-W48-5T00Z",
)  # fmt: skip


def prepare_commands(_: Path) -> Ready:
    from pole_agent.commissioning.notice import read_notice
    from pole_agent.drone import commands as drone
    from pole_agent.drone.conditions import read_conditions
    from pole_agent.errors import CommandRefused
    from pole_agent.incidents.feedback import read_feedback
    from pole_agent.lamp import commands as lamp
    from pole_agent.uplink.command import is_always_safe, read

    rooms: dict[str, Callable[[dict[str, Any], str], object]] = {
        "lamp/set": lambda body, by: (lamp.read(body, NOW), lamp.read(body, NOW, local=True)),
        "drone/approval": lambda body, by: drone.decision_whatever(body),
        "drone/stop": lambda body, by: drone.stop_whatever(body),
        "drone/progress": lambda body, by: drone.read_progress(body),
        "drone/conditions": lambda body, by: read_conditions(body),
        "incident/feedback": read_feedback,
        "pole/commissioned": lambda body, by: read_notice({**body, "by": by}),
    }

    def take(data: bytes) -> None:
        name, _, payload = data.partition(MARK.encode())
        path = name.decode("latin-1")
        try:
            command = read(payload, path)
            body = dict(command.body)
            if path in ("drone/approval", "drone/stop") and command.by:
                body["by"] = command.by
            if (room := rooms.get(path)) is not None:
                room(body, command.by)
        except CommandRefused as error:
            if not str(error).strip() or "\n" in str(error):
                raise Lost(f"a refusal that is no line: {str(error)!r}") from error
            if path == "drone/stop" and _stops(payload):
                raise Lost(f"a stop was refused: {error}") from error
            return
        json.dumps(body, allow_nan=False).encode()
        if path == "drone/stop" and not is_always_safe(path, command.body) and command.fault:
            raise Lost("a malformed resume was accepted")

    return Ready(take=take, seeds=seeds(), words=(*WORDS, *keys()))


def _stops(payload: bytes) -> bool:
    """On drone/stop everything but a resume is a stop."""
    return b"false" not in payload


def seeds() -> list[bytes]:
    written = [(path + MARK + json.dumps(body)).encode() for path, body in COMMANDS]
    told = [
        (f"drone/{name}" + MARK).encode() + body
        for name in ("progress", "conditions")
        for body in samples(f"drone-{name}.json")
    ]
    return [*written, *told]


def keys() -> list[str]:
    return sorted({key for _, body in COMMANDS for key in body} | {path + MARK for path, _ in COMMANDS})


def prepare_approvals(_: Path) -> Ready:
    from pole_agent.drone import ed25519
    from pole_agent.drone.approval import Office, text
    from pole_agent.errors import CommandRefused
    from pole_agent.uplink.command import read

    what = {"request": "r1", "to": "-6.85860, 107.91640"}
    expires, nonce = "2026-11-24T05:30:00Z", "N" * 22
    office = Office("smartpole/test/T-1", {"Dewi": ed25519.public_key_of(PRIVATE)}, ed25519.verify)
    signed = ed25519.sign(PRIVATE, text(office.pole, what, "Dewi", nonce, expires).encode())
    wall = 1_795_498_200.0
    good = {"by": "Dewi", "signature": {"nonce": nonce, "expires_at": expires, "value": signed}}

    def take(data: bytes) -> None:
        try:
            body = read(data).body | {"by": read(data).by}
            found = office.check(body.get("signature"), body["by"], what, frozenset(), wall)
        except CommandRefused:
            return
        if found is None or (body["by"], found.nonce, found.expires) != ("Dewi", nonce, expires):
            raise Lost(f"an approval that nobody signed was accepted: {data!r}")

    take(json.dumps(good).encode())
    return Ready(
        take=take,
        seeds=[json.dumps(good).encode(), json.dumps(good | {"by": "Budi"}).encode()],
        words=(*WORDS, signed, nonce, expires, "Dewi", "="),
    )


TARGETS = (
    Target(
        name="commands", about="every command: envelope, and the parser of its room", prepare=prepare_commands
    ),
    Target(
        name="approvals",
        about="signed approvals: text, time, nonce and signature",
        prepare=prepare_approvals,
        native="the signature itself (libsodium)",
        most_bytes=1024,
    ),
)
