"""The store as the loops see it. `record` never blocks and never raises: lamp and detection do not wait for a
disk. `commits` decides when something is written, `worker` is the thread that does it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from pole_agent.store.commits import Job
from pole_agent.store.database import Database
from pole_agent.store.rows import Entry
from pole_agent.store.schema import FILE_NAME
from pole_agent.store.worker import Worker
from pole_agent.vocabulary import RecordEvent, Stamp

T = TypeVar("T")


class Store:
    """Owns `state_dir`/pole.db.

    `stamp` gives the moment of a monotonic time on every clock; `new_id` an event identifier. `batch_s`: how
    long routine events are gathered.
    """

    def __init__(
        self,
        state_dir: Path,
        max_mb: int,
        stamp: Callable[[float], Stamp],
        new_id: Callable[[], str],
        batch_s: float,
    ) -> None:
        self._stamp, self._new_id = stamp, new_id
        self._loop: asyncio.AbstractEventLoop  # from the start on, and before the thread runs
        self.committed = asyncio.Event()  # set whenever events were stored
        self.changed = asyncio.Event()  # set whenever health changed
        self._worker = Worker(
            state_dir / FILE_NAME,
            max_mb,
            stamp,
            new_id,
            batch_s,
            on_stored=lambda: self._call(self.committed.set),
            on_change=lambda: self._call(self.changed.set),
        )

    @property
    def problem(self) -> str:
        """One line, empty while the disk works."""
        return self._worker.problem

    @property
    def store_id(self) -> str:
        return self._worker.witness.store_id

    @property
    def began(self) -> int:
        """The last sequence number when it was opened."""
        return self._worker.began

    @property
    def changes(self) -> int:
        """While it stays the same, what was read still holds."""
        return self._worker.changes

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._worker.thread.start()

    def record(self, event: RecordEvent) -> None:
        """Store an event soon. Never blocks, never raises."""
        self._worker.queue.put(self._entry(event))

    async def write(self, work: Callable[[Database], T], *events: RecordEvent) -> T:
        """Do `work` and store `events` in one transaction, committed on return. Raises OutboxError."""
        return await self._ask("write", work, events)  # type: ignore[no-any-return]

    async def later(self, work: Callable[[Database], None]) -> None:
        """Do `work` in the transaction of whatever is written next, and return then. Raises OutboxError."""
        await self._ask("later", work)

    async def read(self, work: Callable[[Database], T]) -> T:
        """Read what is stored; events that wait for their batch are not (see `flush`). Raises OutboxError."""
        return await self._ask("read", work)  # type: ignore[no-any-return]

    async def flush(self) -> None:
        """Everything recorded so far is on the disk. Raises OutboxError."""
        await self.write(lambda _: None)

    async def tidy(self, wall: float, ttl_s: Mapping[str, float]) -> None:
        """Forget what is too old or can never be sent, and give space back. Raises OutboxError."""
        stamp = self._stamp(time.monotonic())

        def forget(db: Database) -> None:
            db.purge_delivered(wall)
            db.expire(wall, ttl_s, stamp)
            db.drop_damaged(stamp)

        await self.write(forget)
        await self.read(lambda db: db.give_back())

    async def stop(self, within_s: float) -> None:
        """Store what waits and close. Gives up after `within_s`: the thread is a daemon."""
        self._worker.queue.put(None)
        deadline = time.monotonic() + within_s
        while self._worker.thread.is_alive() and time.monotonic() < deadline:
            await asyncio.sleep(0.01)

    def _entry(self, event: RecordEvent) -> Entry:
        return Entry(self._new_id(), event, self._stamp(event.at))

    async def _ask(
        self,
        kind: Literal["read", "write", "later"],
        work: Callable[[Database], Any],
        events: tuple[RecordEvent, ...] = (),
    ) -> Any:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def answer(result: Any, problem: Exception | None) -> None:
            _call(loop, partial(_settle, future, result, problem))

        entries = tuple(map(self._entry, events))
        self._worker.queue.put(Job(kind=kind, work=work, answer=answer, at=time.monotonic(), entries=entries))
        return await future

    def _call(self, what: Callable[[], None]) -> None:
        _call(self._loop, what)


def _call(loop: asyncio.AbstractEventLoop, what: Callable[[], None]) -> None:
    """Do it in the loop, from the thread."""
    try:
        loop.call_soon_threadsafe(what)
    except RuntimeError:
        return  # the loop is closed


def _settle(future: asyncio.Future[Any], result: Any, problem: Exception | None) -> None:
    if future.done():
        return
    if problem is not None:
        future.set_exception(problem)
    else:
        future.set_result(result)
