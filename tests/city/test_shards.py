"""Two brokers as one link: what is said to a pole reaches it wherever it is."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import paho.mqtt.client as paho
import pytest
from city.link import Broker, LinkError
from city.orders import Orders, wishes
from city.shards import Shards
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.city.conftest import SOURCE
from tests.conftest import Mosquitto, eventually

pytestmark = pytest.mark.mosquitto
DENY = {"request_id": "r", "decision": "deny"}


@pytest.fixture
def brokers(mosquitto_with: Callable[[str], Mosquitto]) -> list[Mosquitto]:
    return [mosquitto_with(""), mosquitto_with("")]


@contextlib.contextmanager
def answering(port: int) -> Iterator[None]:
    """A pole that answers each decision."""

    def answer(client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        asked: Any = message.properties
        properties: Any = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.CorrelationData = asked.CorrelationData
        said = {"ok": True, "heard": json.loads(message.payload)["decision"]}
        client.publish(asked.ResponseTopic, json.dumps(said), qos=1, properties=properties)

    client = paho.Client(CallbackAPIVersion.VERSION2, "pole", protocol=paho.MQTTv5)
    subscribed: list[bool] = []
    client.on_message, client.on_subscribe = answer, lambda *_: subscribed.append(True)
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.subscribe(f"{SOURCE[1:]}/drone/approval", qos=1)
    eventually(lambda: bool(subscribed))
    yield
    client.disconnect()
    client.loop_stop()


async def test_an_order_reaches_its_pole_at_either_broker(brokers: list[Mosquitto]) -> None:
    link = Shards([Broker(port=b.port) for b in brokers], "desk", wishes("desk"), session=False)
    orders = Orders(link, "desk")
    link.start()
    running = asyncio.create_task(orders.run())
    async with asyncio.timeout(10):
        while not link.hears:
            await asyncio.sleep(0.02)
    for broker in brokers:
        with answering(broker.port):
            assert await orders.send(SOURCE, "drone/approval", DENY) == {"ok": True, "heard": "deny"}
    brokers[0].kill()
    async with asyncio.timeout(10):
        while link.hears:
            await asyncio.sleep(0.02)
    assert f":{brokers[0].port}: " in link.refused
    assert link.caught_up  # the poles of the other one can be asked
    with answering(brokers[1].port):
        for patient in (True, False):
            said = await orders.send(SOURCE, "drone/approval", DENY, patient=patient)
            assert said == {"ok": True, "heard": "deny"}
    brokers[1].kill()
    async with asyncio.timeout(20):
        with pytest.raises(LinkError):
            while True:
                await link.publish("a/b", b"")
                await asyncio.sleep(0.1)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    link.stop()
