"""Broker and Session: what the real one and the stand-in both keep."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiomqtt
import pytest

from pole_agent.errors import LinkLost, PublishRefused
from pole_agent.uplink.broker import Broker
from pole_agent.uplink.events import Incoming, Message
from pole_agent.uplink.memory import MemoryBroker
from pole_agent.uplink.mqtt import Address, MqttBroker
from tests.conftest import Mosquitto

BASE = "smartpole/test/T-1"
WILL = Message(f"{BASE}/status", b'{"state":"offline"}', retain=True)
ACL = "acl_file {acl}"


class Harness:
    """One kind of broker, with a way to play the city and to cut the line."""

    def __init__(
        self, broker: Broker, send: Callable[[str, bytes, bool], Any], cut: Callable[[], Any], forbidden: str
    ) -> None:
        self.broker, self.send, self.cut, self.forbidden = broker, send, cut, forbidden


@pytest.fixture(params=["memory", "mosquitto"])
def harness(request: pytest.FixtureRequest) -> Harness:
    forbidden = f"{BASE}/forbidden"
    if request.param == "memory":
        memory = MemoryBroker()
        memory.refused_topics.add(forbidden)

        async def send(path: str, payload: bytes, retain: bool) -> None:
            memory.send(Incoming(path, payload, retain))

        async def cut() -> None:
            memory.drop()

        return Harness(memory, send, cut, forbidden)
    acl = request.getfixturevalue("tmp_path") / "acl"
    acl.write_text(f"topic readwrite {BASE}/events/#\ntopic readwrite {BASE}/lamp/#\n")
    server: Mosquitto = request.getfixturevalue("mosquitto_with")(ACL.format(acl=acl))

    async def send_mqtt(path: str, payload: bytes, retain: bool) -> None:
        async with aiomqtt.Client("127.0.0.1", server.port, protocol=aiomqtt.ProtocolVersion.V5) as client:
            await client.publish(f"{BASE}/{path}", payload, 1, retain)

    async def cut_mqtt() -> None:
        await asyncio.to_thread(server.stop)

    return Harness(
        MqttBroker(Address("127.0.0.1", server.port, "smartpole-test-T-1", tls=False)),
        send_mqtt,
        cut_mqtt,
        forbidden,
    )


async def test_a_publish_returns_when_it_is_acknowledged(harness: Harness) -> None:
    async with harness.broker.connect(WILL, BASE) as session:
        await session.publish(Message(f"{BASE}/lamp/state", b"{}", retain=True))
        hearing = asyncio.ensure_future(anext(aiter(session.incoming())))
        assert await session.look_at(f"{BASE}/lamp/state") == b"{}", "the broker has it by then"
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)


async def test_refused_publish_says_so_with_its_reason_code(harness: Harness) -> None:
    """A refused publish says so with its reason code and the session goes on."""
    async with harness.broker.connect(WILL, BASE) as session:
        with pytest.raises(PublishRefused) as refused:
            await session.publish(Message(harness.forbidden, b"{}"))
        assert refused.value.reason_code == 0x87
        await session.publish(Message(f"{BASE}/events/a/b", b"{}"))


async def test_commands_arrive_with_their_retain_flag(harness: Harness) -> None:
    async def work() -> list[Incoming]:
        async with harness.broker.connect(WILL, BASE) as session:
            heard = []
            await harness.send("lamp/set", b"one", False)
            await harness.send("lamp/set", b"two", True)
            async for message in session.incoming():
                heard.append(message)
                if len(heard) == 2:
                    return heard
        raise AssertionError

    one, two = await asyncio.wait_for(work(), 10)
    assert (one.path, one.payload, one.retained) == ("lamp/set", b"one", False)
    assert (two.payload, two.retained) == (b"two", True)


async def test_a_cut_line_ends_what_waits_for_it(harness: Harness) -> None:
    async with harness.broker.connect(WILL, BASE) as session:
        hearing = asyncio.ensure_future(anext(aiter(session.incoming())))
        await asyncio.sleep(0)
        await harness.cut()
        with pytest.raises(LinkLost):
            await asyncio.wait_for(hearing, 5)
        with pytest.raises(LinkLost):
            await session.publish(Message(f"{BASE}/events/a/b", b"{}"))


async def test_nobody_there_is_a_lost_link() -> None:
    async def work() -> None:
        async with MqttBroker(Address("127.0.0.1", 1, "x", tls=False)).connect(WILL, BASE):
            raise AssertionError

    with pytest.raises(LinkLost):
        await work()
    down = MemoryBroker()
    down.down = True

    async def work_memory() -> None:
        async with down.connect(WILL, BASE):
            raise AssertionError

    with pytest.raises(LinkLost):
        await work_memory()


async def test_what_is_pending_fails_when_the_broker_goes(mosquitto: Mosquitto) -> None:
    """Forty publishes under way, the broker stops: every one ends, acknowledged or lost; none hangs."""

    async def work() -> list[Any]:
        broker = MqttBroker(Address("127.0.0.1", mosquitto.port, "x", tls=False))
        async with broker.connect(WILL, BASE) as session:
            batch = [
                asyncio.ensure_future(session.publish(Message(f"{BASE}/events/a/b", b"x" * 100_000)))
                for _ in range(200)
            ]
            await asyncio.to_thread(mosquitto.stop)
            return await asyncio.wait_for(asyncio.gather(*batch, return_exceptions=True), 15)

    results = await work()
    assert all(r is None or isinstance(r, LinkLost) for r in results)


async def test_packet_too_large_for_broker_is_refused(mosquitto_with: Callable[[str], Mosquitto]) -> None:
    """A packet too large for the broker is refused at once."""
    server = mosquitto_with("max_packet_size 2000")

    async with MqttBroker(Address("127.0.0.1", server.port, "x", tls=False)).connect(WILL, BASE) as session:
        with pytest.raises(PublishRefused, match="too large"):
            await asyncio.wait_for(session.publish(Message(f"{BASE}/events/a/b", b"x" * 3000)), 2)


async def test_the_will_speaks_for_a_pole_that_vanished(mosquitto: Mosquitto) -> None:
    async def work() -> dict[str, Any]:
        async with aiomqtt.Client("127.0.0.1", mosquitto.port) as city:
            await city.subscribe(f"{BASE}/status", 1)
            broker = MqttBroker(Address("127.0.0.1", mosquitto.port, "x", tls=False))
            async with broker.connect(WILL, BASE) as session:
                session._client._client.socket().shutdown(2)  # type: ignore[union-attr]
                async for message in city.messages:
                    return dict(json.loads(message.payload))
        raise AssertionError

    assert await asyncio.wait_for(work(), 10) == {"state": "offline"}
