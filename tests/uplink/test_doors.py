"""How a client is made, what a visit says, when MQTT 5 is asked for again, and whether a slow line still
moves.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiomqtt
import pytest

from pole_agent.errors import LinkLost
from pole_agent.uplink.client import AckClient
from pole_agent.uplink.events import Message
from pole_agent.uplink.filters import Filters
from pole_agent.uplink.mqtt import Address, MqttBroker, client_for, close, reason_code, visit
from pole_agent.uplink.session import subscribe
from tests.conftest import Mosquitto, free_port
from tests.faults.odd_broker import OddBroker, Oddity
from tests.uplink.test_wire import BASE, WILL, City, StillLine, entered, still


@pytest.fixture
def odd() -> Iterator[OddBroker]:
    made = OddBroker()
    yield made
    made.close()


def client_at(port: int) -> AckClient:
    return client_for(Address("127.0.0.1", port, "x", False), "-asks", True, None)


# --- a client


async def test_how_long_a_client_waits() -> None:
    """Five seconds for a host that takes no connection, ten for a broker that says nothing; forty fly, four
    times as many may wait.
    """
    client = client_at(1)
    inner = client._client
    assert (inner.connect_timeout, client.timeout, client._keepalive) == (5.0, 10.0, 20)
    assert (inner._max_inflight_messages, inner._max_queued_messages, client.pending_calls_threshold) == (
        40,
        160,
        160,
    )
    assert client._queue.maxsize == 2000, "what comes in waits while the listener works, so many"
    assert inner._will is False


async def test_a_password_is_read_at_each_connect(odd: OddBroker, tmp_path: Path) -> None:
    """One that is missing is no traceback but a line that cannot be had, told in words; one that was changed
    is the next one.
    """
    address = Address("127.0.0.1", odd.port, "x", False, "user", tmp_path / "word")
    with pytest.raises(LinkLost, match="cannot prepare the connection: "):
        client_for(address, "", True, None)
    for word in ("first", "second"):
        (tmp_path / "word").write_text(word + "\n")
        inner = client_for(address, "", True, None)._client
        assert (inner._username, inner._password) == (b"user", word.encode())
    assert client_at(1)._client._password is None


@pytest.mark.parametrize("answered", [False, True])
async def test_who_is_cancelled_as_he_is_answered_ends(answered: bool) -> None:
    """An agent that is told to stop in the moment in which the broker lets it in stops."""
    client, answer = client_at(1), asyncio.get_running_loop().create_future()
    waiting = asyncio.ensure_future(client._wait_for(answer, None))
    await asyncio.sleep(0)
    if answered:
        answer.set_result(None)
    waiting.cancel()
    await asyncio.wait([waiting], timeout=5)
    assert waiting.cancelled()
    answer = asyncio.get_running_loop().create_future()
    waiting = asyncio.ensure_future(client._wait_for(answer, None))
    await asyncio.sleep(0)
    answer.set_result("granted")
    assert await waiting == "granted"


# --- a visit


@pytest.mark.parametrize(
    ("oddity", "code"),
    [
        (Oddity(), 0),
        (Oddity(connack=0x87), 0x87),
        (Oddity(connack=0x84), 0x84),
        (Oddity(versions=(4,)), 0x84),
        (Oddity(versions=(4,), silent_about_versions=True), None),
    ],
)
async def test_what_a_visit_says(oddity: Oddity, code: int | None, odd: OddBroker) -> None:
    """Nought where we were let in, the broker's code where not, None where it said nothing; and we are gone
    again.
    """
    odd.oddity = oddity
    assert await visit(client_at(odd.port)) == code
    assert odd.connects == [5]
    deadline = time.monotonic() + 5
    while odd._clients:
        assert time.monotonic() < deadline, "it has left"
        await asyncio.sleep(0.005)


async def test_a_visit_to_nobody() -> None:
    """A closed port says nothing of versions."""
    assert await visit(client_at(free_port())) is None


async def test_a_client_that_never_came_can_leave() -> None:
    """Closing is safe in every state, also twice."""
    client = client_at(free_port())
    await close(client)
    with contextlib.suppress(Exception):
        await client.__aenter__()
    await close(client)
    await close(client)
    assert client._client.socket() is None


@pytest.mark.parametrize(("error", "code"), [(OSError("x"), None), (ValueError(), None)])
def test_an_error_without_a_code(error: Exception, code: int | None) -> None:
    """Only the broker's answer has one, as a number or as paho's reason."""
    assert reason_code(error) is code

    class Code:
        value = 0x87

    for told in (Code(), 0x87):
        error.rc = told  # type: ignore[attr-defined]
        assert reason_code(error) == 0x87
    error.rc = "0x87"  # type: ignore[attr-defined]
    assert reason_code(error) is None


async def test_a_line_that_we_give_up_is_closed_at_once(mosquitto: Mosquitto) -> None:
    """The broker tells the city that the pole was lost, and the next connection is one of its own."""
    city = City(mosquitto.port)
    try:
        with pytest.raises(LinkLost, match="enough"):
            async with entered(mosquitto.port) as session:
                session._client.give_up(LinkLost("enough"))
                await anext(session.incoming())
        assert (await asyncio.to_thread(city.next)).payload == WILL.payload
        async with entered(mosquitto.port) as session:
            await session.publish(Message(f"{BASE}/info", b"{}"))
        assert (await asyncio.to_thread(city.next)).topic == f"{BASE}/info"
    finally:
        city.close()


async def test_paho_says_nothing_of_a_lost_line() -> None:
    """The upload loop says it in words, and not once for each attempt."""
    told = client_at(1)._client._logger
    assert told is not None
    assert not told.isEnabledFor(logging.ERROR)


async def test_nobody_complains_of_a_line_given_up(odd: OddBroker) -> None:
    """Why it went was told to whoever asked; Python logs no exception that was never retrieved."""
    async with entered(odd.port) as session:
        session._client.give_up(LinkLost("enough"))
        assert session._client._disconnected._log_traceback
    assert not session._client._disconnected._log_traceback


async def test_a_broken_subscribe_leaves_nothing_behind(odd: OddBroker) -> None:
    """Neither a task nor a word of Python's about one, whether the broker closes at it or does not answer."""
    async with entered(odd.port) as session:
        odd.oddity = Oddity(most_filters=0)
        before = asyncio.all_tasks()
        with pytest.raises(LinkLost, match="cannot subscribe: "):
            await session.listen(anew=True)
        assert asyncio.all_tasks() <= before


class FewWords:
    """A client whose broker answers to the first topic only."""

    def __init__(self, modern: bool = True, bulk: int = 1, alone: int = 1) -> None:
        self.modern, self.asked, self.groups = modern, list[Any](), list[int]()
        self._bulk, self._alone = bulk, alone
        self._disconnected: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def subscribe(self, topics: list[tuple[str, Any]]) -> list[int]:
        self.groups.append(len(topics))
        self.asked += [
            (topic, o if isinstance(o, int) else (o.QoS, o.retainAsPublished, o.retainHandling))
            for topic, o in topics
        ]
        return [self._alone] if len(topics) == 1 else [self._bulk]


async def test_an_answer_to_fewer_topics_is_no_crash() -> None:
    """What was answered counts; of the others nothing is known."""
    filters = Filters(["a", "b"])
    filters.refused("a", "no", 0.0)
    await subscribe(FewWords(), BASE, filters, ["a", "b"], anew=True)  # type: ignore[arg-type]
    assert dict(filters.missing) == {}


class NoWords(FewWords):
    """A client whose broker does not answer; whether it is still there is told."""

    def __init__(self, connected: bool, gone: bool) -> None:
        super().__init__()
        self._client = SimpleNamespace(is_connected=lambda: connected)
        self._gone = gone

    async def subscribe(self, topics: list[tuple[str, Any]]) -> list[int]:
        if self._gone:
            self._disconnected.set_result(None)
        raise aiomqtt.MqttError("Operation timed out")


@pytest.mark.parametrize(
    ("topics", "connected", "gone", "goes_on"),
    [
        (1, True, False, True),
        (2, True, False, False),
        (1, False, False, False),
        (1, True, True, False),
        (1, False, True, False),
    ],
)
async def test_one_topic_without_an_answer(topics: int, connected: bool, gone: bool, goes_on: bool) -> None:
    """Asked for by itself it costs nothing but itself, as long as the line is there; it is asked for again an
    hour later.
    """
    client, filters = NoWords(connected, gone), Filters(["a", "b", "c"])
    with (
        contextlib.nullcontext()
        if goes_on
        else pytest.raises(LinkLost, match="cannot subscribe: Operation timed out")
    ):
        await subscribe(client, BASE, filters, ["a", "b"][:topics], anew=True)  # type: ignore[arg-type]
    assert list(filters.missing) == (["a"] if topics == 1 else [])


@pytest.mark.parametrize(
    ("bulk", "alone", "groups", "missing"),
    [
        (1, 1, [2], {}),
        (0x7F, 1, [2], {}),
        (0x80, 1, [2, 1, 1], {}),
        (0x97, 0x87, [2, 1, 1], {"a": "not authorized", "b": "not authorized"}),
        (0x97, 0x66 + 0x80, [2, 1, 1], {"a": "refused", "b": "refused"}),
    ],
)
async def test_a_no_to_all_is_asked_for_each_once(
    bulk: int, alone: int, groups: list[int], missing: dict[str, str]
) -> None:
    """A no to one topic is not asked for again; from then on each is asked for by itself."""
    client, filters = FewWords(True, bulk, alone), Filters(["a", "b"])
    await subscribe(client, BASE, filters, ["a", "b"], anew=True)  # type: ignore[arg-type]
    assert (client.groups, dict(filters.missing)) == (groups, missing)
    assert len(filters.groups(1e12)) == (1 if groups == [2] else 2)


@pytest.mark.parametrize(
    ("modern", "anew", "asked"),
    [(True, True, (1, True, 0)), (True, False, (1, True, 1)), (False, True, 1), (False, False, 1)],
)
async def test_how_a_topic_is_asked_for(modern: bool, anew: bool, asked: object) -> None:
    """QoS 1, retain as published; what is kept comes once: not again where it is only asked whether we are
    still heard.
    """
    client = FewWords(modern)
    await subscribe(client, BASE, Filters(["lamp/set"]), ["lamp/set"], anew=anew)  # type: ignore[arg-type]
    assert client.asked == [(f"{BASE}/lamp/set", asked)]


async def test_a_kept_command_is_heard_once(mosquitto: Mosquitto) -> None:
    """However often everything is asked for anew."""
    async with entered(mosquitto.port) as other:
        await other.publish(Message(f"{BASE}/lamp/set", b"kept", retain=True))
    async with entered(mosquitto.port) as session:
        coming = session.incoming()
        assert (await anext(coming)).payload == b"kept"
        await session.listen(anew=True)
        await session.publish(Message(f"{BASE}/lamp/set", b"new"))
        assert (await anext(coming)).payload == b"new"


# --- which version is spoken


def old_for(broker: MqttBroker, seconds: float) -> None:
    """As if the broker had said so long ago that it knows no 5, that it is asked again in so many seconds."""
    broker._versions.unsupported(time.monotonic() - 3600 + seconds)


async def test_a_broker_that_learned_5_is_met_in_5(odd: OddBroker) -> None:
    """Asked under another name once the hour is over; the line is left with the reason, and the next one is
    in 5.
    """
    broker = MqttBroker(Address("127.0.0.1", odd.port, "x", False))
    old_for(broker, 0.5)
    with pytest.raises(LinkLost, match="supports MQTT 5 now; reconnecting with it"):
        async with broker.connect(WILL, BASE) as session:
            assert not session.modern
            await asyncio.wait_for(anext(session.incoming()), 10)
    assert session._client._client.socket() is None, "and closed here too"
    assert (broker.knows_5, odd.connects, odd.names) == (True, [4, 5], ["x", "x-asks"])
    async with broker.connect(WILL, BASE) as session:
        assert session.modern


@pytest.mark.parametrize("oddity", [Oddity(versions=(4,)), Oddity(versions=(4,), silent_about_versions=True)])
async def test_a_broker_that_knows_no_5_is_left_in_peace(oddity: Oddity, odd: OddBroker) -> None:
    """Its no, or its silence, costs the session nothing; it is asked again an hour later."""
    odd.oddity = oddity
    broker = MqttBroker(Address("127.0.0.1", odd.port, "x", False))
    old_for(broker, 0.2)
    begun = time.monotonic()
    async with broker.connect(WILL, BASE) as session:
        while len(odd.connects) < 2 or broker._versions.again_at() < begun + 60:
            assert time.monotonic() < begun + 8
            await asyncio.sleep(0.01)
        assert time.monotonic() - begun >= 0.99, "not sooner than after a second"
        assert begun + 3600 < broker._versions.again_at() < time.monotonic() + 3600
        await session.publish(WILL)
    assert odd.connects == [4, 5]
    assert (broker.knows_5, broker._versions.modern(time.monotonic())) == (False, False)


async def test_whoever_is_configured_for_3_asks_for_no_5(odd: OddBroker) -> None:
    """Nobody is visited who was not asked for: there is nothing to wait for."""
    broker = MqttBroker(Address("127.0.0.1", odd.port, "x", False, protocol="3.1.1"))
    await asyncio.wait_for(broker._ask_for_5(client_at(odd.port)), 0.5)
    assert odd.connects == []


# --- what starts the deadlines


class Numbered(StillLine):
    """paho that takes what it is given, and acknowledges nothing."""

    rc = 0

    def __init__(self) -> None:
        super().__init__()
        self.mid, self.qos = 0, list[int]()

    def publish(self, topic: str, payload: bytes, qos: int, *more: object) -> SimpleNamespace:
        self.mid += 1
        self.qos.append(qos)
        return SimpleNamespace(rc=self.rc, mid=self.mid)


async def test_a_message_more_is_no_progress() -> None:
    """The deadlines run from when a quiet line was used again; whatever is sent while something waits starts
    nothing anew.
    """
    client, _ = await still()
    client._client = paho = Numbered()  # type: ignore[assignment]
    begun, jobs = time.monotonic(), []
    for number in (1, 2):
        jobs.append(asyncio.ensure_future(client.publish_acknowledged(Message("x", b""))))
        await asyncio.sleep(0)
        if number == 1:
            assert begun <= client._progress_at <= time.monotonic()
            client._progress_at = 100.0
        assert len(client._acks) == number
    assert client._progress_at == 100.0
    await client.publish_acknowledged(Message("x", b"", qos=0))
    assert (len(client._acks), paho.qos) == (2, [1, 1, 0])
    jobs[0].cancel()
    await asyncio.gather(jobs[0], return_exceptions=True)
    assert list(client._acks) == [2], "nobody waits for that any more"
    client._acks[2][0].set_result(0x7F)
    await jobs[1]
    assert client._acks == {}


async def test_what_paho_cannot_send_is_a_lost_line() -> None:
    """Whatever number it gives, and nothing is waited for."""
    client, _ = await still()
    client._client = paho = Numbered()  # type: ignore[assignment]
    paho.rc = 4
    with pytest.raises(LinkLost, match=r"paho error 4"):
        await client.publish_acknowledged(Message("x", b""))
    assert client._acks == {}


# --- a line that moves


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a line; what waits on ours is what the other has not read."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for _ in range(30):
            ours.send(b"x" * 1000)
        yield ours, theirs


async def test_a_line_that_moves_is_not_silent(line: tuple[socket.socket, socket.socket]) -> None:
    """As long as the other end takes bytes nobody asks whether it is there; ten seconds after the last ones
    it is asked.
    """
    ours, theirs = line
    client, paho = await still(100.0)
    paho.socket = lambda: ours  # type: ignore[method-assign,assignment]
    assert client._stuck(101.0) is None, "the first look has nothing to compare with"
    for now in (109.0, 118.0, 127.0):
        theirs.recv(1000)
        assert client._stuck(now) is None
        assert client._stuck(now + 0.5) is None
    assert paho.asked == 0
    client._acks = {1: (client._acks[1][0], 120.0)}  # else half a minute is over
    assert client._stuck(136.9) is None
    assert paho.asked == 0
    assert client._stuck(137.0) is None
    assert paho.asked == 1, "ten seconds after it moved last"
    paho._ping_t = 137.0
    theirs.recv(1000)
    assert client._stuck(147.0) is None, "it moves again"
    assert client._stuck(156.9) is None
    assert paho.asked == 1
    client._acks = {1: (client._acks[1][0], 150.0)}
    assert client._stuck(160.0) is None, "silent once more: it is asked before it is given up"
    assert client._stuck(161.0) is not None


async def test_only_what_leaves_is_a_move(line: tuple[socket.socket, socket.socket]) -> None:
    """Not the first look, not a line that stands, not one on which more waits than before, nor one that is
    closed.
    """
    ours, theirs = line
    client, paho = await still(100.0)
    assert client._moved() is False, "no socket"
    paho.socket = lambda: ours  # type: ignore[method-assign,assignment]
    assert [client._moved(), client._moved()] == [False, False]
    theirs.recv(1000)
    assert [client._moved(), client._moved()] == [True, False]
    ours.send(b"x" * 1000)
    assert [client._moved(), client._moved()] == [False, False]
    theirs.recv(1000)
    assert client._moved() is True
    ours.close()
    assert client._moved() is False
