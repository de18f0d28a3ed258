"""The store's thread step by step, and without a thread: when it writes, what it keeps and gives up, and what
it says of that.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from pole_agent.errors import OutboxError
from pole_agent.store import witness
from pole_agent.store.continuity import Ended
from pole_agent.store.database import Database
from pole_agent.store.rows import Entry
from pole_agent.store.store import Store, _Later
from pole_agent.store.witness import Witness
from pole_agent.vocabulary import RecordEvent, Severity, Stamp
from tests.store.test_store import event

INFO, WARNING, ALARM = Severity.INFO, Severity.WARNING, Severity.ALARM
HOUR_S = 3600.0


def made(folder: Path) -> Store:
    """A store with the times that it has on a pole; its thread does not run."""
    numbers = itertools.count(1)
    return Store(folder, 16, lambda at: Stamp(at, "boot", 1000.0 + at, "synced"), lambda: f"e{next(numbers)}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = made(tmp_path)
    yield one
    if one._database is not None:
        one._database.close()


def entry(severity: Severity = INFO, at: float = 5.0) -> Entry:
    return Entry(
        "id", RecordEvent("traffic.summarized", severity, {}, at), Stamp(at, "boot", 1000.0 + at, "synced")
    )


def later(work: Any = lambda db: None, since: float = 0.0) -> _Later:
    """Work of somebody whose loop has ended, as it is at a stop: telling them of it is no trouble."""
    loop = asyncio.new_event_loop()
    loop.close()
    return _Later(work, loop.create_future(), since)


def opened(store: Store) -> Database:
    """Its database, which is open."""
    store._commit()
    assert store._database is not None
    return store._database


def epoch(store: Store) -> int:
    found = witness.read(store._path.with_name("pole.witness"))
    assert found is not None
    return found.epoch


# --- when it writes


@pytest.mark.parametrize(
    ("waits", "seconds"),
    [
        ({}, None),
        ({"batch": 0.0}, 5.0),
        ({"batch": 3.0}, 2.0),
        ({"batch": 9.0}, 0.0),
        ({"urgent": True, "batch": 0.0}, 0.0),
        ({"lost": 1}, 0.0),
        ({"aside": "pole.db.corrupt-1"}, 0.0),
        ({"later": [0.0]}, 60.0),
        ({"later": [50.0]}, 10.0),
        ({"later": [61.0]}, 0.0),
        ({"later": [0.0, 50.0]}, 60.0),
        ({"later": [20.0], "batch": 0.0}, 5.0),
        ({"later": [58.0], "batch": 0.0}, 2.0),
        ({"batch": 0.0, "spare": 1.0}, 5.0),
        ({"batch": 0.0, "spare": 0.5}, 30.0),
        ({"batch": 0.0, "spare": 0.0}, 60.0),
        ({"batch": 0.0, "spare": 0.0, "spared": 45.0}, 15.0),
        ({"batch": 3.0, "spare": 0.0, "spared": 59.0}, 2.0),
        ({"lost": 1, "batch": 0.0, "spare": 0.0}, 0.0),
        ({"retry": 7.0}, 7.0),
        ({"retry": 7.0, "urgent": True, "lost": 1, "batch": 0.0}, 7.0),
        ({"retry": -1.0, "batch": 0.0}, 5.0),
        ({"retry": -1.0}, None),
    ],
)
def test_how_long_the_thread_waits(waits: dict[str, Any], seconds: float | None, store: Store) -> None:
    """A batch for 5 s, or longer when there were many; what can wait a minute; a failed disk for its retry;
    all else not at all.
    """
    begun = time.monotonic()
    if "batch" in waits:
        store._batch, store._since = [entry()], begun - waits["batch"]
    store._later = [later(since=begun - since) for since in waits.get("later", [])]
    store._spare, store._spared_at = waits.get("spare", store._spare), begun - waits.get("spared", 0.0)
    store._lost, store._set_aside, store._urgent = (
        waits.get("lost", 0),
        waits.get("aside", ""),
        waits.get("urgent", False),
    )
    if "retry" in waits:
        store._retry_at = begun + waits["retry"]
    found = store._patience()
    passed = time.monotonic() - begun
    if seconds is None or not seconds:
        assert found == seconds
    else:
        assert found is not None
        assert seconds - passed - 1e-6 <= found <= seconds + 1e-6


@pytest.mark.parametrize("idle_s", [0.0, 1e6])
def test_twenty_batches_may_follow_each_other(idle_s: float, store: Store) -> None:
    """Then one in a minute, however long it was quiet before; what is asked for costs nothing of that."""
    opened(store)
    begun = time.monotonic()
    store._spare, store._spared_at = 20.0, begun - idle_s
    for _ in range(20):
        store._batch, store._since = [entry()], time.monotonic()
        patience = store._patience()
        assert patience is not None
        assert patience <= 5.0
        store._commit()
        store._commit()  # nothing waits: nothing is written
    for _ in range(2):
        store._batch, store._since = [entry()], time.monotonic()
        patience = store._patience()
        assert patience is not None
        assert 60.0 - (time.monotonic() - begun) - 1e-6 <= patience <= 60.0
        store._commit()
    assert store._spare >= 0.0


def test_a_new_store_has_twenty_batches_to_spare(tmp_path: Path) -> None:
    """From its first one on."""
    numbers = itertools.count(1)
    store = Store(
        tmp_path, 16, lambda at: Stamp(at, "boot", at, "synced"), lambda: f"e{next(numbers)}", HOUR_S
    )
    opened(store)
    taken = 0
    while (patience := _patience_of(store, HOUR_S)) <= HOUR_S:
        store._commit()
        taken += 1
        assert taken < 30
    assert (taken + 1, round(patience / HOUR_S, 1)) == (20, 12.0), "the opening was one of them"
    assert store._database is not None
    store._database.close()


def _patience_of(store: Store, batch_s: float) -> float:
    store._batch, store._since = [entry()], time.monotonic() - batch_s / 2
    patience = store._patience()
    assert patience is not None
    return patience


@pytest.mark.parametrize(("passed_s", "written"), [(0.0, 0), (19 * 300.0 + 150, 19), (1e7, 20)])
def test_how_often_the_witness_is_written(passed_s: float, written: int, store: Store) -> None:
    """Once its words are used up, at one commit in five minutes, and never more than twenty in a row."""
    opened(store)
    store._words, store._worded_at = 0.0, time.monotonic() - passed_s
    before, seen = epoch(store), []
    for _ in range(22):
        store._batch = [entry()]
        store._commit()
        seen.append(epoch(store) - before)
    assert seen == [min(n, written) for n in range(1, 23)]


@pytest.mark.parametrize(("passed_s", "written"), [(299.2, 0), (300.2, 1)])
def test_five_minutes_are_one_word(passed_s: float, written: int, store: Store) -> None:
    """Not a second less, and not a second more."""
    opened(store)
    before = epoch(store)
    store._batch = [entry()]
    store._words, store._worded_at = 0.0, time.monotonic() - passed_s
    store._commit()
    assert epoch(store) - before == written


def test_a_new_store_is_witnessed_without_words_too(store: Store) -> None:
    """Its name is written at once, whoever ended the one before; the words that are owed for it are not
    counted below none.
    """
    database = opened(store)
    store._words, store._worded_at = 0.0, time.monotonic()
    with database.transaction():
        database.end(Ended("other", "two_poles_one_identity"), Stamp(1.0, "boot", 1.0, "synced"))
    store._batch = [entry()]
    store._commit()
    found = witness.read(store._path.with_name("pole.witness"))
    assert found is not None
    assert (found.storeid, found.epoch) == (database.store_id, database.number("epoch"))
    assert store.store_id == database.store_id
    assert store._words == 0.0


def test_a_log_that_began_anew_is_told_to_the_witness(store: Store) -> None:
    """Once the pages of the log went to their place, at the next commit, whether it has words or not; then it
    is spared again.
    """
    database = opened(store)
    store._words, store._worded_at = 0.0, time.monotonic()
    before = epoch(store)
    for expected in (0, 1, 1):
        store._batch = [entry()]
        store._commit()
        assert epoch(store) == before + expected == database.number("epoch")
        if not expected:
            database._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# --- what a commit does


def test_a_first_commit_makes_the_file(tmp_path: Path) -> None:
    """With nothing to store, and in a folder of a folder that is not there; the next one writes nothing."""
    store = made(tmp_path / "var" / "lib")
    assert (store.began, store.store_id, store.problem) == (0, "", "")
    store._commit()
    assert (tmp_path / "var" / "lib" / "pole.db").exists()
    assert store._database is not None
    assert store.store_id == store._database.store_id
    assert store._database.number("births") == 0
    before = epoch(store)
    store._commit()
    assert epoch(store) == before
    store._database.close()


@pytest.mark.parametrize("waits", ["batch", "later", "lost", "aside"])
def test_whatever_waits_is_written(waits: str, store: Store) -> None:
    """An event, a mark, a loss, or a file that was set aside: each by itself is reason enough for
    a commit.
    """
    database = opened(store)
    if waits == "aside":
        store._set_aside, store._taken_up = "pole.db.corrupt-1", False
    elif waits == "lost":
        store._lost = 3
    elif waits == "later":
        store._later = [later(lambda db: db.set("word", "kept"))]
    else:
        store._batch = [entry()]
    store._commit()
    assert [(r.kind, r.data) for r in database.list_events(9)] == {
        "batch": [("traffic.summarized", "{}")],
        "later": [],
        "lost": [("outbox.dropped", '{"ranges":[],"count":3,"cause":"disk"}')],
        "aside": [
            (
                "outbox.dropped",
                (
                    '{"ranges":[],"count":null,"cause":"corrupt: the old file was set aside as'
                    ' pole.db.corrupt-1","exact":false,"salvaged":0}'
                ),
            )
        ],
    }[waits] or database.get("word") == "kept"
    assert (store._batch, store._later, store._lost, store._set_aside) == ([], [], 0, "")
    assert store._patience() is None


def test_a_loss_has_the_time_of_the_last_event(store: Store) -> None:
    """Beside events it has their last time; alone, the time at which it is told."""
    database = opened(store)
    store._lost, store._batch = 1, [entry(at=5.0), entry(at=7.0), entry(at=9.0)]
    store._commit()
    store._lost = 2
    begun = time.monotonic()
    store._commit()
    beside, alone = (r.monotonic for r in database.list_events(9) if r.kind == "outbox.dropped")
    assert beside == 9.0
    assert begun <= alone <= time.monotonic()


def test_while_it_may_not_try_nothing_is_written(store: Store) -> None:
    """Until the time of its next try events are only kept, two thousand of them."""
    database = opened(store)
    store._retry_at = time.monotonic() + 30.0
    store._batch = [entry() for _ in range(2003)]
    store._commit()
    assert (len(store._batch), store._lost, database.last_sequence()) == (2000, 3, 0)
    store._retry_at = time.monotonic() - 0.001
    store._commit()
    assert (store._batch, store._lost, database.last_sequence()) == ([], 0, 2001)


async def test_a_batch_that_cannot_be_written_by_mistake(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """It is lost and counted, who waited hears of it, the thread goes on after a while and tells
    of the loss.
    """
    database = opened(store)
    waiting = asyncio.ensure_future(store.later(lambda db: None))
    await asyncio.sleep(0)
    store._later = [cast(_Later, store._queue.get_nowait())]
    store._batch, store._urgent, store._lost = [cast(Entry, None)] * 4, True, 1
    store._commit()
    with pytest.raises(OutboxError, match="could not be written"):
        await asyncio.wait_for(waiting, 5)
    assert "a batch of 4 events cannot be stored" in caplog.text
    assert (store._batch, store._later, store._urgent, store._lost) == ([], [], False, 5)
    assert 0.5 < store._retry_at - time.monotonic() <= 1.0
    store._retry_at = 0.0
    store._commit()
    assert [r.data for r in database.list_events(9)] == ['{"ranges":[],"count":5,"cause":"disk"}']


@pytest.mark.parametrize(
    ("events", "batch", "lost", "news"),
    [(0, 0, 0, False), (1, 0, 0, True), (0, 1, 0, True), (0, 0, 1, True), (1, 1, 1, True)],
)
async def test_when_there_is_something_new_to_send(
    events: int, batch: int, lost: int, news: bool, store: Store
) -> None:
    """A commit that stores an event wakes the uplink, of its own, of the batch or of a loss; a
    mark does not.
    """
    opened(store)
    store._loop = asyncio.get_running_loop()
    store._batch, store._lost, store._later = [entry()] * batch, lost, [later()]
    writing = asyncio.ensure_future(store.write(lambda db: "done", *[event()] * events))
    await asyncio.sleep(0)
    store._serve(cast(Any, store._queue.get_nowait()))
    assert await asyncio.wait_for(writing, 5) == "done"
    assert (store.committed.is_set(), store.changed.is_set()) == (news, False)


async def test_a_batch_by_itself_is_news_and_a_mark_is_none(store: Store) -> None:
    """As it is at the end of a batch's time."""
    opened(store)
    store._loop = asyncio.get_running_loop()
    for waits, news in (([later()], False), ([], True)):
        store._later, store._batch = waits, [] if waits else [entry()]
        store._commit()
        await asyncio.sleep(0)
        assert store.committed.is_set() is news


# --- a disk that fails


@pytest.mark.parametrize(
    ("error", "closed", "aside"),
    [
        (sqlite3.DatabaseError("database disk image is malformed"), True, True),
        (sqlite3.OperationalError("disk I/O error"), True, False),
        (OSError(5, "Input/output error"), True, False),
        (sqlite3.IntegrityError("NOT NULL constraint failed"), False, False),
    ],
)
def test_what_each_failure_does(
    error: Exception, closed: bool, aside: bool, store: Store, tmp_path: Path
) -> None:
    """A bad file is set aside; a bad disk gets a fresh handle; a bad row changes nothing.

    What waits is kept, and it is said why.
    """
    database = opened(store)
    store._batch = [entry() for _ in range(2001)]
    store._failed(error)
    assert (store._database is None) is closed
    if closed:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            database.last_sequence()
    names = sorted(p.name.partition(".corrupt-")[0] for p in tmp_path.glob("pole.db.corrupt-*"))
    assert names == (["pole.db"] if aside else [])
    assert store._set_aside.startswith("pole.db.corrupt-") is aside
    assert (tmp_path / "pole.db").exists() is not aside
    assert (
        store.problem
        == f"{tmp_path / 'pole.db'}: cannot be written: {error}; events wait in memory, up to 2000"
    )
    assert (len(store._batch), store._lost) == (2000, 1)
    assert 0.0 < store._retry_at - time.monotonic() <= 1.0


def test_a_failure_before_it_is_open(store: Store, tmp_path: Path) -> None:
    """Whatever it is: the file was not ours to judge."""
    (tmp_path / "pole.db").write_bytes(b"")
    for error in (
        sqlite3.DatabaseError("malformed"),
        sqlite3.IntegrityError("x"),
        OSError(28, "No space left on device"),
    ):
        store._failed(error)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["pole.db"]
    assert store._database is None


async def test_a_problem_is_said_once_and_its_end_too(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """In the log and to whoever reports health; another problem is another line."""
    caplog.set_level(logging.WARNING)
    opened(store)
    store._loop = asyncio.get_running_loop()
    said = []
    for why in ("one", "one", "two", ""):
        if why:
            store._failed(sqlite3.OperationalError(why))
        else:
            store._retry_at = 0.0
            store._lost = 1
            store._commit()
        await asyncio.sleep(0)
        said.append((store.changed.is_set(), len(caplog.records)))
        store.changed.clear()
    assert said == [(True, 1), (False, 1), (True, 2), (True, 3)]
    assert (store.problem, caplog.records[-1].getMessage()) == ("", "the store works again")


def test_a_read_only_file_system_is_named() -> None:
    """SQLite only says that it cannot open the file; of another disk it is repeated what was said."""
    error = sqlite3.OperationalError("unable to open database file")
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    readable = [m[1] for m in mounts if "ro" in m[3].split(",") and Path(m[1]).is_dir()]
    assert made(Path("/nowhere/at/all"))._cause(error) == "unable to open database file"
    assert made(Path("/dev/shm"))._cause(error) == "unable to open database file"
    if not readable:
        pytest.skip("no file system here is read-only")
    assert made(Path(readable[0]))._cause(error) == "the file system is read-only"


def test_what_stands_in_its_place_and_is_no_file(store: Store, tmp_path: Path) -> None:
    """It cannot be opened, which says nothing of its being damaged: it is left as it is, and tried again."""
    (tmp_path / "pole.db").mkdir()
    store._batch = [entry()]
    store._commit()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("pole.db")] == ["pole.db"]
    assert "unable to open" in store.problem
    (tmp_path / "pole.db").rmdir()
    store._retry_at = 0.0
    store._commit()
    assert (store.problem, opened(store).last_sequence()) == ("", 1)


async def test_who_asked_hears_why_it_failed(tmp_path: Path) -> None:
    """The error of the disk is the cause of what is raised, for reads and for writes; a mistake of the caller
    stays its own.
    """
    (tmp_path / "state").write_text("a file where the folder should be")
    store = made(tmp_path / "state")
    store.start()
    for ask in (store.read(lambda db: None), store.write(lambda db: None)):
        with pytest.raises(OutboxError, match="events wait in memory") as told:
            await ask
        assert isinstance(told.value.__cause__, OSError)
    (tmp_path / "state").unlink()
    with pytest.raises(ZeroDivisionError):
        await store.write(lambda db: 1 / 0)
    assert await store.write(lambda db: "works", event()) == "works"
    await store.stop(5.0)
    assert store._thread.daemon, "one that hangs does not hold up the exit"
    assert store._thread.name == "store", "for whoever looks at a process that hangs"


# --- files that are set aside


def test_only_the_last_file_is_kept(store: Store, tmp_path: Path) -> None:
    """A bad file goes with its log; the ones before it go, they would fill the disk; it is said under which
    name it lies.
    """
    for name in ("pole.db.corrupt-1", "pole.db.corrupt-1-wal", "pole.db.corrupt-22", "other.corrupt-1"):
        (tmp_path / name).write_text("old")
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"pole.db{suffix}").write_text(f"now{suffix}")
    begun = int(time.time())
    store._put_aside()
    name = store._set_aside
    assert begun <= int(name.removeprefix("pole.db.corrupt-")) <= time.time()
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {
        "other.corrupt-1": "old",
        name: "now",
        f"{name}-wal": "now-wal",
        f"{name}-shm": "now-shm",
    }


def test_what_was_saved_is_said(store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file with a page that fell over: the log names it, what was saved and which store goes on; the events
    go on too.
    """
    caplog.set_level(logging.WARNING)
    first = made(tmp_path)
    first._batch = [entry() for _ in range(3)]
    first._commit()
    first._leave()
    caplog.clear()
    with contextlib.closing(sqlite3.connect(tmp_path / "pole.db")) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'outbox_way_out'"
        ).fetchone()
    with (tmp_path / "pole.db").open("r+b") as file:
        file.seek((page - 1) * 1024)
        file.write(b"\xff" * 1024)
    database = opened(store)
    said = [r.getMessage() for r in caplog.records]
    assert "it is set aside and a new one is started" in said[0]
    assert (
        said[1] == f"store: {first.store_id} has ended (corrupt: the old file was set aside as "
        f"{next(tmp_path.glob('pole.db.corrupt-*')).name}); {database.store_id} goes on"
    )
    assert said[2:] == ["store: 3 events that waited were saved from the damaged file"]
    assert [r.event_id for r in database.waiting(9, frozenset()) if r.kind != "outbox.dropped"] == ["id"] * 3


@pytest.mark.parametrize("there", [True, False])
def test_a_log_beside_no_file_is_read(there: bool, tmp_path: Path) -> None:
    """Gone or empty, the file: what its log holds goes on; when that is not all, the cause says which of the
    two it was.
    """
    home, away = tmp_path / "home", tmp_path / "away"
    first = made(home)
    first._batch = [entry() for _ in range(3)]
    first._commit()
    for folder in (home, away):
        folder.mkdir(exist_ok=True)
        if folder == away:
            for name in ("pole.db-wal", "pole.witness"):
                (away / name).write_bytes((home / name).read_bytes())
    assert first._database is not None
    name = first.store_id
    first._database.close()
    if there:
        (away / "pole.db").touch()
    second = made(away)
    assert [r.event_id for r in opened(second).list_events(9)] == ["id"] * 3
    assert second.store_id == name
    assert second._emptied == ("store_empty" if there else "store_missing")
    assert second._database is not None
    second._database.close()


@pytest.mark.parametrize("there", [True, False])
def test_an_empty_log_beside_no_file_says_nothing(there: bool, store: Store, tmp_path: Path) -> None:
    """A start that was cut short left it: nothing is told."""
    witness.write(tmp_path / "pole.witness", Witness())
    (tmp_path / "pole.db-wal").touch()
    if there:
        (tmp_path / "pole.db").touch()
    assert opened(store).list_events(9) == []
    assert (store._emptied, store._set_aside) == ("", "")


@pytest.mark.parametrize(
    ("there", "seen", "after", "told"),
    [
        (False, None, Witness(), []),
        (True, None, None, ["store_empty"]),
        (False, Witness(), Witness(), []),
        (False, Witness("aaaa", 5, 9), Witness("aaaa", 5, 9), ["store_missing"]),
    ],
)
def test_a_start_that_is_cut_short(
    there: bool, seen: Witness | None, after: Witness | None, told: list[str], tmp_path: Path
) -> None:
    """A very first start says so before there is a file, so that an empty one is no loss at the next; nothing
    else is written over.
    """
    if seen is not None:
        witness.write(tmp_path / "pole.witness", seen)
    if there:
        (tmp_path / "pole.db").touch()
    cut = made(tmp_path)
    cut._before, cut._was_there = cut._witnessed(), there
    cut._prepare()
    assert witness.read(tmp_path / "pole.witness") == after
    if seen is None:
        (tmp_path / "pole.db").touch()  # the power is cut in the middle of making the tables
    store = made(tmp_path)
    assert [json.loads(r.data)["cause"] for r in opened(store).list_events(9)] == told
    assert store._database is not None
    store._database.close()


def test_a_loss_that_could_not_be_told_is_told_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The end of a store is found once; if telling fails by mistake, the next try tells it, once, with what
    it was.
    """
    first = made(tmp_path)
    first._batch = [entry() for _ in range(3)]
    first._commit()
    first._leave()
    (tmp_path / "pole.db").unlink()
    names = iter(["", "e-1", "e-2"])

    def new_id() -> str:
        return next(names) or str(1 / 0)

    store = Store(tmp_path, 16, lambda at: Stamp(at, "boot", at, "synced"), new_id)
    store._commit()
    assert store._taken_up is False
    store._retry_at, store._batch = 0.0, [entry()]
    database = opened(store)
    assert [r.data for r in database.list_events(9)] == [
        f'{{"ranges":[[1,3]],"count":3,"cause":"store_missing","exact":true,"storeid":"{first.store_id}"}}',
        "{}",
    ]
    assert (
        caplog.messages[-1]
        == f"store: {first.store_id} has ended (store_missing); {database.store_id} goes on"
    )
    assert (store._end, store.began) == (None, 1)
    database.close()


# --- the witness


def test_a_witness_that_cannot_be_written_is_said_once(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The store goes on without; once it works again, a second failure is said again."""
    opened(store)
    part = tmp_path / "pole.witness.part"
    for expected, stands_in_the_way in ((1, True), (1, True), (1, False), (2, True)):
        if stands_in_the_way:
            part.mkdir(exist_ok=True)
        else:
            part.rmdir()
        store._batch = [entry()]
        store._commit()
        assert sum("may go unnoticed" in line for line in caplog.messages) == expected
    assert store.problem == ""
    assert opened(store).last_sequence() == 4


@pytest.mark.parametrize("left", [True, False])
def test_an_orderly_end_is_one_when_all_is_stored(left: bool, store: Store, tmp_path: Path) -> None:
    """The witness says that nothing came after it, unless something waited that could not be written."""
    database = opened(store)
    before = epoch(store)
    store._batch = [entry()] * left
    store._leave()
    found = witness.read(tmp_path / "pole.witness")
    assert found is not None
    assert (found.closed, found.epoch) == (not left, before + 1)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        database.last_sequence()
    made(tmp_path / "never opened")._leave()
    assert not (tmp_path / "never opened").exists()


# --- the thread


async def test_each_event_has_its_own_time(tmp_path: Path) -> None:
    """That at which it happened, not that at which it was stored, whether it is recorded or written."""
    store = made(tmp_path)
    store.start()
    store.record(RecordEvent("a", ALARM, {}, 11.0))
    await store.write(lambda db: None, RecordEvent("b", ALARM, {}, 12.0), RecordEvent("c", INFO, {}, 13.0))
    rows = await store.read(lambda db: db.list_events(9))
    assert [(r.kind, r.monotonic, r.wall) for r in rows] == [
        ("a", 11.0, 1011.0),
        ("b", 12.0, 1012.0),
        ("c", 13.0, 1013.0),
    ]
    await store.stop(5.0)


async def test_what_waits_can_be_given_up(tmp_path: Path) -> None:
    """Who does not wait any more for an answer disturbs nobody."""
    store = made(tmp_path)
    problems: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
    for work in (lambda db: None, lambda db: 1 / 0):
        asking = asyncio.ensure_future(store.read(work))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.sleep(0)
    store.start()
    await store.flush()
    assert problems == []
    await store.stop(5.0)


async def test_a_stop_waits_as_long_as_it_may(tmp_path: Path) -> None:
    """Until what waits is stored, and not longer; a thread that hangs is left behind when the
    time is over.
    """
    store = made(tmp_path)
    store.start()
    held = threading.Event()
    asking = asyncio.ensure_future(store.read(lambda _: held.wait(20)))
    await asyncio.sleep(0)
    store.record(event())
    begun = time.monotonic()
    await store.stop(0.05)
    assert 0.05 <= time.monotonic() - begun < 1.0
    assert store._thread.is_alive()
    held.set()
    await store.stop(20.0)
    assert not store._thread.is_alive()
    assert await asking
    again = made(tmp_path)
    assert opened(again).last_sequence() == 1
    assert again.began == 1
    assert again._database is not None
    again._database.close()


async def test_tidying_makes_the_file_smaller(tmp_path: Path) -> None:
    """What was delivered long ago goes, and its room is given back."""
    store = made(tmp_path)
    store.start()
    await store.write(lambda _: None, *[event(x="y" * 900) for _ in range(1600)])
    await store.write(lambda db: db.mark_delivered(range(1, 1601), 0.0))
    before = await store.read(lambda db: db._db.execute("PRAGMA page_count").fetchone()[0])
    await store.tidy(1e9, {})
    after = await store.read(lambda db: db._db.execute("PRAGMA page_count").fetchone()[0])
    assert after < before / 4
    await store.stop(5.0)
