"""What a restart and a reload carry over of the drone requests: every field, and every small state beside
them.
"""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import itertools
import json
from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pole_agent.clock import settle
from pole_agent.drone.approval import Standing, StandingBook
from pole_agent.drone.commands import Decision
from pole_agent.drone.conditions import Conditions
from pole_agent.drone.gates import Gate
from pole_agent.drone.request import Request, Step
from pole_agent.drone.state import DroneState, Triggers
from pole_agent.drone.stored import LastOrder
from pole_agent.drone.target import around
from pole_agent.errors import CommandRefused
from pole_agent.store.store import Store
from pole_agent.vocabulary import RequestDrone, Severity
from tests.loops.dispatching import LIMITS, NOON, PLACE, Bench, rules
from tests.loops.test_dispatch import ROUND
from tests.loops.test_ways_out import bench, reach

POLE = (PLACE.latitude, PLACE.longitude)
# No field has its default.
FULL = Request(
    "r-full",
    "canceled",
    "patrol",
    "round",
    "2026-11-24T05:00:00.000Z",
    "yard",
    "alarm",
    0.5,
    around(POLE, 70, 50),
    NOON - 50,
    NOON + 550,
    50.0,
    650.0,
    "boot-1",
    True,
    ("i-1", "i-2"),
    3,
    ((0.1, 0.2), (0.3, 0.4)),
    "Dewi",
    "because",
    "Budi",
    "key",
    True,
    False,
    True,
    True,
    NOON - 5,
    95.0,
    "on scene",
    (Gate("wind_ms", 3.0, 8, True, "dispatcher", 4.5, "why"),),
    ("nonce",),
    (Step(NOON, "requested", "pole", "x"),),
)
TRIGGER = RequestDrone("late", "street", "road", "i-1", Severity.WARNING, 1000.0)
BOOK = StandingBook({"round": Standing(ROUND.written, "Dewi", NOON + 9000, "k")}, {"n" * 16: NOON + 5}, 7.0)


def test_no_field_of_the_full_request_has_its_default() -> None:
    """A field that is added is added to what is looked at here."""
    for field in dataclasses.fields(Request):
        default = (
            field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
        )
        assert getattr(FULL, field.name) != default, field.name


@pytest.mark.parametrize("how", ["restart", "reboot", "reload", "reload, another board"])
async def test_every_field_is_carried_over(how: str, tmp_path: Path) -> None:
    """A request, the last order, the stop of all flights, that of the dock and the standing approvals are as
    they were.
    """
    async with bench(tmp_path) as b:
        await b.store.write(lambda db: db.save_request(FULL.request_id, False, NOON, FULL.dump()))
        await b.store.write(
            lambda db: db.set(
                "last_order",
                json.dumps({"request_id": "r-0", "wall": NOON - 9, "at": 91.0, "boot_id": "boot-1"}),
            )
        )
        await b.store.write(
            lambda db: db.set(
                "drone_stop", json.dumps({"by": "Dewi", "reason": "a helicopter", "since": "s"})
            )
        )
        await b.store.write(lambda db: db.set("drone_dock_stop", json.dumps(NOON - 3)))
        await b.store.write(lambda db: db.set("drone_standing", BOOK.dump()))
        for _ in range(2):
            await b.restart()
            if how.startswith("reload"):
                await b.reload(same_board="another" not in how)
            elif how == "reboot":
                await b.restart(new_boot=True)
            state = b.dispatch.controller.state
            assert state.requests == {"r-full": FULL}
            assert state.last_order == LastOrder("r-0", NOON - 9, 91.0, "boot-1")
            assert state.stop == {"by": "Dewi", "reason": "a helicopter", "since": "s"}
            assert state.dock_stop == NOON - 3
            assert state.standing == BOOK


# No field has its default, and none changes while the disk fails.
STATE = DroneState(
    restored=True,
    store_id="set below",
    requests={"r-full": FULL},
    heard_at={"r-full": 990.0},
    deadlines={"r-full": 1600.0},
    called_back_at={"r-full": 995.0},
    last_order=LastOrder("r-0", NOON - 9, 91.0, "boot-1"),
    stop={"by": "Dewi", "reason": "a helicopter", "since": "s"},
    dock_stop=NOON - 3,
    standing=BOOK,
    conditions=Conditions(),
    triggers={TRIGGER.incident_key: Triggers(first=TRIGGER, ids=("i-1", "i-2"), count=3)},
    early={"r-9": Decision("cancel", "Dewi", request_id="r-9")},
    refused=Counter({"forged": 2}),
    unsaved={"r-full": None},
    unsaved_values={"drone_stop": "x"},
    saved_at=7.0,
)


def _comparable(state: DroneState) -> dict[str, object]:
    values = {field.name: copy.deepcopy(getattr(state, field.name)) for field in dataclasses.fields(state)}
    return values | {"conditions": state.conditions.get("wind_ms")}


@pytest.mark.parametrize("same_board", [True, False])
async def test_a_reload_hands_every_field_of_the_state_on(same_board: bool, tmp_path: Path) -> None:
    """A field that is added is added to what is looked at here."""
    async with bench(tmp_path, turns=False) as b:
        state = copy.deepcopy(STATE)
        state.store_id = b.store.store_id
        state.conditions.take({"wind_ms": 3.0}, NOON, NOON, 1000.0)
        before, nothing = _comparable(state), _comparable(DroneState())
        assert not [name for name, value in before.items() if value == nothing[name]]
        for name in before:
            setattr(b.dispatch.controller.state, name, getattr(state, name))
        b.broken.update({"read", "write"})
        for _ in range(2):
            await b.reload(same_board=same_board)
            assert _comparable(b.dispatch.controller.state) == before


async def test_restart_begins_with_what_is_on_disk_only(tmp_path: Path) -> None:
    """A restart begins with what is on the disk only.

    Of a first start there is nothing: no order, no stop, no approval.
    """
    async with bench(tmp_path) as b:
        state = b.dispatch.controller.state
        assert (state.requests, state.last_order, state.stop, state.dock_stop) == ({}, None, None, None)
        assert state.standing == StandingBook()


@pytest.mark.parametrize("how", ["reload", "restart", "reboot"])
async def test_a_stop_of_the_dock_ends_by_a_newer_word_only(how: str, tmp_path: Path) -> None:
    """Neither a restart nor a reload ends it, nor an older word; a newer one does, and that lasts too."""

    async def again(b: Bench) -> None:
        await (b.reload() if how == "reload" else b.restart(new_boot=how == "reboot"))

    async with bench(tmp_path) as b:
        request_id = await reach(b, "pending_approval")
        await b.weather(age_s=5, emergency_stop=True)
        assert b.state(request_id) == "blocked"
        await again(b)
        assert b.state(request_id) == "blocked"
        assert b.requests[request_id]["reason"] == "all flights are stopped by the dispatcher"
        await b.weather(age_s=20, emergency_stop=False)
        assert b.state(request_id) == "blocked", "an older word"
        await b.weather(emergency_stop=False)
        assert b.state(request_id) == "pending_approval"
        await again(b)
        assert b.state(request_id) == "pending_approval"


@pytest.mark.parametrize("how", ["reload", "restart"])
async def test_stop_of_dock_that_disk_could_not_keep(how: str, tmp_path: Path) -> None:
    """A stop of the dock that the disk could not keep.

    It is kept once the disk works, also over a reload; a word of before the restore counts with what is kept.
    """
    async with bench(tmp_path) as b:
        request_id = await reach(b, "pending_approval")
        b.broken.add("write")
        await b.weather(emergency_stop=True)
        if how == "reload":
            await b.reload()
            assert b.last["state"] == "pending_approval", (
                "it is blocked once that can be kept, and cannot be approved"
            )
            with pytest.raises(CommandRefused):
                await b.decide("approve", request_id)
        b.broken.clear()
        await b.advance(11)
        await b.restart()
        assert b.state(request_id) == "blocked"
        await b.stop()
        b.broken.update({"read", "write"})
        await b.start()
        await b.weather(age_s=-1, emergency_stop=False)
        b.broken.clear()
        await b.advance(2)
        assert b.state(request_id) == "pending_approval", (
            "the newer word came before the older one could be read"
        )
        await b.restart()
        assert b.state(request_id) == "pending_approval"


@pytest.mark.parametrize("word", ["x", "{}", "[1]", "1e999", "NaN", '"later"'])
async def test_a_damaged_stop_of_the_dock_is_one(word: str, tmp_path: Path) -> None:
    """What cannot be read keeps everything on the ground until the dispatcher speaks."""
    async with bench(tmp_path) as b:
        await b.store.write(lambda db: db.set("drone_dock_stop", word))
        await b.restart()
        await b.trigger()
        assert (b.state(), b.last["reason"]) == ("blocked", "all flights are stopped by the dispatcher")
        await b.weather(age_s=3600, emergency_stop=False)
        assert b.state() == "pending_approval"


async def test_cancel_that_disk_could_not_keep_outlives(tmp_path: Path) -> None:
    """A cancel that the disk could not keep outlives a reload.

    While the disk fails, a reload must not wake what was cancelled from the file.
    """
    async with bench(tmp_path) as b:
        request_id = await reach(b, "approved")
        b.broken.add("write")
        await b.decide("cancel", request_id)
        await b.reload()
        b.set_link("up")
        await b.advance(20)
        assert (b.state(request_id), b.orders) == ("canceled", [])
        b.broken.clear()
        await b.advance(11)
        assert b.stored()[request_id] == "canceled"


@pytest.mark.parametrize("same_board", [True, False])
async def test_a_reload_carries_over_what_waits(same_board: bool, tmp_path: Path) -> None:
    """Triggers, weather, early words, counts of refusals, calls back and silences go on; what is open is told
    to another board.
    """
    async with bench(tmp_path, rules=rules(dataclasses.replace(LIMITS, max_wind_ms=8))) as b:
        await b.weather(wind_ms=5.0)
        flying = await reach(b, "in_progress")
        await b.decide("cancel", flying)
        b.dispatch.controller.state.refused["forged"] += 2
        b.broken.add("write")
        await b.trigger("late")
        assert [r["rule"] for r in b.requests.values()] == ["watch"]
        b.cancels.clear()
        await b.reload(same_board=same_board)
        assert [c["request_id"] for c in b.cancels] == ([] if same_board else [flying])
        assert b.dispatch.health()["approvals_refused"] == {"forged": 2}
        b.broken.clear()
        await b.advance(11)
        late = next(r for r in b.requests.values() if r["rule"] == "late")
        assert late["reason"].endswith(
            f"; the flight {flying}, which was called back but not reported as ended, goes first"
        )
        assert next(g for g in late["gates"] if g["name"] == "wind_ms")["ok"] is True
        await b.reload(rules=dataclasses.replace(b.rules, enabled=False), same_board=same_board)
        assert {r["state"] for r in b.requests.values()} == {"canceled"}


@pytest.mark.parametrize("reloads", [0, 3])
async def test_a_reload_starts_no_silence_anew(reloads: int, tmp_path: Path) -> None:
    """The dispatcher's answer is due 120 s after the order, however often the configuration is read again."""
    async with bench(tmp_path) as b:
        request_id = await reach(b, "sent")
        for _ in range(reloads):
            await b.advance(20)
            await b.reload()
        await b.advance(119.0 - 20 * reloads)
        assert b.state(request_id) == "sent"
        await b.advance(2.0)
        assert b.state(request_id) == "timeout"


async def _is_interrupted(b: Bench, work: Coroutine[Any, Any, object]) -> None:
    """As a reload does while a write is under way."""
    task = asyncio.ensure_future(work)
    await settle(30)
    await Store.read(b.store, lambda _: None)
    await settle(30)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    b.store.slow = ""


@pytest.mark.parametrize("slow", ["before", "after"])
@pytest.mark.parametrize(
    ("state", "way"), [("approved", "cancel"), ("in_progress", "cancel"), ("sent", "stop")]
)
async def test_a_cancel_outlives_a_reload_that_interrupts(
    state: str, way: str, slow: str, tmp_path: Path
) -> None:
    """The disk is slow, and a reload comes before it is done: what was cancelled stays so."""
    async with bench(tmp_path, turns=False) as b:
        request_id = await reach(b, state)
        orders = len(b.orders)
        b.store.slow = slow
        if way == "stop":
            await _is_interrupted(b, b.dispatch.stop_flights({"stop": True, "by": "Officer"}, ""))
        else:
            said = {"request_id": request_id, "decision": "cancel", "by": "Officer"}
            await _is_interrupted(b, b.dispatch.decide(said, ""))
        await b.reload()
        b.set_link("up")
        await b.advance(11)
        assert (b.state(request_id), len(b.orders)) == ("canceled", orders)
        assert [c["request_id"] for c in b.cancels] == ([] if state == "approved" else [request_id])
        assert b.stored()[request_id] == "canceled"


@pytest.mark.parametrize("slow", ["before", "after"])
async def test_an_interrupted_approval_does_not_count(slow: str, tmp_path: Path) -> None:
    """Whether it is on the disk is unknown, and nobody was told that it counts: nothing flies."""
    async with bench(tmp_path, turns=False) as b:
        request_id = await reach(b, "pending_approval")
        b.store.slow = slow
        said = {"request_id": request_id, "decision": "approve", "by": "Officer"}
        await _is_interrupted(b, b.dispatch.decide(said, ""))
        await b.reload()
        await b.advance(11)
        assert (b.state(request_id), b.orders) == ("pending_approval", [])


@pytest.mark.parametrize("slow", ["before", "after"])
async def test_a_trigger_outlives_a_reload_that_interrupts(slow: str, tmp_path: Path) -> None:
    """An incident that asked for a drone is asked for, though its write was interrupted."""
    async with bench(tmp_path, turns=False) as b:
        b.store.slow = slow
        b.dispatch.trigger(replace(TRIGGER, at=b.clock.monotonic()))
        await _is_interrupted(b, b.dispatch.turn())
        await b.reload()
        await b.advance(2)
        (request,) = b.requests.values()
        assert (request["state"], request["count"]) == ("pending_approval", 1)


async def test_a_request_that_was_kept_is_asked_for_once(tmp_path: Path) -> None:
    """What is interrupted after that is only what followed."""
    async with bench(tmp_path, turns=False) as b:
        b.dispatch.trigger(replace(TRIGGER, at=b.clock.monotonic()))
        writes = itertools.count()

        def second_is_slow() -> None:
            b.store.slow = "before" if next(writes) == 1 else ""

        b.store.before_write = second_is_slow
        await _is_interrupted(b, b.dispatch.turn())
        b.store.before_write = lambda: None
        await b.reload()
        await b.advance(2)
        (request,) = b.requests.values()
        assert (request["state"], request["count"]) == ("pending_approval", 1)
