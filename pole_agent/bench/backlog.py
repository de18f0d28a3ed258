"""How fast a backlog drains, and whether a live alarm waits behind it. Used by bench; needs Mosquitto.

Everything is real: the store's file, the upload loop, the client, a broker on loopback.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pole_agent import compose
from pole_agent.clock import SystemClock
from pole_agent.context import Context
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.health.vitals import memory_mb
from pole_agent.loops.upload import WINDOW, Upload
from pole_agent.settings import Settings
from pole_agent.simulator.broker import mosquitto_on_loopback
from pole_agent.store.database import Database
from pole_agent.store.rows import Entry
from pole_agent.store.schema import FILE_NAME
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board
from pole_agent.uplink.broker import Broker
from pole_agent.uplink.events import CONTENT_TYPE, Message, encode, event_document, event_topic
from pole_agent.uplink.simulated import SimulatedBroker
from pole_agent.uuid7 import uuid7
from pole_agent.vocabulary import RecordEvent, Severity, Stamp

EVENTS, BACKLOG = 20_000, 100_000
PATIENCE_S = 120.0
MAX_MB = 512
BASE = "smartpole/bench/bench"
PATH = [
    [0.123, 0.456],
    [0.2, 0.45],
    [0.3, 0.44],
    [0.4, 0.43],
    [0.5, 0.42],
    [0.6, 0.41],
    [0.7, 0.4],
    [0.8, 0.39],
]


@dataclass(frozen=True, slots=True)
class Drained:
    """Messages a second from the store, and of the same client from memory."""

    rate: float
    from_memory: float


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Seconds from an alarm to its acknowledgement, with `waiting` events before it; growth of memory while
    they drain.
    """

    alarm_s: float
    waiting: int
    grown_mb: float


def drain(program: str) -> Drained:
    """From the store and from memory, in one process, in turn."""
    return Drained(**_in_a_process("drain", program))


def overtake(program: str) -> Overtaken:
    """An alarm behind a hundred thousand events."""
    return Overtaken(**_in_a_process("overtake", program))


def _in_a_process(what: str, program: str) -> dict[str, Any]:
    """Memory and garbage of the bench itself must not count."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, what, program], capture_output=True, text=True, check=True
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _new_id() -> str:
    return uuid7(time.time(), os.urandom)


def fill(folder: Path, count: int) -> None:
    """A store with so many closed incidents that wait."""
    database = Database(folder / FILE_NAME, MAX_MB, _new_id)
    for start in range(0, count, 500):
        with database.transaction():
            database.append([_entry(number) for number in range(start, min(count, start + 500))])
    database.close()


def _entry(number: int) -> Entry:
    data = {
        "incident_id": _new_id(),
        "rule": "somebody",
        "kind": "presence",
        "camera": "street",
        "zone": "crossing",
        "class": "person",
    }
    data |= {"track_ids": [number], "duration_s": 12.3, "peak": 1, "path": PATH, "end_reason": "left"}  # type: ignore[dict-item]
    event = RecordEvent("incident.closed", Severity.INFO, data, float(number))
    return Entry(_new_id(), event, Stamp(float(number), "bench", 1.79e9 + number, "synced"))


@contextlib.asynccontextmanager
async def _uplink(folder: Path, port: int) -> AsyncIterator[tuple[Store, Upload]]:
    clock = SystemClock()
    keeper = TimeKeeper(clock, "clip", "bench")
    store = Store(folder, MAX_MB, keeper.stamp, _new_id, batch_s=5.0)
    store.start()
    parts = Parts(store.record, clock.monotonic)
    context = Context(base=BASE, clock=clock, keeper=keeper, store=store, board=Board(), parts=parts)
    upload = Upload(context, _broker(port), asyncio.Queue(), random=lambda: 0.5, spread_s=1.0, version="0")
    running = asyncio.ensure_future(upload.run())
    try:
        yield store, upload
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await store.stop(5.0)


def _broker(port: int) -> Broker:
    pole = {"id": "bench", "site": "bench", "latitude": 0, "longitude": 0}
    settings = Settings.model_validate(
        {"pole": pole, "mqtt": {"host": "127.0.0.1", "port": port, "tls": False}}
    )
    broker = compose.broker_of(settings)
    assert broker is not None
    return SimulatedBroker(broker)


async def _drain(folder: Path, port: int) -> Drained:
    fill(folder, EVENTS)
    database = Database(folder / FILE_NAME, MAX_MB, _new_id, read_only=True)
    messages = [
        Message(
            event_topic(BASE, stored.kind),
            encode(event_document(BASE, database.store_id, stored)),
            content_type=CONTENT_TYPE,
        )
        for stored in database.list_events(EVENTS)
    ]
    database.close()
    gc.collect()
    gc.freeze()  # what the bench holds is not to be searched for garbage
    before = await _from_memory(messages, port)
    async with _uplink(folder, port) as (_, upload):
        begun = time.perf_counter()
        while not upload.sent_events and time.perf_counter() < begun + PATIENCE_S:
            await asyncio.sleep(0.001)
        begun, first = time.perf_counter(), upload.sent_events
        while upload.sent_events < EVENTS and time.perf_counter() < begun + PATIENCE_S:
            await asyncio.sleep(0.005)
        rate = (upload.sent_events - first) / (time.perf_counter() - begun)
    # Before and after: a machine is not equally fast from one second to the next.
    return Drained(rate, (before + await _from_memory(messages, port)) / 2)


async def _from_memory(messages: Sequence[Message], port: int) -> float:
    """The rate of the bare client."""
    async with _broker(port).connect(Message(f"{BASE}/status", b"{}"), BASE) as session:
        begun, left = time.perf_counter(), iter(messages)

        async def send() -> None:
            for message in left:
                await session.publish(message)

        await asyncio.gather(*(send() for _ in range(WINDOW)))
        return len(messages) / (time.perf_counter() - begun)


async def _overtake(folder: Path, port: int) -> Overtaken:
    fill(folder, BACKLOG)
    async with _uplink(folder, port) as (store, upload):
        begun = time.perf_counter()
        while upload.sent_events < 1000 and time.perf_counter() < begun + PATIENCE_S:
            await asyncio.sleep(0.005)
        before, waiting = memory_mb() or 0.0, BACKLOG - upload.sent_events
        begun = time.perf_counter()
        store.record(
            RecordEvent("incident.opened", Severity.ALARM, {"incident_id": _new_id()}, time.monotonic())
        )
        while "incident.opened" not in upload.sent()["events"] and time.perf_counter() < begun + PATIENCE_S:
            await asyncio.sleep(0.001)
        alarm_s = time.perf_counter() - begun
        grown = 0.0
        while upload.sent_events < BACKLOG and time.perf_counter() < begun + PATIENCE_S:
            await asyncio.sleep(0.05)
            grown = max(grown, (memory_mb() or 0.0) - before)
        return Overtaken(alarm_s, waiting, grown)


def main(what: str, program: str) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="pole-agent-bench-") as scratch,
        mosquitto_on_loopback(program, Path(scratch), None) as port,
    ):
        folder = Path(scratch) / "state"
        folder.mkdir()
        result: Drained | Overtaken = (
            asyncio.run(_drain(folder, port)) if what == "drain" else asyncio.run(_overtake(folder, port))
        )
        print(json.dumps(asdict(result)))


if __name__ == "__main__":
    main(*sys.argv[1:3])
