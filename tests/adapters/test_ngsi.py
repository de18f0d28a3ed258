"""Messages as NGSI-LD entities, against the attribute lists of the Smart Data Models."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ngsi import Poles, translate
from ngsi_entities import Entity, entities, lamp
from pole_events import Place

from tests.adapters import contract, standards
from tests.adapters.test_cap import PLACE, SAMPLES, places, sample
from tests.share import part

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
INFO = json.loads((SAMPLES / "info.json").read_text())
LAMP = json.loads((SAMPLES / "lamp-state.json").read_text())
POLE = "smartpole/sumedang/DEMO-1"
faults = st.one_of(st.none(), st.frozensets(st.sampled_from(contract.DEFINITIONS["fault"]["enum"])))


def errors(entity: Entity) -> list[str]:
    return standards.models()[entity["type"]].errors(entity)


def told(path: str, payload: dict[str, Any]) -> str:
    """A line of mosquitto_sub -F %J."""
    return json.dumps({"topic": f"{POLE}/{path}", "payload": payload})


def heard(*lines: str, simulation: bool = False) -> list[Any]:
    return list(translate(lines, Poles(), simulation))


def test_the_model_refuses_what_is_wrong() -> None:
    """The lists are those of the standard, and they bite."""
    (good,) = entities(sample("incident-opened"), PLACE, None)
    assert errors(good) == []
    for wrong in (
        {key: value for key, value in good.items() if key != "dateIssued"},
        good | {"wattage": {"type": "Property", "value": 3}},
        good | {"category": {"type": "Property", "value": "crime"}},
        good | {"severity": {"type": "Property", "value": None}},
        good | {"alertSource": {"type": "Property", "value": "urn:ngsi-ld:Streetlight:1"}},
        good
        | {"location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [-6.8, 107.9]}}},
    ):
        assert errors(wrong), wrong


def test_an_incident_is_one_alert() -> None:
    """Opened and closed have one id, the second has the end."""
    closed = sample("incident-closed")
    opened = sample("incident-opened")
    opened["data"]["incident_id"] = closed["data"]["incident_id"]
    (first,), (last,) = entities(opened, PLACE, None), entities(closed, None, None)
    assert first["id"] == last["id"]
    assert "validTo" not in first
    assert last["validTo"]["value"] == closed["time"]
    assert last["validFrom"]["value"] == closed["data"]["opened_at"]
    assert first["alertSource"]["object"] == f"urn:ngsi-ld:Streetlight:{POLE.replace('/', ':')}"
    assert first["location"]["value"]["coordinates"] == [107.9164, -6.8586], "GeoJSON: longitude first"
    assert [errors(found) for found in (first, last)] == [[], []]


def test_traffic_is_a_flow_for_each_line_and_class() -> None:
    found = entities(sample("traffic-summarized"), PLACE, None)
    assert [(f["name"]["value"], f["laneId"]["value"], f["intensity"]["value"]) for f in found] == [
        ("lamp-post", 1, 5),
        ("lamp-post", 1, 4),
        ("road", 0, 11),
    ]
    assert [f.get("laneDirection", {}).get("value") for f in found] == ["forward", "backward", None]
    assert len({f["id"] for f in found}) == 3
    assert found[0]["dateObservedFrom"]["value"] == "2026-11-24T10:48:50.555Z"
    assert [errors(f) for f in found] == [[], [], []]


def test_a_lamp_with_two_faults_is_well_after_both() -> None:
    """A Streetlight says ok only where no fault is open, and nothing where nobody knows."""
    opened, closed = sample("lamp-fault-opened"), sample("lamp-fault-closed")
    other = sample("lamp-fault-closed")
    other["data"]["fault"] = "cycling"
    for event in (opened, closed, other):
        event["source"] = f"/{POLE}"
    state = LAMP | {"faults": ["cycling"]}
    told_all = [told("info", INFO), told("lamp/state", state), *map(json.dumps, (opened, closed, other))]
    found = heard(*told_all)
    assert [light["status"]["value"] for light in found] == ["defectiveLamp"] * 3 + ["ok"]
    assert found[1]["annotations"]["value"] == ["cycling", "lamp_failure"]
    assert [errors(light) for light in found] == [[]] * 4
    (complaint,) = heard(told("info", INFO), json.dumps(closed))
    assert isinstance(complaint, LookupError)


def test_energy_has_its_unit() -> None:
    (light,) = entities(sample("lamp-summarized"), PLACE, [])
    assert light["lifetimePowerConsumption"]["unitCode"] == "KWH"
    assert light["lifetimePowerConsumption"]["value"] == 0.361
    assert errors(light) == []


def test_a_demo_is_left_out() -> None:
    """Messages of a simulation stay out of a city's data, unless they are asked for."""
    event = json.dumps(sample("incident-opened") | {"simulation": True})
    assert heard(event) == []
    assert len(heard(event, simulation=True)) == 1


def test_an_event_of_another_pole_is_refused() -> None:
    """A broker bounds the topics of a pole; what stands inside its event must keep to them."""
    event = sample("incident-opened")
    honest, forged = told("events/incident/opened", event), {**event, "source": "/smartpole/sumedang/OTHER"}
    (found,) = heard(honest)
    assert found["type"] == "Alert"
    (refused,) = heard(told("events/incident/opened", forged))
    assert isinstance(refused, ValueError)


@pytest.mark.parametrize(
    "line", ["{", "null", "[]", '"x"', "{}", '{"topic": 1, "payload": 2}', "{" * 100_000]
)
def test_what_is_no_message_is_told(line: str) -> None:
    """Garbage is an answer, never the end of the stream."""
    (wrong,) = heard(line)
    assert isinstance(wrong, Exception)


def run(examples: int) -> tuple[int, list[tuple[str, Entity]]]:
    """Random events and lamp states: how many entities they gave, and those that the models refused."""
    counts = [0]
    refused: list[tuple[str, Entity]] = []

    def count(found: list[Entity]) -> None:
        counts[0] += len(found)
        refused.extend((wrong, entity) for entity in found for wrong in errors(entity))
        json.dumps(found, allow_nan=False).encode()

    @settings(max_examples=examples, database=None, suppress_health_check=list(HealthCheck))
    @given(contract.events(), contract.drawn("lamp_state"), places, faults)
    def each(
        event: dict[str, Any], state: dict[str, Any], place: Place | None, broken: Collection[str] | None
    ) -> None:
        assert contract.VALIDATORS["event"].is_valid(event)
        count(entities(event, place, broken))
        if place:
            count([lamp(event["source"], state, place, NOW)])

    each()
    return counts[0], refused


def test_random_events_are_valid() -> None:
    documents, refused = run(200)
    assert documents > 50
    assert refused == []


@pytest.mark.slow
@pytest.mark.essence
@pytest.mark.timeout(3600)
def test_ten_thousand_random_events_are_valid() -> None:
    events = part(10_000)
    documents, refused = run(events)
    print(f"NGSI-LD: {events} events, {documents} entities, {len(refused)} refused")
    assert documents > (5000 if events == 10_000 else 50)
    assert refused == []
