"""Machine, gates, areas, commands."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.drone.areas import polygons
from pole_agent.drone.commands import read_conditions, read_decision, read_progress
from pole_agent.drone.gates import DroneLimits, Known, ask
from pole_agent.drone.machine import OPEN_STATES, TABLE, WAITING_STATES, Happening, State, after
from pole_agent.errors import CommandRefused

TARGET = (-6.8586, 107.9164)
FENCE = ((-6.87, 107.90), (-6.87, 107.93), (-6.85, 107.93), (-6.85, 107.90))
GOOD = Known(clock_trusted=True, since_last_order_s=None)


@pytest.mark.parametrize("state", get_args(State))
@pytest.mark.parametrize("happening", get_args(Happening))
def test_every_pair_is_in_the_table_or_raises(state: State, happening: Happening) -> None:
    if happening in TABLE[state]:
        assert after(state, happening) in get_args(State)
    else:
        with pytest.raises(ValueError, match="does not"):
            after(state, happening)


def test_only_a_person_and_open_gates_lead_to_an_order() -> None:
    assert {s for s, ways in TABLE.items() if "sent" in ways.values()} == {"approved"}
    assert {s for s, ways in TABLE.items() if "approved" in ways.values()} == {"pending_approval"}
    assert {s: h for s, ways in TABLE.items() for h, to in ways.items() if to == "approved"} == {"pending_approval": "approve"}


@pytest.mark.parametrize("state", sorted(OPEN_STATES - {"detected"}))
def test_cancel_always_wins(state: State) -> None:
    assert after(state, "cancel") == "canceled"
    assert TABLE["canceled"] == {}


@pytest.mark.parametrize("state", sorted(WAITING_STATES))
def test_what_waits_may_expire(state: State) -> None:
    assert after(state, "expire") == "expired"


def shut(limits: DroneLimits, known: Known, remaining: float = 100.0) -> set[str]:
    return {g.name for g in ask(TARGET, remaining, limits, known) if not g.ok}


def test_gates_open_only_on_what_is_known() -> None:
    limits = DroneLimits(geofence=FENCE)
    assert shut(limits, GOOD) == set()
    assert shut(DroneLimits(), GOOD) == {"geofence"}
    assert shut(limits, Known(False, None)) == {"clock"}
    assert shut(limits, GOOD, remaining=0.0) == {"ttl"}
    assert shut(limits, Known(True, 10.0)) == {"cooldown"}
    assert shut(DroneLimits(geofence=FENCE, exclusions=(FENCE,)), GOOD) == {"exclusions"}


@pytest.mark.parametrize(
    ("conditions", "age", "expected"),
    [
        ({}, None, {"wind_ms", "battery_pct"}),
        ({"wind_ms": 3.0, "battery_pct": 80.0}, 10.0, set()),
        ({"wind_ms": 3.0, "battery_pct": 80.0}, 301.0, {"wind_ms", "battery_pct"}),
        ({"wind_ms": 12.0, "battery_pct": 20.0}, 10.0, {"wind_ms", "battery_pct"}),
        ({"wind_ms": float("nan"), "battery_pct": 80.0}, 10.0, {"wind_ms"}),
    ],
)
def test_a_condition_that_is_missing_old_or_bad_blocks(conditions: dict[str, float], age: float | None, expected: set[str]) -> None:
    limits = DroneLimits(geofence=FENCE, max_wind_ms=8, min_battery_pct=30)
    assert shut(limits, Known(True, None, conditions, age)) == expected


def test_geojson_is_longitude_first() -> None:
    ring = [[107.90, -6.87], [107.93, -6.87], [107.93, -6.85], [107.90, -6.87]]
    document = {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}}]}
    assert polygons(json.dumps(document))[0][0] == (-6.87, 107.90)


@given(
    st.text(max_size=50) | st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda s: st.lists(s, max_size=3)).map(json.dumps)
)
def test_what_is_no_geojson_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not|holds no"):
        polygons(text)


@pytest.mark.parametrize(
    "payload",
    [
        {"request_id": "a", "decision": "approve"},
        {"request_id": "a", "decision": "launch", "by": "x"},
        {"decision": "approve", "by": "x"},
        {"request_id": "a", "decision": ["approve"], "by": "x"},
        {"request_id": "a", "decision": "approve", "by": ""},
        {"request_id": "a", "decision": "approve", "by": "x", "altitude": 500},
    ],
)
def test_a_decision_without_a_name_or_with_anything_odd_is_refused(payload: dict[str, object]) -> None:
    with pytest.raises(CommandRefused):
        read_decision(payload)


def test_progress_and_conditions_are_checked() -> None:
    assert read_progress({"request_id": "a", "status": "in_progress"}) == ("a", "progress")
    assert read_conditions({"wind_ms": 3, "at": "x"}) == {"wind_ms": 3.0}
    for payload in ({}, {"wind_ms": "3"}, {"wind_ms": float("inf")}, {"wind_ms": True}):
        with pytest.raises(CommandRefused):
            read_conditions(payload)
    with pytest.raises(CommandRefused):
        read_progress({"request_id": "a", "status": "landed"})
