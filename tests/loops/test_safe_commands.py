"""What keeps a drone on the ground is done whenever it comes.

What was refused may be sent again under its name.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pole_agent.clock import ManualClock
from pole_agent.context import Context
from pole_agent.errors import CommandRefused
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.loops.listen import Listen
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board
from pole_agent.uplink.command import is_always_safe
from tests.loops.dispatching import NOON, Bench, Benches

DONE: list[tuple[str, dict[str, Any]]] = []


def listen(store: Store, clock: ManualClock, trusted: bool = True) -> Listen:
    DONE.clear()

    def handler(path: str) -> Any:
        def handle(body: Mapping[str, Any], by: str) -> dict[str, Any]:
            if body.get("bad"):
                raise CommandRefused("bad")
            DONE.append((path, dict(body)))
            return {}

        return handle

    handlers = {path: handler(path) for path in ("drone/stop", "drone/approval", "lamp/set")}
    keeper = TimeKeeper(clock, "auto", "boot", lambda _after: trusted)
    parts = Parts(store.record, clock.monotonic)
    context = Context(base="base", clock=clock, keeper=keeper, store=store, board=Board(), parts=parts)
    return Listen(context, handlers, handlers, asyncio.Queue())


@contextlib.asynccontextmanager
async def listening_at(folder: Path, **more: Any) -> AsyncIterator[Listen]:
    clock = ManualClock(wall=NOON)
    keeper = TimeKeeper(clock, "system", "boot")
    store = Store(folder / "state", 16, keeper.stamp, lambda: "e", 5.0)
    store.start()
    try:
        yield listen(store, clock, **more)
    finally:
        await store.stop(5)


async def send(heard: Listen, path: str, **payload: Any) -> dict[str, Any]:
    reply = await heard.handle(path, json.dumps(payload).encode())
    assert reply is not None
    return reply


PAST, FUTURE = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
SAFE = (
    ("drone/stop", {"stop": True}),
    ("drone/approval", {"request_id": "r", "decision": "cancel"}),
    ("drone/approval", {"request_id": "r", "decision": "deny"}),
    ("drone/approval", {"patrol": "p", "decision": "cancel"}),
)
NOT_SAFE = (("drone/stop", {"stop": False}), ("drone/approval", {"request_id": "r", "decision": "approve"}))


@pytest.mark.parametrize(("path", "body"), SAFE)
@pytest.mark.parametrize(
    "when",
    [
        {"issued_at": "2020-01-01T00:00:00Z"},
        {"issued_at": "2099-01-01T00:00:00Z"},
        {"expires_at": "2020-01-01T00:00:00Z"},
    ],
)
@pytest.mark.parametrize("trusted", [True, False])
async def test_stop_deny_and_cancel_are_done(
    tmp_path: Path, path: str, body: dict[str, Any], when: dict[str, str], trusted: bool
) -> None:
    """Stop deny and cancel are done whatever the clocks say."""
    async with listening_at(tmp_path, trusted=trusted) as heard:
        assert (await send(heard, path, **body, **when, by="x"))["ok"]
        assert (await send(heard, path, **body, **when, by="x", command_id="c"))["ok"]
        assert (await send(heard, path, **body, **when, by="x", command_id="c"))["ok"]
        assert len(DONE) == 3, "also twice under one name"


@pytest.mark.parametrize(("path", "body"), NOT_SAFE)
async def test_what_lets_a_drone_fly_is_bound_to_its_time(
    tmp_path: Path, path: str, body: dict[str, Any]
) -> None:
    assert not is_always_safe(path, body)

    async with listening_at(tmp_path) as heard:
        for when in ({"issued_at": "2099-01-01T00:00:00Z"}, {"expires_at": "2020-01-01T00:00:00Z"}):
            assert not (await send(heard, path, **body, **when, by="x"))["ok"]
        assert DONE == []


async def test_a_command_that_was_refused_is_done(tmp_path: Path) -> None:
    """A command that was refused is done when it comes right."""
    async with listening_at(tmp_path) as heard:
        assert not (await send(heard, "lamp/set", bad=True, command_id="c"))["ok"]
        assert (await send(heard, "lamp/set", level=1, command_id="c")) == {
            "command_id": "c",
            "ok": True,
            "error": None,
        }
        assert (await send(heard, "lamp/set", level=1, command_id="c"))["duplicate"]
        assert (await send(heard, "drone/stop", stop=False, by="x", command_id="c"))["ok"], (
            "another command of the same name"
        )
        assert [path for path, _ in DONE] == ["lamp/set", "drone/stop"]


RESUMED = {"command_id": None, "ok": True, "error": None, "stopped": False}


def listening(b: Bench) -> Listen:
    handlers = {"drone/stop": b.dispatch.stop_flights, "drone/approval": b.dispatch.decide}
    return Listen(b.context, handlers, handlers, asyncio.Queue())


UNREADABLE = (
    b"stop",
    b"STOP!",
    b"\xff\xfe\x00",
    b"true",
    b'"stop"',
    b"[]",
    b"null",
    b"{",
    b'{"stop": true',
    b"[" * 5000,
    b"x" * 20_000,
    b'{"stop": NaN}',
    b'{"by": "\\ud800"}',
    b"\xef\xbb\xbf{}",
    b'{"stop": false, "stop": true}',
    b'{"stop": true, "stop": false, "by": "x"}',
)
ODD: tuple[dict[str, Any], ...] = (
    {},
    {"by": "x"},
    {"stop": True},
    {"stop": "yes", "by": "x"},
    {"stop": "false", "by": "x"},
    {"stop": 0, "by": "x"},
    {"stop": None},
    {"stop": True, "by": ""},
    {"stop": True, "by": 7},
    {"stop": True, "by": "x" * 101},
    {"stop": True, "by": "two\nlines"},
    {"stop": True, "by": "x", "until": 5},
    {"stop": True, "by": "x", "reason": 7},
    {"stop": True, "by": "x", "reason": "r" * 500},
    {"stop": True, "command_id": 5},
    {"stop": True, "issued_at": "yesterday"},
    {"resume": True, "by": "x"},
)


async def test_a_stop_may_be_malformed_in_every_way(dispatcher: Benches) -> None:
    """Whoever sends something to drone/stop in a hurry wants the drones down."""

    async with dispatcher() as b:
        heard = listening(b)
        for payload in (*UNREADABLE, *(json.dumps(odd).encode() for odd in ODD)):
            reply = await heard.handle("drone/stop", payload)
            assert reply is not None
            assert (reply["ok"], reply["stopped"]) == (True, True), payload[:60]
            assert reply["note"].startswith("malformed, but carried out: "), payload[:60]
            assert b.dispatch.health()["stopped"]["by"] in ("x", "unknown")
            assert await heard.handle("drone/stop", b'{"stop": false, "by": "Officer"}') == RESUMED
            assert b.dispatch.health()["stopped"] is None


async def test_a_malformed_stop_calls_back_what_flies(dispatcher: Benches) -> None:
    """A malformed stop calls back what flies and is recorded as such."""
    async with dispatcher() as b:
        await b.trigger()
        await b.decide("approve")
        await b.progress("in_progress")
        heard = listening(b)
        await heard.handle("drone/stop", b"stop it")
        await b.turn()
        assert b.last["state"] == "canceled"
        assert len(b.cancels) == 1
        await b.store.flush()
        events = await b.store.read(lambda db: db.list_events(100))
        record = next(json.loads(e.data) for e in events if e.kind == "command.accepted")
        assert record["note"] == "malformed, but carried out: the command is not JSON"
        assert record["body"] == {"stop": True, "reason": "the command is not JSON"}


BAD_RESUMES = (
    b'{"stop": false}',
    b'{"stop": false, "by": ""}',
    b'{"stop": false, "by": "x", "drones": "all"}',
    b'{"stop": false, "by": "x", "reason": 5}',
    b'{"stop": false, "by": "x", "command_id": 5}',
    b'{"stop": false, "by": "x", "expires_at": "2020-01-01T00:00:00Z"}',
)


async def test_a_resume_needs_everything_right(dispatcher: Benches) -> None:
    """A resume needs everything right and changes nothing otherwise."""
    async with dispatcher() as b:
        heard = listening(b)
        for stopped in (False, True):
            if stopped:
                await b.dispatch.stop_flights({"stop": True, "by": "Officer"}, "")
            for payload in BAD_RESUMES:
                reply = await heard.handle("drone/stop", payload, local_by="")
                assert reply is None or reply["ok"] is False, payload
                assert bool(b.dispatch.health()["stopped"]) is stopped
            kept = await heard.handle("drone/stop", b'{"stop": false, "by": "x"}', retained=True)
            assert kept is None or kept["ok"] is False
            assert bool(b.dispatch.health()["stopped"]) is stopped


async def test_nonsense_does_not_take_the_name(dispatcher: Benches) -> None:
    """Nonsense does not take the name of who stopped the flights."""
    async with dispatcher() as b:
        heard = listening(b)
        await b.dispatch.stop_flights({"stop": True, "by": "Officer"}, "")
        await heard.handle("drone/stop", b"?")
        assert b.dispatch.health()["stopped"]["by"] == "Officer"


async def test_what_the_broker_kept_holds_drones_back(dispatcher: Benches) -> None:
    """What the broker kept holds drones back and lets none go."""
    async with dispatcher() as b:
        await b.trigger()
        heard, request = listening(b), b.last["request_id"]
        approval = json.dumps({"request_id": request, "decision": "approve", "by": "x"}).encode()
        assert not (await heard.handle("drone/approval", approval, retained=True) or {})["ok"]
        denial = json.dumps({"request_id": request, "decision": "deny", "by": "x"}).encode()
        denied = await heard.handle("drone/approval", denial, retained=True)
        assert (denied or {})["state"] == "denied"
        stopped = await heard.handle("drone/stop", b'{"stop": true, "by": "x"}', retained=True)
        assert (stopped or {})[
            "note"
        ] == "the broker keeps this command and repeats it at each connection; clear the topic"


@pytest.mark.parametrize(
    "odd",
    [
        {"by": None},
        {"by": "two\nlines"},
        {"altitude": 5},
        {"reason": 5},
        {"command_id": 5},
        {"issued_at": "x"},
    ],
)
@pytest.mark.parametrize("decision", ["deny", "cancel"])
async def test_a_denial_counts_as_long_as_it_says_of_what(
    dispatcher: Benches, decision: str, odd: dict[str, Any]
) -> None:
    async with dispatcher() as b:
        await b.trigger()
        heard, request = listening(b), {"request_id": b.last["request_id"], "by": "x"}
        refused = await heard.handle(
            "drone/approval", json.dumps(request | {"decision": "approve"} | odd).encode()
        )
        assert not (refused or {})["ok"]
        reply = await heard.handle(
            "drone/approval", json.dumps(request | {"decision": decision} | odd).encode()
        )
        assert (reply or {})["state"] == {"deny": "denied", "cancel": "canceled"}[decision]
