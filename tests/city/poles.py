"""A large city with its real processes, and simulated poles that do what real ones do: keep what is not
acknowledged, say how far they are, and send again what they are asked for.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from city.cluster import usable
from paho.mqtt.enums import CallbackAPIVersion

from tests.city.conftest import event
from tests.conftest import ROOT, eventually, mosquitto_program

START_S = 60.0


class Pole:
    """`asked`: the numbers that the city wanted again."""

    def __init__(self, name: str, port: int) -> None:
        self.source = f"/smartpole/test/{name}"
        self.sent = 0
        self.asked: set[int] = set()
        self._client = client = paho.Client(CallbackAPIVersion.VERSION2, name, protocol=paho.MQTTv5)
        client.max_inflight_messages_set(100)
        client.on_connect, client.on_message = self._on_connect, self._on_message
        client.reconnect_delay_set(1, 1)
        client.connect("127.0.0.1", port)
        client.loop_start()

    def send(self) -> None:
        """The next event, which waits where the broker does not answer."""
        self.sent += 1
        self._publish(self.sent, replayed=False)

    def publish(self, path: str, payload: bytes) -> None:
        self._client.publish(f"{self.source[1:]}/{path}", payload, qos=1)

    def say_how_far(self) -> None:
        told = {"state": "online", "storeid": "store-1", "sequence": self.sent}
        self._client.publish(f"{self.source[1:]}/status", json.dumps(told), qos=1, retain=True)

    def end(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _publish(self, number: int, *, replayed: bool) -> None:
        found = event(number, replayed=replayed, source=self.source)
        self._client.publish(f"{self.source[1:]}/events/lamp/resumed", json.dumps(found), qos=1)

    def _on_connect(self, client: paho.Client, *_: object) -> None:
        client.subscribe(f"{self.source[1:]}/outbox/resend", qos=1)
        self.say_how_far()

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        wanted: dict[str, Any] = json.loads(message.payload)
        for number in range(wanted["from"], wanted["to"] + 1):
            self.asked.add(number)
            self._publish(number, replayed=True)


class City:
    """As scripts/city --large starts it."""

    def __init__(self, folder: Path, port: int, board: int, writers: int = 2) -> None:
        self.folder, self.ports = folder, (port, port + 1)
        (folder / "city.toml").write_text(
            f"[mqtt]\nport = {port}\n[board]\nport = {board}\n[large]\nwriters = {writers}\n"
        )
        self._process = self._run("run", "--large")
        eventually(lambda: "Ctrl-C ends it" in self.words or self._process.poll() is not None, START_S)
        assert self._process.poll() is None, self.words

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def words(self) -> str:
        return (self.folder / "out").read_text()

    def _run(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "out").open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "city", *arguments, "--folder", str(self.folder)],
                env=os.environ | {"PYTHONPATH": str(ROOT / "docs" / "examples")},
                stdout=out,
                stderr=out,
            )

    def ask(self, question: str) -> list[dict[str, Any]]:
        """The rows; none while the database is away."""
        found = subprocess.run(
            [sys.executable, "-m", "city", "sql", question, "--folder", str(self.folder)],
            env=os.environ | {"PYTHONPATH": str(ROOT / "docs" / "examples")},
            capture_output=True,
            text=True,
            check=False,
        )
        return [json.loads(line) for line in found.stdout.splitlines()]

    def stored(self, poles: Sequence[Pole]) -> dict[str, tuple[int, int]]:
        """By source: events, and different numbers among them."""
        rows = self.ask(
            "SELECT source, count(*) AS n, count(DISTINCT sequence) AS numbers FROM events GROUP BY source"
        )
        known = {row["source"]: (row["n"], row["numbers"]) for row in rows}
        return {pole.source: known.get(pole.source, (0, 0)) for pole in poles}

    def has_all(self, poles: Sequence[Pole]) -> bool:
        return self.stored(poles) == {pole.source: (pole.sent, pole.sent) for pole in poles}

    def is_proven(self) -> bool:
        return self._run("verify").wait(30) == 0

    def pids(self, name: str) -> list[int]:
        """Of processes with this word, or folder, in their command."""
        return [
            int(process.name)
            for process in Path("/proc").iterdir()
            if str(self.folder) in (told := _command(process)) and name in told.replace("/", "\0").split("\0")
        ]

    def signal(self, number: signal.Signals, name: str, which: int = 0) -> None:
        os.kill(sorted(self.pids(name))[which], number)

    def kill_database(self) -> None:
        file = self.folder / "postgresql" / "data" / "postmaster.pid"
        os.kill(int(file.read_text().split()[0]), signal.SIGKILL)

    def end(self) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            assert self._process.wait(40) == 0
        finally:
            self._process.kill()
            self._process.wait()


def _command(process: Path) -> str:
    with contextlib.suppress(OSError):
        return (process / "cmdline").read_bytes().decode() if process.name.isdigit() else ""
    return ""


@contextlib.contextmanager
def large_city(writers: int = 2) -> Iterator[City]:
    """On free ports, in a folder that PostgreSQL's user can reach."""
    if usable() is None or mosquitto_program() is None:
        pytest.skip("needs Mosquitto and PostgreSQL: sudo apt install mosquitto postgresql")
    folder = Path(tempfile.mkdtemp(prefix="city-", dir="/tmp"))
    try:
        city = City(folder, *free_together(), writers=writers)
        try:
            yield city
        finally:
            city.end()
        assert city.pids("city") == city.pids("nats-1") == city.pids("shard-1") == []
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_together() -> tuple[int, int]:
    """A port whose follower is free too, and another one."""
    from city.services import is_free

    from tests.conftest import free_port

    while True:
        port, board = free_port(), free_port()
        if is_free(port + 1) and board not in (port, port + 1):
            return port, board


@contextlib.contextmanager
def poles_at(city: City, names: str) -> Iterator[list[Pole]]:
    """One for each letter, by turns at the shards."""
    poles = [Pole(f"{names}-{n}", city.ports[n % len(city.ports)]) for n in range(6)]
    try:
        yield poles
    finally:
        for pole in poles:
            pole.end()


def stream(poles: Sequence[Pole], each: int, pause_s: float = 0.01) -> None:
    """So many events of each pole, mixed."""
    for _ in range(each):
        for pole in poles:
            pole.send()
        time.sleep(pause_s)
