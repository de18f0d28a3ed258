"""A store that is gone, empty, or older than it was: told, and never a number twice.

Real files, as cards and people leave them.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pole_agent.store.database import Database
from pole_agent.store.store import Store
from pole_agent.vocabulary import RecordEvent, Severity, Stamp

WRITER = Path(__file__).parent / "writer.py"
WITNESS = "pole.witness"
NAMES = itertools.count(1)


async def live(folder: Path, work: Callable[[Store], Awaitable[Any]]) -> Any:
    """An agent's life with a store: from its start to an orderly stop."""

    async def run() -> Any:
        store = Store(
            folder, 16, lambda at: Stamp(at, "boot", 1000.0 + at, "synced"), lambda: f"id-{next(NAMES)}", 0.01
        )
        store.start()
        try:
            await store.flush()
            return await work(store)
        finally:
            await store.stop(5.0)

    return await run()


async def nothing(store: Store) -> str:
    return store.store_id


def stores(count: int, delivered: int = 0) -> Callable[[Store], Awaitable[str]]:
    async def work(store: Store) -> str:
        for number in range(count):
            await store.write(
                lambda _: None, RecordEvent("incident.summarized", Severity.INFO, {"n": number}, 0.0)
            )
        if delivered:
            await store.write(lambda db: db.mark_delivered(range(1, delivered + 1), 0.0))
        return store.store_id

    return work


async def told(store: Store) -> list[dict[str, Any]]:
    """The reports of what was dropped, in a store that is running."""
    return [
        json.loads(s.data)
        for s in await store.read(lambda db: db.list_events(10_000))
        if s.kind == "outbox.dropped"
    ]


async def kept(store: Store) -> list[tuple[int, str]]:
    return [
        (s.seq, s.event_id)
        for s in await store.read(lambda db: db.waiting(10_000, frozenset()))
        if s.kind != "outbox.dropped"
    ]


@pytest.mark.parametrize("cause", ["store_missing", "store_empty"])
async def test_a_store_that_is_gone_is_no_first_start(tmp_path: Path, cause: str) -> None:
    old = await live(tmp_path, stores(40))
    if cause == "store_empty":
        (tmp_path / "pole.db").write_bytes(b"")
    else:
        (tmp_path / "pole.db").unlink()

    async def look(store: Store) -> None:
        (report,) = await told(store)
        assert report == {"ranges": [[1, 40]], "count": 40, "cause": cause, "exact": True, "storeid": old}
        assert store.store_id != old
        stats = await store.read(lambda db: db.stats())
        assert stats["dropped"] == 40

    await live(tmp_path, look)
    await live(tmp_path, look)  # once, not at every start


async def test_what_was_delivered_is_not_lost(tmp_path: Path) -> None:
    old = await live(tmp_path, stores(40, delivered=30))
    (tmp_path / "pole.db").unlink()
    (report,) = await live(tmp_path, told)
    assert report == {
        "ranges": [[31, 40]],
        "count": 10,
        "cause": "store_missing",
        "exact": True,
        "storeid": old,
    }


async def test_a_real_first_start_has_lost_nothing(tmp_path: Path) -> None:
    assert await live(tmp_path / "new", told) == []
    cut = tmp_path / "cut short"
    await live(cut, nothing)
    # As a power cut leaves it in the middle of the very first start: the witness of a beginning, and a file
    # with nothing in it yet.
    (cut / "pole.db").write_bytes(b"")
    from pole_agent.store import witness

    witness.write(cut / WITNESS, witness.Witness())
    assert await live(cut, told) == []


async def test_empty_file_of_agent_without_witness_is_told(tmp_path: Path) -> None:
    """An empty file of an agent without a witness is told too."""
    (tmp_path / "pole.db").write_bytes(b"")
    (report,) = await live(tmp_path, told)
    assert report == {"ranges": [], "count": None, "cause": "store_empty", "exact": False}


async def test_older_image_under_witness_begins_new_store(tmp_path: Path) -> None:
    """An older image under its witness begins a new store and what waits keeps its identifier."""
    old = await live(tmp_path, stores(5, delivered=2))
    image = (tmp_path / "pole.db").read_bytes()
    before = await live(tmp_path, kept)
    await live(tmp_path, stores(7))
    (tmp_path / "pole.db").write_bytes(image)

    async def look(store: Store) -> None:
        (report,) = await told(store)
        assert report["storeid"] == old
        assert (report["cause"], report["count"], report["moved"]) == ("store_went_back", 7, 3)
        assert report["ranges"] == [[3, 12]], "the numbers of what goes on under others, and of what is lost"
        assert store.store_id != old
        assert await kept(store) == [(n, name) for n, (_, name) in enumerate(before, 1)]
        await stores(1)(store)
        assert (await kept(store))[-1][0] == 5, "three events, the report, the next one"

    await live(tmp_path, look)
    assert len(await live(tmp_path, told)) == 1


async def test_an_image_that_no_event_came(tmp_path: Path) -> None:
    """An image that no event came after is told by its epoch.

    Numbers alone would not show it: what was done since (deliveries, requests, the lamp's override) is gone
    all the same.
    """
    old = await live(tmp_path, stores(5))
    image = (tmp_path / "pole.db").read_bytes()
    await live(tmp_path, lambda store: store.write(lambda db: db.mark_delivered([1, 2], 0.0)))
    (tmp_path / "pole.db").write_bytes(image)
    (report,) = await live(tmp_path, told)
    assert (report["storeid"], report["cause"], report["count"], report["moved"]) == (
        old,
        "store_went_back",
        0,
        5,
    )


async def test_another_stores_file_is_not_gone_on_with(tmp_path: Path) -> None:
    mine, other = await live(tmp_path / "mine", stores(9)), await live(tmp_path / "other", stores(4))
    shutil.copy(tmp_path / "other" / "pole.db", tmp_path / "mine" / "pole.db")
    reports = await live(tmp_path / "mine", told)
    assert [(r["storeid"], r["cause"], r["count"]) for r in reports] == [
        (other, "store_replaced", 0),
        (mine, "store_replaced", 9),
    ]
    assert await live(tmp_path / "mine", nothing) not in (mine, other)


def garbage(path: Path, kind: str) -> None:
    path.unlink()
    match kind:
        case "gone":
            return
        case "empty":
            path.write_bytes(b"")
        case "noise":
            path.write_bytes(os.urandom(900))
        case "huge":
            with path.open("wb") as file:
                file.truncate(1 << 33)
        case "link":
            path.symlink_to("/dev/zero")
        case "link to nowhere":
            path.symlink_to("nowhere")
        case "folder":
            (path / "inside").mkdir(parents=True)
        case "pipe":
            os.mkfifo(path)
        case "a digit that fell over":
            path.write_text(
                '{"storeid": "aaaaaaaaaaaaaaaa", "epoch": 900000, "sequence": 900000, "waiting": 900000,'
                ' "oldest": 1, "births": 9, "closed": true, "check": 1}'
            )
        case "another shape":
            path.write_text("[" * 5000)


GARBAGE = [
    "gone",
    "empty",
    "noise",
    "huge",
    "link",
    "link to nowhere",
    "folder",
    "pipe",
    "a digit that fell over",
    "another shape",
]


@pytest.mark.parametrize("kind", GARBAGE)
async def test_a_witness_that_is_none_invents_no_loss(tmp_path: Path, kind: str) -> None:
    """A witness that is none invents no loss and is written anew."""
    old = await live(tmp_path, stores(6))
    garbage(tmp_path / WITNESS, kind)
    assert await live(tmp_path, told) == []
    assert await live(tmp_path, nothing) == old
    (tmp_path / "pole.db").unlink()
    (report,) = await live(tmp_path, told)
    assert (report["storeid"], report["count"]) == (old, 6), "it works again"


async def test_witness_that_is_none_beside_no_store(tmp_path: Path) -> None:
    """A witness that is none beside no store is no first start."""
    await live(tmp_path, stores(6))
    garbage(tmp_path / WITNESS, "noise")
    (tmp_path / "pole.db").unlink()
    assert await live(tmp_path, told) == [
        {"ranges": [], "count": None, "cause": "store_missing", "exact": False}
    ]


async def test_a_witness_older_than_the_store_is_a_crash(tmp_path: Path) -> None:
    """A witness older than the store is a crash between the two and no loss."""
    old = await live(tmp_path, stores(6))
    early = (tmp_path / WITNESS).read_bytes()
    await live(tmp_path, stores(6))
    (tmp_path / WITNESS).write_bytes(early)
    assert await live(tmp_path, told) == []
    assert await live(tmp_path, nothing) == old


async def test_a_report_of_a_drop_keeps_to_its_store(tmp_path: Path) -> None:
    """A report of a drop keeps to its store when the store is another.

    Its ranges are numbers of the store that it was made in.
    """
    stamp = Stamp(0.0, "boot", 1000.0, "synced")

    async def drop(store: Store) -> str:
        await stores(4)(store)
        await store.write(lambda db: db._drop([2, 3], "expired", stamp))
        return store.store_id

    old = await live(tmp_path, drop)
    image = (tmp_path / "pole.db").read_bytes()
    await live(tmp_path, stores(1))
    (tmp_path / "pole.db").write_bytes(image)
    reports = await live(tmp_path, told)
    assert next((r["cause"], r["storeid"], r["ranges"][0]) for r in reports) == ("expired", old, [2, 3])


def killed(folder: Path, after_s: float) -> int:
    """A writer that is killed; the highest number that it told as stored."""
    process = subprocess.Popen(
        [sys.executable, str(WRITER), str(folder)], stdout=subprocess.PIPE, text=True, cwd=WRITER.parents[2]
    )
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    time.sleep(after_s)
    process.kill()
    lines += process.stdout.read().split("\n")[:-1]
    process.wait()
    process.stdout.close()
    return max(int(line) for line in lines if line.strip())


async def test_a_lost_log_never_gives_a_number_twice(tmp_path: Path) -> None:
    """Killed at a random moment, and the -wal is gone: what it held is told, under the old name
    of the store.
    """
    chance = random.Random(3)
    for number in range(4):
        folder = tmp_path / str(number)
        await live(folder, stores(3))
        last = killed(folder, chance.uniform(0, 0.3))
        for suffix in ("-wal", "-shm"):
            (folder / f"pole.db{suffix}").unlink(missing_ok=True)
        with contextlib.closing(Database(folder / "pole.db", 16, str, read_only=True)) as database:
            old, stands = database.store_id, database.last_sequence()
        assert stands < last, "the log held something"
        reports = await live(folder, told)
        assert [r["storeid"] for r in reports] == [old]
        assert reports[0]["cause"] == "store_went_back"
        ((first, end_of_range),) = reports[0]["ranges"]
        assert first <= stands + 1 <= end_of_range
        assert await live(folder, nothing) != old


async def test_an_empty_file_beside_its_whole_log_goes_on(tmp_path: Path) -> None:
    """An empty file beside its log goes on when the log holds all.

    SQLite alone would throw the log away, and forty events with it.
    """
    last = killed(tmp_path, 0.1)
    with contextlib.closing(Database(tmp_path / "pole.db", 16, str, read_only=True)) as database:
        old = database.store_id
    (tmp_path / "pole.db-shm").unlink(missing_ok=True)
    (tmp_path / "pole.db").write_bytes(b"")

    async def look(store: Store) -> None:
        assert await told(store) == []
        assert store.store_id == old
        stored = await store.read(lambda db: db.list_events(100_000))
        assert [s.seq for s in stored][:last] == list(range(1, last + 1))

    await live(tmp_path, look)


async def test_an_empty_file_beside_a_part_of_a_log_is_told(tmp_path: Path) -> None:
    """An empty file beside a log that holds a part is told with what was saved."""
    old = await live(tmp_path, stores(3))
    last = killed(tmp_path, 0.1)
    (tmp_path / "pole.db-shm").unlink(missing_ok=True)
    (tmp_path / "pole.db").write_bytes(b"")
    (report,) = await live(tmp_path, told)
    assert (report["storeid"], report["cause"]) == (old, "store_empty")
    assert report["ranges"]
    assert report["count"] <= last
    assert report["salvaged"] >= 0


async def test_the_count_of_births_does_not_go_back(tmp_path: Path) -> None:
    async def births(store: Store) -> int:
        return await store.read(lambda db: db.number("births"))

    await live(tmp_path, lambda store: store.write(lambda db: db.set("births", "17")))
    (tmp_path / "pole.db").unlink()
    assert await live(tmp_path, births) == 17


STEPS = st.one_of(
    st.tuples(st.just("store"), st.integers(1, 3)),
    st.tuples(st.just("deliver"), st.integers(1, 3)),
    st.sampled_from([("image", 0), ("image", 1), ("restore", 0), ("restore", 1), ("lose", 0)]),
)


@example([("store", 1), ("lose", 0), ("store", 1), ("lose", 0)])  # the report of a loss is lost itself
@example([("store", 3), ("lose", 0), ("image", 0), ("store", 2), ("restore", 0), ("store", 1), ("lose", 0)])
@given(st.lists(STEPS, max_size=12))
@settings(max_examples=15)
async def test_whatever_is_restored_no_number_stands(
    steps: list[tuple[str, int]],
) -> None:
    """Whatever is restored no number stands for two events and every number comes or is named."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, images = Path(scratch) / "state", {}
        folder.mkdir()
        database, came = folder / "pole.db", {}
        given_out: dict[tuple[str, int], str] = {}
        named: set[tuple[str, int]] = set()

        async def act(store: Store, what: str, amount: int) -> None:
            if what == "store":
                await stores(amount)(store)
            rows = await store.read(lambda db: db.list_events(1000))
            for row in rows:
                known = given_out.setdefault((store.store_id, row.seq), row.event_id)
                assert known == row.event_id, "a number stands for two events"
            if what == "deliver":
                waiting = await store.read(lambda db: db.waiting(amount, frozenset()))
                for row in waiting:
                    came[store.store_id, row.seq] = row.event_id
                    if row.kind == "outbox.dropped":
                        report = json.loads(row.data)
                        name = report.get("storeid", store.store_id)
                        named.update(
                            (name, n) for first, last in report["ranges"] for n in range(first, last + 1)
                        )
                await store.write(lambda db: db.mark_delivered([row.seq for row in waiting], 0.0))

        for what, amount in [*steps, ("deliver", 1000)]:
            match what:
                case "image":
                    images[amount] = database.read_bytes() if database.exists() else b""
                case "restore" if amount in images:
                    database.write_bytes(images[amount])
                case "lose":
                    database.unlink(missing_ok=True)
                case "store" | "deliver":
                    await live(folder, lambda store: act(store, what, amount))  # noqa: B023 - at once
        assert {key for key in given_out if key not in came} <= named
