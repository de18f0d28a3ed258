"""What the broker keeps for Home Assistant is announced, withdrawn and remembered."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pole_agent.clock import ManualClock
from pole_agent.health.trust import TimeKeeper
from pole_agent.loops.announce import Announce
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board
from pole_agent.uplink.events import Message
from pole_agent.uplink.homeassistant import KEPT
from tests.loops.dispatching import SwitchedStore

TOPIC = "homeassistant/device/p/config"


def announcement(*keys: str) -> dict[str, Any]:
    return {
        "device": {"name": "p"},
        "components": {key: {"platform": "light", "unique_id": key} for key in keys},
    }


@contextlib.asynccontextmanager
async def stored(folder: Path) -> AsyncIterator[Store]:
    store = Store(folder, 16, TimeKeeper(ManualClock(), "system", "b").stamp, lambda: "e", 5.0)
    store.start()
    try:
        yield store
    finally:
        await store.stop(5)


async def remembered(store: Store) -> Any:
    """As it lies on the disk, once all that was begun is done."""
    for _ in range(3):
        await asyncio.sleep(0)
        text = await store.read(lambda db: db.get(KEPT))
    return json.loads(text) if text else text


def carry(board: Board) -> list[Message]:
    """What the upload loop does."""
    taken = []
    while (notice := board.take()) is not None:
        taken.append(notice[1])
        board.carried(*notice)
    return taken


async def test_it_is_written_down_before_it_is_said(tmp_path: Path) -> None:
    """Announced, retained; the entities are on the disk before the broker can have them."""
    async with stored(tmp_path) as store:
        board = Board()
        await Announce(store, board, TOPIC, announcement("a", "b"), enabled=True).start()
        assert await remembered(store) == {TOPIC: {"a": "light", "b": "light"}}
        [message] = carry(board)
        assert (message.topic, message.retain, message.qos, json.loads(message.payload)) == (
            TOPIC,
            True,
            1,
            announcement("a", "b"),
        )
        assert await remembered(store) == {TOPIC: {"a": "light", "b": "light"}}


async def test_what_is_gone_is_said_by_its_platform(tmp_path: Path) -> None:
    """What is gone is said by its platform until it was carried.

    Both are remembered until the broker has the word; then only what there is.
    """
    async with stored(tmp_path) as store:
        await Announce(store, Board(), TOPIC, announcement("old", "same"), enabled=True).start()
        board = Board()
        await Announce(store, board, TOPIC, announcement("new", "same"), enabled=True).start()
        assert await remembered(store) == {TOPIC: {"old": "light", "same": "light", "new": "light"}}
        [message] = carry(board)
        assert json.loads(message.payload)["components"] == announcement("new", "same")["components"] | {
            "old": {"platform": "light"}
        }
        assert await remembered(store) == {TOPIC: {"new": "light", "same": "light"}}
        again = Board()
        await Announce(store, again, TOPIC, announcement("new", "same"), enabled=True).start()
        [message] = carry(again)
        assert json.loads(message.payload) == announcement("new", "same")


async def test_an_announcement_comes_again_at_each_birth(tmp_path: Path) -> None:
    """An announcement comes again at each birth and a withdrawal does not.

    The broker may have lost what it kept; an empty word needs saying once.
    """

    async def nobody(_: Any) -> None:
        return

    async with stored(tmp_path) as store:
        board = Board()
        await Announce(store, board, TOPIC, announcement("a"), enabled=True).start()
        assert len(carry(board)) == 1
        board.birth(nobody)
        assert len(carry(board)) == 1
        board = Board()
        await Announce(store, board, TOPIC, announcement("a"), enabled=False).start()
        assert await remembered(store) == {TOPIC: {"a": "light"}}, "not yet: the broker still has it"
        assert carry(board) == [Message(TOPIC, b"", retain=True)]
        assert await remembered(store) is None
        board.birth(nobody)
        assert carry(board) == []


@pytest.mark.parametrize("known", [None, "[]", "{", '{"homeassistant/device/other/config": {"x": "light"}}'])
async def test_nothing_is_withdrawn_that_was_never_said(tmp_path: Path, known: str | None) -> None:
    """Also where what is remembered cannot be read, or is of another name."""
    async with stored(tmp_path) as store:
        await store.write(lambda db: db.set(KEPT, known))
        board = Board()
        await Announce(store, board, TOPIC, announcement("a"), enabled=False).start()
        assert carry(board) == []
        assert await store.read(lambda db: db.get(KEPT)) == known
        await Announce(store, board, TOPIC, announcement("a"), enabled=True).start()
        assert len(carry(board)) == 1
        other = {"homeassistant/device/other/config": {"x": "light"}} if known and "other" in known else {}
        assert await remembered(store) == other | {TOPIC: {"a": "light"}}


async def test_a_disk_that_fails_hides_no_announcement(tmp_path: Path) -> None:
    """What cannot be read or written down is said all the same."""
    store = SwitchedStore(
        {"read", "write"}, tmp_path, 16, TimeKeeper(ManualClock(), "system", "b").stamp, lambda: "e", 5.0
    )
    board = Board()
    await Announce(store, board, TOPIC, announcement("a"), enabled=True).start()
    assert [m.topic for m in carry(board)] == [TOPIC]
    await asyncio.sleep(0)
