"""The limits of the dispatch loop, a moment before each and a moment after.

It takes its turns when told, so hours cost nothing.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pole_agent.almanac import rfc3339
from pole_agent.clock import ManualClock
from pole_agent.drone import ed25519
from pole_agent.drone.approval import facts_of, plan_facts, text
from pole_agent.drone.triage import Triage
from pole_agent.errors import CommandRefused
from pole_agent.vocabulary import Severity
from tests.loops.dispatching import BASE, LIMITS, NOON, Bench, rules
from tests.loops.test_carried_over import FULL
from tests.loops.test_dispatch import ROUND
from tests.loops.test_ways_out import BY, bench, reach

HOUR, DAY = 3600.0, 86_400.0
KEY, OTHER = ed25519.new_key(), ed25519.new_key()
DEWI = rules(keys={"Dewi": ed25519.public_key_of(KEY)}, patrols=(ROUND,))


def signed(b: Bench, facts: dict[str, str], nonce: str = "n" * 20) -> dict[str, str]:
    expires = rfc3339(b.clock.wall() + 300)
    return {
        "nonce": nonce,
        "expires_at": expires,
        "value": ed25519.sign(KEY, text(BASE, facts, "Dewi", nonce, expires).encode()),
    }


def standing(b: Bench, until: float, nonce: str = "n" * 20) -> dict[str, Any]:
    payload = {"patrol": "round", "decision": "approve", "by": "Dewi", "until": rfc3339(until)}
    return payload | {"signature": signed(b, plan_facts("round", ROUND.written, until), nonce)}


async def pass_time(b: Bench, seconds: float) -> None:
    await b.clock.advance(seconds)
    await b.turn()


@pytest.mark.parametrize(("later_s", "state"), [(DAY - 1, "suppressed"), (DAY, "pending_approval")])
async def test_the_quota_is_of_a_day(later_s: float, state: str, tmp_path: Path) -> None:
    """A request counts for 24 hours, one by a clock that was ahead not at all, and a suppressed one never."""
    async with bench(
        tmp_path, rules=rules(triage=Triage(max_requests_per_day=1, cooldown_s=0)), turns=False
    ) as b:
        ahead = replace(
            FULL,
            request_id="ahead",
            origin="incident",
            call_back=False,
            boot_id="other",
            created=NOON + 5 * DAY,
        )
        await b.store.write(lambda db: db.save_request("ahead", False, NOON, ahead.dump()))
        await b.restart()
        await b.trigger("first")
        assert b.state() == "pending_approval"
        await b.decide("deny")
        await pass_time(b, HOUR)
        await b.trigger("second")
        await pass_time(b, later_s - HOUR)
        await b.trigger("third")
        assert next(r["state"] for r in b.requests.values() if r["rule"] == "third") == state


async def test_nonce_is_used_up_on_disk_before_anything_else(tmp_path: Path) -> None:
    """A nonce is used up on the disk before anything else.

    A signed approval that a gate refused stands on the disk as used when the officer hears no.
    """
    async with bench(tmp_path, rules=replace(DEWI, limits=replace(LIMITS, max_wind_ms=8)), turns=False) as b:
        await b.trigger()
        with pytest.raises(CommandRefused, match="blocked"):
            await b.dispatch.decide(
                {
                    "request_id": b.last["request_id"],
                    "decision": "approve",
                    "by": "Dewi",
                    "signature": signed(b, facts_of(b.last)),
                },
                "",
            )
        with sqlite3.connect(f"file:{b.folder / 'pole.db'}?mode=ro", uri=True) as connection:
            (kept,) = connection.execute(
                "SELECT data FROM requests WHERE id = ?", (b.last["request_id"],)
            ).fetchone()
        connection.close()
        assert json.loads(kept)["nonces"] == ["n" * 20]


async def test_no_signature_counts_by_an_untrusted_clock(tmp_path: Path) -> None:
    """Neither one for a flight nor one for a plan: until when it holds is unknown."""
    async with bench(tmp_path, rules=DEWI, clock_is_right=False) as b:
        await b.trigger()
        with pytest.raises(CommandRefused, match="cannot check whether the approval is still valid"):
            await b.decide("approve", by="Dewi", signature=signed(b, facts_of(b.last)))
        with pytest.raises(CommandRefused, match="cannot check until when the approval is valid"):
            await b.dispatch.decide(standing(b, NOON + 9000), "")
        assert b.dispatch.health()["approvals_refused"] == {"clock": 1}
        assert b.dispatch.health()["standing_approvals"] == {}


@pytest.mark.parametrize(
    ("later_s", "holds"), [(0.0, None), (-1.0, None), (0.002, True), (366 * DAY, True), (366 * DAY + 1, None)]
)
async def test_a_standing_approval_holds_for_a_year_at_most(
    later_s: float, holds: bool | None, tmp_path: Path
) -> None:
    """From the next moment up to 366 days; one for longer, or for the past, is refused."""
    async with bench(tmp_path, rules=rules(patrols=(ROUND,)), turns=False) as b:
        payload = {"patrol": "round", "decision": "approve", "until": rfc3339(b.clock.wall() + later_s), **BY}
        if holds:
            assert (await b.dispatch.decide(payload, ""))["standing"] is True
            assert list(b.dispatch.health()["standing_approvals"]) == ["round"]
        else:
            with pytest.raises(CommandRefused, match="at most a year from now"):
                await b.dispatch.decide(payload, "")
            assert b.dispatch.health()["standing_approvals"] == {}


async def test_the_standing_approval_of_an_officer(tmp_path: Path) -> None:
    """The standing approval of an officer who went asks anew.

    After a reload with other officers the plan is not approved by it, not even for a moment.
    """
    async with bench(tmp_path, rules=DEWI, clock=ManualClock(wall=NOON - 60)) as b:
        await b.dispatch.decide(standing(b, NOON + 9000), "")
        await b.reload(
            rules=replace(DEWI, office=replace(DEWI.office, keys={"Budi": ed25519.public_key_of(OTHER)}))
        )
        await b.advance(70)
        (patrol,) = b.requests.values()
        assert (patrol["state"], patrol["approved_by"]) == ("pending_approval", "")
        assert [s["state"] for s in patrol["history"]] == ["requested", "pending_approval"]


async def test_books_that_cannot_be_read_stay_closed(tmp_path: Path) -> None:
    """Where the used nonces are lost, no signed standing approval is taken for a day, also over restarts."""
    async with bench(tmp_path, rules=DEWI) as b:
        await b.store.write(lambda db: db.set("drone_standing", "[1"))
        for _ in range(3):
            await b.restart()
            with pytest.raises(CommandRefused, match="could not be read: no signed standing approval until"):
                await b.dispatch.decide(standing(b, NOON + 9000), "")
            await b.turn()
        await b.restart(new_boot=True, off_s=DAY - 60)
        with pytest.raises(CommandRefused, match="could not be read"):
            await b.dispatch.decide(standing(b, b.clock.wall() + 900), "")
        await b.restart(new_boot=True, off_s=61)
        assert (await b.dispatch.decide(standing(b, b.clock.wall() + 900), ""))["standing"] is True


async def test_a_resume_is_not_overwritten_by_an_old_stop(tmp_path: Path) -> None:
    """A stop that the disk could not keep is not kept after flights were resumed."""
    async with bench(tmp_path, turns=False) as b:
        b.broken.add("write")
        await b.dispatch.stop_flights({"stop": True, **BY}, "")
        b.broken.clear()
        await b.dispatch.stop_flights({"stop": False, **BY}, "")
        await pass_time(b, 11)
        await b.restart()
        assert b.dispatch.health()["stopped"] is None


@pytest.mark.parametrize(
    ("link_s", "away_s", "called_back"),
    [(4 * HOUR - 5, 0, True), (4 * HOUR + 5, 0, False), (4 * HOUR - 5, 9 * HOUR, True)],
)
async def test_a_call_back_ends_after_four_hours_of_link(
    link_s: float, away_s: float, called_back: bool, tmp_path: Path
) -> None:
    """No drone is in the air for so long after it could hear of it; hours without a link do not count."""
    async with bench(tmp_path, turns=False) as b:
        request_id = await reach(b, "in_progress")
        if away_s:
            b.set_link("down")
        await b.decide("cancel", request_id)
        if away_s:
            await pass_time(b, away_s)
            b.set_link("up")
            await b.turn()
        await pass_time(b, link_s)
        b.cancels.clear()
        await b.restart()
        assert [c["request_id"] for c in b.cancels] == ([request_id] if called_back else [])


@pytest.mark.parametrize(
    ("off_s", "trusted", "told"), [(DAY - 60, True, True), (DAY + 60, True, False), (DAY + 60, False, True)]
)
async def test_a_call_back_of_yesterday_is_not_told(
    off_s: float, trusted: bool, told: bool, tmp_path: Path
) -> None:
    """After a reboot a call-back is told for a day; by an untrusted clock for ever."""
    async with bench(tmp_path, turns=False) as b:
        request_id = await reach(b, "in_progress")
        await b.decide("cancel", request_id)
        b.cancels.clear()
        b.clock_is_right = trusted
        await b.restart(new_boot=True, off_s=off_s)
        assert [c["request_id"] for c in b.cancels] == ([request_id] if told else [])


@pytest.mark.parametrize(("left_s", "orders"), [(1.5, 1), (1.0, 1), (0.9, 0)])
async def test_what_has_less_than_second_left_is_not_ordered(
    left_s: float, orders: int, tmp_path: Path
) -> None:
    """What has less than a second left is not ordered.

    The message expiry is whole seconds, at least one, and never more than what is left.
    """
    async with bench(tmp_path, turns=False) as b:
        await b.trigger()
        request_id = b.last["request_id"]
        b.set_link("down")
        await b.decide("approve", request_id)
        await pass_time(b, 600 - left_s)
        b.set_link("up")
        await b.turn()
        assert [o.message.expiry_s for o in b.orders] == [1] * orders
        assert b.state(request_id) == ("sent" if orders else "approved")


@pytest.mark.parametrize(("apart_s", "refused"), [(0.9, True), (1.0, False)])
async def test_how_often_a_flight_may_pause(apart_s: float, refused: bool, tmp_path: Path) -> None:
    """Once a second; what does not change anything may come at any time."""
    async with bench(tmp_path, turns=False) as b:
        request_id = await reach(b, "in_progress")
        await b.clock.advance(apart_s)
        assert await b.progress("in_progress", request_id, step="here") == {"state": "in_progress"}
        assert (b.last["step"], b.last["state"]) == ("here", "in_progress"), "a new step is told at once"
        assert await b.progress("in_progress", request_id) == {"state": "in_progress"}
        assert b.requests[request_id]["step"] == "here", "no step is no news"
        if refused:
            with pytest.raises(CommandRefused, match="at most once a second"):
                await b.progress("paused", request_id)
        else:
            await b.progress("paused", request_id)
        assert await b.progress("ok", request_id) == {"state": "ok"}


@pytest.mark.parametrize(("wrong_s", "moved"), [(4.9, False), (-4.9, False), (5.0, True), (-5.0, True)])
async def test_wall_times_follow_a_clock_that_was_set(wrong_s: float, moved: bool, tmp_path: Path) -> None:
    """Less than five seconds is no correction; from there on made and expiry are told anew."""
    async with bench(tmp_path, turns=False) as b:
        await b.trigger()
        before = b.last["expires_at"]
        b.clock.set_wall(b.clock.wall() + wrong_s)
        await b.turn()
        assert (b.requests[b.last["request_id"]]["expires_at"] != before) is moved


async def test_weather_that_flaps_ten_times_rests_for_minute(tmp_path: Path) -> None:
    """Weather that flaps ten times rests for a minute.

    The tenth block within ten minutes keeps it blocked for 60 s after it.
    """
    async with bench(tmp_path, rules=rules(replace(LIMITS, max_wind_ms=8, ttl_s=7200)), turns=False) as b:
        await b.weather(wind_ms=5.0)
        await b.trigger()
        request_id = b.last["request_id"]
        for number in range(10):
            await pass_time(b, 2)
            await b.weather(wind_ms=20.0)
            assert b.state(request_id) == "blocked"
            if number < 9:
                await pass_time(b, 2)
                await b.weather(wind_ms=5.0)
                assert b.state(request_id) == "pending_approval", number
        await pass_time(b, 59)
        await b.weather(wind_ms=5.0)
        assert b.state(request_id) == "blocked"
        await pass_time(b, 1)
        assert b.state(request_id) == "pending_approval"


async def test_a_hundred_closed_requests_are_remembered(tmp_path: Path) -> None:
    """The newest hundred, beside a hundred suppressed ones; what flies, is called back, or is a patrol of
    today stays.
    """
    async with bench(
        tmp_path,
        rules=rules(triage=Triage(cooldown_s=0, max_requests_per_day=9999, min_severity=Severity.WARNING)),
        turns=False,
    ) as b:
        kept = {
            "called back": replace(
                FULL, request_id="called back", origin="incident", call_back=True, changed=NOON
            ),
            "patrol": replace(
                FULL, request_id="patrol", call_back=False, boot_id="other", created=NOON - 7 * HOUR + 300
            ),
            "old patrol": replace(
                FULL, request_id="old patrol", call_back=False, boot_id="other", created=NOON - 7 * HOUR - 300
            ),
        }
        for name, request in kept.items():
            await b.store.write(
                lambda db, name=name, request=request: db.save_request(name, False, NOON - 9, request.dump())
            )
        await b.restart()
        b.dispatch.controller.state.stop = None
        fresh = replace(FULL, origin="incident", state="detected", call_back=False, ordered=False)
        handler, registry = b.dispatch._effects, b.dispatch.controller.registry
        for number in range(101):
            denied, suppressed = (replace(fresh, request_id=f"{letter}-{number}") for letter in "rs")
            await handler.handle([registry.move(denied, "deny", handler.facts(), by="x")])
            await handler.handle([registry.move(suppressed, "suppress", handler.facts(), by="x")])
        there = set(b.requests)
        assert {f"r-{n}" for n in range(101)} - there == {"r-0"}
        assert {f"s-{n}" for n in range(101)} - there == {"s-0"}
        assert there & set(kept) == {"called back", "patrol"}


@pytest.mark.parametrize(("after_s", "stored"), [(9.0, 1), (10.0, 2)])
async def test_counts_are_written_every_ten_seconds(after_s: float, stored: int, tmp_path: Path) -> None:
    """A repeat spares the card: it is written with others, ten seconds after the writing before."""
    async with bench(tmp_path, turns=False) as b:
        await b.trigger()
        await b.trigger()
        assert _count(b) == 2, "the first at once"
        await b.trigger()
        await pass_time(b, after_s)
        assert _count(b) == stored + 1


def _count(b: Bench) -> int:
    with sqlite3.connect(f"file:{b.folder / 'pole.db'}?mode=ro", uri=True) as connection:
        (kept,) = connection.execute("SELECT data FROM requests").fetchone()
    connection.close()
    return int(json.loads(kept)["count"])


async def test_what_the_loop_says_of_a_request(tmp_path: Path) -> None:
    """Fields of a new request come from the trigger, the rules and the clock."""
    async with bench(tmp_path, turns=False) as b:
        await b.trigger("watch", path=((0.5, 0.5), (0.1, 0.9)), score=0.7, severity=Severity.ALARM)
        request = b.dispatch.controller.state.requests[b.last["request_id"]]
        assert dataclasses.asdict(request) | {
            "history": None,
            "gates": None,
            "incident_ids": None,
        } == dataclasses.asdict(request) | {
            "history": None,
            "gates": None,
            "incident_ids": None,
            "origin": "incident",
            "rule": "watch",
            "camera": "street",
            "place": "road",
            "severity": "alarm",
            "score": 0.7,
            "created": NOON,
            "expires": NOON + 600,
            "created_at": 1000.0,
            "expires_at": 1600.0,
            "boot_id": "boot-1",
            "simulation": False,
            "count": 1,
            "path": ((0.5, 0.5), (0.1, 0.9)),
            "timed": True,
            "ordered": False,
            "call_back": False,
            "standing": False,
        }


async def test_patrols_need_drones_and_a_clock(tmp_path: Path) -> None:
    """Switched off, no patrol is asked for; without a clock neither, and that is told until the clock is
    trusted.
    """
    async with bench(tmp_path, rules=replace(DEWI, enabled=False), turns=False) as b:
        await b.turn()
        assert b.requests == {}
        b.clock_is_right = False
        await b.restart(new_boot=True)
        await b.reload(rules=DEWI)
        await b.turn()
        parts = b.context.parts
        assert (b.requests, parts.reason("patrols")) == (
            {},
            "the clock is not trusted: patrols are not requested",
        )
        b.clock_is_right = True
        b.keeper.check()
        await b.turn()
        assert ([r["origin"] for r in b.requests.values()], parts.is_degraded("patrols")) == (
            ["patrol"],
            False,
        )


@pytest.mark.parametrize(("approved", "end"), [(True, "canceled"), (False, "pending_approval")])
async def test_whose_flight_a_revoked_plan_takes_back(approved: bool, end: str, tmp_path: Path) -> None:
    """What was approved is cancelled with the plan; what still waits for a person goes on waiting."""
    async with bench(tmp_path, rules=rules(patrols=(ROUND,)), turns=False) as b:
        await b.turn()
        (request_id,) = b.requests
        b.set_link("down")
        if approved:
            await b.decide("approve", request_id)
        reply = await b.dispatch.decide({"patrol": "round", "decision": "deny", **BY, "zoom": 1}, "")
        assert reply == {
            "patrol": "round",
            "standing": False,
            "malformed": (
                "unknown key 'zoom'; known: by, decision, patrol, reason, request_id, signature, until"
            ),
        }
        assert b.state(request_id) == end
