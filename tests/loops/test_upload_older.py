"""A store that an older agent wrote: the next one opens it and sends all of it. The files were written by the
code of their time, one commit for each version of the schema (tests/store/older).
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from pole_agent.store.schema import VERSION
from tests.loops.test_upload import Pole, running

OLDER = Path(__file__).parents[1] / "store" / "older"


def written(folder: Path, version: int) -> str:
    """pole.db as it was left then; returns the name of the store."""
    with contextlib.closing(sqlite3.connect(folder / "pole.db", isolation_level=None)) as db:
        db.executescript((OLDER / f"version-{version}.sql").read_text())
        return str(db.execute("SELECT value FROM meta WHERE key = 'storeid'").fetchone()[0])


def test_each_version_has_a_file() -> None:
    """Whoever adds one writes a file with the code before."""
    assert sorted(p.stem for p in OLDER.glob("*.sql")) == [f"version-{n}" for n in range(1, VERSION + 1)]


@pytest.mark.parametrize("version", range(1, VERSION + 1))
async def test_an_older_store_drains(version: int, tmp_path: Path) -> None:
    """What waited goes out once, gravest first, under its name and its numbers; what was delivered does not.
    The next event has the next number, and all else is there.
    """
    name = written(tmp_path, version)
    pole = Pole(tmp_path)
    async with running(pole):
        await pole.until(lambda: pole.upload.sent_events == 6)
        pole.record(99)
        await pole.until(lambda: pole.upload.sent_events == 7)
        sent = [json.loads(m.payload) for m in pole.city.taken if "/events/" in m.topic]
        assert [(e["id"], int(e["sequence"])) for e in sent[:6]] == [
            ("old-3", 3),
            ("old-6", 6),
            ("old-2", 2),
            ("old-5", 5),
            ("old-7", 7),
            ("old-4", 4),
        ]
        assert (int(sent[6]["sequence"]), sent[6]["data"]) == (8, {"n": 99})
        assert {e["storeid"] for e in sent} == {name}
        await pole.pass_time(1.0)
        assert await pole.delivered() == list(range(1, 9))
        found = await pole.store.read(
            lambda db: (
                [(i["incident_id"], i["rule"], i["silent"]) for i in db.open_incidents()],
                db.load_requests(),
                db.get("word"),
                db.stats()["dropped"],
            )
        )
        assert found == (
            [("i-1", "yard", False), ("i-2", "gate", True)],
            ['{"request_id":"r-1"}'],
            "kept",
            0,
        )
    assert not list(tmp_path.glob("*.corrupt-*"))
