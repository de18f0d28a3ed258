"""Backoff, board, events."""

from __future__ import annotations

import asyncio
import json

from hypothesis import given
from hypothesis import strategies as st

from pole_agent.store.database import Stored
from pole_agent.uplink.backoff import Backoff
from pole_agent.uplink.board import Board
from pole_agent.uplink.events import Message, event_document, event_message
from pole_agent.vocabulary import Severity


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_the_wait_grows_spreads_and_never_exceeds_a_minute(chances: list[float]) -> None:
    drawn = iter(chances)
    backoff = Backoff(lambda: next(drawn))
    waits = [backoff.next() for _ in chances]
    assert all(0.1 <= w <= 55 for w in waits)
    assert all(w <= 2.0**n for n, w in enumerate(waits)), "at most twice as long as before"
    backoff.reset()
    assert Backoff(lambda: 1.0).next() == 1.0


def test_the_board_carries_the_newest_and_all_again_at_a_birth() -> None:
    async def work() -> None:
        board = Board()
        board.post("a", Message("a", b"1"))
        board.post("a", Message("a", b"2"))
        board.post("once", Message("r", b"x"), at_birth=False)

        async def send(_: Message) -> None:
            return

        def carry() -> list[bytes]:
            carried = []
            while (notice := board.take()) is not None:
                carried.append(notice[1].payload)
            return carried

        board.birth(send)
        assert carry() == [b"2", b"x"]
        board.birth(send)
        assert carry() == [b"2"]

    asyncio.run(work())


def test_an_event_is_a_cloudevent_with_the_fields_of_the_contract() -> None:
    stored = Stored(7, "id", "incident.opened", Severity.ALARM, '{"a":1}', 5.0, "boot", 1.5, "corrected", 1)
    message = event_message("smartpole/s/p", "store", stored)
    assert json.loads(message.payload) == event_document("smartpole/s/p", "store", stored), "as text and as a document"
    assert message.topic == "smartpole/s/p/events/incident/opened"
    assert json.loads(message.payload) == {
        "specversion": "1.0",
        "id": "id",
        "source": "/smartpole/s/p",
        "type": "smartpole.incident.opened",
        "time": "1970-01-01T00:00:01.500Z",
        "datacontenttype": "application/json",
        "storeid": "store",
        "sequence": "000000000007",
        "bootid": "boot",
        "timequality": "corrected",
        "severity": "alarm",
        "replayed": True,
        "data": {"a": 1},
    }
