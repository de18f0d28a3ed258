"""The store's limits and its way out: a value on each side."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pole_agent.errors import OutboxError
from pole_agent.store import witness
from pole_agent.store.database import Database
from pole_agent.store.rows import Entry, Outbound, ranges
from pole_agent.store.store import Store
from pole_agent.vocabulary import RecordEvent, Severity, Stamp, TimeQuality
from tests.store.test_store import event, new_store

INFO, WARNING, ALARM = Severity.INFO, Severity.WARNING, Severity.ALARM
DAY = 86_400.0
STAMP = Stamp(5.0, "boot", 1000.0, "synced")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    numbers = itertools.count(1)
    opened = Database(tmp_path / "pole.db", 16, lambda: f"new-{next(numbers)}")
    yield opened
    opened.close()


def put(db: Database, *severities: Severity, kind: str = "traffic.summarized", stamp: Stamp = STAMP) -> None:
    with db.transaction():
        db.append(
            [
                Entry(f"e-{n}", RecordEvent(kind, severity, {"n": n}, 1.0), stamp)
                for n, severity in enumerate(severities)
            ]
        )


def numbers(rows: list[str]) -> list[int]:
    return [Outbound.read(row).seq for row in rows]


# In the order of the way out: 2 and 5 are alarms, 3 and 6 warnings, 1 and 4 information.
MIXED = (INFO, ALARM, WARNING, INFO, ALARM, WARNING)


@pytest.mark.parametrize(
    ("position", "limit", "expected"),
    [
        (None, 9, [2, 5, 3, 6, 1, 4]),
        (None, 6, [2, 5, 3, 6, 1, 4]),
        (None, 5, [2, 5, 3, 6, 1]),
        (None, 1, [2]),
        (None, 3, [2, 5, 3]),
        ((2, 2), 9, [5, 3, 6, 1, 4]),
        ((2, 5), 9, [3, 6, 1, 4]),
        ((1, 3), 2, [6, 1]),
        ((1, 6), 9, [1, 4]),
        ((0, 1), 9, [4]),
        ((0, 4), 9, []),
    ],
)
def test_the_way_out_goes_on_where_it_stood(
    position: tuple[int, int] | None, limit: int, expected: list[int], db: Database
) -> None:
    """After a row come the later ones of its severity, then all of the lower severities, old ones too, up to
    the limit.
    """
    put(db, *MIXED)
    assert numbers(db.following(position, limit, "data")) == expected


def test_the_first_number_of_all_is_on_the_way_out(db: Database) -> None:
    """From the top nothing is passed over, whichever severity the first number has."""
    put(db, ALARM, INFO)
    assert numbers(db.following(None, 9, "data")) == [1, 2]


def test_a_row_on_the_way_out(db: Database) -> None:
    """A row says its number, severity, kind and text; kinds that are left out, delivered and damaged rows are
    not there.
    """
    put(db, *MIXED)
    put(db, WARNING, kind="drone.changed")
    with db.transaction():
        db.mark_delivered([2, 3], 5.0)
        db._db.execute("UPDATE outbox SET quality = 'perhaps' WHERE seq = 5")
    assert [Outbound.read(row) for row in db.following(None, 2, "data || :more", more="x")] == [
        Outbound(6, 1, "traffic.summarized", '{"n":5}x'),
        Outbound(7, 1, "drone.changed", '{"n":0}x'),
    ]
    assert numbers(db.following(None, 9, "data", {"traffic.summarized"})) == [7]
    assert numbers(db.following(None, 9, "data", {"drone.changed", "other"})) == [6, 1, 4]
    assert [s.seq for s in db.waiting(2, frozenset({5, 7}))] == [6, 1]
    assert [s.seq for s in db.waiting(9, frozenset())] == [5, 6, 7, 1, 4]

    def one(**asked: Any) -> int | None:
        row = db.one_waiting("data", **asked)
        return None if row is None else Outbound.read(row).seq

    assert (one(seq=6), one(seq=2), one(seq=5), one(seq=99)) == (6, None, None, None)
    assert (
        one(kind="traffic.summarized"),
        one(kind="traffic.summarized", newest=True),
        one(kind="none"),
    ) == (1, 6, None)
    with db.transaction():
        assert db.drop_damaged(STAMP) == 1
    assert db.number("dropped") == 1


def test_what_is_delivered_again_is_no_resend_any_more(db: Database) -> None:
    """A resend takes delivered ones of the range only, and marks them; the next delivery takes
    the mark away.
    """
    put(db, *MIXED)
    with db.transaction():
        db.mark_delivered([2, 3, 4], 5.0, db.store_id)
        db.mark_delivered([1], 5.0, "another store")
        assert db.resend(3, 5) == 2
    assert {s.seq: (s.replayed, s.delivered) for s in db.list_events(9)} == {
        1: (0, None),
        2: (0, 5.0),
        3: (1, None),
        4: (1, None),
        5: (0, None),
        6: (0, None),
    }
    with db.transaction():
        db.mark_delivered([3], 6.0)
    assert {s.seq: (s.replayed, s.delivered) for s in db.list_events(2, after=2)} == {
        3: (0, 6.0),
        4: (1, None),
    }


@pytest.mark.parametrize(
    ("boot", "quality", "corrected"),
    [("boot", "unsynced", True), ("other", "unsynced", False), ("boot", "synced", False)],
)
def test_whose_times_are_corrected(boot: str, quality: TimeQuality, corrected: bool, db: Database) -> None:
    """Those of this boot that had no trusted clock, of what waits, and of the log of the lamp."""
    stamp = Stamp(5.0, boot, 77.0, quality)
    put(db, INFO, INFO, stamp=stamp)
    with db.transaction():
        db.log_lamp(stamp, "{}")
        db.mark_delivered([2], 1.0)
        assert db.correct_times("boot", 1000.0) == int(corrected)
    assert [(s.wall, s.quality) for s in db.list_events(9)] == [
        (1005.0, "corrected") if corrected else (77.0, quality),
        (77.0, quality),
    ]
    assert (db.lamp_log(2000.0)[0] or ())[:2] == ((1005.0, "corrected") if corrected else (77.0, quality))


def test_the_newest_time_that_is_known(db: Database) -> None:
    """The latest of a trusted clock among events and changes of the lamp; a damaged one is none; later ones
    can be doubted.
    """
    assert db.newest_time() == 0.0
    put(db, INFO, stamp=Stamp(5.0, "boot", 500.0, "unsynced"))
    assert (db.newest_time(), db.newest_synced_wall()) == (0.0, None)
    put(db, INFO, stamp=Stamp(5.0, "boot", 300.0, "synced"))
    put(db, INFO, stamp=Stamp(5.0, "boot", 200.0, "corrected"))
    assert (db.newest_time(), db.newest_synced_wall()) == (300.0, 300.0)
    with db.transaction():
        db.log_lamp(Stamp(5.0, "boot", 400.0, "synced"), "{}")
        db.log_lamp(Stamp(5.0, "boot", 900.0, "unsynced"), "{}")
    assert db.newest_time() == 400.0
    put(db, INFO, stamp=Stamp(5.0, "boot", 253_402_300_799, "synced"))
    assert db.newest_time() == 253_402_300_799
    with db.transaction():
        db._db.execute("UPDATE outbox SET wall = 253402300800 WHERE seq = 4")
    assert db.newest_time() == 400.0
    with db.transaction():
        assert db.doubt_after(300.0) == 1
    assert db.newest_time() == 300.0
    with db.transaction():
        assert db.doubt_after(299.9) == 1
    assert db.newest_time() == 200.0


def test_latest_time_is_looked_for_among_newest(db: Database) -> None:
    """The latest time is looked for among the newest thousand. A large store must not be read through."""
    put(db, INFO, stamp=Stamp(5.0, "boot", 900.0, "synced"))
    put(db, *[INFO] * 999, stamp=Stamp(5.0, "boot", 100.0, "synced"))
    assert db.newest_time() == 900.0
    put(db, INFO, stamp=Stamp(5.0, "boot", 100.0, "synced"))
    assert db.newest_time() == 100.0


def test_numbers_and_words(db: Database) -> None:
    """A word that is no number counts as none; nothing is nothing."""
    with db.transaction():
        db.set("a", "5")
        db.set("b", "x")
        assert (db.number("a"), db.number("b"), db.number("c"), db.get("a"), db.get("c")) == (
            5,
            0,
            0,
            "5",
            None,
        )
        db.set("a", None)
        assert db.get("a") is None
        db.move_epoch()
        db.move_epoch(7)
        db.move_epoch(3)
        assert db.number("epoch") == 9
        for number in range(25):
            db.succeed(f"s-{number}")
        db.succeed("s-24")
        db.succeed(None)
    assert db.formers() == tuple(f"s-{n}" for n in range(5, 25))
    assert ranges([3, 1, 2, 7]) == [[1, 3], [7, 7]]


def test_whose_rule_an_incident_is(db: Database) -> None:
    """Of one that is open, was judged, or lies in the outbox; of no other; and what is kept of it can be
    told.
    """
    with db.transaction():
        for number, kind, opens in (
            (1, "incident.opened", "i-1"),
            (2, "incident.closed", None),
            (3, "traffic.summarized", None),
        ):
            data = {"incident_id": f"i-{number}", "rule": f"rule-{number}", "name": "Jalan é"}
            db.append([Entry(f"e-{number}", RecordEvent(kind, ALARM, data, 1.0, opens=opens), STAMP)])
        db.append(
            [
                Entry(
                    "e-4",
                    RecordEvent("incident.opened", INFO, {"incident_id": "i-4"}, 1.0, opens="i-4"),
                    STAMP,
                )
            ]
        )
        db.judge("i-5", "rule-5", false=True, by="Dewi", wall=1.0)
        db.judge("i-1", "rule-1", false=False, by="Budi", wall=1.0)
    assert [db.rule_of(f"i-{n}") for n in range(1, 7)] == ["rule-1", "rule-2", None, None, "rule-5", None]
    told = db.told_about("i-1")
    assert told["verdict"] == {"verdict": "true", "by": "Budi"}
    assert [
        (e["kind"], e["severity"], e["wall"], e["quality"], e["data"]["rule"]) for e in told["events"]
    ] == [("incident.opened", "alarm", 1000.0, "synced", "rule-1")]
    assert [i["incident_id"] for i in told["open"]] == ["i-1"]
    assert db.told_about("i-5") == {"events": [], "open": [], "verdict": {"verdict": "false", "by": "Dewi"}}
    assert db.told_about("i-2")["verdict"] is None
    db._db.execute("UPDATE outbox SET severity = 9")  # a bit fell over on the disk
    assert db.told_about("i-1")["events"] == []
    assert db._db.execute("SELECT count(*) FROM outbox WHERE instr(data, 'Jalan é')").fetchone() == (3,), (
        "as it was written"
    )


@pytest.mark.parametrize(("rows", "gives"), [(900, False), (1600, True)])
def test_when_a_file_shrinks(rows: int, gives: bool, db: Database) -> None:
    """A file gives back what is empty from a megabyte and a quarter of it on; less only wears the card."""
    with db.transaction():
        db.append(
            [
                Entry(f"e-{n}", RecordEvent("traffic.summarized", INFO, {"x": "y" * 700}, 1.0), STAMP)
                for n in range(rows)
            ]
        )
        db.mark_delivered(range(1, rows + 1), 0.0)
        db.purge_delivered(4 * DAY)
    before = db._db.execute("PRAGMA page_count").fetchone()[0]
    assert bool(db.give_back()) is gives
    assert (db._db.execute("PRAGMA page_count").fetchone()[0] < before / 4) is gives


def test_what_the_statistics_say(db: Database) -> None:
    """Counts by severity of what waits, what was delivered, the last number, and sizes."""
    put(db, *MIXED)
    with db.transaction():
        db.mark_delivered([1], 1.0)
    stats = db.stats()
    assert {k: v for k, v in stats.items() if k != "used_mb"} == {
        "storeid": db.store_id,
        "waiting": {"info": 1, "warning": 2, "alarm": 2},
        "delivered_kept": 1,
        "last_sequence": 6,
        "dropped": 0,
        "max_mb": 16.0,
    }
    assert 0.01 < stats["used_mb"] < 0.1
    assert len(db.store_id) == 16


async def test_tidying_forgets_expires_and_drops(tmp_path: Path) -> None:
    """One tidying: what was delivered three days ago is forgotten, what is over its time and what is damaged
    is dropped and told.
    """
    store = new_store(tmp_path)
    store.start()
    for _ in range(4):
        await store.write(lambda _: None, event())

    def age(db: Database) -> None:
        db.mark_delivered([1, 2], 10 * DAY)
        db._db.execute("UPDATE outbox SET delivered = ? WHERE seq = 2", (10 * DAY + 10,))
        db._db.execute("UPDATE outbox SET wall = ? WHERE seq = 4", (13 * DAY,))
        db._db.execute(
            "INSERT INTO outbox SELECT 9, id, kind, 7, data, monotonic, boot_id, wall, quality, 0, NULL FROM"
            " outbox WHERE seq = 4"
        )

    await store.write(age)
    await store.tidy(13 * DAY + 5, {"traffic": DAY})
    rows = await store.read(lambda db: db.list_events(20))
    assert [r.seq for r in rows if r.kind != "outbox.dropped"] == [2, 4]
    assert sorted(r.data for r in rows if r.kind == "outbox.dropped") == [
        '{"ranges":[[3,3]],"count":1,"cause":"expired"}',
        '{"ranges":[[9,9]],"count":1,"cause":"damaged"}',
    ]
    await store.stop(5.0)


@pytest.mark.parametrize("severity", [WARNING, ALARM])
async def test_what_is_urgent_is_tried_again_at_once(severity: Severity, tmp_path: Path) -> None:
    """After a failure it does not wait for a batch of a minute: it is stored when the disk works again."""
    folder = tmp_path / "state"
    folder.write_text("a file where the folder should be")
    store = new_store(folder, 60.0)
    store.start()
    store.record(event(severity))
    await asyncio.wait_for(store.changed.wait(), 5)
    assert "events wait in memory, up to 2000" in store.problem
    folder.unlink()
    await asyncio.wait_for(store.committed.wait(), 5)
    assert await rows_of(store) == 1
    assert store.problem == ""
    await store.stop(5.0)


@pytest.mark.parametrize("severity", [WARNING, ALARM])
async def test_what_is_urgent_does_not_wait_behind_question(severity: Severity, tmp_path: Path) -> None:
    """What is urgent does not wait behind a question.

    Where a question stands behind it in the queue, it is stored right after that, not with a batch of a
    minute.
    """
    store, held = new_store(tmp_path, 60.0), threading.Event()
    store.start()
    questions = [asyncio.ensure_future(store.read(lambda _: held.wait(5)))]
    await asyncio.sleep(0)
    store.record(event(severity))
    questions.append(asyncio.ensure_future(store.read(lambda db: bool(db.list_events(1)))))
    await asyncio.sleep(0)
    held.set()
    assert await asyncio.gather(*questions) == [True, False]
    await asyncio.wait_for(store.committed.wait(), 5)
    assert await rows_of(store) == 1
    await store.stop(5.0)


async def rows_of(store: Store) -> int:
    return len(await store.read(lambda db: db.list_events(100)))


@pytest.mark.parametrize(("count", "stored"), [(49, 0), (50, 50), (51, 50)])
async def test_fifty_are_a_batch(count: int, stored: int, tmp_path: Path) -> None:
    """Forty-nine wait for their time, fifty are written."""
    store = new_store(tmp_path, 60.0)
    store.start()
    for _ in range(count):
        store.record(event())
    assert await rows_of(store) == stored
    await store.flush()
    assert await rows_of(store) == count
    await store.stop(5.0)


async def test_a_failing_disk_is_tried_ever_more_rarely(tmp_path: Path) -> None:
    """After 1, 2, 5, 15 and then every 30 s; once it works, it begins anew."""
    folder = tmp_path / "state"
    folder.write_text("a file where the folder should be")
    store = new_store(folder, 60.0)
    store.start()
    for wait_s in (1, 2, 5, 15, 30, 30):
        with pytest.raises(OutboxError):
            await store.flush()
        left = store._worker.wait_s()
        assert left is not None
        assert wait_s - 0.9 < left <= wait_s
    folder.unlink()
    await store.flush()
    assert (store._worker.commits.may_try(time.monotonic()), store.problem) == (True, "")
    folder.rename(tmp_path / "elsewhere")
    await store.stop(5.0)


async def test_the_witness_has_twenty_words_at_once(tmp_path: Path) -> None:
    """Each of the first twenty commits moves the epoch and the witness along; then the card is spared."""
    store = new_store(tmp_path)
    store.start()
    seen = []
    for _ in range(24):
        await store.write(lambda _: None, event())
        found = witness.read(tmp_path / witness.FILE_NAME)
        assert found is not None
        assert found.epoch == await store.read(lambda db: db.number("epoch"))
        seen.append((found.epoch, found.sequence))
    first = seen[0][0]
    assert seen[:20] == [(first + n, n + 1) for n in range(20)]
    assert seen[20:] == [seen[19]] * 4
    await store.stop(5.0)
    closed = witness.read(tmp_path / witness.FILE_NAME)
    assert closed is not None
    assert (closed.closed, closed.sequence, closed.waiting, closed.oldest, closed.epoch) == (
        True,
        24,
        24,
        1,
        first + 20,
    )


async def test_the_end_of_a_store_is_news(tmp_path: Path) -> None:
    """A store that goes on after another has ended has something to send at once; one that begins or goes on
    has not.
    """
    for life, news in enumerate((False, False, True)):
        if news:
            (tmp_path / "pole.db").unlink()
        store = new_store(tmp_path)
        store.start()
        await store.read(lambda db: db.stats())
        assert (store.committed.is_set(), store.began) == (news, 1 if news else 0), life
        await store.stop(5.0)
