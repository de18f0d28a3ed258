"""The thread that owns the database: it takes jobs and events from a queue, commits them when they are due,
and goes on when the disk fails.

It keeps real time, not the agent's clock: it waits for a real disk.
"""

from __future__ import annotations

import logging
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pole_agent.errors import OutboxError
from pole_agent.languages import phrase
from pole_agent.store import witness
from pole_agent.store.commits import MEMORY_ROWS, Commits, Job
from pole_agent.store.database import Database
from pole_agent.store.recovery import Recovery, is_corrupt
from pole_agent.store.rows import Entry
from pole_agent.store.witness_writer import WitnessWriter
from pole_agent.vocabulary import Stamp

log = logging.getLogger(__name__)

# Of the disk or the file; a damaged row may claim to be larger than all memory
FAILURES = (sqlite3.Error, OSError, MemoryError)


class Worker:
    """`on_stored` is called whenever events were stored, `on_change` whenever `problem` changed; both in the
    thread.

    `path`: of pole.db. `stamp` gives the moment of a monotonic time on every clock; `new_id` an event
    identifier.
    """

    def __init__(
        self,
        path: Path,
        max_mb: int,
        stamp: Callable[[float], Stamp],
        new_id: Callable[[], str],
        batch_s: float,
        *,
        on_stored: Callable[[], None],
        on_change: Callable[[], None],
    ) -> None:
        now = time.monotonic()
        self._path, self._stamp = path, stamp
        self._on_stored, self._on_change = on_stored, on_change
        self.queue: queue.SimpleQueue[Entry | Job | None] = queue.SimpleQueue()  # None: stop
        self.commits = Commits(batch_s, now)
        self.recovery = Recovery(path, max_mb, stamp, new_id)
        self.witness = WitnessWriter(path.with_name(witness.FILE_NAME), now)
        self.database: Database | None = None
        self.problem = ""  # one line, empty while the disk works
        self.began = 0  # the last sequence number when it was opened
        self.changes = 0  # grows with each commit, and when a file is opened
        self.thread = threading.Thread(target=self.run, name="store", daemon=True)

    def run(self) -> None:
        while True:
            try:
                item = self.queue.get(timeout=self.wait_s())
            except queue.Empty:
                self.commit()
                continue
            if item is None:
                self.commit()
                self.close()
                return
            if isinstance(item, Entry):
                self.commits.add(item, time.monotonic())
                # An urgent one takes along what already waits in the queue.
                if self.commits.full or (self.commits.urgent and self.queue.empty()):
                    self.commit()
            elif item.kind == "later":
                self.commits.jobs.append(item)
            else:
                self.serve(item)

    def wait_s(self) -> float | None:
        """Seconds until something is to be written, None while nothing waits."""
        return self.commits.wait_s(time.monotonic(), at_once=self.recovery.due)

    def commit(self) -> None:
        """Store what waits; on failure keep it, up to the limit of memory."""
        commits = self.commits
        if not (commits.waiting or self.recovery.due) and self.database is not None:
            return
        if not commits.may_try(time.monotonic()):
            commits.trim()
            return
        try:
            database = self._opened()
            with database.transaction():
                self._append(database, ())
        except FAILURES as error:
            self.failed(error)
            return
        except Exception:  # whatever one batch does, the thread goes on; the loss is counted and told
            log.exception("store: a batch of %d events cannot be stored", len(commits.entries))
            self._not_done(commits.give_up(time.monotonic()))
            return
        commits.spend(time.monotonic())
        self._stored(database, more=False)

    def serve(self, job: Job) -> None:
        """Do a job now; what waits is committed with it when it writes."""
        result: Any = None
        problem: Exception | None = None
        try:
            database = self._opened()
            if job.kind == "write":
                with database.transaction():
                    self._append(database, job.entries)
                    result = job.work(database)
                self._stored(database, more=bool(job.entries))
            else:
                result = job.work(database)
        except FAILURES as error:
            self.failed(error)
            problem = OutboxError(self.problem)
            problem.__cause__ = error
        except Exception as error:  # noqa: BLE001 - the caller's own mistake goes to the caller
            problem = error
        job.answer(result, problem)

    def failed(self, error: Exception) -> None:
        """The disk or the file failed: keep what waits, and say so."""
        if self.database is not None and not isinstance(error, sqlite3.IntegrityError):
            self.database.close()  # a file system that came back needs a fresh handle
            self.database = None
            if is_corrupt(error):
                self.recovery.condemn()
        self._not_done(self.commits.failed(time.monotonic()))
        line = (
            f"{self._path}: cannot be written: {self._cause(error)}; events wait in memory, up to"
            f" {MEMORY_ROWS}"
        )
        if line != self.problem:
            log.error("store: %s", line)
            self.problem = line
            self._on_change()

    def close(self) -> None:
        if self.database is not None:
            self.witness.close(self.database, complete=not self.commits.entries)
            self.database.close()

    def _opened(self) -> Database:
        if self.database is None:
            self.database = self.recovery.open()
            self.changes += 1
        if not self.recovery.taken_up:
            if self.recovery.take_up(self.database):
                self._on_stored()
            self.began = self.database.last_sequence()
            self.witness.write(self.database)
        return self.database

    def _append(self, database: Database, extra: Sequence[Entry]) -> None:
        entries = [*self.commits.entries, *extra]
        # First: what is marked as delivered is the first to go when room is needed
        for job in self.commits.jobs:
            job.work(database)
        database.append(entries)
        now = time.monotonic()
        if self.commits.lost:
            stamp = entries[-1].stamp if entries else self._stamp(now)
            database.report_dropped([], self.commits.lost, "disk", stamp)
        self.witness.begin(database, now)

    def _stored(self, database: Database, *, more: bool) -> None:
        now = time.monotonic()
        self.changes += 1
        self.witness.committed(database, now)
        grown = more or bool(self.commits.entries or self.commits.lost)
        for job in self.commits.stored(now):
            job.answer(None, None)
        if self.problem:
            log.warning("the store has recovered")
            self.problem = ""
            self._on_change()
        if grown:
            self._on_stored()

    def _not_done(self, jobs: list[Job]) -> None:
        for job in jobs:
            job.answer(None, OutboxError(phrase("not-written")))

    def _cause(self, error: Exception) -> str:
        """SQLite only says that it cannot open the file."""
        try:
            if os.statvfs(self._path.parent).f_flag & os.ST_RDONLY:
                return phrase("file-system-read-only")
        except OSError:
            pass
        return str(error) or type(error).__name__
