"""Field failure 7: 100 000 rows, a live word of more weight, and poison that the broker refuses.

A real process, a real Mosquitto.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pole_agent.bench.backlog import fill
from pole_agent.store.database import Database
from pole_agent.store.rows import Entry
from pole_agent.vocabulary import RecordEvent, Severity, Stamp
from tests.conftest import Mosquitto, eventually
from tests.faults.kills import City
from tests.faults.local import health

LARGEST = 20_000
POISON = ("too-large", "forbidden")


def poison(folder: Path) -> dict[str, int]:
    """Two events that no broker takes: one is too large, the other has a topic without rights.

    They stand before all others.
    """
    database = Database(folder / "pole.db", 512, lambda: "e")
    stamp = Stamp(0.0, "bench", 1.79e9, "synced")
    with database.transaction():
        for name, kind, size in (
            (POISON[0], "incident.opened", LARGEST),
            (POISON[1], "lamp.fault_opened", 1),
        ):
            database.append([Entry(name, RecordEvent(kind, Severity.ALARM, {"t": "x" * size}, 0.0), stamp)])
    numbers = {s.event_id: s.seq for s in database.list_events(1_000_000) if s.event_id in POISON}
    database.close()
    return numbers


def memory_kb(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


@pytest.mark.timeout(240)
@pytest.mark.parametrize("rows", [15_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_live_word_leaves_first_poison_blocks_nobody(
    rows: int,
    mosquitto_with: Callable[[str], Mosquitto],
    agent: Callable[..., Any],
    bench: Callable[..., Path],
    tmp_path: Path,
) -> None:
    """A live word leaves first poison blocks nobody and memory stays flat."""
    acl = tmp_path / "acl"
    acl.write_text("topic readwrite smartpole/#\ntopic deny smartpole/test/T-1/events/lamp/#\n")
    broker = mosquitto_with(f"max_packet_size {LARGEST}\nacl_file {acl}")
    state = tmp_path / "state"
    state.mkdir()
    fill(state, rows)
    numbers = poison(state)
    store_id = Database(state / "pole.db", 512, str, read_only=True).store_id
    city = City(broker.port)
    try:
        process = agent(
            "run",
            "--config",
            str(bench(f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\ntls = false\n')),
            "--log-level",
            "error",
        )
        eventually(lambda: city.count(store_id) > 1000, 60)
        before = memory_kb(process.pid)
        # Refused, and told with a warning's weight
        city._client.publish("smartpole/test/T-1/lamp/set", b'{"level": 7}', 1)
        eventually(lambda: any(number > rows + 2 for number in city.has(store_id)), 20, 0.005)
        assert city.count(store_id) < rows / 2, "most of the backlog still waits"
        peaks = []

        def drained() -> bool:
            peaks.append(memory_kb(process.pid))
            return city.count(store_id) > rows

        eventually(drained, 120, 0.2)
        most = max(peaks)
        assert city.has(store_id) >= set(range(1, rows + 1))
        assert most - before <= 10_000, f"{most - before} KB more while it drains"
        assert not city.has(store_id) & set(numbers.values())
        # The two are kept, and tried again later. The last marks of what was delivered go along with the next
        # commit, or a minute later.
        eventually(lambda: health(state / "control.sock")["outbox"]["waiting"] == {"alarm": 2}, 75)
        told = health(state / "control.sock")
        assert told["parts"]["events"]["state"] == "degraded"
        assert "the broker refused" in json.dumps(told["parts"]["events"])
    finally:
        city.stop()
