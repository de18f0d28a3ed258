"""SQLite: where there is no PostgreSQL. One file, for a city of some hundred poles."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from city.store import Row, StoreError, StoreRefused

T = TypeVar("T")
COLUMNS = 12
INSERT = f"INSERT INTO events VALUES ({', '.join('?' * COLUMNS)}) ON CONFLICT DO NOTHING"


class Sqlite:
    """In threads, so that the loop goes on; one statement or transaction at a time. Cursors never leave their
    thread: one that dies here resets its statement, which another thread may be running again.
    """

    def __init__(self, file: Path) -> None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not file.exists():
                file.touch(mode=0o600)
            self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=20.0)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"{file}: {error}") from error
        self._one = asyncio.Lock()
        self._within: asyncio.Task[Any] | None = None

    def transaction(self) -> AbstractAsyncContextManager[None]:
        return self._within_it("BEGIN IMMEDIATE", "OFF")

    def snapshot(self) -> AbstractAsyncContextManager[None]:
        return self._within_it("BEGIN", "ON")  # a reader: who writes need not wait

    @asynccontextmanager
    async def _within_it(self, begin: str, reads_only: str) -> AsyncIterator[None]:
        async with self._one:
            await self._do(
                lambda: self._db.executescript(f"PRAGMA query_only = {reads_only}; {begin}").close()
            )
            self._within = asyncio.current_task()
            try:
                yield
                await self._do(lambda: self._db.execute("COMMIT").close())
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            finally:
                self._within = None
                await self._do(lambda: self._db.execute("PRAGMA query_only = OFF").close())

    async def is_current(self) -> bool:
        return True

    async def lock(self) -> None:
        """A transaction that writes is alone already."""

    async def hold(self, names: Sequence[str]) -> None:
        """A transaction that writes is alone already."""

    async def is_keeper(self) -> bool:
        return True  # one writer, one keeper

    async def fetch_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> Sequence[Row]:
        def look() -> list[Row]:
            named = [{str(number): value for number, value in enumerate(row, 1)} for row in rows]
            return [dict(row) for one in named for row in self._db.execute(sql, one).fetchall()]

        return await self._alone(look) if rows else []

    async def fetch(self, sql: str, *arguments: Any) -> Sequence[Row]:
        named = {str(number): value for number, value in enumerate(arguments, 1)}
        rows = await self._alone(lambda: self._db.execute(sql, named).fetchall())
        return [dict(row) for row in rows]

    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        named = [{str(number): value for number, value in enumerate(row, 1)} for row in rows]
        if not named:
            return
        if len(named) > 1 and self._within is not asyncio.current_task():
            async with self.transaction():  # all of them or none, and on the disk once
                await self._do(lambda: self._db.executemany(sql, named).close())
            return
        await self._alone(lambda: (self._db.executemany if named[0] else self._execute)(sql, named).close())

    def _execute(self, sql: str, _: object) -> sqlite3.Cursor:
        return self._db.execute(sql)

    async def insert_events(self, rows: Sequence[Sequence[Any]]) -> set[tuple[str, str, int]]:
        def insert() -> set[tuple[str, str, int]]:
            return {(row[0], row[1], row[2]) for row in rows if self._db.execute(INSERT, row).rowcount == 1}

        return await self._alone(insert)

    async def forget_days(self, events_before: str, keys_before: str) -> None:
        """Nothing is kept by days."""

    async def close(self) -> None:
        async with self._one:  # under a statement in another thread it would end the process
            self._db.close()

    async def _alone(self, work: Callable[[], T]) -> T:
        if self._within is asyncio.current_task():
            return await self._do(work)
        async with self._one:
            return await self._do(work)

    async def _do(self, work: Callable[[], T]) -> T:
        try:
            # Shielded: a thread cannot be stopped, and the next statement must not meet it
            task = asyncio.ensure_future(asyncio.to_thread(work))
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                await asyncio.wait([task])
                raise
        except (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError) as error:
            raise StoreRefused(str(error)) from error
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error
