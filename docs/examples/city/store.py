"""The one interface of the database, and all SQL that fits both of them."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from city import heard as words
from city.books import Book, Changes, Ranges
from city.folding import Incident, Request
from city.heard import Key
from city.reading import Event

HERE = Path(__file__).parent
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
Row = Mapping[str, Any]


class StoreError(Exception):
    """The database does not do it now. What was not committed has to be done again."""


class StoreRefused(StoreError):
    """The database refuses what it was given: to try it again changes nothing."""


class Database(Protocol):
    """A connection. Arguments stand in the SQL as $1, $2 …; all of a transaction is kept, or nothing. One
    user at a time: who looks while the writer writes has a connection of its own. Raises StoreError.
    """

    def transaction(self) -> _Transaction: ...

    def snapshot(self) -> _Transaction:
        """All that is read inside is of one moment; nothing is written."""
        ...

    async def is_current(self) -> bool:
        """Are its tables as we make them?"""
        ...

    async def lock(self) -> None:
        """Until the end of the transaction nobody else makes tables."""
        ...

    async def hold(self, names: Sequence[str]) -> None:
        """Until the end of the transaction nobody else holds one of these, or wait until nobody does."""
        ...

    async def is_keeper(self) -> bool:
        """Is this the one connection that keeps the books? It is until it ends; then another one may be."""
        ...

    async def fetch(self, sql: str, *arguments: Any) -> Sequence[Row]: ...

    async def fetch_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> Sequence[Row]:
        """What is found once for each row of arguments, together."""
        ...

    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Once for each row, for all of them or none; one empty row is a statement without arguments."""
        ...

    async def insert_events(self, rows: Sequence[Sequence[Any]]) -> set[tuple[str, str, int]]:
        """Which of these rows of `events` are new: their source, store and number. In a transaction."""
        ...

    async def forget_days(self, events_before: str, keys_before: str) -> None:
        """Drop the events of whole days before this one, and forget numbers that came before that one."""
        ...

    async def close(self) -> None: ...


class _Transaction(Protocol):
    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *error: Any) -> bool | None: ...


@asynccontextmanager
async def opened(url: str, password: str | None = None) -> AsyncIterator[Database]:
    """`sqlite:FILE` or `postgresql://…`; the tables are made where there are none. Raises StoreError."""
    database = await connect(url, password)
    try:
        yield database
    finally:
        await database.close()


async def connect(url: str, password: str | None = None) -> Database:
    """Raises StoreError."""
    database: Database
    if url.startswith("sqlite:"):
        from city.sqlite import Sqlite

        database, name = Sqlite(Path(url.removeprefix("sqlite:"))), "sqlite"
    else:
        from city.postgres import Postgres

        database, name = Postgres(url, password), "postgresql"
    scripts = f"events.{name}.sql", "schema.sql", f"views.{name}.sql"
    try:
        async with database.transaction():
            await database.lock()
            for statement in statements("".join((HERE / script).read_text() for script in scripts)):
                await database.many(statement, [()])
            if not await database.is_current():
                raise StoreError(
                    "of an older version: back it up with that one, and restore it into a new folder"
                )
    except BaseException:
        await database.close()
        raise
    return database


def statements(script: str) -> list[str]:
    """The statements of an SQL script without semicolons in texts."""
    lines = [line.partition("--")[0] for line in script.splitlines()]
    return [s.strip() for s in "\n".join(lines).split(";") if s.strip()]


async def known_books(db: Database) -> dict[Key, Book]:
    """With what the keeper has not taken over yet. That is read first: meanwhile it may move into the books,
    and what is in both counts once.
    """
    waiting = [
        words.load(row["document"]) for row in await db.fetch("SELECT document FROM heard ORDER BY id")
    ]
    books = await load_books(db)
    for heard in waiting:
        words.take_over(books, heard, {})
    return books


async def load_books(db: Database) -> dict[Key, Book]:
    """As the keeper wrote them."""
    books: dict[Key, Book] = {}
    for row in await db.fetch("SELECT source, store, told, ended, after FROM stores"):
        book = Book(told=row["told"], ended=row["ended"], after=row["after"])
        books[row["source"], row["store"]] = book
    spans: dict[Key, list[tuple[int, int]]] = {}
    for row in await db.fetch("SELECT source, store, first, last FROM ranges"):
        spans.setdefault((row["source"], row["store"]), []).append((row["first"], row["last"]))
    for key, found in spans.items():
        books.setdefault(key, Book()).ranges = Ranges(found)
    return books


async def save_books(db: Database, books: Mapping[Key, Book], changes: Mapping[Key, Changes]) -> None:
    gone = [(*key, first) for key, change in changes.items() for first in change.gone]
    put = [(*key, first, last) for key, change in changes.items() for first, last in change.put.items()]
    await db.many("DELETE FROM ranges WHERE source = $1 AND store = $2 AND first = $3", gone)
    await db.many(
        "INSERT INTO ranges (source, store, first, last) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (source, store, first) DO UPDATE SET last = excluded.last",
        put,
    )
    await db.many(
        "INSERT INTO stores (source, store, told, ended, after) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (source, store) DO UPDATE SET told = excluded.told, ended = excluded.ended,"
        " after = excluded.after",
        [(*key, books[key].told, books[key].ended, books[key].after) for key in changes],
    )


def event_row(event: Event, came: str) -> tuple[Any, ...]:
    flags = int(event.replayed), int(event.simulation)
    return (
        event.source, event.store, event.number, event.id, event.kind, event.time, event.quality,
        event.severity, *flags, came, json_text(event.data),
    )  # fmt: skip


async def put_heard(db: Database, heard: words.Heard, came: str) -> None:
    if heard:
        name = f"{came}-{secrets.token_hex(8)}"
        await db.many("INSERT INTO heard (id, document) VALUES ($1, $2)", [(name, heard.dump())])


async def put_aside(db: Database, rows: Sequence[Sequence[str]]) -> None:
    """Rows of `aside`; the newest 10 000 stay."""
    if not rows:
        return
    await db.many("INSERT INTO aside (id, came, topic, reason, payload) VALUES ($1, $2, $3, $4, $5)", rows)
    await db.many(
        "DELETE FROM aside WHERE came < (SELECT came FROM aside ORDER BY came DESC LIMIT 1 OFFSET 10000)",
        [()],
    )


async def load_incidents(db: Database, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Incident]:
    """For who changes them: until the end of the transaction nobody else does."""
    wanted = sorted(set(keys))
    await db.hold([f"incident {source} {name}" for source, name in wanted])
    sql = "SELECT * FROM incidents WHERE source = $1 AND incident_id = $2"
    rows = await db.fetch_each(sql, wanted)
    return {(row["source"], row["incident_id"]): incident_from(row) for row in rows}


def incident_from(row: Row) -> Incident:
    names = "source", "incident_id", "rule", "kind", "camera", "place", "severity", "quality"
    told = {name: row[name] for name in names}
    ends = {k: row[k] for k in ("opened_at", "closed_at", "duration_s", "end_reason")}
    return Incident(
        **told, **ends, class_=row["class"], notify=tuple(json.loads(row["notify"])),
        simulation=bool(row["simulation"]),
    )  # fmt: skip


async def save_incidents(db: Database, incidents: Iterable[Incident], came: str) -> None:
    await db.many(
        "INSERT INTO incidents (source, incident_id, rule, kind, camera, place, class, severity, notify,"
        " opened_at, closed_at, duration_s, end_reason, quality, simulation, came)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
        " ON CONFLICT (source, incident_id) DO UPDATE SET rule = excluded.rule, severity = excluded.severity,"
        " notify = excluded.notify, opened_at = excluded.opened_at, closed_at = excluded.closed_at,"
        " duration_s = excluded.duration_s, end_reason = excluded.end_reason",
        [
            (
                i.source, i.incident_id, i.rule, i.kind, i.camera, i.place, i.class_, i.severity,
                json_text(i.notify), i.opened_at, i.closed_at, i.duration_s, i.end_reason, i.quality,
                int(i.simulation), came,
            )
            for i in incidents
        ],
    )  # fmt: skip


async def load_requests(db: Database, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Request]:
    """For who changes them, as `load_incidents`."""
    wanted = sorted(set(keys))
    await db.hold([f"request {source} {name}" for source, name in wanted])
    sql = "SELECT * FROM requests WHERE source = $1 AND request_id = $2"
    rows = await db.fetch_each(sql, wanted)
    return {(row["source"], row["request_id"]): request_from(row) for row in rows}


def request_from(row: Row) -> Request:
    return Request(
        source=row["source"], request_id=row["request_id"], state=row["state"], number=row["number"],
        simulation=bool(row["simulation"]), document=json.loads(row["document"]),
    )  # fmt: skip


async def save_requests(db: Database, requests: Iterable[Request], came: str) -> None:
    await db.many(
        "INSERT INTO requests (source, request_id, state, number, simulation, came, document)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (source, request_id) DO UPDATE SET"
        " state = excluded.state, number = excluded.number, came = excluded.came,"
        " document = excluded.document",
        [
            (r.source, r.request_id, r.state, r.number, int(r.simulation), came, json_text(r.document))
            for r in requests
        ],
    )


async def save_states(db: Database, rows: Sequence[Sequence[Any]]) -> None:
    """Rows of `states`. An empty document clears one."""
    await db.many(
        "INSERT INTO states (source, path, came, retained, document) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (source, path) DO UPDATE SET came = excluded.came, retained = excluded.retained,"
        " document = excluded.document",
        rows,
    )


async def set_fact(db: Database, name: str, value: str) -> None:
    await db.many(
        "INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value ="
        " excluded.value",
        [(name, value)],
    )


def json_text(value: Any) -> str:
    return ENCODER.encode(value)
