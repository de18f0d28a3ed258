"""Writes the witness after commits: rarely enough for the card, and often enough that a database which went
back in time is noticed.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from pathlib import Path

from pole_agent.store import witness
from pole_agent.store.commits import Budget
from pole_agent.store.database import Database

# So many commits may have their witness written at once; then, in the long run, one in five minutes: 1 MB a
# day
WITNESSES, EVERY_S = 20.0, 300.0

log = logging.getLogger(__name__)


class WitnessWriter:
    """`store_id`: of the store that was witnessed last."""

    def __init__(self, path: Path, now: float) -> None:
        self._path = path
        self._budget = Budget(WITNESSES, EVERY_S, now)
        self._due: bool  # the epoch was moved in this transaction
        self._log_mark: bytes
        self._problem = ""  # why it cannot be written
        self.store_id = ""

    def begin(self, database: Database, now: float) -> None:
        """In a transaction: move the epoch when the witness is to be written after it."""
        self._due = self._budget.left(now) >= 1.0
        if self._due:
            database.move_epoch()

    def committed(self, database: Database, now: float) -> None:
        """After a commit, before anybody reads what was committed."""
        if self._due or database.store_id != self.store_id:
            self._budget.spend(now)
            self.write(database)
        elif database.log_mark() != self._log_mark:
            # All before this commit lies in the file itself now, without the log: only a new epoch tells that
            # from what comes after it.
            with contextlib.suppress(sqlite3.Error):  # a disk that fails says so at the next commit
                with database.transaction():
                    database.move_epoch()
                self.write(database)

    def close(self, database: Database, *, complete: bool) -> None:
        """At an orderly stop. `complete`: all is stored, so what the witness says is exact."""
        with contextlib.suppress(sqlite3.Error):
            with database.transaction():
                database.move_epoch()
            self.write(database, closed=complete)

    def write(self, database: Database, *, closed: bool = False) -> None:
        self.store_id, self._log_mark = database.store_id, database.log_mark()
        try:
            witness.write(self._path, database.witness(closed))
            self._problem = ""
        except OSError as error:
            if not self._problem:
                log.error(
                    "store: %s cannot be written: %s; a store that goes back in time may go unnoticed",
                    witness.FILE_NAME,
                    error,
                )
            self._problem = str(error)
