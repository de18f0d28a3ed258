"""What the adapters share: reading messages of poles, their place and time, and text that is safe to pass on.

Only the contract is used (docs/mqtt.md, docs/contract/schemas.json), nothing of the agent.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

LONGEST_DOCUMENT = 1_000_000  # characters; a message of a pole has a few thousand
LONGEST_TEXT = 500  # characters of one name or reason
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# What a document raises that is not of the contract.
MALFORMED = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True, kw_only=True)
class Message:
    """A payload, whose it is (the pole's base topic), and what: ``info``, ``lamp/state`` or ``events``, ""
    for all else.
    """

    pole: str
    path: str
    payload: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a pole stands, from its ``info``. `latitude` and `longitude` are degrees (WGS 84)."""

    latitude: float
    longitude: float
    name: str = ""
    area_code: str = ""
    timezone: str = "UTC"

    @classmethod
    def of(cls, info: dict[str, Any]) -> Place | None:
        """None where the coordinates are on no globe."""
        location = info["location"]
        if not on_globe(location["latitude"], location["longitude"]):
            return None
        return cls(
            latitude=float(location["latitude"]),
            longitude=float(location["longitude"]),
            name=clean(info["name"]),
            area_code=clean(info["area_code"]),
            timezone=str(info["timezone"]),
        )


def documents(lines: Iterable[str]) -> Iterator[str]:
    """The JSON objects of a stream, as text, each as soon as it is complete.

    One stands on one line, or goes on over indented lines to a brace of its own, as the samples do. What is
    no JSON comes out as it is.
    """
    text = ""
    for line in lines:
        if text and line.startswith("{"):
            yield text
            text = ""
        if len(text) <= LONGEST_DOCUMENT and (text or line.strip()):
            text += line
        if text and (line.startswith("}") or (line.startswith("{") and line.rstrip().endswith("}"))):
            yield text
            text = ""
    if text:
        yield text


def message(text: str) -> Message:
    """A bare CloudEvent, or a line of ``mosquitto_sub -F %J``. Raises what stands in `MALFORMED`.

    The rights of a pole at its broker end at its topics, so an event under another's topic is refused.
    """
    if len(text) > LONGEST_DOCUMENT:
        raise ValueError("longer than any message of a pole")
    document = json.loads(text)
    if "topic" not in document or "payload" not in document:
        return Message(pole=document["source"].removeprefix("/"), path="events", payload=document)
    topic, payload = document["topic"], document["payload"]
    for path in ("info", "lamp/state"):
        if topic.endswith(f"/{path}"):
            return Message(pole=topic.removesuffix(f"/{path}"), path=path, payload=dict(payload))
    pole, events, _ = topic.rpartition("/events/")
    if events and payload["source"] != f"/{pole}":
        raise ValueError(f"{clean(topic)}: the event is of {clean(payload['source'])}")
    return Message(pole=pole, path="events" if events else "", payload=dict(payload) if events else {})


def run(name: str, translate: Callable[[Iterator[str]], Iterator[str | Exception]]) -> int:
    """Standard input to standard output, a line for each result; what is wrong goes to standard error.

    Returns the exit code: 1 where something was wrong.
    """
    wrong = 0
    heard = io.TextIOWrapper(sys.stdin.buffer, "utf-8", "replace")
    for found in translate(documents(heard)):
        if isinstance(found, Exception):
            wrong += 1
            print(f"{name}: {clean(repr(found))}", file=sys.stderr)
        else:
            sys.stdout.buffer.write(found.encode() + b"\n")
            sys.stdout.buffer.flush()
    return 1 if wrong else 0


def clean(text: object, longest: int = LONGEST_TEXT) -> str:
    """Text that any format can carry, on one line: what cannot be printed is replaced.

    That covers control characters, halves of surrogate pairs, and marks that turn the direction of writing.
    """
    said = str(text)
    said = said if len(said) <= longest else said[: longest - 1] + "…"
    return "".join(c if c.isprintable() else REPLACEMENT for c in said)


def slug(text: object) -> str:
    """`text` as part of an identifier: letters, digits and ``-._~%`` only, and never empty."""
    return quote(clean(text), safe="") or "-"


def moment(text: str) -> datetime:
    """A time of the contract, in UTC. Raises ValueError where there is no such day."""
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def local(at: datetime, place: Place | None) -> str:
    """A time as people at the pole read it, ``2026-11-24 17:49:08 WIB``."""
    try:
        return at.astimezone(ZoneInfo(place.timezone if place else "UTC")).strftime("%Y-%m-%d %H:%M:%S %Z")
    except (KeyError, ValueError, OSError, OverflowError):  # no such zone, or a day outside the calendar
        return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def on_globe(latitude: float, longitude: float) -> bool:
    """False for what is no number, too."""
    return abs(latitude) <= 90 and abs(longitude) <= 180


def simulated(event: dict[str, Any]) -> bool:
    """Of a demo, or about a flight that nobody may fly."""
    return event.get("simulation") is True or event["data"].get("simulation") is True
