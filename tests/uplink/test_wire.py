"""The wire as a broker and another client see it: what is kept, acknowledged, let expire, and said when a
pole is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import struct
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from pole_agent.errors import LinkLost, LinkSilent, NotAcknowledged, PublishRefused, TakenOver
from pole_agent.uplink.client import AckClient
from pole_agent.uplink.events import LISTENED, Incoming, Message
from pole_agent.uplink.many import FOR_MANY
from pole_agent.uplink.memory import MemoryBroker
from pole_agent.uplink.mqtt import Address, MqttBroker, client_for, explain
from pole_agent.uplink.session import MqttSession
from tests.conftest import ROOT, Mosquitto
from tests.faults.odd_broker import OddBroker, Oddity
from tests.faults.proxy import Proxy

BASE = "smartpole/test/T-1"
WILL = Message(f"{BASE}/status", b'{"state":"offline"}', retain=True)
OPERATIONS = json.loads((ROOT / "docs" / "contract" / "asyncapi.json").read_text())
OF_MANY = [f"_all/{path}" for path in FOR_MANY]
CLOUDEVENT = "application/cloudevents+json; charset=UTF-8"


def broker_at(port: int, protocol: str = "auto") -> MqttBroker:
    return MqttBroker(Address("127.0.0.1", port, "smartpole-test-T-1", False, protocol=protocol))


@dataclass
class Heard:
    """One message as another client of the broker got it."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    expiry_s: int | None
    content_type: str | None
    correlation: bytes | None


class City:
    """Another client in MQTT 5, which asks for QoS 2 and for retain as published: it hears each message as it
    was sent.
    """

    def __init__(self, port: int) -> None:
        self.heard: queue.Queue[Heard] = queue.Queue()
        self._ready: queue.Queue[None] = queue.Queue()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        self._client.on_message = self._hear
        self._client.on_subscribe = lambda *_: self._ready.put(None)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._client.subscribe(f"{BASE}/#", options=SubscribeOptions(qos=2, retainAsPublished=True))
        self._ready.get(timeout=10)

    def _hear(self, client: Any, data: Any, message: Any) -> None:
        told = message.properties
        self.heard.put(
            Heard(
                message.topic,
                message.payload,
                message.qos,
                message.retain,
                getattr(told, "MessageExpiryInterval", None),
                getattr(told, "ContentType", None),
                getattr(told, "CorrelationData", None),
            )
        )

    def next(self) -> Heard:
        return self.heard.get(timeout=10)

    def all(self) -> list[Heard]:
        """What was heard so far."""
        return [self.heard.get() for _ in range(self.heard.qsize())]

    def say(self, path: str, payload: bytes, **properties: Any) -> None:
        told = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        for key, value in properties.items():
            setattr(told, key, value)
        self._client.publish(f"{BASE}/{path}", payload, 1, properties=told).wait_for_publish(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def city(mosquitto: Mosquitto) -> Iterator[City]:
    made = City(mosquitto.port)
    yield made
    made.close()


@pytest.fixture
def odd() -> Iterator[OddBroker]:
    made = OddBroker()
    yield made
    made.close()


@contextlib.asynccontextmanager
async def entered(port: int, protocol: str = "auto") -> AsyncIterator[MqttSession]:
    async with broker_at(port, protocol).connect(WILL, BASE) as session:
        yield session


# --- what another client gets

SENT = {
    "an event": (
        Message(f"{BASE}/events/a/b", b"{}", 1, False, None, None, CLOUDEVENT),
        1,
        False,
        None,
        CLOUDEVENT,
        None,
    ),
    "a state": (Message(f"{BASE}/info", b"{}", retain=True), 1, True, None, "application/json", None),
    "health": (Message(f"{BASE}/health", b"{}", qos=0, retain=True), 0, True, None, "application/json", None),
    "an order": (
        Message(f"{BASE}/drone/order", b"{}", expiry_s=600),
        1,
        False,
        600,
        "application/json",
        None,
    ),
    "an answer": (
        Message(f"{BASE}/reply", b"{}", correlation=b"\x00\x01"),
        1,
        False,
        None,
        "application/json",
        b"\x00\x01",
    ),
}


async def test_each_message_arrives_as_it_was_meant(mosquitto: Mosquitto, city: City) -> None:
    """QoS, retain, expiry, content type and correlation, of each way to say something."""
    async with entered(mosquitto.port) as session:
        for message, qos, retain, expiry, kind, correlation in SENT.values():
            await session.publish(message)
            heard = await asyncio.to_thread(city.next)
            if expiry is not None:
                assert heard.expiry_s is not None
                assert expiry - 2 <= heard.expiry_s <= expiry, "the broker counts it down"
            assert heard == Heard(message.topic, b"{}", qos, retain, heard.expiry_s, kind, correlation)
            assert (heard.expiry_s is None) is (expiry is None)


async def test_a_letter_is_written_when_it_leaves(mosquitto: Mosquitto, city: City) -> None:
    """An order has the rest of its time as expiry, also when it had to wait for its turn."""
    left = [600]
    async with entered(mosquitto.port) as session:
        await session.publish(lambda: Message(f"{BASE}/drone/order", b"{}", expiry_s=left[0]))
        assert 598 <= ((await asyncio.to_thread(city.next)).expiry_s or 0) <= 600
        left[0] = 10
        await session.publish(lambda: Message(f"{BASE}/drone/order", b"{}", expiry_s=left[0]))
        assert 8 <= ((await asyncio.to_thread(city.next)).expiry_s or 0) <= 10


async def test_the_will_is_kept_by_the_broker(mosquitto: Mosquitto, city: City) -> None:
    """A pole whose line breaks is offline: now, and for whoever asks later."""
    with pytest.raises(LinkLost):
        async with entered(mosquitto.port) as session:
            session._client._client.socket().shutdown(2)  # type: ignore[union-attr]
            await anext(aiter(session.incoming()))
    heard = await asyncio.to_thread(city.next)
    assert heard == Heard(WILL.topic, WILL.payload, 1, True, None, None, None)
    later = City(mosquitto.port)
    assert (await asyncio.to_thread(later.next)) == heard
    later.close()


async def test_an_orderly_leave_leaves_no_will(mosquitto: Mosquitto, city: City) -> None:
    """Who says goodbye is not announced as lost."""
    async with entered(mosquitto.port) as session:
        await session.publish(Message(f"{BASE}/info", b"1", retain=True))
    async with entered(mosquitto.port) as session:
        await session.publish(Message(f"{BASE}/info", b"2", retain=True))
    assert [(await asyncio.to_thread(city.next)).payload for _ in range(2)] == [b"1", b"2"]


@pytest.mark.parametrize(("protocol", "modern"), [("auto", True), ("5", True), ("3.1.1", False)])
async def test_what_the_broker_is_asked_for(mosquitto: Mosquitto, protocol: str, modern: bool) -> None:
    """Clean session, keep alive of 20 s, the will with QoS 1 and retained, the name; twice the same."""
    asked: list[bytes] = []

    def look(hello: bytes) -> None:
        asked.append(hello)

    door = Proxy(mosquitto.port, look)
    try:
        for suffix in ("", "-twin-1"):
            async with broker_at(door.port, protocol).connect(WILL, BASE, suffix) as session:
                assert session.modern is modern
                assert ("MQTT 3.1.1" in session.missing) is not modern
    finally:
        door.close()
    for hello, suffix in zip(asked, ("", "-twin-1"), strict=True):
        assert hello[4:8] == b"MQTT"
        level, flags, keep_alive = struct.unpack(">BBH", hello[8:12])
        assert (level, flags, keep_alive) == (
            5 if modern else 4,
            0b00101110,
            20,
        ), "clean, will, QoS 1, will retained; no login"
        name = f"smartpole-test-T-1{suffix}".encode()
        assert struct.pack(">H", len(name)) + name in hello
        assert hello.endswith(struct.pack(">H", len(WILL.payload)) + WILL.payload)


async def test_a_command_brings_what_it_says(mosquitto: Mosquitto, city: City) -> None:
    """Path, payload, whether it is kept, where the answer goes; of a huge one no more than shows
    that it is.
    """
    async with entered(mosquitto.port) as session:
        coming = session.incoming()
        await asyncio.to_thread(city.say, "lamp/set", b"{}", ResponseTopic="desk/7", CorrelationData=b"7")
        assert await anext(coming) == Incoming("lamp/set", b"{}", False, "desk/7", b"7")
        await asyncio.to_thread(city.say, "drone/approval", b"x" * 70_000)
        assert await anext(coming) == Incoming("drone/approval", b"x" * 65_537, False, None, None)
        await session.publish(Message(f"{BASE}/status", b"1", retain=True))
        assert await anext(coming) == Incoming("status", b"1", True, None, None), "our own word, as published"


async def test_a_look_at_another_topic(mosquitto: Mosquitto) -> None:
    """What is kept there, and nothing of it among the commands; nothing is said of it afterwards."""
    async with entered(mosquitto.port) as session:
        await session.publish(Message("smartpole/test/OLD/status", b"old", retain=True))
        look = asyncio.ensure_future(session.look_at("smartpole/test/OLD/status"))
        hearing = asyncio.ensure_future(anext(session.incoming()))
        assert await look == b"old"
        assert session._looks == {}, "nothing of it is waited for any more"
        await session.publish(Message("smartpole/test/OLD/status", b"new", retain=True))
        await session.publish(Message(f"{BASE}/status", b"ours", retain=True))
        assert (await hearing).payload == b"ours"


async def test_we_listen_to_the_commands_of_the_contract(odd: OddBroker) -> None:
    """To all of them and to our own status, to nothing else; the lamp and the stop of flights first."""

    address = Address("127.0.0.1", odd.port, "x", False, groups=("north",))
    async with MqttBroker(address).connect(WILL, BASE):
        channels, operations = OPERATIONS["channels"], OPERATIONS["operations"]
        wanted = {channels[name]["address"] for name, o in operations.items() if o["action"] == "receive"}
        words = {BASE: "{prefix}/{site}/{pole}", "smartpole/test": "{prefix}/{site}", "north": "{group}"}
        asked = set()
        for topic in odd.filters:
            for ours, theirs in words.items():
                topic = topic.replace(ours, theirs)
            asked.add(topic)
        assert asked == wanted | {"{prefix}/{site}/{pole}/status"}
        assert odd.filters[:4] == [
            f"{BASE}/{p}" for p in ("lamp/set", "drone/stop", "drone/approval", "status")
        ]


# --- what a broker answers


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0x00, None),
        (0x10, None),  # nobody listens: it has it all the same
        (0x80, "unspecified error"),
        (0x83, "implementation specific error"),
        (0x87, "not authorized"),
        (0x90, "topic name invalid"),
        (0x97, "quota exceeded"),
        (0x99, "payload format invalid"),
    ],
)
async def test_an_answer_from_0x80_on_is_a_no(odd: OddBroker, code: int, words: str | None) -> None:
    """Below, the broker has it; what it says no with is told, and the session goes on."""
    odd.oddity = Oddity(refuses=lambda topic, _: topic.endswith("/bad"), code=code)
    async with entered(odd.port) as session:
        if words is None:
            await session.publish(Message(f"{BASE}/bad", b"{}"))
        else:
            with pytest.raises(PublishRefused) as refused:
                await session.publish(Message(f"{BASE}/bad", b"{}"))
            assert refused.value.reason_code == code
            assert words in str(refused.value)
        await session.publish(Message(f"{BASE}/good", b"{}"))
    assert [topic for topic, _ in odd.taken] == [f"{BASE}/good"]


@pytest.mark.parametrize(("receive_maximum", "most"), [(1, 1), (7, 7), (20, 20), (None, 40), (100, 40)])
async def test_no_more_is_in_flight_than_the_broker_bears(
    odd: OddBroker, receive_maximum: int | None, most: int
) -> None:
    """Its receive maximum, and forty where it names none or more; nothing is lost for it."""
    odd.oddity = Oddity(receive_maximum=receive_maximum, ack_s=0.001)
    async with entered(odd.port) as session:
        await asyncio.gather(*(session.publish(Message(f"{BASE}/events/a/b", b"%d" % n)) for n in range(150)))
    assert odd.most_open == most
    assert len(odd.taken) == 150


async def test_what_is_live_goes_before_what_waits(odd: OddBroker) -> None:
    """An order overtakes events that wait for a place."""
    odd.oddity = Oddity(receive_maximum=1, ack_s=0.01)
    async with entered(odd.port) as session:
        events = [
            asyncio.ensure_future(session.publish(Message(f"{BASE}/events/a/b", b"%d" % n), waits=True))
            for n in range(4)
        ]
        await asyncio.sleep(0)
        await session.publish(lambda: Message(f"{BASE}/drone/order", b"order", expiry_s=5))
        await asyncio.gather(*events)
    assert [payload for _, payload in odd.taken] == [b"0", b"order", b"1", b"2", b"3"]


async def test_a_place_of_who_gave_up_goes_to_the_next(odd: OddBroker) -> None:
    """A canceled message takes no place with it, whether it waited or had its turn."""
    odd.oddity = Oddity(receive_maximum=1, ack_s=0.02)
    async with entered(odd.port) as session:
        sends = [
            asyncio.ensure_future(session.publish(Message(f"{BASE}/events/a/b", b"%d" % n))) for n in range(5)
        ]
        await asyncio.sleep(0)
        sends[1].cancel()
        await sends[0]
        sends[2].cancel()  # its turn has come by now
        await asyncio.gather(*sends, return_exceptions=True)
        await asyncio.wait_for(session.publish(Message(f"{BASE}/events/a/b", b"last")), 5)
    assert [p for _, p in odd.taken if p in (b"0", b"3", b"4", b"last")] == [b"0", b"3", b"4", b"last"]


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
async def test_the_largest_packet(odd: OddBroker, size: int, fits: bool) -> None:
    """What the broker would hang up at is refused here, with room for the head; the length is
    that of bytes.
    """
    topic = f"{BASE}/événement"
    odd.oddity = Oddity(largest_packet=1000)
    async with entered(odd.port) as session:
        message = Message(topic, b"x" * (size - 200 - len(topic.encode())))
        if fits:
            await session.publish(message)
        else:
            with pytest.raises(
                PublishRefused, match="too large: 1001 bytes, the broker accepts 1000"
            ) as refused:
                await session.publish(message)
            assert refused.value.reason_code == 0x95
    assert len(odd.taken) == fits


async def test_what_mqtt_does_not_allow_is_refused_here(odd: OddBroker) -> None:
    """A topic with a wildcard would end the connection."""
    async with entered(odd.port) as session:
        with pytest.raises(PublishRefused) as refused:
            await session.publish(Message(f"{BASE}/#", b"{}"))
        assert refused.value.reason_code == 0x90
        await session.publish(Message(f"{BASE}/good", b"{}"))


@pytest.mark.parametrize(
    ("code", "what"), [(0x8E, TakenOver), (0x8B, LinkLost), (0x8D, LinkSilent), (0x87, LinkLost)]
)
async def test_only_one_reason_means_a_twin(odd: OddBroker, code: int, what: type[LinkLost]) -> None:
    """The broker says why it lets go: taken over (0x8e) is another client with our name, shutting down and
    keep alive are not.
    """
    with pytest.raises(LinkLost) as lost:
        async with entered(odd.port) as session:
            hearing = asyncio.ensure_future(anext(session.incoming()))
            await asyncio.sleep(0)
            await asyncio.to_thread(odd.send_away, code)
            await hearing
    assert type(lost.value) is what
    if what is TakenOver:
        assert str(lost.value) == "another client connected as smartpole-test-T-1"
        assert lost.value.__cause__ is not None


async def test_a_second_client_with_the_name_ends_the_first(mosquitto: Mosquitto) -> None:
    """A real broker lets only one in; the first notices at once, and what it sends is lost, not delivered."""
    with pytest.raises(LinkLost):
        async with entered(mosquitto.port) as first:
            async with entered(mosquitto.port) as second:
                with pytest.raises(LinkLost):
                    await asyncio.wait_for(anext(first.incoming()), 5)
                await second.publish(Message(f"{BASE}/info", b"{}"))
            await asyncio.wait_for(first.publish(Message(f"{BASE}/info", b"{}")), 5)


async def test_a_broker_that_keeps_nothing_is_told_of(odd: OddBroker) -> None:
    """The first attempt learns it, the next one asks for nothing to be kept, and it is said what
    is missing.
    """
    odd.oddity = Oddity(retains=False)
    broker = broker_at(odd.port)
    with pytest.raises(LinkLost, match="retrying without retained messages"):
        async with broker.connect(WILL, BASE):
            raise AssertionError
    async with broker.connect(WILL, BASE) as session:
        assert session.missing.startswith("the broker keeps no retained messages")
        await session.publish(Message(f"{BASE}/info", b"{}", retain=True))
    assert [topic for topic, _ in odd.taken] == [f"{BASE}/info"]


async def test_a_broker_that_says_so_as_it_lets_us_in(odd: OddBroker) -> None:
    """One that takes the will and keeps nothing: what it says of itself counts, and nothing is asked to be
    kept.
    """
    odd.oddity = Oddity(retains=False, refuses_will=False)
    async with entered(odd.port) as session:
        assert session.missing.startswith("the broker keeps no retained messages")
        await session.publish(Message(f"{BASE}/info", b"{}", retain=True))
        odd.oddity.retains = True  # from now on it would
        await session.publish(Message(f"{BASE}/active", b"{}", retain=True))
    assert ([topic for topic, _ in odd.taken], odd.retained) == ([f"{BASE}/info", f"{BASE}/active"], {})


async def test_a_broker_without_qos_1(odd: OddBroker) -> None:
    """Events are not given to one that acknowledges nothing; states are, as well as it can."""
    odd.oddity = Oddity(most_qos=0)
    async with entered(odd.port) as session:
        assert (
            session.missing
            == "the broker allows QoS 0 only and acknowledges nothing: events wait on the pole"
        )
        with pytest.raises(PublishRefused) as refused:
            await session.publish(Message(f"{BASE}/events/a/b", b"{}"))
        assert refused.value.reason_code == 0x9B
        await session.publish(Message(f"{BASE}/info", b"{}", retain=True))
        await asyncio.to_thread(lambda: [odd._ask(asyncio.sleep(0.01)) for _ in range(20) if not odd.taken])
    assert ([topic for topic, _ in odd.taken], odd.most_open) == ([f"{BASE}/info"], 0)


@pytest.mark.parametrize(
    ("code", "then"),
    [(0x9B, "retrying with QoS 0"), (0x9A, "retrying without retained")],
)
async def test_a_will_that_is_refused_is_asked_for_otherwise(odd: OddBroker, code: int, then: str) -> None:
    """Learned once: the second no of the same kind is told as it is."""
    odd.oddity = Oddity(connack=code)
    broker = broker_at(odd.port)
    for attempt in range(2):
        with pytest.raises(LinkLost) as lost:
            async with broker.connect(WILL, BASE):
                raise AssertionError
        assert (then in str(lost.value)) is (attempt == 0)
    odd.oddity.connack = 0
    async with broker.connect(WILL, BASE) as session:
        assert ("keeps no retained messages" in session.missing, "QoS 0 only" in session.missing) == (
            code == 0x9A,
            code == 0x9B,
        )
        if code == 0x9A:
            await session.publish(Message(f"{BASE}/info", b"{}", retain=True))
            assert odd.retained == {}


@pytest.mark.parametrize("code", [0x87, 0x88, 0x89, 0x97])
async def test_a_closed_door_says_nothing_of_versions(odd: OddBroker, code: int) -> None:
    """Not authorized, unavailable, busy: MQTT 5 goes on, however often."""
    odd.oddity = Oddity(connack=code)
    broker = broker_at(odd.port)
    for _ in range(6):
        with pytest.raises(LinkLost):
            async with broker.connect(WILL, BASE):
                raise AssertionError
    assert odd.connects == [5] * 6
    assert broker.knows_5


async def test_a_broker_that_lets_in_is_known(odd: OddBroker) -> None:
    """It spoke MQTT 5: it is never taken for one that cannot."""
    broker = broker_at(odd.port)
    async with broker.connect(WILL, BASE) as session:
        assert (session.modern, broker.knows_5) == (True, True)


async def test_five_silent_closes_lead_to_3(odd: OddBroker) -> None:
    """Five silent closes lead to 3 and 5 is remembered.

    A broker that once spoke 5 is never left for its closing; one that closes five times is tried in 3.1.1.
    """
    odd.oddity = Oddity(versions=(4,), silent_about_versions=True)
    broker = broker_at(odd.port)
    for number in range(1, 6):
        with pytest.raises(LinkLost) as lost:
            async with broker.connect(WILL, BASE):
                raise AssertionError
        assert ("five times without an answer; retrying with MQTT 3.1.1" in str(lost.value)) is (number == 5)
    async with broker.connect(WILL, BASE) as session:
        assert not session.modern
        with pytest.raises(PublishRefused, match="has no message expiry") as refused:
            await session.publish(Message(f"{BASE}/drone/order", b"{}", expiry_s=60))
        assert refused.value.reason_code == 0x99
        await session.publish(Message(f"{BASE}/reply", b"{}"))
    assert odd.connects == [5] * 5 + [4]
    known = broker_at(odd.port)
    known.knows_5 = True
    for _ in range(7):
        with pytest.raises(LinkLost):
            async with known.connect(WILL, BASE):
                raise AssertionError
    assert odd.connects[6:] == [5] * 7


async def test_a_version_refused_in_words(odd: OddBroker) -> None:
    """The next attempt is in 3.1.1 then, and the name of the broker is where it is."""
    odd.oddity = Oddity(versions=(4,))
    broker = broker_at(odd.port)
    assert broker.name == f"127.0.0.1:{odd.port}"
    with pytest.raises(LinkLost, match="does not support MQTT 5; retrying with 3"):
        async with broker.connect(WILL, BASE):
            raise AssertionError
    async with broker.connect(WILL, BASE) as session:
        assert not session.modern
    insists = broker_at(odd.port, "5")
    for _ in range(2):
        with pytest.raises(LinkLost):
            async with insists.connect(WILL, BASE):
                raise AssertionError
    assert odd.connects == [5, 4, 5, 5]


@pytest.mark.parametrize("quota", [True, False])
async def test_topics_that_are_not_granted_are_missed(odd: OddBroker, quota: bool) -> None:
    """The first ones are kept, the others are told with the reason."""
    odd.oddity = Oddity(most_filters=3, grants_quota=quota)
    broker, missing = broker_at(odd.port), {}
    for _ in range(13):
        with contextlib.suppress(LinkLost):
            async with broker.connect(WILL, BASE) as session:
                missing = dict(session.unheard)
                assert odd.filters == [f"{BASE}/{p}" for p in ("lamp/set", "drone/stop", "drone/approval")]
                break
    assert len(missing) == len(LISTENED) - 3 + len(FOR_MANY)
    assert set(missing.values()) == {
        "quota exceeded" if quota else "the broker closed the connection at this SUBSCRIBE, or did not answer"
    }


@pytest.mark.parametrize("code", [0x80, 0x87])
async def test_a_refusal_as_a_whole_is_asked_one_by_one(odd: OddBroker, code: int) -> None:
    """Some brokers say no to all when one is too many; asked for alone, each is granted."""
    odd.oddity = Oddity(bulk_code=code)
    async with entered(odd.port) as session:
        assert dict(session.unheard) == {}
        assert len(odd.filters) == len(LISTENED) + len(FOR_MANY)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0x80, "unspecified error"),
        (0x83, "implementation specific error"),
        (0x87, "not authorized"),
        (0x8F, "topic filter invalid"),
        (0x97, "quota exceeded"),
        (0x9E, "shared subscriptions not supported"),
        (0xA2, "wildcard subscriptions not supported"),
    ],
)
async def test_why_a_topic_is_not_granted(odd: OddBroker, code: int, words: str) -> None:
    """In the words of its code; the same topics are not asked for again at once, a new start asks for all."""
    odd.oddity = Oddity(most_filters=len(LISTENED) - 1, grants_quota=True, quota_code=code)
    broker = broker_at(odd.port)
    async with broker.connect(WILL, BASE) as session:
        assert dict(session.unheard) == dict.fromkeys([LISTENED[-1], *OF_MANY], words)
        odd.oddity = Oddity()
        await session.listen()
        assert dict(session.unheard) == dict.fromkeys([LISTENED[-1], *OF_MANY], words)
        await session.listen(anew=True)
        assert dict(session.unheard) == dict.fromkeys(OF_MANY, words), "they wait for their time"
        assert len(odd.filters) == len(LISTENED)


@pytest.mark.parametrize(
    ("error", "tls", "told"),
    [
        (
            OSError("CERTIFICATE_VERIFY_FAILED"),
            True,
            "CERTIFICATE_VERIFY_FAILED; check ca_file, and the clock of this pole",
        ),
        (OSError("refused"), True, "refused"),
        (OSError(), False, "OSError"),
        (
            OSError("the broker closed the connection before the login was done"),
            False,
            "the broker closed the connection before the login was done",
        ),
        (
            OSError("the broker closed the connection before the login was done"),
            True,
            (
                "the broker closed the connection before the login was done; check cert_file: the broker may"
                " require a certificate that it knows and that has not expired"
            ),
        ),
    ],
)
def test_why_the_door_is_closed(error: Exception, tls: bool, told: str) -> None:
    """In words, with what to look at."""
    assert explain(error, tls) == told


# --- a line that stands still


class StillLine:
    """paho, as far as the deadlines look at it."""

    def __init__(self) -> None:
        self._ping_t = 0.0
        self.asked = 0

    def _send_pingreq(self) -> None:
        self.asked += 1

    def socket(self) -> None:
        return None


async def still(*sent: float) -> tuple[AckClient, StillLine]:
    """A client that sent messages at these times, numbered from 1, and heard nothing since."""
    client, line = client_for(Address("127.0.0.1", 1, "x", False), "", True, None), StillLine()
    client._client = line  # type: ignore[assignment]
    for number, at in enumerate(sent, 1):
        client._acks[number] = asyncio.get_running_loop().create_future(), at
    return client, line


async def test_a_silent_line_is_asked_and_given_up() -> None:
    """After ten seconds without a sign the broker is asked whether it is there; ten more, and the line is
    given up.
    """
    client, line = await still(100.0)
    assert client._stuck(109.9) is None
    assert line.asked == 0
    assert client._stuck(110.0) is None
    assert client._stuck(111.0) is None
    assert line.asked == 1
    line._ping_t = 110.0
    assert client._stuck(119.9) is None
    lost = client._stuck(120.0)
    assert type(lost) is LinkSilent
    assert str(lost) == "timed out: the broker did not acknowledge in time"


async def test_answer_that_acknowledges_nothing_is_given_up() -> None:
    """An answer that acknowledges nothing is given up.

    After half a minute, when the broker answers what it is asked: then it is not the line.
    """
    client, line = await still(100.0)
    for now in range(101, 130):
        assert client._stuck(float(now)) is None
    assert type(client._stuck(130.0)) is NotAcknowledged
    client, line = await still(100.0)
    line._ping_t = 1.0
    assert client._stuck(109.0) is None


async def test_why_a_line_was_given_up_is_told_to_all(odd: OddBroker) -> None:
    """Whoever notices first, listener or sender, says why: that the broker acknowledges nothing is no broken
    link.
    """
    async with entered(odd.port) as session:
        session._client.give_up(NotAcknowledged("nothing was acknowledged"))
        with pytest.raises(NotAcknowledged):
            async for _ in session.incoming():
                pass


async def test_a_ping_of_the_keepalive_is_no_silence() -> None:
    """The broker has answered ours; paho asks again by itself, and that answer is on its way."""
    client, line = await still(100.0)
    assert client._stuck(110.0) is None
    line._ping_t = 120.0
    assert client._stuck(120.0) is None
    line._ping_t = 0.0
    assert type(client._stuck(130.0)) is NotAcknowledged


async def test_one_that_is_left_out_is_given_up() -> None:
    """Later ones are acknowledged, the oldest is not: half a minute after it was sent, whatever moves."""
    client, _ = await still(100.0, 125.0)
    client._on_publish(None, None, 2, _Code(0), None)
    client._progress_at = 129.0
    assert client._overtaken
    assert client._stuck(129.9) is None
    assert type(client._stuck(130.0)) is NotAcknowledged
    client, _ = await still(100.0, 100.0)
    client._on_publish(None, None, 1, _Code(0), None)
    assert not client._overtaken, "in order"


async def test_a_line_on_which_nothing_waits_is_well() -> None:
    """However long nothing was sent; the clock of the next message starts when it leaves."""
    client, line = await still()
    assert client._stuck(1e6) is None
    assert line.asked == 0
    client._acks[1] = asyncio.get_running_loop().create_future(), 1e6 + 5
    assert client._stuck(1e6 + 14) is None
    assert line.asked == 0


async def test_an_answer_sets_the_deadline_anew() -> None:
    """Deadlines run from the last sign of progress."""
    client, line = await still(100.0, 100.0)
    acks, begun = [ack for ack, _ in client._acks.values()], time.monotonic()
    client._on_publish(None, None, 1, _Code(0x87), None)
    assert begun <= client._progress_at <= time.monotonic()
    assert (acks[0].result(), acks[1].done()) == (0x87, False)
    client._progress_at = 128.0
    assert client._stuck(137.9) is None
    assert line.asked == 0
    assert client._stuck(138.0) is None
    assert line.asked == 1
    client._on_publish(None, None, 99, _Code(0), None)  # a number that nobody waits for
    error = LinkLost("gone")
    client.give_up(error)
    assert acks[1].exception() is error
    assert client._disconnected.exception() is error


async def test_the_watch_ends_a_line_that_stands_still() -> None:
    """Within a second or two: what was sent fails with the reason, and so does the connection."""
    now = time.monotonic()
    client, _ = await still(now - 100.0)
    [(ack, _)] = client._acks.values()
    client._progress_at = now - 100.0
    await asyncio.wait_for(client.watch(), 5)
    assert type(ack.exception()) is NotAcknowledged
    assert client._disconnected.exception() is ack.exception()


async def test_the_watch_notices_a_line_that_is_gone() -> None:
    """What waits for an acknowledgement then never comes."""
    client, _ = await still(time.monotonic())
    [(ack, _)] = client._acks.values()
    client._disconnected.set_result(None)
    await asyncio.wait_for(client.watch(), 5)
    assert type(ack.exception()) is LinkLost


class _Code:
    def __init__(self, value: int) -> None:
        self.value = value


# --- the broker in memory


async def test_the_broker_in_memory_plays_a_broker() -> None:
    """The will at a cut, what is retained, our own status, only commands, and a look; down,
    nobody gets in.
    """
    memory = MemoryBroker()
    order: list[object] = []

    async def born(modern: bool) -> None:
        order.append(modern)

    memory.on_publish = lambda message: order.append(message.topic)
    async with memory.connect(WILL, BASE, "", born) as session:
        assert (memory.name, memory.connections, order) == ("memory", 1, [True])
        assert (session.missing, session.modern, dict(session.unheard), session.certificate_ends) == (
            "",
            True,
            {},
            None,
        )
        await session.publish(Message(WILL.topic, b"on", retain=True))
        await session.publish(lambda: Message(f"{BASE}/events/a/b", b"1"))
        assert order[1:] == [WILL.topic, f"{BASE}/events/a/b"]
        memory.send(Incoming("nonsense", b""))
        memory.send(Incoming("lamp/set", b"2"))
        heard = [await anext(session.incoming()) for _ in range(2)]
        assert [(m.path, m.payload, m.retained) for m in heard] == [
            ("status", b"on", False),
            ("lamp/set", b"2", False),
        ]
        assert await session.look_at(WILL.topic) == b"on"
        assert await session.look_at("other") is None
        memory.drop()
        with pytest.raises(LinkLost):
            await session.publish(Message("x", b""))
        with pytest.raises(LinkLost):
            await anext(session.incoming())
    assert memory.published[-1] == WILL
    assert memory.retained == {WILL.topic: WILL}
    async with memory.connect(WILL, BASE) as session:
        kept = await anext(session.incoming())
        assert (kept.path, kept.payload, kept.retained) == ("status", WILL.payload, True)
        memory.refused_topics.add("x")
        with pytest.raises(PublishRefused) as refused:
            await session.publish(Message("x", b""))
        assert refused.value.reason_code == 0x87
    memory.send(Incoming("lamp/set", b"3"))
    memory.down = True
    with pytest.raises(LinkLost):
        async with memory.connect(WILL, BASE):
            raise AssertionError
    assert memory.connections == 2
