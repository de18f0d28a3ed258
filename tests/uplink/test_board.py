"""The notice board: newest wins, due again at a birth, told once when it was carried."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pole_agent.errors import LinkLost
from pole_agent.uplink.board import Board
from pole_agent.uplink.events import Letter, Message, encode, envelope, event_kind, event_topic
from pole_agent.uplink.homeassistant import Street, discovery, platforms, topic, withdrawing
from pole_agent.vocabulary import Severity, Stamp
from tests.conftest import ROOT


async def nobody(letter: Letter) -> None:
    return


def taken(board: Board) -> list[tuple[str, bytes]]:
    found = []
    while (notice := board.take()) is not None:
        found.append((notice[0], notice[1].payload))
    return found


def word(text: str = "", topic: str = "t") -> Message:
    return Message(topic, text.encode())


async def test_what_is_due_is_taken_once_in_order() -> None:
    """What is due is taken once in the order of its last change.

    Whoever is posted anew goes to the end, with the newest text.
    """
    board = Board()
    assert not board.changed.is_set()
    for key, text in (("a", "1"), ("b", "1"), ("a", "2")):
        board.post(key, word(text))
    assert board.changed.is_set()
    assert taken(board) == [("b", b"1"), ("a", b"2")]
    assert taken(board) == []


async def test_a_birth_makes_all_due_but_what_was_for_once() -> None:
    """What is said once and was not carried yet stays due; carried, it is gone."""
    board = Board()
    board.post("state", word("s"))
    board.post("once", word("o"), at_birth=False)
    board.birth(nobody)
    assert taken(board) == [("state", b"s"), ("once", b"o")]
    board.changed.clear()
    board.birth(nobody)
    assert board.changed.is_set()
    assert taken(board) == [("state", b"s")]
    assert board.standing("once") is None


async def test_what_was_taken_down_is_not_carried() -> None:
    """Nor at a birth; what is not there can be taken down too."""
    board = Board()
    board.post("a", word())
    board.remove("a")
    board.remove("b")
    assert taken(board) == []
    board.birth(nobody)
    assert taken(board) == []
    assert (board.standing("a"), board.on("t")) == (None, None)


async def test_what_could_not_be_carried_is_due_again() -> None:
    """At its place if it is due anyway; not if it was taken down meanwhile."""
    board = Board()
    board.post("a", word("1"))
    board.take()
    board.put_back("a")
    assert taken(board) == [("a", b"1")]
    board.post("a", word("2"))
    board.post("b", word("3"))
    board.put_back("a")
    assert taken(board) == [("a", b"2"), ("b", b"3")]
    board.remove("a")
    board.put_back("a")
    assert taken(board) == []


async def test_carried_is_told_once_and_of_the_newest() -> None:
    """An older text that arrives says nothing of the newer one, and a second arrival nothing new."""
    board, told = Board(), []
    first, second = word("1"), word("2")
    board.post("a", first, carried=lambda: told.append(1))
    board.post("a", second, carried=lambda: told.append(2))
    board.carried("a", first)
    assert told == []
    board.carried("a", second)
    board.carried("a", second)
    assert told == [2]
    board.post("a", first, carried=lambda: told.append(3))
    board.post("a", second)
    board.carried("a", second)
    assert told == [2], "who posted before has been replaced"


async def test_a_topic_is_found_and_carried_again() -> None:
    """All notices on it, and no other."""
    board = Board()
    board.post("a", word("1", "x"))
    board.post("b", word("2", "x"))
    board.post("c", word("3", "y"))
    taken(board)
    board.changed.clear()
    board.again("x")
    assert board.changed.is_set()
    assert taken(board) == [("a", b"1"), ("b", b"2")]
    assert (board.on("y"), board.on("z"), board.standing("c")) == (word("3", "y"), None, word("3", "y"))


async def test_live_is_now_or_not_at_all() -> None:
    """Without a connection it raises, and nothing is kept for later."""
    board, sent = Board(), []

    async def send(letter: Letter) -> None:
        sent.append(letter)

    assert not board.connected
    with pytest.raises(LinkLost):
        await board.send_live(word("1"))
    board.birth(send)
    assert board.connected
    await board.send_live(word("2"))
    board.lost()
    assert not board.connected
    with pytest.raises(LinkLost):
        await board.send_live(word("3"))
    assert (sent, taken(board)) == ([word("2")], [])


# --- documents


@pytest.mark.parametrize(
    ("kind", "duration", "opened"),
    [
        ("incident.closed", 0, "1970-01-01T00:00:10.000Z"),
        ("incident.closed", 10.0, "1970-01-01T00:00:00.000Z"),
        ("incident.closed", 10.5, None),  # before time began: the clock was wrong
        ("incident.closed", -0.5, None),
        ("incident.closed", True, None),
        ("incident.closed", "3", None),
        ("incident.closed", None, None),
        ("incident.opened", 3, None),
    ],
)
def test_when_a_closed_incident_opened(kind: str, duration: Any, opened: str | None) -> None:
    """Its end less its duration, where both are known; nothing is added to another event."""
    stamp = Stamp(1.0, "b", 10.0, "synced")
    document = envelope("/p", "s", 1, "i", kind, Severity.INFO, {"duration_s": duration}, stamp, False)
    assert document["data"] == {"duration_s": duration} | ({"opened_at": opened} if opened else {})
    assert envelope("/p", "s", 1, "i", kind, Severity.INFO, [1], stamp, False)["data"] == [1]
    assert (document["severity"], document["replayed"], document["sequence"]) == (
        "info",
        False,
        "000000000001",
    )


def test_a_document_is_small_and_whole() -> None:
    """No blanks, letters as they are, half a surrogate pair replaced; what is no number in JSON is a mistake
    of ours.
    """
    assert encode({"a": [1, "é"], "b": None}) == '{"a":[1,"é"],"b":null}'.encode()
    assert encode({"a": "\ud800"}) == b'{"a":"?"}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"a": float("nan")})


@pytest.mark.parametrize(
    ("kind", "topic"),
    [("incident.opened", "p/events/incident/opened"), ("lamp.fault_opened", "p/events/lamp/fault_opened")],
)
def test_a_kind_and_its_topic(kind: str, topic: str) -> None:
    """Each leads back to the other; another topic is of no kind."""
    assert event_topic("p", kind) == topic
    assert event_kind("p", topic) == kind
    for other in ("p/info", "q/events/incident/opened", "p/events", ""):
        assert event_kind("p", other) == ""


# --- Home Assistant


def test_the_sample_in_the_manual_is_what_a_pole_says() -> None:
    """Word for word: an entity that changes its identity or its topic breaks every dashboard that was built
    on it.
    """
    sample = json.loads((ROOT / "docs" / "samples" / "homeassistant-device.json").read_text())
    device = sample["device"]
    [client_id] = device["identifiers"]
    base = sample["availability"][0]["topic"].removesuffix("/status")
    keys = list(sample["components"])
    counted: dict[tuple[str, str], list[str]] = {}
    for key in keys:
        if key.startswith("count."):
            _, camera, zone, label = key.split(".")
            counted.setdefault((camera, zone), []).append(label)
    street = Street(
        [key.removeprefix("camera.") for key in keys if key.startswith("camera.")],
        counted,
        [key.removeprefix("rule.") for key in keys if key.startswith("rule.")],
    )
    where, document = discovery(base, client_id, device["name"], device["sw_version"], street)
    assert document == sample
    assert where == topic(client_id) == f"homeassistant/device/{client_id}/config"


def test_without_a_camera_there_are_no_incidents() -> None:
    """Neither an event entity nor counters; lamp and vitals are there."""
    keys = set(discovery("p", "c", "n", "1", Street())[1]["components"])
    assert not {k for k in keys if k.startswith(("incident", "rule", "count", "camera"))}
    assert {"lamp", "lamp-reason", "parts", "clock", "waiting"} <= keys


def test_a_zone_is_named_with_its_camera() -> None:
    """A zone is named with its camera where there are two. Two cameras may have zones of one name."""
    one = discovery("p", "c", "n", "1", Street(["a"], {("a", "road"): ["car"]}))[1]["components"]
    two = discovery("p", "c", "n", "1", Street(["a", "b"], {("a", "road"): ["car"]}))[1]["components"]
    assert (one["count.a.road.car"]["name"], two["count.a.road.car"]["name"]) == (
        "car in road",
        "car in road (a)",
    )


def test_what_is_gone_is_withdrawn_by_its_platform() -> None:
    """And what is still there keeps all its words."""
    document = discovery("p", "c", "n", "1", Street())[1]
    before = platforms(document) | {"rule.old": "binary_sensor"}
    after = withdrawing(document, before)
    assert after["components"] == document["components"] | {"rule.old": {"platform": "binary_sensor"}}
    assert {k: v for k, v in after.items() if k != "components"} == {
        k: v for k, v in document.items() if k != "components"
    }
    assert platforms(document)["lamp"] == "light"
