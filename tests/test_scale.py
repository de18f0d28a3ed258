"""scripts/scale.py: what it says follows from what it read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import scale

from tests.conftest import ROOT

SAMPLES = sorted((ROOT / "docs" / "samples").glob("events-*.json"))


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Two forms of the same stream: a receiver's events, and the lines of mosquitto_sub."""
    events = [json.loads(path.read_text()) for path in SAMPLES] * 3
    health = json.loads((ROOT / "docs" / "samples" / "health.json").read_text())
    lines = [json.dumps(event) for event in events]
    lines += [json.dumps({"topic": "smartpole/sumedang/DEMO-1/health", "payload": health})]
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def run(*arguments: object) -> str:
    command = [sys.executable, str(ROOT / "scripts" / "scale.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def cells(table: str, row: str) -> list[float]:
    (line,) = (line for line in table.splitlines() if line.startswith(f"| {row} |"))
    return [float(cell.split()[0].rstrip("%")) for cell in line.split("|")[2:-1]]


def test_packing_is_measured(recorded: Path) -> None:
    """A batch saves nothing without compression, compression more with a larger batch."""
    table = run("gain", recorded)
    assert f"{3 * len(SAMPLES)} events of 2 poles" in table
    plain, packed = cells(table, "JSON"), cells(table, "zlib")
    assert plain[0] == pytest.approx(plain[1], rel=0.02)
    assert packed[0] > packed[1] > packed[2]
    assert cells(table, "zlib, the samples as dictionary")[0] < packed[0]


def test_a_recorded_day_is_taken_apart(recorded: Path) -> None:
    """Every message is counted once, with its topic."""
    table = run("day", recorded)
    assert cells(table, "health")[0] == 1
    assert cells(table, "events/lamp/fault_opened (warning)")[0] == 3
    messages = list(scale.messages(recorded))
    assert f"| all | {len(messages)} | | {sum(len(t) + len(p) for t, p in messages) / 1e6:.2f} | | " in table


def test_what_is_shared_is_said_once() -> None:
    """Columns hold every value of every event."""
    events = [json.loads(path.read_text()) for path in SAMPLES]
    said = scale.columns(events)
    assert said["shared"]["specversion"] == "1.0"
    rows = sum(len(rows) for _, _, rows in said["rows"])
    assert rows == len(events)
    (keys, row), *_ = [(k, r[0]) for kind, k, r in said["rows"] if kind == "smartpole.lamp.fault_opened"]
    assert dict(zip(keys, row, strict=True))["fault"] == "lamp_failure"


def test_a_fleet_adds_up() -> None:
    """The day of a thousand busy poles has as many events as they have objects."""
    said = run("fleet", "--poles", 1000)
    (line,) = (line for line in said.splitlines() if "events a day" in line)
    assert int(line.split()[-1].replace(",", "")) == pytest.approx(10_000_000, rel=0.001)
