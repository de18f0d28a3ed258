"""Field failure 4: the same configuration pushed a hundred times, while the broker is away.

The queue is untouched.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pole_agent.bench.backlog import fill
from pole_agent.store.database import Database
from tests.conftest import Mosquitto, eventually
from tests.faults.kills import City

PUSHES, EVENTS = 100, 500


@pytest.mark.timeout(180)
def test_a_hundred_pushes_leave_the_queue_as_it_is(
    mosquitto: Mosquitto, agent: Callable[..., Any], bench: Callable[..., Path], tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    fill(state, EVENTS)

    def waiting() -> tuple[str, set[int]]:
        database = Database(state / "pole.db", 64, str, read_only=True)
        try:
            return database.store_id, {s.seq for s in database.list_events(100_000) if s.delivered is None}
        finally:
            database.close()

    store, numbers = waiting()
    city = City(mosquitto.port)
    mosquitto.stop()
    try:
        config = bench(f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\ntls = false\n')
        process = agent("run", "--config", str(config))
        ready = threading.Semaphore(0)

        def read() -> None:
            for line in process.stderr:
                if "running; control socket" in line:
                    ready.release()

        threading.Thread(target=read, daemon=True).start()
        assert ready.acquire(timeout=20)
        for _ in range(PUSHES):
            process.send_signal(signal.SIGHUP)
            assert ready.acquire(timeout=20), "the next runtime runs"
        assert process.poll() is None
        same, left = waiting()
        assert same == store
        assert left >= numbers, "every event that waited waits"
        mosquitto.start()
        eventually(lambda: city.has(store) >= numbers, 90)
        assert not city.dropped
        assert not city.contradictions
    finally:
        city.stop()
