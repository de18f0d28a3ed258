"""A report of lost events can be lost itself, with the store that it waits in: the witness keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pole_agent.store.database import Database, Entry
from pole_agent.store.witness import FILE_NAME, Unreadable, Untold, Witness, read, write
from pole_agent.vocabulary import RecordEvent, Severity, Stamp

STAMP = Stamp(1.0, "boot", 1000.0, "synced")
LOST = Untold("a9", ((1, 3), (7, 7)), 4, "full", True)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    numbers = iter(range(10**6))
    database = Database(tmp_path / "pole.db", 16, lambda: f"id-{next(numbers)}")
    yield database
    database.close()


def reports(db: Database) -> list[dict[str, Any]]:
    return [json.loads(e.data) for e in db.list_events(100) if e.kind == "outbox.dropped"]


@pytest.mark.parametrize(
    ("report", "untold"),
    [
        ({"ranges": [[1, 3]], "count": 3, "cause": "full"}, Untold("s1", ((1, 3),), 3, "full", False)),
        (
            {"ranges": [[1, 3]], "count": None, "cause": "x", "storeid": "a9", "exact": True},
            Untold("a9", ((1, 3),), None, "x", True),
        ),
        ({"ranges": [], "count": None, "cause": "store_empty"}, Untold("", (), None, "store_empty", False)),
        (
            {"ranges": [[n, n] for n in (9, 1, 5, 3, 7)], "count": 5, "cause": "full"},
            Untold("s1", ((9, 9), (1, 1), (5, 5), (3, 3), (7, 7)), 5, "full", False),
        ),
        (
            {"ranges": [[n, n + 1] for n in (9, 1, 5, 3, 20, 7)], "count": 12, "cause": "full"},
            Untold("s1", ((1, 21),), 12, "full", False),
        ),
        (
            {"ranges": [], "count": 0, "cause": "c" * 101, "storeid": "n" * 65},
            Untold("n" * 64, (), 0, "c" * 100, False),
        ),
        (
            {"ranges": [[0, 1 << 53]], "count": 1 << 53, "cause": ""},
            Untold("s1", ((0, 1 << 53),), 1 << 53, "", False),
        ),
    ],
)
def test_what_a_report_says(report: dict[str, Any], untold: Untold) -> None:
    """Its store, its numbers, how many and why; more than five ranges are named as one."""
    assert Untold.read(report, "s1") == untold


@pytest.mark.parametrize(
    "report",
    [
        {},
        {"ranges": [[1]], "count": 1, "cause": "x"},
        {"ranges": [[1, 2.0]], "count": 1, "cause": "x"},
        {"ranges": [[-1, 2]], "count": 1, "cause": "x"},
        {"ranges": [[1, (1 << 53) + 1]], "count": 1, "cause": "x"},
        {"ranges": [], "count": True, "cause": "x"},
        {"ranges": [], "count": 1},
        {"ranges": None, "count": 1, "cause": "x"},
    ],
)
def test_what_is_no_report(report: dict[str, Any], tmp_path: Path, db: Database) -> None:
    """It is passed over in the store; a witness that says such a thing was not written by an agent."""
    with pytest.raises((ValueError, TypeError, KeyError)):
        Untold.read(report, "")
    with db.transaction():
        db.append([Entry("e", RecordEvent("outbox.dropped", Severity.WARNING, report, 1.0), STAMP)])
    assert db.untold() == ()
    path = tmp_path / "w"
    write(path, Witness("s", untold=(LOST,)))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"untold": [report]}))
    with pytest.raises(Unreadable):
        read(path)


def test_a_witness_is_read_as_it_was_written(tmp_path: Path) -> None:
    """With reports, and without: then it looks as an older agent wrote and reads it. It stays small."""
    path = tmp_path / FILE_NAME
    for untold in ((), (LOST,), (LOST, Untold("", (), None, "store_empty", False))):
        write(path, Witness("s1", 3, 9, 2, 8, 1, True, untold))
        assert read(path) == Witness("s1", 3, 9, 2, 8, 1, True, untold)
        assert ("untold" in json.loads(path.read_text())) == bool(untold)
    most = Untold("n" * 64, tuple((n, 1 << 53) for n in range(5)), 1 << 53, "\x00" * 100, True)
    write(path, Witness("s1", untold=(Untold("n" * 64, most.ranges, 1, "c" * 100, True),) * 8))
    assert len(read(path).untold) == 8  # type: ignore[union-attr]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"untold": []}))
    with pytest.raises(Unreadable):
        read(path)


def test_which_reports_wait(db: Database) -> None:
    """The eight newest that are not delivered, of the one kind."""
    with db.transaction():
        db.append([Entry("e", RecordEvent("command.refused", Severity.WARNING, {"ranges": []}, 1.0), STAMP)])
        for number in range(10):
            db.report_dropped([[number, number]], 1, "full", STAMP)
        db.mark_delivered([11], 2.0)
    assert [u.ranges for u in db.untold()] == [((n, n),) for n in range(1, 9)]
    assert {u.storeid for u in db.untold()} == {db.store_id}
    assert db.witness(closed=True).untold == db.untold()


def test_what_is_told_again(db: Database) -> None:
    """As it was told, under the name of its store, which is known as one before this one."""
    with db.transaction():
        db.tell_again([LOST, Untold("", (), None, "store_empty", False)], STAMP)
    assert reports(db) == [
        {"ranges": [[1, 3], [7, 7]], "count": 4, "cause": "full", "exact": True, "storeid": "a9"},
        {"ranges": [], "count": None, "cause": "store_empty", "exact": False},
    ]
    assert db.formers() == ("a9",)
