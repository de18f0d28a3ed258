"""A large city with its real processes, and simulated poles that do what real ones do: keep what is not
acknowledged, say how far they are, and send again what they are asked for.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import paho.mqtt.client as paho
import pytest
from lightpoles import large
from paho.mqtt.enums import CallbackAPIVersion

from tests.city.conftest import event


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


class City(large.City):
    """As scripts/city --large starts it."""

    def stored(self, poles: Sequence[Pole]) -> dict[str, tuple[int, int]]:
        """By source: events, and different numbers among them."""
        rows = self.ask(
            "SELECT source, count(*) AS n, count(DISTINCT sequence) AS numbers FROM events GROUP BY source"
        )
        known = {row["source"]: (row["n"], row["numbers"]) for row in rows}
        return {pole.source: known.get(pole.source, (0, 0)) for pole in poles}

    def has_all(self, poles: Sequence[Pole]) -> bool:
        return self.stored(poles) == {pole.source: (pole.sent, pole.sent) for pole in poles}

    def end(self) -> int | None:
        found = super().end()
        assert found == 0, self.words
        return found


@contextlib.contextmanager
def large_city(writers: int = 2) -> Iterator[City]:
    """All of it has ended afterwards."""
    lacking = large.lacking()
    if lacking:
        pytest.skip(lacking)
    with large.own_city(City, writers) as city:
        yield city
    assert city.pids("city") == city.pids("nats-1") == city.pids("shard-1") == []


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
