"""The store's thread step by step, and without a thread: what a commit does, what it keeps and gives up while
the disk fails, and what it says of that.
"""

from __future__ import annotations

import itertools
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, cast

import pytest

from pole_agent.errors import OutboxError
from pole_agent.store import witness
from pole_agent.store.commits import Job
from pole_agent.store.database import Database
from pole_agent.store.rows import Entry
from pole_agent.store.worker import Worker
from pole_agent.vocabulary import RecordEvent, Severity, Stamp

INFO, WARNING, ALARM = Severity.INFO, Severity.WARNING, Severity.ALARM


def no_news() -> None:
    """Nobody listens."""


def made(
    folder: Path,
    new_id: Callable[[], str] | None = None,
    on_stored: Callable[[], None] = no_news,
    on_change: Callable[[], None] = no_news,
) -> Worker:
    """With the times that it has on a pole; its thread does not run."""
    numbers = itertools.count(1)
    return Worker(
        folder / "pole.db",
        16,
        lambda at: Stamp(at, "boot", 1000.0 + at, "synced"),
        new_id or (lambda: f"e{next(numbers)}"),
        5.0,
        on_stored=on_stored,
        on_change=on_change,
    )


@pytest.fixture
def news() -> list[str]:
    """What was told: "stored", "changed"."""
    return []


@pytest.fixture
def worker(tmp_path: Path, news: list[str]) -> Iterator[Worker]:
    one = made(tmp_path, None, lambda: news.append("stored"), lambda: news.append("changed"))
    yield one
    if one.database is not None:
        one.database.close()


def entry(severity: Severity = INFO, at: float = 5.0) -> Entry:
    return Entry(
        "id", RecordEvent("traffic.summarized", severity, {}, at), Stamp(at, "boot", 1000.0 + at, "synced")
    )


def job(
    work: Any = lambda db: None,
    kind: Literal["read", "write", "later"] = "later",
    answers: list[tuple[Any, Exception | None]] | None = None,
    entries: int = 0,
) -> Job:
    """Work, and the list that its answer comes to."""

    def answer(result: Any, problem: Exception | None) -> None:
        if answers is not None:
            answers.append((result, problem))

    return Job(kind=kind, work=work, answer=answer, at=time.monotonic(), entries=(entry(),) * entries)


def opened(worker: Worker) -> Database:
    """Its database, which is open."""
    worker.commit()
    assert worker.database is not None
    return worker.database


def add(worker: Worker, count: int = 1, at: float = 5.0) -> None:
    for _ in range(count):
        worker.commits.add(entry(at=at), time.monotonic())


def retry(worker: Worker) -> None:
    """As if the time of its next try had come."""
    worker.commits._retry_at = time.monotonic()


def epoch(folder: Path) -> int:
    found = witness.read(folder / "pole.witness")
    assert found is not None
    return found.epoch


def test_no_memory_for_a_row_is_a_failure_of_the_store(worker: Worker) -> None:
    """Damage or not, what waits is kept, the file is opened anew, and the cause has a name."""
    opened(worker)
    answers: list[tuple[Any, Exception | None]] = []

    def work(_: Database) -> None:
        raise MemoryError

    add(worker)
    worker.serve(job(work, "write", answers))
    assert isinstance(answers[0][1], OutboxError)
    assert "cannot be written: MemoryError" in worker.problem
    assert worker.database is None
    retry(worker)
    assert [r.kind for r in opened(worker).list_events(9)] == ["traffic.summarized"]
    assert worker.problem == ""


# --- what a commit does


def test_a_first_commit_makes_the_file(tmp_path: Path) -> None:
    """With nothing to store, and in a folder of a folder that is not there; the next one writes nothing."""
    home = tmp_path / "var" / "lib"
    worker = made(home)
    assert (worker.began, worker.witness.store_id, worker.problem) == (0, "", "")
    worker.commit()
    assert (home / "pole.db").exists()
    assert worker.database is not None
    assert worker.witness.store_id == worker.database.store_id
    assert worker.database.number("births") == 0
    before = epoch(home)
    worker.commit()
    assert epoch(home) == before
    worker.database.close()


@pytest.mark.parametrize("waits", ["batch", "later", "lost", "aside"])
def test_whatever_waits_is_written(waits: str, worker: Worker) -> None:
    """An event, a mark, a loss, or a file that was set aside: each by itself is reason enough for
    a commit.
    """
    database = opened(worker)
    if waits == "aside":
        worker.recovery.set_aside, worker.recovery.taken_up = "pole.db.corrupt-1", False
    elif waits == "lost":
        worker.commits.lost = 3
    elif waits == "later":
        worker.commits.jobs = [job(lambda db: db.set("word", "kept"))]
    else:
        add(worker)
    assert worker.wait_s() is not None
    worker.commit()
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
    assert (worker.commits.waiting, worker.recovery.set_aside) == (False, "")
    assert worker.wait_s() is None


def test_a_loss_has_the_time_of_the_last_event(worker: Worker) -> None:
    """Beside events it has their last time; alone, the time at which it is told."""
    database = opened(worker)
    worker.commits.lost = 1
    for at in (5.0, 7.0, 9.0):
        add(worker, at=at)
    worker.commit()
    worker.commits.lost = 2
    begun = time.monotonic()
    worker.commit()
    beside, alone = (r.monotonic for r in database.list_events(9) if r.kind == "outbox.dropped")
    assert beside == 9.0
    assert begun <= alone <= time.monotonic()


@pytest.mark.parametrize("spends", [True, False])
def test_what_is_asked_for_costs_nothing_of_the_day(spends: bool, worker: Worker) -> None:
    """Twenty routine commits may follow each other, the opening is one of them; writes beside them do not
    count.
    """
    opened(worker)
    for _ in range(19):
        add(worker)
        if spends:
            worker.commit()
        else:
            worker.serve(job(kind="write", entries=1))
    add(worker)
    wait_s = worker.wait_s()
    assert wait_s is not None
    assert (wait_s > 5.0) is spends


def test_while_it_may_not_try_nothing_is_written(worker: Worker) -> None:
    """Until the time of its next try events are only kept, two thousand of them."""
    database = opened(worker)
    worker.commits.failed(time.monotonic() + 30.0)
    add(worker, 2003)
    worker.commit()
    assert (len(worker.commits.entries), worker.commits.lost, database.last_sequence()) == (2000, 3, 0)
    retry(worker)
    worker.commit()
    assert (worker.commits.entries, worker.commits.lost, database.last_sequence()) == ([], 0, 2001)


def test_a_batch_that_cannot_be_written_by_mistake(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    """It is lost and counted, who waited hears of it, the thread goes on after a while and tells
    of the loss.
    """
    database = opened(worker)
    answers: list[tuple[Any, Exception | None]] = []
    worker.commits.jobs = [job(answers=answers)]
    worker.commits.entries = [cast(Entry, None)] * 4
    worker.commits.urgent, worker.commits.lost = True, 1
    worker.commit()
    [(result, problem)] = answers
    assert isinstance(problem, OutboxError)
    assert (result, str(problem)) == (None, "it could not be written")
    assert "a batch of 4 events cannot be stored" in caplog.text
    commits = worker.commits
    assert (commits.entries, commits.jobs, commits.urgent, commits.lost) == ([], [], False, 5)
    wait_s = worker.wait_s()
    assert wait_s is not None
    assert 0.5 < wait_s <= 1.0
    retry(worker)
    worker.commit()
    assert [r.data for r in database.list_events(9)] == ['{"ranges":[],"count":5,"cause":"disk"}']


def test_a_mistake_that_repeats_itself_does_not_spin(tmp_path: Path) -> None:
    """The thread waits between its tries."""

    def no_id() -> str:
        raise ValueError("no identifier")

    worker = made(tmp_path, no_id)
    worker.commits.lost = 5  # to be told of by an event, which cannot be made
    worker.commit()
    patience = worker.wait_s()
    assert patience is not None
    assert patience > 0.5
    assert worker.database is not None
    worker.database.close()


@pytest.mark.parametrize(
    ("events", "batch", "lost", "stored"),
    [(0, 0, 0, False), (1, 0, 0, True), (0, 1, 0, True), (0, 0, 1, True), (1, 1, 1, True)],
)
def test_when_there_is_something_new_to_send(
    events: int, batch: int, lost: int, stored: bool, worker: Worker, news: list[str]
) -> None:
    """A commit that stores an event wakes the uplink, of its own, of the batch or of a loss; a
    mark does not.
    """
    opened(worker)
    add(worker, batch)
    worker.commits.lost, worker.commits.jobs = lost, [job()]
    answers: list[tuple[Any, Exception | None]] = []
    worker.serve(job(lambda db: "done", "write", answers, events))
    assert answers == [("done", None)]
    assert news == (["stored"] if stored else [])


def test_a_batch_by_itself_is_news_and_a_mark_is_none(worker: Worker, news: list[str]) -> None:
    """As it is at the end of a batch's time."""
    opened(worker)
    worker.commits.jobs = [job()]
    worker.commit()
    assert news == []
    add(worker)
    worker.commit()
    assert news == ["stored"]


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
    error: Exception, closed: bool, aside: bool, worker: Worker, tmp_path: Path
) -> None:
    """A bad file is set aside; a bad disk gets a fresh handle; a bad row changes nothing.

    What waits is kept, and it is said why.
    """
    database = opened(worker)
    add(worker, 2001)
    worker.failed(error)
    assert (worker.database is None) is closed
    if closed:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            database.last_sequence()
    names = sorted(p.name.partition(".corrupt-")[0] for p in tmp_path.glob("pole.db.corrupt-*"))
    assert names == (["pole.db"] if aside else [])
    assert worker.recovery.set_aside.startswith("pole.db.corrupt-") is aside
    assert (tmp_path / "pole.db").exists() is not aside
    assert (
        worker.problem
        == f"{tmp_path / 'pole.db'}: cannot be written: {error}; events wait in memory, up to 2000"
    )
    assert (len(worker.commits.entries), worker.commits.lost) == (2000, 1)
    wait_s = worker.wait_s()
    assert wait_s is not None
    assert 0.0 < wait_s <= 1.0


def test_a_bad_file_that_cannot_be_set_aside(worker: Worker, tmp_path: Path) -> None:
    """A folder stands in the way, or the disk lets nobody rename: the thread goes on, and sets it aside
    when it can; the events in it are saved.
    """
    database = opened(worker)
    add(worker, 3)
    worker.commit()
    (tmp_path / "pole.db.corrupt-1").mkdir()
    worker.failed(sqlite3.DatabaseError("database disk image is malformed"))
    assert worker.database is None
    assert (worker.recovery.set_aside, (tmp_path / "pole.db").exists()) == ("", True)
    for stands_in_the_way in (True, False):
        if not stands_in_the_way:
            (tmp_path / "pole.db.corrupt-1").rmdir()
        retry(worker)
        assert worker.wait_s() == 0.0
        worker.commit()
        assert (worker.database is None) is stands_in_the_way
        assert (worker.problem == "") is not stands_in_the_way
    assert opened(worker).store_id != database.store_id
    assert [r.event_id for r in opened(worker).list_events(9)][:3] == ["id"] * 3


def test_a_failure_before_it_is_open(worker: Worker, tmp_path: Path) -> None:
    """Whatever it is: the file was not ours to judge."""
    (tmp_path / "pole.db").write_bytes(b"")
    for error in (
        sqlite3.DatabaseError("malformed"),
        sqlite3.IntegrityError("x"),
        OSError(28, "No space left on device"),
    ):
        worker.failed(error)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["pole.db"]
    assert worker.database is None


def test_a_problem_is_said_once_and_its_end_too(
    worker: Worker, news: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """In the log and to whoever reports health; another problem is another line."""
    caplog.set_level(logging.WARNING)
    opened(worker)
    said = []
    for why in ("one", "one", "two", ""):
        if why:
            worker.failed(sqlite3.OperationalError(why))
        else:
            retry(worker)
            worker.commits.lost = 1
            worker.commit()
        said.append(("changed" in news, len(caplog.records)))
        news.clear()
    assert said == [(True, 1), (False, 1), (True, 2), (True, 3)]
    assert (worker.problem, caplog.records[-1].getMessage()) == ("", "the store has recovered")


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


def test_what_stands_in_its_place_and_is_no_file(worker: Worker, tmp_path: Path) -> None:
    """It cannot be opened, which says nothing of its being damaged: it is left as it is, and tried again."""
    (tmp_path / "pole.db").mkdir()
    add(worker)
    worker.commit()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("pole.db")] == ["pole.db"]
    assert "unable to open" in worker.problem
    (tmp_path / "pole.db").rmdir()
    retry(worker)
    worker.commit()
    assert (worker.problem, opened(worker).last_sequence()) == ("", 1)


@pytest.mark.parametrize("kind", ["read", "write"])
def test_who_asked_hears_why_it_failed(kind: Literal["read", "write"], tmp_path: Path) -> None:
    """The error of the disk is the cause of what is raised, for reads and for writes; a mistake of the caller
    stays its own.
    """
    (tmp_path / "state").write_text("a file where the folder should be")
    worker = made(tmp_path / "state")
    answers: list[tuple[Any, Exception | None]] = []
    worker.serve(job(kind=kind, answers=answers))
    (tmp_path / "state").unlink()
    worker.serve(job(lambda db: 1 / 0, kind, answers))
    worker.serve(job(lambda db: "works", kind, answers))
    (_, disk), (_, own), good = answers
    assert isinstance(disk, OutboxError)
    assert "events wait in memory" in str(disk)
    assert isinstance(disk.__cause__, OSError)
    assert isinstance(own, ZeroDivisionError)
    assert good == ("works", None)
    worker.close()


# --- the witness


def test_the_witness_cannot_be_written(worker: Worker, tmp_path: Path) -> None:
    """The store works all the same."""
    opened(worker)
    (tmp_path / "pole.witness.part").mkdir()
    for _ in range(4):
        add(worker)
        worker.commit()
    assert worker.problem == ""
    assert opened(worker).last_sequence() == 4


@pytest.mark.parametrize("left", [True, False])
def test_an_orderly_end_is_one_when_all_is_stored(left: bool, worker: Worker, tmp_path: Path) -> None:
    """The witness says that nothing came after it, unless something waited that could not be written."""
    database = opened(worker)
    before = epoch(tmp_path)
    add(worker, int(left))
    worker.close()
    found = witness.read(tmp_path / "pole.witness")
    assert found is not None
    assert (found.closed, found.epoch) == (not left, before + 1)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        database.last_sequence()
    made(tmp_path / "never opened").close()
    assert not (tmp_path / "never opened").exists()
