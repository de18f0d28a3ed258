"""Both sides of every limit of a trigger, a request, an approval and a command.

The numbers are those of the promise.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pole_agent.almanac import rfc3339
from pole_agent.drone import ed25519
from pole_agent.drone.approval import (
    UNREADABLE,
    ApprovalRefused,
    Office,
    Signature,
    Standing,
    StandingBook,
    plan_facts,
    read_signature,
    text,
)
from pole_agent.drone.commands import (
    decision_whatever,
    read_decision,
    read_progress,
    read_stop,
    stop_whatever,
)
from pole_agent.drone.gates import Gate
from pole_agent.drone.request import Request, Step, first_and_newest
from pole_agent.drone.target import Target
from pole_agent.drone.triage import Triage, by_priority, comes_before, superseded, told_before
from pole_agent.errors import CommandRefused
from pole_agent.vocabulary import RequestDrone, Severity

POLE = (-6.8586, 107.9164)
WALL, NOW = 1_793_850_000.0, 5000.0
DAY = 86_400.0
TARGET = Target(*POLE, 60, 60)


# --- triage


def request(number: int = 1, **more: Any) -> Request:
    fields: dict[str, Any] = {
        "request_id": f"r-{number}",
        "state": "pending_approval",
        "origin": "incident",
        "rule": "watch",
        "place": "road",
        "camera": "street",
        "severity": "warning",
        "score": 0.8,
        "target": TARGET,
        "created": WALL,
        "expires": WALL + 600,
        "created_at": NOW,
        "expires_at": NOW + 600,
        "boot_id": "boot",
    }
    return Request(**fields | more)


def trigger(**more: Any) -> RequestDrone:
    fields: dict[str, Any] = {
        "rule": "watch",
        "camera": "street",
        "place": "road",
        "incident_id": "i",
        "severity": Severity.WARNING,
        "at": NOW,
    }
    return RequestDrone(**fields | more)


SURE = trigger(score=0.8)


def rates(true: int, false: int) -> dict[str, dict[str, float]]:
    return {"watch": {"true": true, "false": false, "false_alarm_rate": false / (true + false)}}


@pytest.mark.parametrize(
    ("triage", "passes", "fails", "cause"),
    [
        (
            Triage(min_severity=Severity.WARNING),
            {},
            {"asking": trigger(severity=Severity.INFO)},
            "low_severity: info is below warning",
        ),
        (
            Triage(),
            {"asking": trigger(severity=Severity.INFO, score=0.0)},
            {"made": 24},
            "quota: 24 requests in the last 24 hours",
        ),
        (
            Triage(min_score=0.7),
            {"asking": trigger(score=0.7)},
            {"asking": trigger(score=0.69)},
            "low_confidence: 0.69 is below 0.70",
        ),
        (Triage(), {"made": 23}, {"made": 25}, "quota: 25 requests in the last 24 hours"),
        (
            Triage(max_requests_per_day=2),
            {"made": 1},
            {"made": 2},
            "quota: 2 requests in the last 24 hours",
        ),
        (
            Triage(max_false_alarm_rate=0.6),
            {"said": rates(2, 3)},
            {"said": rates(1, 4)},
            "barred: 80% of what this rule reported was wrong, allowed at most 60%",
        ),
        (
            Triage(max_false_alarm_rate=0),
            {"said": rates(0, 4)},
            {"said": rates(0, 5)},
            "barred: 100% of what this rule reported was wrong, allowed at most 0%",
        ),
        (
            Triage(max_false_alarm_rate=0),
            {"said": rates(5, 0)},
            {"said": rates(4, 1)},
            "barred: 20% of what this rule reported was wrong, allowed at most 0%",
        ),
    ],
)
def test_both_sides_of_what_suppresses(
    triage: Triage, passes: dict[str, Any], fails: dict[str, Any], cause: str
) -> None:
    """A trigger at the limit becomes a request; one beyond it says why not."""

    def suppressed(
        asking: RequestDrone = SURE, made: int = 0, said: dict[str, dict[str, float]] | None = None
    ) -> str:
        return triage.suppresses(asking, made, said or {})

    assert suppressed(**passes) == ""
    assert suppressed(**fails) == cause
    assert Triage().suppresses(trigger(), 0, rates(0, 9)) == "", "without a limit nobody asks for the rate"


@pytest.mark.parametrize(
    ("before", "since_s", "joins"),
    [
        (request(), 0, True),
        (request(state="denied"), 0.0, True),
        (request(state="denied"), 899.9, True),
        (request(state="denied"), 900.0, False),
        (request(state="denied"), -0.1, False),
        (request(state="suppressed"), 1.0, False),
        (request(origin="patrol"), 1.0, False),
        (request(camera="yard"), 1.0, False),
        (request(rule="other"), 1.0, False),
        (request(place="yard"), 1.0, False),
    ],
)
def test_what_a_wish_joins(before: Request, since_s: float, joins: bool) -> None:
    """The same transition, open or within its cooldown of 900 s, and nothing else."""
    assert (Triage().joins(trigger(), [before], {"r-1": since_s}) is before) is joins


def test_suppressed_happening_is_told_every_quarter() -> None:
    """A suppressed transition is told every quarter of an hour.

    A repeat within 900 s is only counted; one after them is told again.
    """
    before = request(state="suppressed", changed_at=NOW)
    assert told_before(trigger(), [before], NOW + 899.9) is before
    assert told_before(trigger(), [before], NOW + 900) is None
    assert told_before(trigger(place="yard"), [before], NOW) is None
    assert told_before(trigger(), [request(state="denied", changed_at=NOW)], NOW) is None


@pytest.mark.parametrize(
    ("more", "yields"),
    [
        ({}, True),
        ({"state": "requested"}, True),
        ({"state": "blocked"}, True),
        ({"state": "approved"}, False),
        ({"state": "sent"}, False),
        ({"state": "denied"}, False),
        ({"severity": "info"}, True),
        ({"severity": "alarm"}, False),
        ({"camera": "yard"}, False),
        ({"origin": "patrol"}, False),
    ],
)
def test_what_a_graver_incident_supersedes(more: dict[str, Any], yields: bool) -> None:
    """Only what is less grave, before the same camera, and nobody's decision yet."""
    assert superseded(trigger(severity=Severity.ALARM), [request(**more)]) == (
        [request(**more)] if yields else []
    )


def test_the_order_of_requests() -> None:
    """Incidents before patrols, then the graver, then the surer, then the older."""
    in_order = [
        request(1, severity="alarm", score=0.1, created=WALL + 9),
        request(2, score=0.9, created=WALL + 9),
        request(3, score=0.8, created=WALL),
        request(4, score=0.8, created=WALL + 1),
        request(5, severity="info", score=1.0, created=WALL - 9),
        request(6, origin="patrol", severity="alarm", score=1.0, created=WALL - 99),
        request(7, origin="patrol", severity="info", score=1.0),
    ]
    for number in range(len(in_order)):
        turned = [*in_order[number:], *in_order[:number]]
        assert by_priority(turned) == in_order
        assert by_priority(reversed(turned)) == in_order


@pytest.mark.parametrize(
    ("other", "before_incident", "before_patrol"),
    [
        ({"state": "pending_approval"}, "", "the request r-2"),
        ({"state": "blocked"}, "", "the request r-2"),
        ({"state": "pending_approval", "origin": "patrol"}, "", ""),
        ({"state": "denied"}, "", ""),
        ({"state": "sent"}, "the flight r-2", "the flight r-2"),
        ({"state": "paused", "origin": "patrol"}, "the flight r-2", "the flight r-2"),
        (
            {"state": "canceled", "call_back": True},
            *["the flight r-2, which was called back but not reported as ended,"] * 2,
        ),
        ({"state": "canceled", "ordered": True}, "", ""),
    ],
)
def test_what_keeps_a_request_on_the_ground(
    other: dict[str, Any], before_incident: str, before_patrol: str
) -> None:
    """One drone in the air at a time, and an incident before a patrol."""
    second = request(2, **other)
    assert comes_before(request(), [request(), second]) == before_incident
    assert comes_before(request(origin="patrol"), [second, request(origin="patrol")]) == before_patrol
    assert comes_before(second, [second]) == "", "nothing stands in its own way"


# --- a request


def test_the_history_keeps_the_last_32_steps() -> None:
    """The newest steps stay, each with its moment, its word and its author."""
    moving = request(state="in_progress", ordered=True)
    for number in range(40):
        moving = moving.moved(
            "pause" if number % 2 == 0 else "progress",
            WALL + number,
            NOW + number,
            by=f"p{number}",
            reason=f"w{number}",
        )
    assert len(moving.history) == 32
    assert moving.history[-1] == Step(WALL + 39, "in_progress", "p39", "w39")
    assert moving.history[0].at == WALL + 8
    assert (moving.changed, moving.changed_at, moving.by, moving.reason, moving.ordered) == (
        WALL + 39,
        NOW + 39,
        "p39",
        "w39",
        True,
    )
    assert moving.moved("pause", WALL, NOW).by == "p39", "nobody new, so the one before"


def test_a_block_takes_the_approval_back() -> None:
    """Whoever approved, by whichever key, what is blocked has no approval left."""
    approved = replace(request().moved("approve", WALL, NOW, by="Dewi"), approval_key="k", standing=True)
    assert (approved.state, approved.approved_by, approved.ordered) == ("approved", "Dewi", False)
    blocked = approved.moved("block", WALL, NOW)
    assert (blocked.approved_by, blocked.approval_key, blocked.standing) == ("", "", False)
    sent = approved.moved("send", WALL, NOW, by="pole")
    assert (sent.ordered, sent.approved_by, sent.approval_key, sent.standing) == (True, "Dewi", "k", True)


def test_first_incident_and_newest_seven_are_named() -> None:
    """The first incident and the newest seven are named.

    Eight names: the first, and the newest of the others, each once.
    """
    assert first_and_newest(["a", "b", "a", "c"]) == ("a", "b", "c")
    assert first_and_newest(str(n) for n in range(9)) == ("0", *(str(n) for n in range(2, 9)))
    assert first_and_newest(str(n) for n in range(8)) == tuple(str(n) for n in range(8))
    joined = request(incident_ids=("a",), count=3).joined(["b"], 2)
    assert (joined.count, joined.incident_ids) == (5, ("a", "b"))


def test_new_wall_times_follow_the_monotonic_ones() -> None:
    """After the clock was set, made and expiry lie as far away as they do on the other clock."""
    early = request(created=5.0, expires=605.0, timed=False).retimed(WALL, NOW + 100)
    assert (early.created, early.expires, early.timed) == (WALL - 100, WALL + 500, True)


@pytest.mark.parametrize(
    ("state", "ordered", "may_fly"),
    [
        ("sent", True, True),
        ("canceled", True, True),
        ("timeout", True, True),
        ("denied", True, True),
        ("rejected", True, False),
        ("ok", True, False),
        ("partially_done", True, False),
        ("failed", True, False),
        ("canceled", False, False),
    ],
)
def test_what_may_be_in_the_air(state: Any, ordered: bool, may_fly: bool) -> None:
    """What was ordered may fly until the dispatcher itself says that it is over."""
    assert request(state=state, ordered=ordered).may_fly is may_fly


def test_the_message_and_the_order() -> None:
    """An order has who approved, and nothing that only the request's life is about."""
    full = request(
        approved_by="Dewi",
        path=((0.1, 0.2),),
        incident_ids=("a",),
        simulation=True,
        step="s",
        by="b",
        reason="why",
    )
    message = full.message("p/s/1")
    assert message == {
        "request_id": "r-1",
        "pole": "p/s/1",
        "state": "pending_approval",
        "simulation": True,
        "origin": "incident",
        "rule": "watch",
        "camera": "street",
        "place": "road",
        "severity": "warning",
        "score": 0.8,
        "incident_ids": ["a"],
        "count": 1,
        "gates": [],
        "target": {"latitude": POLE[0], "longitude": POLE[1], "altitude_agl_m": 60, "uncertainty_m": 60},
        "path": [[0.1, 0.2]],
        "created_at": rfc3339(WALL),
        "expires_at": rfc3339(WALL + 600),
        "by": "b",
        "reason": "why",
        "step": "s",
    }
    order = full.order("p/s/1")
    assert order == {k: v for k, v in message.items() if k not in ("state", "count", "step")} | {
        "approved_by": "Dewi"
    }
    plain = request(origin="patrol").message("")
    assert plain["target"]["radius_m"] == 60
    assert (plain["simulation"], plain["by"], plain["reason"], plain["step"], plain["count"]) == (
        False,
        "",
        "",
        "",
        1,
    )
    assert request().order("")["approved_by"] == ""
    assert Standing("plan", "Dewi", 1.0).key == ""


YEAR_2100 = datetime(2100, 1, 1, tzinfo=UTC).timestamp()


def test_kept_request_with_times_beyond_2100() -> None:
    """A kept request with times beyond 2100 is damaged.

    The last moment that can be is read; a second later none is.
    """
    kept = json.loads(request().dump())
    for name in ("created", "expires", "created_at", "expires_at", "changed", "changed_at", "score"):
        assert getattr(Request.load(json.dumps(kept | {name: YEAR_2100})), name) == YEAR_2100
        for wrong in (YEAR_2100 + 1, -YEAR_2100 - 1, True, "5"):
            with pytest.raises(UNREADABLE):
                Request.load(json.dumps(kept | {name: wrong}))
    for name in (
        "rule",
        "place",
        "camera",
        "by",
        "reason",
        "approved_by",
        "approval_key",
        "step",
        "boot_id",
        "request_id",
    ):
        with pytest.raises(UNREADABLE):
            Request.load(json.dumps(kept | {name: 5}))


def test_a_kept_gate_is_open_only_when_it_says_so() -> None:
    """Of a damaged gate no truth is made."""
    gate = {"name": "wind_ms", "value": 1, "limit": 2, "why": "w"}
    for ok in (1, "true", None, [True]):
        kept = json.loads(request().dump()) | {"gates": [gate | {"ok": ok}]}
        assert Request.load(json.dumps(kept)).gates == (Gate("wind_ms", 1, 2, False, "pole", None, "w"),)
    kept = json.loads(request().dump()) | {
        "gates": [gate | {"ok": True, "source": "dispatcher", "age_s": 3.5}]
    }
    assert Request.load(json.dumps(kept)).gates == (Gate("wind_ms", 1, 2, True, "dispatcher", 3.5, "w"),)


# --- approvals

KEY = ed25519.new_key()
FACTS = {"request": "r-1"}


def signature(nonce: str = "n" * 16, until: float = WALL + 300, **more: Any) -> dict[str, Any]:
    signed = ed25519.sign(KEY, text("pole", FACTS, "Dewi", nonce, rfc3339(until)).encode())
    return {"nonce": nonce, "expires_at": rfc3339(until), "value": signed} | more


def cause(payload: Any, wall: float = WALL) -> str:
    office = Office("pole", {"Budi": "b", "Dewi": ed25519.public_key_of(KEY)}, ed25519.verify)
    try:
        office.check(payload, "Dewi", FACTS, frozenset({"used-used-used-used"}), wall)
    except ApprovalRefused as refused:
        return refused.cause
    return ""


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (signature(), ""),
        (signature("n" * 15), "malformed"),
        (signature("n" * 64), ""),
        (signature("n" * 65), "malformed"),
        (signature("A-Za-z0-9_-Zz09_"), ""),
        (signature("n" * 20 + "\n"), "malformed"),
        (signature("n" * 20 + " and more"), "malformed"),
        (signature("n" * 20 + "é"), "malformed"),
        (signature("used-used-used-used"), "replayed"),
        (signature(until=WALL + 0.001), ""),
        (signature(until=WALL), "expired"),
        (signature(until=WALL + DAY), ""),
        (signature(until=WALL + DAY + 0.001), "expired"),
        (signature(expires_at="2026-11-05T03:45:00" + "0" * 22), "malformed"),
        (signature(value=base64.b64encode(bytes(63)).decode()), "malformed"),
        (signature(value=base64.b64encode(bytes(65)).decode()), "malformed"),
        (signature(value=base64.b64encode(bytes(64)).decode()), "forged"),
        (signature(value=signature()["value"] + "!"), "malformed"),
        (signature(extra=1), "malformed"),
        ({k: v for k, v in signature().items() if k != "nonce"}, "malformed"),
        (None, "unsigned"),
    ],
)
def test_both_sides_of_what_makes_an_approval(payload: Any, expected: str) -> None:
    """Sixteen to sixty-four letters once, sixty-four bytes, up to a day ahead: a step beyond is refused by
    its cause.
    """
    assert cause(payload) == expected


def test_what_an_approval_gives_back() -> None:
    """A right one gives its signature, so that its nonce is used up; a wrong one says in words why not."""
    office = Office("pole", {"Dewi": ed25519.public_key_of(KEY)}, ed25519.verify)
    good = signature()
    assert office.check(good, "Dewi", FACTS, frozenset(), WALL) == Signature(
        "n" * 16, good["expires_at"], base64.b64decode(good["value"])
    )
    with pytest.raises(ApprovalRefused) as refused:
        office.check(good, "Dewi", FACTS, frozenset({"n" * 16}), WALL)
    assert str(refused.value) == "this approval was used before"


def test_time_of_signature_may_be_forty_characters() -> None:
    """A time of a signature may be forty characters long.

    A moment of any precision is one, up to forty characters.
    """
    for fraction, fits in ((19, True), (20, False)):
        expires = "2026-11-05T03:45:00." + "1" * fraction + "Z"
        payload = {"nonce": "n" * 16, "expires_at": expires, "value": base64.b64encode(bytes(64)).decode()}
        assert len(expires) == fraction + 21
        if fits:
            assert read_signature(payload) == Signature("n" * 16, expires, bytes(64))
        else:
            with pytest.raises(ApprovalRefused):
                read_signature(payload)


@pytest.mark.parametrize(
    ("keys", "key", "accepts"),
    [
        ({}, "", True),
        ({}, "k", False),
        ({"Dewi": "k"}, "k", True),
        ({"Dewi": "k"}, "l", False),
        ({"Dewi": "k"}, "", False),
    ],
)
def test_which_approvals_still_count(keys: dict[str, str], key: str, accepts: bool) -> None:
    """One by an officer of now, or an unsigned one where nobody signs, and no signed one after its officer
    went.
    """
    assert Office("pole", keys, ed25519.verify).accepts(key) is accepts


def test_the_book_of_standing_approvals() -> None:
    """Nonces are remembered until their moment; an end takes one plan out and leaves the others."""
    book = StandingBook(closed_until=7.0)
    for name, until in (("a", WALL + 10), ("b", WALL + 20)):
        signed = Signature(name * 16, rfc3339(until), bytes(64))
        book = book.approved(name, Standing(f"plan {name}", "Dewi", WALL + 900, "k"), signed, WALL)
    assert book.nonces == {"a" * 16: WALL + 10, "b" * 16: WALL + 20}
    assert StandingBook.load(book.dump()) == book
    later = book.approved("c", Standing("plan c", "Budi", WALL + 900), None, WALL + 10)
    assert later.nonces == {"b" * 16: WALL + 20}
    assert later.closed_until == 7.0
    revoked = later.revoked("a")
    assert sorted(revoked.approvals) == ["b", "c"]
    assert (revoked.nonces, revoked.closed_until) == (later.nonces, 7.0)
    assert StandingBook.load(None) == StandingBook()
    kept = json.loads(book.dump())
    for right in (0, YEAR_2100):
        assert StandingBook.load(json.dumps(kept | {"closed_until": right})).closed_until == right
    for wrong in (-0.1, YEAR_2100 + 1, True, "5", None):
        with pytest.raises(UNREADABLE):
            StandingBook.load(json.dumps(kept | {"closed_until": wrong}))
    old = {"approvals": {"a": {"plan": "p", "by": "Dewi", "until": 5.0}}}
    assert StandingBook.load(json.dumps(old)) == StandingBook({"a": Standing("p", "Dewi", 5.0, "")}, {}, 0.0)
    assert plan_facts("round", "at 06:00", WALL) == {
        "standing approval of patrol": "round",
        "plan": "at 06:00",
        "until": rfc3339(WALL),
    }


# --- commands

DECISION = {"request_id": "r-1", "decision": "approve", "by": "Dewi"}
PLAN = {"patrol": "round", "decision": "approve", "by": "Dewi", "until": "2027-01-01T00:00:00Z"}
PROGRESS = {"request_id": "r-1", "status": "ok"}
STOP = {"stop": True, "by": "Dewi"}
Read = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("read", "right"),
    [
        (read_decision, DECISION),
        (read_decision, DECISION | {"by": "d" * 100, "reason": "r" * 200, "request_id": "i" * 64}),
        (read_decision, PLAN),
        (read_decision, {k: v for k, v in PLAN.items() if k != "until"} | {"decision": "deny"}),
        (read_decision, DECISION | {"signature": 5}),
        (
            read_progress,
            PROGRESS | {"step": "s" * 64, "reason": "r" * 200, "request_id": "i" * 64, "more": 5},
        ),
        (read_stop, STOP | {"reason": "r" * 200}),
        (read_stop, STOP | {"stop": False}),
    ],
)
def test_the_longest_words_are_taken(read: Read, right: dict[str, Any]) -> None:
    """A command at its limits is read, and says what it said."""
    found = read(right)
    if read is read_stop:
        assert found == (right["stop"], "Dewi", right.get("reason", ""))
    elif read is read_progress:
        assert (found.request_id, found.status, found.transition, found.step, found.reason) == (
            "i" * 64,
            "ok",
            "finish",
            "s" * 64,
            "r" * 200,
        )
    else:
        asked = {k: right.get(k, "") for k in ("by", "reason", "request_id", "patrol")}
        assert {k: getattr(found, k) for k in asked} == asked
        assert (found.transition, found.signature) == (right["decision"], right.get("signature"))
        assert found.until == (datetime(2027, 1, 1, tzinfo=UTC).timestamp() if "until" in right else None)


@pytest.mark.parametrize(
    ("read", "right", "wrong", "says"),
    [
        (read_decision, DECISION, {"by": "d" * 101}, '"by" is required'),
        (read_decision, DECISION, {"by": ""}, '"by" is required'),
        (read_decision, DECISION, {"by": 5}, '"by" is required'),
        (read_decision, DECISION, {"by": "a\u2028b"}, '"by" is required'),
        (read_decision, DECISION, {"reason": "r" * 201}, "at most 200"),
        (read_decision, DECISION, {"reason": 5}, '"reason" must be a text'),
        (read_decision, DECISION, {"request_id": "i" * 65}, '"request_id" is required'),
        (read_decision, DECISION, {"request_id": ""}, '"request_id"'),
        (read_decision, DECISION, {"decision": "fly"}, '"decision" must be one of approve, deny, cancel'),
        (read_decision, DECISION, {"until": PLAN["until"]}, '"until" belongs to'),
        (read_decision, DECISION, {"zoom": 1}, "unknown key 'zoom'"),
        (read_decision, PLAN, {"request_id": "r-1"}, 'give "request_id" for one'),
        (read_decision, PLAN, {"patrol": 5}, 'give "request_id"'),
        (read_decision, PLAN, {"until": "soon"}, 'needs "until"'),
        (read_decision, PLAN, {"until": None}, 'needs "until"'),
        (read_progress, PROGRESS, {"status": "landed"}, '"status" must be one of'),
        (read_progress, PROGRESS, {"step": "s" * 65}, "at most 64"),
        (read_progress, PROGRESS, {"request_id": "i" * 65}, '"request_id" is required'),
        (read_progress, PROGRESS, {"reason": "r" * 201}, "at most 200"),
        (read_progress, PROGRESS, {"status": ["ok"]}, '"status" must be one of'),
        (read_stop, STOP, {"stop": 1}, '"stop" must be true'),
        (read_stop, STOP, {"reason": "r" * 201}, "at most 200"),
        (read_stop, STOP, {"until": 5}, "unknown key"),
    ],
)
def test_one_step_beyond_is_refused(
    read: Read, right: dict[str, Any], wrong: dict[str, Any], says: str
) -> None:
    """A command beyond one of its limits is refused by that one."""
    read(right)
    with pytest.raises(CommandRefused, match=says):
        read(right | wrong)


def test_malformed_way_out_is_a_way_out() -> None:
    """A malformed way out is one and a malformed way in is none.

    A stop, denial or cancel counts with what can be read of it; a resume or approval must be right in every
    part.
    """
    assert stop_whatever(STOP) == (True, "Dewi", "", "")
    stopped, by, reason, malformed = stop_whatever({"stop": "yes", "by": 5, "reason": "r" * 300, "zoom": 1})
    assert (stopped, by, reason) == (True, "unknown", "r" * 200)
    assert malformed
    assert stop_whatever({"by": "Dewi", "reason": 7})[:3] == (True, "Dewi", "")
    with pytest.raises(CommandRefused):
        stop_whatever({"stop": False})
    for decision in ("deny", "cancel"):
        found, malformed = decision_whatever(
            {"request_id": "r-1", "decision": decision, "by": "", "reason": "r" * 300, "zoom": 1}
        )
        assert (found.transition, found.by, found.reason, found.request_id) == (
            decision,
            "unknown",
            "r" * 200,
            "r-1",
        )
        assert malformed
        found, malformed = decision_whatever(
            {"patrol": "round", "decision": decision, "by": "Dewi", "until": "soon"}
        )
        assert (found.patrol, found.by, found.until, malformed) == ("round", "Dewi", None, "")
        for target in ({}, {"request_id": "r-1", "patrol": "round"}, {"request_id": ""}):
            with pytest.raises(CommandRefused):
                decision_whatever({"decision": decision, "by": "Dewi"} | target)
    with pytest.raises(CommandRefused):
        decision_whatever(DECISION | {"zoom": 1})
    assert decision_whatever(DECISION) == (read_decision(DECISION), "")
