"""When the dispatch loop turns, what wakes it, and what a disk that fails leaves of what was said."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from pole_agent.clock import settle
from pole_agent.drone.stored import LastOrder
from pole_agent.drone.target import View, seen_from
from pole_agent.errors import CommandRefused
from pole_agent.uplink.events import Message
from pole_agent.vocabulary import RequestDrone, Severity
from tests.loops.dispatching import BASE, LIMITS, Bench, rules
from tests.loops.test_carried_over import FULL
from tests.loops.test_dispatch import ROUND
from tests.loops.test_ways_out import BY, bench, reach


def asks(b: Bench, rule: str = "watch", **more: Any) -> None:
    fields: dict[str, Any] = {
        "camera": "street",
        "place": "road",
        "incident_id": "i-1",
        "severity": Severity.WARNING,
    }
    b.dispatch.trigger(RequestDrone(rule, at=b.clock.monotonic(), **(fields | more)))


async def approve(b: Bench) -> None:
    await b.dispatch.decide({"request_id": next(iter(b.requests)), "decision": "approve", **BY}, "")


async def weather(b: Bench) -> None:
    await b.dispatch.conditions({"wind_ms": 3.0, "at": "2026-11-24T05:00:00Z"}, "")


async def stop(b: Bench) -> None:
    await b.dispatch.stop_flights({"stop": True, **BY}, "")


async def refused(b: Bench) -> None:
    with pytest.raises(CommandRefused):
        await b.dispatch.decide({"request_id": "r-0", "decision": "cancel", **BY}, "")


async def trigger(b: Bench) -> None:
    asks(b, "other")


async def nothing(b: Bench) -> None:
    return


@pytest.mark.parametrize(
    ("word", "turns"),
    [(trigger, 1), (approve, 1), (weather, 1), (stop, 1), (refused, 1), (nothing, 0)],
    ids=lambda w: getattr(w, "__name__", ""),
)
async def test_what_is_said_is_looked_at_at_once(
    word: Callable[[Bench], Any], turns: int, tmp_path: Path
) -> None:
    """Nobody waits for the next second; without a word there is no turn before that."""
    async with bench(tmp_path, rules=rules(replace(LIMITS, max_wind_ms=8))) as b:
        await b.weather(wind_ms=3.0)
        await b.trigger()
        await b.quiet()
        beats = list[float]()
        b.dispatch._beat = lambda: beats.append(b.clock.monotonic())
        now = b.clock.monotonic()
        await word(b)
        await b.quiet()
        assert beats == [now] * turns
        await b.clock.advance(0.9)
        await b.quiet()
        assert len(beats) == turns
        await b.clock.advance(0.1)
        await b.quiet()
        assert len(beats) == turns + 1, "each second anyway"


async def test_repeats_that_wait_are_one_wish(tmp_path: Path) -> None:
    """They count, the first and the newest seven are named; with drones switched off nothing waits."""
    async with bench(tmp_path, turns=False) as b:
        for number in range(10):
            asks(b, incident_id=f"i-{number}", severity=Severity.ALARM if number else Severity.INFO)
        await b.turn()
        (request,) = b.requests.values()
        assert (request["count"], request["severity"]) == (10, "info")
        assert request["incident_ids"] == ["i-0", *(f"i-{n}" for n in range(3, 10))]
        await b.reload(rules=replace(b.rules, enabled=False))
        asks(b, "other")
        assert b.dispatch.controller.state.triggers == {}


async def test_wishes_outlive_a_disk_that_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What came while it failed is added, nothing is lost or counted twice, and it is said once that requests
    wait.
    """
    async with bench(tmp_path, turns=False) as b:
        b.broken.add("write")
        asks(b, incident_id="i-1")
        for number in (2, 3):
            await b.turn()
            asks(b, incident_id=f"i-{number}", severity=Severity.ALARM)
            asks(b, "other", incident_id=f"o-{number}", severity=Severity.ALARM)
        await b.turn()
        assert b.requests == {}
        assert caplog.text.count("drone requests wait: the store failed") == 1
        b.broken.clear()
        await b.turn()
        found = {r["rule"]: (r["count"], r["incident_ids"]) for r in b.requests.values()}
        assert found == {"watch": (3, ["i-1", "i-2", "i-3"]), "other": (2, ["o-2", "o-3"])}
        b.broken.add("write")
        asks(b, "third")
        await b.turn()
        assert caplog.text.count("drone requests wait: the store failed") == 2


async def test_a_wish_that_fails_late_joins_what_came(tmp_path: Path) -> None:
    """The disk fails in the middle of a trigger, and repeats come in that moment: all are one."""
    async with bench(tmp_path, turns=False) as b:

        def fails() -> None:
            b.store.before_write = lambda: None
            asks(b, incident_id="i-2", severity=Severity.ALARM)
            b.broken.add("write")

        b.store.before_write = fails
        asks(b, incident_id="i-1")
        await b.turn()
        (late,) = b.dispatch.controller.state.triggers.values()
        assert (late.first.incident_id, late.ids, late.count) == ("i-1", ("i-1", "i-2"), 2)


async def test_the_gravest_wish_goes_first(tmp_path: Path) -> None:
    """Of what comes in one moment; and a mistake of our own in one request keeps no other from its end."""
    async with bench(tmp_path, turns=False) as b:
        for rule, severity in (("a", Severity.INFO), ("b", Severity.ALARM), ("c", Severity.WARNING)):
            asks(b, rule, severity=severity, camera=rule)
        await b.turn()
        assert [r["rule"] for r in b.requests.values()] == ["b", "c", "a"]
        first = next(iter(b.requests))
        requests = b.dispatch.controller.state.requests
        requests[first] = replace(requests[first], target=None)  # type: ignore[arg-type]
        await b.clock.advance(601)
        await b.dispatch.turn()
        states = {r.rule: r.state for r in requests.values()}
        assert (states["c"], states["a"]) == ("expired", "expired")


@pytest.mark.parametrize(
    ("ahead_s", "trusted", "taken"),
    [(60.0, True, True), (60.1, True, False), (60.1, False, True), (-999.0, True, True)],
)
async def test_a_word_of_the_future_is_refused(
    ahead_s: float, trusted: bool, taken: bool, tmp_path: Path
) -> None:
    """Beyond a minute ahead of a clock that is trusted; what is less ahead counts as of now."""
    async with bench(tmp_path, clock_is_right=trusted, turns=False) as b:
        if not taken:
            with pytest.raises(CommandRefused, match="is in the future; check the clocks"):
                await b.weather(age_s=-ahead_s, wind_ms=3.0)
            assert b.dispatch.controller.state.conditions.get("wind_ms") is None
            return
        await b.weather(age_s=-ahead_s, wind_ms=3.0)
        said = b.dispatch.controller.state.conditions.get("wind_ms")
        assert said is not None
        assert said.measured == pytest.approx(b.clock.wall() + (min(ahead_s, 0.0) if trusted else ahead_s))


async def test_what_a_stop_by_nonsense_says(tmp_path: Path) -> None:
    """It stops, is told as malformed, and whoever stopped by name before stays named."""
    async with bench(tmp_path, turns=False) as b:
        told = await b.dispatch.stop_flights({"stop": "yes", "by": 5}, "")
        assert (told["stopped"], bool(told["malformed"])) == (True, True)
        assert (b.dispatch.health()["stopped"] or {})["by"] == "unknown"
        await b.dispatch.stop_flights({"stop": True, "by": "Dewi", "reason": "a helicopter"}, "")
        named = b.dispatch.health()["stopped"]
        assert (named["by"], named["reason"], named["since"]) == (
            "Dewi",
            "a helicopter",
            "2026-11-24T05:00:00.000Z",
        )
        await b.clock.advance(5)
        b.store.writes_left = 0
        await b.dispatch.stop_flights({"stop": "yes"}, "")
        assert b.dispatch.health()["stopped"] == named, "and nothing is written"
        b.store.writes_left = None
        assert await b.dispatch.stop_flights({"stop": False, **BY}, "") == {"stopped": False}
        assert b.dispatch.health()["stopped"] is None


async def test_a_resume_that_cannot_be_kept_is_none(tmp_path: Path) -> None:
    """It stays stopped, and says so; a stop that cannot be kept is one."""
    async with bench(tmp_path, turns=False) as b:
        await b.dispatch.stop_flights({"stop": True, **BY}, "")
        b.broken.add("write")
        with pytest.raises(CommandRefused, match="flights stay stopped for now: the disk does not work"):
            await b.dispatch.stop_flights({"stop": False, **BY}, "")
        assert (b.dispatch.health()["stopped"] or {})["by"] == "Officer"


async def test_orders_under_way_are_let_go_at_the_end(tmp_path: Path) -> None:
    """Nothing of them runs on; what became of them is unknown, so the request stays as it was sent."""
    async with bench(tmp_path, link="silent") as b:
        await b.trigger()
        await b.decide("approve")
        assert (b.dispatch.delivering, len(b.orders), b.state()) == (1, 1, "sent")
        before = asyncio.all_tasks()
        await b.dispatch.close()
        await settle()
        assert b.dispatch.delivering == 0
        assert len(asyncio.all_tasks()) < len(before)
        assert b.state() == "sent"


async def test_who_reports_is_named(tmp_path: Path) -> None:
    """The dispatcher by the name it gives, else by what it is; a step is kept until another is said."""
    async with bench(tmp_path, turns=False) as b:
        request_id = await reach(b, "sent")
        told = {"request_id": request_id, "status": "accepted", "step": "taking off"}
        assert await b.dispatch.progress(told, "desk 4") == {"state": "accepted"}
        assert (b.requests[request_id]["by"], b.requests[request_id]["step"]) == ("desk 4", "taking off")
        await b.clock.advance(5)
        await b.dispatch.progress({"request_id": request_id, "status": "in_progress", "reason": "wind"}, "")
        found = b.requests[request_id]
        assert (found["by"], found["step"], found["reason"]) == ("dispatcher", "taking off", "wind")
        assert b.dispatch.controller.state.heard_at[request_id] == b.clock.monotonic()
        assert [r["request_id"] for r in b.dispatch.controller.pending()] == [request_id]
        await b.dispatch.progress({"request_id": request_id, "status": "ok"}, "")
        assert b.dispatch.controller.pending() == []


async def test_a_standing_approval_is_told_for_health(tmp_path: Path) -> None:
    """By whom and until when, while it holds for the plan as it is written."""
    async with bench(tmp_path, rules=rules(patrols=(ROUND,)), turns=False) as b:
        assert b.dispatch.health() == {"stopped": None, "standing_approvals": {}, "approvals_refused": {}}
        payload = {"patrol": "round", "decision": "approve", "until": "2026-11-24T06:00:00Z", **BY}
        assert await b.dispatch.decide(payload, "") == {
            "patrol": "round",
            "standing": True,
            "until": "2026-11-24T06:00:00.000Z",
        }
        assert b.dispatch.health()["standing_approvals"] == {
            "round": {"by": "Officer", "until": "2026-11-24T06:00:00.000Z"}
        }
        await b.clock.advance(3600)
        assert b.dispatch.health()["standing_approvals"] == {}


# --- what is remembered


async def test_which_order_was_the_last(tmp_path: Path) -> None:
    """The one that was sent last, in memory and on the disk, whatever happens to requests afterwards."""
    async with bench(tmp_path, turns=False) as b:
        assert await b.store.read(lambda db: db.get("last_order")) is None
        await b.trigger()
        assert await b.store.read(lambda db: db.get("last_order")) is None
        request_id, at = b.last["request_id"], b.clock.monotonic()
        await b.decide("approve", request_id)
        expected = LastOrder(request_id, b.clock.wall(), at, "boot-1")
        assert b.dispatch.controller.state.last_order == expected
        await b.clock.advance(5)
        await b.decide("cancel", request_id)
        assert b.dispatch.controller.state.last_order == expected
        assert json.loads(await b.store.read(lambda db: db.get("last_order"))) == asdict(expected)


# --- what is told


async def test_a_call_back_says_all(tmp_path: Path) -> None:
    """Which flight, of which pole, by whom, why and when; live, never kept."""
    async with bench(tmp_path, turns=False) as b:
        b.dispatch.controller.state.requests["r-full"] = FULL
        b.dispatch.announce_all()
        message = b.board.standing("drone/cancel/r-full")
        assert message is not None
        assert json.loads(message.payload) == {
            "request_id": "r-full",
            "pole": BASE,
            "by": "Dewi",
            "reason": "because",
            "at": "2026-11-24T05:00:00.000Z",
        }
        assert message == Message(f"{BASE}/drone/cancel", message.payload)


async def test_the_target_is_where_somebody_was_last(tmp_path: Path) -> None:
    """At the end of the path, seen from the camera that saw it; anywhere in its picture where no path is
    known.
    """
    view = View(heading_deg=90, hfov_deg=90, range_m=80)
    async with bench(tmp_path, rules=rules(views={"street": view}), turns=False) as b:
        place = (b.rules.place.latitude, b.rules.place.longitude)
        for number, path in enumerate([((0.1, 0.9), (0.5, 0.8), (0.9, 0.7)), ((0.2, 0.5),), ()]):
            await b.trigger(f"rule {number}", path=path)
            found = b.dispatch.controller.state.requests[b.last["request_id"]]
            assert found.target == seen_from(place, view, path[-1] if path else None, b.rules.altitude_m)
        await b.trigger("elsewhere", camera="yard", path=((0.9, 0.9),))
        found = b.dispatch.controller.state.requests[b.last["request_id"]]
        assert found.target == seen_from(place, View(), (0.9, 0.9), b.rules.altitude_m)
