"""What comes from the broker: bytes in, an `Event` out, or `NotAnEvent` with the reason. Pure.

Who can publish can send anything. What passes here can be stored in any database and shown to anybody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MAX_BYTES = 65_536
MAX_DEPTH = 32
MAX_NUMBER = 10**12 - 1  # twelve digits
PREFIX = "smartpole."
KIND = re.compile(r"[a-z]+\.[a-z_]{1,40}")
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
SEVERITIES = ("info", "warning", "alarm")
QUALITIES = ("synced", "corrected", "unsynced")
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


class NotAnEvent(Exception):
    """Bytes that are no event of this pole. The text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event as it is stored. `kind` is the type without `smartpole.`; `time` RFC 3339 with milliseconds,
    so that it sorts as text; `number` is its sequence number.
    """

    source: str
    store: str
    number: int
    id: str
    kind: str
    time: str
    quality: str
    severity: str
    replayed: bool
    simulation: bool
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Numbers that an `outbox.dropped` event names: they never come. `ended`: nothing more of `store` comes,
    for this cause.
    """

    store: str
    ranges: tuple[tuple[int, int], ...]
    ended: str | None


def split(topic: str, prefix: str) -> tuple[str, str]:
    """The source of a topic, and what is below: ("/smartpole/sumedang/SMD-1", "events/lamp/resumed").

    Raises NotAnEvent.
    """
    if not topic.startswith(f"{prefix}/"):
        raise NotAnEvent("the topic is not below the prefix")
    site, _, rest = topic.removeprefix(f"{prefix}/").partition("/")
    pole, _, path = rest.partition("/")
    if not NAME.fullmatch(site) or not NAME.fullmatch(pole) or not path:
        raise NotAnEvent("the topic names no pole")
    return f"/{prefix}/{site}/{pole}", path


def document(payload: bytes) -> dict[str, Any]:
    """A JSON object that any database can hold. Raises NotAnEvent."""
    if len(payload) > MAX_BYTES:
        raise NotAnEvent(f"{len(payload)} bytes, at most {MAX_BYTES}")
    try:
        found = DECODER.decode(payload.decode())
        text = ENCODER.encode(found)
        text.encode()  # half of a character, written as an escape, has no bytes
    except UNREADABLE as error:
        raise NotAnEvent(f"no JSON: {type(error).__name__}") from None
    if "\\u0000" in text:
        raise NotAnEvent("it has a NUL character, which databases refuse")
    if not isinstance(found, dict):
        raise NotAnEvent("no JSON object")
    if _depth(text) > MAX_DEPTH:
        raise NotAnEvent(f"nested deeper than {MAX_DEPTH}")
    return found


def read_event(source: str, payload: bytes) -> Event:
    """The event of a message below `events/`. Raises NotAnEvent."""
    found = document(payload)
    try:
        event = _event(found)
    except UNREADABLE as error:
        raise NotAnEvent(f"{error}" if str(error) else type(error).__name__) from None
    if event.source != source:
        raise NotAnEvent("its source is not the pole of its topic")
    return event


def explained(event: Event) -> Explained | None:
    """What an `outbox.dropped` event explains; None for any other event. Raises NotAnEvent."""
    if event.kind != "outbox.dropped":
        return None
    try:
        ranges = tuple((_number(first), _number(last)) for first, last in event.data["ranges"])
        store = _text(event.data.get("storeid", event.store), 64)
        cause = _text(event.data["cause"], 200)
    except UNREADABLE as error:
        raise NotAnEvent(f"dropped: {error}") from None
    if any(first > last for first, last in ranges):
        raise NotAnEvent("dropped: a range that ends before it begins")
    return Explained(store=store, ranges=ranges, ended=cause if store != event.store else None)


def _event(found: Mapping[str, Any]) -> Event:
    """Raises one of UNREADABLE."""
    kind = _text(found["type"], 80)
    if not kind.startswith(PREFIX) or not KIND.fullmatch(kind.removeprefix(PREFIX)):
        raise ValueError("its type is none of a pole")
    data = found["data"]
    if not isinstance(data, dict):
        raise ValueError("its data are no object")
    return Event(
        source=_text(found["source"], 200),
        store=_text(found["storeid"], 64),
        number=_number(found["sequence"]),
        id=_text(found["id"], 64),
        kind=kind.removeprefix(PREFIX),
        time=moment(found["time"]),
        quality=_one_of(found["timequality"], QUALITIES),
        severity=_one_of(found["severity"], SEVERITIES),
        replayed=found.get("replayed") is True,
        simulation=found.get("simulation") is True,
        data=data,
    )


def moment(value: Any) -> str:
    """An RFC 3339 time in UTC, with milliseconds. Raises ValueError."""
    if not isinstance(value, str) or not TIME.fullmatch(value):
        raise ValueError("its time is no RFC 3339 time in UTC")
    found = datetime.fromisoformat(value.removesuffix("Z"))
    # A pole writes milliseconds: then it is as it is to be
    return value if value[-5:-4] == "." else rfc3339(found.replace(tzinfo=UTC).timestamp())


def rfc3339(wall: float) -> str:
    """Wall seconds as text, with milliseconds."""
    seconds, milliseconds = divmod(round(wall * 1000), 1000)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{milliseconds:03d}Z"


def wall_of(text: str) -> float:
    """Wall seconds of a time as `moment` returns it. Raises ValueError."""
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC).timestamp()


def _text(value: Any, most: int) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        raise ValueError(f"a text of 1 to {most} characters is missing")
    return value


def _number(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 12:
        value = int(value)
    if type(value) is not int or not 1 <= value <= MAX_NUMBER:
        raise ValueError("its sequence is no number from 1")
    return value


def _one_of(value: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"{'/'.join(allowed)} expected")
    return str(value)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


# Made once: json.loads and json.dumps make them for each call that has a wish
DECODER = json.JSONDecoder(parse_constant=_no_constant)
ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def _depth(text: str) -> int:
    """How deep JSON text is nested, brackets in strings counted too: never less than it is."""
    opened = text.count("[") + text.count("{")
    if opened <= MAX_DEPTH:
        return opened
    depth = deepest = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest
