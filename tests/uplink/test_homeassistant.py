"""The announcement to Home Assistant: its templates, rendered over the samples of the contract.

Seen by hand in a Home Assistant of 2025.4.4 and of 2026.2.3: all entities appear, with these values and
without a warning.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pole_agent.compose import street_of
from pole_agent.settings import Settings
from pole_agent.uplink.homeassistant import Street, discovery
from tests.conftest import ROOT

BASE = "smartpole/sumedang/DEMO-1"
SAMPLES = ROOT / "docs" / "samples"
STREET = Street(["street"], {("street", "road"): ["person", "car"]}, ["staying", "other"])
COMPONENTS = discovery(BASE, "smartpole-sumedang-DEMO-1", "Jl. X", "0.1.0", STREET)[1]["components"]
JINJA = ImmutableSandboxedEnvironment()


def sample(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text())
    return document


def shown(key: str, document: dict[str, Any]) -> str:
    return JINJA.from_string(COMPONENTS[key]["value_template"]).render(value_json=document)


HEALTH, ACTIVE, OPENED = sample("health"), sample("active"), sample("events-incident-opened")
COUNTED = ACTIVE | {"counts": {"street": {"road": {"person": 3}}}}
BLIND = HEALTH | {
    "parts": {"camera:street": {"state": "degraded", "reason": "blind"}},
    "outbox": None,
    "throttled": True,
}


@pytest.mark.parametrize(
    ("key", "document", "expected"),
    [
        ("rule.staying", ACTIVE, "ON"),
        ("rule.other", ACTIVE, "OFF"),
        ("rule.other", ACTIVE | {"incidents": None}, "None"),  # the store does not answer: unknown
        ("count.street.road.person", COUNTED, "3"),
        ("count.street.road.car", COUNTED, "0"),
        ("count.street.road.car", ACTIVE | {"counts": {}}, "0"),
        ("camera.street", HEALTH, "OFF"),
        ("camera.street", BLIND, "ON"),
        ("camera.street", HEALTH | {"parts": {}}, "None"),
        ("parts", HEALTH, "OFF"),
        ("parts", BLIND, "ON"),
        ("clock", HEALTH, "OFF"),
        ("throttled", HEALTH, "None"),
        ("throttled", BLIND, "ON"),
        ("waiting", HEALTH, "0"),
        ("waiting", HEALTH | {"outbox": {"waiting": {"alarm": 2, "info": 5}}}, "7"),
        ("waiting", BLIND, "None"),
        ("temperature", HEALTH | {"temperature_c": 54.2}, "54.2"),
        ("temperature", HEALTH, "None"),
        ("memory", HEALTH, "154.1"),
        ("disk-free", HEALTH, "78600.1"),
        ("load", HEALTH, "1.17"),
        ("lamp-reason", sample("lamp-state"), "override"),
    ],
)
def test_what_home_assistant_shows(key: str, document: dict[str, Any], expected: str) -> None:
    assert shown(key, document) == expected


def test_incident_is_event_and_one_that_is_sent_again() -> None:
    """An incident is an event and one that is sent again is none."""
    event = json.loads(shown("incident", OPENED))
    assert event["event_type"] == "opened"
    assert (event["rule"], event["severity"], event["class"]) == ("staying", "alarm", "person")
    for name in ("events-incident-closed", "events-incident-summarized"):
        assert (
            json.loads(shown("incident", sample(name)))["event_type"] in COMPONENTS["incident"]["event_types"]
        )
    assert shown("incident", OPENED | {"replayed": True}) == "None"


def test_every_entity_has_a_name_of_its_own() -> None:
    """Every entity has a name of its own whatever zones are called."""
    street = Street(
        ["a", "a-b"],
        {("a", "b_c"): ["person"], ("a-b", "c"): ["person"], ("a", "b-c"): ["person"]},
        ["a_b", "a-b"],
    )
    parts = discovery(BASE, "id", "n", "1", street)[1]["components"]
    assert len({part["unique_id"] for part in parts.values()}) == len(parts)
    assert len([key for key in parts if key.startswith(("count", "rule"))]) == 5


def test_zones_count_people_and_what_rules_are_about() -> None:
    """Zones count people and what their rules are about."""
    settings = Settings.model_validate(
        {
            "pole": {"id": "P", "site": "s", "latitude": 0, "longitude": 0},
            "camera": [{"source": "rtsp://x"}],
            "zone": [{"name": n, "polygon": [[0, 0], [1, 0], [1, 1]]} for n in ("road", "walk")],
            "rule": [{"name": "cars", "kind": "stopped", "zone": "road", "classes": ["vehicle"]}],
        }
    )
    assert street_of(settings) == Street(
        ["street"],
        {("street", "road"): ["person", "car", "bus", "truck"], ("street", "walk"): ["person"]},
        ["cars"],
    )


def test_pole_without_camera_announces_no_incidents() -> None:
    """A pole that watches nothing has its lamp and its health, and no entity that would never
    know anything.
    """
    blind = discovery(BASE, "smartpole-sumedang-DEMO-1", "Jl. X", "0.1.0", Street())[1]["components"]
    assert {"lamp", "clock"} <= blind.keys() < COMPONENTS.keys()
    assert {"incident", "rule.staying", "camera.street"} <= COMPONENTS.keys() - blind.keys()
