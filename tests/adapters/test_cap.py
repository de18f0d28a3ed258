"""Events as CAP 1.2, against the schema of OASIS."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from cap import translate
from cap_alert import Alert, Reference, about, alert
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from pole_events import Place

from tests.adapters import contract, standards
from tests.conftest import ROOT
from tests.share import part

SAMPLES = ROOT / "docs" / "samples"
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
PLACE = Place(
    latitude=-6.8586, longitude=107.9164, name="Alun-alun", area_code="32.11", timezone="Asia/Jakarta"
)
TIMES = ("sent", "onset", "expires")
places = st.one_of(st.none(), st.just(PLACE), contract.drawn("info").map(Place.of))
references = st.builds(
    Reference,
    sender=st.just("smartpole/sumedang/DEMO-1"),
    identifier=st.sampled_from(["a.opened", "b.event", "c.event"]),
    sent=st.just("2026-11-24T10:49:08-00:00"),
)


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((SAMPLES / f"events-{name}.json").read_text())
    return event


def errors(found: Alert) -> list[str]:
    """What the schema says, and the rules that CAP has only in words."""
    root = etree.fromstring(found.xml.encode())
    schema = standards.cap()
    schema.validate(root)
    wrong = [str(error.message) for error in schema.error_log]
    wrong += [
        f"{name} has a character that CAP forbids"
        for name in ("identifier", "sender")
        if re.search(r"[\s,<&]", root.findtext(f"{CAP}{name}"))
    ]
    referring = root.findtext(f"{CAP}msgType") in ("Update", "Cancel")
    triplets = (root.findtext(f"{CAP}references") or "").split()
    if referring != bool(triplets) or any(triplet.count(",") != 2 for triplet in triplets):
        wrong.append("references do not fit msgType")
    wrong += [
        f"{name}: {time.text}"
        for name in TIMES
        for time in root.iter(f"{CAP}{name}")
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-00:00", time.text)
    ]
    languages = [info.findtext(f"{CAP}language") for info in root.iter(f"{CAP}info")]
    return wrong if languages == ["id", "en"] else [*wrong, f"languages: {languages}"]


def text(found: Alert | None, path: str) -> str:
    """Of the first element of this path."""
    assert found is not None
    steps = "/".join(f"{CAP}{step}" for step in path.split("/"))
    value: str = etree.fromstring(found.xml.encode()).findtext(steps)
    return value


def test_an_incident_from_its_beginning_to_its_end() -> None:
    """Alert, Update and Cancel of one incident name each other, and each is valid."""
    opened = sample("incident-opened")
    incident = opened["data"]["incident_id"]
    flight, closed = sample("drone-changed"), sample("incident-closed")
    flight["data"]["incident_ids"] = [incident]
    closed["data"]["incident_id"] = incident
    first = alert(opened, PLACE)
    assert first is not None
    second = alert(flight, PLACE, [first.reference])
    assert second is not None
    last = alert(closed, PLACE, [first.reference, second.reference])
    assert last is not None
    assert [text(found, "msgType") for found in (first, second, last)] == ["Alert", "Update", "Cancel"]
    assert text(last, "references") == f"{first.reference} {second.reference}"
    assert [text(found, "info/urgency") for found in (first, last)] == ["Immediate", "Past"]
    assert text(first, "incidents") == incident
    assert text(first, "addresses") == "command-center 112"
    assert text(first, "info/area/circle") == "-6.858600,107.916400 0.050"
    assert text(second, "info/area/circle") == "-6.858344,107.916486 0.040", "where the drone flies to"
    assert "17:49:08 WIB" in text(first, "info/description")
    assert [errors(found) for found in (first, second, last)] == [[], [], []]


def test_its_end_is_valid_after_a_restart() -> None:
    """Whoever does not remember the Alert can still name it: by the incident and when it opened."""
    closed = sample("incident-closed")
    opened = sample("incident-opened") | {"time": closed["data"]["opened_at"]}
    opened["data"]["incident_id"] = closed["data"]["incident_id"]
    first, last = alert(opened), alert(closed)
    assert first is not None
    assert text(last, "references") == str(first.reference)


def test_a_fault_is_cancelled_only_where_it_was_told() -> None:
    """A fault's end refers to its beginning; without one there is nothing to cancel."""
    opened, closed = sample("lamp-fault-opened"), sample("lamp-fault-closed")
    first = alert(opened, PLACE)
    assert first is not None
    assert alert(closed, PLACE) is None
    last = alert(closed, PLACE, [first.reference])
    assert last is not None
    assert (text(first, "info/category"), text(last, "msgType")) == ("Infra", "Cancel")
    assert about(opened) == about(closed)
    assert [errors(found) for found in (first, last)] == [[], []]


def test_a_demo_is_a_test() -> None:
    assert text(alert(sample("incident-opened") | {"simulation": True}), "status") == "Test"
    assert text(alert(sample("incident-opened")), "status") == "Actual"


def test_the_same_event_is_the_same_document() -> None:
    """A replayed event gives the same identifier and text, and does not refer to itself."""
    event = sample("drone-changed")
    first = alert(event, PLACE)
    assert first is not None
    assert alert(event | {"replayed": True}, PLACE, [first.reference]) == first


def test_nothing_to_alert_about() -> None:
    for name in ("traffic-summarized", "lamp-summarized", "health-degraded", "command-refused"):
        assert alert(sample(name), PLACE) is None, name


def test_who_hears_of_what() -> None:
    """Only the incidents of the label and what follows on them, not the flight of another incident."""
    opened, flight = sample("incident-opened"), sample("drone-changed")
    other = json.dumps(flight)
    flight["data"]["incident_ids"] = [opened["data"]["incident_id"]]
    lines = [json.dumps(opened), other, json.dumps(flight), json.dumps(sample("lamp-fault-opened"))]
    kinds = [re.findall("<msgType>(.*?)<", str(found))[0] for found in translate(lines, "112")]
    assert kinds == ["Alert", "Update"]
    assert len(list(translate(lines, "fire-brigade"))) == 0
    assert len(list(translate(lines, None))) == 4


@pytest.mark.parametrize("hostile", contract.HOSTILE)
def test_hostile_texts_stay_texts(hostile: str) -> None:
    """A text of an event never becomes an element or breaks the document."""
    event = sample("incident-opened")
    event["source"] = f"/smartpole/x/{hostile}"
    for key in ("rule", "camera", "zone", "class", "incident_id"):
        event["data"][key] = hostile
    event["data"]["notify"] = [hostile]
    found, plain = alert(event, PLACE), alert(sample("incident-opened"), PLACE)
    assert found is not None
    assert plain is not None
    assert errors(found) == []
    allowed = {element.tag for element in etree.fromstring(plain.xml.encode()).iter()} | {f"{CAP}restriction"}
    assert {element.tag for element in etree.fromstring(found.xml.encode()).iter()} <= allowed
    assert "\n" not in found.xml


def run(examples: int) -> tuple[int, list[tuple[str, str]]]:
    """Random events: how many became documents, and those that the schema refused."""
    counts = [0]
    refused: list[tuple[str, str]] = []

    @settings(max_examples=examples, database=None, suppress_health_check=list(HealthCheck))
    @given(contract.events(), places, st.lists(references, max_size=3))
    def each(event: dict[str, Any], place: Place | None, earlier: list[Reference]) -> None:
        assert contract.VALIDATORS["event"].is_valid(event)
        found = alert(event, place, earlier)
        if found:
            counts[0] += 1
            refused.extend((wrong, found.xml) for wrong in errors(found))
            assert alert(event, place, earlier) == found

    each()
    return counts[0], refused


def test_random_events_are_valid() -> None:
    documents, refused = run(200)
    assert documents > 20
    assert refused == []


@pytest.mark.slow
@pytest.mark.essence
@pytest.mark.timeout(3600)
def test_ten_thousand_random_events_are_valid() -> None:
    events = part(10_000)
    documents, refused = run(events)
    print(f"CAP 1.2: {events} events, {documents} documents, {len(refused)} refused")
    assert documents > events / 10
    assert refused == []
