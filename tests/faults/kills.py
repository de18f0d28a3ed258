"""Kill the daemon again and again while link and broker come and go, and count what a subscriber got.

Used by test and proof.
"""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from pole_agent.store.database import Database
from tests.conftest import CLIP, Mosquitto, eventually, run_agent
from tests.faults.proxy import Proxy

CONFIG = """
[[camera]]
source = "{clip}"
fps = 10
loop = true
[[zone]]
name = "road"
polygon = [[0, 0.3], [0.45, 0.3], [0.75, 0.1], [1, 0.2], [1, 0.75], [0.6, 0.6], [0, 0.45]]
[[line]]
name = "post"
from = [0.55, 0.2]
to = [0.55, 0.8]
[[line]]
name = "left"
from = [0.25, 0.2]
to = [0.25, 0.8]
[[rule]]
name = "in"
kind = "presence"
severity = "warning"
[[rule]]
name = "stay"
kind = "loitering"
dwell_s = 1
severity = "warning"
[[rule]]
name = "cross"
kind = "crossing"
line = "post"
[[rule]]
name = "cross-left"
kind = "crossing"
line = "left"
severity = "alarm"
max_alarms_per_h = 1000
[mqtt]
host = "127.0.0.1"
port = {port}
tls = false
"""


class City:
    """A subscriber with a persistent session."""

    def __init__(self, port: int) -> None:
        self.sequences: dict[str, set[int]] = {}
        self.dropped: dict[str, set[int]] = {}
        self.names: dict[tuple[str, int], str] = {}
        self.reports: list[dict[str, Any]] = []
        self.repeated = 0
        self.contradictions: list[str] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="city", clean_session=False)
        self._client.on_connect = lambda client, *_: client.subscribe("smartpole/+/+/events/#", qos=1)
        self._client.on_message = self._hear
        self._client.reconnect_delay_set(1, 1)
        self._lock, self._names = threading.Lock(), 0
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        eventually(self._client.is_connected)

    def _hear(self, _client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        event = json.loads(message.payload)
        with self._lock:
            number = int(event["sequence"])
            self.sequences.setdefault(event["storeid"], set()).add(number)
            known = self.names.setdefault((event["storeid"], number), event["id"])
            self.repeated += len(self.names) == self._names
            self._names = len(self.names)
            if known != event["id"]:
                self.contradictions.append(f"{number} is {known} and {event['id']}")
            if event["type"] == "smartpole.outbox.dropped":
                self.reports.append(event["data"])
                for first, last in event["data"]["ranges"]:
                    self.dropped.setdefault(event["storeid"], set()).update(range(first, last + 1))

    def has(self, store: str) -> set[int]:
        with self._lock:
            return self.sequences.get(store, set()) | self.dropped.get(store, set())

    def count(self, store: str) -> int:
        with self._lock:
            return len(self.sequences.get(store, ()))

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the store counted, and what the city got of it."""

    stored: int
    missing: int
    repeated: int
    contradictions: list[str]
    cuts: int

    def __str__(self) -> str:
        return (
            f"{self.stored} events stored, {self.missing} missing at the subscriber, {self.repeated} came"
            f" twice, {self.cuts} cuts"
        )


def prove(
    bench: Callable[..., Path],
    state: Path,
    broker: Mosquitto,
    kills: int,
    seed: int,
    most_s: float = 6.0,
    cuts: int = 0,
) -> Outcome:
    """Kill `kills` times, and cut the link at least `cuts` times in between."""
    proxy = Proxy(broker.port)
    config = bench(CONFIG.format(clip=CLIP, port=proxy.port))
    chance = random.Random(seed)
    city = City(broker.port)
    process: subprocess.Popen[str] | None = None
    try:
        for number in range(kills):
            process = run_agent("run", "--config", str(config), "--log-level", "error")
            down = number % 5 == 1
            end = time.monotonic() + chance.uniform(0.3, most_s)
            while (left := end - time.monotonic()) > 0:
                time.sleep(min(left, chance.uniform(0.02, 0.3)))
                if proxy.cuts * kills < cuts * (number + 1):
                    proxy.cut()  # counted when there was something to cut
            if down:
                broker.stop()
                time.sleep(chance.uniform(0.0, 2.0))
            process.kill()
            process.communicate()
            if down:
                broker.start()
            if sys.stderr.isatty() or kills > 50:
                print(
                    f"\rkill {number + 1} of {kills}, cut {proxy.cuts} of {cuts}",
                    end="",
                    file=sys.stderr,
                    flush=True,
                )
        process = run_agent("run", "--config", str(config), "--log-level", "error")
        deadline = time.monotonic() + 120
        while proxy.cuts < cuts and time.monotonic() < deadline:
            time.sleep(chance.uniform(0.02, 0.3))
            proxy.cut()
        time.sleep(2.0)
        process.terminate()  # in an orderly way, so that what waits is stored
        process.communicate()
        # Without a camera: nothing new happens, the queue drains.
        text = config.read_text()
        config.write_text(text[: text.index("[[camera]]")] + text[text.index("[mqtt]") :])
        process = run_agent("run", "--config", str(config), "--log-level", "error")

        def figures() -> tuple[str, int]:
            database = Database(state / "pole.db", 64, str, read_only=True)
            try:
                return database.store_id, int(database.stats()["last_sequence"])
            finally:
                database.close()

        def complete() -> bool:
            store, last = figures()
            return city.has(store) >= set(range(1, last + 1))

        with contextlib.suppress(AssertionError):  # what is missing is counted below
            eventually(complete, 60, 0.2)
        store, last = figures()
        missing = len(set(range(1, last + 1)) - city.has(store))
        return Outcome(last, missing, city.repeated, city.contradictions, proxy.cuts)
    finally:
        if process is not None and process.poll() is None:
            process.kill()
            process.communicate()
        city.stop()
        proxy.close()
