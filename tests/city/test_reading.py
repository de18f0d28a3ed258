"""What comes from outside: an event, or a reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from city.reading import NotAnEvent, explained, moment, read_event, rfc3339, split, wall_of
from hypothesis import given
from hypothesis import strategies as st

from tests.city.conftest import SOURCE, event
from tests.conftest import ROOT

SAMPLES = sorted((ROOT / "docs" / "samples").glob("events-*.json"))


def read(found: Any) -> Any:
    return read_event(SOURCE, json.dumps(found).encode())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.stem)
def test_every_sample_of_the_contract_is_read(sample: Any) -> None:
    payload = sample.read_bytes()
    document = json.loads(payload)
    found = read_event(document["source"], payload)
    assert f"smartpole.{found.kind}" == document["type"]
    assert (found.id, found.number) == (document["id"], int(document["sequence"]))
    assert found.time == document["time"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": "/smartpole/test/T-2"}, "not the pole of its topic"),
        ({"sequence": "0"}, "sequence"),
        ({"sequence": True}, "sequence"),
        ({"sequence": "１２"}, "sequence"),
        ({"sequence": 10**12}, "sequence"),
        ({"id": ""}, "1 to 64"),
        ({"storeid": None}, "1 to 64"),
        ({"type": "other.incident.opened"}, "type"),
        ({"time": "yesterday"}, "time"),
        ({"time": "2026-13-24T10:00:00Z"}, "month"),
        ({"severity": "fatal"}, "info/warning/alarm"),
        ({"data": []}, "no object"),
        ({"data": {"x": "\0"}}, "NUL"),
        ({"data": {"x": "\ud800"}}, "no JSON"),
    ],
)
def test_what_is_none_is_told_with_a_reason(change: dict[str, Any], said: str) -> None:
    with pytest.raises(NotAnEvent, match=said):
        read(event(1) | change)


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[]", b"NaN", b'{"data": NaN}', b'{"data": 1e999}', b"\xff", b"[" * 60_000, b" " * 70_000,
     b'{"a":' * 40 + b"1" + b"}" * 40, b"9" * 5000],
)  # fmt: skip
def test_damaged_bytes_are_no_event(payload: bytes) -> None:
    with pytest.raises(NotAnEvent):
        read_event(SOURCE, payload)


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: json.dumps(t).encode()))
def test_no_bytes_do_harm(payload: bytes) -> None:
    with pytest.raises(NotAnEvent):
        read_event(SOURCE, payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(event(1))), JSON)
def test_one_damaged_field_is_read_or_refused(key: str, value: Any) -> None:
    """Never anything else: and what is read can be encoded, stored and read again."""
    try:
        found = read(event(1) | {key: value})
    except NotAnEvent:
        return
    json.dumps(found.data, allow_nan=False, ensure_ascii=False).encode()
    assert 1 <= found.number < 10**12


@given(st.sampled_from(["ranges", "cause", "storeid"]), JSON)
def test_a_damaged_explanation_is_refused(key: str, value: Any) -> None:
    data = {"ranges": [[1, 3]], "count": 3, "cause": "full"} | {key: value}
    try:
        found = explained(read(event(9, "outbox.dropped") | {"data": data}))
    except NotAnEvent:
        return
    assert found is not None
    assert all(1 <= first <= last < 10**12 for first, last in found.ranges)


@pytest.mark.parametrize(
    "topic",
    ["", "smartpole", "smartpole/a/b", "smartpole/a//status", "other/a/b/status", "smartpole/a b/c/d"],
)
def test_topics_that_name_no_pole(topic: str) -> None:
    with pytest.raises(NotAnEvent):
        split(topic, "smartpole")


def test_a_topic_has_its_pole() -> None:
    assert split("smartpole/test/T-1/events/lamp/resumed", "smartpole") == (SOURCE, "events/lamp/resumed")


@given(st.integers(0, 4_000_000_000_000))
def test_times_sort_as_text_and_come_back(milliseconds: int) -> None:
    text = rfc3339(milliseconds / 1000)
    assert len(text) == 24
    assert moment(text) == text
    assert abs(wall_of(text) - milliseconds / 1000) < 0.002
