"""Opens pole.db, and finds out whether it goes on where it stood: a file that is damaged is set aside and
salvaged, one that is gone, empty or older than it was has ended.

What has ended is decided in `continuity`; it is told in the transaction that begins the store anew.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pole_agent.store import witness
from pole_agent.store.continuity import Ended, damaged, ended
from pole_agent.store.database import Database
from pole_agent.store.salvage import Salvage, salvage
from pole_agent.store.schema import PAGE_BYTES
from pole_agent.store.succession import BIRTHS
from pole_agent.store.witness import Unreadable, Witness
from pole_agent.vocabulary import Stamp

log = logging.getLogger(__name__)


def is_corrupt(error: Exception) -> bool:
    """Is the file itself bad, rather than the disk under it?"""
    return type(error) is sqlite3.DatabaseError


class Recovery:
    """`path`: of pole.db. `taken_up`: the open database was compared with its witness."""

    def __init__(
        self, path: Path, max_mb: int, stamp: Callable[[float], Stamp], new_id: Callable[[], str]
    ) -> None:
        self._path, self._max_mb, self._stamp, self._new_id = path, max_mb, stamp, new_id
        self.set_aside = ""  # the name of a damaged file whose rows are not taken in yet
        self._condemned = False  # the file is damaged, and stands in its place still
        self.taken_up: bool
        self._before: Witness | Unreadable | None  # the witness as it was when the database was opened
        self._was_there: bool  # the file of the database, then
        self._emptied: str  # the cause, when only its log was left
        self._end: Ended | None = None  # found and not told yet

    def open(self) -> Database:
        """Open it, or a new one in place of one that is damaged. Raises sqlite3.Error, OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._condemned:
            self._put_aside()
        self._before = self._witnessed()
        self._was_there = self._path.exists()
        self._prepare()
        try:
            database = Database(self._path, self._max_mb, self._new_id)
        except (sqlite3.DatabaseError, MemoryError) as error:
            # A damaged page may claim to be larger than all memory
            if not (is_corrupt(error) or isinstance(error, MemoryError)):
                raise
            log.error(
                "store: %s cannot be used (%s); it is set aside and a new one is started",
                self._path,
                error,
            )
            self._put_aside()
            database = Database(self._path, self._max_mb, self._new_id)
        self.taken_up = False
        return database

    def take_up(self, database: Database) -> bool:
        """Find out whether it goes on where it stood. True: a store has ended, and an event tells of it."""
        saved = salvage(self._path.with_name(self.set_aside)) if self.set_aside else None
        end = self._end = self._end or ended(self._before, database.opened(self._was_there))
        with database.transaction():
            if saved is not None:
                end, count = self._take_in(database, saved)
            self._begin(database, end, {} if saved is None else {"salvaged": count})
        if end is not None:
            log.error(
                "store: %s was lost (%s); continuing with %s",
                end.storeid or "the one before",
                end.cause,
                database.store_id,
            )
        if saved is not None:
            log.warning("store: %d events that waited were saved from the damaged file", count)
        self.set_aside, self._end, self.taken_up = "", None, True
        return end is not None

    @property
    def due(self) -> bool:
        """Is there a damaged file to be dealt with?"""
        return self._condemned or bool(self.set_aside)

    def condemn(self) -> None:
        """The file, closed by now, is damaged: set it aside, before the next opening if the disk does not let
        us now.
        """
        self._condemned = True
        with contextlib.suppress(OSError):
            self._put_aside()

    def _put_aside(self) -> None:
        """Rename the file and its log. One is kept for people to look at; more would fill the disk."""
        for old in self._path.parent.glob(f"{self._path.name}.corrupt-*"):
            old.unlink()
        name = f"{self._path.name}.corrupt-{int(time.time())}"
        for suffix in ("", "-wal", "-shm"):
            source = self._path.with_name(self._path.name + suffix)
            if source.exists():
                source.rename(self._path.with_name(name + suffix))
        self.set_aside, self._condemned = name, False

    def _take_in(self, database: Database, saved: Salvage) -> tuple[Ended, int]:
        count = database.take_in(saved)
        cause = self._emptied or f"corrupt: the old file was set aside as {self.set_aside}"
        return damaged(self._before, cause, saved.store_id, saved.sequence, count), count

    def _begin(self, database: Database, end: Ended | None, more: dict[str, Any]) -> None:
        seen = self._before if isinstance(self._before, Witness) else Witness()
        if end is not None:
            stamp, still_waiting = self._stamp(time.monotonic()), database.untold()
            database.end(end, stamp, anew=not database.made, **more)
            database.tell_again((u for u in seen.untold if u not in still_waiting), stamp)
        database.move_epoch(seen.epoch)
        database.set(BIRTHS, str(max(database.number(BIRTHS), seen.births)))

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
        log_file = self._path.with_name(f"{self._path.name}-wal")
        empty = not self._was_there or self._path.stat().st_size == 0
        self._emptied = ""
        if empty and log_file.exists() and log_file.stat().st_size:
            self._emptied = "store_empty" if self._was_there else "store_missing"
            self._path.write_bytes(bytes(PAGE_BYTES))
        elif not self._was_there and self._before is None:
            # From here on an empty file is a start that was cut short, no loss.
            witness.write(self._path.with_name(witness.FILE_NAME), Witness())
