"""Who gets a place on the line: what is live first, then who came first; nobody who is busy sending takes it away from who waits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pole_agent.uplink.events import Message
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


@pytest.mark.parametrize(("places", "senders"), [(1, 3), (2, 5), (4, 4)])
async def test_senders_take_turns(places: int, senders: int, odd: OddBroker) -> None:
    """Who has just sent goes to the end of the queue: nobody is ever two messages ahead of another."""
    odd.oddity = Oddity(receive_maximum=places)
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
    """Those that fly are let land, the next is the cancel; of two that are live the first, and a letter is not better than a message."""
    odd.oddity = Oddity(receive_maximum=2, ack_s=0.002)
    order = Message(f"{BASE}/drone/order", b"order", expiry_s=9)
    async with entered(odd.port) as session:

        async def send() -> None:
            for _ in range(40):
                await session.publish(Message(f"{BASE}/events/a/b", b"event"), waits=True)

        senders = [asyncio.ensure_future(send()) for _ in range(5)]
        await until(lambda: len(odd.taken) >= 10, 5)
        taken = len(odd.taken)
        await asyncio.gather(session.publish(CANCEL), session.publish(lambda: order), session.publish(CANCEL._replace(payload=b"second")))
        await asyncio.gather(*senders)
    payloads = [payload for _, payload in odd.taken]
    live = [payload for payload in payloads if payload != b"event"]
    assert live == [b"cancel", b"order", b"second"]
    assert payloads.index(b"cancel") <= taken + 4
    assert payloads.index(b"second") <= taken + 7
    assert len(payloads) == 203


async def test_a_backlog_lets_a_cancel_and_an_alarm_by(odd: OddBroker, tmp_path: Path) -> None:
    """At a broker that bears few at a time too: both leave with the next messages, and the events go in their order, each once."""
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
