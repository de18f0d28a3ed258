"""What is kept, in one SQLite file: events on their way out, open incidents, verdicts, drone requests,
commands seen, small state.

Synchronous; used by one thread. Every method works inside the transaction that `Database.transaction` opens,
so that a state change and its events are stored together or not at all.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from pole_agent.store.incidents import Incidents
from pole_agent.store.lamp_log import LampLog
from pole_agent.store.rows import Entry
from pole_agent.store.schema import connect, connect_to_read
from pole_agent.store.succession import Succession
from pole_agent.store.times import Times

__all__ = ["Database", "Entry"]


class Database(Succession, Incidents, LampLog, Times):
    """An open pole.db. Raises sqlite3.Error throughout; `store.py` translates."""

    def __init__(
        self, path: Path, max_mb: int, new_id: Callable[[], str], *, read_only: bool = False
    ) -> None:
        self.path, self._new_id = path, new_id
        self._db, self.made = (connect_to_read(str(path)), False) if read_only else connect(str(path), max_mb)
        self._page_bytes: int
        (self._page_bytes,) = self._db.execute("PRAGMA page_size").fetchone()
        self._most_pages = max_mb * 1_000_000 // self._page_bytes
        self.store_id: str
        (self.store_id,) = self._db.execute("SELECT value FROM meta WHERE key = 'storeid'").fetchone()

    def close(self) -> None:
        self._db.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
