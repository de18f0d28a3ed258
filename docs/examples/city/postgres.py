"""PostgreSQL through asyncpg. A connection that broke is made anew with the next transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import asyncpg

from city.store import Row, StoreError, StoreRefused

FAILED = (
    OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError,
)  # fmt: skip
DATA = asyncpg.DataError, asyncpg.IntegrityConstraintViolationError
MAKING_TABLES = 3211  # two that do it at once fail, for all that each says IF NOT EXISTS
TIMEOUT_S = 30.0  # of a statement: a server that hangs is a server that failed
INSERT = """
INSERT INTO events SELECT * FROM unnest(
  $1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
  $9::integer[], $10::integer[], $11::text[], $12::text[])
ON CONFLICT DO NOTHING RETURNING source, store, sequence
"""


class Postgres:
    """One statement or transaction at a time."""

    def __init__(self, url: str, password: str | None = None) -> None:
        self._url, self._password = url, password
        self._db: Any = None
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
                self._url, timeout=TIMEOUT_S, command_timeout=TIMEOUT_S, **options
            )
        return self._db

    async def lock(self) -> None:
        await self.fetch("SELECT pg_advisory_xact_lock($1)", MAKING_TABLES)

    async def fetch(self, sql: str, *arguments: Any) -> Sequence[Row]:
        found: Sequence[Row] = await self._alone("fetch", sql, *arguments)
        return [dict(row) for row in found]

    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            await (self._alone("executemany", sql, rows) if rows[0] else self._alone("execute", sql))

    async def insert_events(self, rows: Sequence[Sequence[Any]]) -> set[tuple[str, str, int]]:
        if not rows:
            return set()
        new = await self._alone("fetch", INSERT, *(list(column) for column in zip(*rows, strict=True)))
        return {(row["source"], row["store"], row["sequence"]) for row in new}

    async def close(self) -> None:
        self._ended = True
        async with self._one:
            self._drop()

    def _drop(self) -> None:
        if self._db is not None:
            self._db.terminate()
            self._db = None

    async def _alone(self, method: str, sql: str, *arguments: Any) -> Any:
        if self._within is asyncio.current_task():
            return await self._do(method, sql, *arguments)
        async with self._one:
            return await self._do(method, sql, *arguments)

    async def _do(self, method: str, sql: str, *arguments: Any) -> Any:
        try:
            # Within a transaction never another connection: it would not be in the transaction
            within = self._within is not None
            db = self._db if within and self._db is not None else await self._connected()
            return await getattr(db, method)(sql, *arguments)
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
