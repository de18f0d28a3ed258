"""Safe ways out with a disk that fails: cancel, deny, expire, time out and stop happen, are told, and are
recorded once it works again.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pole_agent.drone.machine import STATUS, State
from pole_agent.errors import CommandRefused
from pole_agent.uplink.events import Letter, Message
from tests.loops.dispatching import NOON, Bench

BY = {"by": "Officer"}
WAITING = ("blocked", "pending_approval", "approved")
ORDERED = ("sent", "accepted", "in_progress", "paused")
ENDS: dict[str, State] = {
    "cancel": "canceled",
    "deny": "denied",
    "expire": "expired",
    "time_out": "timeout",
    "stop": "canceled",
}
TABLE = [(way, state) for way in ("cancel", "deny", "expire") for state in WAITING] + [
    (way, state) for way in ("cancel", "deny", "time_out", "stop") for state in ORDERED
]
LIFE_S, ANSWER_S, SILENCE_S = 600.0, 120.0, 1800.0


@dataclass
class Watched(Bench):
    """A bench that also sees what is sent at once, without the board."""

    live: list[dict[str, Any]] = field(default_factory=list)

    async def _send(self, letter: Letter) -> None:
        if isinstance(letter, Message) and letter.topic.endswith("/drone/cancel"):
            self.live.append(json.loads(letter.payload))
        await super()._send(letter)


@contextlib.asynccontextmanager
async def bench(folder: Path, **more: Any) -> AsyncIterator[Watched]:
    b = Watched(folder / "state", **more)
    await b.start()
    try:
        yield b
    finally:
        await b.stop()


async def reach(b: Bench, state: str) -> str:
    """Bring a request to this state; returns its name."""
    await b.trigger()
    if state == "blocked":
        await b.weather(emergency_stop=True)
    if state == "approved":
        b.set_link("down")
    if state not in ("blocked", "pending_approval"):
        await b.decide("approve")
    if state not in (*WAITING, "sent"):
        for status in ("accepted", "in_progress", "paused")[: ORDERED.index(state)]:
            await b.advance(2)
            await b.progress(status)
    assert b.state() == state
    return str(b.last["request_id"])


async def take(b: Bench, way: str, state: str, request_id: str, since_s: float) -> None:
    """Take the way out. What needs time is looked at a second before it as well; `since_s` of it
    have passed.
    """
    if way in ("cancel", "deny"):
        assert (await b.dispatch.decide({"request_id": request_id, "decision": way, **BY}, ""))[
            "state"
        ] == ENDS[way]
    elif way == "stop":
        assert await b.dispatch.stop_flights({"stop": True, **BY, "reason": "a helicopter"}, "") == {
            "stopped": True
        }
    else:
        limit_s = LIFE_S if way == "expire" else ANSWER_S if state == "sent" else SILENCE_S
        await b.advance(limit_s - since_s - 1, step_s=300)
        assert b.state(request_id) == state, "a second before its time"
        await b.advance(2.1)


async def events(b: Bench, request_id: str) -> list[tuple[str, str]]:
    """(was, state) of the events about a request, as they were stored."""
    stored = [
        json.loads(e.data)
        for e in await b.store.read(lambda db: db.list_events(100))
        if e.kind == "drone.changed"
    ]
    return [(e["was"], e["state"]) for e in stored if e["request_id"] == request_id]


@pytest.mark.parametrize(("way", "state"), TABLE)
async def test_a_way_out_with_a_disk_that_fails(way: str, state: str, tmp_path: Path) -> None:
    """It ends at once, whoever flies it is called back, its event is stored once, and a restart finds the
    end.
    """
    end = ENDS[way]
    async with bench(tmp_path) as b:
        request_id = await reach(b, state)
        orders, since_s = len(b.orders), b.clock.wall() - NOON if way == "expire" else 0.0
        b.broken.add("write")
        await take(b, way, state, request_id, since_s)
        assert b.state(request_id) == end
        b.set_link("up")
        await b.quiet()
        called_back = [c["request_id"] for c in b.cancels]
        assert called_back == ([request_id] if state in ORDERED else [])
        assert [r["state"] for r in b.told if r["request_id"] == request_id][-1] == end
        assert b.stored()[request_id] != end, "the disk does not work yet"
        b.broken.clear()
        await b.advance(11)
        assert b.stored()[request_id] == end
        await b.store.flush()
        assert [e for e in await events(b, request_id) if e[1] == end] == [(state, end)]
        b.cancels.clear()
        await b.restart(new_boot=True)
        assert b.state(request_id) == end
        assert [c["request_id"] for c in b.cancels] == called_back, (
            "until the dispatcher says that it is over"
        )
        assert len(b.orders) == orders
        assert (b.dispatch.health()["stopped"] or {}).get("by") == ("Officer" if way == "stop" else None)


@pytest.mark.parametrize(("way", "state"), TABLE)
async def test_a_way_out_before_anything_can_be_read(way: str, state: str, tmp_path: Path) -> None:
    """After a restart with a disk that cannot be read, it is remembered, told to the dispatcher, and done
    once the disk works.
    """
    end = ENDS[way]
    async with bench(tmp_path) as b:
        request_id = await reach(b, state)
        orders, since_s = len(b.orders), b.clock.wall() - NOON if way == "expire" else 0.0
        await b.stop()
        b.broken.update({"read", "write"})
        b.set_link("down")
        b.cancels.clear()
        await b.start()
        if way != "expire":
            b.set_link("up")
        assert b.requests == {}
        if way in ("cancel", "deny"):
            with pytest.raises(
                CommandRefused, match="the decision is remembered, and the dispatcher is told"
            ):
                await b.dispatch.decide({"request_id": request_id, "decision": way, **BY}, "")
            assert [(c["request_id"], c["by"]) for c in b.live] == [(request_id, "Officer")]
        elif way == "stop":
            await take(b, way, state, request_id, 0.0)
        with pytest.raises(CommandRefused, match="cannot be read"):
            await b.dispatch.decide({"request_id": request_id, "decision": "approve", **BY}, "")
        await b.advance(30)
        assert len(b.orders) == orders, "nothing flies while nothing is known"
        b.broken.clear()
        await b.turn()
        if way in ("expire", "time_out"):  # silence counts from when anything could be heard again
            await take(b, way, state, request_id, since_s + (30 if way == "expire" else 0))
        assert b.state(request_id) == end
        assert b.stored()[request_id] == end
        assert [e for e in await events(b, request_id) if e[1] == end] == [(state, end)]
        assert [c["request_id"] for c in b.cancels] == ([request_id] if state in ORDERED else [])
        assert len(b.orders) == orders


@pytest.mark.parametrize(("others", "end"), [(99, "canceled"), (100, "pending_approval")])
async def test_a_hundred_early_words_are_remembered(others: int, end: str, tmp_path: Path) -> None:
    """A flood of cancels before anything can be read takes a hundred places; each is told to the dispatcher
    all the same.
    """
    async with bench(tmp_path) as b:
        request_id = await reach(b, "pending_approval")
        await b.stop()
        b.broken.update({"read", "write"})
        await b.start()
        for name in (*(f"r-{n}" for n in range(others)), request_id):
            with pytest.raises(CommandRefused):
                await b.dispatch.decide({"request_id": name, "decision": "cancel", **BY}, "")
        assert [c["request_id"] for c in b.live][-1] == request_id
        assert len(b.live) == others + 1
        b.broken.clear()
        await b.turn()
        assert b.state(request_id) == end


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize(
    "status", sorted(s for s in STATUS if STATUS[s] not in ("accept", "progress", "pause"))
)
async def test_the_dispatchers_own_end_calls_nobody_back(status: str, broken: bool, tmp_path: Path) -> None:
    """What the dispatcher ended is not called back; an end that the disk cannot keep is refused, but for a
    cancel or time out.
    """
    async with bench(tmp_path) as b:
        request_id = await reach(b, "in_progress")
        if broken:
            b.broken.add("write")
        if broken and status not in ("canceled", "timeout"):
            with pytest.raises(CommandRefused, match="the disk is broken"):
                await b.progress(status, request_id)
            assert b.state(request_id) == "in_progress"
        else:
            assert await b.progress(status, request_id) == {"state": status}
        b.broken.clear()
        await b.advance(11)
        await b.restart()
        assert b.cancels == []
        assert b.state(request_id) == (
            "in_progress" if broken and status not in ("canceled", "timeout") else status
        )


@pytest.mark.parametrize("way", ["approve", "send", "unblock", "block"])
async def test_a_way_in_waits_for_the_disk(way: str, tmp_path: Path) -> None:
    """What does not end a request is not so until it is kept, and nothing is told of it."""
    async with bench(tmp_path) as b:
        request_id = await reach(
            b,
            {
                "approve": "pending_approval",
                "send": "approved",
                "unblock": "blocked",
                "block": "pending_approval",
            }[way],
        )
        before, told = b.state(request_id), len(b.told)
        b.broken.add("write")
        if way == "approve":
            with pytest.raises(CommandRefused, match="the decision cannot be stored: the disk is broken"):
                await b.decide("approve", request_id)
        elif way == "send":
            b.set_link("up")
        else:
            await b.weather(emergency_stop=way == "block")
        await b.advance(15)
        assert (b.state(request_id), b.orders) == (before, [])
        assert {r["state"] for r in b.told[told:]} <= {before}
        b.broken.clear()
        await b.advance(11)
        assert (
            b.state(request_id)
            == {
                "approve": "pending_approval",
                "send": "sent",
                "unblock": "pending_approval",
                "block": "blocked",
            }[way]
        )
        assert len(b.orders) == (way == "send")
