"""The store's thread: batches, a disk that fails and comes back, a file full of noise."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pole_agent.errors import OutboxError
from pole_agent.store.commits import BATCH_ROWS, MEMORY_ROWS
from pole_agent.store.database import Database
from pole_agent.store.rows import Entry
from pole_agent.store.schema import FILE_NAME
from pole_agent.store.store import Store
from pole_agent.vocabulary import RecordEvent, Severity, Stamp


def new_store(folder: Path, batch_s: float = 60.0) -> Store:
    numbers = iter(range(1, 100_000))
    return Store(folder, 16, lambda at: Stamp(at, "boot", at, "synced"), lambda: f"e{next(numbers)}", batch_s)


def pole_store(folder: Path) -> Store:
    """With the time of gathering that it has on a pole."""
    numbers = iter(range(1, 100_000))
    return Store(
        folder, 16, lambda at: Stamp(at, "boot", 1000.0 + at, "synced"), lambda: f"e{next(numbers)}", 5.0
    )


def event(severity: Severity = Severity.INFO, **data: object) -> RecordEvent:
    return RecordEvent("traffic.summarized", severity, data, 1.0)


async def run(
    work: Callable[[Store], Coroutine[Any, Any, None]], folder: Path, batch_s: float = 60.0
) -> None:
    async def whole() -> None:
        store = new_store(folder, batch_s)
        store.start()
        await work(store)
        await store.stop(5.0)

    await whole()


async def last(store: Store) -> int:
    return int((await store.read(lambda db: db.stats()))["last_sequence"])


async def test_routine_events_wait_for_their_batch(tmp_path: Path) -> None:
    """Routine events wait for their batch and an alarm takes them along."""

    async def work(store: Store) -> None:
        for _ in range(5):
            store.record(event())
        assert await last(store) == 0
        store.record(event(Severity.ALARM))
        await asyncio.wait_for(store.committed.wait(), 5)
        assert await last(store) == 6

    await run(work, tmp_path)


async def test_fifty_routine_events_are_a_batch(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        for _ in range(BATCH_ROWS):
            store.record(event())
        await asyncio.wait_for(store.committed.wait(), 5)
        assert await last(store) == BATCH_ROWS

    await run(work, tmp_path)


async def test_a_batch_is_stored_after_its_time(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        store.record(event())
        await asyncio.wait_for(store.committed.wait(), 5)
        assert await last(store) == 1

    await run(work, tmp_path, batch_s=0.05)


async def test_a_stop_stores_what_waits(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        store.record(event())

    await run(work, tmp_path)

    async def look(store: Store) -> None:
        assert await last(store) == 1

    await run(look, tmp_path)


async def test_a_failed_work_leaves_nothing_behind(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        def wrong(db: Any) -> None:
            db.set("x", "y")
            raise ValueError("mine")

        with pytest.raises(ValueError, match="mine"):
            await store.write(wrong, event())
        assert await store.read(lambda db: db.get("x")) is None
        assert await last(store) == 0

    await run(work, tmp_path)


async def test_a_file_full_of_noise_is_set_aside_reported(tmp_path: Path) -> None:
    """A file full of noise is set aside reported and a new one started."""
    noise = os.urandom(20_000)
    (tmp_path / FILE_NAME).write_bytes(noise)

    async def work(store: Store) -> None:
        store.record(event(Severity.ALARM))
        await asyncio.wait_for(store.committed.wait(), 5)
        stored = await store.read(lambda db: db.list_events(10))
        assert [s.kind for s in stored] == ["outbox.dropped", "traffic.summarized"]
        assert json.loads(stored[0].data)["count"] is None, "how many were in it is unknown"
        assert not store.problem

    await run(work, tmp_path)
    kept = list(tmp_path.glob(FILE_NAME + ".corrupt-*"))
    assert [p.read_bytes() for p in kept] == [noise]


async def test_folder_that_cannot_be_written_is_problem(tmp_path: Path) -> None:
    """A folder that cannot be written is a problem in one line and what does not fit in memory is counted.

    A file stands where the folder should be, so that it also fails for root; later the file is gone and all
    is told.
    """
    folder = tmp_path / "state"
    folder.write_text("in the way")

    async def work(store: Store) -> None:
        with pytest.raises(OutboxError, match="cannot be written"):
            await store.flush()
        assert "\n" not in store.problem
        assert str(folder) in store.problem
        for number in range(MEMORY_ROWS + 10):
            store.record(event(n=number))
        store.record(event(Severity.ALARM, n="alarm"))
        folder.unlink()
        await asyncio.wait_for(_works(store), 20)
        stored = await store.read(lambda db: db.list_events(10_000))
        dropped = [json.loads(s.data) for s in stored if s.kind == "outbox.dropped"]
        assert sum(d["count"] for d in dropped) == 11
        assert all(d["ranges"] == [] for d in dropped), "what was never stored has no number"
        assert [s.seq for s in stored] == list(range(1, len(stored) + 1))
        assert any(json.loads(s.data).get("n") == "alarm" for s in stored)

    await run(work, folder)


async def _works(store: Store) -> None:
    while store.problem:
        await asyncio.wait_for(store.changed.wait(), 20)
        store.changed.clear()


async def test_data_that_json_cannot_say_stops_nothing(tmp_path: Path) -> None:
    """Data that json cannot say stops nothing behind it."""

    async def work(store: Store) -> None:
        for data in ({"x": float("nan")}, {"x": "\ud800"}, {"x": object()}, {"x": 1}):
            store.record(RecordEvent("health.degraded", Severity.WARNING, data, 1.0))
        await store.flush()
        kept = [json.loads(s.data) for s in await store.read(lambda db: db.list_events(10))]
        assert [sorted(d) for d in kept] == [["unreadable"], ["unreadable"], ["unreadable"], ["x"]]

    await run(work, tmp_path)


async def test_what_can_wait_goes_along_with_the_next_commit(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        waiting = asyncio.ensure_future(store.later(lambda db: db.set("k", "1")))
        store.record(event())
        await asyncio.sleep(0.05)
        assert not waiting.done()
        assert await store.read(lambda db: db.get("k")) is None
        store.record(event(Severity.ALARM))
        await asyncio.wait_for(waiting, 5)
        assert await store.read(lambda db: db.get("k")) == "1"
        assert (await store.read(lambda db: db.stats()))["last_sequence"] == 2

    await run(work, tmp_path)


async def test_what_can_wait_does_not_wait_for_ever(tmp_path: Path) -> None:
    """What can wait does not wait for ever and is written at the end."""

    async def alone(store: Store) -> None:
        await asyncio.wait_for(store.later(lambda db: db.set("k", "1")), 5)

    await run(alone, tmp_path, 0.02)

    async def at_the_end(store: Store) -> None:
        asyncio.ensure_future(store.later(lambda db: db.set("k", "2")))  # noqa: RUF006 - nobody waits for it
        await asyncio.sleep(0)

    await run(at_the_end, tmp_path)
    database = Database(tmp_path / FILE_NAME, 16, str)
    assert database.get("k") == "2"
    database.close()


async def test_marks_of_store_that_was_replaced_mark_nothing(tmp_path: Path) -> None:
    """Marks of a store that was replaced mark nothing.

    Sequence numbers begin anew in a new file: an old acknowledgement must not swallow a new event.
    """

    async def work(store: Store) -> None:
        store.record(event(Severity.ALARM))
        await store.flush()
        for store_id, delivered in (("another store", False), (store.store_id, True)):
            await store.write(partial(Database.mark_delivered, seqs=[1], wall=1.0, store_id=store_id))
            (stored,) = await store.read(lambda db: db.list_events(10))
            assert (stored.delivered is not None) is delivered

    await run(work, tmp_path)


async def test_a_brief_incident_costs_no_row(tmp_path: Path) -> None:
    """A brief incident costs no row and a long one is kept."""

    def opened(name: str) -> RecordEvent:
        return RecordEvent(
            "incident.opened", Severity.INFO, {"incident_id": name}, 1.0, opens=name, silent=True
        )

    def closed(name: str) -> RecordEvent:
        return RecordEvent("incident.closed", Severity.INFO, {"incident_id": name}, 1.0, closes=name)

    async def work(store: Store) -> None:
        for entry in (opened("brief"), opened("long"), closed("brief")):
            store.record(entry)
        await store.flush()
        assert [i["incident_id"] for i in await store.read(lambda db: db.open_incidents())] == ["long"]
        store.record(closed("long"))
        await store.flush()
        assert not await store.read(lambda db: db.open_incidents())
        assert [
            json.loads(s.data)["incident_id"] for s in await store.read(lambda db: db.list_events(10))
        ] == ["brief", "long"]

    await run(work, tmp_path)


async def test_marks_count_before_room_is_made(tmp_path: Path) -> None:
    """What the broker has acknowledged goes first when the file is full, and is no loss."""
    database = Database(tmp_path / FILE_NAME, 4, str)
    stamp = Stamp(0.0, "boot", 1.79e9, "synced")
    entry = Entry("x", RecordEvent("incident.closed", Severity.INFO, {"t": "x" * 600}, 0.0), stamp)
    while database.stats()["used_mb"] < 4 * 0.9:
        with database.transaction():
            database.append([entry] * 20)
    last = database.stats()["last_sequence"]
    database.close()
    numbers = iter(range(1, 1000))
    store = Store(tmp_path, 4, lambda at: stamp, lambda: f"n{next(numbers)}", 60.0)

    async def work() -> list[dict[str, Any]]:
        store.start()
        await store.flush()
        waiting = asyncio.ensure_future(
            store.later(lambda db: db.mark_delivered(list(range(1, 301)), 1.79e9))
        )
        await asyncio.sleep(0)
        store.record(event(Severity.WARNING))
        await asyncio.wait_for(waiting, 5)
        told = await store.read(
            lambda db: [json.loads(e.data) for e in db.list_events(100_000) if e.kind == "outbox.dropped"]
        )
        await store.stop(5)
        return told

    assert last > 1000
    assert await work() == []


def test_a_count_that_fell_over_is_counted_anew(tmp_path: Path) -> None:
    database = Database(tmp_path / FILE_NAME, 16, lambda: "e")
    with database.transaction():
        database.set("dropped", "1w")
        database.report_dropped([], 3, "disk", Stamp(0.0, "boot", 1.79e9, "synced"))
    assert database.stats()["dropped"] == 3
    database.close()


async def test_who_asked_hears_why_it_failed(tmp_path: Path) -> None:
    """The error of the disk is the cause of what is raised, for reads and for writes; a mistake of the caller
    stays its own.
    """
    (tmp_path / "state").write_text("a file where the folder should be")
    store = pole_store(tmp_path / "state")
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
    assert store._worker.thread.daemon, "one that hangs does not hold up the exit"
    assert store._worker.thread.name == "store", "for whoever looks at a process that hangs"


# --- the thread


async def test_each_event_has_its_own_time(tmp_path: Path) -> None:
    """That at which it happened, not that at which it was stored, whether it is recorded or written."""
    store = pole_store(tmp_path)
    store.start()
    store.record(RecordEvent("a", Severity.ALARM, {}, 11.0))
    await store.write(
        lambda db: None, RecordEvent("b", Severity.ALARM, {}, 12.0), RecordEvent("c", Severity.INFO, {}, 13.0)
    )
    rows = await store.read(lambda db: db.list_events(9))
    assert [(r.kind, r.monotonic, r.wall) for r in rows] == [
        ("a", 11.0, 1011.0),
        ("b", 12.0, 1012.0),
        ("c", 13.0, 1013.0),
    ]
    await store.stop(5.0)


async def test_what_waits_can_be_given_up(tmp_path: Path) -> None:
    """Who does not wait any more for an answer disturbs nobody."""
    store = pole_store(tmp_path)
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
    store = pole_store(tmp_path)
    store.start()
    held = threading.Event()
    asking = asyncio.ensure_future(store.read(lambda _: held.wait(20)))
    await asyncio.sleep(0)
    store.record(event())
    begun = time.monotonic()
    await store.stop(0.05)
    assert 0.05 <= time.monotonic() - begun < 1.0
    assert store._worker.thread.is_alive()
    held.set()
    await store.stop(20.0)
    assert not store._worker.thread.is_alive()
    assert await asking
    again = pole_store(tmp_path)
    again.start()
    assert await last(again) == 1
    assert again.began == 1
    await again.stop(20.0)


async def test_tidying_makes_the_file_smaller(tmp_path: Path) -> None:
    """What was delivered long ago goes, and its room is given back."""
    store = pole_store(tmp_path)
    store.start()
    await store.write(lambda _: None, *[event(x="y" * 900) for _ in range(1600)])
    await store.write(lambda db: db.mark_delivered(range(1, 1601), 0.0))
    before = await store.read(lambda db: db._db.execute("PRAGMA page_count").fetchone()[0])
    await store.tidy(1e9, {})
    after = await store.read(lambda db: db._db.execute("PRAGMA page_count").fetchone()[0])
    assert after < before / 4
    await store.stop(5.0)
