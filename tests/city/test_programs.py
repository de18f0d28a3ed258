"""The writer against a real broker: killed, cut off, and asking a pole for what is missing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from city.asking import Asking
from city.link import Broker, Link
from city.store import Database
from city.writer import Writer, wishes
from paho.mqtt.enums import CallbackAPIVersion

from tests.city.conftest import SOURCE, event
from tests.conftest import ROOT, Mosquitto, eventually

pytestmark = pytest.mark.mosquitto
BASE = SOURCE[1:]


@contextlib.contextmanager
def pole(port: int) -> Iterator[paho.Client]:
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def publish(client: paho.Client, found: dict[str, Any]) -> None:
    topic = f"{BASE}/events/{found['type'].removeprefix('smartpole.').replace('.', '/')}"
    client.publish(topic, json.dumps(found), qos=1).wait_for_publish(10)


def city_in(folder: Path, command: str) -> subprocess.Popen[bytes]:
    with (folder / "out").open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "city", command, "--folder", str(folder)],
            env=os.environ | {"PYTHONPATH": str(ROOT / "docs" / "examples")},
            stdout=out,
            stderr=out,
        )


def test_nothing_is_lost_when_the_writer_is_killed(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """kill -9 in the middle, events while it is down, and a second start: each event once, none missing."""
    file = tmp_path / "city.db"
    (tmp_path / "city.toml").write_text(
        f'database = "sqlite:{file}"\n[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\n'
    )

    def stored() -> int:
        with contextlib.closing(sqlite3.connect(file)) as db, contextlib.suppress(sqlite3.OperationalError):
            return int(db.execute("SELECT count(*) FROM events").fetchone()[0])
        return 0

    writer = city_in(tmp_path, "writer")
    try:
        eventually(file.exists, 20)
        with pole(mosquitto.port) as client:
            number = 0
            while stored() == 0:  # it listens now
                number += 1
                publish(client, event(number))
            for further in range(200):
                number += 1
                publish(client, event(number))
                if further == 100:
                    writer.send_signal(signal.SIGKILL)
                    writer.wait()
            writer = city_in(tmp_path, "writer")
            for _ in range(50):
                number += 1
                publish(client, event(number))
        eventually(lambda: event(number)["id"] in last_id(file), 30)
        spans = ranges(file)
        assert spans[-1][1] == number
        # What was said before the writer first listened is the only thing that it cannot know
        assert len(spans) == 1
        assert stored() == number - spans[0][0] + 1
        verify = city_in(tmp_path, "verify")
        assert verify.wait(20) == (0 if spans[0][0] == 1 else 1)
    finally:
        writer.kill()
        writer.wait()


def last_id(file: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(file)) as db:
        return {row[0] for row in db.execute("SELECT id FROM events ORDER BY sequence DESC LIMIT 1")}


def ranges(file: Path) -> list[tuple[int, int]]:
    with contextlib.closing(sqlite3.connect(file)) as db:
        return db.execute("SELECT first, last FROM ranges ORDER BY first").fetchall()


@pytest.fixture
async def running(db: Database, mosquitto: Mosquitto) -> AsyncIterator[Writer]:
    link = Link(Broker(port=mosquitto.port), "city-test", wishes("smartpole"), session=True)
    writer = Writer(db, link, "smartpole", Asking(patience_s=0.2, apart_s=0.1))
    link.start()
    task = asyncio.create_task(writer.run())
    async with asyncio.timeout(10):
        await link.connected.wait()
    yield writer
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    link.stop()


async def until(condition: Any, within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not await condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_a_gap_is_asked_for_and_healed(running: Writer, mosquitto: Mosquitto) -> None:
    """Events that nobody delivered are seen as missing, the pole is asked, and they are there."""
    asked: list[dict[str, Any]] = []
    with pole(mosquitto.port) as client:

        def on_resend(c: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
            wanted = json.loads(message.payload)
            asked.append(wanted)
            for number in range(wanted["from"], wanted["to"] + 1):
                found = event(number, replayed=True)
                c.publish(f"{BASE}/events/lamp/resumed", json.dumps(found), qos=1)

        client.on_message = on_resend
        client.subscribe(f"{BASE}/outbox/resend", qos=1)
        state = {"state": "online", "storeid": "store-1", "sequence": 9}
        client.publish(f"{BASE}/status", json.dumps(state), qos=1, retain=True)

        async def heard() -> bool:
            client.publish(f"{BASE}/events/lamp/resumed", json.dumps(event(3)), qos=1)
            book = (await running.books()).get((SOURCE, "store-1"))
            return book is not None and len(book.ranges) > 0

        await until(heard)

        async def complete() -> bool:
            return (await running.books())[SOURCE, "store-1"].ranges.spans == [(1, 9)]

        await until(complete)
    assert {(a["from"], a["to"]) for a in asked} == {(1, 2), (4, 9)}
    assert all(a["storeid"] == "store-1" and a["by"] == "city" for a in asked)


async def test_the_last_words_of_a_pole_are_kept(running: Writer, db: Database, mosquitto: Mosquitto) -> None:
    with pole(mosquitto.port) as client:
        client.publish(f"{BASE}/info", json.dumps({"name": "Jl. A"}), qos=1, retain=True)

    async def kept() -> bool:
        rows = await db.fetch("SELECT document FROM states WHERE path = 'info'")
        facts = await db.fetch("SELECT value FROM facts WHERE name = 'writer'")
        return bool(rows) and json.loads(rows[0]["document"])["name"] == "Jl. A" and bool(facts)

    await until(kept)
