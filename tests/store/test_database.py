"""The store's rules, on real files."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pole_agent.store.database import Database
from pole_agent.store.outbox import KEEP_DELIVERED_S
from pole_agent.store.rows import Entry, ranges
from pole_agent.vocabulary import RecordEvent, Severity, Stamp

NOBODY: frozenset[int] = frozenset()


def entry(
    severity: Severity = Severity.INFO,
    kind: str = "traffic.summarized",
    size: int = 10,
    quality: str = "synced",
    **more: object,
) -> Entry:
    event = RecordEvent(kind, severity, {"x": "y" * size}, 1.0, **more)  # type: ignore[arg-type]
    return Entry("id", event, Stamp(5.0, "boot", 1000.0, quality))  # type: ignore[arg-type]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = make(tmp_path)
    yield opened
    opened.close()


def make(folder: Path, max_mb: int = 16) -> Database:
    numbers = itertools.count(1)
    return Database(folder / "pole.db", max_mb, lambda: f"new-{next(numbers)}")


def append(database: Database, *entries: Entry) -> None:
    with database.transaction():
        database.append(entries)


def test_sequences_are_consecutive(tmp_path: Path) -> None:
    """Sequences are consecutive from one also after a rollback and a restart."""
    database = make(tmp_path)
    append(database, entry(), entry())
    with pytest.raises(RuntimeError), database.transaction():
        database.append([entry()])
        raise RuntimeError
    append(database, entry())
    with database.transaction():
        database.mark_delivered([1, 2, 3], 0.0)
        database.purge_delivered(KEEP_DELIVERED_S + 1)
    database.close()
    again = make(tmp_path)
    append(again, entry())
    assert [s.seq for s in again.list_events(10)] == [4]
    again.close()


def test_the_way_out_is_severity_then_age(database: Database) -> None:
    append(database, entry(), entry(Severity.WARNING), entry(Severity.ALARM), entry(), entry(Severity.ALARM))
    assert [s.seq for s in database.waiting(10, NOBODY)] == [3, 5, 2, 1, 4]
    assert [s.seq for s in database.waiting(2, frozenset({3}))] == [5, 2]


def test_silent_event_keeps_incident_and_tells_nobody(database: Database) -> None:
    """A silent event keeps the incident and tells nobody."""
    append(database, entry(opens="a", silent=True), entry(opens="b"))
    assert [s.seq for s in database.waiting(10, NOBODY)] == [1]
    assert len(database.open_incidents()) == 2
    append(database, entry(closes="a"), entry(closes="b"))
    assert database.open_incidents() == []


def test_full_drops_delivered_first_then_oldest(tmp_path: Path) -> None:
    """Full drops delivered first then the oldest of the lowest severity and tells."""
    database = make(tmp_path, max_mb=4)
    append(database, *[entry(Severity.ALARM, size=500) for _ in range(50)])
    append(database, *[entry(size=500) for _ in range(50)])
    with database.transaction():
        database.mark_delivered(list(range(51, 61)), 0.0)
    for _ in range(200):
        append(database, *[entry(size=500) for _ in range(50)])
    left = {s.seq for s in database.waiting(100_000, NOBODY)}
    assert set(range(1, 51)) <= left, "every alarm is there"
    told: set[int] = set()
    for stored in database.waiting(100_000, NOBODY):
        if stored.kind == "outbox.dropped":
            data = json.loads(stored.data)
            named = {n for first, last in data["ranges"] for n in range(first, last + 1)}
            assert len(named) == data["count"]
            told |= named
    delivered = set(range(51, 61))
    assert left | told | delivered == set(range(1, database.stats()["last_sequence"] + 1)), (
        "every number is kept, delivered or named"
    )
    assert not left & told
    assert database.stats()["dropped"] == len(told) > 0
    assert (tmp_path / "pole.db").stat().st_size <= 4_000_000
    database.close()


def test_times_of_boot_are_corrected_once_clock(database: Database) -> None:
    """Times of this boot are corrected once the clock is known."""
    append(database, entry(quality="unsynced"), entry(quality="synced"))
    with database.transaction():
        assert database.correct_times("other boot", 1e9) == 0
        assert database.correct_times("boot", 1e9) == 1
    first, second = database.list_events(10)
    assert (first.stamp.wall, first.stamp.quality) == (1e9 + 5.0, "corrected")
    assert (second.stamp.wall, second.stamp.quality) == (1000.0, "synced")


def test_resend_marks_what_was_delivered_as_replayed(database: Database) -> None:
    append(database, entry(), entry(), entry())
    with database.transaction():
        database.mark_delivered([1, 2], 5.0)
        assert database.resend(2, 3) == 1
    assert [(s.seq, s.replayed) for s in database.waiting(10, NOBODY)] == [(2, True), (3, False)]


def test_a_command_that_was_done_is_known(database: Database) -> None:
    with database.transaction():
        for name in ("a", "b", "a"):
            database.remember_command(name, 0.0)
    assert [database.knows_command(name) for name in ("a", "b", "c")] == [True, True, False]


def test_a_foreign_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "pole.db")
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    with pytest.raises(sqlite3.DatabaseError, match="not pole-agent's"):
        make(tmp_path)


@given(st.sets(st.integers(1, 60)))
def test_ranges_name_exactly_the_numbers(numbers: set[int]) -> None:
    found = ranges(numbers)
    assert {n for first, last in found for n in range(first, last + 1)} == numbers
    assert all(b[0] > a[1] + 1 for a, b in itertools.pairwise(found))


steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 5), st.sampled_from(list(Severity))),
        st.tuples(st.just("deliver"), st.integers(1, 5), st.just(Severity.INFO)),
    ),
    max_size=30,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_whatever_happens_every_number_is_waiting(
    tmp_path_factory: pytest.TempPathFactory, script: list[tuple[str, int, Severity]]
) -> None:
    """Whatever happens every number is waiting or was delivered."""
    database = make(tmp_path_factory.mktemp("store"))
    delivered: set[int] = set()
    for what, count, severity in script:
        if what == "append":
            append(database, *[entry(severity) for _ in range(count)])
        else:
            batch = [s.seq for s in database.waiting(count, NOBODY)]
            assert not delivered & set(batch), "nothing is sent twice once it is marked"
            with database.transaction():
                database.mark_delivered(batch, 0.0)
            delivered |= set(batch)
    waiting = {s.seq for s in database.waiting(1000, NOBODY)}
    assert waiting | delivered == set(range(1, database.stats()["last_sequence"] + 1))
    database.close()


def test_log_of_lamp_gets_its_times_corrected_too(database: Database) -> None:
    """The log of the lamp gets its times corrected too.

    Written by a boot that believed 1970; found where it belongs once the clock is trusted.
    """
    with database.transaction():
        database.log_lamp(Stamp(100.0, "this", 50.0, "unsynced"), '{"level": 0.5}')
        database.log_lamp(Stamp(100.0, "other", 60.0, "unsynced"), '{"level": 0.6}')
    now = 1_793_883_600.0
    assert database.lamp_log(now)[0] == (60.0, "unsynced", '{"level": 0.6}')
    with database.transaction():
        database.correct_times("this", now - 200.0)
    assert database.lamp_log(now) == [(now - 100.0, "corrected", '{"level": 0.5}'), None]
    assert database.lamp_log(now - 101) == [
        (60.0, "unsynced", '{"level": 0.6}'),
        (now - 100.0, "corrected", '{"level": 0.5}'),
    ]
