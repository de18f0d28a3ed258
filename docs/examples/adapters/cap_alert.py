"""One event of a pole as a CAP 1.2 document (OASIS Common Alerting Protocol). Pure: cap.py is the command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from pole_events import Place, clean, local, moment, on_globe, simulated, slug
from wording import LANGUAGES, sentence, word

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
SIGHT_KM = 0.05  # how far around its pole a camera sees
EARTH_M = 20_000_000  # no circle is larger
SEVERITY = {
    "info": ("Unknown", "Minor"),
    "warning": ("Expected", "Moderate"),
    "alarm": ("Immediate", "Severe"),
}
TRAFFIC = ("wrong_way", "stopped")
FACTS = (
    "incident_id",
    "request_id",
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
    "surplus_alarms",
    "fault",
    "lasted_s",
    "state",
    "score",
    "reason",
)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """How a later document names an earlier one."""

    sender: str
    identifier: str
    sent: str

    def __str__(self) -> str:
        return f"{self.sender},{self.identifier},{self.sent}"


@dataclass(frozen=True, kw_only=True)
class Alert:
    """A document, and its own name for those that follow."""

    xml: str
    reference: Reference


@dataclass(frozen=True, kw_only=True)
class Content:
    """What an event says in CAP's terms; the words are made for each language."""

    kind: str  # Alert, Update or Cancel
    category: str
    response: str
    headline: tuple[str, dict[str, str]]  # code and facts; facts are words of the contract
    advice: str  # code of a sentence
    over: bool = False


def alert(
    event: dict[str, Any], place: Place | None = None, earlier: Sequence[Reference] = ()
) -> Alert | None:
    """`event` as a CAP document, or None where it is nothing to alert about.

    `earlier`: the documents about the same incident, the oldest first. Raises what stands in `MALFORMED`
    where the event is not of the contract.
    """
    reference = _reference(event)
    earlier = [r for r in earlier if r.identifier != reference.identifier] or _derived(event, reference)
    content = _content(event, bool(earlier))
    if content is None:
        return None
    root = ET.Element("alert", xmlns=NAMESPACE)
    notify = [clean(label).replace('"', "'") for label in event["data"].get("notify", ())]
    quality = event["timequality"]
    for name, text in (
        ("identifier", reference.identifier),
        ("sender", reference.sender),
        ("sent", reference.sent),
        ("status", "Test" if simulated(event) else "Actual"),
        ("msgType", content.kind),
        ("source", clean(event["source"])),
        ("scope", "Private" if notify else "Restricted"),
        ("restriction", "" if notify else sentence("authorised", "en")),
        ("addresses", " ".join(f'"{label}"' if " " in label else label for label in notify if label)),
        ("note", "" if quality == "synced" else sentence("unsure", "en")),
        ("references", "" if content.kind == "Alert" else " ".join(map(str, earlier))),
        ("incidents", " ".join(slug(incident) for incident in about(event))),
    ):
        if text:
            ET.SubElement(root, name).text = text
    for language in LANGUAGES:
        _info(root, language, event, content, place)
    return Alert(xml=ET.tostring(root, encoding="unicode"), reference=reference)


def about(event: dict[str, Any]) -> list[str]:
    """What the event belongs to: incidents, or a lamp's fault."""
    data, kind = event["data"], event["type"].removeprefix("smartpole.")
    if kind.startswith("incident.") and "incident_id" in data:
        return [data["incident_id"]]
    if kind == "drone.changed":
        return list(data["incident_ids"])
    return [f"{event['source']} {data['fault']}"] if kind.startswith("lamp.fault_") else []


def _reference(event: dict[str, Any]) -> Reference:
    """An incident's beginning and end are named after it, so that its end can name a beginning of before a
    restart. All else is named after the event.
    """
    data, kind = event["data"], event["type"].removeprefix("smartpole.")
    named = {"incident.opened": "opened", "incident.closed": "closed"}.get(kind)
    name = f"{slug(data['incident_id'])}.{named}" if named else f"{slug(event['id'])}.event"
    sender = "/".join(slug(part) for part in event["source"].strip("/").split("/"))
    return Reference(sender=sender, identifier=name, sent=_time(moment(event["time"])))


def _derived(event: dict[str, Any], own: Reference) -> list[Reference]:
    """The Alert of an incident whose opening is not remembered, from its closing."""
    data = event["data"]
    if event["type"] != "smartpole.incident.closed" or "opened_at" not in data:
        return []
    sent = _time(moment(data["opened_at"]))
    return [Reference(sender=own.sender, identifier=f"{slug(data['incident_id'])}.opened", sent=sent)]


def _content(event: dict[str, Any], follows: bool) -> Content | None:
    data, kind = event["data"], event["type"].removeprefix("smartpole.")
    if kind in ("incident.opened", "incident.closed"):
        category = "Transport" if data["kind"] in TRAFFIC else "Security"
        facts = {"kind": data["kind"], "label": data["class"]}
        if kind == "incident.opened":
            return Content(
                kind="Alert",
                category=category,
                response="Assess",
                headline=("opened", facts),
                advice="look-first",
            )
        return _end(category, ("closed", facts)) if follows else None
    if kind == "incident.summarized":
        headline = ("summarized", {"count": str(data["surplus_alarms"])})
        return Content(
            kind="Alert", category="Security", response="Assess", headline=headline, advice="look-first"
        )
    if kind == "lamp.fault_opened":
        headline = ("fault", {"fault": data["fault"]})
        return Content(kind="Alert", category="Infra", response="Monitor", headline=headline, advice="repair")
    if kind == "lamp.fault_closed":
        return _end("Infra", ("fault-over", {"fault": data["fault"]})) if follows else None
    if kind == "drone.changed" and data["incident_ids"]:
        headline = ("drone", {"state": data["state"]})
        kind = "Update" if follows else "Alert"
        return Content(
            kind=kind, category="Security", response="Monitor", headline=headline, advice="look-first"
        )
    return None


def _end(category: str, headline: tuple[str, dict[str, str]]) -> Content:
    return Content(
        kind="Cancel",
        category=category,
        response="AllClear",
        headline=headline,
        advice="no-danger",
        over=True,
    )


def _info(
    root: ET.Element, language: str, event: dict[str, Any], content: Content, place: Place | None
) -> None:
    data = event["data"]
    urgency, severity = SEVERITY[event["severity"]]
    code, facts = content.headline
    headline = sentence(code, language, **{name: word(fact, language) for name, fact in facts.items()})
    info = ET.SubElement(root, "info")
    for name, text in (
        ("language", language),
        ("category", content.category),
        ("event", headline),
        ("responseType", content.response),
        ("urgency", "Past" if content.over else urgency),
        ("severity", severity),
        ("certainty", "Observed" if content.category == "Infra" else "Likely"),
        ("onset", _time(moment(data.get("opened_at") or event["time"]))),
        ("expires", _time(moment(data["expires_at"])) if "expires_at" in data else ""),
        ("senderName", _pole(event, place)),
        ("headline", headline),
        ("description", _description(language, event, headline, place)),
        ("instruction", sentence(content.advice, language)),
    ):
        if text:
            ET.SubElement(info, name).text = text
    for name in FACTS:
        if data.get(name) is not None:
            _named(info, "parameter", name, clean(data[name]))
    _area(info, language, event, place)


def _description(language: str, event: dict[str, Any], headline: str, place: Place | None) -> str:
    data = event["data"]
    where = next((data[key] for key in ("zone", "line", "place") if data.get(key)), "–")
    said = [
        sentence(
            "what",
            language,
            headline=headline,
            rule=data.get("rule", "–"),
            camera=data.get("camera", "–"),
            place=where,
            time=local(moment(event["time"]), place),
            pole=_pole(event, place),
        )
    ]
    lasted = next((data[key] for key in ("duration_s", "lasted_s") if data.get(key) is not None), None)
    if lasted is not None:
        said.append(sentence("lasted", language, seconds=lasted))
    if data.get("reason"):
        said.append(sentence("reason", language, reason=data["reason"]))
    if event["timequality"] != "synced":
        said.append(sentence("unsure", language))
    return " ".join(said)


def _area(info: ET.Element, language: str, event: dict[str, Any], place: Place | None) -> None:
    """Around the target of a drone, else around the pole; in words only, where nobody knows the place."""
    target = event["data"].get("target")
    area = ET.SubElement(info, "area")
    words = ET.SubElement(area, "areaDesc")
    words.text = sentence("target" if target else "around", language, pole=_pole(event, place))
    circle = None
    if target and on_globe(target["latitude"], target["longitude"]):
        radius_m = target.get("uncertainty_m", target.get("radius_m", 1000 * SIGHT_KM))
        circle = (target["latitude"], target["longitude"], min(max(0, radius_m), EARTH_M) / 1000)
    elif place:
        circle = (place.latitude, place.longitude, SIGHT_KM)
    if circle:
        ET.SubElement(area, "circle").text = f"{circle[0]:.6f},{circle[1]:.6f} {circle[2]:.3f}"
    if place and place.area_code:
        _named(area, "geocode", "Kemendagri", place.area_code)


def _named(parent: ET.Element, tag: str, name: str, value: str) -> None:
    pair = ET.SubElement(parent, tag)
    ET.SubElement(pair, "valueName").text = name
    ET.SubElement(pair, "value").text = value


def _pole(event: dict[str, Any], place: Place | None) -> str:
    pole = clean(event["source"].strip("/"))
    return f"{place.name} ({pole})" if place and place.name else pole


def _time(at: datetime) -> str:
    """CAP writes UTC as -00:00, and no fractions of a second."""
    return at.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat() + "-00:00"
