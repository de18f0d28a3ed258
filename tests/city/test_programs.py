"""The writer against a real broker: killed, cut off, and asking a pole for what is missing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from city.asking import Asking
from city.cluster import usable
from city.link import Broker, Link
from city.store import Database, connect
from city.writer import wishes
from paho.mqtt.enums import CallbackAPIVersion

from tests.city.conftest import SOURCE, City, event, own_cluster
from tests.conftest import ROOT, Mosquitto, eventually, free_port

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


def publish(client: paho.Client, found: dict[str, Any]) -> bool:
    """Until the broker has it. False, for those who try again."""
    topic = f"{BASE}/events/{found['type'].removeprefix('smartpole.').replace('.', '/')}"
    client.publish(topic, json.dumps(found), qos=1).wait_for_publish(10)
    return False


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
        eventually(lambda: ranges(file)[-1][1] == number)  # the keeper takes it over after the commit
        spans = ranges(file)
        # What was said before the writer first listened is the only thing that it cannot know
        assert len(spans) == 1
        assert stored() == number - spans[0][0] + 1
        verify = city_in(tmp_path, "verify")
        assert verify.wait(20) == (0 if spans[0][0] == 1 else 1)
    finally:
        writer.kill()
        writer.wait()


@pytest.mark.postgres
def test_the_whole_city_stands_up_again() -> None:
    """As scripts/city starts it: whatever is killed comes back, and Ctrl-C ends all."""
    if usable() is None:
        pytest.skip("needs PostgreSQL: sudo apt install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="city-", dir="/tmp"))
    port, board = free_port(), free_port()
    (folder / "city.toml").write_text(f"[mqtt]\nport = {port}\n[board]\nport = {board}\n")
    city = city_in(folder, "run")
    try:
        eventually(lambda: "Ctrl-C ends it" in (folder / "out").read_text(), 60)
        said = (folder / "out").read_text()
        assert (folder / "first-password").read_text().strip() in said
        assert all(
            p.stat().st_mode & 0o77 == 0 for p in folder.iterdir() if p.name not in ("out", "city.toml")
        )
        with pole(port) as client:
            publish(client, event(1))
            eventually(lambda: verified(folder, "1 events"), 30)
            for name in ("postmaster", "mosquitto", "writer", "board"):
                os.kill(pid_of(folder, name), signal.SIGKILL)
            eventually(lambda: words(folder).count("starting it again") >= 4, 30)
        with pole_again(port) as client:
            # A broker that is killed at once has not kept the session yet: the pole sends it again
            eventually(lambda: publish(client, event(2)) or verified(folder, "2 events"), 60)
        city.send_signal(signal.SIGINT)
        assert city.wait(30) == 0
        assert [p for p in Path("/proc").iterdir() if str(folder) in command_of(p)] == []
    finally:
        city.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            city.wait(30)
        city.kill()
        city.wait()
        shutil.rmtree(folder)


def test_nothing_outlasts_a_city_that_is_killed(tmp_path: Path) -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("needs util-linux")
    ports = f"[mqtt]\nport = {free_port()}\n[board]\nport = {free_port()}\n"
    (tmp_path / "city.toml").write_text(f'database = "sqlite:{tmp_path}/city.db"\n{ports}')
    city = city_in(tmp_path, "run")
    eventually(lambda: "Ctrl-C ends it" in words(tmp_path), 60)
    assert pid_of(tmp_path, "mosquitto") and pid_of(tmp_path, "board")
    city.kill()
    city.wait()
    eventually(lambda: [p for p in Path("/proc").iterdir() if str(tmp_path) in command_of(p)] == [], 20)


def verified(folder: Path, said: str) -> bool:
    return city_in(folder, "verify").wait(20) == 0 and said in words(folder)


def words(folder: Path) -> str:
    return (folder / "out").read_text()


def pole_again(port: int) -> contextlib.AbstractContextManager[paho.Client]:
    """When the broker is there again."""

    def listens() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    eventually(listens, 20)
    return pole(port)


def command_of(process: Path) -> str:
    with contextlib.suppress(OSError):
        return (process / "cmdline").read_bytes().decode() if process.name.isdigit() else ""
    return ""


def pid_of(folder: Path, name: str) -> int:
    if name == "postmaster":
        return int((folder / "postgresql" / "data" / "postmaster.pid").read_text().split()[0])
    return next(
        int(p.name)
        for p in Path("/proc").iterdir()
        if name in command_of(p).replace("/", "\0").split("\0") and str(folder) in command_of(p)
    )


def last_id(file: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(file)) as db:
        return {row[0] for row in db.execute("SELECT id FROM events ORDER BY sequence DESC LIMIT 1")}


def ranges(file: Path) -> list[tuple[int, int]]:
    with contextlib.closing(sqlite3.connect(file)) as db:
        return db.execute("SELECT first, last FROM ranges ORDER BY first").fetchall()


@pytest.fixture
async def running(db: Database, mosquitto: Mosquitto) -> AsyncIterator[City]:
    link = Link(Broker(port=mosquitto.port), "city-test", wishes("smartpole"), session=True)
    city = City(db, link, Asking(patience_s=0.2, apart_s=0.1))
    link.start()
    task = asyncio.create_task(city.run())
    async with asyncio.timeout(10):
        await link.connected.wait()
    yield city
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    link.stop()


async def until(condition: Any, within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not await condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


EVENTS = 400
ALONE = ("database", "broker")


@pytest.mark.postgres
@pytest.mark.parametrize("killed", [*(pytest.param(one, marks=pytest.mark.slow) for one in ALONE), "both"])
async def test_every_part_may_be_killed(killed: str, mosquitto: Mosquitto) -> None:
    """kill -9 in the middle of the events, and a start some moments later: none is missing, none twice.

    What a killed broker had acknowledged and not kept is found as a gap, and the pole is asked for it.
    """
    with own_cluster() as cluster:
        db = await connect(cluster.url, cluster.password)
        link = Link(Broker(port=mosquitto.port), "city-test", wishes("smartpole"), session=True)
        city = City(db, link, Asking(patience_s=0.2, apart_s=0.1))
        link.start()
        task = asyncio.create_task(city.run())
        async with asyncio.timeout(10):
            await link.connected.wait()
        with pole(mosquitto.port) as client:
            client.on_message = on_resend
            client.on_connect = on_connect
            client.reconnect_delay_set(1, 1)
            on_connect(client)
            for number in range(1, EVENTS + 1):
                client.publish(f"{BASE}/events/lamp/resumed", json.dumps(event(number)), qos=1)
                if number % 20 == 0:
                    await asyncio.sleep(0.02)
                if number == EVENTS // 2 and killed != "broker":
                    cluster.kill()
                if number == EVENTS // 2 and killed != "database":
                    mosquitto.kill()
            if killed != "broker":
                cluster.start()
            if killed != "database":
                mosquitto.start()

            async def complete() -> bool:
                if task.done():
                    task.result()
                books = await city.books()
                return (SOURCE, "store-1") in books and books[SOURCE, "store-1"].gaps() == []

            await until(complete, 60.0)
        rows = await db.fetch("SELECT count(*) AS n, count(DISTINCT id) AS ids FROM events")
        assert (rows[0]["n"], rows[0]["ids"]) == (EVENTS, EVENTS)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        link.stop()
        await db.close()


STATE = {"state": "online", "storeid": "store-1"}


def on_connect(client: paho.Client, *_: object) -> None:
    client.subscribe(f"{BASE}/outbox/resend", qos=1)
    client.publish(f"{BASE}/status", json.dumps(STATE | {"sequence": EVENTS}), qos=1, retain=True)


def on_resend(client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
    """What a pole does when it is asked."""
    wanted = json.loads(message.payload)
    for number in range(wanted["from"], wanted["to"] + 1):
        found = event(number, replayed=True)
        client.publish(f"{BASE}/events/lamp/resumed", json.dumps(found), qos=1)


async def test_a_gap_is_asked_for_and_healed(running: City, mosquitto: Mosquitto) -> None:
    """Events that nobody delivered are seen as missing, the pole is asked, and they are there."""
    asked: list[dict[str, Any]] = []
    with pole(mosquitto.port) as client:

        def hear(c: paho.Client, data: object, message: paho.MQTTMessage) -> None:
            asked.append(json.loads(message.payload))
            on_resend(c, data, message)

        client.on_message = hear
        client.subscribe(f"{BASE}/outbox/resend", qos=1)
        client.publish(f"{BASE}/status", json.dumps(STATE | {"sequence": 9}), qos=1, retain=True)

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


async def test_while_it_is_away_only_events_wait(mosquitto: Mosquitto) -> None:
    """A thousand poles say a thousand states a second: they would push the events out of the broker."""
    for away in (True, False):
        link = Link(Broker(port=mosquitto.port), "city-test", wishes("smartpole"), session=True)
        link.start()
        async with asyncio.timeout(20):
            await link.connected.wait()
            if away:
                with pole(mosquitto.port) as client:
                    while link.messages.empty():  # until it listens
                        client.publish(f"{BASE}/active", b"{}", qos=1).wait_for_publish(10)
                        await asyncio.sleep(0.02)
        if away:
            link.stop()
            with pole(mosquitto.port) as client:
                for number in range(1, 21):
                    publish(client, event(number))
                    client.publish(f"{BASE}/active", b"{}", qos=1).wait_for_publish(10)
                client.publish(f"{BASE}/status", b'{"state": "online"}', qos=1, retain=True).wait_for_publish(
                    10
                )
            continue
        async with asyncio.timeout(20):
            came = [await link.messages.get() for _ in range(21)]
        link.stop()
        assert sorted(m.topic for m in came) == [f"{BASE}/events/lamp/resumed"] * 20 + [f"{BASE}/status"]


async def test_the_last_words_of_a_pole_are_kept(running: City, db: Database, mosquitto: Mosquitto) -> None:
    with pole(mosquitto.port) as client:
        client.publish(f"{BASE}/info", json.dumps({"name": "Jl. A"}), qos=1, retain=True)

    async def kept() -> bool:
        rows = await db.fetch("SELECT document FROM states WHERE path = 'info'")
        facts = await db.fetch("SELECT value FROM facts WHERE name = 'writer'")
        return bool(rows) and json.loads(rows[0]["document"])["name"] == "Jl. A" and bool(facts)

    await until(kept)
