"""Messages of a pole as NGSI-LD entities of the Smart Data Models: Streetlight, ItemFlowObserved, Alert.

Pure: ngsi.py is the command. Entities are in the normalized form; times are RFC 3339 in UTC.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pole_events import Place, clean, moment, slug
from wording import word

Entity = dict[str, Any]
MODELS = "https://raw.githubusercontent.com/smart-data-models"
CORE = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld"
SUBJECTS = {
    "Streetlight": "dataModel.Streetlighting",
    "ItemFlowObserved": "dataModel.Transportation",
    "Alert": "dataModel.Alert",
}
SEVERITY = {"info": "informational", "warning": "medium", "alarm": "high"}
# Category and subcategory of an incident in the words of the Alert model.
ALERTS = {
    "presence": ("security", "suspiciousAction"),
    "loitering": ("security", "suspiciousAction"),
    "crossing": ("security", "suspiciousAction"),
    "crowd": ("security", "crowdRisk"),
    "wrong_way": ("traffic", "carWrongDirection"),
    "stopped": ("traffic", "carStopped"),
}
ITEMS = {"person": "people"} | dict.fromkeys(
    ("bicycle", "motorcycle", "two_wheeler", "car", "bus", "truck", "vehicle"), "vehicle"
)
FACTS = (
    "rule",
    "kind",
    "camera",
    "zone",
    "line",
    "class",
    "direction",
    "peak",
    "duration_s",
    "end_reason",
    "notify",
    "surplus_alarms",
    "window_s",
)
KILOWATT_HOUR = "KWH"  # UN/CEFACT


def entities(event: dict[str, Any], place: Place | None, faults: Collection[str] | None) -> list[Entity]:
    """The entities that an event tells about; none for events that these models have no words for.

    Streetlight and ItemFlowObserved need a place, a Streetlight also the `faults` that are open once
    the event has happened (None: nobody knows). Raises what stands in `MALFORMED` where the event is not of
    the contract.
    """
    kind, data = event["type"].removeprefix("smartpole."), event["data"]
    if kind in ("incident.opened", "incident.closed", "incident.summarized"):
        return [_alert(event, place)]
    if place is None:
        return []
    if kind == "traffic.summarized":
        return list(_flows(event, place))
    if faults is None or kind not in ("lamp.fault_opened", "lamp.fault_closed", "lamp.summarized"):
        return []
    at = moment(event["time"])
    light = _streetlight(event["source"], place, faults, at)
    if kind == "lamp.summarized":
        energy = data["total"]["energy_kwh_estimated"]
        light["lifetimePowerConsumption"] = _property(energy, at, KILOWATT_HOUR)
    return [light]


def lamp(pole: str, state: dict[str, Any], place: Place, at: datetime | None = None) -> Entity:
    """The Streetlight of a ``lamp/state``; `at`: when it was heard, for it holds no time of its own."""
    light = _streetlight(pole, place, state["faults"], at)
    light["powerState"] = _property("on" if state["state"] == "ON" else "off", at)
    light["illuminanceLevel"] = _property(state["level"], at)
    return light


def _streetlight(pole: str, place: Place, faults: Collection[str], at: datetime | None) -> Entity:
    light = _entity("Streetlight", pole)
    light["location"] = _location(place)
    light["status"] = _property("defectiveLamp" if faults else "ok", at)
    light["annotations"] = _property(sorted(clean(fault) for fault in faults) or ["ok"], at)
    _where(light, place)
    return light


def _flows(event: dict[str, Any], place: Place) -> Iterator[Entity]:
    """One for each line, direction and class; one for each zone and class, on lane 0: a zone is no lane."""
    data = event["data"]
    for number, line in enumerate(data["lines"], 1):
        for direction in ("forward", "backward"):
            for label, count in line[direction].items():
                flow = _flow(event, place, (line["line"], direction, label), count)
                flow["laneId"], flow["laneDirection"] = _property(number), _property(direction)
                yield flow
    for zone in data["zones"]:
        for label, count in zone["entered"].items():
            flow = _flow(event, place, (zone["zone"], "entered", label), count)
            flow["laneId"] = _property(0)
            yield flow


def _flow(event: dict[str, Any], place: Place, what: tuple[str, str, str], count: int) -> Entity:
    where, direction, label = what
    camera, at = event["data"]["camera"], moment(event["time"])
    flow = _entity("ItemFlowObserved", event["source"], camera, where, direction, label)
    flow["name"] = _property(clean(where))
    flow["location"] = _location(place)
    flow["dateObserved"] = _property(_time(at))
    flow["dateObservedFrom"] = _property(_time(_before(at, event["data"]["window_s"])))
    flow["dateObservedTo"] = _property(_time(at))
    flow["intensity"] = _property(count, at)
    flow["itemSubType"] = _property(clean(label))
    if label in ITEMS:
        flow["itemType"] = _property(ITEMS[label])
    flow["refDevice"] = _relationship(_urn("Device", event["source"], camera))
    return flow


def _alert(event: dict[str, Any], place: Place | None) -> Entity:
    """Opened and closed are one entity: its `validTo` comes when it ends."""
    data, at = event["data"], moment(event["time"])
    alert = _entity("Alert", event["source"], data.get("incident_id") or event["id"])
    category, subcategory = ALERTS.get(data.get("kind", ""), ("security", "suspiciousAction"))
    begun = moment(data.get("opened_at") or event["time"])
    alert["alertSource"] = _relationship(_urn("Streetlight", event["source"]))
    alert["category"], alert["subCategory"] = _property(category), _property(subcategory)
    alert["severity"] = _property(SEVERITY[event["severity"]], at)
    alert["dateIssued"] = alert["validFrom"] = _property(_time(begun))
    if event["type"] == "smartpole.incident.closed":
        alert["validTo"] = _property(_time(at))
    if place:
        alert["location"] = _location(place)
        _where(alert, place)
    what = [word(data[key], "id") for key in ("kind", "class") if key in data]
    alert["description"] = _property(": ".join(what) or clean(data["rule"]))
    alert["data"] = _property({key: _safe(data[key]) for key in FACTS if data.get(key) is not None})
    return alert


def _safe(value: Any) -> Any:
    return (
        [clean(item) for item in value]
        if isinstance(value, list)
        else (clean(value) if isinstance(value, str) else value)
    )


def _entity(model: str, source: str, *names: str) -> Entity:
    context = [f"{MODELS}/{SUBJECTS[model]}/master/context.jsonld", CORE]
    return {"id": _urn(model, source, *names), "type": model, "@context": context}


def _urn(model: str, source: str, *names: str) -> str:
    parts = [slug(part) for part in (*source.strip("/").split("/"), *names)]
    return f"urn:ngsi-ld:{model}:{':'.join(parts)}"


def _property(value: Any, at: datetime | None = None, unit: str = "") -> Entity:
    found: Entity = {"type": "Property", "value": value}
    if at:
        found["observedAt"] = _time(at)
    return found | ({"unitCode": unit} if unit else {})


def _relationship(urn: str) -> Entity:
    return {"type": "Relationship", "object": urn}


def _location(place: Place) -> Entity:
    """GeoJSON: longitude first."""
    point = {"type": "Point", "coordinates": [place.longitude, place.latitude]}
    return {"type": "GeoProperty", "value": point}


def _where(entity: Entity, place: Place) -> None:
    for name, value in (("name", place.name), ("areaServed", place.area_code)):
        if value:
            entity[name] = _property(value)


def _before(at: datetime, seconds: float) -> datetime:
    try:
        return at - timedelta(seconds=seconds)
    except OverflowError:
        return at


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
