"""What goes over the wire: CloudEvents 1.0 in structured JSON, and the topics. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from pole_agent.almanac import rfc3339
from pole_agent.vocabulary import Severity, Stamp

TYPE_PREFIX = "smartpole."
CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8"
ORDERS = "drone/order"
STATUS = "status"  # our own: heard as well, because a twin would write there
# The commands we listen to.
PATHS = (
    "lamp/set",
    "drone/approval",
    "drone/progress",
    "drone/conditions",
    "drone/stop",
    "outbox/resend",
    "incident/feedback",
    "diagnose",
    "sync",
)
# All that we ask for, the most important first: some brokers allow a few only.
LISTENED = (
    "lamp/set",
    "drone/stop",
    "drone/approval",
    STATUS,
    *(p for p in PATHS if p not in ("lamp/set", "drone/stop", "drone/approval")),
)


class Message(NamedTuple):
    """One MQTT message on its way out. `expiry_s` is MQTT 5's message expiry."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    expiry_s: int | None = None
    correlation: bytes | None = None
    content_type: str = "application/json"


# A message, or what makes it at the moment when it leaves (and raises UplinkError when it is not to leave any
# more).
Letter = Message | Callable[[], Message]


@dataclass(frozen=True, slots=True)
class Incoming:
    """One MQTT message that came in; `path` is its topic below the base."""

    path: str
    payload: bytes
    retained: bool = False
    response_topic: str | None = None
    correlation: bytes | None = None


# What a broker keeps of a pole. The status last: until it goes the pole is there.
RETAINED = ("info", "active", "config", "version", "lamp/state", "health", STATUS)


def encode(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode(
        errors="replace"
    )


def _duration(data: Any) -> float | None:
    """Seconds, None where nobody knows."""
    seconds = data.get("duration_s") if isinstance(data, dict) else None
    return (
        seconds
        if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds >= 0
        else None
    )


def envelope(
    source: str,
    store_id: str,
    sequence: int,
    event_id: str,
    kind: str,
    severity: Severity,
    data: Any,
    stamp: Stamp,
    replayed: bool,
) -> dict[str, Any]:
    """One event as CloudEvents JSON.

    A closed incident also says when it opened, by the clock that its `time` was corrected by.
    """
    if kind == "incident.closed" and (duration := _duration(data)) is not None and duration <= stamp.wall:
        data = {**data, "opened_at": rfc3339(stamp.wall - duration)}
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": TYPE_PREFIX + kind,
        "time": rfc3339(stamp.wall),
        "datacontenttype": "application/json",
        "storeid": store_id,
        "sequence": f"{sequence:012d}",
        "bootid": stamp.boot_id,
        "timequality": stamp.quality,
        "severity": severity.word,
        "replayed": replayed,
        "data": data,
    }


def event_document(base: str, store_id: str, stored: Any) -> dict[str, Any]:
    """The CloudEvents JSON of a stored event (anything with the fields of ``store.database.Stored``)."""
    return envelope(
        f"/{base}",
        store_id,
        stored.seq,
        stored.event_id,
        stored.kind,
        stored.severity,
        json.loads(stored.data),
        stored.stamp,
        bool(stored.replayed),
    )


def event_topic(base: str, kind: str) -> str:
    return f"{base}/events/{kind.replace('.', '/')}"


def event_kind(base: str, topic: str) -> str:
    """The kind of event on this topic, "" when it is none of events."""
    head = f"{base}/events/"
    return topic.removeprefix(head).replace("/", ".") if topic.startswith(head) else ""


# `envelope` once more, as SQL over a row of the outbox and the values :source, :prefix and :storeid: the
# store hands out finished text. The values are our own words and identifiers: none holds a character that
# JSON would escape. A test holds it against `event_document`.
DOCUMENT_SQL = """
    '{"specversion":"1.0","id":"' || id || '","source":"' || :source || '","type":"' || :prefix || kind
    || '","time":"' || strftime('%Y-%m-%dT%H:%M:%fZ', wall, 'unixepoch')
    || '","datacontenttype":"application/json","storeid":"' || :storeid
    || '","sequence":"' || printf('%012d', seq) || '","bootid":"' || boot_id
    || '","timequality":"' || quality || '","severity":"'
    || CASE severity WHEN 0 THEN 'info' WHEN 1 THEN 'warning' ELSE 'alarm' END || '","replayed":'
    || CASE replayed WHEN 0 THEN 'false' ELSE 'true' END || ',"data":'
    || CASE WHEN kind <> 'incident.closed' OR typeof(data) <> 'text' OR NOT json_valid(data) THEN data
       WHEN json_type(data, '$.duration_s') IN ('integer', 'real')
            AND json_extract(data, '$.duration_s') BETWEEN 0 AND wall
       THEN substr(data, 1, length(data) - 1) || ',"opened_at":"'
            || strftime('%Y-%m-%dT%H:%M:%fZ', wall - json_extract(data, '$.duration_s'), 'unixepoch') || '"}'
       ELSE data END || '}'
"""
