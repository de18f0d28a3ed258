"""What can still be read of a damaged pole.db: the events that wait, open incidents, drone requests, verdicts
and small state.

Pages are read one by one as far as they can be; a bad one costs what lies on it, not what lies behind it.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pole_agent.store.schema import LATEST, Connection

UNREADABLE = (sqlite3.Error, MemoryError)  # a damaged row may claim to be larger than all memory
MAX_TRIES = 5000  # of a file that is bad all over
TABLES = {  # table -> its columns, in the order of the schema
    "incidents": "id, severity, data, silent",
    "requests": "id, open, updated, data",
    "commands": "id, seen",
    "meta": "key, value",
    "verdicts": "incident_id, rule, false, by, at",
}
OWN = ("storeid", "announced")  # of the old store, not for the new one


@dataclass(slots=True)
class Salvage:
    """Rows as they lay in the tables. `events` without their sequence, which belongs to the old store."""

    events: list[tuple[Any, ...]] = field(default_factory=list)
    tables: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    store_id: str = ""
    sequence: int = 0  # the highest that was handed out, as far as it can be read


def salvage(path: Path) -> Salvage:
    """Read what can be read. Never raises for what is in the file."""
    found = Salvage()
    with (
        contextlib.suppress(*UNREADABLE),
        contextlib.closing(sqlite3.connect(path, isolation_level=None, factory=Connection)) as db,
    ):
        db.execute("PRAGMA query_only = ON")
        db.text_factory = lambda raw: raw.decode(errors="replace")
        found.events = [row for row in _events(db) if _sound(row)]
        with contextlib.suppress(*UNREADABLE):
            for (name,) in db.execute("SELECT value FROM meta WHERE key = 'storeid'"):
                if isinstance(name, str) and name.isalnum() and name.isascii():
                    found.store_id, found.sequence = name[:64], _last(db, 0)
        for table, columns in TABLES.items():
            with contextlib.suppress(*UNREADABLE):
                found.tables[table] = [
                    row for row in db.execute(f"SELECT {columns} FROM {table}") if row[0] not in OWN
                ]
    return found


def _events(db: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    last = _last(db)
    spans, tries = [(1, last)], 0
    while spans and tries < MAX_TRIES:
        first, last = spans.pop()
        tries += 1
        try:
            # The table itself, not an index that may be damaged by itself.
            rows = db.execute(
                "SELECT id, kind, severity, data, monotonic, boot_id, wall, quality FROM outbox NOT INDEXED "
                "WHERE seq BETWEEN ? AND ? AND delivered IS NULL ORDER BY seq",
                (first, last),
            ).fetchall()
        except UNREADABLE:
            if first < last:
                middle = (first + last) // 2
                spans += [(middle + 1, last), (first, middle)]
            continue
        yield from rows


def _last(db: sqlite3.Connection, unknown: int = 1 << 24) -> int:
    for query in ("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'", "SELECT max(seq) FROM outbox"):
        with contextlib.suppress(*UNREADABLE):
            for (seq,) in db.execute(query):
                if isinstance(seq, int) and seq > 0:
                    return seq
    return unknown


def _sound(row: tuple[Any, ...]) -> bool:
    """Does it look like an event, or like what a damaged page made of one?"""
    event_id, kind, severity, data, monotonic, boot_id, wall, quality = row
    return (
        all(isinstance(text, str) and text.isprintable() for text in (event_id, kind, boot_id))
        and isinstance(data, str)
        and data.startswith("{")
        and data.endswith("}")
        and severity in (0, 1, 2)
        and all(isinstance(number, int | float) for number in (monotonic, wall))
        and 0 <= wall <= LATEST
        and quality in ("synced", "corrected", "unsynced")
    )
