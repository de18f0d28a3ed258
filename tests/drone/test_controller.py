"""The controller of drone requests: every state and every event, on a disk that works and one that fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.drone.commands import Decision
from pole_agent.drone.effects import (
    Announce,
    CallBack,
    CancelUnread,
    EndCallBack,
    Forget,
    Keep,
    KeepChanges,
    Log,
    Order,
    Outcome,
    Record,
    WithdrawOrder,
    Write,
)
from pole_agent.drone.flights import FINAL
from pole_agent.drone.machine import (
    OPEN_STATES,
    ORDERED_STATES,
    STATUS,
    TABLE,
    WAITING_STATES,
    State,
    Transition,
)
from pole_agent.drone.request import LANDED, Request
from pole_agent.drone.target import around
from pole_agent.errors import CommandRefused, OutboxError, Withdrawn
from pole_agent.vocabulary import Severity
from tests.drone.deciding import AT_NOON, Decided, asks, later
from tests.loops.dispatching import NOON, PLACE, rules

STATES: tuple[State, ...] = get_args(State)
ALWAYS = ("cancel", "deny", "expire", "time_out")  # these hold whatever the disk does
HOUR = 3600.0


def request_in(state: State, request_id: str = "r", **more: Any) -> Request:
    """A request of this boot in a state, ordered where that state follows an order."""
    fields: dict[str, Any] = {
        "rule": "watch",
        "place": "road",
        "camera": "street",
        "severity": "warning",
        "score": 0.9,
        "target": around((PLACE.latitude, PLACE.longitude), 50, 60),
        "created": NOON,
        "expires": NOON + 600,
        "created_at": 1000.0,
        "expires_at": 1600.0,
        "boot_id": "boot-1",
        "changed": NOON,
        "changed_at": 1000.0,
        "ordered": state in ORDERED_STATES or state in LANDED or state == "timeout",
        "approved_by": "Officer" if state not in ("requested", "blocked", "pending_approval") else "",
    }
    return Request(request_id=request_id, state=state, origin="incident", **(fields | more))


def there_is(state: State, **more: Any) -> Decided:
    decided = Decided()
    decided.put(request_in(state, **more))
    return decided


def decision(decided: Decided, what: Transition, request_id: str = "r") -> Callable[[], Outcome]:
    said = Decision(what, "Officer", request_id=request_id, reason="so")
    return lambda: decided.controller.decide(said, decided.facts)


def status(decided: Decided, word: str, request_id: str = "r") -> Callable[[], Outcome]:
    told = {"request_id": request_id, "status": word}
    return lambda: decided.controller.flights.progress(told, "", decided.facts)


def kinds(decided: Decided) -> list[type]:
    """The kinds of effects, without what is only logged."""
    return [type(effect) for effect in decided.effects if not isinstance(effect, Log)]


# --- every state, every event


@pytest.mark.parametrize("disk", [True, False])
@pytest.mark.parametrize("way", ["deny", "cancel"])
@pytest.mark.parametrize("state", STATES)
def test_a_way_out_of_every_state(state: State, way: Transition, disk: bool) -> None:
    """An open request ends, whatever the disk does; what may fly is called back, again and again; any other
    is refused.
    """
    decided = there_is(state)
    decided.disk = disk
    flies = state in ORDERED_STATES
    if state in OPEN_STATES:
        reply = decided.hear(decision(decided, way))
        assert reply == {"state": TABLE[state][way]}
        kept = [Keep] if disk else [Record]
        assert kinds(decided) == [*kept, WithdrawOrder, Announce, *([CallBack] if flies else [])]
        (announced,) = decided.of(Announce)
        assert (announced.data["state"], announced.at_birth) == (TABLE[state][way], False)
        assert decided.stored["r"] == (TABLE[state][way] if disk else state)
        assert ("r" in decided.controller.state.unsaved) is (flies or not disk)
        decided.disk = True
        decided.do(decided.controller.registry.changes(decided.facts, required=True))
        assert decided.stored["r"] == TABLE[state][way]
    elif state == "timeout":
        assert decided.hear(decision(decided, way)) == {"state": "timeout"}
        assert kinds(decided) == [CallBack]
    else:
        with pytest.raises(CommandRefused, match=f"a request in state {state} does not accept a"):
            decided.hear(decision(decided, way))
        assert kinds(decided) == []
        assert decided.state("r") == state


@pytest.mark.parametrize("disk", [True, False])
@pytest.mark.parametrize("state", STATES)
def test_an_approval_in_every_state(state: State, disk: bool) -> None:
    """With open gates it counts for what waits for a person, once it is kept; else nothing is told of it."""
    decided = there_is(state)
    decided.disk = disk
    if state in ("requested", "blocked", "pending_approval") and disk:
        assert decided.hear(decision(decided, "approve")) == {"state": "approved"}
        one = [Keep, Announce]
        assert kinds(decided) == (one if state == "pending_approval" else one * 2)
        assert decided.stored["r"] == "approved"
        return
    with pytest.raises(
        OutboxError if state in ("requested", "blocked", "pending_approval") else CommandRefused
    ):
        decided.hear(decision(decided, "approve"))
    assert kinds(decided) == []
    assert decided.state("r") == state


@pytest.mark.parametrize("state", sorted(WAITING_STATES))
def test_an_approval_with_a_shut_gate(state: State) -> None:
    """It is refused, and what waited for a person is blocked; the refusal says why."""
    decided = there_is(state)
    decided.facts = replace(decided.facts, trusted=False)
    with pytest.raises(CommandRefused, match="the request is blocked"):
        decided.hear(decision(decided, "approve"))
    assert decided.state("r") == "blocked"
    assert [kept.request.state for kept in decided.of(Keep)] == ([] if state == "blocked" else ["blocked"])


@pytest.mark.parametrize("disk", [True, False])
@pytest.mark.parametrize("word", sorted(STATUS))
@pytest.mark.parametrize("state", STATES)
def test_every_word_of_the_dispatcher_in_every_state(state: State, word: str, disk: bool) -> None:
    """The table says what follows. Nobody is called back by the dispatcher's own end; a flight that the pole
    has ended is, until the dispatcher says that it is over.
    """
    decided = there_is(state, changed_at=0.0)
    decided.disk = disk
    if state == "timeout":
        if word in FINAL:
            assert decided.hear(status(decided, word)) == {"state": "timeout"}
            assert kinds(decided) == [EndCallBack, *([Write] if disk else [])]
        else:
            with pytest.raises(CommandRefused, match="call the drone back"):
                decided.hear(status(decided, word))
            assert kinds(decided) == [CallBack]
        return
    then = TABLE[state].get(STATUS[word])
    if then is None or (then != state and not disk and STATUS[word] not in ALWAYS):
        with pytest.raises(CommandRefused if then is None else OutboxError):
            decided.hear(status(decided, word))
        assert kinds(decided) == []
        assert decided.state("r") == state
        return
    assert decided.hear(status(decided, word)) == {"state": then}
    assert decided.of(CallBack) == []
    assert [a.data["state"] for a in decided.of(Announce)] == ([then] if then != state else [])
    assert decided.controller.state.heard_at["r"] == decided.facts.now


@pytest.mark.parametrize("disk", [True, False])
@pytest.mark.parametrize("state", STATES)
def test_a_stop_in_every_state(state: State, disk: bool) -> None:
    """What flies is called back; what waits is blocked from the next turn on that can keep it."""
    decided = there_is(state)
    decided.disk = disk
    payload = {"stop": True, "by": "Officer", "reason": "a helicopter"}
    assert decided.hear(lambda: decided.controller.stop(payload, decided.facts)) == {"stopped": True}
    assert [c.request_id for c in decided.of(CallBack)] == (["r"] if state in ORDERED_STATES else [])
    assert decided.of(KeepChanges) != [] or not disk
    decided.turn()
    if state in ORDERED_STATES:
        assert decided.state("r") == "canceled"
    elif state in WAITING_STATES:
        assert decided.state("r") == ("blocked" if disk else state)
    assert decided.orders == []


@pytest.mark.parametrize("disk", [True, False])
@pytest.mark.parametrize("state", STATES)
def test_drones_that_are_switched_off_in_every_state(state: State, disk: bool) -> None:
    decided = Decided(rules=replace(rules(), enabled=False))
    decided.put(request_in(state))
    decided.disk = disk
    assert not decided.controller.trigger(asks())
    decided.do(decided.controller.switched_off(decided.facts))
    assert decided.state("r") == ("canceled" if state in OPEN_STATES else state)
    assert [c.request_id for c in decided.of(CallBack)] == (["r"] if state in ORDERED_STATES else [])


@pytest.mark.parametrize("disk", [True, False])
@pytest.mark.parametrize(
    ("state", "limit_s", "end"),
    [
        *((state, 600.0, "expired") for state in sorted(WAITING_STATES)),
        ("sent", 120.0, "timeout"),
        *((state, 1800.0, "timeout") for state in ("accepted", "in_progress", "paused")),
    ],
)
def test_time_that_passes_ends_every_open_state(state: State, limit_s: float, end: State, disk: bool) -> None:
    """What waits expires; what flies and says nothing is called back. One second before, it is not so."""
    decided = there_is(state)
    decided.facts = replace(decided.facts, connected=False)
    decided.turn(limit_s - 1)
    assert decided.state("r") in (state, "pending_approval")
    decided.disk = disk
    decided.turn(2)
    assert decided.state("r") == end
    assert [c.request_id for c in decided.of(CallBack)] == (["r"] if end == "timeout" else [])


# --- the order


def test_an_order_follows_what_is_kept() -> None:
    """First that it is sent is on the disk, then it is told, then the order leaves; and that only once."""
    decided = there_is("approved")
    decided.controller.state.unsaved["r"] = None
    decided.turn()
    assert kinds(decided) == [Keep, Announce, Order]
    assert decided.controller.state.unsaved == {}
    (kept,) = decided.of(Keep)
    assert (kept.request.state, kept.order is not None, "last_order" in kept.values) == ("sent", True, True)
    order = decided.controller.flights.order("r", decided.facts)
    assert (order.expiry_s, order.data["approved_by"]) == (600, "Officer")
    decided.turn(1)
    assert decided.orders == ["r"]


@pytest.mark.parametrize("why", ["disk", "connection", "life", "unknown life", "officer"])
def test_what_keeps_an_order_back(why: str) -> None:
    decided = there_is("approved", approval_key="of nobody" if why == "officer" else "")
    decided.disk = why != "disk"
    if why == "connection":
        decided.facts = replace(decided.facts, connected=False)
    elif why == "life":
        decided.facts = later(decided.facts, 599.1)
    elif why == "unknown life":
        decided.facts = replace(decided.facts, boot_id="boot-2", trusted=False)
    decided.turn()
    assert decided.orders == []
    assert decided.state("r") == ("blocked" if why in ("officer", "unknown life") else "approved")


@pytest.mark.parametrize("why", ["state", "life", "gate"])
def test_an_order_that_must_not_leave_any_more(why: str) -> None:
    """Between the store and the broker time passes: it is asked again at the last moment."""
    decided = there_is("canceled" if why == "state" else "sent")
    facts = decided.facts
    if why == "life":
        facts = later(facts, 599.5)
    elif why == "gate":
        facts = replace(facts, trusted=False)
    with pytest.raises(Withdrawn):
        decided.controller.flights.order("r", facts)


@pytest.mark.parametrize(("left_s", "patience_s"), [(600, 10), (10, 10), (9, 9), (0, 0), (-5, 0)])
def test_how_long_an_order_waits_for_the_broker(left_s: float, patience_s: float) -> None:
    decided = there_is("sent", expires_at=AT_NOON.now + left_s)
    assert decided.controller.flights.patience_s("r", AT_NOON) == patience_s


@pytest.mark.parametrize("state", STATES)
def test_an_order_that_failed(state: State) -> None:
    """It may have arrived, so the flight is called back; what has moved on meanwhile is left as it is."""
    decided = there_is(state)
    decided.do(decided.controller.flights.order_failed("r", "the line is gone", decided.facts))
    assert decided.state("r") == ("timeout" if state == "sent" else state)
    assert [c.request_id for c in decided.of(CallBack)] == (["r"] if state == "sent" else [])


# --- triggers


def take(decided: Decided) -> None:
    intake = decided.controller.intake
    for key in intake.waiting():
        triggers = intake.pop(key)
        try:
            decided.do(intake.take(triggers, {}, decided.facts))
        except OutboxError:
            intake.put_back(triggers)
            raise


def test_a_trigger_becomes_a_request() -> None:
    """It waits for a person; each state is kept, then told."""
    decided = Decided()
    assert decided.controller.trigger(asks())
    take(decided)
    assert [kept.request.state for kept in decided.of(Keep)] == ["requested", "pending_approval"]
    assert kinds(decided) == [Keep, Announce, Keep, Announce]
    take(decided)
    assert len(decided.effects) == 6, "it was taken once"


def test_a_graver_trigger_takes_the_place() -> None:
    """It is kept before the other is cancelled."""
    decided = there_is("pending_approval")
    decided.controller.trigger(asks("other", Severity.ALARM))
    take(decided)
    assert [(k.request.request_id, k.request.state) for k in decided.of(Keep)] == [
        ("r-0", "requested"),
        ("r", "canceled"),
        ("r-0", "pending_approval"),
    ]


def test_a_trigger_that_cannot_be_kept_waits() -> None:
    """It cancels nothing meanwhile."""
    decided = there_is("pending_approval")
    decided.disk = False
    decided.controller.trigger(asks("other", Severity.ALARM))
    with pytest.raises(OutboxError):
        take(decided)
    assert (decided.state("r"), kinds(decided)) == ("pending_approval", [])
    assert [t.count for t in decided.controller.state.triggers.values()] == [1]
    decided.disk = True
    take(decided)
    assert decided.state("r") == "canceled"


# --- before anything can be read


@pytest.mark.parametrize("what", ["approve", "deny", "cancel"])
def test_a_decision_before_the_requests_can_be_read(what: Transition) -> None:
    """An approval is refused; a cancel goes out and is remembered, and decided once they are read."""
    decided = Decided()
    said = Decision(what, "Officer", request_id="r", reason="so")
    with pytest.raises(CommandRefused, match="cannot be read"):
        decided.hear(lambda: decided.controller.decide_unread(said, OutboxError("x"), decided.facts))
    cancels = decided.of(CancelUnread)
    assert [c.data["request_id"] for c in cancels] == ([] if what == "approve" else ["r"])
    early = decided.controller.take_early()
    assert early == ([] if what == "approve" else [said])
    assert decided.controller.take_early() == []


def test_a_plan_that_is_revoked_before_it_can_be_read() -> None:
    """It is remembered; no flight has a name yet that the dispatcher could end."""
    decided = Decided()
    said = Decision("cancel", "Officer", patrol="round")
    with pytest.raises(CommandRefused, match="cannot be read"):
        decided.hear(lambda: decided.controller.decide_unread(said, OutboxError("x"), decided.facts))
    assert decided.effects == []
    assert decided.controller.take_early() == [said]


# --- what must never happen, whatever happens

EVENT = st.one_of(
    st.tuples(st.just("trigger"), st.sampled_from(["a", "b"]), st.sampled_from(list(Severity))),
    st.tuples(
        st.just("decide"), st.integers(0, 3), st.sampled_from(["approve", "approve", "deny", "cancel"])
    ),
    st.tuples(st.just("progress"), st.integers(0, 3), st.sampled_from(sorted(STATUS))),
    st.tuples(st.just("stop"), st.booleans(), st.none()),
    st.tuples(st.just("time"), st.sampled_from([0.0, 1.0, 11.0, 130.0, 700.0, 5 * HOUR]), st.none()),
    st.tuples(st.just("disk"), st.booleans(), st.none()),
    st.tuples(st.just("link"), st.booleans(), st.none()),
    st.tuples(st.just("clock"), st.booleans(), st.none()),
)


def happens(decided: Decided, event: tuple[str, Any, Any], approved: set[str]) -> None:
    name, first, second = event
    controller, requests = decided.controller, list(decided.controller.state.requests)
    try:
        match name:
            case "trigger":
                controller.trigger(asks(first, second))
            case "decide" if requests:
                request_id = requests[first % len(requests)]
                decided.hear(decision(decided, second, request_id))
                if second == "approve":
                    approved.add(request_id)
            case "progress" if requests:
                decided.hear(status(decided, second, requests[first % len(requests)]))
            case "stop":
                payload = {"stop": first, "by": "Officer"}
                decided.hear(lambda: controller.stop(payload, decided.facts))
            case "time":
                decided.facts = later(decided.facts, first)
            case "disk":
                decided.disk = first
            case "link":
                decided.facts = replace(decided.facts, connected=first)
            case "clock":
                decided.facts = replace(decided.facts, trusted=first)
        take(decided)
        decided.do(controller.registry.changes(decided.facts, required=True))
    except (CommandRefused, OutboxError):
        pass
    decided.do(controller.flights.ground(decided.facts))
    decided.do(controller.registry.end_call_backs(decided.facts))
    decided.turn()


def _remembered(part: object) -> dict[str, tuple[int, str]]:
    """What a part has beside the state, by the identity and the content of each attribute."""
    return {name: (id(v), repr(v)) for name, v in vars(part).items() if name not in ("state", *PARTS)}


PARTS = ("registry", "intake", "flights", "_registry", "_evaluation", "_decisions")


@given(st.lists(EVENT, max_size=20))
def test_nothing_is_remembered_beside_the_state(events: list[tuple[str, Any, Any]]) -> None:
    """A reload hands the state on: all else is configuration, and stays as it was made."""
    decided = Decided()
    controller = decided.controller
    parts = [controller, *(getattr(controller, name) for name in PARTS if hasattr(controller, name))]
    assert len(parts) == 6
    before = [_remembered(part) for part in parts]
    for event in events:
        happens(decided, event, set())
    assert [_remembered(part) for part in parts] == before


@given(st.lists(EVENT, max_size=40))
def test_what_must_never_happen(events: list[tuple[str, Any, Any]]) -> None:
    """No state is announced that was not kept, unless it is a safe way out; nothing is ordered twice, nor
    without an approval, nor while flights are stopped; and at most one drone flies.
    """
    decided, approved, seen = Decided(), set[str](), 0
    held: dict[str, set[str]] = {}
    for event in events:
        stopped = decided.controller.state.stop is not None and event[0] != "stop"
        happens(decided, event, approved)
        for effect in decided.effects[seen:]:
            match effect:
                case Write(requests=requests):
                    for request in requests:
                        held.setdefault(request.request_id, set()).add(request.state)
                case Record(event=recorded):
                    assert recorded.data["state"] in ("canceled", "denied", "expired", "timeout")
                    held.setdefault(recorded.data["request_id"], set()).add(recorded.data["state"])
                case Announce(request_id=request_id, data=data):
                    assert data["state"] in held[request_id], "told before it was kept"
                case Order(request_id=request_id):
                    assert "sent" in held[request_id], "ordered before it was kept"
                    assert request_id in approved, "nobody approved it"
                    assert not stopped
                case CallBack(request_id=request_id):
                    assert decided.orders.count(request_id) == 1, "nobody was sent there"
                case Forget(request_id=request_id):
                    assert decided.controller.state.requests.get(request_id) is None
        seen = len(decided.effects)
        assert len(decided.orders) == len(set(decided.orders)), "ordered twice"
        flying = [r for r in decided.controller.state.requests.values() if r.is_ordered]
        assert len(flying) <= 1, "one drone"
    decided.disk = True
    decided.do(decided.controller.registry.changes(later(decided.facts, 11), required=True))
    there = decided.controller.state.requests.values()
    assert {r.request_id: r.state for r in there if r.state != "suppressed"} == decided.stored
