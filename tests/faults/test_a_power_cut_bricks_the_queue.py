"""Field failure 1: a damaged database.

It starts, sets the bad file aside, saves what can be read, and says what was lost.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from pole_agent.errors import OutboxError
from pole_agent.store.database import Database
from pole_agent.store.rows import Entry, Outbound
from pole_agent.store.schema import FAMILY, FILE_NAME, PAGE_BYTES, TABLES, VERSION
from pole_agent.store.store import Store
from pole_agent.uplink.events import DOCUMENT_SQL, TYPE_PREFIX
from pole_agent.vocabulary import RecordEvent, Severity, Stamp
from tests.conftest import ROOT, Mosquitto, eventually
from tests.faults.kills import City

EVENTS = 400
NAMES = (FILE_NAME, FILE_NAME + "-wal")


def new_store(folder: Path, prefix: str) -> Store:
    numbers = iter(range(1, 100_000))
    return Store(
        folder,
        16,
        lambda at: Stamp(at, "boot", time.time(), "synced"),
        lambda: f"{prefix}{next(numbers)}",
        0.05,
    )


async def fill(folder: Path) -> None:
    """Events, an open incident and small state; half of it in the file itself, half still in the write-ahead
    log.
    """

    async def work() -> None:
        store = new_store(folder, "old")
        store.start()
        for half in range(2):
            for number in range(EVENTS // 2):
                data = {"number": number + half * EVENTS // 2, "text": "x" * 200}
                store.record(RecordEvent("incident.closed", Severity(number % 3), data, float(number)))
            await store.flush()
            if half == 0:
                await store.read(lambda db: db._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
        incident = RecordEvent("incident.opened", Severity.ALARM, {"incident_id": "i-1"}, 1.0, opens="i-1")
        await store.write(lambda db: db.set("override", "{}"), incident)
        for name in NAMES:
            shutil.copyfile(folder / name, folder / f"{name}.copy")
        await store.stop(5.0)

    await work()
    for name in NAMES:
        shutil.move(folder / f"{name}.copy", folder / name)
    (folder / f"{FILE_NAME}-shm").unlink(missing_ok=True)


async def opened(folder: Path) -> tuple[list[str], list[dict[str, object]], dict[str, object]]:
    """Open it as the agent does, store one more; the identifiers that wait, the reports of loss, and the
    statistics.
    """

    async def work() -> tuple[list[str], list[dict[str, object]], dict[str, object]]:
        store = new_store(folder, "new")
        store.start()
        store.record(RecordEvent("incident.closed", Severity.ALARM, {}, 1.0))
        await store.flush()
        try:
            await store.tidy(1.0, {})
        except OutboxError:  # a damage that shows only when it is touched: the file is set aside then
            await store.tidy(1.0, {})
        waiting = await store.read(lambda db: db.list_events(10_000))
        stats = await store.read(lambda db: db.stats())
        values = {"source": "/smartpole/s/p", "prefix": TYPE_PREFIX, "storeid": store.store_id}
        outbound = [
            Outbound.read(r)
            for r in await store.read(lambda db: db.following(None, 10_000, DOCUMENT_SQL, **values))
        ]
        for event in outbound:
            json.loads(event.text)  # whatever fell over: what goes out is JSON
        assert {e.seq for e in outbound} == {s.seq for s in waiting}, (
            "what cannot go out does not stay for ever"
        )
        await store.stop(5.0)
        return (
            [s.event_id for s in waiting],
            [json.loads(s.data) for s in waiting if s.kind == "outbox.dropped"],
            stats,
        )

    return await work()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    await fill(folder)
    return folder


def damaged(good: Path, folder: Path) -> Path:
    folder.mkdir()
    for name in NAMES:
        shutil.copyfile(good / name, folder / name)
    return folder


async def test_undamaged_everything_is_there(good: Path, tmp_path: Path) -> None:
    ids, lost, _ = await opened(damaged(good, tmp_path / "x"))
    assert len(ids) == EVENTS + 2
    assert lost == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", ["flip", "zero", "truncate"])
async def test_damage_anywhere_is_survived_and_told(good: Path, tmp_path: Path, name: str, how: str) -> None:
    dice = random.Random(f"{name} {how}")
    size = (good / name).stat().st_size
    for number in range(25):
        folder = damaged(good, tmp_path / f"{number}")
        path = folder / name
        offset = dice.randrange(size)
        if how == "truncate":
            with path.open("r+b") as file:
                file.truncate(offset)
        else:
            with path.open("r+b") as file:
                file.seek(offset)
                length = min(dice.choice([1, 16, 700]), size - offset)
                old = file.read(length)
                file.seek(offset)
                file.write(bytes(length) if how == "zero" else bytes(b ^ 0xFF for b in old))
        ids, lost, stats = await opened(folder)
        assert "new1" in ids or "new2" in ids, f"{name} {how} at {offset}: it does not store any more"
        assert len(ids) == len(set(ids)), "nothing twice"
        aside = list(folder.glob("*.corrupt-*"))
        if aside:
            assert lost, f"{name} {how} at {offset}: a loss that nobody is told of"
            saved = len([i for i in ids if i.startswith("old")])
            assert lost[0]["salvaged"] in (
                saved,
                saved + 1,
            ), "the event of this start was saved too when the damage showed after it"
            assert int(str(stats["last_sequence"])) >= len(ids)


async def test_one_bad_page_costs_what_lies_on_it(good: Path, tmp_path: Path) -> None:
    saved = []
    pages = (good / FILE_NAME).stat().st_size // PAGE_BYTES
    for page in range(8, pages, max(1, pages // 10)):
        folder = damaged(good, tmp_path / f"{page}")
        (folder / f"{FILE_NAME}-wal").unlink()
        with (folder / FILE_NAME).open("r+b") as file:
            file.seek(page * PAGE_BYTES)
            file.write(b"\xff" * PAGE_BYTES)
        ids, _, _ = await opened(folder)
        saved.append(len([i for i in ids if i.startswith("old")]))
    assert sorted(saved)[len(saved) // 2] >= EVENTS // 2 * 0.8


async def test_older_agent_does_not_damage_a_newer_store(good: Path, tmp_path: Path) -> None:
    """A store of a newer agent is not damaged by an older one."""
    folder = damaged(good, tmp_path / "x")
    with sqlite3.connect(folder / FILE_NAME) as db:
        db.execute(f"PRAGMA user_version = {VERSION + FAMILY}")
    await opened(folder)
    (aside,) = [p for p in folder.glob("*.corrupt-*") if not p.name.endswith(("-wal", "-shm"))]
    with sqlite3.connect(aside) as db:
        assert db.execute("SELECT count(*) FROM outbox").fetchone()[0] == EVENTS + 1


async def test_agent_taken_back_goes_on_with_newer_store(good: Path, tmp_path: Path) -> None:
    """An agent that was taken back goes on with the store of the newer one.

    What a newer version only added does no harm to an older one.
    """
    folder = damaged(good, tmp_path / "x")
    with contextlib.closing(sqlite3.connect(folder / FILE_NAME)) as db:
        number = db.execute("SELECT value FROM meta WHERE key = 'storeid'").fetchone()
        db.execute("CREATE TABLE of_tomorrow (x)")
        db.execute("ALTER TABLE outbox ADD COLUMN of_tomorrow TEXT")
        db.execute("ALTER TABLE lamp_log ADD COLUMN of_tomorrow TEXT")
        db.execute(f"PRAGMA user_version = {VERSION + 3}")
    ids, lost, _ = await opened(folder)
    assert lost == []
    assert len(ids) == EVENTS + 2
    assert not list(folder.glob("*.corrupt-*"))
    with contextlib.closing(sqlite3.connect(folder / FILE_NAME)) as db:
        assert db.execute("SELECT value FROM meta WHERE key = 'storeid'").fetchone() == number
        assert db.execute("PRAGMA user_version").fetchone()[0] == VERSION + 3, (
            "the newer one finds its own again"
        )


@pytest.mark.parametrize(("version", "vacuum"), [(1, "NONE"), (2, "INCREMENTAL"), (4, "INCREMENTAL")])
async def test_store_of_older_version_is_brought_up_to_date(
    good: Path, tmp_path: Path, version: int, vacuum: str
) -> None:
    """A store of an older version is brought up to date and loses nothing."""
    folder = damaged(good, tmp_path / "x")
    with contextlib.closing(sqlite3.connect(folder / FILE_NAME)) as db:
        if version < 3:
            db.execute("DROP TABLE verdicts")
        db.execute("DROP TABLE lamp_log")
        if version == 4:
            db.execute(
                "CREATE TABLE lamp_log (number INTEGER PRIMARY KEY, wall REAL NOT NULL, quality TEXT NOT"
                " NULL, data TEXT NOT NULL)"
            )
        db.commit()
        db.execute("PRAGMA journal_mode = DELETE")
        if version < 3:
            db.execute("PRAGMA page_size = 4096")
        db.execute(f"PRAGMA auto_vacuum = {vacuum}")
        db.execute("VACUUM")
        db.execute(f"PRAGMA user_version = {version}")
    for _ in range(2):  # once more: nothing is left to do
        ids, lost, _ = await opened(folder)
        assert lost == []
    assert len(ids) == EVENTS + 3
    with contextlib.closing(sqlite3.connect(folder / FILE_NAME)) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == VERSION
        assert db.execute("PRAGMA auto_vacuum").fetchone()[0] == 2, "incremental"
        assert db.execute("PRAGMA page_size").fetchone()[0] == PAGE_BYTES
        assert db.execute("SELECT count(*) FROM verdicts").fetchone()[0] == 0


def test_older_store_without_room_stays_as_it_is(good: Path, tmp_path: Path) -> None:
    """An older store that has no room to be rewritten goes on as it is."""
    folder = damaged(good, tmp_path / "x")
    with contextlib.closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA page_size = 4096")
        db.execute("VACUUM")
        for _ in range(4):  # some 600 bytes each: one to a small page, seven to a large one
            db.execute(
                "INSERT INTO outbox (id, kind, severity, data, monotonic, boot_id, wall, quality) SELECT id,"
                " kind, severity, substr(data || hex(zeroblob(200)), 1, 450), monotonic, boot_id, wall,"
                " quality FROM outbox"
            )
        count = db.execute("SELECT count(*) FROM outbox").fetchone()[0]
        db.execute("PRAGMA user_version = 2")
    # No file may grow beyond what is there: as on a full disk, but for this process only.
    program = (
        "import resource, sys; from pathlib import Path; from pole_agent.store.database import Database; path"
        " = Path(sys.argv[1]);resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 50_000,) * 2);"
        " database = Database(path, 64, str);print(len(database.list_events(1_000_000)),"
        " database.verdicts()); database.close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder / FILE_NAME)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.stdout.split() == [str(count), "{}"], done.stderr
    with contextlib.closing(sqlite3.connect(folder / FILE_NAME)) as db:
        assert db.execute("PRAGMA page_size").fetchone()[0] == 4096


def test_a_large_older_store_is_not_rewritten(tmp_path: Path) -> None:
    """A large older store is not rewritten and drops nothing.

    Small pages would not fit below the cap, and a slow card would take minutes.
    """
    path = tmp_path / FILE_NAME
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA page_size = 4096")
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.executescript(TABLES)
        db.execute("INSERT INTO meta VALUES ('storeid', 'x')")
        db.execute("BEGIN")
        row = ("i", "incident.closed", 0, json.dumps({"t": "x" * 490}), 0.0, "b", 1.79e9, "synced")
        columns = "id, kind, severity, data, monotonic, boot_id, wall, quality"
        db.executemany(f"INSERT INTO outbox ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [row] * 10_000)
        db.execute("COMMIT")
        db.execute("PRAGMA user_version = 2")
    size = path.stat().st_size
    database = Database(path, 8, str)
    event = RecordEvent("incident.closed", Severity.INFO, {}, 0.0)
    with database.transaction():
        database.append([Entry("new", event, Stamp(0.0, "b", 1.79e9, "synced"))])
    assert len(database.list_events(100_000)) == 10_001
    assert path.stat().st_size < size * 1.1
    database.close()


@pytest.mark.parametrize("wall", [-1.0, 1e15, 1.79e258])
async def test_a_time_that_fell_over_is_dropped_and_told(good: Path, tmp_path: Path, wall: float) -> None:
    folder = damaged(good, tmp_path / "x")
    with contextlib.closing(sqlite3.connect(folder / FILE_NAME)) as db:
        db.execute("UPDATE outbox SET wall = ? WHERE seq = 7", (wall,))
        db.commit()
    _, lost, _ = await opened(folder)
    assert [(d["ranges"], d["cause"]) for d in lost] == [([[7, 7]], "damaged")]


@pytest.mark.parametrize("column", ["id", "kind", "boot_id", "quality"])
@pytest.mark.parametrize("text", ["a\x1fb", "a\x1eb", 'a"b', "a\\"])
async def test_word_that_fell_over_blocks_nobody_and_is_told(
    good: Path, tmp_path: Path, column: str, text: str
) -> None:
    """A word that fell over blocks nobody and is told.

    Nothing checks a text on the disk. A separator or a quote in it would break what is read, or what is sent.
    """
    folder = damaged(good, tmp_path / "x")
    with sqlite3.connect(folder / FILE_NAME) as db:
        db.execute(f"UPDATE outbox SET {column} = ? WHERE seq = 7", (text,))

    async def work() -> tuple[list[int], list[dict[str, object]]]:
        store = new_store(folder, "new")
        store.start()
        values = {"source": "/smartpole/s/p", "prefix": TYPE_PREFIX, "storeid": "s"}
        outbound = [
            Outbound.read(r)
            for r in await store.read(lambda db: db.following(None, 10_000, DOCUMENT_SQL, **values))
        ]
        assert all(json.loads(event.text) for event in outbound)
        await store.tidy(1.0, {})
        told = [
            json.loads(s.data)
            for s in await store.read(lambda db: db.list_events(10_000))
            if s.kind == "outbox.dropped"
        ]
        await store.stop(5.0)
        return [event.seq for event in outbound], told

    sent, told = await work()
    assert sorted(sent) == [n for n in range(1, EVENTS + 2) if n != 7]
    assert [(d["ranges"], d["cause"]) for d in told] == [([[7, 7]], "damaged")]


def test_pole_starts_on_damaged_store_and_tells_city(
    good: Path, mosquitto: Mosquitto, agent: Callable[..., Any], bench: Callable[..., Path], tmp_path: Path
) -> None:
    """A pole starts on a damaged store and tells the city.

    A real process, a real broker: what can be read arrives, and the loss is told.
    """
    state = damaged(good, tmp_path / "state")
    (state / f"{FILE_NAME}-wal").unlink()
    with (state / FILE_NAME).open("r+b") as file:
        file.seek(60 * PAGE_BYTES)
        file.write(b"\xff" * 2 * PAGE_BYTES)
    city = City(mosquitto.port)
    try:
        agent(
            "run",
            "--config",
            str(bench(f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\ntls = false\n')),
            "--log-level",
            "error",
        )
        eventually(lambda: city.reports, 30)
        (report,) = city.reports
        assert "corrupt" in report["cause"]
        assert report["count"] is None, "nobody knows how many"
        eventually(
            lambda: len([i for i in city.names.values() if i.startswith("old")]) == report["salvaged"], 30
        )
        assert report["salvaged"] > EVENTS / 4
    finally:
        city.stop()
