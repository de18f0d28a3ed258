"""The flow of the manual in a real Node-RED, with a real broker. Get one with: npm install -g node-red"""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import paho.mqtt.publish as publish
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.conftest import ROOT, Mosquitto, eventually, free_port

FLOW = ROOT / "docs" / "examples" / "node-red-flow.json"
SAMPLES = ROOT / "docs" / "samples"
POLE = "smartpole/sumedang/DEMO-1"
NODE_RED = shutil.which("node-red")
SETTINGS = """module.exports = {{
  uiHost: "127.0.0.1", uiPort: {port}, flowFile: "flows.json",
  telemetry: {{ enabled: false, updateNotification: false }},
  externalModules: {{ palette: {{ allowInstall: false }}, modules: {{ allowInstall: false }} }},
  editorTheme: {{ tours: false }}, logging: {{ console: {{ level: "info" }} }}
}}
"""


def test_the_flow_is_wired() -> None:
    """Every wire and broker of the flow leads to a node of it, and its topics are of the contract."""
    nodes = {node["id"]: node for node in json.loads(FLOW.read_text())}
    for node in nodes.values():
        assert all(wire in nodes for wires in node.get("wires", ()) for wire in wires), node["id"]
        assert node.get("broker", "pole-broker") in nodes or node["type"] == "mqtt-broker"
        assert node.get("z", "pole-tab") == "pole-tab"
    assert nodes["pole-in"]["topic"] == "smartpole/+/+/events/incident/opened"
    assert nodes["pole-out"]["topic"] == f"{POLE}/lamp/set"


class Running:
    """Node-RED with the flow of the manual."""

    def __init__(self, folder: Path, broker: int) -> None:
        self.port = free_port()
        (folder / "settings.js").write_text(SETTINGS.format(port=self.port))
        flow = FLOW.read_text().replace('"port": "1883"', f'"port": "{broker}"')
        (folder / "flows.json").write_text(flow)
        self.said: list[str] = []  # line by line
        self._process = subprocess.Popen(
            [str(NODE_RED), "--userDir", str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "HOME": str(folder), "TZ": "UTC"},
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(line)

    def text(self) -> str:
        return "".join(self.said)

    def told(self) -> list[str]:
        """The times of the alarms that the debug node has told."""
        return re.findall(r"\[debug:alarms\] (\S+) ", self.text())

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def node_red(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[Running]:
    folder = tmp_path / "node-red"
    folder.mkdir()
    running = Running(folder, mosquitto.port)
    yield running
    running.close()


@pytest.mark.slow
@pytest.mark.mosquitto
@pytest.mark.skipif(not NODE_RED, reason="needs Node-RED: npm install -g node-red")
def test_the_flow_runs(node_red: Running, mosquitto: Mosquitto) -> None:
    """A new alarm is told in words; a warning and a repeated alarm are not; the button sets the lamp."""
    eventually(lambda: "Connected to broker" in node_red.text(), within_s=60)
    event = json.loads((SAMPLES / "events-incident-opened.json").read_text())

    def send(**changes: Any) -> None:
        payload = json.dumps(event | changes)
        topic = f"{POLE}/events/incident/opened"
        publish.single(topic, payload, 1, False, "127.0.0.1", mosquitto.port)

    def listens() -> bool:  # connected is not yet subscribed
        send(time="first")
        return "first" in node_red.told()

    eventually(listens, within_s=60, every_s=0.5)
    send(severity="warning", time="W")
    send(replayed=True, time="R")
    send()
    # Messages come in order: when the last one is told, the others would have been.
    told = f"{event['time']} {event['source']}: staying, a person (loitering)"
    eventually(lambda: told in node_red.text(), within_s=20)
    assert set(node_red.told()) == {"first", event["time"]}, "no warning, nothing that is sent again"

    heard: queue.Queue[bytes | bytearray] = queue.Queue()
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: heard.put(message.payload)
    listening = threading.Event()
    client.on_subscribe = lambda *_: listening.set()
    client.connect("127.0.0.1", mosquitto.port)
    client.subscribe(f"{POLE}/lamp/set", 1)
    client.loop_start()
    assert listening.wait(10)
    pressed = urllib.request.Request(
        f"http://127.0.0.1:{node_red.port}/inject/pole-inject", b"", method="POST"
    )
    with urllib.request.urlopen(pressed, timeout=10) as answer:
        assert answer.status == 200
    order = json.loads(heard.get(timeout=10))
    client.loop_stop()
    assert order == {"level": 1, "duration_s": 600, "by": "node-red", "reason": "button"}
