"""What ends when, by type; and that the proof does not end with it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from city import retention
from city import store as tables
from city.reading import rfc3339
from city.retention import DAY_S, DAYS, LEAST_DAYS, read_days
from city.settings import SettingsError, load
from city.store import Database

from tests.city.conftest import SOURCE, event
from tests.city.test_duty import NOW, Scene
from tests.city.test_writer import message

KINDS = {"incident": "incident.summarized", "traffic": "traffic.summarized", "lamp": "lamp.resumed",
         "drone": "drone.changed", "command": "command.accepted", "page": "page.viewed",
         "health": "health.degraded", "other": "pole.commissioned"}  # fmt: skip


async def test_each_type_ends_at_its_time(db: Database, tmp_path: Path) -> None:
    scene = Scene(db, tmp_path)
    days = {name: LEAST_DAYS + number for number, name in enumerate(DAYS)}
    scene.clock.wall = NOW
    await scene.writer.take([message(event(n, kind)) for n, kind in enumerate(KINDS.values(), 1)])
    left = set(KINDS.values())
    for name, kind in sorted(KINDS.items(), key=lambda item: days[item[0]]):
        limit = NOW + days[name] * DAY_S
        await retention.purge(db, days, limit - 1)
        assert {row["kind"] for row in await db.fetch("SELECT kind FROM events")} == left
        await retention.purge(db, days, limit + 1)
        left.remove(kind)
        assert {row["kind"] for row in await db.fetch("SELECT kind FROM events")} == left
    book = (await tables.known_books(db))[SOURCE, "store-1"]
    assert (book.ranges.spans, book.gaps()) == ([(1, len(KINDS))], [])


async def test_what_waits_at_the_desk_stays(db: Database, tmp_path: Path) -> None:
    scene = Scene(db, tmp_path)
    await scene.alarm(1)
    (case,) = await scene.tick(1.0)
    await scene.duty.audit("rini", "x", "y")
    await scene.writer.take([message(b"{", "smartpole/test/T-1/events/a/b")])
    await retention.purge(db, DAYS, NOW + 100 * 365 * DAY_S)
    assert [row["id"] for row in await db.fetch("SELECT id FROM cases")] == [case.id]
    for table in ("events", "incidents", "audit", "aside"):
        assert await db.fetch(f"SELECT 1 FROM {table}") == []


async def test_the_desk_does_it_by_itself(db: Database, tmp_path: Path) -> None:
    scene = Scene(db, tmp_path)
    await scene.writer.take([message(event(1))])
    await scene.tick(DAYS["lamp"] * DAY_S - 1)
    assert len(await db.fetch("SELECT 1 FROM events")) == 1
    await scene.tick(3601.0)
    assert await db.fetch("SELECT 1 FROM events") == []


@pytest.mark.parametrize("table", [{"incident": 3}, {"incident": 1.5}, {"incident": True}, {"incidents": 9}])
def test_what_is_no_retention(table: dict[str, Any]) -> None:
    """Less than the poles resend would come back."""
    with pytest.raises(ValueError, match=r"retention\."):
        read_days(table)
    assert read_days({"incident": 4})["incident"] == 4


@pytest.mark.parametrize(
    "text", ["[", "x = 1", "[mqtt]\nhosts = 1", "[board]\nport = 0", "[desk]\ncommand = 'ls'", "mqtt = 1",
             "[desk]\nescalate_s = [1]", "[retention]\nx = 9"],
)  # fmt: skip
def test_settings_that_are_wrong_name_their_key(tmp_path: Path, text: str) -> None:
    (tmp_path / "city.toml").write_text(text)
    with pytest.raises(SettingsError):
        load(tmp_path)


def test_the_first_settings_are_the_defaults(tmp_path: Path) -> None:
    from city.settings import FIRST

    (tmp_path / "city.toml").write_text(FIRST.read_text())
    empty = tmp_path / "empty"
    empty.mkdir()
    written, default = load(tmp_path), load(empty)
    for name in (
        "database",
        "broker",
        "host",
        "port",
        "escalate_s",
        "command",
        "days",
        "dataset",
        "own_broker",
    ):
        assert getattr(written, name) == getattr(default, name), name
    assert rfc3339(0.0) == "1970-01-01T00:00:00.000Z"
    assert sqlite3.sqlite_version_info >= (3, 24)  # ON CONFLICT
