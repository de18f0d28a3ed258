"""The queue: who is called when, and what is one row. All on a manual clock."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from city import desk
from city.desk import ITSELF, JOIN_S, OUTAGE, Alarm, Case, DeskError
from hypothesis import given
from hypothesis import strategies as st

LIMITS = (60.0, 180.0)


def alarm(member: str = "p i1", at: float = 0.0, key: str = "staying", **more: Any) -> Alarm:
    return Alarm(**{"key": key, "kind": "incident", "member": member, "severity": "alarm", "at": at, **more})


def outage(pole: str, at: float, severity: str = "alarm") -> Alarm:
    return alarm(pole, at, OUTAGE, kind=OUTAGE, severity=severity)


def one(*alarms: Alarm) -> Case:
    (case,) = desk.heard([], alarms)
    return case


@pytest.mark.parametrize(("waited", "level"), [(0, 0), (59.9, 0), (60, 1), (179.9, 1), (180, 2), (99999, 2)])
def test_who_is_called_when(waited: float, level: int) -> None:
    case = one(alarm(at=1000.0))
    assert desk.due(case, 1000.0 + waited, LIMITS) == level
    assert desk.due(desk.acknowledged(case, "rini", 1000.0), 1000.0 + waited, LIMITS) == 0
    assert desk.due(desk.finished(case, "rini", 1000.0), 1000.0 + waited, LIMITS) == 0
    assert desk.due(replace(case, late=True), 1000.0 + waited, LIMITS) == 0
    assert desk.due(replace(case, severity="warning"), 1000.0 + waited, LIMITS) == 0
    assert desk.due(desk.over(case, case.members, 1001.0), 1000.0 + waited, LIMITS) == level  # it is closed


def test_repeats_are_one_row() -> None:
    case = one(*(alarm(f"p i{n}", n * 60.0) for n in range(40)))
    assert (case.count, case.opened_at, case.last_at) == (40, 0.0, 39 * 60.0)
    again = desk.heard([case], [alarm("p i99", case.last_at + JOIN_S)])
    assert [(c.id, c.count) for c in again] == [(case.id, 41)]
    (other,) = desk.heard([case], [alarm("p i99", case.last_at + JOIN_S + 1)])
    assert (other.id != case.id, other.count) == (True, 1)
    assert desk.heard([case], [alarm("p i99", 100.0, "another-rule")])[0].count == 1


def test_a_row_has_an_end() -> None:
    case = replace(one(alarm()), members=tuple(f"p i{n}" for n in range(desk.MOST_MEMBERS)))
    (other,) = desk.heard([case], [alarm("p x", 1.0)])
    assert (other.id != case.id, other.count) == (True, 1)


def test_what_is_known_changes_nothing() -> None:
    """Also when its row is done: the database is read again and again."""
    case = one(alarm())
    assert desk.heard([case], [alarm()]) == []
    assert desk.heard([desk.finished(case, "rini", 5.0)], [alarm()]) == []
    (other,) = desk.heard([desk.finished(case, "rini", 5.0)], [alarm("p i2", 6.0)])
    assert other.calls


def test_half_the_fleet_is_one_row() -> None:
    poles = [f"/smartpole/s/P-{n}" for n in range(500)]
    case = one(*(outage(pole, 10.0) for pole in poles[:300]))
    (case,) = desk.heard([case], [outage(pole, 30.0) for pole in poles])
    assert (case.count, case.key, len(case.members)) == (500, OUTAGE, 500)
    assert desk.due(case, 10.0 + 60, LIMITS) == 1
    case = desk.over(case, case.members[:-1], 100.0)
    assert (len(case.members), case.done_by) == (1, "")
    case = desk.over(case, case.members, 110.0)
    assert (case.done_by, case.done_at, case.calls) == (ITSELF, 110.0, False)
    (again,) = desk.heard([case], [outage(poles[0], 500.0)])
    assert again.id != case.id


def test_an_outage_that_grows_calls_anew() -> None:
    case = desk.acknowledged(one(outage("a", 0.0, "warning")), "rini", 5.0)
    (worse,) = desk.heard([case], [outage("b", 900.0)])
    assert (worse.calls, worse.severity, worse.opened_at) == (True, "alarm", 900.0)
    assert desk.due(worse, 950.0, LIMITS) == 0
    (same,) = desk.heard([desk.acknowledged(worse, "budi", 901.0)], [outage("c", 902.0)])
    assert same.acknowledged_by == "budi"


def test_what_came_late_wakes_nobody_until_it_is_now() -> None:
    case = one(alarm(late=True))
    assert not case.calls
    (case,) = desk.heard([case], [alarm("p i2", 50.0)])
    assert (case.calls, case.opened_at, case.count) == (True, 50.0, 2)


def test_an_alarm_that_closes_stays_and_a_request_goes() -> None:
    case = one(alarm(), alarm("p i2", 1.0))
    assert desk.over(case, ["p i1"], 3.0).ended_at is None
    closed = desk.over(case, case.members, 3.0)
    assert (closed.ended_at, closed.calls) == (3.0, True)
    assert desk.over(closed, case.members, 9.0).ended_at == 3.0
    request = one(alarm("p r1", kind="request"))
    assert desk.over(request, ["p r1"], 3.0).done_by == ITSELF


def test_one_person_looks_after_it() -> None:
    case = desk.acknowledged(one(alarm()), "rini", 1.0)
    assert desk.acknowledged(case, "rini", 9.0) == case
    with pytest.raises(DeskError, match="case-taken"):
        desk.acknowledged(case, "budi", 2.0)
    done = desk.finished(case, "budi", 3.0, "false")
    assert (done.acknowledged_by, done.done_by, done.verdict) == ("rini", "budi", "false")
    for late in (desk.acknowledged, desk.finished):
        with pytest.raises(DeskError, match="case-done"):
            late(done, "rini", 4.0)
    with pytest.raises(DeskError, match="verdict-invalid"):
        desk.finished(one(outage("a", 0.0)), "rini", 1.0, "true")


@pytest.mark.parametrize("text", ["", "  ", "x" * 1001, "a\nb", "\x1b[2J"])
def test_notes_are_one_line(text: str) -> None:
    with pytest.raises(DeskError, match="note-invalid"):
        desk.noted(one(alarm()), "rini", 1.0, text)


def test_notes_are_kept_in_order() -> None:
    case = desk.noted(desk.noted(one(alarm()), "rini", 1.0, " satu "), "budi", 2.0, "dua")
    assert case.notes == (("rini", 1.0, "satu"), ("budi", 2.0, "dua"))


STEPS = st.lists(
    st.tuples(
        st.floats(0, 4000),
        st.sampled_from(["hear", "acknowledge", "note", "done", "over", "tick"]),
        st.integers(0, 5),
    ),
    max_size=30,
)


@given(STEPS)
def test_no_alarm_is_ever_lost(steps: list[tuple[float, str, int]]) -> None:
    """Whatever happens: each alarm is in a case; a case that calls for longer than the limit has its level;
    a level never falls but with a new beginning; and what is kept comes back the same.
    """
    cases: dict[str, Case] = {}
    heard: set[str] = set()
    now = 0.0
    for wait, what, number in steps:
        now += wait
        case = list(cases.values())[number % len(cases)] if cases else None
        try:
            if what == "hear":
                heard.add(f"p i{number}")
                cases |= {c.id: c for c in desk.heard(cases.values(), [alarm(f"p i{number}", now)])}
            elif case is not None and what == "acknowledge":
                cases[case.id] = desk.acknowledged(case, f"o{number}", now)
            elif case is not None and what == "note":
                cases[case.id] = desk.noted(case, f"o{number}", now, "x")
            elif case is not None and what == "done":
                cases[case.id] = desk.finished(case, f"o{number}", now)
            elif case is not None and what == "over" and not case.done_by:
                cases[case.id] = desk.over(case, case.members[:1], now)
        except DeskError:
            pass
        for case in cases.values():
            level = desk.due(case, now, LIMITS)
            assert level >= case.level
            if case.calls:
                assert level == sum(now - case.opened_at >= limit for limit in LIMITS)
            cases[case.id] = desk.at_level(case, level)
    assert {member for case in cases.values() for member in case.members} == heard
    for case in cases.values():
        assert desk.load(json.loads(json.dumps(desk.dump(case)))) == case
