"""Rows of the outbox: as they are stored, as they are listed, and as they are sent."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pole_agent.store.schema import LATEST
from pole_agent.vocabulary import RecordEvent, Severity, Stamp, TimeQuality

# Bits that fell over in a text are seen by nobody else: what is no JSON any more is told as that, and blocks
# nothing.
DAMAGED = """'{"unreadable":"damaged on the disk"}'"""
COLUMNS = (
    f"seq, id, kind, severity, CASE WHEN json_valid(data) THEN data ELSE {DAMAGED} END AS data, "
    "monotonic, boot_id, wall, quality, replayed, delivered"
)
INSERT = """
INSERT INTO outbox (id, kind, severity, data, monotonic, boot_id, wall, quality)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
# The words of a row as this agent writes them. A row that has others was damaged on the disk: it is not sent,
# and told as dropped. The lengths differ where a word holds a NUL, which ends it for everything else.
WORDS = "(id || kind || boot_id)"
SOUND = (
    f"{WORDS} NOT GLOB '*[^0-9A-Za-z._-]*' AND length({WORDS}) = length(CAST({WORDS} AS BLOB)) "
    "AND quality IN ('synced', 'corrected', 'unsynced') AND severity BETWEEN 0 AND 2 "
    f"AND typeof(wall) IN ('real', 'integer') AND wall BETWEEN 0 AND {LATEST}"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A new event with its identifier and its moment on every clock."""

    event_id: str
    event: RecordEvent
    stamp: Stamp


class Stored(NamedTuple):
    """An event as it lies in the outbox: a row as it comes, because a backlog has a hundred thousand."""

    seq: int
    event_id: str
    kind: str
    level: int  # its severity
    data: str  # JSON
    monotonic: float
    boot_id: str
    wall: float
    quality: TimeQuality
    replayed: int
    delivered: float | None = None

    @property
    def severity(self) -> Severity:
        return Severity(self.level)

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.monotonic, self.boot_id, self.wall, self.quality)


class Outbound(NamedTuple):
    """An event on its way out: what is needed to send it and to mark it."""

    seq: int
    level: int  # its severity
    kind: str
    text: str

    @classmethod
    def read(cls, row: str) -> Outbound:
        """From a row as `Database.following` hands it out."""
        seq, level, kind, text = row.split("\x1f", 3)
        return cls(int(seq), int(level), kind, text)


class Table:
    """What the tables of a `Database` share: its connection, and which store it is."""

    path: Path
    store_id: str
    made: bool
    _db: sqlite3.Connection
    _new_id: Callable[[], str]
    _page_bytes: int
    _most_pages: int


def as_json(data: Any) -> str:
    """The data of an event as JSON.

    What JSON cannot say must not stop everything behind it: it is stored as the fact that it was so.
    """
    try:
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        text.encode()
        return text
    except (ValueError, TypeError, RecursionError) as error:
        return json.dumps({"unreadable": f"{type(error).__name__}: {error}"[:200]})


def ranges(numbers: Iterable[int]) -> list[list[int]]:
    """[1, 2, 3, 7] -> [[1, 3], [7, 7]]."""
    result: list[list[int]] = []
    for number in sorted(numbers):
        if result and number == result[-1][1] + 1:
            result[-1][1] = number
        else:
            result.append([number, number])
    return result
