"""What keeps a drone on the ground is done whenever it comes. What was refused may be sent again under its name."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pole_agent.clock import ManualClock
from pole_agent.errors import CommandRefused
from pole_agent.health.trust import TimeKeeper
from pole_agent.loops.listen import Listen, is_always_safe
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board
from tests.loops.dispatching import NOON

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
    return Listen(handlers, handlers, asyncio.Queue(), store, Board(), keeper, clock, "base")


def run(tmp_path: Path, work: Any, **more: Any) -> None:
    async def whole() -> None:
        clock = ManualClock(wall=NOON)
        keeper = TimeKeeper(clock, "system", "boot")
        store = Store(tmp_path / "state", 16, keeper.stamp, lambda: "e")
        store.start()
        try:
            await work(listen(store, clock, **more))
        finally:
            await store.stop(5)

    asyncio.run(whole())


async def send(heard: Listen, path: str, **payload: Any) -> dict[str, Any]:
    reply = await heard.handle(path, json.dumps(payload).encode())
    assert reply is not None
    return reply


PAST, FUTURE = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
SAFE = (
    ("drone/stop", {"stop": True}), ("drone/approval", {"request_id": "r", "decision": "cancel"}),
    ("drone/approval", {"request_id": "r", "decision": "deny"}), ("drone/approval", {"patrol": "p", "decision": "cancel"}),
)  # fmt: skip
NOT_SAFE = (("drone/stop", {"stop": False}), ("drone/approval", {"request_id": "r", "decision": "approve"}))


@pytest.mark.parametrize(("path", "body"), SAFE)
@pytest.mark.parametrize(
    "when", [{"issued_at": "2020-01-01T00:00:00Z"}, {"issued_at": "2099-01-01T00:00:00Z"}, {"expires_at": "2020-01-01T00:00:00Z"}]
)
@pytest.mark.parametrize("trusted", [True, False])
def test_stop_deny_and_cancel_are_done_whatever_the_clocks_say(
    tmp_path: Path, path: str, body: dict[str, Any], when: dict[str, str], trusted: bool
) -> None:
    async def work(heard: Listen) -> None:
        assert (await send(heard, path, **body, **when, by="x"))["ok"]
        assert (await send(heard, path, **body, **when, by="x", command_id="c"))["ok"]
        assert (await send(heard, path, **body, **when, by="x", command_id="c"))["ok"]
        assert len(DONE) == 3, "also twice under one name"

    run(tmp_path, work, trusted=trusted)


@pytest.mark.parametrize(("path", "body"), NOT_SAFE)
def test_what_lets_a_drone_fly_is_bound_to_its_time(tmp_path: Path, path: str, body: dict[str, Any]) -> None:
    assert not is_always_safe(path, body)

    async def work(heard: Listen) -> None:
        for when in ({"issued_at": "2099-01-01T00:00:00Z"}, {"expires_at": "2020-01-01T00:00:00Z"}):
            assert not (await send(heard, path, **body, **when, by="x"))["ok"]
        assert DONE == []

    run(tmp_path, work)


def test_a_command_that_was_refused_is_done_when_it_comes_right(tmp_path: Path) -> None:
    async def work(heard: Listen) -> None:
        assert not (await send(heard, "lamp/set", bad=True, command_id="c"))["ok"]
        assert (await send(heard, "lamp/set", level=1, command_id="c")) == {"command_id": "c", "ok": True, "error": None}
        assert (await send(heard, "lamp/set", level=1, command_id="c"))["duplicate"]
        assert (await send(heard, "drone/stop", stop=False, by="x", command_id="c"))["ok"], "another command of the same name"
        assert [path for path, _ in DONE] == ["lamp/set", "drone/stop"]

    run(tmp_path, work)
