"""The views that a regency asks first, on both databases, and the dataset with its metadata."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from city import dataset
from city.settings import DATASET
from city.store import Database

from tests.city.conftest import ID, SOURCE, event
from tests.city.test_duty import Scene
from tests.city.test_folding import OPENED
from tests.city.test_writer import message

ALL = "2000-01-01", "2100-01-01"


def local_hour(utc: str) -> str:
    return f"{datetime.fromisoformat(utc).astimezone():%Y-%m-%dT%H:00}"


@pytest.fixture
async def scene(db: Database, tmp_path: Path) -> Scene:
    """Two incidents of a rule in an hour and one in the next, traffic, a night, and a simulation beside."""
    await db.many(f"SET TIME ZONE '{datetime.now().astimezone():%Z}'", [()]) if "postgres" in str(
        db
    ) else None
    scene = Scene(db, tmp_path)
    times = ["2026-11-24T10:10:00.000Z", "2026-11-24T10:50:00.000Z", "2026-11-24T11:05:00.000Z"]
    opened = [
        event(n, "incident.opened", **OPENED | {"incident_id": ID.format(n), "rule": "=1+1"}, time=time,
              severity="alarm")
        for n, time in enumerate(times, 1)
    ]  # fmt: skip
    zones = [{"zone": "road", "entered": {"person": 3, "vehicle": 1}}, {"zone": "yard", "entered": {}}]
    traffic = [event(n, "traffic.summarized", zones=zones, time=times[0]) for n in (4, 5)]
    night = event(6, "lamp.summarized", night="2026-11-24", burn_h=9.353, energy_wh_estimated=361.2,
                  energy_wh_flat=720.0)  # fmt: skip
    played = event(7, "lamp.summarized", night="2026-11-24", burn_h=1.0) | {"simulation": True}
    await scene.writer.take([message(e) for e in (*opened, *traffic, night, played)])
    rows = [
        (SOURCE, ID.format(n), verdict, "rini", times[0], 1) for n, verdict in ((1, "false"), (2, "true"))
    ]
    await db.many("INSERT INTO verdicts VALUES ($1, $2, $3, $4, $5, $6)", rows)
    return scene


async def rows(db: Database, view: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row.values()) for row in await db.fetch(f"SELECT * FROM {view}"))


async def test_the_views(scene: Scene, db: Database) -> None:
    first, second = local_hour("2026-11-24T10:00:00Z"), local_hour("2026-11-24T11:00:00Z")
    assert await rows(db, "incidents_by_hour") == [
        (first, SOURCE, "=1+1", "alarm", "person", 2), (second, SOURCE, "=1+1", "alarm", "person", 1),
    ]  # fmt: skip
    assert await rows(db, "traffic_by_hour") == [
        (first, SOURCE, "road", "person", 6), (first, SOURCE, "road", "vehicle", 2),
    ]  # fmt: skip
    assert await rows(db, "light_by_night") == [("2026-11-24", SOURCE, 9.353, 361.2, 720.0)]
    assert await rows(db, "false_alarms") == [(SOURCE, "=1+1", 2, 1, 0.5)]


async def test_the_dataset_explains_every_column(scene: Scene, db: Database, tmp_path: Path) -> None:
    about = DATASET | {"producer": "Diskominfo", "area_code": "32.11"}
    counts = await dataset.write(db, tmp_path / "set", about, ALL, "2026-11-25T00:00:00.000Z")
    assert counts == {"incidents_by_hour": 2, "traffic_by_hour": 2, "light_by_night": 1}
    told = json.loads((tmp_path / "set" / "metadata.json").read_text())
    assert (told["producer"], told["licence"], told["area_code"]) == ("Diskominfo", "CC-BY-4.0", "32.11")
    assert told["period"] == {"from": ALL[0], "to": ALL[1]}
    for file in told["files"]:
        with (tmp_path / "set" / file["file"]).open(newline="") as lines:
            head, *found = csv.reader(lines)
        assert head == [field["name"] for field in file["fields"]]
        assert all(field["description"] and field["type"] for field in file["fields"])
        assert len(found) == counts[file["file"].removesuffix(".csv")]
    # What a pole wrote is no formula in a spreadsheet
    assert "'=1+1" in (tmp_path / "set" / "incidents_by_hour.csv").read_text()
    # Nothing in it is of one incident or one person
    assert ID.format(1) not in "".join(p.read_text() for p in (tmp_path / "set").iterdir())


async def test_a_period_has_both_its_days(scene: Scene, db: Database, tmp_path: Path) -> None:
    day = local_hour("2026-11-24T10:00:00Z")[:10]
    for period, count in (
        ((day, day), 1),
        (("2026-11-25", "2026-11-30"), 0),
        (("2026-11-01", "2026-11-23"), 0),
    ):
        counts = await dataset.write(db, tmp_path / "set", DATASET, period, "")
        assert counts["light_by_night"] == count


@pytest.mark.parametrize(
    ("value", "expected"),
    [("=x", "'=x"), ("-1", "'-1"), ("@a", "'@a"), ("a=b", "a=b"), (-1, -1), (None, None)],
)
def test_cells(value: object, expected: object) -> None:
    assert dataset.cell(value) == expected
