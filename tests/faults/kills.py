"""Kill the daemon again and again while the broker comes and goes, and count what a subscriber got. Used by test and proof."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as paho

from pole_agent.store.database import Database
from tests.conftest import CLIP, Mosquitto, eventually, run_agent

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
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="city", clean_session=False)
        self._client.on_connect = lambda client, *_: client.subscribe("smartpole/+/+/events/#", qos=1)
        self._client.on_message = self._hear
        self._client.reconnect_delay_set(1, 1)
        self._lock = threading.Lock()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        eventually(self._client.is_connected)

    def _hear(self, _client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        event = json.loads(message.payload)
        with self._lock:
            self.sequences.setdefault(event["storeid"], set()).add(int(event["sequence"]))
            if event["type"] == "smartpole.outbox.dropped":
                for first, last in event["data"]["ranges"]:
                    self.dropped.setdefault(event["storeid"], set()).update(range(first, last + 1))

    def has(self, store: str) -> set[int]:
        with self._lock:
            return self.sequences.get(store, set()) | self.dropped.get(store, set())

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def prove(bench: Callable[..., Path], state: Path, broker: Mosquitto, kills: int, seed: int, most_s: float = 6.0) -> tuple[int, int]:
    """Kill `kills` times. Returns (events in the store, events missing at the city)."""
    config = bench(CONFIG.format(clip=CLIP, port=broker.port))
    chance = random.Random(seed)
    city = City(broker.port)
    process: subprocess.Popen[str] | None = None
    try:
        for number in range(kills):
            process = run_agent("run", "--config", str(config), "--log-level", "error")
            down = number % 3 == 1
            time.sleep(chance.uniform(0.3, most_s))
            if down:
                broker.stop()
                time.sleep(chance.uniform(0.0, 2.0))
            process.kill()
            process.communicate()
            if down:
                broker.start()
            if sys.stderr.isatty():
                print(f"\rkill {number + 1} of {kills}", end="", file=sys.stderr)
        process = run_agent("run", "--config", str(config), "--log-level", "error")
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
        return last, len(set(range(1, last + 1)) - city.has(store))
    finally:
        if process is not None and process.poll() is None:
            process.kill()
            process.communicate()
        city.stop()
