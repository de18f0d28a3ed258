"""What others say over MQTT besides commands: the dispatcher, a former self, poles to their city."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fuzzing.target import Lost, Ready, Target, samples
from fuzzing.targets.commands import MARK, WALL, WORDS

BASE = "smartpole/test/T-1"


def prepare_dispatcher(_: Path) -> Ready:
    """Topic and payload, several in a row, through the bench dispatcher, which then takes its steps."""
    from pole_agent.simulator.dispatcher import BenchDispatcher

    def take(data: bytes) -> None:
        now, sent = [WALL], list[tuple[str, bytes]]()

        def send(topic: str, message: dict[str, Any]) -> None:
            sent.append((topic, json.dumps(message, allow_nan=False).encode()))

        bench = BenchDispatcher(send, lambda: now[0])
        for part in data.split(b"\xff\xfe"):
            topic, _, payload = part.partition(MARK.encode())
            bench.hear(topic.decode("latin-1"), payload)
            for _step in range(3):
                now[0] += 7.0
                bench.step()

    def said(path: str, payload: bytes) -> bytes:
        return f"{BASE}/{path}{MARK}".encode() + payload

    order = json.loads(samples("drone-order.json")[0])
    fresh = json.dumps(order | {"expires_at": "2099-01-01T00:00:00Z"}).encode()
    online = said("status", samples("status.json")[0])
    cancel = said("drone/cancel", json.dumps({"request_id": order["request_id"], "by": "Dewi"}).encode())
    seeds = [
        online,
        said("drone/order", fresh),
        online + b"\xff\xfe" + said("drone/order", fresh),
        said("drone/order", fresh) + b"\xff\xfe" + cancel,
        said("drone/request", samples("drone-request.json")[0]),
    ]
    words = (
        *WORDS,
        *sorted(order),
        "latitude",
        "longitude",
        "altitude_agl_m",
        b"\xff\xfe",
        f"{BASE}/drone/order{MARK}",
    )
    return Ready(take=take, seeds=seeds, words=words)


def prepare_former(_: Path) -> Ready:
    """A retained status: our own, or one that somebody wrote in our place."""
    from pole_agent.uplink.events import event_kind
    from pole_agent.uplink.own_words import Known, judge, last_words_of
    from pole_agent.uplink.presence import Presence

    known = Known("abc123", 500, 480, 7, "boot-1", ("old1",), announced=False, since_newest_s=60.0)

    def take(data: bytes) -> None:
        topic, _, payload = data.rpartition(MARK.encode())
        found = judge(payload, known)
        if found is not None and any(not 1 <= a <= b < 1 << 63 for a, b in found.ranges):
            raise Lost(f"ranges {found.ranges}")
        last_words_of(payload, {"abc123", "old1"})
        event_kind(BASE, topic.decode("latin-1"))
        presence = Presence("boot-1")
        presence.begin(7)
        presence.heard(payload, 10.0)

    mine = {"state": "online", "birth": 7, "boot_id": "boot-1", "storeid": "abc123", "sequence": 500}
    seeds = [
        *samples("status*.json"),
        json.dumps(mine).encode(),
        (BASE + "/status" + MARK).encode() + json.dumps(mine | {"birth": 6}).encode(),
    ]
    return Ready(
        take=take, seeds=seeds, words=(*WORDS, *mine, "abc123", "old1", "boot-1", "offline", "lost", "reason")
    )


def prepare_city(_: Path) -> Ready:
    """Messages to the city's writer: sorted, folded, and each accepted, refused or set aside."""
    from city.folding import incident_of, later, merged
    from city.link import Message
    from city.store import event_row, json_text
    from city.writer import Batch, Writer, wishes
    from paho.mqtt.client import topic_matches_sub

    writer = Writer(None, None, "smartpole")  # type: ignore[arg-type]
    listened = wishes("smartpole")

    def take(data: bytes) -> None:
        topic, _, payload = data.partition(MARK.encode())
        message = Message(topic.decode("latin-1"), payload, False, 1, 1, 0)
        batch = writer._sorted([message])
        _stored(batch)
        heard = any(topic_matches_sub(wish.topic, message.topic) for wish in listened)
        if heard and not (batch.events or batch.requests or batch.aside or batch.words):
            raise Lost("a message was dropped without a trace")

    def _stored(batch: Batch) -> None:
        incident = None
        for event, _topic in batch.events:
            json_text([*event_row(event, "2026-11-24T05:00:00.000Z")]).encode()
            found = incident_of(event)
            incident = merged(incident, found) if found else incident
        for request in batch.requests:
            json_text(later(None, request).document).encode()
        for why in batch.aside:
            json_text([*why]).encode()

    def seed(name: str) -> bytes:
        return f"{BASE}/{name}{MARK}".encode()

    events = [(json.loads(e), e) for e in samples("events-*.json")]
    seeds = [
        e["source"].lstrip("/").encode()
        + b"/events/"
        + e["type"].removeprefix("smartpole.").replace(".", "/").encode()
        + MARK.encode()
        + raw
        for e, raw in events
    ]
    seeds += [
        seed("drone/request") + samples("drone-request.json")[0],
        seed("status") + samples("status.json")[0],
        seed("health") + samples("health.json")[0],
    ]
    return Ready(
        take=take,
        seeds=seeds,
        words=(*WORDS, *sorted({k for e, _ in events for k in e}), "ranges", "smartpole.", "state"),
    )


TARGETS = (
    Target(
        name="dispatcher",
        about="orders, cancels and status at the bench dispatcher",
        prepare=prepare_dispatcher,
    ),
    Target(
        name="former",
        about="a retained status, of this pole or of a stranger",
        prepare=prepare_former,
        most_bytes=1500,
    ),
    Target(name="city", about="messages at the city's writer (docs/examples/city)", prepare=prepare_city),
)
