"""The tables of pole.db, and how a new file is made.

`VERSION` counts in steps of one while what comes is only added: new tables, and new columns that may be
empty, in tables whose rows are written by the names of their columns (outbox, lamp_log). So an agent that was
taken back to an older version goes on with the file of a newer one. A change that an older agent cannot live
with begins the next hundred.
"""

from __future__ import annotations

import contextlib
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE_NAME = "pole.db"
VERSION = 6
FAMILY = 100
LATEST = 253_402_300_799  # seconds: the end of the year 9999. A later wall time was damaged on the disk
# A commit writes whole pages, and an event fills less than one: small pages nearly halve what a busy day
# writes (68 MB, 40 MB).
PAGE_BYTES = 1024
HEADER_BYTES = 100  # of a file: the versions to write and to read it at 18, of its schema at 44
SMALL_BYTES, SMALL_SHARE = 8_000_000, 0.25  # of the cap: an older file up to here is rewritten
LOG_BYTES = 4_000_000  # the write-ahead log grows so far before its pages go to their place

# outbox.seq is AUTOINCREMENT: SQLite keeps the last number in the same transaction, so numbers are
# consecutive and never reused.
TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  severity INTEGER NOT NULL,
  data TEXT NOT NULL,
  monotonic REAL NOT NULL,
  boot_id TEXT NOT NULL,
  wall REAL NOT NULL,
  quality TEXT NOT NULL,
  replayed INTEGER NOT NULL DEFAULT 0,
  delivered REAL
);
CREATE INDEX outbox_way_out ON outbox (severity DESC, seq, kind) WHERE delivered IS NULL;
CREATE INDEX outbox_delivered ON outbox (seq) WHERE delivered IS NOT NULL;
CREATE TABLE incidents (
  id TEXT PRIMARY KEY, severity INTEGER NOT NULL, data TEXT NOT NULL, silent INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE requests (
  id TEXT PRIMARY KEY, open INTEGER NOT NULL, updated REAL NOT NULL, data TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE commands (id TEXT PRIMARY KEY, seen REAL NOT NULL) WITHOUT ROWID;
"""
VERDICTS = """
CREATE TABLE IF NOT EXISTS verdicts (
  incident_id TEXT PRIMARY KEY, rule TEXT NOT NULL, false INTEGER NOT NULL, by TEXT NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
"""
LAMP_LOG = """
CREATE TABLE IF NOT EXISTS lamp_log (
  number INTEGER PRIMARY KEY, wall REAL NOT NULL, quality TEXT NOT NULL, data TEXT NOT NULL,
  boot_id TEXT, monotonic REAL
);
"""


def new_store_id() -> str:
    return uuid.uuid4().hex[:16]


class Connection(sqlite3.Connection):
    """SQLite puts the text of a damaged schema into its errors as it is. What Python cannot read of that is
    the error of a damaged file all the same.
    """

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        """Raises sqlite3.Error, as the others of this class."""
        with _readable():
            return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        with _readable():
            return super().executemany(*arguments)

    def executescript(self, script: str) -> sqlite3.Cursor:
        with _readable():
            return super().executescript(script)


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise sqlite3.DatabaseError(f"it is damaged: {error.object[:60]!r}") from error


def connect_to_read(path: str) -> sqlite3.Connection:
    """Open an existing database for reading only, whether the agent runs or not. Raises sqlite3.Error."""
    return sqlite3.connect(
        f"{Path(path).absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        timeout=5.0,
        factory=Connection,
    )


def _check_header(path: str) -> None:
    """Raises sqlite3.DatabaseError for versions that no SQLite has written: it would take the file for one of
    the future, which cannot be read, or not be written.
    """
    header = b""
    with contextlib.suppress(OSError), Path(path).open("rb") as file:
        header = file.read(HEADER_BYTES)
    if len(header) == HEADER_BYTES and (max(header[18:20]) > 2 or int.from_bytes(header[44:48]) > 4):
        raise sqlite3.DatabaseError("it is damaged: its header has unknown versions")


def connect(path: str, max_mb: int) -> tuple[sqlite3.Connection, bool]:
    """Open (or make, or bring up to date) the database; says whether it was made.

    Raises sqlite3.Error; sqlite3.DatabaseError for a file that is not ours.
    """
    _check_header(path)
    connection = sqlite3.connect(path, isolation_level=None, timeout=5.0, factory=Connection)
    # One damaged text must not end every read
    connection.text_factory = lambda raw: raw.decode(errors="replace")
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        # Of a new file; so that space can be given back
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute(f"PRAGMA max_page_count = {max_mb * 1_000_000 // PAGE_BYTES}")
        connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_BYTES // PAGE_BYTES}")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise sqlite3.DatabaseError("it has tables that are not pole-agent's")
            connection.executescript(
                f"BEGIN IMMEDIATE; {TABLES} {VERDICTS} {LAMP_LOG} PRAGMA user_version = {VERSION};"
            )
            connection.execute("INSERT INTO meta VALUES ('storeid', ?)", (new_store_id(),))
            connection.execute("COMMIT")
        elif version // FAMILY > VERSION // FAMILY:
            raise sqlite3.DatabaseError(
                f"its version is {version}, this agent knows {VERSION}; it was made by a newer agent"
            )
        (check,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if check != "ok":
            raise sqlite3.DatabaseError(f"it is damaged: {check}")
        for old in range(version or VERSION, VERSION):
            MIGRATIONS[old](connection)
            connection.execute(f"PRAGMA user_version = {old + 1}")
        if not connection.execute("SELECT value FROM meta WHERE key = 'storeid'").fetchone():
            raise sqlite3.DatabaseError("it is damaged: it has no storeid")
        _check_columns(connection)
    except BaseException:
        connection.close()
        raise
    return connection, version == 0


def _check_columns(connection: sqlite3.Connection) -> None:
    """Raises sqlite3.DatabaseError where a column has another name than in a new file: nothing could be read,
    and it would look like a fault of the question.
    """
    with contextlib.closing(sqlite3.connect(":memory:")) as fresh:
        fresh.executescript(f"{TABLES} {VERDICTS} {LAMP_LOG}")
        for (table,) in fresh.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            needed, there = (
                {row[1] for row in db.execute(f"PRAGMA table_info({table})")} for db in (fresh, connection)
            )
            if lost := needed - there:
                raise sqlite3.DatabaseError(f"it is damaged: {table} lacks {', '.join(sorted(lost))}")


def _rewrite(connection: sqlite3.Connection) -> None:
    """Rewrite the whole file, so that it can shrink, and with small pages. Killed in the middle, the old
    file is as it was.

    A large file stays as it is: on a slow card that would take minutes, in which nothing is stored, and with
    small pages it may not fit below the cap any more. So does one that finds no room on the disk. Both work;
    they only wear the card more, or do not shrink.
    """
    (count,), (page,), (most,) = (
        connection.execute(f"PRAGMA {what}").fetchone()
        for what in ("page_count", "page_size", "max_page_count")
    )
    if count * page > min(SMALL_BYTES, most * PAGE_BYTES * SMALL_SHARE):
        return
    connection.execute("PRAGMA journal_mode = DELETE")  # neither can be changed in WAL
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("VACUUM")
    connection.execute("PRAGMA journal_mode = WAL")


def _to_3(connection: sqlite3.Connection) -> None:
    """What people say of incidents; small pages."""
    connection.executescript(VERDICTS)
    _rewrite(connection)


def _to_4(connection: sqlite3.Connection) -> None:
    """Why the lamp was as it was."""
    connection.executescript(LAMP_LOG)


def _to_5(connection: sqlite3.Connection) -> None:
    """The log of the lamp gets its times corrected too."""
    there = {row[1] for row in connection.execute("PRAGMA table_info(lamp_log)")}
    for column in ("boot_id TEXT", "monotonic REAL"):
        if column.split()[0] not in there:
            connection.execute(f"ALTER TABLE lamp_log ADD COLUMN {column}")


def _to_6(connection: sqlite3.Connection) -> None:
    """Events of a kind that the broker refuses are passed over without looking at their rows.

    An older agent works with this index too.
    """
    connection.executescript("""
        CREATE INDEX IF NOT EXISTS outbox_way_out ON outbox (severity DESC, seq, kind)
          WHERE delivered IS NULL;
        DROP INDEX IF EXISTS outbox_waiting;
    """)


# From this version to the next. Each can be repeated: the version is set after it.
MIGRATIONS = {1: _rewrite, 2: _to_3, 3: _to_4, 4: _to_5, 5: _to_6}
