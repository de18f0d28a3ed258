"""pole.db as a file: how it is opened, what is not ours, and how each older version becomes the newest, with
its rows.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from pole_agent.store.database import Database
from pole_agent.store.recovery import is_corrupt
from pole_agent.store.rows import Entry
from pole_agent.store.schema import connect_to_read
from pole_agent.vocabulary import RecordEvent, Severity, Stamp

STAMP = Stamp(5.0, "boot", 1000.0, "synced")


def handles(path: Path) -> list[str]:
    """What this process has open of a file."""
    found = []
    for handle in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.append(os.readlink(handle))
    return [name for name in found if name.startswith(str(path))]


def shape(path: Path) -> tuple[Any, ...]:
    """Version, pages and the tables with their columns and indexes."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        pragmas = [
            db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("user_version", "page_size", "auto_vacuum", "journal_mode")
        ]
        names = db.execute(
            "SELECT type, name FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY"
            " 1, 2"
        ).fetchall()
        columns = {
            name: [c[1:] for c in db.execute(f"PRAGMA table_info({name})")]
            for kind, name in names
            if kind == "table"
        }
        wanted = [c[2] for c in db.execute("PRAGMA index_info(outbox_way_out)")]
    return pragmas, names, columns, wanted


@pytest.mark.parametrize("max_mb", [4, 16])
def test_how_a_file_is_opened(max_mb: int, tmp_path: Path) -> None:
    """Every commit is on the disk; pages are small; it cannot grow beyond its cap, its log not beyond 4 MB; a
    lock is waited for.
    """
    with contextlib.closing(Database(tmp_path / "pole.db", max_mb, str)) as database:
        expected = {
            "journal_mode": "wal",
            "synchronous": 2,
            "page_size": 1024,
            "auto_vacuum": 2,
            "secure_delete": 0,
            "busy_timeout": 5000,
            "max_page_count": max_mb * 1_000_000 // 1024,
            "journal_size_limit": 4_000_000,
            "wal_autocheckpoint": 3906,
            "user_version": 6,
        }
        assert {name: database._db.execute(f"PRAGMA {name}").fetchone()[0] for name in expected} == expected
        assert database.stats()["max_mb"] == pytest.approx(max_mb, abs=0.05)
        assert database.made
        assert len(database.store_id) == 16
        assert not database._db.in_transaction
        with contextlib.closing(connect_to_read(str(tmp_path / "pole.db"))) as reader:
            assert reader.execute("PRAGMA busy_timeout").fetchone() == (5000,)
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                reader.execute("DELETE FROM outbox")
    with contextlib.closing(Database(tmp_path / "pole.db", max_mb, str)) as again:
        assert (again.made, again.store_id) == (False, database.store_id)
    with contextlib.closing(Database(tmp_path / "pole.db", max_mb, str, read_only=True)) as reading:
        assert (reading.made, reading.store_id) == (False, database.store_id)


def test_the_log_is_written_back_in_time(tmp_path: Path) -> None:
    """Once it holds four megabytes, its pages go to their place."""
    with contextlib.closing(Database(tmp_path / "pole.db", 64, str)) as database:
        for _ in range(9):
            with database.transaction():
                database.append(
                    [Entry("e", RecordEvent("a.b", Severity.INFO, {"x": "y" * 40_000}, 1.0), STAMP)] * 16
                )
        assert 3_900_000 < (tmp_path / "pole.db-wal").stat().st_size < 5_500_000
        assert (tmp_path / "pole.db").stat().st_size > 3_000_000


@pytest.mark.parametrize(
    ("version", "refused"),
    [
        (7, ""),
        (99, ""),
        (100, "made by a newer agent"),
        (106, "made by a newer agent"),
        (206, "a newer agent"),
    ],
)
def test_the_file_of_a_newer_agent(version: int, refused: str, tmp_path: Path) -> None:
    """Within the hundred it is gone on with and keeps its version; beyond it is refused, left as it is and
    let go.
    """
    path = tmp_path / "pole.db"
    Database(path, 16, str).close()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {version}")
    if refused:
        with pytest.raises(sqlite3.DatabaseError, match=refused):
            Database(path, 16, str)
        assert handles(path) == []
    else:
        Database(path, 16, str).close()
    assert shape(path)[0][0] == version


def test_tables_that_are_another_programs(tmp_path: Path) -> None:
    """They are refused, and the file is let go; so is one without the name of a store."""
    path = tmp_path / "pole.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (x)")
    with pytest.raises(sqlite3.DatabaseError, match="it has tables that are not pole-agent's"):
        Database(path, 16, str)
    assert handles(path) == []
    path.unlink()
    Database(path, 16, str).close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DELETE FROM meta")
    with pytest.raises(sqlite3.DatabaseError, match="it has no storeid"):
        Database(path, 16, str)
    assert handles(path) == []


# What each version brought, taken back.
BACK = {
    3: ["DROP TABLE verdicts"],
    4: ["DROP TABLE lamp_log"],
    5: ["ALTER TABLE lamp_log DROP COLUMN boot_id", "ALTER TABLE lamp_log DROP COLUMN monotonic"],
    6: [
        "DROP INDEX outbox_way_out",
        "CREATE INDEX outbox_waiting ON outbox (severity DESC, seq) WHERE delivered IS NULL",
    ],
}


def of_version(path: Path, version: int, page_bytes: int = 1024, filler: int = 0) -> list[Any]:
    """A file as an agent of that version left it; its events."""
    with contextlib.closing(Database(path, 64, str)) as database, database.transaction():
        database.append(
            [Entry(f"e-{n}", RecordEvent("a.b", Severity.ALARM, {"n": n}, 1.0), STAMP) for n in range(3)]
        )
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        for later in sorted(BACK, reverse=True):
            for line in BACK[later] if later > version and not (later == 5 and version < 4) else ():
                db.execute(line)
        if filler:
            db.execute("CREATE TABLE filler (x)")
            db.execute(f"INSERT INTO filler VALUES (zeroblob({filler}))")
        db.execute(f"PRAGMA user_version = {version}")
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute(f"PRAGMA page_size = {page_bytes}")
        db.execute(f"PRAGMA auto_vacuum = {'NONE' if version < 2 else 'INCREMENTAL'}")
        db.execute("VACUUM")
        return db.execute("SELECT * FROM outbox").fetchall()


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5, 6])
def test_every_older_file_becomes_the_newest(version: int, tmp_path: Path) -> None:
    """The same tables, columns and indexes as a new one, the same events, in place."""
    Database(tmp_path / "new.db", 64, str).close()
    path = tmp_path / "pole.db"
    events = of_version(path, version)
    with contextlib.closing(Database(path, 64, str)) as database:
        assert database.made is False
        assert database._db.execute("SELECT * FROM outbox").fetchall() == events
        with database.transaction():
            database.log_lamp(STAMP, "{}")
            database.judge("i", "r", false=True, by="Dewi", wall=1.0)
    assert shape(path) == shape(tmp_path / "new.db")


def test_a_change_that_was_cut_short_is_done_again(tmp_path: Path) -> None:
    """A column that is there already, a table, an index: the next start goes on from there."""
    Database(tmp_path / "new.db", 64, str).close()
    path = tmp_path / "pole.db"
    of_version(path, 4)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("ALTER TABLE lamp_log ADD COLUMN boot_id TEXT")
        db.execute("CREATE INDEX outbox_way_out ON outbox (severity DESC, seq, kind) WHERE delivered IS NULL")
    Database(path, 64, str).close()
    assert shape(path) == shape(tmp_path / "new.db")


@pytest.mark.parametrize(
    ("version", "max_mb", "kilobytes", "small"),
    [
        (2, 4, 940, True),
        (2, 4, 1010, False),
        (1, 4, 940, True),
        (1, 4, 1050, False),
        (2, 64, 7900, True),
        (2, 64, 8050, False),
        (3, 64, 100, False),
    ],
)
def test_which_older_file_is_written_anew(
    version: int, max_mb: int, kilobytes: int, small: bool, tmp_path: Path
) -> None:
    """With small pages, up to a quarter of its cap and at most 8 MB: more would take minutes on a slow card.
    Its events are there.
    """
    path = tmp_path / "pole.db"
    events = of_version(path, version, 4096, kilobytes * 1000 - 50_000)
    with contextlib.closing(Database(path, max_mb, str)) as database:
        assert database._db.execute("SELECT * FROM outbox").fetchall() == events
    assert shape(path)[0] == [6, 1024 if small else 4096, 2 if small or version > 1 else 0, "wal"]


@pytest.mark.parametrize(("pages", "small"), [(1953, True), (1954, False)])
def test_a_quarter_of_the_cap_to_the_page(pages: int, small: bool, tmp_path: Path) -> None:
    """Of a cap of 8 MB, which are 7812 pages, 1953 are a quarter: so large it is still written anew, so that
    it can shrink.
    """
    path = tmp_path / "pole.db"
    of_version(path, 1)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("CREATE TABLE filler (x)")
        while missing := pages - db.execute("PRAGMA page_count").fetchone()[0]:
            with db:
                db.execute("BEGIN")
                db.executemany("INSERT INTO filler VALUES (zeroblob(900))", [()] * (missing - missing // 50))
    assert path.stat().st_size == pages * 1024
    Database(path, 8, str).close()
    assert shape(path)[0] == [6, 1024, 2 if small else 0, "wal"]


@pytest.mark.parametrize(
    ("table", "column"), [("outbox", "replayed"), ("incidents", "silent"), ("lamp_log", "boot_id")]
)
def test_a_column_whose_name_fell_over(tmp_path: Path, table: str, column: str) -> None:
    """One bit of the schema: the file is damaged, and let go; it is not the question that is wrong."""
    path = tmp_path / "pole.db"
    Database(path, 16, str).close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        fallen = (column, column[:-1] + "0", table)
        db.execute("UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = ?", fallen)
    with pytest.raises(sqlite3.DatabaseError, match=f"{table} lacks {column}") as refused:
        Database(path, 16, str)
    assert is_corrupt(refused.value)
    assert handles(path) == []
