"""What the broker keeps must not outlive what it tells of: a pole that stops, switches something off, or gets
another name.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from tests.conftest import CLIP, Mosquitto, eventually

BASE = "smartpole/test/T-1"
CAMERA = (
    '[[camera]]\nname = "street"\nsource = "{clip}"\nfps = 2\nloop = true\n[[rule]]\nname = "{rule}"\nkind ='
    ' "presence"\n'
)
ANNOUNCED = "homeassistant/device/smartpole-test-T-1/config"


class Retained:
    """What the broker keeps, as it is now."""

    def __init__(self, port: int) -> None:
        self.kept: dict[str, bytes] = {}
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        self._client.on_message = self._heard
        self._client.on_connect = self._let_in
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _let_in(self, *_: object) -> None:
        self._client.subscribe([("smartpole/#", 1), ("homeassistant/#", 1)])

    def _heard(self, client: Any, data: Any, message: Any) -> None:
        if message.payload:
            self.kept[message.topic] = message.payload
        else:
            self.kept.pop(message.topic, None)

    def get(self, topic: str) -> Any:
        return json.loads(self.kept.get(topic, b"{}"))

    def say(self, topic: str, document: Any) -> None:
        self._client.publish(topic, json.dumps(document), 1, True)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def city(mosquitto: Mosquitto) -> Iterator[Retained]:
    retained = Retained(mosquitto.port)
    yield retained
    retained.close()


Life = Callable[..., None]


@pytest.fixture
def life(mosquitto: Mosquitto, city: Retained, agent: Callable[..., Any], bench: Callable[..., Path]) -> Life:
    """One life of the pole: until `done`, then it is stopped."""

    def run(
        done: Callable[[], object],
        more: str = "",
        mqtt: str = "",
        identity: str = "T-1",
        end: int = signal.SIGTERM,
    ) -> None:
        config = bench(more + f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\ntls = false\n{mqtt}\n')
        config.write_text(config.read_text().replace('id = "T-1"', f'id = "{identity}"'))
        process = agent("run", "--config", str(config))
        eventually(lambda: city.get(f"smartpole/test/{identity}/status").get("state") == "online", 30)
        eventually(done, 30)
        process.send_signal(end)
        process.wait(10)
        eventually(lambda: city.get(f"smartpole/test/{identity}/status").get("state") == "offline", 10)

    return run


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_pole_that_stopped_has_nothing_active(life: Life, city: Retained, end: int) -> None:
    life(
        lambda: city.get(f"{BASE}/active").get("incidents"),
        CAMERA.format(clip=CLIP, rule="somebody"),
        end=end,
    )
    assert city.get(f"{BASE}/active") == {"state": "stopped", "incidents": [], "requests": [], "counts": {}}
    assert city.get(f"{BASE}/status")["reason"] == "stopped"


def test_an_announcement_is_withdrawn_and_a_rule(life: Life, city: Retained) -> None:
    """An announcement is withdrawn and a rule that is gone is told by its platform only."""

    def entities() -> dict[str, Any]:
        return dict(city.get(ANNOUNCED).get("components", {}))

    on = "homeassistant = true"
    life(lambda: "rule.old" in entities(), CAMERA.format(clip=CLIP, rule="old"), on)
    life(lambda: "rule.new" in entities(), CAMERA.format(clip=CLIP, rule="new"), on)
    assert entities()["rule.old"] == {"platform": "binary_sensor"}
    life(lambda: "rule.old" not in entities(), CAMERA.format(clip=CLIP, rule="new"), on)
    assert "unique_id" in entities()["rule.new"]
    life(lambda: ANNOUNCED not in city.kept)
    assert f"{BASE}/status" in city.kept


def test_pole_with_another_name_clears_what_was_kept(life: Life, city: Retained) -> None:
    """A pole with another name clears what was kept of it."""
    life(lambda: ANNOUNCED in city.kept, mqtt="homeassistant = true")
    assert f"{BASE}/info" in city.kept
    life(
        lambda: not [topic for topic in city.kept if topic.startswith(BASE) or topic == ANNOUNCED],
        identity="T-2",
    )
    assert "smartpole/test/T-2/info" in city.kept


def test_copied_card_with_another_name_clears(life: Life, city: Retained) -> None:
    """A copied card with another name clears nothing of a pole that lives."""
    life(lambda: f"{BASE}/info" in city.kept)
    there = city.get(f"{BASE}/status")
    city.say(f"{BASE}/status", {**there, "state": "online", "reason": "connected"})  # the first pole is back
    eventually(lambda: city.get(f"{BASE}/status")["state"] == "online")
    life(lambda: "smartpole/test/T-2/info" in city.kept, identity="T-2")
    assert {f"{BASE}/status", f"{BASE}/info", f"{BASE}/active", f"{BASE}/lamp/state"} <= city.kept.keys()
