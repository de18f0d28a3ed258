"""A receiver with a session of its own: every event of every pole, and whether one is missing."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from lightpoles.pole import SITE

DAY_S = 86_400


class Ear:
    def __init__(self, mqtt: dict[str, Any]) -> None:
        self._numbers: dict[str, set[int]] = {}  # by storeid
        self._ids: Counter[str] = Counter()
        self.times: list[float] = []
        self.bytes = 0
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "fleet-ear", protocol=paho.MQTTv5)
        self._client.max_inflight_messages_set(1000)
        if mqtt["tls"]:
            self._client.tls_set(mqtt["ca_file"])
        self._client.reconnect_delay_set(1, 2)
        subscribed = threading.Event()
        self._client.on_connect = self._listen
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_message = self._hear
        lasting: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        lasting.SessionExpiryInterval = DAY_S
        self._client.connect(mqtt["host"], mqtt["port"], clean_start=False, properties=lasting)
        self._client.loop_start()
        if not subscribed.wait(20):
            raise RuntimeError("the broker did not let us listen")

    def _listen(self, *_: object) -> None:
        self._client.subscribe(f"smartpole/{SITE}/+/events/#", 1)

    def _hear(self, _client: Any, _userdata: Any, message: Any) -> None:
        event = json.loads(message.payload)
        self._numbers.setdefault(event["storeid"], set()).add(int(event["sequence"]))
        self._ids[event["id"]] += 1
        self.times.append(time.monotonic())
        self.bytes += len(message.payload) + len(message.topic)

    def send(self, pole: str, path: str, payload: dict[str, Any]) -> float:
        """Returns when it was given to the line."""
        at = time.monotonic()
        self._client.publish(f"smartpole/{SITE}/{pole}/{path}", json.dumps(payload), qos=1)
        return at

    @property
    def events(self) -> int:
        """How many different ones."""
        return len(self._ids)

    @property
    def repeated(self) -> int:
        return sum(count - 1 for count in self._ids.values())

    @property
    def missing(self) -> int:
        """Numbers below the highest of their store that never came."""
        return sum(max(numbers) - len(numbers) for numbers in self._numbers.values())

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
