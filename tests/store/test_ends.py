"""When a store has ended, in tables; what the witness may say; and what can be read of a damaged file."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.store import salvage, witness
from pole_agent.store.continuity import Ended, Opened, damaged, ended
from pole_agent.store.salvage import Salvage
from pole_agent.store.witness import Unreadable, Witness

SEEN = Witness("aaaa", epoch=5, sequence=40, waiting=10, oldest=21, births=3, closed=True)
OPEN = replace(SEEN, closed=False)
BAD = Unreadable("noise")
HERE = Opened("aaaa", 5, 40)
LOST = ((21, 40),)

# --- when a store has ended


@pytest.mark.parametrize(
    ("seen", "found", "expected"),
    [
        # made now: gone, unless it never was
        (None, Opened("new", 0, 0, made=True, was_there=False), None),
        (None, Opened("new", 0, 0, made=True, was_there=True), Ended(None, "store_empty")),
        (BAD, Opened("new", 0, 0, made=True, was_there=False), Ended(None, "store_missing")),
        (BAD, Opened("new", 0, 0, made=True, was_there=True), Ended(None, "store_empty")),
        (Witness(), Opened("new", 0, 0, made=True, was_there=True), None),
        (Witness(), Opened("new", 0, 0, made=True, was_there=False), None),
        (SEEN, Opened("new", 0, 0, made=True, was_there=True), Ended("aaaa", "store_empty", LOST, 10, True)),
        (
            SEEN,
            Opened("new", 0, 0, made=True, was_there=False),
            Ended("aaaa", "store_missing", LOST, 10, True),
        ),
        (
            OPEN,
            Opened("new", 0, 0, made=True, was_there=False),
            Ended("aaaa", "store_missing", LOST, 10, False),
        ),
        (replace(SEEN, waiting=0), Opened("new", 0, 0, made=True), Ended("aaaa", "store_empty", (), 0, True)),
        # there, and it goes on
        (None, HERE, None),
        (BAD, HERE, None),
        (Witness(), HERE, None),
        (SEEN, HERE, None),
        (SEEN, Opened("aaaa", 6, 0), None),
        (SEEN, Opened("aaaa", 5, 41), None),
        (SEEN, Opened("bbbb", 1, 1, ("x", "aaaa")), None),
        # another's, or older than it was
        (SEEN, Opened("bbbb", 9, 99), Ended("aaaa", "store_replaced", LOST, 10, True)),
        (SEEN, Opened("bbbb", 9, 99, ("x",)), Ended("aaaa", "store_replaced", LOST, 10, True)),
        (SEEN, Opened("aaaa", 5, 39), Ended("aaaa", "store_went_back", ((40, 40),), 1, False)),
        (SEEN, Opened("aaaa", 4, 40), Ended("aaaa", "store_went_back", (), 0, True)),
        (SEEN, Opened("aaaa", 4, 41), Ended("aaaa", "store_went_back", (), 0, True)),
        (OPEN, Opened("aaaa", 4, 40), Ended("aaaa", "store_went_back", (), 0, False)),
        (SEEN, Opened("aaaa", 4, 39), Ended("aaaa", "store_went_back", ((40, 40),), 1, False)),
        (SEEN, Opened("aaaa", 4, 21), Ended("aaaa", "store_went_back", ((22, 40),), 10, False)),
        (SEEN, Opened("aaaa", 4, 20), Ended("aaaa", "store_went_back", ((21, 40),), 10, True)),
        (SEEN, Opened("aaaa", 4, 0), Ended("aaaa", "store_went_back", ((1, 40),), 10, True)),
        (OPEN, Opened("aaaa", 4, 20), Ended("aaaa", "store_went_back", ((21, 40),), 10, False)),
        (
            replace(SEEN, waiting=0, oldest=0),
            Opened("aaaa", 4, 30),
            Ended("aaaa", "store_went_back", ((31, 40),), 0, True),
        ),
        (
            replace(OPEN, waiting=0, oldest=0),
            Opened("aaaa", 4, 30),
            Ended("aaaa", "store_went_back", ((31, 40),), 0, False),
        ),
    ],
)
def test_when_a_store_has_ended(
    seen: Witness | Unreadable | None, found: Opened, expected: Ended | None
) -> None:
    """What the witness says × what is found: which store is over, why, which numbers, how many, and whether
    that is all.
    """
    assert ended(seen, found) == expected


@pytest.mark.parametrize(
    ("seen", "store_id", "sequence", "saved", "expected"),
    [
        (SEEN, "aaaa", 50, 3, Ended("aaaa", "c", LOST, 7, True)),
        (SEEN, "", 0, 10, Ended("aaaa", "c", LOST, 0, True)),
        (SEEN, "aaaa", 50, 12, Ended("aaaa", "c", LOST, 0, True)),
        (OPEN, "aaaa", 50, 9, Ended("aaaa", "c", LOST, 1, False)),
        (SEEN, "bbbb", 50, 3, Ended("bbbb", "c", ((1, 50),))),
        (Witness(), "bbbb", 50, 3, Ended("bbbb", "c", ((1, 50),))),
        (Witness(), "", 50, 3, Ended(None, "c")),
        (None, "bbbb", 50, 3, Ended("bbbb", "c", ((1, 50),))),
        (BAD, "bbbb", 1, 3, Ended("bbbb", "c", ((1, 1),))),
        (None, "bbbb", 0, 0, Ended("bbbb", "c")),
        (None, "", 50, 3, Ended(None, "c")),
        (None, "", 0, 0, Ended(None, "c")),
    ],
)
def test_the_end_of_a_damaged_file(
    seen: Witness | Unreadable | None, store_id: str, sequence: int, saved: int, expected: Ended
) -> None:
    """What the witness says of it where it is the witness of that store; else what could be read
    of the file.
    """
    assert damaged(seen, "c", store_id, sequence, saved) == expected


@pytest.mark.parametrize(
    ("moved", "lost", "named"),
    [
        ([], (), []),
        ([], ((3, 4),), [[3, 4]]),
        ([[1, 3], [5, 5]], (), [[1, 3], [5, 5]]),
        ([[1, 2]], ((3, 4),), [[1, 4]]),
        ([[1, 2]], ((4, 5),), [[1, 2], [4, 5]]),
        ([[1, 9]], ((3, 4),), [[1, 9]]),
        ([[3, 4]], ((1, 9),), [[1, 9]]),
        ([[1, 1], [9, 9]], ((7, 8),), [[1, 1], [7, 9]]),
        ([[1, 1], [5, 5], [9, 9]], ((2, 2), (6, 6)), [[1, 2], [5, 6], [9, 9]]),
        ([[n, n] for n in range(2, 42, 2)], (), [[n, n] for n in range(2, 42, 2)]),
        ([[n, n] for n in range(2, 44, 2)], (), [[2, 42]]),
        ([[n, n + 1] for n in range(3, 90, 4)], ((200, 201),), [[3, 201]]),
    ],
)
def test_which_numbers_are_named(
    moved: list[list[int]], lost: tuple[tuple[int, int], ...], named: list[list[int]]
) -> None:
    """What goes on under other numbers and what is lost, joined and in order; more than twenty ranges become
    one.
    """
    assert Ended("aaaa", "c", lost).named(moved) == named


@given(
    st.lists(st.integers(1, 60), max_size=18),
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9)), max_size=2),
)
def test_all_that_is_over_is_named(singles: list[int], spans: list[tuple[int, int]]) -> None:
    """Up to twenty ranges name exactly the numbers, without touching each other."""
    lost = tuple((first, first + more) for first, more in spans)
    found = Ended(None, "c", lost).named([[n, n] for n in singles])
    assert {n for first, last in found for n in range(first, last + 1)} == {
        *singles,
        *(n for a, b in lost for n in range(a, b + 1)),
    }
    assert all(one[1] + 1 < other[0] for one, other in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("end", "moved", "data"),
    [
        (Ended(None, "c"), [], {"exact": False}),
        (Ended("aaaa", "c", exact=True), [], {"exact": True, "storeid": "aaaa"}),
        (Ended("aaaa", "c"), [[3, 3]], {"exact": False, "storeid": "aaaa", "moved": 1}),
        (Ended(None, "c"), [[3, 5], [9, 9]], {"exact": False, "moved": 4}),
    ],
)
def test_what_an_end_tells(end: Ended, moved: list[list[int]], data: dict[str, Any]) -> None:
    """Whether that is all, of which store, and how many go on under other numbers."""
    assert end.data(moved) == data


def test_what_is_meant_where_nothing_is_said() -> None:
    """A database is one that was found, an end one that nobody knows all of, a witness that of a
    beginning.
    """
    found = Opened("aaaa", 1, 2)
    assert (found.formers, found.made, found.was_there) == ((), False, True)
    assert (Ended(None, "c").ranges, Ended(None, "c").count, Ended(None, "c").exact) == ((), None, False)
    assert Witness() == Witness("", 0, 0, 0, 0, 0, False)
    assert ended(Witness("aaaa"), Opened("aaaa", 0, 0)) is None
    assert ended(Witness("aaaa"), Opened("bbbb", 0, 0)) == Ended("aaaa", "store_replaced", (), 0, False)


# --- the witness

MOST = 9_007_199_254_740_992


def but(**changed: Any) -> Witness:
    return replace(SEEN, **changed)


def written(path: Path, **changed: Any) -> Path:
    """A witness with a good check and what is not as it should be."""
    document = asdict(SEEN) | changed
    document = {key: value for key, value in document.items() if value is not ...}
    path.write_text(json.dumps(document | {"check": witness._check(document)}))
    return path


@pytest.mark.parametrize("name", ["epoch", "sequence", "waiting", "oldest", "births"])
def test_a_number_of_the_witness_at_its_limits(name: str, tmp_path: Path) -> None:
    """From nought to what JSON can say; nothing else is one, not even true."""
    path = tmp_path / "w"
    for value in (0, 1, MOST - 1, MOST):
        assert witness.read(written(path, **{name: value})) == but(**{name: value})
    for bad in (-1, MOST + 1, True, False, 1.0, "1", None, [1]):
        with pytest.raises(Unreadable, match=f"{name} cannot be"):
            witness.read(written(path, **{name: bad}))
    with pytest.raises(Unreadable) as told:
        witness.read(written(path, **{name: "x" * 900}))
    assert len(str(told.value)) == 200
    assert witness.read(written(path, **{name: ...})) == but(**{name: 0}), "of an older agent"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("storeid", ["", "aaaa", "x"], [1, None, True]),
        ("closed", [True, False], [0, 1, None, "true"]),
        ("other", [], [1]),
    ],
)
def test_a_word_of_the_witness(name: str, good: list[Any], bad: list[Any], tmp_path: Path) -> None:
    """Of its own type, and nothing that nobody knows."""
    for value in good:
        assert witness.read(written(tmp_path / "w", **{name: value})) == but(**{name: value})
    for value in bad:
        with pytest.raises(Unreadable):
            witness.read(written(tmp_path / "w", **{name: value}))


def test_a_witness_may_be_four_kilobytes(tmp_path: Path) -> None:
    """More is nothing that the agent wrote; nor is one without a check, or with another one, in whatever
    order its keys stand.
    """
    path = written(tmp_path / "w")
    text = path.read_text()
    path.write_text(text.ljust(4096))
    assert witness.read(path) == SEEN
    path.write_text(text.ljust(4097))
    with pytest.raises(Unreadable, match="4097 bytes"):
        witness.read(path)
    document = json.loads(text)
    path.write_text(json.dumps(dict(reversed(document.items()))))
    assert witness.read(path) == SEEN
    for wrong in (document["check"] + 1, None, str(document["check"])):
        path.write_text(json.dumps(document | {"check": wrong}))
        with pytest.raises(Unreadable, match="damaged on the disk"):
            witness.read(path)
    del document["check"]
    path.write_text(json.dumps(document))
    with pytest.raises(Unreadable, match="KeyError"):
        witness.read(path)
    path.write_text("[" * 3000 + "]" * 900)
    with pytest.raises(Unreadable) as told:
        witness.read(path)
    assert len(str(told.value)) <= 200


def test_what_stands_in_the_place_of_the_witness(tmp_path: Path) -> None:
    """Nothing is none; a link to nowhere is something.

    A folder is put aside, a link is replaced and what it leads to is left.
    """
    path = tmp_path / "w"
    assert witness.read(path) is None
    path.symlink_to("nowhere")
    with pytest.raises(Unreadable, match="a link to nowhere"):
        witness.read(path)
    path.unlink()
    (path / "inside").mkdir(parents=True)
    witness.write(path, SEEN)
    assert witness.read(path) == SEEN
    (aside,) = tmp_path.glob("w.unusable-*")
    assert (aside / "inside").is_dir()
    path.unlink()
    path.symlink_to(aside)
    witness.write(path, OPEN)
    assert not path.is_symlink()
    assert witness.read(path) == OPEN
    assert list(tmp_path.glob("w.unusable-*")) == [aside]


def test_whoever_may_read_the_witness(tmp_path: Path) -> None:
    """Its owner and their group; nobody else, and nobody else writes it."""
    old = os.umask(0)
    try:
        witness.write(tmp_path / "w", SEEN)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "w").stat().st_mode) == 0o640


# --- what can be read of a damaged file


class Bad:
    """Stands for a database of which these rows cannot be read; it notes what it was asked for."""

    def __init__(self, last: int | None, bad: set[int]) -> None:
        self.last, self.bad = last, bad
        self.asked: list[tuple[int, int]] = []

    def execute(self, query: str, span: tuple[int, int] = (0, 0)) -> Bad:
        if "sqlite_sequence" in query or "max(seq)" in query:
            if self.last is None:
                raise sqlite3.DatabaseError("malformed")
            return self
        self.asked.append(span)
        if any(span[0] <= n <= span[1] for n in self.bad) if self.last else True:
            raise sqlite3.DatabaseError("malformed")
        return self

    def __iter__(self) -> Iterator[tuple[int | None]]:
        return iter([(self.last,)])

    def fetchall(self) -> list[tuple[int]]:
        first, last = self.asked[-1]
        return [(n,) for n in range(first, min(last, self.last or 0) + 1)]


@given(st.integers(1, 70), st.sets(st.integers(1, 70), max_size=9))
def test_a_bad_row_costs_itself(last: int, bad: set[int]) -> None:
    """Every other row comes back, once and in order."""
    found = [row[0] for row in salvage._events(cast(sqlite3.Connection, Bad(last, bad)))]
    assert found == [n for n in range(1, last + 1) if n not in bad]


def test_a_file_that_is_bad_all_over() -> None:
    """It is given up after five thousand tries, from the first number on; sixteen million are thought of when
    the last is unknown.
    """
    bad = Bad(None, set())
    assert list(salvage._events(cast(sqlite3.Connection, bad))) == []
    assert len(bad.asked) == 5000
    assert bad.asked[:2] == [(1, 16_777_216), (1, 8_388_608)]
    assert {first for first, last in bad.asked if first == last} >= set(range(1, 2000))


@pytest.mark.parametrize(
    ("kept", "rows", "last"),
    [
        (None, [], 7),
        (None, [3, 5], 5),
        (9, [3, 5], 9),
        (9, [], 9),
        (1, [], 1),
        (0, [3], 3),
        (-4, [3], 3),
        ("9x", [3], 3),
        (b"9", [3], 3),
        (2.5, [3], 3),
        ("9x", [], 7),
        (0, [], 7),
        (0, [0], 7),
        (0, [-2], 7),
        (1, [3], 1),
    ],
)
def test_the_last_number_of_a_damaged_file(kept: object, rows: list[int], last: int) -> None:
    """That which SQLite keeps where it is a number, else the highest that is there, else what is taken for
    it.
    """
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT)")
        db.executemany("INSERT INTO outbox VALUES (?)", [(n,) for n in rows])
        db.execute("DELETE FROM sqlite_sequence")
        if kept is not None:
            db.execute("INSERT INTO sqlite_sequence VALUES ('outbox', ?)", (kept,))
        assert salvage._last(db, 7) == last
        if kept == 9:
            db.execute("DROP TABLE outbox")
            assert salvage._last(db, 7) == 7


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("abc123", "abc123"),
        ("x" * 64, "x" * 64),
        ("x" * 65, "x" * 64),
        ("ab-c", ""),
        ("", ""),
        ("é", ""),
        (b"abc", ""),
        (b"\xff", ""),
        (None, ""),
    ],
)
def test_the_name_of_a_damaged_store(name: object, known: str, tmp_path: Path) -> None:
    """Letters and digits; a store without a name that can be believed has no numbers either."""
    with contextlib.closing(sqlite3.connect(tmp_path / "pole.db", isolation_level=None)) as db:
        db.execute("CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT)")
        db.execute("INSERT INTO outbox VALUES (8)")
        db.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value)")
        if name is not None:
            db.execute("INSERT INTO meta VALUES ('storeid', ?)", (name,))
    found = salvage.salvage(tmp_path / "pole.db")
    assert (found.store_id, found.sequence) == (known, 8 if known else 0)


def test_what_is_no_database_gives_nothing(tmp_path: Path) -> None:
    """Noise, nothing at all, another's tables; the file is left as it is."""
    assert Salvage() == Salvage([], {}, "", 0)
    for blob in (b"", b"noise" * 900):
        (tmp_path / "f").write_bytes(blob)
        assert salvage.salvage(tmp_path / "f") == Salvage()
        assert (tmp_path / "f").read_bytes() == blob


def test_each_table_is_read_as_far_as_it_can_be(tmp_path: Path) -> None:
    """One that is not there costs no other; letters that fell over are marks of their own, and what was the
    store's own is left.
    """
    with contextlib.closing(sqlite3.connect(tmp_path / "pole.db", isolation_level=None)) as db:
        db.execute("CREATE TABLE requests (id, open, updated, data)")
        db.execute("INSERT INTO requests VALUES ('r-1', 1, 2.0, CAST(x'7bff7d' AS TEXT))")
        db.execute("CREATE TABLE meta (key, value)")
        db.execute("INSERT INTO meta VALUES ('storeid', 'aaaa'), ('announced', 'x'), ('births', '3')")
    assert salvage.salvage(tmp_path / "pole.db").tables == {
        "requests": [("r-1", 1, 2.0, "{\ufffd}")],
        "meta": [("births", "3")],
    }
