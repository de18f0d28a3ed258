"""What a restart carries over: every row of every table.

What a damaged file gives back: every table that is saved.
"""

from __future__ import annotations

import itertools
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from pole_agent.store.database import Database
from pole_agent.store.rows import Entry
from pole_agent.store.salvage import salvage
from pole_agent.vocabulary import RecordEvent, Severity, Stamp

STAMP = Stamp(5.0, "boot", 1000.0, "synced")
TABLES = ("commands", "incidents", "lamp_log", "meta", "outbox", "requests", "verdicts")
Rows = dict[str, list[tuple[Any, ...]]]


def opened(folder: Path) -> Database:
    numbers = itertools.count(1)
    return Database(folder / "pole.db", 16, lambda: f"new-{next(numbers)}")


def filled(folder: Path) -> Database:
    """A database with rows in every table."""
    db = opened(folder)
    with db.transaction():
        db.append(
            [
                Entry(
                    "e-1",
                    RecordEvent(
                        "incident.opened",
                        Severity.ALARM,
                        {"incident_id": "i-1", "rule": "watch"},
                        1.0,
                        opens="i-1",
                    ),
                    STAMP,
                ),
                Entry("e-2", RecordEvent("traffic.summarized", Severity.INFO, {"n": 2}, 1.0), STAMP),
                Entry(
                    "e-3",
                    RecordEvent("traffic.summarized", Severity.WARNING, {"n": 3}, 1.0),
                    Stamp(6.0, "boot", 1001.0, "unsynced"),
                ),
                Entry(
                    "e-4",
                    RecordEvent(
                        "incident.opened",
                        Severity.INFO,
                        {"incident_id": "i-2"},
                        1.0,
                        opens="i-2",
                        silent=True,
                    ),
                    STAMP,
                ),
            ]
        )
        db.mark_delivered([2], 1002.0)
        db.save_request("r-1", True, 1003.0, '{"a":1}')
        db.save_request("r-2", False, 1004.0, '{"b":2}')
        db.judge("i-1", "watch", false=True, by="Dewi", wall=1005.0)
        db.remember_command("c-1", 1006.0)
        db.log_lamp(STAMP, '{"level":1}')
        for key, value in (("births", "7"), ("word", "kept"), ("epoch", "9")):
            db.set(key, value)
    return db


def rows(path: Path) -> Rows:
    with sqlite3.connect(path) as connection:
        names = [
            n
            for (n,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY"
                " name"
            )
        ]
        found = {name: connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in names}
    connection.close()
    return found


def test_a_restart_carries_over_every_row(tmp_path: Path) -> None:
    """Every table has rows, and each is the same after the database was closed and opened again."""
    filled(tmp_path).close()
    before = rows(tmp_path / "pole.db")
    assert tuple(before) == TABLES
    assert all(before.values())
    again = opened(tmp_path)
    assert again.made is False
    assert again.open_incidents() == [
        {"incident_id": "i-1", "rule": "watch", "severity": "alarm", "silent": False},
        {"incident_id": "i-2", "severity": "info", "silent": True},
    ]
    assert [
        (s.seq, s.event_id, s.severity, s.quality, s.replayed, s.delivered) for s in again.list_events(9)
    ] == [
        (1, "e-1", Severity.ALARM, "synced", 0, None),
        (2, "e-2", Severity.INFO, "synced", 0, 1002.0),
        (3, "e-3", Severity.WARNING, "unsynced", 0, None),
    ]
    assert again.load_requests() == ['{"a":1}', '{"b":2}']
    assert again.verdicts() == {"watch": (0, 1)}
    assert (again.knows_command("c-1"), again.knows_command("c-2")) == (True, False)
    assert again.lamp_log(1000.0) == [(1000.0, "synced", '{"level":1}'), None]
    assert (again.number("births"), again.get("word"), again.number("epoch")) == (7, "kept", 9)
    with again.transaction():
        again.append([Entry("e-5", RecordEvent("traffic.summarized", Severity.INFO, {}, 1.0), STAMP)])
    assert again.last_sequence() == 4, "numbers go on"
    again.close()


def test_a_damaged_file_gives_back_every_table(tmp_path: Path) -> None:
    """Of a file that is set aside all goes into the new one but what was delivered, the name of the store and
    the log of the lamp.
    """
    old = filled(tmp_path)
    with old.transaction():
        old.set("announced", "here")
    name = old.store_id
    old.close()
    before = rows(tmp_path / "pole.db")
    found = salvage(tmp_path / "pole.db")
    assert (found.store_id, found.sequence) == (name, 3)
    (tmp_path / "new").mkdir()
    new = opened(tmp_path / "new")
    with new.transaction():
        assert new.take_in(found) == 2
    new.close()
    after = rows(tmp_path / "new" / "pole.db")
    for table in TABLES:
        kept = before[table]
        if table == "outbox":
            assert [(r[1:9], r[9:]) for r in after[table]] == [(r[1:9], (0, None)) for r in kept if r[0] != 2]
        elif table == "meta":
            assert {r for r in after[table] if r[0] != "storeid"} == {
                r for r in kept if r[0] not in ("storeid", "announced")
            }
        else:
            assert after[table] == ([] if table == "lamp_log" else kept), table


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", "a\x00b"),
        ("kind", "two\nlines"),
        ("boot_id", b"\xff\xfe"),
        ("severity", 3),
        ("severity", -1),
        ("data", "[1]"),
        ("data", "{..."),
        ("data", b"{}"),
        ("monotonic", "x"),
        ("wall", -0.1),
        ("wall", 253_402_300_800),
        ("wall", "late"),
        ("quality", "perhaps"),
    ],
)
def test_what_does_not_look_like_an_event_is_not_saved(column: str, value: object, tmp_path: Path) -> None:
    """One damaged field of a row keeps it out, and no other."""
    db = filled(tmp_path)
    db._db.execute(f"UPDATE outbox SET {column} = ? WHERE seq = 1", (value,))
    db.close()
    assert [row[0] for row in salvage(tmp_path / "pole.db").events] == ["e-3"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("severity", 0),
        ("severity", 2),
        ("wall", 0),
        ("wall", 253_402_300_799),
        ("quality", "corrected"),
        ("monotonic", 7),
        ("data", "{}"),
    ],
)
def test_what_looks_like_an_event_is_saved(column: str, value: object, tmp_path: Path) -> None:
    """At the limits of what can be, a row is an event."""
    db = filled(tmp_path)
    db._db.execute(f"UPDATE outbox SET {column} = ? WHERE seq = 1", (value,))
    db.close()
    assert [row[0] for row in salvage(tmp_path / "pole.db").events] == ["e-1", "e-3"]


# Each table that forgets: how many it keeps, how to put one in, and what is there, the newest last.
def _requests(db: Database) -> list[str]:
    return db.load_requests()


def _commands(db: Database) -> list[str]:
    return [row[0] for row in db._db.execute("SELECT id FROM commands ORDER BY seen")]


def _verdicts(db: Database) -> list[str]:
    return [
        row[0] for row in db._db.execute("SELECT incident_id FROM verdicts WHERE rule = 'watch' ORDER BY at")
    ]


def _lamp(db: Database) -> list[str]:
    return [row[0] for row in db._db.execute("SELECT data FROM lamp_log ORDER BY number")]


@pytest.mark.parametrize(
    ("keeps", "put", "there"),
    [
        (500, lambda db, n: db.save_request(f"r-{n:05}", False, float(n), f"r-{n:05}"), _requests),
        (1000, lambda db, n: db.remember_command(f"c-{n:05}", float(n)), _commands),
        (
            100,
            lambda db, n: db.judge(f"i-{n:05}", "watch", false=n % 2 == 0, by="Dewi", wall=float(n)),
            _verdicts,
        ),
        (5000, lambda db, n: db.log_lamp(STAMP, f"l-{n:05}"), _lamp),
    ],
    ids=["requests", "commands", "verdicts", "lamp"],
)
def test_how_many_rows_are_kept(keeps: int, put: Any, there: Any, tmp_path: Path) -> None:
    """The newest are kept, as many as promised; one more, and the oldest goes."""
    db = opened(tmp_path)
    with db.transaction():
        db.save_request("r-open", True, -5.0, "r-open")
        db.judge("i-other", "other", false=False, by="Dewi", wall=-5.0)
        for number in range(keeps):
            put(db, number)
        full = [x for x in there(db) if x != "r-open"]
        assert len(full) == keeps
        put(db, keeps)
        after = [x for x in there(db) if x != "r-open"]
    assert after[:-1] == full[1:]
    assert after[-1].endswith(f"{keeps:05}")
    assert "r-open" in db.load_requests(), "what is open is never forgotten"
    assert db.verdicts()["other"] == (1, 0)
    db.close()


def test_a_later_word_replaces_an_earlier_one(tmp_path: Path) -> None:
    """One verdict an incident; rates count true and false apart."""
    db = opened(tmp_path)
    with db.transaction():
        for number, false in enumerate((True, True, False)):
            db.judge(f"i-{number}", "watch", false=false, by="Dewi", wall=float(number))
        assert db.verdicts() == {"watch": (1, 2)}
        db.judge("i-0", "watch", false=False, by="Budi", wall=9.0)
        assert db.verdicts() == {"watch": (2, 1)}
    db.close()
