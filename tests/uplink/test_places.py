"""Who gets a place on the line: what is live first, then who came first; nobody who is busy sending takes it
away from who waits.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pole_agent.clock import settle
from pole_agent.errors import PublishRefused
from pole_agent.uplink.events import Message
from pole_agent.uplink.filters import Filters
from pole_agent.uplink.session import MqttSession
from pole_agent.vocabulary import RecordEvent, Severity
from tests.faults.odd_broker import OddBroker, Oddity
from tests.faults.test_a_broker_misbehaves import Pole, fill, running, until
from tests.uplink.test_wire import BASE, entered

CANCEL = Message(f"{BASE}/drone/cancel", b"cancel")


@pytest.fixture
def odd() -> Iterator[OddBroker]:
    made = OddBroker()
    yield made
    made.close()


class Hand:
    """A client whose acknowledgements are given by hand, in any order. `window`: so many may fly."""

    modern, retains, most_qos = True, True, 1

    def __init__(self, window: int) -> None:
        self.window = window
        self._client = self
        self.flying: dict[bytes, asyncio.Future[None]] = {}
        self.most = 0

    def socket(self) -> None:
        return None

    async def publish_acknowledged(self, message: Message) -> None:
        self.flying[message.payload] = ack = asyncio.get_running_loop().create_future()
        self.most = max(self.most, len(self.flying))
        try:
            await ack
        finally:
            del self.flying[message.payload]


def session_of(hand: Hand) -> MqttSession:
    return MqttSession(hand, BASE, Filters([]))  # type: ignore[arg-type]


def send(session: MqttSession, name: bytes, *, waits: bool = True) -> asyncio.Task[None]:
    return asyncio.ensure_future(session.publish(Message("x", name), waits=waits))


@pytest.mark.parametrize("ends", ["acknowledged", "refused", "cancelled"])
async def test_a_place_is_handed_on_however_it_ends(ends: str) -> None:
    """One leaves, one comes, the first that waited; as many fly as may, not one more and not one less."""
    hand = Hand(2)
    session = session_of(hand)
    jobs = {name: send(session, name) for name in (b"a", b"b", b"c", b"d", b"e")}
    await settle()
    for gone, then in ((b"a", {b"b", b"c"}), (b"c", {b"b", b"d"}), (b"b", {b"d", b"e"}), (b"d", {b"e"})):
        if ends == "cancelled":
            jobs[gone].cancel()
        elif ends == "refused":
            hand.flying[gone].set_exception(PublishRefused(0x87, "no"))
        else:
            hand.flying[gone].set_result(None)
        await settle()
        assert set(hand.flying) == then
    last = send(session, b"f")
    await settle()
    assert (set(hand.flying), hand.most) == ({b"e", b"f"}, 2)
    for job in (last, *jobs.values()):
        job.cancel()
    await asyncio.gather(last, *jobs.values(), return_exceptions=True)


@pytest.mark.parametrize("granted", [False, True])
async def test_who_gives_up_takes_no_place_along(granted: bool) -> None:
    """Whether he still waits or was just let in: afterwards one flies, and the next comes when it is
    acknowledged.
    """
    hand = Hand(1)
    session = session_of(hand)
    jobs = [send(session, name) for name in (b"a", b"b", b"c", b"d")]
    await settle()
    if granted:
        hand.flying[b"a"].set_result(None)
        while not jobs[0].done():
            await asyncio.sleep(0)
    jobs[1].cancel()
    await settle()
    assert set(hand.flying) == ({b"c"} if granted else {b"a"})
    if not granted:
        hand.flying[b"a"].set_result(None)
        await settle()
        assert set(hand.flying) == {b"c"}
    hand.flying[b"c"].set_result(None)
    await settle()
    assert (set(hand.flying), hand.most) == ({b"d"}, 1)
    hand.flying[b"d"].set_result(None)
    await asyncio.gather(*jobs, return_exceptions=True)
    assert [job.cancelled() for job in jobs] == [False, True, False, False]


async def test_the_window_opens_for_who_waits() -> None:
    """Good acknowledgements let one more in each; late ones nobody, until fewer fly than may."""
    hand = Hand(40)
    session = session_of(hand)
    jobs = [send(session, b"%d" % n) for n in range(30)]
    await settle()
    assert set(hand.flying) == {b"%d" % n for n in range(10)}, "ten at first"
    hand.flying[b"0"].set_result(None)
    await settle()
    assert set(hand.flying) == {b"%d" % n for n in range(1, 12)}, "one for it, one more for its answer"
    session._pace.window = 9
    for gone in (1, 2):
        hand.flying[b"%d" % gone].set_exception(PublishRefused(0x87, "no"))
        await settle()
        assert len(hand.flying) == 11 - gone
    hand.flying[b"3"].set_exception(PublishRefused(0x87, "no"))
    await settle()
    assert (len(hand.flying), b"12" in hand.flying) == (9, True)
    for job in jobs:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)


@pytest.mark.parametrize(("places", "senders"), [(1, 3), (2, 5), (4, 4)])
async def test_senders_take_turns(places: int, senders: int, odd: OddBroker) -> None:
    """Who has just sent goes to the end of the queue: nobody is ever two messages ahead of another."""
    odd.oddity = Oddity(receive_maximum=places, ack_s=0.01)
    async with entered(odd.port) as session:

        async def send(sender: int) -> None:
            for _ in range(20):
                await session.publish(Message(f"{BASE}/events/a/b", b"%d" % sender), waits=True)

        await asyncio.gather(*(send(n) for n in range(senders)))
    sent = dict.fromkeys(range(senders), 0)
    for _, payload in odd.taken:
        sent[int(payload)] += 1
        assert max(sent.values()) - min(sent.values()) <= 1, odd.taken[:20]
    assert set(sent.values()) == {20}
    assert odd.most_open == places


async def test_a_cancel_goes_before_all_events_that_wait(odd: OddBroker) -> None:
    """Those that fly are let land, the next is the cancel; of two that are live the first, and a letter is
    not better than a message.
    """
    odd.oddity = Oddity(receive_maximum=2, ack_s=0.002)
    order = Message(f"{BASE}/drone/order", b"order", expiry_s=9)
    async with entered(odd.port) as session:

        async def send() -> None:
            for _ in range(40):
                await session.publish(Message(f"{BASE}/events/a/b", b"event"), waits=True)

        senders = [asyncio.ensure_future(send()) for _ in range(5)]
        await until(lambda: len(odd.taken) >= 10, 5)
        taken = len(odd.taken)
        await asyncio.gather(
            session.publish(CANCEL),
            session.publish(lambda: order),
            session.publish(CANCEL._replace(payload=b"second")),
        )
        await asyncio.gather(*senders)
    payloads = [payload for _, payload in odd.taken]
    live = [payload for payload in payloads if payload != b"event"]
    assert live == [b"cancel", b"order", b"second"]
    assert payloads.index(b"cancel") <= taken + 4
    assert payloads.index(b"second") <= taken + 7
    assert len(payloads) == 203


async def test_a_backlog_lets_a_cancel_and_an_alarm_by(odd: OddBroker, tmp_path: Path) -> None:
    """At a broker that bears few at a time too: both leave with the next messages, and the events go in their
    order, each once.
    """
    odd.oddity = Oddity(receive_maximum=3, ack_s=0.01)
    fill(tmp_path / "state", good=80, bad=20)
    async with running(Pole(tmp_path / "state", odd.port)) as pole:
        await until(lambda: pole.upload.sent_events >= 20, 20)
        pole.store.record(RecordEvent("incident.opened", Severity.ALARM, {"n": 999, "mark": "alarm"}, 0.0))
        await pole.store.flush()
        at = len(odd.taken)
        pole.board.post("cancel", CANCEL)
        await until(lambda: pole.upload.sent_events == 101, 20)
    assert odd.taken.index((CANCEL.topic, b"cancel")) <= at + 8
    assert next(n for n, (_, payload) in enumerate(odd.taken) if b'"mark":"alarm"' in payload) <= at + 20
    numbers = [json.loads(payload)["data"]["n"] for topic, payload in odd.taken if "/events/" in topic]
    assert [n for n in numbers if n != 999] == list(range(100))
