"""Files that are set aside, starts that were cut short, and the end of a store that is told once."""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
import time
from pathlib import Path

import pytest

from pole_agent.store import witness
from pole_agent.store.recovery import Recovery
from pole_agent.store.witness import Witness
from pole_agent.vocabulary import Stamp
from tests.store.test_worker import add, made, opened, retry


def recovery(folder: Path) -> Recovery:
    return Recovery(folder / "pole.db", 16, lambda at: Stamp(at, "boot", at, "synced"), lambda: "e")


def test_only_the_last_file_is_kept(tmp_path: Path) -> None:
    """A bad file goes with its log; the ones before it go, they would fill the disk; it is said under which
    name it lies.
    """
    for name in ("pole.db.corrupt-1", "pole.db.corrupt-1-wal", "pole.db.corrupt-22", "other.corrupt-1"):
        (tmp_path / name).write_text("old")
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"pole.db{suffix}").write_text(f"now{suffix}")
    begun = int(time.time())
    one = recovery(tmp_path)
    one.condemn()
    name = one.set_aside
    assert begun <= int(name.removeprefix("pole.db.corrupt-")) <= time.time()
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {
        "other.corrupt-1": "old",
        name: "now",
        f"{name}-wal": "now-wal",
        f"{name}-shm": "now-shm",
    }


def test_what_was_saved_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file with a page that fell over: the log names it, what was saved and which store goes on; the events
    go on too.
    """
    caplog.set_level(logging.WARNING)
    first = made(tmp_path)
    add(first, 3)
    first.commit()
    first.close()
    caplog.clear()
    with contextlib.closing(sqlite3.connect(tmp_path / "pole.db")) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'outbox_way_out'"
        ).fetchone()
    with (tmp_path / "pole.db").open("r+b") as file:
        file.seek((page - 1) * 1024)
        file.write(b"\xff" * 1024)
    database = opened(made(tmp_path))
    said = [r.getMessage() for r in caplog.records]
    assert "it is set aside and a new one is started" in said[0]
    assert (
        said[1] == f"store: {first.witness.store_id} was lost (corrupt: the old file was set aside as "
        f"{next(tmp_path.glob('pole.db.corrupt-*')).name}); continuing with {database.store_id}"
    )
    assert said[2:] == ["store: 3 events that waited were saved from the damaged file"]
    assert [r.event_id for r in database.waiting(9, frozenset()) if r.kind != "outbox.dropped"] == ["id"] * 3
    database.close()


META = "SELECT rootpage FROM sqlite_master WHERE name = 'meta'"


@pytest.mark.parametrize("damage", ["a name in the schema", "the key of the storeid"])
def test_a_damage_that_hides_in_an_error_is_a_damage(damage: str, tmp_path: Path) -> None:
    """SQLite's words on a broken schema hold its broken bytes; a key that fell over is not there."""
    first = made(tmp_path)
    add(first, 3)
    first.commit()
    first.close()
    file = tmp_path / "pole.db"
    blob = bytearray(file.read_bytes())
    with contextlib.closing(sqlite3.connect(file)) as connection:
        (page,) = connection.execute(META).fetchone()
    if damage == "a name in the schema":
        blob = blob.replace(b"CREATE TABLE meta", b"CREATE TA\xe7\xe7\xe7 meta")
    else:
        start = (page - 1) * 1024
        blob[start : start + 1024] = blob[start : start + 1024].replace(b"storeid", b"stopeid")
    assert bytes(blob) != file.read_bytes()
    file.write_bytes(blob)
    database = opened(made(tmp_path))
    assert next(tmp_path.glob("pole.db.corrupt-*")).exists()
    assert [r.kind for r in database.waiting(9, frozenset())].count("outbox.dropped") == 1
    database.close()


@pytest.mark.parametrize("there", [True, False])
def test_a_log_beside_no_file_is_read(there: bool, tmp_path: Path) -> None:
    """Gone or empty, the file: what its log holds goes on; when that is not all, the cause says which of the
    two it was.
    """
    home, away = tmp_path / "home", tmp_path / "away"
    first = made(home)
    add(first, 3)
    first.commit()
    for folder in (home, away):
        folder.mkdir(exist_ok=True)
        if folder == away:
            for name in ("pole.db-wal", "pole.witness"):
                (away / name).write_bytes((home / name).read_bytes())
    assert first.database is not None
    name = first.witness.store_id
    first.database.close()
    if there:
        (away / "pole.db").touch()
    second = made(away)
    assert [r.event_id for r in opened(second).list_events(9)] == ["id"] * 3
    assert second.witness.store_id == name
    assert second.recovery._emptied == ("store_empty" if there else "store_missing")
    assert second.database is not None
    second.database.close()


@pytest.mark.parametrize("there", [True, False])
def test_an_empty_log_beside_no_file_says_nothing(there: bool, tmp_path: Path) -> None:
    """A start that was cut short left it: nothing is told."""
    witness.write(tmp_path / "pole.witness", Witness())
    (tmp_path / "pole.db-wal").touch()
    if there:
        (tmp_path / "pole.db").touch()
    worker = made(tmp_path)
    database = opened(worker)
    assert database.list_events(9) == []
    assert (worker.recovery._emptied, worker.recovery.set_aside) == ("", "")
    database.close()


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
    cut = recovery(tmp_path)
    cut._before, cut._was_there = cut._witnessed(), there
    cut._prepare()
    assert witness.read(tmp_path / "pole.witness") == after
    if seen is None:
        (tmp_path / "pole.db").touch()  # the power is cut in the middle of making the tables
    database = opened(made(tmp_path))
    assert [json.loads(r.data)["cause"] for r in database.list_events(9)] == told
    database.close()


def test_a_loss_that_could_not_be_told_is_told_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The end of a store is found once; if telling fails by mistake, the next try tells it, once, with what
    it was.
    """
    first = made(tmp_path)
    add(first, 3)
    first.commit()
    first.close()
    (tmp_path / "pole.db").unlink()
    names = iter(["", "e-1", "e-2"])

    def new_id() -> str:
        return next(names) or str(1 / 0)

    worker = made(tmp_path, new_id)
    worker.commit()
    assert worker.recovery.taken_up is False
    retry(worker)
    add(worker)
    database = opened(worker)
    ended = first.witness.store_id
    assert [r.data for r in database.list_events(9)] == [
        f'{{"ranges":[[1,3]],"count":3,"cause":"store_missing","exact":true,"storeid":"{ended}"}}',
        "{}",
    ]
    said = f"store: {ended} was lost (store_missing); continuing with {database.store_id}"
    assert caplog.messages[-1] == said
    assert (worker.recovery._end, worker.began) == (None, 1)
    database.close()
