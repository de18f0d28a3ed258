"""What is open does not depend on the order in which it was told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from city.folding import FINAL, RANKS, Incident, Request, incident_of, later, merged, request_of
from city.reading import read_event
from hypothesis import given
from hypothesis import strategies as st

from tests.city.conftest import SOURCE, event
from tests.conftest import ROOT

NAME = "00000000-0000-7000-8000-00000000000a"
OPENED = {"rule": "staying", "kind": "loitering", "camera": "street", "zone": "road", "class": "person",
          "track_ids": [4], "notify": ["112"], "incident_id": NAME}  # fmt: skip


def incident(number: int, kind: str, severity: str = "alarm", /, **more: Any) -> Incident:
    found = incident_of(
        read_event(SOURCE, json.dumps(event(number, kind, **more, severity=severity)).encode())
    )
    assert found is not None
    return found


A = incident(1, "incident.opened", **OPENED)
B = incident(9, "incident.closed", "info", **OPENED, duration_s=8.0, end_reason="ended",
             opened_at="2026-11-24T10:00:01.000Z")  # fmt: skip


@given(st.lists(st.sampled_from([A, B]), min_size=1).filter(lambda told: A in told and B in told))
def test_an_incident_is_the_same_whatever_came_first(told: list[Incident]) -> None:
    known = None
    for one in told:
        known = merged(known, one)
    assert known is not None
    assert known.closed_at == B.closed_at
    assert known.opened_at == A.opened_at
    assert (known.severity, known.duration_s, known.notify) == ("alarm", 8.0, ("112",))
    assert (known.rule, known.place, known.class_) == ("staying", "road", "person")


def test_an_incident_that_closes_unknown_is_whole() -> None:
    """With announce = "close" there is one message; at a restart nobody knows when it ended."""
    assert (B.opened_at, B.closed_at) == ("2026-11-24T10:00:01.000Z", "2026-11-24T10:00:09.000Z")
    restart = incident(9, "incident.closed", **OPENED, duration_s=None, end_reason="restart")
    assert merged(A, restart).opened_at == A.opened_at
    assert merged(A, restart).duration_s is None


def request(state: str, number: int = 0) -> Request:
    found = request_of(SOURCE, {"request_id": NAME, "state": state}, number, simulation=False)
    assert found is not None
    return found


def test_every_state_of_the_contract_has_its_rank() -> None:
    schema = json.loads((ROOT / "docs" / "contract" / "schemas.json").read_text())
    assert set(schema["$defs"]["drone_state"]["enum"]) == set(RANKS)


@given(
    st.permutations(
        [("requested", 1), ("blocked", 2), ("pending_approval", 3), ("approved", 4), ("blocked", 5)]
    )
)
def test_of_two_events_the_higher_number_counts(told: list[tuple[str, int]]) -> None:
    """A replayed older one changes nothing: also where it was further."""
    known = None
    for state, number in told:
        known = later(known, request(state, number))
    assert known == request("blocked", 5)


@given(st.lists(st.tuples(st.sampled_from(sorted(RANKS)), st.integers(0, 9))))
def test_nothing_follows_a_final_state(told: list[tuple[str, int]]) -> None:
    known = None
    final = next((state for state, _ in told if RANKS[state] == FINAL), None)
    for state, number in told:
        known = later(known, request(state, number))
    if final is not None and known is not None:
        assert known.state == final


def test_a_live_word_is_of_now() -> None:
    live = request("pending_approval")
    assert later(live, request("blocked", 2)) == live
    assert later(live, request("approved", 3)).state == "approved"
    assert later(request("approved", 3), request("blocked")).state == "blocked"


@pytest.mark.parametrize(
    "document", [{}, {"request_id": 1, "state": "ok"}, {"request_id": "a", "state": "up"}]
)
def test_what_is_no_request_is_none(document: dict[str, Any]) -> None:
    assert request_of(SOURCE, document, 0, simulation=False) is None
