"""The restore drill: every row comes back, also in the other database; half a backup changes nothing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from city import archive, desk
from city import store as tables
from city.archive import TABLES, ArchiveError
from city.store import Database, connect

from tests.city.conftest import ID, emptied, event
from tests.city.test_duty import Scene
from tests.city.test_writer import message


async def everything(db: Database) -> dict[str, list[dict[str, Any]]]:
    return {
        table: [dict(row) for row in await db.fetch(f"SELECT * FROM {table} ORDER BY {', '.join(keys)}")]
        for table, keys in TABLES.items()
    }


async def lived_in(db: Database, folder: Path) -> Scene:
    """A city with something in every table, and pages that are full."""
    scene = Scene(db, folder)
    found = [message(event(number)) for number in range(100, 100 + 2 * archive.PAGE)]
    await scene.writer.take([*found, message(b"{", "smartpole/test/T-1/events/a/b")])
    await scene.keeper.take_over()
    await scene.state("/smartpole/test/T-1", "status", {"state": "online"})
    await scene.alarm(1)
    (case,) = await scene.tick(1.0)
    await scene.duty.keep([desk.finished(case, "rini", scene.clock.wall, "true")])
    await scene.duty.judge(case, "true", "rini")
    await scene.duty.audit("rini", "done", "“ß” 😀")
    request = {"request_id": ID.format(7), "state": "denied"}
    await scene.writer.take([message(request, "smartpole/test/T-1/drone/request")])
    return scene


async def test_a_drill_loses_no_row(db: Database, tmp_path: Path) -> None:
    scene = await lived_in(db, tmp_path)
    before, books = await everything(db), await tables.known_books(db)
    assert all(before.values()), [table for table, rows in before.items() if not rows]
    file = tmp_path / "backup.gz"
    counts = await archive.backup(db, file)
    assert counts == {table: len(rows) for table, rows in before.items()}
    assert file.stat().st_mode & 0o777 == 0o600
    other = await connect(f"sqlite:{tmp_path / 'restored.db'}")
    assert await archive.restore(other, file) == counts
    assert await everything(other) == before
    assert [(k, b.ranges.spans) for k, b in (await tables.known_books(other)).items()] == [
        (k, b.ranges.spans) for k, b in books.items()
    ]
    await emptied(db)  # and back again, into the first kind of database
    await archive.restore(db, file)
    assert await everything(db) == before
    with pytest.raises(ArchiveError, match="not empty"):
        await archive.restore(db, file)
    assert await scene.tick(1.0) == []
    await other.close()


@pytest.mark.parametrize(
    "damage", ["cut", "byte", "row", "end", "format", "column", "table", "text", "absent"]
)
async def test_half_a_backup_changes_nothing(db: Database, tmp_path: Path, damage: str) -> None:
    file = tmp_path / "backup.gz"
    await lived_in(db, tmp_path)
    await archive.backup(db, file)
    whole, lines = file.read_bytes(), gzip.decompress(file.read_bytes()).decode().splitlines()
    row = json.loads(lines[5])
    damaged: dict[str, bytes | list[str]] = {
        "cut": whole[: len(whole) // 2],
        "byte": whole[:300] + b"\0\0\0\0" + whole[304:],
        "row": lines[:7] + lines[8:],
        "end": lines[:-1],
        "format": ['{"format": "other"}', *lines[1:]],
        "column": [*lines[:5], json.dumps([row[0], row[1] | {"x) --": 1}]), *lines[6:]],
        "table": [*lines[:5], json.dumps(["sqlite_master", row[1]]), *lines[6:]],
        "text": b"no backup at all",
    }
    changed = damaged.get(damage, b"")
    if damage == "absent":
        file.unlink()
    else:
        file.write_bytes(
            changed if isinstance(changed, bytes) else gzip.compress("\n".join(changed).encode())
        )
    other = await connect(f"sqlite:{tmp_path / 'restored.db'}")
    with pytest.raises((ArchiveError, tables.StoreError)):
        await archive.restore(other, file)
    assert not any((await everything(other)).values())
    await other.close()


async def test_a_backup_that_fails_leaves_the_last_one(db: Database, tmp_path: Path) -> None:
    file = tmp_path / "backup.gz"
    file.write_bytes(b"the last one")
    await db.many("ALTER TABLE audit RENAME TO away", [()])
    with pytest.raises(tables.StoreError):
        await archive.backup(db, file)
    await db.many("ALTER TABLE away RENAME TO audit", [()])
    assert file.read_bytes() == b"the last one"
    assert [p.name for p in tmp_path.glob(".backup*")] == []
