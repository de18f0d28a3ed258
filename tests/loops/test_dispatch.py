"""The dispatch loop: real store, real board, our own clock. What an officer can rely on."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, get_args

import pytest

from pole_agent.almanac import TimeOfDay, rfc3339
from pole_agent.clock import ManualClock
from pole_agent.dates import Weekdays
from pole_agent.drone import ed25519
from pole_agent.drone.approval import facts_of, plan_facts, text
from pole_agent.drone.machine import OPEN_STATES, STATUS, TABLE, State, Transition
from pole_agent.drone.patrol import Patrol
from pole_agent.drone.request import Request
from pole_agent.drone.target import around
from pole_agent.drone.triage import Triage
from pole_agent.errors import CommandRefused
from pole_agent.store.continuity import Ended
from pole_agent.vocabulary import Severity
from tests.loops.dispatching import BASE, LIMITS, NOON, Bench, Benches, rules


async def test_a_wish_is_asked_approved_ordered(dispatcher: Benches) -> None:
    """A trigger is asked approved ordered once and followed to the ground."""
    async with dispatcher() as b:
        await b.trigger(path=((0.1, 0.2), (0.5, 0.6)), score=0.8)
        assert [r["state"] for r in b.told][-1] == "pending_approval"
        assert (b.last["target"]["uncertainty_m"], b.last["path"]) == (60.0, [[0.1, 0.2], [0.5, 0.6]])
        assert not b.orders
        await b.advance(100)
        await b.decide("approve")
        (order,) = b.orders
        assert (order.message.expiry_s, order.data["approved_by"], order.data["simulation"]) == (
            500,
            "Officer",
            False,
        )
        assert all(g["ok"] for g in order.data["gates"])
        for status in ("accepted", "in_progress", "paused", "in_progress"):
            await b.advance(2)
            assert (await b.progress(status, step=f"step of {status}"))["state"] == status
        assert b.last["step"] == "step of in_progress"
        await b.progress("ok")
        assert (b.last["state"], b.cancels, len(b.orders)) == ("ok", [], 1)
        states = [s["state"] for s in b.requests[b.last["request_id"]]["history"]]
        assert states == [
            "requested",
            "pending_approval",
            "approved",
            "sent",
            "accepted",
            "in_progress",
            "paused",
            "in_progress",
            "ok",
        ]


async def test_a_repeat_raises_the_count_and_is_no_request(dispatcher: Benches) -> None:
    async with dispatcher() as b:
        await b.trigger()
        for _ in range(20):
            await b.trigger()
        await b.advance(15)
        assert (len(b.requests), b.last["count"], len(b.last["incident_ids"])) == (1, 21, 1)
        await b.decide("deny")
        await b.trigger()
        assert (len(b.requests), b.state()) == (1, "denied"), (
            "within the cooldown it is still the same incident"
        )
        await b.advance(905)
        await b.trigger()
        assert len(b.requests) == 2
        assert "suppressed" not in {r["state"] for r in b.told}


async def test_five_rules_at_once_the_gravest_goes_first(dispatcher: Benches) -> None:
    """Five rules at once lose nothing and the gravest is ordered first."""

    def _wish(b: Bench, rule: str) -> Any:
        from pole_agent.vocabulary import RequestDrone

        return RequestDrone(rule, "street", "road", f"incident of {rule}", Severity.INFO, b.clock.monotonic())

    async with dispatcher() as b:
        for number, severity in enumerate((0, 1, 2, 1, 0)):
            b.dispatch.trigger(replace(_wish(b, f"rule-{number}"), severity=Severity(severity)))
        await b.turn()
        assert sorted(r["rule"] for r in b.requests.values() if r["state"] == "pending_approval") == [
            f"rule-{n}" for n in range(5)
        ]
        assert [r["rule"] for r in b.dispatch.controller.pending()] == [
            "rule-2",
            "rule-1",
            "rule-3",
            "rule-0",
            "rule-4",
        ]
        b.set_link("down")
        for request in b.requests.values():
            await b.dispatch.decide(
                {"request_id": request["request_id"], "decision": "approve", "by": "Officer"}, ""
            )
        await b.turn()
        b.set_link("up")
        await b.advance(20)
        assert [o.data["rule"] for o in b.orders] == ["rule-2"]
        assert {r["state"] for r in b.requests.values() if r["rule"] != "rule-2"} == {"blocked"}


async def test_graver_incident_replaces_an_undecided_one(dispatcher: Benches) -> None:
    """A graver incident takes the place of what nobody decided on."""
    async with dispatcher() as b:
        await b.trigger("gathering", incident_id="i-1")
        first = b.last["request_id"]
        await b.trigger("staying", Severity.ALARM, incident_id="i-2")
        assert b.state(first) == "canceled"
        graver = next(r for r in b.requests.values() if r["rule"] == "staying")
        assert (graver["state"], graver["incident_ids"], graver["count"]) == (
            "pending_approval",
            ["i-2", "i-1"],
            2,
        )
        assert graver["request_id"] in b.requests[first]["reason"]
        assert not b.cancels, "nobody had it"


@pytest.mark.parametrize(
    ("triage", "more", "cause"),
    [
        (Triage(min_severity=Severity.ALARM), {}, "low_severity"),
        (Triage(min_score=0.9), {"score": 0.5}, "low_confidence"),
        (Triage(max_requests_per_day=1, cooldown_s=0), {}, "quota"),
        (Triage(max_false_alarm_rate=0.5), {}, "barred"),
    ],
)
async def test_what_is_suppressed_is_recorded(
    dispatcher: Benches, triage: Triage, more: dict[str, Any], cause: str
) -> None:
    """What is suppressed is recorded once and never asked."""
    async with dispatcher(rules=rules(triage=triage)) as b:
        b.rates = {"watch": {"true": 0, "false": 9, "false_alarm_rate": 1.0}}
        if cause == "quota":
            await b.trigger("first")
            await b.decide("deny")
        asked = len(b.told)
        for _ in range(5):
            await b.trigger(**more)
        assert len(b.told) == asked
        (suppressed,) = [r for r in b.requests.values() if r["state"] == "suppressed"]
        assert suppressed["reason"].startswith(cause)
        assert suppressed["count"] == 5
        events = await b.store.read(lambda db: [e for e in db.list_events(50) if '"suppressed"' in e.data])
        assert len(events) == 1


async def test_a_blocked_request_says_why_and_wakes(dispatcher: Benches) -> None:
    """A blocked request says why wakes when the gate clears and is asked again."""
    async with dispatcher(rules=rules(replace(LIMITS, max_wind_ms=8))) as b:
        await b.trigger()
        assert (b.last["state"], b.last["reason"]) == ("blocked", "wind is unknown: no value was received")
        with pytest.raises(CommandRefused, match="blocked: wind is unknown"):
            await b.decide("approve")
        await b.weather(wind_ms=11.4)
        assert b.last["state"] == "blocked"
        await b.weather(wind_ms=5.0)
        assert b.last["state"] == "pending_approval"
        await b.decide("approve", reason="go")
        assert len(b.orders) == 1
        await b.progress("rejected")

        await b.advance(950)
        await b.trigger()
        assert "950 s old" in b.last["reason"] or "955 s old" in b.last["reason"]
        await b.advance(605)
        assert (b.last["state"], b.last["reason"].partition(";")[0]) == ("expired", "it has expired")
        await b.weather(wind_ms=5.0)
        assert b.last["state"] == "expired"


async def test_what_was_approved_and_then_blocked(dispatcher: Benches) -> None:
    """What was approved and then blocked is approved again."""
    async with dispatcher(rules=rules(replace(LIMITS, max_wind_ms=8))) as b:
        await b.weather(wind_ms=5.0)
        await b.trigger()
        b.set_link("down")
        await b.decide("approve")
        await b.weather(wind_ms=20.0)
        await b.weather(wind_ms=5.0)
        b.set_link("up")
        await b.turn()
        assert (b.last["state"], b.orders) == ("pending_approval", [])
        assert b.requests[b.last["request_id"]]["approved_by"] == ""


@pytest.mark.parametrize("new_boot", [False, True])
async def test_the_cooldown_counts_from_the_last_order(dispatcher: Benches, new_boot: bool) -> None:
    """The cooldown counts from the last order and outlives a restart."""
    async with dispatcher() as b:
        await b.trigger("first")
        await b.decide("approve")
        await b.progress("ok")
        await b.advance(300)
        await b.restart(new_boot=new_boot, off_s=300)
        await b.trigger("second")
        assert b.last["reason"] == "the last flight was ordered less than 900 s ago"
        await b.advance(305)
        assert b.last["state"] == "pending_approval"


async def test_a_cancel_comes_before_an_order(dispatcher: Benches) -> None:
    """A cancel comes before an order that waits for its turn."""
    async with dispatcher() as b:
        await b.trigger()
        b.set_link("busy")
        await b.decide("approve")
        assert b.state() == "sent"
        await b.decide("cancel")
        b.set_link("up")
        await b.quiet()
        await b.advance(20)
        assert (b.state(), b.orders) == ("canceled", [])


async def test_no_puback_in_ten_seconds_cancels_the_order(dispatcher: Benches) -> None:
    """No puback in ten seconds a cancel goes out and it is never sent again."""
    async with dispatcher() as b:
        await b.trigger()
        b.link = "silent"
        await b.decide("approve")
        await b.advance(9)
        assert (b.last["state"], b.cancels) == ("sent", [])
        await b.advance(2)
        assert b.last["state"] == "timeout"
        assert "has not acknowledged the order within 10 s" in b.last["reason"]
        assert [c["request_id"] for c in b.cancels] == [b.last["request_id"]]
        b.link = "up"
        await b.restart()
        await b.advance(30)
        assert len(b.orders) == 1
        assert len(b.cancels) == 2, "told again at the next birth, because nobody said that it is over"
        with pytest.raises(CommandRefused, match="call the drone back"):
            await b.progress("in_progress")
        await b.quiet()
        assert len(b.cancels) == 3
        assert (await b.progress("canceled"))["state"] == "timeout"
        await b.restart()
        assert len(b.cancels) == 3


async def test_a_link_that_breaks_under_the_order(dispatcher: Benches) -> None:
    async with dispatcher() as b:
        await b.trigger()
        b.link = "breaks"
        await b.decide("approve")
        assert b.state() == "timeout"
        b.set_link("up")
        await b.advance(20)
        assert (len(b.orders), len(b.cancels)) == (1, 1)


async def test_a_cancel_does_not_wait_for_an_order_under_way(dispatcher: Benches) -> None:
    async with dispatcher() as b:
        await b.trigger()
        b.link = "silent"
        await b.decide("approve")
        await b.decide("cancel")
        assert (b.last["state"], len(b.cancels)) == ("canceled", 1)
        assert b.dispatch.delivering == 0, "nobody waits for the order any more"
        await b.advance(20)
        assert (b.last["state"], len(b.orders), len(b.cancels)) == ("canceled", 1, 1)


@pytest.mark.parametrize(
    ("status", "silence_s"), [(None, 120.0), ("accepted", 1800.0), ("in_progress", 1800.0)]
)
async def test_the_silence_of_the_dispatcher_is_a_state(
    dispatcher: Benches, status: str | None, silence_s: float
) -> None:
    async with dispatcher() as b:
        await b.trigger()
        await b.decide("approve")
        if status:
            await b.progress(status)
        await b.advance(silence_s - 10)
        assert b.last["state"] == (status or "sent")
        if status == "in_progress":
            await b.progress("in_progress", step="on scene")
            await b.advance(silence_s - 10)
            assert b.last["state"] == "in_progress", "any word counts"
        await b.advance(20)
        assert b.last["state"] == "timeout"
        assert len(b.cancels) == 1


async def test_the_stop_of_all_flights(dispatcher: Benches) -> None:
    async with dispatcher() as b:
        await b.trigger("first")
        await b.decide("approve")
        await b.progress("in_progress")
        flying = b.last["request_id"]
        await b.advance(1000)
        await b.progress("in_progress")
        await b.dispatch.stop_flights({"stop": True, "by": "Officer", "reason": "a helicopter"}, "")
        await b.turn()
        assert b.state(flying) == "canceled"
        assert [c["request_id"] for c in b.cancels] == [flying]
        await b.trigger("second")
        assert b.last["reason"].startswith("all flights are stopped by Officer")
        await b.restart(new_boot=True)
        assert b.state() == "blocked", "it outlives a restart"
        await b.progress("canceled", flying)
        await b.dispatch.stop_flights({"stop": False, "by": "Officer"}, "")
        await b.turn()
        assert b.last["state"] == "pending_approval"


@pytest.mark.parametrize("found", ["at the start", "at the broker"])
async def test_lost_store_keeps_everything_on_the_ground(dispatcher: Benches, found: str) -> None:
    """A store that was lost keeps everything on the ground.

    A stop of all flights may have been lost with it: until a person resumes flights, there are none. A
    restart asks no second time.
    """

    async with dispatcher() as b:
        await b.dispatch.stop_flights({"stop": True, "by": "Officer", "reason": "a helicopter"}, "")
        await b.stop()
        for file in b.folder.glob("pole.db*"):
            file.unlink()
        if found == "at the broker":  # the witness is gone too
            for file in b.folder.iterdir():
                file.unlink()
        # The store tells of its loss by this one
        b.clock = ManualClock(wall=NOON, monotonic=time.monotonic())
        await b.start()
        if found == "at the broker":
            await b.trigger("before")
            assert b.last["state"] == "pending_approval"
            stamp = b.keeper.stamp(b.clock.monotonic())
            await b.store.write(lambda db: db.end(Ended("old", "store_missing"), stamp))
        await b.trigger("after")
        assert b.state() == "blocked"
        assert b.last["reason"].startswith(
            "all flights are stopped by nobody: the earlier store is lost, and a stop may be lost with it"
        )
        assert b.orders == []
        await b.dispatch.stop_flights({"stop": False, "by": "Officer"}, "")
        await b.turn()
        assert b.last["state"] == "pending_approval"
        await b.restart()
        assert b.last["state"] == "pending_approval"


async def test_restart_resumes_and_tells_what_is_open(dispatcher: Benches) -> None:
    """A restart resumes exactly and tells what is open."""
    async with dispatcher() as b:
        await b.trigger("first")
        await b.trigger("second")
        await b.advance(100)
        before = {i: (r["state"], r["expires_at"], r["count"]) for i, r in b.requests.items()}
        b.told.clear()
        await b.restart(off_s=50)
        assert {i: (r["state"], r["expires_at"], r["count"]) for i, r in b.requests.items()} == before
        assert {r["request_id"] for r in b.told} == set(before)
        await b.restart(new_boot=True, off_s=300)
        await b.advance(145)
        assert {r["state"] for r in b.requests.values()} == {"pending_approval"}
        await b.advance(10)
        assert {r["state"] for r in b.requests.values()} == {"expired"}, "100 + 50 + 300 + 155 s"


async def test_after_a_reboot_without_a_clock_nothing_flies(dispatcher: Benches) -> None:
    async with dispatcher() as b:
        await b.trigger()
        b.clock_is_right = False
        await b.restart(new_boot=True)
        assert "without a trusted clock its age is unknown" in b.last["reason"]
        with pytest.raises(CommandRefused):
            await b.decide("approve")
        b.clock_is_right = True
        b.keeper.check()
        await b.turn()
        assert b.last["state"] == "pending_approval"


async def test_switched_off_drones_are_called_back(dispatcher: Benches) -> None:
    async with dispatcher() as b:
        await b.trigger()
        await b.decide("approve")
        await b.progress("in_progress")
        b.rules = replace(b.rules, enabled=False)
        await b.restart()
        assert (b.state(), len(b.cancels)) == ("canceled", 1)
        await b.trigger("another")
        assert len(b.requests) == 1


async def test_automatic_approval_says_that_it_is_simulation(dispatcher: Benches) -> None:
    """Automatic approval says that it is a simulation in every message."""
    async with dispatcher(rules=rules(automatic=True)) as b:
        await b.trigger()
        await b.turn()
        assert all(r["simulation"] for r in b.told)
        assert b.orders[0].data["simulation"]
        assert b.orders[0].data["approved_by"].startswith("nobody")


async def test_real_request_is_not_approved_by_simulation(dispatcher: Benches) -> None:
    """A real request is not approved by a later simulation."""
    async with dispatcher() as b:
        await b.trigger()
        b.rules = replace(b.rules, automatic=True)
        await b.restart()
        await b.advance(20)
        assert (b.state(), b.orders) == ("pending_approval", [])


# --- patrols

ROUND = Patrol(
    "round",
    (TimeOfDay.parse("12:00"), TimeOfDay.parse("13:00")),
    Weekdays.parse("mon..sun"),
    1000,
    900,
    "at noon",
)


async def test_a_patrol_is_asked_for_once_at_its_time(dispatcher: Benches) -> None:
    """A patrol is asked for once at its time and not caught up."""
    from pole_agent.clock import ManualClock

    async with dispatcher(rules=rules(patrols=(ROUND,)), clock=ManualClock(wall=NOON - 30)) as b:
        assert not b.requests
        await b.advance(60)
        (patrol,) = b.requests.values()
        assert (patrol["origin"], patrol["rule"], patrol["state"]) == ("patrol", "round", "pending_approval")
        assert patrol["target"]["radius_m"] == 1000
        assert patrol["expires_at"] == rfc3339(NOON + 900)
        await b.restart(new_boot=True)
        await b.restart()
        assert len(b.requests) == 1
        await b.advance(900)
        assert b.last["state"] == "expired"
        await b.restart(new_boot=True, off_s=3600 + 900)
        assert len(b.requests) == 1, "the one at 13:00 was over before the pole came back"


async def test_an_incident_comes_before_a_patrol(dispatcher: Benches) -> None:
    async with dispatcher(rules=rules(patrols=(ROUND,))) as b:
        patrol = b.last["request_id"]
        await b.trigger()
        incident = next(r["request_id"] for r in b.requests.values() if r["origin"] == "incident")
        assert (b.state(patrol), b.requests[patrol]["reason"]) == (
            "blocked",
            f"the request {incident} goes first",
        )
        await b.decide("deny", incident)
        assert b.state(patrol) == "pending_approval"


async def test_a_standing_approval_lets_a_plan_fly(dispatcher: Benches) -> None:
    """A standing approval lets a plan fly until its end and is revoked at once."""
    async with dispatcher(rules=rules(patrols=(ROUND,))) as b:

        async def standing(decision: str, **more: Any) -> dict[str, Any]:
            payload = {"patrol": "round", "decision": decision, "by": "Officer"} | more
            reply = await b.dispatch.decide(payload, "")
            await b.turn()
            return reply

        with pytest.raises(CommandRefused, match="unknown patrol 'other'"):
            await standing("approve", patrol="other", until=rfc3339(NOON + 86_400))
        for until in (NOON - 1, NOON + 400 * 86_400):
            with pytest.raises(CommandRefused, match="at most a year"):
                await standing("approve", until=rfc3339(until))
        assert await standing("approve", until=rfc3339(NOON + 86_400)) == {
            "patrol": "round",
            "standing": True,
            "until": rfc3339(NOON + 86_400),
        }
        (order,) = b.orders
        assert (order.data["approved_by"], order.data["origin"]) == ("Officer", "patrol")
        await b.progress("in_progress")
        await standing("cancel")
        assert (b.last["state"], len(b.cancels)) == ("canceled", 1)
        assert b.dispatch.health()["standing_approvals"] == {}
        await b.progress("canceled")
        await b.restart(off_s=3600)
        await b.advance(30)
        assert (b.last["state"], len(b.orders)) == ("pending_approval", 1), (
            "the one at 13:00 needs a person again"
        )


async def test_a_standing_approval_does_not_cover_a_plan(dispatcher: Benches) -> None:
    """A standing approval does not cover a plan that was changed."""
    async with dispatcher(rules=rules(patrols=(ROUND,))) as b:
        b.set_link("down")
        await b.dispatch.decide(
            {"patrol": "round", "decision": "approve", "by": "Officer", "until": rfc3339(NOON + 86_400)}, ""
        )
        b.rules = rules(patrols=(replace(ROUND, radius_m=1500, written="further"),))
        await b.dispatch.decide(
            {"request_id": next(iter(b.requests)), "decision": "cancel", "by": "Officer"}, ""
        )
        await b.restart(off_s=3600)
        b.set_link("up")
        await b.advance(10)
        assert (b.last["state"], b.orders) == ("pending_approval", [])


async def test_patrols_without_a_clock_are_not_made(dispatcher: Benches) -> None:
    """Patrols without a clock are not made and that is told."""
    async with dispatcher(rules=rules(patrols=(ROUND,)), clock_is_right=False) as b:
        assert not b.requests
        assert "patrols are not requested" in str(b.context.parts.report())


# --- signatures

KEY = ed25519.new_key()
SIGNED = rules(keys={"Dewi": ed25519.public_key_of(KEY)}, patrols=())


def signature(b: Bench, facts: dict[str, str], nonce: str = "n" * 20) -> dict[str, str]:
    expires = rfc3339(b.clock.wall() + 300)
    return {
        "nonce": nonce,
        "expires_at": expires,
        "value": ed25519.sign(KEY, text(BASE, facts, "Dewi", nonce, expires).encode()),
    }


async def test_where_officers_have_keys_nothing_else(dispatcher: Benches) -> None:
    """Where officers have keys nothing else approves but anybody may stop it."""
    async with dispatcher(rules=SIGNED) as b:
        await b.trigger()
        with pytest.raises(CommandRefused, match="signed approvals only"):
            await b.decide("approve", by="Dewi")
        good = signature(b, facts_of(b.last))
        with pytest.raises(CommandRefused, match="unknown officer"):
            await b.decide("approve", by="Officer", signature=good)
        await b.decide("approve", by="Dewi", signature=good)
        assert b.orders[0].data["approved_by"] == "Dewi"
        assert b.dispatch.health()["approvals_refused"] == {"unsigned": 1, "unknown_officer": 1}
        await b.decide("cancel", by="whoever")
        assert b.last["state"] == "canceled"


async def test_approval_is_used_up_even_when_gate_was_shut(dispatcher: Benches) -> None:
    """An approval is used up even when a gate was shut.

    The officer was told no. Whoever recorded the message must not turn that into a yes when the wind drops.
    """

    async with dispatcher(rules=replace(SIGNED, limits=replace(LIMITS, max_wind_ms=8))) as b:
        await b.weather(wind_ms=20.0)
        await b.trigger()
        good = signature(b, facts_of(b.last))
        with pytest.raises(CommandRefused, match="blocked"):
            await b.decide("approve", by="Dewi", signature=good)
        await b.weather(wind_ms=1.0)
        for _ in range(2):
            with pytest.raises(CommandRefused, match="used before"):
                await b.decide("approve", by="Dewi", signature=good)
            await b.restart()
            await b.weather(wind_ms=1.0)
        assert not b.orders
        await b.decide("approve", by="Dewi", signature=signature(b, facts_of(b.last), "m" * 20))
        assert len(b.orders) == 1


async def test_revoked_standing_approval_cannot_be_sent(dispatcher: Benches) -> None:
    """A revoked standing approval cannot be sent again."""
    async with dispatcher(rules=replace(SIGNED, patrols=(ROUND,))) as b:
        until = NOON + 86_400
        payload: dict[str, Any] = {
            "patrol": "round",
            "decision": "approve",
            "by": "Dewi",
            "until": rfc3339(until),
        }
        payload["signature"] = signature(b, plan_facts("round", ROUND.written, until))
        b.set_link("down")
        await b.dispatch.decide(payload, "")
        await b.dispatch.decide({"patrol": "round", "decision": "cancel", "by": "anybody"}, "")
        for _ in range(2):
            with pytest.raises(CommandRefused, match="used before"):
                await b.dispatch.decide(payload, "")
            await b.restart()
        longer = payload | {"until": rfc3339(until + 86_400)}
        with pytest.raises(CommandRefused, match=r"used before"):
            await b.dispatch.decide(longer, "")
        assert b.dispatch.health()["standing_approvals"] == {}


# --- every state × every event


def _in_state(state: State, b: Bench) -> Request:
    now, wall = b.clock.monotonic(), b.clock.wall()
    ordered = state not in (
        "requested",
        "blocked",
        "pending_approval",
        "approved",
        "denied",
        "expired",
        "canceled",
        "suppressed",
        "detected",
    )
    return Request(
        f"r-{state}",
        state,
        "incident",
        "watch",
        state,
        "street",
        "warning",
        0.8,
        around((-6.8586, 107.9164), 60, 60),
        wall,
        wall + 600,
        now,
        now + 600,
        b.boot,
        ordered=ordered,
        changed=wall,
        changed_at=now,
    )


@pytest.mark.parametrize("state", [s for s in get_args(State) if s not in ("detected", "suppressed")])
@pytest.mark.parametrize("event", ["approve", "deny", "cancel", *STATUS])
async def test_every_state_and_every_event(dispatcher: Benches, state: State, event: str) -> None:
    """What comes from outside moves a request by the table, or is refused and moves nothing."""

    async with dispatcher() as b:
        request = _in_state(state, b)
        await b.store.write(
            lambda db: db.save_request(request.request_id, request.is_open, b.clock.wall(), request.dump())
        )
        b.set_link("down")  # what is approved stays approved
        await b.restart(off_s=2.0)
        before: State = b.requests[request.request_id]["state"]
        transition: Transition = STATUS.get(event, event)  # type: ignore[arg-type]
        expected = TABLE[before].get(transition)
        try:
            if event in STATUS:
                await b.progress(event, request.request_id)
            else:
                await b.decide(event, request.request_id)
            refused = False
        except CommandRefused:
            refused = True
        after = b.state(request.request_id)
        landed = before in ("ok", "failed", "partially_done", "rejected")
        if expected is not None:
            assert (after, refused) == (expected, False)
        elif before in OPEN_STATES or landed or not request.ordered:
            assert (after, refused) == (before, True)
        else:
            # it was given up, and may still fly: words about it change nothing, and flying ones are refused
            assert after == before
            assert refused is (event == "approve" or event in ("accepted", "sent", "in_progress", "paused"))
        assert b.stored()[request.request_id] == after
        assert not b.orders
