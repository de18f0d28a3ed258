"""What the broker has kept of this pole, held against the store: evidence of an end, never of more loss than
could be.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.uplink.own_words import (
    ABSURD,
    ANOTHER_BOOT,
    BEHIND,
    MAX_EVENTS,
    STRANGER,
    Finding,
    Known,
    judge,
)

KNOWN = Known("a1", 105, 100, 7, "boot", ("a0",), True, 60.0)
NEW = Known("b1", 2, 0, 1, "boot", (), False, None)


def said(known: Known = KNOWN, **changes: Any) -> bytes:
    status = {
        "state": "online",
        "birth": known.birth - 1,
        "boot_id": known.boot_id,
        "storeid": known.storeid,
        "sequence": known.began,
    }
    return json.dumps({key: value for key, value in (status | changes).items() if value is not ...}).encode()


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({}, None),
        ({"sequence": 3, "birth": 2, "boot_id": "earlier"}, None),
        ({"sequence": 101}, Finding("store_went_back", "a1", True, ((101, 101),), 6, BEHIND)),
        ({"birth": 7}, Finding("store_went_back", "a1", True, (), 7, BEHIND)),
        # Killed before its connection was counted
        ({"birth": 7, "state": "offline", "reason": "lost"}, Finding(births=7)),
        (
            {"birth": 8, "state": "offline", "reason": "lost"},
            Finding("store_went_back", "a1", True, (), 8, BEHIND),
        ),
        ({"sequence": 140, "birth": 9}, Finding("store_went_back", "a1", True, ((101, 140),), 9, BEHIND)),
        (
            {"sequence": 140, "birth": 9, "boot_id": "b"},
            Finding("store_went_back", "a1", True, (), 9, BEHIND),
        ),
        ({"sequence": 100_000}, Finding(alarm=ABSURD)),
        ({"storeid": "a0", "sequence": 10**6}, None),
        ({"storeid": "a0", "birth": 8}, None),
        ({"storeid": "ff", "sequence": 5}, Finding(alarm=STRANGER)),
        ({"storeid": ..., "sequence": ...}, None),
        ({"storeid": ..., "sequence": ..., "birth": 12}, Finding(births=12)),
        ({"sequence": -1}, Finding(alarm=ABSURD)),
        ({"sequence": True}, Finding(alarm=ABSURD)),
        ({"sequence": "1"}, Finding(alarm=ABSURD)),
        ({"sequence": 1.5}, Finding(alarm=ABSURD)),
        ({"birth": 10**9}, Finding(alarm=ABSURD)),
        ({"storeid": ["a1"]}, Finding(alarm=ABSURD)),
        ({"storeid": "x" * 100}, Finding(alarm=ABSURD)),
        ({"boot_id": None}, None),
        ({"birth": ...}, None),
    ],
)
def test_of_a_store_that_the_city_knows(changes: dict[str, Any], finding: Finding | None) -> None:
    assert judge(said(**changes), KNOWN) == finding


def test_of_store_that_follows() -> None:
    """Of a store that follows another only those two are known.

    After two poles have met, each sees the other's new store: that one has not ended.
    """
    assert judge(said(NEW, storeid="a9"), replace(NEW, formers=("a0",))) == Finding(alarm=STRANGER)
    assert judge(said(NEW, storeid="a0", birth=0), replace(NEW, formers=("a0",))) is None


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        (
            {"storeid": "a9", "sequence": 40, "birth": 5},
            Finding("store_missing", "a9", False, ((1, 40),), 5, ""),
        ),
        ({"storeid": "a9", "sequence": 0, "birth": 5}, Finding("store_missing", "a9", False, (), 5, "")),
        (
            {"storeid": "a9", "sequence": 40, "birth": 5, "boot_id": "b"},
            Finding("store_missing", "a9", False, (), 5, ANOTHER_BOOT),
        ),
        ({"storeid": "a9", "sequence": MAX_EVENTS + 1, "birth": 5}, Finding(alarm=ABSURD)),
        ({"storeid": ..., "sequence": ..., "birth": 5}, Finding("store_missing", None, False, (), 5, "")),
    ],
)
def test_of_a_store_that_is_new(changes: dict[str, Any], finding: Finding | None) -> None:
    assert judge(said(NEW, **changes), NEW) == finding


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=2),
)


@given(
    st.dictionaries(st.sampled_from(["birth", "boot_id", "storeid", "sequence"]), VALUES),
    st.sampled_from([KNOWN, NEW, replace(KNOWN, since_newest_s=None), replace(KNOWN, announced=False)]),
)
def test_no_absurd_loss_is_made_of_what_is_written(changes: dict[str, Any], known: Known) -> None:
    """Whatever is written there no absurd loss is made of it."""
    finding = judge(said(known, **changes), known)
    if finding is not None:
        for first, last in finding.ranges:
            assert 1 <= first <= last <= first + MAX_EVENTS
        assert 0 <= finding.births <= known.birth + 1_000_000


@given(st.binary(max_size=40))
def test_noise_says_nothing(payload: bytes) -> None:
    assert judge(payload, KNOWN) is None
