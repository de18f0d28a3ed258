"""What the controller makes of a start, of patrols, of approvals that need nobody, and of the weather."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pole_agent.almanac import rfc3339
from pole_agent.drone.approval import Standing, StandingBook
from pole_agent.drone.commands import Decision
from pole_agent.drone.effects import (
    Announce,
    CallBack,
    Degrade,
    EndCallBack,
    Keep,
    KeepChanges,
    KeepStanding,
    Log,
    Recover,
)
from pole_agent.drone.facts import StoredRows
from pole_agent.drone.request import Step
from pole_agent.drone.stored import DOCK_STOP, KEYS, LAST_ORDER, STANDING, STOP, LastOrder
from pole_agent.errors import CommandRefused, OutboxError
from tests.drone.deciding import AT_NOON, Decided, later
from tests.drone.test_controller import request_in
from tests.loops.dispatching import NOON, rules
from tests.loops.test_dispatch import ROUND

DAY = 86_400.0


def rows(*requests: str, **values: str) -> StoredRows:
    return StoredRows(requests=requests, values=dict.fromkeys(KEYS) | values)


def started(stored: StoredRows, **more: Any) -> Decided:
    decided = Decided(**more)
    decided.do(decided.controller.restore(stored, decided.facts))
    return decided


# --- a start


def test_a_start_tells_what_is_open() -> None:
    """What is closed is silent, what cannot be read is left out, what is called back is so again."""
    stored = rows(
        request_in("pending_approval", "open").dump(),
        request_in("denied", "closed").dump(),
        request_in("canceled", "called back", call_back=True).dump(),
        "{",
    )
    decided = started(stored)
    assert set(decided.controller.state.requests) == {"open", "closed", "called back"}
    assert [a.request_id for a in decided.of(Announce)] == ["open"]
    assert [c.request_id for c in decided.of(CallBack)] == ["called back"]
    assert [log.level for log in decided.of(Log)] == ["warning"]
    assert decided.controller.state.restored
    assert decided.controller.state.heard_at["open"] == decided.facts.now


@pytest.mark.parametrize(
    ("age_s", "trusted", "told"), [(DAY, True, True), (DAY + 1, True, False), (DAY + 1, False, True)]
)
def test_an_old_call_back_is_not_told_again(age_s: float, trusted: bool, told: bool) -> None:
    old = request_in("canceled", call_back=True, changed=NOON - age_s)
    decided = started(rows(old.dump()), facts=replace(AT_NOON, trusted=trusted))
    assert len(decided.of(CallBack)) == told


@pytest.mark.parametrize("text", ["x", "{}", "[1]", "5", '{"by": ""}'])
def test_values_that_cannot_be_read_keep_all_grounded(text: str) -> None:
    """A damaged order was just now, a damaged stop is one, damaged approvals are none."""
    damaged = {STOP: text, LAST_ORDER: text, STANDING: text, DOCK_STOP: text}
    state = started(rows(**damaged)).controller.state
    assert state.last_order == LastOrder("", NOON, AT_NOON.now, "boot-1")
    assert state.stop is not None
    assert state.stop["by"] == "nobody: the stored stop cannot be read"
    assert (state.standing.approvals, state.standing.closed_until) == ({}, NOON + DAY)
    assert state.dock_stop == (5.0 if text == "5" else 0.0)


def test_a_stop_before_the_start_was_read_stays() -> None:
    decided = Decided()
    decided.controller.state.stop = {"by": "Officer", "reason": "", "since": "s"}
    stored = json.dumps({"by": "another", "reason": "", "since": "s"})
    decided.do(decided.controller.restore(rows(**{STOP: stored}), decided.facts))
    assert decided.controller.state.stop["by"] == "Officer"


@pytest.mark.parametrize("lost", [None, "", "store_missing"])
def test_a_store_that_was_lost_stops_all_flights(lost: str | None) -> None:
    decided = Decided()
    decided.do(decided.controller.follow_loss("new", lost, "lost", decided.facts))
    state = decided.controller.state
    assert state.store_id == "new"
    if lost:
        assert state.stop is not None
        assert state.stop["reason"] == "the earlier store was lost: store_missing"
        assert state.unsaved_values == {STOP: json.dumps(state.stop), "lost": ""}
    else:
        assert (state.stop, state.unsaved_values) == (None, {})


# --- patrols and approvals that need nobody


def with_patrol(**more: Any) -> Decided:
    return Decided(rules=rules(patrols=(ROUND,), **more))


def test_a_patrol_that_is_due_is_asked_for_once() -> None:
    decided = with_patrol()
    decided.do(decided.controller.intake.patrols(decided.facts))
    (request,) = decided.controller.state.requests.values()
    assert (request.origin, request.rule, request.state) == ("patrol", "round", "pending_approval")
    assert (request.expires, request.score) == (NOON + ROUND.window_s, 1.0)
    decided.facts = later(decided.facts, 60)
    decided.do(decided.controller.intake.patrols(decided.facts))
    assert list(decided.controller.state.requests) == [request.request_id]
    assert decided.of(Recover) == [Recover(part="patrols")] * 2


def test_no_patrol_without_a_clock() -> None:
    decided = with_patrol()
    (effect,) = decided.controller.intake.patrols(replace(AT_NOON, trusted=False))
    assert isinstance(effect, Degrade)
    assert decided.controller.state.requests == {}


def test_no_patrol_where_the_disk_fails() -> None:
    decided = with_patrol()
    decided.disk = False
    with pytest.raises(OutboxError):
        decided.do(decided.controller.intake.patrols(decided.facts))
    assert decided.controller.state.requests == {}


@pytest.mark.parametrize(
    ("change", "approved"),
    [
        ({}, True),
        ({"plan": "another plan"}, False),
        ({"until": NOON}, False),
        ({"until": NOON + 0.1}, True),
        ({"key": "of an officer of before"}, False),
    ],
)
def test_a_standing_approval_approves(change: dict[str, Any], approved: bool) -> None:
    """The plan as it is written, until its end, by an officer of now; nobody else is asked."""
    decided = with_patrol()
    standing = replace(Standing(ROUND.written, "Dewi", NOON + 9000), **change)
    decided.controller.state.standing = StandingBook({"round": standing})
    decided.do(decided.controller.intake.patrols(decided.facts))
    (request_id,) = decided.controller.state.requests
    decided.turn()
    assert decided.orders == ([request_id] if approved else [])
    if approved:
        found = decided.controller.state.requests[request_id]
        assert (found.approved_by, found.standing, found.state) == ("Dewi", True, "sent")


def test_an_incident_with_the_name_of_a_patrol() -> None:
    """A standing approval covers the flights of a plan, not an incident of a rule that is named like it."""
    decided = with_patrol()
    decided.controller.state.standing = StandingBook({"round": Standing(ROUND.written, "Dewi", NOON + 9000)})
    decided.put(request_in("pending_approval", rule="round"))
    decided.turn()
    assert (decided.state("r"), decided.orders) == ("pending_approval", [])


def test_a_standing_approval_that_ended_counts_no_more() -> None:
    """Between the approval and the order: it is blocked, and nothing flies."""
    decided = with_patrol()
    decided.put(
        replace(request_in("approved", approved_by="Dewi", standing=True, rule="round"), origin="patrol")
    )
    decided.turn()
    assert (decided.state("r"), decided.orders) == ("blocked", [])
    assert decided.controller.state.requests["r"].reason == "the standing approval has ended"


@pytest.mark.parametrize("disk", [True, False])
def test_a_standing_approval_is_given_and_revoked(disk: bool) -> None:
    """It counts once it is stored; revoked, it ends whatever the disk does, and so does what it approved."""
    decided = with_patrol()
    decided.disk = disk
    given = Decision("approve", "Dewi", patrol="round", until=NOON + 9000)
    if disk:
        decided.hear(lambda: decided.controller.decide(given, decided.facts))
        assert [k.book.approvals["round"].by for k in decided.of(KeepStanding)] == ["Dewi"]
    else:
        with pytest.raises(OutboxError):
            decided.hear(lambda: decided.controller.decide(given, decided.facts))
    assert ("round" in decided.controller.state.standing.approvals) is disk
    decided.controller.state.standing = StandingBook({"round": Standing(ROUND.written, "Dewi", NOON + 9000)})
    for request in (
        request_in("approved", "approved", approved_by="Dewi", rule="round"),
        request_in("pending_approval", "undecided", rule="round"),
    ):
        decided.put(replace(request, origin="patrol"))
    revoked = Decision("deny", "Budi", patrol="round")
    if disk:
        decided.hear(lambda: decided.controller.decide(revoked, decided.facts))
    else:
        with pytest.raises(OutboxError):
            decided.hear(lambda: decided.controller.decide(revoked, decided.facts))
    state = decided.controller.state
    assert (state.standing.approvals, STANDING in state.unsaved_values) == ({}, not disk)
    assert (decided.state("approved"), decided.state("undecided")) == ("canceled", "pending_approval")


def test_what_could_not_be_kept_is_overtaken() -> None:
    """A revocation and a stop that wait for the disk do not undo the approval and the resume after them."""
    decided = with_patrol()
    decided.disk = False
    revoked = Decision("deny", "Budi", patrol="round")
    with pytest.raises(OutboxError):
        decided.hear(lambda: decided.controller.decide(revoked, decided.facts))
    stop = {"stop": True, "by": "Budi"}
    decided.hear(lambda: decided.controller.stop(stop, decided.facts))
    assert decided.controller.state.unsaved_values.keys() == {STANDING, STOP}
    decided.disk = True
    given = Decision("approve", "Dewi", patrol="round", until=NOON + 9000)
    decided.hear(lambda: decided.controller.decide(given, decided.facts))
    decided.hear(lambda: decided.controller.stop(stop | {"stop": False}, decided.facts))
    assert decided.controller.state.unsaved_values == {}
    assert decided.controller.state.stop is None


@pytest.mark.parametrize(
    ("until", "trusted"),
    [(NOON, True), (NOON + 366 * DAY + 1, True), (NOON + 9000, False)],
)
def test_a_standing_approval_that_is_refused(until: float, trusted: bool) -> None:
    decided = with_patrol()
    decided.facts = replace(decided.facts, trusted=trusted)
    given = Decision("approve", "Dewi", patrol="round", until=until)
    with pytest.raises(CommandRefused):
        decided.hear(lambda: decided.controller.decide(given, decided.facts))
    assert decided.effects == []


@pytest.mark.parametrize(("automatic", "simulation"), [(True, True), (True, False), (False, True)])
def test_only_a_simulation_approves_itself(automatic: bool, simulation: bool) -> None:
    decided = Decided(rules=rules(automatic=automatic))
    decided.put(request_in("pending_approval", simulation=simulation))
    decided.turn()
    assert decided.state("r") == ("sent" if automatic and simulation else "pending_approval")


# --- the weather, the dock, the clock


@pytest.mark.parametrize(
    ("blocks", "first_s", "last_s", "rests"),
    [(10, 599, 59, True), (10, 600, 59, False), (9, 599, 59, False), (10, 599, 60, False)],
)
def test_weather_that_flaps_rests(blocks: int, first_s: float, last_s: float, rests: bool) -> None:
    """Ten blocks within ten minutes: it stays blocked for a minute after the last."""
    ages = [first_s, *([last_s] * (blocks - 1))]
    history = tuple(Step(NOON - age, "blocked", "pole", "wind") for age in ages)
    decided = Decided()
    decided.put(request_in("blocked", history=history))
    decided.turn()
    assert decided.state("r") == ("blocked" if rests else "pending_approval")


def test_another_gate_that_shuts_is_told_at_once() -> None:
    """A blocked request says which gates are shut now, and says it once."""
    decided = Decided(facts=replace(AT_NOON, trusted=False))
    decided.put(request_in("blocked"))
    decided.turn()
    decided.turn()
    decided.controller.state.stop = {"by": "Officer", "reason": ""}
    decided.turn()
    decided.turn()
    told = [announced.data for announced in decided.of(Announce)]
    shut = [{gate["name"] for gate in data["gates"] if not gate["ok"]} for data in told]
    assert [gates - shut[0] for gates in shut] == [set(), {"emergency_stop"}]
    assert "all flights are stopped" in told[1]["reason"]


def test_times_that_follow_the_clock_are_told_at_once() -> None:
    """The clock was set five minutes ahead: the request lives as long as before, by the new time."""
    decided = Decided()
    decided.put(request_in("pending_approval"))
    decided.facts = replace(decided.facts, wall=NOON + 300)
    decided.turn()
    assert [a.data["expires_at"] for a in decided.of(Announce)] == [rfc3339(NOON + 900)]


@pytest.mark.parametrize("disk", [True, False])
def test_a_stop_of_the_dock_is_kept(disk: bool) -> None:
    """Only a newer message ends it; what the disk cannot keep it keeps later."""
    decided = Decided()
    decided.disk = disk
    for at, stopped in (("05:00:00", True), ("04:59:00", False), ("05:00:01", False)):
        payload = {"emergency_stop": stopped, "at": f"2026-11-24T{at}Z"}
        facts = later(decided.facts, 2)
        assert decided.controller.conditions(payload, facts)
        decided.do(decided.controller.keep_dock_stop())
        ended = at == "05:00:01"
        assert decided.controller.state.dock_stop == (None if ended else NOON)
        kept = [json.loads(write.values[DOCK_STOP]) for write in decided.of(KeepChanges)]
        assert kept == ([] if not disk else [NOON, None] if ended else [NOON])
    assert decided.controller.state.unsaved_values == ({} if disk else {DOCK_STOP: "null"})


def test_the_weather_does_not_speak_of_the_dock() -> None:
    decided = Decided()
    payload = {"wind_ms": 3.0, "at": "2026-11-24T05:00:00Z"}
    assert not decided.controller.conditions(payload, decided.facts)
    assert decided.controller.keep_dock_stop() == []


@pytest.mark.parametrize(("since_s", "ends"), [(14_400, False), (14_401, True)])
def test_a_call_back_ends_after_hours(since_s: float, ends: bool) -> None:
    """Four hours after it could be heard: until there is a connection, the time does not run."""
    decided = Decided()
    decided.put(request_in("canceled", call_back=True))
    decided.do(decided.controller.registry.announce_all(decided.facts))
    away = replace(later(decided.facts, 5 * DAY), connected=False)
    decided.do(decided.controller.registry.end_call_backs(away))
    back = replace(away, connected=True)
    decided.do(decided.controller.registry.end_call_backs(back))
    assert decided.of(EndCallBack) == []
    decided.do(decided.controller.registry.end_call_backs(later(back, since_s)))
    assert len(decided.of(EndCallBack)) == ends
    assert decided.controller.state.requests["r"].call_back is not ends


def test_the_event_of_a_transition() -> None:
    """It says what the request was, and what it is."""
    decided = Decided()
    decided.put(request_in("approved"))
    decided.turn()
    (kept,) = decided.of(Keep)
    assert kept.event is not None
    assert (kept.event.data["was"], kept.event.data["state"], kept.event.kind) == (
        "approved",
        "sent",
        "drone.changed",
    )


# --- for people


def test_the_history_of_a_request() -> None:
    """When, what, by whom and why."""
    decided = Decided()
    decided.put(request_in("denied", history=(Step(NOON, "denied", "Officer", "rain"),)))
    (told,) = decided.controller.everything()
    step = {"at": rfc3339(NOON), "state": "denied", "by": "Officer", "reason": "rain"}
    assert told["history"] == [step]


@pytest.mark.parametrize(
    ("enabled", "trouble", "says"),
    [(True, "no area", "nothing flies: no area"), (True, "", ""), (False, "no area", "")],
)
def test_why_nothing_flies(enabled: bool, trouble: str, says: str) -> None:
    """An area that cannot be read is no trouble where drones are switched off."""
    decided = Decided(rules=replace(rules(), enabled=enabled, trouble=trouble))
    assert decided.controller.trouble == says
