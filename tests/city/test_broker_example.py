"""The broker of the manual, killed while a writer is away."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.conftest import ROOT, eventually, free_port, mosquitto_program

pytestmark = pytest.mark.mosquitto
EXAMPLE = ROOT / "docs" / "examples" / "mosquitto" / "mosquitto.conf"
KEEPING = ("persistence", "autosave", "max_queued", "max_inflight")
TOPIC = "smartpole/test/T-1/events/lamp/resumed"
EVENTS = 3000


def connected(port: int, name: str, hear: Callable[[bytes], None] = lambda _: None) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=paho.MQTTv5)
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 3600
    client.on_message = lambda _client, _data, message: hear(bytes(message.payload))
    client.connect("127.0.0.1", port, clean_start=False, properties=properties)
    client.loop_start()
    return client


@contextlib.contextmanager
def broker(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Mosquitto with those lines of the example that say what is kept."""
    program = mosquitto_program()
    if program is None:
        pytest.skip("needs Mosquitto: sudo apt install mosquitto")
    kept = [line for line in EXAMPLE.read_text().splitlines() if line.startswith(KEEPING)]
    own = [f"listener {port} 127.0.0.1", "allow_anonymous true", f"persistence_location {folder}/"]
    user = ["user root"] if os.geteuid() == 0 else []
    (folder / "conf").write_text("\n".join([*own, *user, *kept]) + "\n")
    process = subprocess.Popen(
        [program, "-c", str(folder / "conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        eventually(lambda: listens(port))
        yield process
    finally:
        process.kill()
        process.wait()


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


def test_what_waits_at_the_broker_outlasts_its_kill(tmp_path: Path) -> None:
    """With the defaults of Mosquitto 2 000 of these are dropped at once, and the rest with the kill."""
    port, disk = free_port(), tmp_path / "mosquitto.db"
    with broker(tmp_path, port) as first:
        writer = connected(port, "writer")
        writer.subscribe(TOPIC, qos=1)
        eventually(lambda: writer.is_connected())
        writer.disconnect()
        writer.loop_stop()
        pole = connected(port, "pole")
        for number in range(EVENTS):
            pole.publish(TOPIC, json.dumps({"number": number}), qos=1).wait_for_publish(10)
        last = f'{{"number": {EVENTS - 1}}}'.encode()
        eventually(lambda: disk.exists() and last in disk.read_bytes(), 15, 0.1)
        first.send_signal(signal.SIGKILL)
        first.wait()
        pole.disconnect()
        pole.loop_stop()
    with broker(tmp_path, port):
        came: set[int] = set()
        again = connected(port, "writer", lambda payload: came.add(json.loads(payload)["number"]))
        eventually(lambda: len(came) == EVENTS, 20)
        again.disconnect()
        again.loop_stop()
