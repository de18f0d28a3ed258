"""A simulation is one by construction: whatever is published through it says so."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pole_agent.uplink.events import Incoming, Letter, Message, encode
from pole_agent.uplink.memory import MemoryBroker
from pole_agent.uplink.simulated import SimulatedBroker, marked

BASE = "smartpole/s/p"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text() | st.just("simulation"), VALUES))
def test_every_document_is_marked_and_keeps_the_rest(document: dict[str, Any]) -> None:
    """Also one that says it is none, that is empty, or that holds the word elsewhere."""
    assert json.loads(marked(Message("t", encode(document))).payload) == json.loads(encode(document)) | {
        "simulation": True
    }


def test_what_is_no_document_stays_as_it_is() -> None:
    """An empty payload clears a retained message."""
    assert marked(Message("t", b"", retain=True)) == Message("t", b"", retain=True)


async def test_messages_late_letters_and_the_will_are_marked() -> None:
    """Messages late letters and the will are marked and our own words come back without."""
    memory = MemoryBroker()
    status = Message(f"{BASE}/status", encode({"state": "online"}), retain=True)
    letters: list[Letter] = [status, lambda: Message(f"{BASE}/drone/order", encode({"simulation": False}))]
    async with SimulatedBroker(memory).connect(
        Message(f"{BASE}/status", b"{}", retain=True), BASE
    ) as session:
        for letter in letters:
            await session.publish(letter)
        memory.send(Incoming("lamp/set", marked(status).payload))
        heard = await anext(aiter(session.incoming()))
        assert heard.payload == status.payload
        assert session.missing == ""
        memory.drop()
    assert [json.loads(m.payload)["simulation"] for m in memory.published] == [True, True, True]
