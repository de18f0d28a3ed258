"""Rules of the database that a store lives by when it ends, is full, shrinks or is asked about an incident:
each limit on both sides.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pole_agent.store.continuity import Ended, Opened
from pole_agent.store.database import Database
from pole_agent.store.rows import Entry
from pole_agent.store.salvage import Salvage
from pole_agent.store.witness import Witness
from pole_agent.vocabulary import RecordEvent, Severity, Stamp

INFO, WARNING, ALARM = Severity.INFO, Severity.WARNING, Severity.ALARM
STAMP = Stamp(5.0, "boot", 1000.0, "synced")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    numbers = itertools.count(1)
    opened = Database(tmp_path / "pole.db", 16, lambda: f"new-{next(numbers)}")
    yield opened
    opened.close()


def entry(
    number: int, kind: str = "a.b", severity: Severity = INFO, stamp: Stamp = STAMP, **data: Any
) -> Entry:
    return Entry(f"e-{number}", RecordEvent(kind, severity, data, 1.0), stamp)


def put(db: Database, *entries: Entry) -> None:
    with db.transaction():
        db.append(entries)


def told(db: Database) -> list[dict[str, Any]]:
    return [json.loads(r.data) for r in db.list_events(9000) if r.kind == "outbox.dropped"]


# --- one store after another


@pytest.mark.parametrize("delivered", [[], [1], [2, 3], [1, 2, 3, 4]])
def test_a_store_that_begins_anew(delivered: list[int], db: Database) -> None:
    """What waits keeps its identifier and its order under numbers from one on; the rest is forgotten, and so
    is what was announced.
    """
    put(db, *[entry(n) for n in range(1, 5)])
    old = db.store_id
    with db.transaction():
        db.set("announced", "here")
        db.report_dropped([[9, 9]], 1, "full", STAMP)
        db.report_dropped([[8, 8]], 1, "x", STAMP, storeid="other")
        db._db.execute("UPDATE outbox SET data = '{' WHERE seq = 4")
        db.mark_delivered(delivered, 1.0)
        moved = db.begin_anew()
    left = [n for n in range(1, 7) if n not in delivered]
    assert [n for first, last in moved for n in range(first, last + 1)] == left
    assert [(r.seq, r.event_id) for r in db.list_events(9)] == list(
        enumerate([{5: "new-1", 6: "new-2"}.get(n, f"e-{n}") for n in left], 1)
    )
    assert db.last_sequence() == len(left)
    assert [(r["ranges"], r["storeid"]) for r in told(db)] == [([[9, 9]], old), ([[8, 8]], "other")], (
        "of which store its numbers are"
    )
    assert db.store_id != old
    assert (db.get("storeid"), db.get("announced"), db.formers()) == (db.store_id, None, (old,))
    put(db, entry(9))
    assert db.last_sequence() == len(left) + 1


@pytest.mark.parametrize(
    ("storeid", "cause", "anew", "ranges", "expected"),
    [
        (
            "this",
            "store_went_back",
            True,
            ((3, 4),),
            [{"storeid": "this", "ranges": [[1, 4]], "count": 2, "exact": False, "moved": 2}],
        ),
        (None, "store_empty", True, (), [{"ranges": [[1, 2]], "count": 2, "exact": False, "moved": 2}]),
        (
            "that",
            "store_replaced",
            True,
            ((7, 9),),
            [
                {"storeid": "this", "ranges": [[1, 2]], "count": 0, "exact": True, "moved": 2},
                {"storeid": "that", "ranges": [[7, 9]], "count": 2, "exact": False},
            ],
        ),
        (
            "that",
            "store_missing",
            False,
            ((7, 9),),
            [{"storeid": "that", "ranges": [[7, 9]], "count": 2, "exact": False}],
        ),
        (
            "this",
            "two_poles_one_identity",
            True,
            (),
            [{"storeid": "this", "ranges": [[1, 2]], "count": 2, "exact": False, "moved": 2}],
        ),
        (
            "this",
            "board_replaced",
            True,
            (),
            [{"storeid": "this", "ranges": [[1, 2]], "count": 2, "exact": False, "moved": 2}],
        ),
    ],
)
def test_the_end_of_a_store_is_told(
    storeid: str | None,
    cause: str,
    anew: bool,
    ranges: tuple[tuple[int, int], ...],
    expected: list[dict[str, Any]],
    db: Database,
) -> None:
    """Each store with its own numbers; whoever keeps what is lost hears of it, unless the file is whole; the
    epoch moves.
    """
    put(db, entry(1), entry(2))
    old = db.store_id
    end = Ended(old if storeid == "this" else storeid, cause, ranges, 2)
    with db.transaction():
        db.end(end, STAMP, anew=anew, salvaged=5)
    assert (db.store_id == old) is not anew
    found = told(db)
    assert found[-1].pop("salvaged") == 5
    for report in expected:
        report["cause"] = cause
        if report.get("storeid") == "this":
            report["storeid"] = old
    assert found == expected
    assert db.get("lost") == (None if cause in ("two_poles_one_identity", "board_replaced") else cause)
    assert db.number("epoch") == 1
    assert db.number("dropped") == 2
    assert db.formers() == (*([old] if anew else []), *(["that"] if storeid == "that" else []))


def test_a_store_with_nothing_that_waits_ends_too(db: Database) -> None:
    """Of it no numbers are named; by itself an end begins a store anew."""
    old = db.store_id
    with db.transaction():
        db.end(Ended("that", "store_replaced"), STAMP)
    assert told(db) == [
        {"ranges": [], "count": None, "cause": "store_replaced", "exact": False, "storeid": "that"}
    ]
    assert (db.number("dropped"), db.formers()) == (0, (old, "that")), "nobody knows how many"
    assert db.store_id != old


@pytest.mark.parametrize(
    ("kept", "formers"),
    [
        (None, ()),
        ("[]", ()),
        ('["a", 5]', ("a", "5")),
        ("5", ()),
        ("[", ()),
        ("", ()),
        ("[" * 100_000, ()),
        ("null", ()),
    ],
)
def test_formers_that_fell_over_are_none(kept: str | None, formers: tuple[str, ...], db: Database) -> None:
    """What is no list any more names nobody."""
    with db.transaction():
        db.set("formers", kept)
    assert db.formers() == formers


def test_what_the_witness_is_to_say(db: Database) -> None:
    """Of what is committed: name, epoch, numbers, births; and how it was found."""
    assert db.witness(False) == Witness(db.store_id, 0, 0, 0, 0, 0, False)
    put(db, entry(1), entry(2), entry(3))
    with db.transaction():
        db.move_epoch()
        db.set("births", "7")
        db.mark_delivered([1], 1.0)
    assert db.witness(True) == Witness(db.store_id, 1, 3, 2, 2, 7, True)
    assert db.opened(False) == Opened(db.store_id, 1, 3, (), True, False)
    with db.transaction():
        db.move_epoch(1)
        assert db.number("epoch") == 2
        db.move_epoch(4)
        assert db.number("epoch") == 5


def test_the_mark_of_the_log(db: Database, tmp_path: Path) -> None:
    """The two salts in the header of the write-ahead log, 8 bytes from the 17th on (SQLite's file format);
    none where there is no log.
    """
    put(db, entry(1))
    log = tmp_path / "pole.db-wal"
    first = db.log_mark()
    assert first == log.read_bytes()[16:24]
    put(db, entry(2))
    assert db.log_mark() == first
    db._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert db.log_mark() == b""
    put(db, entry(3))
    assert db.log_mark() not in (first, b"")
    other = Database(tmp_path / "pole.db", 16, str, read_only=True)
    other.path = tmp_path / "nowhere.db"
    assert other.log_mark() == b""
    other.close()


def test_what_was_saved_is_taken_in(db: Database) -> None:
    """Events get new numbers; a row that does not fit is left out, and no other; reports of drops tell whose
    numbers they name.
    """
    event = ("e-1", "a.b", 0, '{"n":1}', 1.0, "boot", 2.0, "synced")
    report = ("d-1", "outbox.dropped", 1, '{"ranges":[[1,2]]}', 1.0, "boot", 2.0, "synced")
    bad = (None, 1, 2.0, "{}")
    saved = Salvage(
        [event, report],
        {"requests": [bad, ("r-1", 1, 2.0, "{}"), ("r-2", 0, 3.0, "[]")], "verdicts": []},
        "aaaa",
        9,
    )
    with db.transaction():
        assert db.take_in(saved) == 2
    assert [(r.seq, r[1:6], r[6:9], r.replayed, r.delivered) for r in db.list_events(9)] == [
        (1, event[:5], event[5:], 0, None),
        (2, (*report[:3], '{"ranges":[[1,2]],"storeid":"aaaa"}', 1.0), report[5:], 0, None),
    ]
    assert db.load_requests() == ["{}", "[]"]
    with db.transaction():
        assert db.take_in(Salvage([report])) == 1
    assert "storeid" not in told(db)[1], "nobody knows of which store"


# --- room


def test_a_full_store_tells_at_the_time_of_the_first(tmp_path: Path) -> None:
    """The report has the time of the first event that room was made for; delivered ones go two hundred at a
    time.
    """
    numbers = itertools.count(1)
    db = Database(tmp_path / "pole.db", 1, lambda: f"new-{next(numbers)}")
    with db.transaction():
        while db._used_pages() <= db._most_pages * 0.89:
            db.append([entry(1, x="y" * 800)] * 5)
        db.mark_delivered(range(1, 251), 1.0)
        for _ in range(9):
            db.append([entry(2, x="y" * 800)] * 5)
        assert db.stats()["delivered_kept"] == 50
        while not told(db):
            db.append(
                [
                    entry(3, stamp=Stamp(n, "boot", 1000.0 + n, "synced"), x="y" * 800)
                    for n in (61.0, 62.0, 63.0)
                ]
            )
    (report,) = (r for r in db.list_events(9000) if r.kind == "outbox.dropped")
    assert (report.monotonic, report.wall) == (61.0, 1061.0)
    assert db.stats()["delivered_kept"] == 0
    db.close()


def test_a_store_of_nothing_but_open_requests_is_full(tmp_path: Path) -> None:
    """Where nothing is left that can be dropped an event is stored all the same, and nothing is told."""
    db = Database(tmp_path / "pole.db", 1, str)
    with db.transaction():
        for number in range(92):
            db.save_request(f"r-{number}", True, 1.0, "x" * 9500)
    assert db._used_pages() > db._most_pages * 0.9
    with db.transaction():
        db.append([])
        db.append([entry(1)])
    assert [r.event_id for r in db.list_events(9)] == ["e-1"]
    db.close()


def test_nine_tenths_are_full(tmp_path: Path) -> None:
    """Up to that nothing is dropped; one page more, and room is made, for an event and for nothing else."""
    db = Database(tmp_path / "pole.db", 1, lambda: "e")
    with db.transaction():
        db.append([entry(1), entry(2)])
        db._db.execute("CREATE TABLE filler (x)")
        while db._used_pages() < 878:  # of 976
            db._db.execute("INSERT INTO filler VALUES (zeroblob(900))")
        assert db._used_pages() == 878
        db.append([entry(3)])
        assert db.number("dropped") == 0
        while db._used_pages() < 879:
            db._db.execute("INSERT INTO filler VALUES (zeroblob(900))")
        db.append([])
        assert db.number("dropped") == 0
        db.append([entry(4)])
        assert db.number("dropped") == 3
    db.close()


@pytest.mark.parametrize(
    ("total_pages", "free_pages", "gives"),
    [(1300, 975, False), (1300, 976, True), (6000, 1480, False), (6000, 1700, True)],
)
def test_how_much_must_be_empty(total_pages: int, free_pages: int, gives: bool, tmp_path: Path) -> None:
    """A megabyte, and a quarter of the file; then all that is empty is given back, on the disk too."""
    db = Database(tmp_path / "pole.db", 16, str)
    with db.transaction():
        db._db.execute("CREATE TABLE filler (n INTEGER PRIMARY KEY, x)")
        db._db.executemany("INSERT INTO filler (x) VALUES (zeroblob(?))", [(900,)] * (total_pages - 40))
    number = 0
    while db._db.execute("PRAGMA freelist_count").fetchone()[0] < free_pages:
        number += 1
        db._db.execute("BEGIN") if number == 1 else None
        db._db.execute("DELETE FROM filler WHERE n = ?", (number,))
    db._db.execute("COMMIT")
    db._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    free = db._db.execute("PRAGMA freelist_count").fetchone()[0]
    assert free == free_pages
    size = (tmp_path / "pole.db").stat().st_size
    used = db._used_pages()
    assert db.stats()["used_mb"] == round(used * 1024 / 1e6, 3)
    assert db.give_back() == (free if gives else 0)
    assert (tmp_path / "pole.db").stat().st_size == pytest.approx(size - free * 1024 * gives, abs=8 * 1024)
    db.close()


# --- incidents


@pytest.mark.parametrize(("newest", "found"), [(20_000, True), (20_001, False)])
def test_an_incident_among_the_newest_events(newest: int, found: bool, db: Database) -> None:
    """Twenty thousand are looked through for its rule and for what is told of it, and no more."""
    put(db, entry(1, "incident.closed", ALARM, incident_id="i-1", rule="watch"), entry(2))
    with db.transaction():
        db._db.execute("UPDATE outbox SET seq = ? WHERE seq = 2", (newest,))
    assert db.rule_of("i-1") == ("watch" if found else None)
    assert [e["kind"] for e in db.told_about("i-1")["events"]] == (["incident.closed"] if found else [])


def test_the_rule_of_an_incident_is_looked_for_on(db: Database) -> None:
    """Where an open incident does not say it, the verdict does, or the newest of its events; what is damaged
    says nothing.
    """
    with db.transaction():
        db.append(
            [
                Entry(
                    "e-1",
                    RecordEvent("incident.opened", ALARM, {"incident_id": "i-1"}, 1.0, opens="i-1"),
                    STAMP,
                )
            ]
        )
    assert db.rule_of("i-1") is None
    put(
        db,
        entry(2, "incident.opened", rule="first", incident_id="i-1"),
        entry(3, "incident.closed", rule="last", incident_id="i-1"),
    )
    assert db.rule_of("i-1") == "last"
    with db.transaction():
        db._db.execute("UPDATE outbox SET data = data || '}' WHERE seq = 3")
    assert db.rule_of("i-1") == "first"
    with db.transaction():
        db.judge("i-1", "judged", false=True, by="Dewi", wall=1.0)
    assert db.rule_of("i-1") == "judged"


def test_what_is_told_of_an_incident(db: Database) -> None:
    """By the beginning of its identifier: its own events in order, itself while it is open, the verdict;
    nothing of another.
    """
    with db.transaction():
        for name in ("i-12", "i-34"):
            data = {"incident_id": name, "rule": "watch"}
            db.append(
                [Entry(f"o-{name}", RecordEvent("incident.opened", WARNING, data, 1.0, opens=name), STAMP)]
            )
        db.append(
            [
                entry(3, "incident.closed", ALARM, incident_id="i-12"),
                entry(4, "traffic.summarized", incident_id="i-12"),
            ]
        )
        db.judge("i-12", "watch", false=True, by="Dewi", wall=1.0)
    found = db.told_about("i-1")
    assert found["verdict"] == {"verdict": "false", "by": "Dewi"}
    assert [(e["kind"], e["severity"], e["wall"], e["quality"]) for e in found["events"]] == [
        ("incident.opened", "warning", 1000.0, "synced"),
        ("incident.closed", "alarm", 1000.0, "synced"),
    ]
    assert [i["incident_id"] for i in found["open"]] == ["i-12"]
    assert db.told_about("i-9") == {"events": [], "open": [], "verdict": None}


@pytest.mark.parametrize(
    ("opens", "closes", "left"),
    [
        ("i-1", None, ["i-0", "i-1"]),
        (None, "i-0", []),
        ("i-1", "i-1", ["i-0"]),
        (None, None, ["i-0"]),
        ("i-0", None, ["i-0"]),
    ],
)
def test_which_incidents_are_open(
    opens: str | None, closes: str | None, left: list[str], db: Database
) -> None:
    """One that opened before stays open until it is closed; one that opens and closes in the same batch was
    never kept.
    """
    for batch in (
        [RecordEvent("a.b", INFO, {}, 1.0, opens="i-0")],
        [RecordEvent("a.b", INFO, {}, 1.0, opens=opens, closes=closes)],
    ):
        put(db, *[Entry("e", event, STAMP) for event in batch])
    assert [i["incident_id"] for i in db.open_incidents()] == left
    assert db._db.execute("SELECT count(*) FROM incidents").fetchone() == (len(left),)


def test_damaged_incidents_are_closed_all_the_same(db: Database) -> None:
    """A text that is no object has its identifier left; a severity that is none is no incident."""
    with db.transaction():
        for number, (severity, data) in enumerate(
            [(0, "{}"), (2, "[]"), (1, "{"), (3, "{}"), (-1, "{}"), (2, '{"a":1}')]
        ):
            db._db.execute(
                "INSERT INTO incidents VALUES (?, ?, ?, ?)", (f"i-{number}", severity, data, number % 2)
            )
    assert db.open_incidents() == [
        {"incident_id": "i-0", "severity": "info", "silent": False},
        {"incident_id": "i-1", "severity": "alarm", "silent": True},
        {"incident_id": "i-2", "severity": "warning", "silent": False},
        {"incident_id": "i-5", "a": 1, "severity": "alarm", "silent": True},
    ]


# --- words


def test_what_json_cannot_say_is_told_in_short(db: Database) -> None:
    """Two hundred characters of why; what it can say is written as it is, with no room between."""
    odd = type("x" * 400, (), {})()
    loop: list[Any] = []
    loop.append(loop)
    put(
        db,
        entry(1, x=odd),
        entry(2, x=loop),
        entry(3, x="é", y=[1, None]),
        entry(4, x=float("inf")),
        entry(5, x="\ud800"),
    )
    texts = [r.data for r in db.list_events(9)]
    assert texts[0] == json.dumps({"unreadable": f"TypeError: Object of type {'x' * 174}"})
    assert len(json.loads(texts[0])["unreadable"]) == 200
    assert texts[1] == '{"unreadable": "ValueError: Circular reference detected"}'
    assert texts[2] == '{"x":"é","y":[1,null]}'
    assert all(text.startswith('{"unreadable": "') for text in texts[3:])


def test_requests_come_in_the_order_of_change(db: Database) -> None:
    """And of one moment by name; a change replaces what was."""
    with db.transaction():
        for name, wall in (("b", 2.0), ("a", 2.0), ("c", 1.0), ("d", 0.0), ("d", 3.0)):
            db.save_request(name, True, wall, name + str(wall))
    assert db.load_requests() == ["c1.0", "a2.0", "b2.0", "d3.0"]


def test_a_change_of_the_lamp_at_its_very_moment(db: Database) -> None:
    """It counts from that moment on; of two at one moment the later one."""
    with db.transaction():
        for wall, reasons in ((10.0, "a"), (20.0, "b"), (20.0, "c"), (30.0, "d")):
            db.log_lamp(Stamp(1.0, "boot", wall, "synced"), reasons)
    found = {
        wall: [None if row is None else row[2] for row in db.lamp_log(wall)]
        for wall in (9.9, 10.0, 19.9, 20.0, 29.9, 30.0)
    }
    assert found == {
        9.9: [None, "a"],
        10.0: ["a", "b"],
        19.9: ["a", "b"],
        20.0: ["c", "d"],
        29.9: ["c", "d"],
        30.0: ["d", None],
    }
