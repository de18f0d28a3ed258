"""The store as the loops see it: one thread that owns the database, and a queue in front of it.

`record` never blocks and never raises: lamp and detection do not wait for a disk. Routine events are gathered
for 5 s or 50 of them, because a commit each would wear the card out (some 20 KB); when a street is busy for
long, up to a minute, so that a day has its limit. Anything above info is committed at once and takes the
waiting batch along. While the disk fails, events wait in memory; what does not fit there is counted and
reported later.

The thread keeps real time, not the agent's clock: it waits for a real disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pole_agent.errors import OutboxError
from pole_agent.store import witness
from pole_agent.store.continuity import Ended, damaged, ended
from pole_agent.store.database import Database
from pole_agent.store.retention import fate
from pole_agent.store.rows import Entry
from pole_agent.store.salvage import salvage
from pole_agent.store.schema import PAGE_BYTES
from pole_agent.store.succession import BIRTHS
from pole_agent.store.witness import Unreadable, Witness
from pole_agent.vocabulary import RecordEvent, Severity, Stamp

log = logging.getLogger(__name__)

T = TypeVar("T")
BATCH_ROWS = 50
BATCH_S = 5.0
# So many commits may come after a batch's time each; then, in the long run, one in twelve times that
SPARE, REFILL = 20.0, 12.0
MEMORY_ROWS = 2000  # what a failing disk may keep in memory, about 1 MB
RETRY_S = (1.0, 2.0, 5.0, 15.0, 30.0)
WORDS, WORD_S = (
    20.0,
    300.0,
    # So many commits may have their witness written at once; then, in the long run, one in five minutes: 1 MB
    # a day
)
FILE_NAME = "pole.db"


class Store:
    """Owns `state_dir`/pole.db.

    `stamp` gives the moment of a monotonic time on every clock; `new_id` an event identifier.
    """

    def __init__(
        self,
        state_dir: Path,
        max_mb: int,
        stamp: Callable[[float], Stamp],
        new_id: Callable[[], str],
        batch_s: float = BATCH_S,
    ) -> None:
        self._path = state_dir / FILE_NAME
        self._max_mb, self._batch_s = max_mb, batch_s
        self._stamp, self._new_id = stamp, new_id
        self._queue: queue.SimpleQueue[Entry | _Call | _Later | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._database: Database | None = None
        self._batch: list[Entry] = []
        self._later: list[_Later] = []
        self._since: float  # when the first of the batch came
        self._urgent = False
        self._spare, self._spared_at = SPARE, time.monotonic()
        self._lost = 0
        self._set_aside = ""
        self._taken_up: bool  # the open database was held against its witness
        self._before: Witness | Unreadable | None  # the witness as it was when the database was opened
        self._was_there: bool  # the file of the database, then
        self._emptied: str  # the cause, when only its log was left
        self._end: Ended | None = None  # found and not told yet
        self._words, self._worded_at = WORDS, time.monotonic()
        self._moved: bool  # the epoch, in this transaction: the witness is due
        self._log_mark: bytes
        self._wordless = ""  # why the witness cannot be written
        self._tries = 0
        self._retry_at = 0.0
        self.committed = asyncio.Event()  # set whenever events were stored
        self.changed = asyncio.Event()  # set whenever health changed
        self.problem = ""  # one line, empty while the disk works
        self.store_id = ""
        self.began = 0  # the last sequence number when it was opened

    # --- called from the event loop

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def record(self, event: RecordEvent) -> None:
        """Store an event soon. Never blocks, never raises."""
        self._queue.put(Entry(self._new_id(), event, self._stamp(event.at)))

    async def write(self, work: Callable[[Database], T], *events: RecordEvent) -> T:
        """Do `work` and store `events` in one transaction, committed on return. Raises OutboxError."""
        entries = [Entry(self._new_id(), e, self._stamp(e.at)) for e in events]
        return await self._ask(work, entries, True)  # type: ignore[no-any-return]

    async def later(self, work: Callable[[Database], None]) -> None:
        """Do `work` in the transaction of whatever is written next, and return then. Raises OutboxError."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put(_Later(work, future, time.monotonic()))
        await future

    async def read(self, work: Callable[[Database], T]) -> T:
        """Read what is stored; events that wait for their batch are not (see `flush`). Raises OutboxError."""
        return await self._ask(work, [], False)  # type: ignore[no-any-return]

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
        self._queue.put(None)
        deadline = time.monotonic() + within_s
        while self._thread.is_alive() and time.monotonic() < deadline:
            await asyncio.sleep(0.01)

    async def _ask(self, work: Callable[[Database], Any], entries: list[Entry], writes: bool) -> Any:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.put(_Call(work, entries, future, writes))
        return await future

    # --- the thread

    def _run(self) -> None:
        while True:
            try:
                item = self._queue.get(timeout=self._patience())
            except queue.Empty:
                self._commit()
                continue
            if item is None:
                self._commit()
                self._leave()
                return
            if isinstance(item, _Call):
                self._serve(item)
                continue
            if isinstance(item, _Later):
                self._later.append(item)
                continue
            if not self._batch:
                self._since = time.monotonic()
            self._batch.append(item)
            self._urgent |= item.event.severity > Severity.INFO
            # An urgent one takes along what already waits in the queue.
            if len(self._batch) >= BATCH_ROWS or (self._urgent and self._queue.empty()):
                self._commit()

    def _patience(self) -> float | None:
        """Seconds until something is to be written, None while nothing waits."""
        now = time.monotonic()
        if self._retry_at > now:
            return self._retry_at - now
        due = [item.since + REFILL * self._batch_s for item in self._later[:1]]
        if self._lost or self._set_aside or self._urgent:
            due.append(now)
        elif self._batch:
            due.append(max(self._since + self._batch_s, self._spare_at(now)))
        return max(0.0, min(due) - now) if due else None

    def _spare_at(self, now: float) -> float:
        """When a routine commit is within the limit of the day: now, or later when there were
        many of them.
        """
        self._refill(now)
        return now + (1.0 - self._spare) * REFILL * self._batch_s

    def _refill(self, now: float) -> None:
        self._spare = min(SPARE, self._spare + (now - self._spared_at) / (REFILL * self._batch_s))
        self._spared_at = now

    def _commit(self) -> None:
        """Store the batch; on failure keep it, up to the limit of memory."""
        if not (self._batch or self._later or self._lost or self._set_aside) and self._database is not None:
            return
        if time.monotonic() < self._retry_at:
            self._trim()
            return
        try:
            database = self._opened()
            with database.transaction():
                self._append(database, [])
        except (sqlite3.Error, OSError) as error:
            self._failed(error)
            return
        except Exception:  # whatever one batch does, the thread goes on; the loss is counted and told
            log.exception("store: a batch of %d events cannot be stored", len(self._batch))
            self._lost += len(self._batch)
            self._batch.clear()
            self._urgent = False
            self._drop_later()
            self._wait_a_while()
            return
        self._refill(time.monotonic())
        self._spare = max(0.0, self._spare - 1.0)
        self._stored(database, False)

    def _serve(self, call: _Call) -> None:
        result: Any = None
        problem: Exception | None = None
        try:
            database = self._opened()
            if call.writes:
                with database.transaction():
                    self._append(database, call.entries)
                    result = call.work(database)
                self._stored(database, bool(call.entries))
            else:
                result = call.work(database)
        except (sqlite3.Error, OSError) as error:
            self._failed(error)
            problem = OutboxError(self.problem)
            problem.__cause__ = error
        except Exception as error:  # noqa: BLE001 - the caller's own mistake goes to the caller
            problem = error
        self._tell(call.future, result, problem)

    def _append(self, database: Database, extra: list[Entry]) -> None:
        entries = [*self._batch, *extra]
        for item in self._later:  # first: what is marked as delivered is the first to go when room is needed
            item.work(database)
        database.append(entries)
        if self._lost:
            stamp = entries[-1].stamp if entries else self._stamp(time.monotonic())
            database.report_dropped([], self._lost, "disk", stamp)
        now = time.monotonic()
        self._words = min(WORDS, self._words + (now - self._worded_at) / WORD_S)
        self._worded_at = now
        self._moved = self._words >= 1.0
        if self._moved:
            database.move_epoch()

    def _stored(self, database: Database, more: bool) -> None:
        self._bear_witness_if_due(database)
        grown = more or bool(self._batch or self._lost)
        for item in self._later:
            self._tell(item.future, None, None)
        self._batch.clear()
        self._later.clear()
        self._urgent = False
        self._lost, self._tries, self._retry_at = 0, 0, 0.0
        if self.problem:
            log.warning("the store works again")
            self.problem = ""
            self._signal(self.changed)
        if grown:
            self._signal(self.committed)

    def _failed(self, error: Exception) -> None:
        if self._database is not None and _is_corrupt(error):
            self._database.close()
            self._database = None
            self._put_aside()
        elif self._database is not None and not isinstance(error, sqlite3.IntegrityError):
            self._database.close()  # a file system that came back needs a fresh handle
            self._database = None
        self._wait_a_while()
        self._trim()
        self._drop_later()
        line = (
            f"{self._path}: cannot be written: {self._cause(error)}; events wait in memory, up to"
            f" {MEMORY_ROWS}"
        )
        if line != self.problem:
            log.error("store: %s", line)
            self.problem = line
            self._signal(self.changed)

    def _cause(self, error: Exception) -> str:
        """SQLite only says that it cannot open the file."""
        try:
            if os.statvfs(self._path.parent).f_flag & os.ST_RDONLY:
                return "the file system is read-only"
        except OSError:
            pass
        return str(error)

    def _wait_a_while(self) -> None:
        self._retry_at = time.monotonic() + RETRY_S[min(self._tries, len(RETRY_S) - 1)]
        self._tries += 1

    def _drop_later(self) -> None:
        """What could wait is given back to whoever asked: the file may not be the same one next time."""
        for item in self._later:
            self._tell(item.future, None, OutboxError("it could not be written"))
        self._later.clear()

    def _trim(self) -> None:
        surplus = len(self._batch) - MEMORY_ROWS
        if surplus > 0:
            # The oldest of the lowest severity go first, as on the disk.
            fates = [fate(e.event.kind, e.event.severity, e.stamp.quality).goes for e in self._batch]
            order = sorted(range(len(self._batch)), key=lambda i: (fates[i], i))
            gone = set(order[:surplus])
            self._batch = [e for i, e in enumerate(self._batch) if i not in gone]
            self._lost += surplus

    def _opened(self) -> Database:
        if self._database is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._before = self._witnessed()
            self._was_there = self._path.exists()
            self._prepare()
            try:
                self._database = Database(self._path, self._max_mb, self._new_id)
            except sqlite3.DatabaseError as error:
                if not _is_corrupt(error):
                    raise
                log.error(
                    "store: %s cannot be used (%s); it is set aside and a new one is started",
                    self._path,
                    error,
                )
                self._put_aside()
                self._database = Database(self._path, self._max_mb, self._new_id)
            self._taken_up = False
        if not self._taken_up:
            self._take_up(self._database)
        return self._database

    def _witnessed(self) -> Witness | Unreadable | None:
        try:
            return witness.read(self._path.with_name(witness.FILE_NAME))
        except Unreadable as error:
            log.error("store: %s is not the witness that this agent writes: %s", witness.FILE_NAME, error)
            return error

    def _prepare(self) -> None:
        """SQLite throws the log of an empty database away.

        With a first page to stand on, it reads what the log holds.
        """
        log_file = self._path.with_name(f"{FILE_NAME}-wal")
        empty = not self._was_there or self._path.stat().st_size == 0
        self._emptied = ""
        if empty and log_file.exists() and log_file.stat().st_size:
            self._emptied = "store_empty" if self._was_there else "store_missing"
            self._path.write_bytes(bytes(PAGE_BYTES))
        elif not self._was_there and self._before is None:
            # From here on an empty file is a start that was cut short, no loss.
            witness.write(self._path.with_name(witness.FILE_NAME), Witness())

    def _take_up(self, database: Database) -> None:
        """Find out whether it goes on where it stood.

        What has ended is told in the transaction that begins anew.
        """
        seen = self._before if isinstance(self._before, Witness) else Witness()
        saved = salvage(self._path.with_name(self._set_aside)) if self._set_aside else None
        end = self._end = self._end or ended(self._before, database.opened(self._was_there))
        stamp, more = self._stamp(time.monotonic()), {}
        with database.transaction():
            if saved is not None:
                more["salvaged"] = database.take_in(saved)
                cause = self._emptied or f"corrupt: the old file was set aside as {self._set_aside}"
                end = damaged(self._before, cause, saved.store_id, saved.sequence, more["salvaged"])
            if end is not None:
                still_waiting = database.untold()
                database.end(end, stamp, anew=not database.made, **more)
                database.tell_again((u for u in seen.untold if u not in still_waiting), stamp)
            database.move_epoch(seen.epoch)
            database.set(BIRTHS, str(max(database.number(BIRTHS), seen.births)))
        if end is not None:
            log.error(
                "store: %s has ended (%s); %s goes on",
                end.storeid or "the one before",
                end.cause,
                database.store_id,
            )
            self._signal(self.committed)
        if saved is not None:
            log.warning("store: %d events that waited were saved from the damaged file", more["salvaged"])
        self._set_aside, self._end, self._taken_up = "", None, True
        self.began = database.last_sequence()
        self._bear_witness(database)

    def _bear_witness_if_due(self, database: Database) -> None:
        """After a commit, before anybody reads what was committed."""
        if self._moved or database.store_id != self.store_id:
            self._words = max(0.0, self._words - 1.0)
            self._bear_witness(database)
        elif database.log_mark() != self._log_mark:
            # All before this commit lies in the file itself now, without the log: only a new epoch tells that
            # from what comes after it.
            with contextlib.suppress(sqlite3.Error):  # a disk that fails says so at the next commit
                with database.transaction():
                    database.move_epoch()
                self._bear_witness(database)

    def _bear_witness(self, database: Database, *, closed: bool = False) -> None:
        self.store_id, self._log_mark = database.store_id, database.log_mark()
        try:
            witness.write(self._path.with_name(witness.FILE_NAME), database.witness(closed))
            self._wordless = ""
        except OSError as error:
            if not self._wordless:
                log.error(
                    "store: %s cannot be written: %s; a store that goes back in time may go unnoticed",
                    witness.FILE_NAME,
                    error,
                )
            self._wordless = str(error)

    def _leave(self) -> None:
        """Close in order: what the witness says then is exact."""
        if self._database is None:
            return
        with contextlib.suppress(sqlite3.Error):
            with self._database.transaction():
                self._database.move_epoch()
            self._bear_witness(self._database, closed=not self._batch)
        self._database.close()

    def _put_aside(self) -> None:
        # One is kept for people to look at; more would fill the disk.
        for old in self._path.parent.glob(f"{FILE_NAME}.corrupt-*"):
            old.unlink()
        name = f"{FILE_NAME}.corrupt-{int(time.time())}"
        for suffix in ("", "-wal", "-shm"):
            source = self._path.with_name(FILE_NAME + suffix)
            if source.exists():
                source.rename(self._path.with_name(name + suffix))
        self._set_aside = name

    def _signal(self, event: asyncio.Event) -> None:
        if self._loop is not None:
            try:
                self._loop.call_soon_threadsafe(event.set)
            except RuntimeError:
                return  # the loop is closed

    def _tell(self, future: asyncio.Future[Any], result: Any, problem: Exception | None) -> None:
        def settle() -> None:
            if future.done():
                return
            if problem is not None:
                future.set_exception(problem)
            else:
                future.set_result(result)

        try:
            future.get_loop().call_soon_threadsafe(settle)
        except RuntimeError:
            return


class _Call:
    """Work for the thread, and who waits for it."""

    __slots__ = ("entries", "future", "work", "writes")

    def __init__(
        self, work: Callable[[Database], Any], entries: list[Entry], future: asyncio.Future[Any], writes: bool
    ) -> None:
        self.work, self.entries, self.future, self.writes = work, entries, future, writes


@dataclass(frozen=True, slots=True, eq=False)
class _Later:
    """Work for the next commit, who waits for it, and since when."""

    work: Callable[[Database], None]
    future: asyncio.Future[None]
    since: float


def _is_corrupt(error: Exception) -> bool:
    """Is the file itself bad, rather than the disk under it?"""
    return type(error) is sqlite3.DatabaseError
