"""Backup and restore: all tables as JSON lines in one gzip file, the same for both databases, so that a city
can move from one to the other. What is restored is all that was there, or nothing.
"""

from __future__ import annotations

import gzip
import json
import os
import tempfile
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

from city.store import Database, Row

FORMAT = "pole-city backup 1"
PAGE = 2000
# Each table and its key, by which it is read in pages
TABLES = {
    "events": ("source", "store", "sequence"), "heard": ("id",), "ranges": ("source", "store", "first"),
    "stores": ("source", "store"), "aside": ("id",), "incidents": ("source", "incident_id"),
    "requests": ("source", "request_id"), "states": ("source", "path"), "facts": ("name",), "cases": ("id",),
    "verdicts": ("source", "incident_id"), "audit": ("id",),
}  # fmt: skip

EVENT = (
    "source", "store", "sequence", "id", "kind", "time", "quality", "severity", "replayed", "simulation",
    "came", "data",
)  # fmt: skip


class ArchiveError(Exception):
    """The file is no whole backup, or the database is not empty."""


async def backup(db: Database, file: Path) -> dict[str, int]:
    """The rows of each table, as they were at one moment. The file appears when it is whole, for its owner.

    Raises StoreError, OSError.
    """
    counts = dict.fromkeys(TABLES, 0)
    descriptor, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}")
    try:
        with os.fdopen(descriptor, "wb") as raw:
            with gzip.open(raw, "wt", encoding="utf-8") as out:
                out.write(json.dumps({"format": FORMAT}) + "\n")
                async with db.snapshot():
                    for table in TABLES:
                        async for row in _rows(db, table):
                            counts[table] += 1
                            out.write(json.dumps([table, dict(row)], ensure_ascii=False) + "\n")
                out.write(json.dumps({"end": counts}) + "\n")
            raw.flush()
            os.fsync(raw.fileno())
        _rename(beside, file)
    except BaseException:
        _remove(beside)
        raise
    return counts


def _rename(beside: str, file: Path) -> None:
    Path(beside).replace(file)


def _remove(beside: str) -> None:
    Path(beside).unlink(missing_ok=True)


async def _rows(db: Database, table: str) -> AsyncIterator[Row]:
    keys = TABLES[table]
    names = ", ".join(keys)
    after = ", ".join(f"${number}" for number in range(1, len(keys) + 1))
    rows: Sequence[Row] = await db.fetch(f"SELECT * FROM {table} ORDER BY {names} LIMIT {PAGE}")
    while rows:
        for row in rows:
            yield row
        last = [rows[-1][key] for key in keys]
        rows = await db.fetch(
            f"SELECT * FROM {table} WHERE ({names}) > ({after}) ORDER BY {names} LIMIT {PAGE}", *last
        )


async def restore(db: Database, file: Path) -> dict[str, int]:
    """Fill an empty database. Raises ArchiveError, StoreError, OSError: then it is as empty as before."""
    counts = dict.fromkeys(TABLES, 0)
    async with db.transaction():
        for table in TABLES:
            if table != "facts" and (await db.fetch(f"SELECT 1 FROM {table} LIMIT 1")):
                raise ArchiveError(f"the table {table} is not empty: restore into a new database")
        await db.many("DELETE FROM facts", [()])
        waiting: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
        for table, row in _read(file, counts):
            waiting[table].append(row)
            if len(waiting[table]) >= PAGE:
                await _insert(db, table, waiting.pop(table))
                waiting[table] = []
        for table, rows in waiting.items():
            await _insert(db, table, rows)
    return counts


def _read(file: Path, counts: dict[str, int]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Its rows, counted. Raises ArchiveError at the end of what is not whole."""
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            if json.loads(next(lines)) != {"format": FORMAT}:
                raise ArchiveError(f"{file}: no backup of a city")
            for line in lines:
                found = json.loads(line)
                if isinstance(found, dict):
                    end = found.get("end")  # a table that is younger than the file had no rows
                    if not isinstance(end, dict) or dict.fromkeys(TABLES, 0) | end != counts:
                        raise ArchiveError(f"{file}: rows are missing")
                    return
                table, row = found
                counts[table] += 1
                yield table, row
    except (OSError, EOFError, zlib.error, StopIteration, ValueError, TypeError, KeyError) as error:
        raise ArchiveError(f"{file}: no whole backup: {error!r}") from error
    raise ArchiveError(f"{file}: its end is missing")


async def _insert(db: Database, table: str, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    names = sorted(rows[0])
    if not all(name.isidentifier() for name in names) or any(sorted(row) != names for row in rows):
        raise ArchiveError(f"{table}: a column that is none")
    if table == "events":  # they have their own way in
        if names != sorted(EVENT):
            raise ArchiveError("events: a column is missing")
        if len(await db.insert_events([[row[name] for name in EVENT] for row in rows])) != len(rows):
            raise ArchiveError("events: one is twice in it")
        return
    values = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    await db.many(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values})",
        [[row[name] for name in names] for row in rows],
    )
