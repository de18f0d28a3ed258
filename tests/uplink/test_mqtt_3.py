"""A broker that knows no MQTT 5: the pole works with 3.1.1, and says which protections are missing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pole_agent.errors import LinkLost, PublishRefused
from pole_agent.uplink.events import Incoming, Message
from pole_agent.uplink.mqtt import Address, MqttBroker
from tests.conftest import Mosquitto, eventually
from tests.contracts.test_payload_contract import BASE, City
from tests.faults.proxy import Proxy

WILL = Message(f"{BASE}/status", b'{"state":"offline"}', retain=True)
REFUSED = b"\x20\x02\x00\x01"  # CONNACK of MQTT 3.1.1: unacceptable protocol version


class OldBroker(Proxy):
    """A real Mosquitto behind a door that sends MQTT 5 away, as a broker of 2014 does."""

    def __init__(self, target: int) -> None:
        self.levels: list[int] = []
        super().__init__(target, self._look)

    def _look(self, hello: bytes) -> bytes | None:
        self.levels.append(hello[hello.index(b"MQTT") + 4])
        return REFUSED if self.levels[-1] == 5 else None


@pytest.fixture
def old_broker(mosquitto: Mosquitto) -> Iterator[OldBroker]:
    made = OldBroker(mosquitto.port)
    yield made
    made.close()


async def test_it_falls_back_when_the_broker_says(old_broker: OldBroker) -> None:
    """It falls back when the broker says so and remembers."""
    broker = MqttBroker(Address("127.0.0.1", old_broker.port, "pole", False))

    async def once() -> str:
        async with broker.connect(WILL, BASE) as session:
            await session.publish(Message(f"{BASE}/events/a/b", b"{}"))
            with pytest.raises(PublishRefused, match="expiry"):  # an order to fly: it could arrive hours late
                await session.publish(Message(f"{BASE}/drone/order", b"{}", expiry_s=60))
            return session.missing

    with pytest.raises(LinkLost, match="does not support MQTT 5"):
        await once()
    for _ in range(2):
        assert "MQTT 3.1.1" in await once()
    assert old_broker.levels == [5, 4, 4]


async def test_whoever_insists_on_5_gets_no_3(old_broker: OldBroker) -> None:
    broker = MqttBroker(Address("127.0.0.1", old_broker.port, "pole", False, protocol="5"))

    async def once() -> None:
        async with broker.connect(WILL, BASE):
            raise AssertionError

    for _ in range(2):
        with pytest.raises(LinkLost):
            await once()
    assert old_broker.levels == [5, 5]


async def test_commands_are_heard_and_a_kept_one_is_known(mosquitto: Mosquitto) -> None:
    """Commands are heard and a kept one is known as kept."""

    async def work() -> list[Incoming]:
        broker = MqttBroker(Address("127.0.0.1", mosquitto.port, "pole", False, protocol="3.1.1"))
        city = MqttBroker(Address("127.0.0.1", mosquitto.port, "city", False))
        async with city.connect(Message("x", b""), "x") as there:
            await there.publish(Message(f"{BASE}/lamp/set", b"kept", retain=True))
            async with broker.connect(WILL, BASE) as session:
                heard = []
                async for message in session.incoming():
                    heard.append(message)
                    if len(heard) == 2:
                        return heard
                    await there.publish(Message(f"{BASE}/outbox/resend", b"live"))
        raise AssertionError

    kept, live = await asyncio.wait_for(work(), 10)
    assert (kept.payload, kept.retained) == (b"kept", True)
    assert (live.path, live.payload, live.retained) == ("outbox/resend", b"live", False)


def test_a_whole_pole_works_and_says_what_is_missing(
    mosquitto: Mosquitto, old_broker: OldBroker, agent: Callable[..., Any], bench: Callable[..., Path]
) -> None:
    city = City(mosquitto.port)
    try:
        agent(
            "run",
            "--config",
            str(bench(f'[mqtt]\nhost = "127.0.0.1"\nport = {old_broker.port}\ntls = false\n')),
        )
        eventually(lambda: city.got("status"), within_s=20)
        city.send("lamp/set", level=0.7, duration_s=60, by="test")
        eventually(lambda: any(s["level"] == 0.7 for s in city.got("lamp/state")))
        eventually(lambda: any(e["data"]["part"] == "mqtt" for e in city.got("events/health/degraded")))
        told = next(
            e["data"]["reason"] for e in city.got("events/health/degraded") if e["data"]["part"] == "mqtt"
        )
        assert "retained" in told
        assert "orders to fly are not sent" in told
    finally:
        city.close()
