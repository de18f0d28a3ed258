"""A command as it comes: read, checked, and what is carried out however badly it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pole_agent.almanac import from_rfc3339
from pole_agent.errors import CommandRefused
from pole_agent.languages import phrase
from pole_agent.settings.reading import decoded

MAX_BYTES = 16 * 1024
MAX_DEPTH = 16
MAX_NAME = 100  # characters
META = ("command_id", "by", "issued_at", "expires_at")


@dataclass(frozen=True, slots=True)
class Command:
    """A command that was read: its envelope and what is left for its room."""

    command_id: str | None
    by: str
    expires: float | None  # wall time
    issued: float | None
    body: dict[str, Any]
    fault: str = ""  # what was malformed about one that is carried out all the same


def read(payload: bytes, path: str = "") -> Command:
    """Read a command. Raises CommandRefused; never anything else, whatever the bytes are.

    What keeps a drone on the ground is read however badly it is written: its room says what was malformed.
    """
    document: dict[str, Any] = {}
    try:
        document = _document(payload)
        return _command(document)
    except CommandRefused as error:
        if not is_always_safe(path, document):
            raise
        by = document.get("by")
        body = {k: v for k, v in document.items() if k not in META} or {"stop": True, "reason": str(error)}
        return Command(
            None, by if isinstance(by, str) and len(by) <= MAX_NAME else "", None, None, body, str(error)
        )


def _document(payload: bytes) -> dict[str, Any]:
    if len(payload) > MAX_BYTES:
        raise CommandRefused(phrase("command-too-large", most=MAX_BYTES))
    if not payload.strip():
        raise CommandRefused(phrase("command-empty"))
    # The nesting is counted before parsing, so that no recursion limit is met.
    depth = deepest = 0
    for byte in payload:
        depth += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise CommandRefused(phrase("command-too-deep", most=MAX_DEPTH))
    try:
        text = decoded(payload)
    except ValueError as error:
        raise CommandRefused(phrase("command-undecodable", error=error)) from None
    try:
        document = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise CommandRefused(phrase("command-not-json")) from None
    if not isinstance(document, dict):
        raise CommandRefused(phrase("command-not-an-object"))
    try:
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, written as an escape
        raise CommandRefused(phrase("command-not-unicode")) from None
    except ValueError:  # Python reads NaN, Infinity and 1e999; JSON does not know them
        raise CommandRefused(phrase("command-not-finite")) from None
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Which of two equal keys counts differs from reader to reader."""
    document = dict(pairs)
    if len(document) != len(pairs):
        raise CommandRefused(phrase("command-key-twice"))
    return document


def _command(document: dict[str, Any]) -> Command:
    command_id, by = document.get("command_id"), document.get("by", "")
    if command_id is not None and not (isinstance(command_id, str) and 1 <= len(command_id) <= 64):
        raise CommandRefused(phrase("command-id-invalid"))
    if not isinstance(by, str) or len(by) > MAX_NAME:
        raise CommandRefused(phrase("by-too-long", most=MAX_NAME))
    times = [_time(document, key) for key in ("issued_at", "expires_at")]
    body = {k: v for k, v in document.items() if k not in META}
    return Command(command_id, by, times[1], times[0], body)


def _time(document: Mapping[str, Any], key: str) -> float | None:
    value = document.get(key)
    if value is None:
        return None
    try:
        return from_rfc3339(value)
    except ValueError:
        raise CommandRefused(phrase("command-time-invalid", key=key)) from None


def is_always_safe(path: str, body: Mapping[str, Any]) -> bool:
    """What keeps a drone on the ground is done whenever it comes: late, twice, kept by the broker, or by a
    clock that nobody trusts.

    On ``drone/stop`` that is everything but an explicit resume, also what cannot be read.
    """
    match path:
        case "drone/stop":
            return body.get("stop") is not False
        case "drone/approval":
            return body.get("decision") in ("deny", "cancel")
    return False
