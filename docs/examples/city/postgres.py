"""PostgreSQL through asyncpg. A connection that broke is made anew with the next transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, timedelta
from typing import Any

import asyncpg

from city.store import Row, StoreError, StoreRefused

FAILED = (
    OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError,
)  # fmt: skip
DATA = asyncpg.DataError, asyncpg.IntegrityConstraintViolationError
MAKING_TABLES = 3211  # two that do it at once fail, for all that each says IF NOT EXISTS
TIMEOUT_S = 30.0  # of a statement: a server that hangs is a server that failed
KEEPING = 3212  # the keeper holds this one
HOLD = "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest($1::text[]) AS name"
DAYS, CAME = "events_", 10  # events of a day are in events_2026_11_27; the column that says which
MADE = "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'events'::regclass"
FRESH = "CREATE TEMPORARY TABLE IF NOT EXISTS fresh (LIKE events) ON COMMIT DELETE ROWS"
INSERT = """
WITH new AS (
  INSERT INTO keys SELECT source, store, sequence, id, left(came, 10) FROM fresh
  ON CONFLICT DO NOTHING RETURNING source, store, sequence
)
INSERT INTO events SELECT fresh.* FROM fresh JOIN new USING (source, store, sequence)
RETURNING source, store, sequence
"""


class Postgres:
    """One statement or transaction at a time."""

    def __init__(self, url: str, password: str | None = None) -> None:
        self._url, self._password = url, password
        self._db: Any = None
        self._keeps: Any = None  # the connection that has the keeper's lock
        self._ended = False
        self._one = asyncio.Lock()
        self._within: asyncio.Task[Any] | None = None

    def transaction(self) -> AbstractAsyncContextManager[None]:
        return self._within_it()

    def snapshot(self) -> AbstractAsyncContextManager[None]:
        return self._within_it(isolation="repeatable_read", readonly=True)

    @asynccontextmanager
    async def _within_it(self, **options: Any) -> AsyncIterator[None]:
        async with self._one:
            try:
                transaction = (await self._connected()).transaction(**options)
                await transaction.start()
            except FAILED as error:
                raise self._failed(error) from error
            self._within = asyncio.current_task()
            try:
                yield
                await transaction.commit()
            except BaseException as error:
                await self._roll_back(transaction)
                if isinstance(error, FAILED):
                    raise self._failed(error) from error
                raise
            finally:
                self._within = None

    async def _roll_back(self, transaction: Any) -> None:
        try:
            await transaction.rollback()
        except FAILED:
            self._drop()

    async def _connected(self) -> Any:
        if self._ended:
            raise StoreError("it is closed")
        if self._db is None or self._db.is_closed():
            options = {} if self._password is None else {"password": self._password}
            self._db = await asyncpg.connect(
                self._url,
                timeout=TIMEOUT_S,
                command_timeout=TIMEOUT_S,
                server_settings={"client_min_messages": "warning"},
                **options,
            )
        return self._db

    async def is_current(self) -> bool:
        """Until November 2026 events were not kept by days."""
        return bool(
            await self.fetch("SELECT 1 FROM pg_partitioned_table WHERE partrelid = 'events'::regclass")
        )

    async def lock(self) -> None:
        await self.fetch("SELECT pg_advisory_xact_lock($1)", MAKING_TABLES)

    async def hold(self, names: Sequence[str]) -> None:
        if names:
            await self.fetch(HOLD, sorted(set(names)))

    async def is_keeper(self) -> bool:
        """By a lock of the session: whoever is killed loses it."""
        if self._keeps is None or self._keeps is not self._db or self._keeps.is_closed():
            rows = await self.fetch("SELECT pg_try_advisory_lock($1) AS got", KEEPING)
            self._keeps = self._db if rows[0]["got"] else None
        return self._keeps is not None

    async def fetch(self, sql: str, *arguments: Any) -> Sequence[Row]:
        found: Sequence[Row] = await self._alone("fetch", sql, *arguments)
        return [dict(row) for row in found]

    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            await (self._alone("executemany", sql, rows) if rows[0] else self._alone("execute", sql))

    async def fetch_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> Sequence[Row]:
        found: Sequence[Row] = await self._alone("fetchmany", sql, rows) if rows else []
        return [dict(row) for row in found]

    async def insert_events(self, rows: Sequence[Sequence[Any]]) -> set[tuple[str, str, int]]:
        if not rows:
            return set()
        first: dict[tuple[str, str, int], Sequence[Any]] = {}
        for row in rows:
            first.setdefault((row[0], row[1], row[2]), row)
        # In one order: two writers that got the same events must not wait for each other
        fresh = [first[key] for key in sorted(first)]
        for day in sorted({row[CAME][:10] for row in fresh}):
            await self._make_day(day)
        await self._alone("execute", FRESH)
        await self._alone("copy_records_to_table", "fresh", records=fresh)
        new = await self._alone("fetch", INSERT)
        return {(row["source"], row["store"], row["sequence"]) for row in new}

    async def _make_day(self, day: str) -> None:
        try:
            following = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
        except (ValueError, OverflowError) as error:
            raise StoreRefused(f"an event came on {day!r}, which is no day") from error
        name = f"{DAYS}{day.replace('-', '_')}"
        for _ in range(2):
            if await self.fetch(f"{MADE} AND relname = $1", name):
                return
            await self.lock()  # and look again: another writer may have made it
        sql = f"CREATE TABLE {name} PARTITION OF events FOR VALUES FROM ('{day}') TO ('{following}')"
        await self._alone("execute", sql)

    async def forget_days(self, events_before: str, keys_before: str) -> None:
        for row in await self.fetch(f"{MADE} AND relname < $1", f"{DAYS}{events_before.replace('-', '_')}"):
            await self._alone("execute", f'DROP TABLE "{row["relname"]}"')
        await self.many("DELETE FROM keys WHERE day < $1", [(keys_before,)])

    async def close(self) -> None:
        self._ended = True
        async with self._one:
            self._drop()

    def _drop(self) -> None:
        if self._db is not None:
            self._db.terminate()
            self._db = None

    async def _alone(self, method: str, sql: str, *arguments: Any, **named: Any) -> Any:
        if self._within is asyncio.current_task():
            return await self._do(method, sql, *arguments, **named)
        async with self._one:
            return await self._do(method, sql, *arguments, **named)

    async def _do(self, method: str, sql: str, *arguments: Any, **named: Any) -> Any:
        try:
            # Within a transaction never another connection: it would not be in the transaction
            within = self._within is not None
            db = self._db if within and self._db is not None else await self._connected()
            return await getattr(db, method)(sql, *arguments, **named)
        except FAILED as error:
            raise self._failed(error) from error

    def _failed(self, error: BaseException) -> StoreError:
        """What the server refuses leaves the connection as it was. After anything else it is not trusted: a
        killed server leaves it "in another operation" for ever.
        """
        refused = isinstance(error, asyncpg.PostgresError)
        if not refused or isinstance(error, asyncpg.PostgresConnectionError):
            self._drop()
        kind = StoreRefused if isinstance(error, DATA) else StoreError
        return kind(str(error) or type(error).__name__)
