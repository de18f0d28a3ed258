"""State that an older or a newer agent wrote as JSON: what is missing has its default, what is unknown is
left out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pole_agent.drone.approval import StandingBook
from pole_agent.drone.request import Request
from pole_agent.drone.stored import LastOrder, last_order_of, stop_of
from pole_agent.drone.target import Target
from pole_agent.lamp.ledger import Ledger
from pole_agent.store.database import Database

REQUEST = Request(
    "r-1",
    "pending_approval",
    "incident",
    "loiter",
    "yard",
    "street",
    "alarm",
    0.8,
    Target(-6.8, 107.9, 60.0, 20.0),
    1000.0,
    1600.0,
    5.0,
    605.0,
    "boot",
)
LATER = (
    "origin",
    "place",
    "score",
    "simulation",
    "incident_ids",
    "count",
    "path",
    "by",
    "reason",
    "approved_by",
    "approval_key",
    "standing",
    "timed",
    "ordered",
    "call_back",
    "changed",
    "changed_at",
    "step",
    "gates",
    "nonces",
    "history",
)


@pytest.mark.parametrize("key", LATER)
def test_a_request_that_lacks_a_later_key_is_read(key: str) -> None:
    kept = json.loads(REQUEST.dump())
    del kept[key]
    read = Request.load(json.dumps(kept))
    assert read.request_id == "r-1"
    assert not read.approved_by


def test_request_of_newer_agent_is_read() -> None:
    """A request of a newer agent is read without what is unknown."""
    kept = json.loads(REQUEST.dump()) | {
        "weather": {"rain": 1},
        "gates": [{"name": "wind", "ok": True, "unit": "m/s"}, {"name": "rain"}],
    }
    read = Request.load(json.dumps(kept))
    assert [(gate.name, gate.ok) for gate in read.gates] == [
        ("wind", True),
        ("rain", False),
    ], "unknown is shut"


@pytest.mark.parametrize("key", ["request_id", "state", "rule", "target", "created", "expires", "boot_id"])
def test_a_request_without_what_it_is_about_is_none(key: str) -> None:
    kept = json.loads(REQUEST.dump())
    del kept[key]
    with pytest.raises((TypeError, KeyError, ValueError)):
        Request.load(json.dumps(kept))


@pytest.mark.parametrize(
    "key",
    [
        "night",
        "burn_s",
        "energy_wh",
        "switch_ons",
        "boots",
        "finished",
        "sums",
        "reasons",
        "levels",
        "present",
    ],
)
def test_ledger_that_lacks_key_keeps_its_other_hours(key: str) -> None:
    """A ledger that lacks a key keeps its other hours."""
    old = Ledger(60.0)
    old.note(1.0, 1.0, "program", False, 0.0)
    document = json.loads(json.dumps(old.document(7200.0))) | {"a later count": 3}
    for place in (document, document["night"]):
        place.pop(key, None)
    new = Ledger(60.0)
    new.restore(document)
    assert new.burn_h == (0.0 if key == "burn_s" else 2.0)


def test_standing_approvals_and_last_order() -> None:
    """Standing approvals and the last order of other versions."""
    book = StandingBook.load(
        '{"approvals": {"round": {"plan": "p", "by": "officer", "until": 2000.0, "scope": "new"}}, "more": 1}'
    )
    assert book.of("round", "p", 1000.0) is not None
    assert book.approvals["round"].key == "", "unsigned: it does not count where officers sign"
    otherwise = LastOrder("", 9.0, 9.0, "now")
    assert last_order_of('{"wall": 5.0}', otherwise) == LastOrder("", 5.0, 0.0, "")
    assert last_order_of('{"at": 5.0}', otherwise) == otherwise, (
        "what cannot be known keeps everything on the ground"
    )


@pytest.mark.parametrize(
    ("kept", "by"),
    [
        ('{"by": "officer"}', "officer"),
        ('{"reason": "x"}', "nobody"),
        ("[]", "nobody"),
        ('{"by": ""}', "nobody"),
    ],
)
def test_a_stop_of_another_version_is_a_stop(kept: str, by: str) -> None:
    stop: dict[str, Any] | None = stop_of(kept, {"by": "nobody", "reason": "", "since": "now"})
    assert stop is not None
    assert stop["by"] == by


def test_incident_whose_text_is_damaged_is_closed(tmp_path: Path) -> None:
    """An incident whose text is damaged is closed by its identifier."""
    database = Database(tmp_path / "pole.db", 16, str)
    with database.transaction():
        database._db.execute(
            "INSERT INTO incidents VALUES ('i-1', 1, '{\"incident_id\":', 0), ('i-2', 2,"
            ' \'{"rule":"r"}\', 0)'
        )
    assert [(i["incident_id"], i.get("rule")) for i in database.open_incidents()] == [
        ("i-1", None),
        ("i-2", "r"),
    ]
    database.close()
