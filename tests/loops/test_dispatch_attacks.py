"""What an attack found: each of these once led to a flight that must not happen, a call-back that got lost,
or a loop that stood still.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from pole_agent.almanac import rfc3339
from pole_agent.clock import ManualClock
from pole_agent.drone import ed25519
from pole_agent.drone.approval import facts_of, plan_facts, text
from pole_agent.errors import CommandRefused
from pole_agent.vocabulary import Severity
from tests.loops.dispatching import BASE, LIMITS, NOON, Bench, Benches, rules
from tests.loops.test_dispatch import ROUND

KEY, OTHER = ed25519.new_key(), ed25519.new_key()
BY = {"by": "Officer"}


@contextlib.contextmanager
def broken_disk(b: Bench, *what: str) -> Iterator[None]:
    b.broken.update(what or ("write",))
    try:
        yield
    finally:
        b.broken.clear()


def signed(
    b: Bench, facts: dict[str, str], key: str = KEY, by: str = "Dewi", nonce: str = "n" * 20
) -> dict[str, str]:
    expires = rfc3339(b.clock.wall() + 300)
    return {
        "nonce": nonce,
        "expires_at": expires,
        "value": ed25519.sign(key, text(BASE, facts, by, nonce, expires).encode()),
    }


async def stop(b: Bench, stopped: bool) -> None:
    await b.dispatch.stop_flights({"stop": stopped, **BY}, "")


# --- a refusal stays one, whatever the disk does


async def test_what_was_refused_stays_refused(dispatcher: Benches) -> None:
    """A refused resume and a refused standing approval stay refused."""
    async with dispatcher(rules=rules(patrols=(ROUND,))) as b:
        await stop(b, True)
        with broken_disk(b):
            with pytest.raises(CommandRefused):
                await stop(b, False)
            with pytest.raises(CommandRefused):
                await b.dispatch.decide(
                    {"patrol": "round", "decision": "approve", "until": rfc3339(NOON + 9000), **BY}, ""
                )
        for _ in range(2):
            await b.advance(20)
            assert b.dispatch.health()["stopped"]["by"] == "Officer"
            assert b.dispatch.health()["standing_approvals"] == {}
            await b.restart()


async def test_stop_that_disk_could_not_keep_is_kept_later(dispatcher: Benches) -> None:
    """A stop that the disk could not keep is kept later."""
    async with dispatcher() as b:
        with broken_disk(b):
            await stop(b, True)
            assert b.dispatch.health()["stopped"]
        await b.advance(20)
        await b.restart()
        assert b.dispatch.health()["stopped"]["by"] == "Officer"


async def test_approval_not_kept_cannot_be_sent_again(dispatcher: Benches) -> None:
    """An approval that could not be kept cannot be sent again."""
    async with dispatcher(rules=rules(keys={"Dewi": ed25519.public_key_of(KEY)})) as b:
        await b.trigger()
        good = signed(b, facts_of(b.last))
        with broken_disk(b), pytest.raises(CommandRefused):
            await b.decide("approve", by="Dewi", signature=good)
        await b.advance(20)
        await b.restart()
        with pytest.raises(CommandRefused, match="used before"):
            await b.decide("approve", by="Dewi", signature=good)


async def test_what_was_cancelled_before_it_could_be_read(dispatcher: Benches) -> None:
    """What was cancelled before it could be read is cancelled."""
    async with dispatcher(rules=rules(patrols=(ROUND,))) as b:
        b.set_link("down")
        await b.trigger()
        await b.decide("approve", next(i for i, r in b.requests.items() if r["origin"] == "incident"))
        await b.dispatch.decide(
            {"patrol": "round", "decision": "approve", "until": rfc3339(NOON + 9000), **BY}, ""
        )
        request_id = next(i for i, r in b.requests.items() if r["origin"] == "incident")
        await b.stop()
        b.link = "up"
        with broken_disk(b, "read", "write"):
            await b.start()
            for words in ({"request_id": request_id}, {"patrol": "round"}):
                with pytest.raises(CommandRefused, match="remembered"):
                    await b.dispatch.decide({**words, "decision": "cancel", **BY}, "")
        await b.advance(20)
        assert b.state(request_id) == "canceled"
        assert b.dispatch.health()["standing_approvals"] == {}
        assert b.orders == []


# --- stop and call-back


async def test_a_stop_calls_back_what_was_in_the_air(dispatcher: Benches) -> None:
    """A stop calls back what was in the air when the power failed."""
    async with dispatcher() as b:
        await b.trigger()
        await b.decide("approve")
        await b.progress("in_progress")
        await b.store.write(
            lambda db: db.set(
                "drone_stop", json.dumps({"by": "Officer", "reason": "", "since": rfc3339(NOON)})
            )
        )
        await b.restart(new_boot=True)
        assert (b.state(), len(b.cancels)) == ("canceled", 1)


async def test_a_call_back_outlives_a_clock_that_is_set(dispatcher: Benches) -> None:
    """A call back outlives a clock that is set before the link is up."""
    async with dispatcher() as b:
        await b.trigger()
        await b.decide("approve")
        await b.progress("in_progress")
        request_id = b.last["request_id"]
        await b.stop()
        b.clock, b.boot, b.clock_is_right, b.link = (
            ManualClock(wall=1000.0, monotonic=10.0),
            "boot-2",
            False,
            "down",
        )
        await b.start()
        await b.decide("cancel", request_id)
        b.clock.set_wall(NOON + 100)
        b.clock_is_right = True
        b.keeper.check()
        await b.advance(60)
        b.set_link("up")
        await b.advance(30)
        assert [c["request_id"] for c in b.cancels] == [request_id]
        await b.advance(5 * 3600.0, 60.0)
        b.cancels.clear()
        b.set_link("down")
        b.set_link("up")
        await b.advance(30)
        assert b.cancels == [], "hours later nothing can be in the air"


async def test_after_a_cancel_nothing_else_flies(dispatcher: Benches) -> None:
    """After a cancel nothing else flies until it is over."""
    async with dispatcher(rules=rules(replace(LIMITS, cooldown_s=0))) as b:
        await b.trigger("first")
        await b.decide("approve")
        first = b.last["request_id"]
        await b.progress("in_progress")
        await b.decide("cancel")
        await b.trigger("second")
        assert "may still" in b.last["reason"] or "not reported as ended" in b.last["reason"]
        await b.progress("canceled", first)
        await b.turn()
        assert b.last["state"] == "pending_approval"


# --- time


async def test_a_word_from_the_future_switches_nothing_off(dispatcher: Benches) -> None:
    async with dispatcher(rules=rules(replace(LIMITS, max_wind_ms=8))) as b:
        with pytest.raises(CommandRefused, match="in the future"):
            await b.dispatch.conditions({"emergency_stop": False, "at": "2099-01-01T00:00:00Z"}, "")
        await b.dispatch.conditions({"wind_ms": 1.0, "at": rfc3339(b.clock.wall() + 59)}, "")
        await b.advance(1)
        await b.weather(emergency_stop=True, wind_ms=30.0)
        await b.trigger()
        assert "wind 30 m/s" in b.last["reason"]
        assert "stopped by the dispatcher" in b.last["reason"]
        await b.weather(age_s=30, emergency_stop=False, wind_ms=1.0)
        assert "stopped by the dispatcher" in b.last["reason"], "an older word does not end it"
        await b.weather(emergency_stop=False, wind_ms=1.0)
        assert b.last["state"] == "pending_approval"


async def test_conditions_of_no_clock_stand_in_nobodys_way(dispatcher: Benches) -> None:
    """Conditions of a time without a clock do not stand in the way later."""
    async with dispatcher(rules=rules(replace(LIMITS, max_wind_ms=8)), clock_is_right=False) as b:
        await b.dispatch.conditions({"wind_ms": 20.0, "at": "2030-01-01T00:00:00Z"}, "")
        b.clock_is_right = True
        b.keeper.check()
        await b.weather(wind_ms=1.0)
        await b.trigger()
        assert b.last["state"] == "pending_approval"


async def test_request_by_wrong_clock_dies_with_reboot(dispatcher: Benches) -> None:
    """A request by a wrong clock dies with the reboot."""
    async with dispatcher(clock=ManualClock(wall=NOON + 3 * 3600), clock_is_right=False) as b:
        await b.trigger()
        await b.stop()
        b.clock, b.boot, b.clock_is_right = ManualClock(wall=NOON + 60, monotonic=10.0), "boot-2", True
        await b.start()
        assert b.last["state"] == "expired"


@pytest.mark.parametrize("wrong_s", [3 * 3600.0, -3 * 3600.0])
async def test_once_clock_is_right_times_of_request_are_too(dispatcher: Benches, wrong_s: float) -> None:
    """Once the clock is right the times of a request are too."""
    async with dispatcher(clock=ManualClock(wall=NOON + wrong_s), clock_is_right=False) as b:
        await b.trigger()
        await b.advance(60)
        b.clock.set_wall(NOON + 60)
        b.clock_is_right = True
        b.keeper.check()
        await b.turn()
        assert b.last["expires_at"] == rfc3339(NOON + 600)
        await b.decide("approve")
        assert (b.orders[0].data["expires_at"], b.orders[0].message.expiry_s) == (rfc3339(NOON + 600), 540)


async def test_order_does_not_leave_after_its_time(dispatcher: Benches) -> None:
    """An order does not leave after its time however long it waits."""
    async with dispatcher(rules=rules(replace(LIMITS, ttl_s=10, cooldown_s=0))) as b:
        await b.trigger()
        b.set_link("busy")
        await b.decide("approve")
        await b.clock.advance(8)
        b.set_link("up")
        await b.quiet()
        await b.turn()
        assert [o.message.expiry_s for o in b.orders] == [2], "what is left at the moment when it leaves"

        await b.progress("ok")
        await b.trigger("late")
        b.set_link("busy")
        await b.decide("approve")
        await b.clock.advance(9.8)
        b.set_link("up")
        await b.quiet()
        await b.advance(5)
        assert len(b.orders) == 1
        assert b.last["state"] == "timeout"


async def test_gate_that_shuts_while_order_waits_keeps_it(dispatcher: Benches) -> None:
    """A gate that shuts while the order waits keeps it."""
    async with dispatcher(rules=rules(replace(LIMITS, max_wind_ms=8))) as b:
        await b.weather(wind_ms=1.0)
        await b.trigger()
        b.set_link("busy")
        await b.decide("approve")
        await b.weather(wind_ms=30.0)
        b.set_link("up")
        await b.quiet()
        await b.turn()
        assert b.orders == []
        assert "wind 30 m/s" in b.last["reason"]


# --- who approved


@pytest.mark.parametrize("later", [{"Dewi": KEY}, {"Budi": OTHER}])
async def test_what_nobody_signed_does_not_count(dispatcher: Benches, later: dict[str, str]) -> None:
    """What nobody signed does not count once there are officers."""
    async with dispatcher(rules=rules(patrols=(ROUND,))) as b:
        b.set_link("down")
        await b.trigger()
        await b.decide("approve", next(i for i, r in b.requests.items() if r["origin"] == "incident"))
        await b.dispatch.decide(
            {"patrol": "round", "decision": "approve", "until": rfc3339(NOON + 9000), **BY}, ""
        )
        b.rules = rules(keys={n: ed25519.public_key_of(k) for n, k in later.items()}, patrols=(ROUND,))
        b.link = "up"
        await b.restart()
        await b.advance(30)
        assert b.orders == []


async def test_approvals_of_officer_who_left_do_not_count(dispatcher: Benches) -> None:
    """The approvals of an officer who left do not count."""
    async with dispatcher(rules=rules(keys={"Dewi": ed25519.public_key_of(KEY)}, patrols=(ROUND,))) as b:
        b.set_link("down")
        until = NOON + 9000
        payload = {"patrol": "round", "decision": "approve", "by": "Dewi", "until": rfc3339(until)}
        await b.dispatch.decide(
            payload | {"signature": signed(b, plan_facts("round", ROUND.written, until))}, ""
        )
        b.rules = rules(keys={"Dewi": ed25519.public_key_of(OTHER)}, patrols=(ROUND,))
        b.link = "up"
        await b.restart()
        await b.advance(30)
        assert b.orders == []


async def test_standing_approval_that_ended_does_not_fly(dispatcher: Benches) -> None:
    """A standing approval that ended does not fly what waits."""
    async with dispatcher(rules=rules(patrols=(ROUND,))) as b:
        b.set_link("down")
        await b.dispatch.decide(
            {"patrol": "round", "decision": "approve", "until": rfc3339(NOON + 60), **BY}, ""
        )
        await b.turn()
        assert [r["state"] for r in b.requests.values()] == ["approved"]
        await b.advance(70)
        b.set_link("up")
        await b.turn()
        assert b.orders == []
        assert b.last["state"] == "pending_approval"


# --- damage


@pytest.mark.parametrize(
    ("key", "word"),
    [
        ("drone_stop", w)
        for w in ('"x"', "[1]", '{"x":1}', "false", "{}", "[]", "0", '""', "[" * 100_000, "not JSON")
    ]
    + [
        ("last_order", w)
        for w in ('{"request_id":"r","wall":"x","at":1,"boot_id":"b"}', "[]", "5", "[" * 100_000)
    ]
    + [
        ("drone_standing", w)
        for w in (
            '{"approvals":{"round":{"plan":"at noon","by":"x","until":"x"}},"nonces":{}}',
            "[]",
            "[" * 100_000,
        )
    ],
)
async def test_a_damaged_word_keeps_everything_on_the_ground(
    dispatcher: Benches, key: str, word: str
) -> None:
    """A damaged word keeps everything on the ground and the loop going."""
    keys = {"Dewi": ed25519.public_key_of(KEY)} if key == "drone_standing" else {}
    async with dispatcher(rules=rules(keys=keys, patrols=(replace(ROUND, at=()),))) as b:
        await b.store.write(lambda db: db.set(key, word))
        await b.restart()
        await b.trigger()
        assert b.running.done() is False
        json.dumps(b.dispatch.health())
        if key == "drone_standing":
            assert b.last["state"] == "pending_approval"
            with pytest.raises(CommandRefused, match="could not be read"):
                payload = {
                    "patrol": "round",
                    "decision": "approve",
                    "by": "Dewi",
                    "until": rfc3339(NOON + 9000),
                }
                await b.dispatch.decide(payload, "")
        else:
            assert b.last["state"] == "blocked"


async def test_a_damaged_row_stops_no_other(dispatcher: Benches) -> None:
    async with dispatcher() as b:
        await b.trigger("good")
        good = b.last["request_id"]

        def damage(db: Any) -> None:
            text_ = next(iter(db.load_requests()))
            for number, (name, value) in enumerate(
                (("severity", "huge"), ("expires", None), ("score", None), ("created", 1e300))
            ):
                db.save_request(
                    f"bad-{number}",
                    True,
                    0.0,
                    json.dumps(json.loads(text_) | {"request_id": f"bad-{number}", name: value}),
                )
            db.save_request("bad-9", True, 0.0, "[" * 100_000)

        await b.store.write(damage)
        await b.restart()
        await b.trigger("another")
        assert set(b.requests) >= {good}
        assert not [i for i in b.requests if i.startswith("bad")]
        await b.advance(700)
        assert b.state(good) == "expired"


# --- counting


async def test_the_incident_that_asked_is_named(dispatcher: Benches) -> None:
    """The incident that asked is named whatever it supersedes."""
    async with dispatcher() as b:
        for number in range(12):
            await b.trigger("small", incident_id=f"old-{number}")
        await b.advance(15)
        await b.trigger("grave", Severity.ALARM, incident_id="grave-1")
        grave = next(r for r in b.requests.values() if r["rule"] == "grave")
        assert grave["incident_ids"][0] == "grave-1"
        assert grave["count"] == 13
        assert len(grave["incident_ids"]) == 8


async def test_a_clock_that_was_ahead_silences_no_rule(dispatcher: Benches) -> None:
    async with dispatcher(clock=ManualClock(wall=NOON + 365 * 86_400), clock_is_right=False) as b:
        await b.trigger()
        await b.advance(700)
        await b.stop()
        b.clock, b.boot, b.clock_is_right = ManualClock(wall=NOON, monotonic=10.0), "boot-2", True
        await b.start()
        await b.trigger()
        assert b.last["state"] == "pending_approval"


async def test_one_wish_counts_once_though_the_disk_fails(dispatcher: Benches) -> None:
    """One trigger counts once though the disk fails after it was kept."""
    async with dispatcher() as b:
        b.store.writes_left = 1
        await b.trigger()
        b.store.writes_left = None
        await b.advance(15)
        (request,) = b.requests.values()
        assert (request["count"], request["state"]) == (1, "pending_approval")


async def test_weather_that_comes_and_goes_is_written_rarely(dispatcher: Benches) -> None:
    """Weather that comes and goes is not written a thousand times."""
    async with dispatcher(rules=rules(replace(LIMITS, max_wind_ms=8))) as b:
        await b.weather(wind_ms=1.0)
        await b.trigger()
        for number in range(200):
            await b.weather(wind_ms=1.0 if number % 2 else 30.0)
        events = await b.store.read(lambda db: db.list_events(1000))
        assert len(events) < 30
        await b.weather(wind_ms=1.0)
        for _ in range(14):
            await b.advance(5)
            await b.weather(wind_ms=1.0)
        assert b.last["state"] == "pending_approval", "and when it is calm, it goes on"


async def test_a_patrol_that_flew_is_not_made_again(dispatcher: Benches) -> None:
    """A patrol that flew is not made again though many others came."""
    async with dispatcher(
        rules=rules(
            patrols=(replace(ROUND, window_s=6 * 3600),),
            triage=replace(rules().triage, max_requests_per_day=1000),
        )
    ) as b:
        for number in range(130):
            await b.trigger(f"rule-{number}")
        for request_id in list(b.requests):
            await b.dispatch.decide({"request_id": request_id, "decision": "deny", **BY}, "")
        await b.turn()
        await b.restart()
        await b.turn()
        patrols = {r["request_id"] for r in b.told if r["origin"] == "patrol"}
        assert len(patrols) == 1


@pytest.mark.parametrize("approved", [False, True])
async def test_after_a_reboot_with_a_late_clock_none_flies(dispatcher: Benches, approved: bool) -> None:
    """After a reboot with a clock that is hours behind nothing is ordered.

    The power is cut; a time service vouches for a clock that reads eight hours less. What is stored says that
    this cannot be.
    """

    async with dispatcher() as b:
        if approved:
            b.set_link("down")
        await b.trigger()
        request = b.dispatch.controller.pending()[0]["request_id"]
        if approved:
            await b.decide("approve", request)
        await b.stop()
        b.clock, b.boot = ManualClock(wall=NOON - 8 * 3600, monotonic=10.0), "boot-2"
        await b.start()
        b.set_link("up")
        await b.turn()
        assert not b.keeper.trusted
        with pytest.raises(CommandRefused, match="clock is not trusted"):
            await b.decide("approve", request)
        await b.advance(1200)
        assert not b.orders


async def test_request_from_the_future_does_not_fly(dispatcher: Benches) -> None:
    """A request from the future of an accepted clock does not fly."""
    async with dispatcher() as b:
        await b.trigger()
        request = b.dispatch.controller.pending()[0]["request_id"]
        await b.stop()
        b.clock, b.boot = ManualClock(wall=NOON - 8 * 3600, monotonic=10.0), "boot-2"
        await b.start()
        assert b.keeper.accept() == ""
        assert b.keeper.trusted
        await b.turn()
        assert b.last["state"] == "expired"
        with pytest.raises(CommandRefused):
            await b.decide("approve", request)
        assert not b.orders
