"""What may expire or be dropped: kind, severity, time quality and fullness, as one table, in code and on a
real file.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from pole_agent.errors import OutboxError
from pole_agent.store.database import Database
from pole_agent.store.retention import GOES, TABLE, Fate, fate, life_s
from pole_agent.store.rows import Entry
from pole_agent.store.store import Store
from pole_agent.vocabulary import RecordEvent, Severity, Stamp, TimeQuality
from tests.store.test_store import event, new_store

INFO, WARNING, ALARM = Severity.INFO, Severity.WARNING, Severity.ALARM
KINDS = ("incident.opened", "traffic.summarized", "drone.changed", "outbox.dropped")
QUALITIES: tuple[TimeQuality, ...] = ("synced", "corrected", "unsynced")
EVERYTHING = list(itertools.product(KINDS, Severity, QUALITIES))
DAY = 86_400.0
WALL = 1_793_850_000.0
# Drone.changed has none
TTL_S = {
    "traffic": 2 * DAY,
    "traffic.summarized": DAY,
    "incident": 3 * DAY,
    "outbox": DAY,
    "outbox.dropped": DAY,
}

# The promise: an alarm, a report of a loss and what has no known time wait for ever.
WAITS_FOR_EVER = {
    (kind, severity, quality)
    for kind, severity, quality in EVERYTHING
    if severity == ALARM or kind == "outbox.dropped" or quality == "unsynced"
}
# The promise: the oldest of the lowest severity go first; reports of losses are the last.
FIRST_TO_LAST = [INFO, WARNING, ALARM, "outbox.dropped"]


def database(folder: Path, max_mb: int = 16) -> Database:
    numbers = itertools.count(1)
    return Database(folder / "pole.db", max_mb, lambda: f"new-{next(numbers)}")


def entry(kind: str, severity: Severity, quality: TimeQuality, wall: float = WALL, size: int = 1) -> Entry:
    return Entry("id", RecordEvent(kind, severity, {"x": "y" * size}, 1.0), Stamp(5.0, "boot", wall, quality))


def put(db: Database, *entries: Entry) -> None:
    with db.transaction():
        db.append(entries)


@pytest.mark.parametrize(("kind", "severity", "quality"), EVERYTHING)
def test_the_table_says_what_was_promised(kind: str, severity: Severity, quality: TimeQuality) -> None:
    """For every kind, severity and quality of time: whether it may expire, when it goes, and how long it
    waits.
    """
    goes = FIRST_TO_LAST.index(kind if kind == "outbox.dropped" else severity)
    expires = (kind, severity, quality) not in WAITS_FOR_EVER
    assert fate(kind, severity, quality) == Fate(expires, goes)
    lives = {
        "incident.opened": 3 * DAY,
        "traffic.summarized": DAY,
        "drone.changed": None,
        "outbox.dropped": DAY,
    }
    assert life_s(kind, severity, quality, TTL_S) == (lives[kind] if expires else None)


def test_the_order_in_sql_is_that_of_the_table(tmp_path: Path) -> None:
    """Every row of the table gets its number in the query that makes room."""
    db = database(tmp_path)
    put(db, *(entry(*row) for row in EVERYTHING))
    found = db._db.execute(f"SELECT {GOES} FROM outbox ORDER BY seq").fetchall()
    assert [row[0] for row in found] == [fate(*row).goes for row in EVERYTHING]
    assert len(TABLE) == 12
    db.close()


@pytest.mark.parametrize("delivered", [False, True])
@pytest.mark.parametrize(
    ("age_s", "over"),
    [(0.5 * DAY, 0), (DAY, 0), (DAY + 1, 1), (2 * DAY + 1, 1), (3 * DAY, 1), (3 * DAY + 1, 2), (9 * DAY, 2)],
)
def test_what_expires_and_what_waits_for_ever(
    age_s: float, over: int, delivered: bool, tmp_path: Path
) -> None:
    """On a file with every kind, severity and quality: what is over its time goes, is counted and named; all
    else stays.
    """
    db = database(tmp_path)
    put(db, *(entry(*row, wall=WALL - age_s) for row in EVERYTHING))
    if delivered:
        with db.transaction():
            db.mark_delivered(range(1, len(EVERYTHING) + 1), WALL)
    expiring = (
        {"traffic.summarized"}
        if over == 1
        else {"traffic.summarized", "incident.opened"}
        if over == 2
        else set()
    )
    expected = [
        n
        for n, row in enumerate(EVERYTHING, 1)
        if row[0] in expiring and row not in WAITS_FOR_EVER and not delivered
    ]
    with db.transaction():
        assert db.expire(WALL, TTL_S, Stamp(5.0, "boot", WALL, "synced")) == len(expected)
    rows = db.list_events(100)
    assert sorted(set(range(1, len(EVERYTHING) + 1)) - {r.seq for r in rows}) == expected
    assert db.number("dropped") == len(expected)
    reports = [json.loads(r.data) for r in rows[len(EVERYTHING) - len(expected) :]]
    if not expected:
        assert reports == []
    else:
        (report,) = reports
        assert (report["count"], report["cause"]) == (len(expected), "expired")
        named = [n for first, last in report["ranges"] for n in range(first, last + 1)]
        assert named == expected
    db.close()


def test_a_warning_of_a_loss_is_a_warning(tmp_path: Path) -> None:
    """A report of a loss goes out before what is only information."""
    db = database(tmp_path)
    put(db, entry("incident.opened", INFO, "synced"))
    with db.transaction():
        db.report_dropped([[7, 9]], 3, "full", Stamp(5.0, "boot", WALL, "synced"), storeid="other")
    first = db.waiting(9, frozenset())[0]
    assert (first.kind, first.severity, json.loads(first.data)) == (
        "outbox.dropped",
        WARNING,
        {"ranges": [[7, 9]], "count": 3, "cause": "full", "storeid": "other"},
    )
    assert (db.number("dropped"), db.stats()["dropped"]) == (3, 3)
    db.close()


TRAFFIC = "traffic.summarized"
UPWARDS = [(TRAFFIC, INFO), (TRAFFIC, WARNING), (TRAFFIC, ALARM), ("outbox.dropped", INFO)]


def full(
    folder: Path, *kinds: tuple[str, Severity, TimeQuality]
) -> tuple[Database, list[tuple[str, Severity, TimeQuality]]]:
    """A file of 1 MB that was filled in turn with these until room had to be made for the first time."""
    db, put_in = database(folder, max_mb=1), []
    for row in itertools.cycle(kinds):
        put(db, *[entry(*row, size=800)] * 5)
        put_in += [row] * 5
        if db.number("dropped"):
            return db, put_in
        assert db._used_pages() < 0.92 * db._most_pages, "a tenth is left for the work of dropping"
        if len(put_in) > 3000:
            raise AssertionError("it is never full")
    raise AssertionError


@pytest.mark.parametrize(("first", "second"), list(itertools.pairwise(UPWARDS)))
@pytest.mark.parametrize("quality", ["synced", "unsynced"])
def test_who_goes_first_when_it_is_full(
    first: tuple[str, Severity], second: tuple[str, Severity], quality: TimeQuality, tmp_path: Path
) -> None:
    """Of two kinds the lower goes, its oldest first, two hundred at a time, counted and named; nothing of the
    other.
    """
    db, put_in = full(tmp_path, (*second, quality), (*first, quality))
    here = {r.seq for r in db.list_events(5000)}
    report = json.loads(
        next(r.data for r in db.list_events(5000) if r.kind == "outbox.dropped" and '"full"' in r.data)
    )
    gone = [n for n in range(1, len(put_in) + 1) if n not in here]
    firsts = [n for n, row in enumerate(put_in, 1) if row == (*first, quality)]
    assert gone == firsts[:200]
    assert (report["count"], report["cause"]) == (200, "full")
    assert [n for a, b in report["ranges"] for n in range(a, b + 1)] == gone
    db.close()


def test_what_was_delivered_goes_before_anything(tmp_path: Path) -> None:
    """What was delivered goes before anything that waits.

    While there is a delivered row, even of an alarm, nothing that waits is dropped, and nothing is reported.
    """
    db = database(tmp_path, max_mb=1)
    count = 0
    while db._used_pages() < db._most_pages * 0.89:
        put(db, *[entry("traffic.summarized", INFO if count % 2 else ALARM, "synced", size=800)] * 5)
        count += 5
    alarms = [r.seq for r in db.list_events(5000) if r.severity == ALARM]
    with db.transaction():
        db.mark_delivered(alarms, WALL)
    for _ in range(60):
        put(db, entry("traffic.summarized", INFO, "synced", size=800))
    assert db.number("dropped") == 0
    assert db.stats()["waiting"] == {"info": count - len(alarms) + 60}
    assert db._used_pages() <= db._most_pages * 0.91
    db.close()


@pytest.mark.parametrize(("age_s", "there"), [(72 * 3600.0, True), (72 * 3600.0 + 1, False)])
def test_what_was_delivered_is_kept_for_three_days(age_s: float, there: bool, tmp_path: Path) -> None:
    """After 72 hours it is forgotten, uncounted; what waits is not."""
    db = database(tmp_path)
    put(
        db,
        entry("traffic.summarized", INFO, "synced", WALL - 99 * DAY),
        entry("traffic.summarized", INFO, "synced", WALL - 99 * DAY),
    )
    with db.transaction():
        db.mark_delivered([1], WALL - age_s)
        assert db.purge_delivered(WALL) == (0 if there else 1)
    assert [r.seq for r in db.list_events(9)] == ([1, 2] if there else [2])
    assert db.number("dropped") == 0
    db.close()


@pytest.mark.parametrize("over", [0, 1, 300])
async def test_who_goes_first_from_memory(over: int, tmp_path: Path) -> None:
    """While the disk fails two thousand events wait in memory; beyond that the oldest of the lowest severity
    go, counted.
    """
    folder = tmp_path / "state"
    folder.write_text("a file where the folder should be")
    store = new_store(folder, 60.0)
    store.start()
    store.record(event(ALARM, n=0))
    for number in range(1, 1000):
        store.record(event(WARNING if number % 2 else INFO, n=number))
    for number in range(1000, 2000 + over):
        store.record(event(WARNING if number % 2 else INFO, n=number))
    with pytest.raises(OutboxError):
        await store.flush()
    folder.unlink()
    rows = await written(store)
    numbers = [json.loads(r.data)["n"] for r in rows if r.kind != "outbox.dropped"]
    infos = [n for n in range(2000 + over) if n % 2 == 0 and n != 0]
    assert numbers == [n for n in range(2000 + over) if n not in infos[:over]]
    reports = [json.loads(r.data) for r in rows if r.kind == "outbox.dropped"]
    assert [(r["ranges"], r["count"], r["cause"]) for r in reports if r["cause"] == "disk"] == (
        [([], over, "disk")] if over else []
    )
    await store.stop(5.0)


async def written(store: Store) -> list[Any]:
    """What is stored once the disk works again."""
    for _ in range(100):
        try:
            await store.flush()
        except OutboxError:
            continue
        return await store.read(lambda db: db.list_events(5000))
    raise AssertionError(store.problem)
