"""What is open: incidents and drone requests, as folds over events. Pure.

The order of arrival must not matter: an alarm overtakes its pole's backlog, and a replayed event comes days
later. An incident that has closed never opens again; a request that has ended never goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from city.reading import SEVERITIES, Event, moment

# Where a request stands in its life: later states win, final ones for ever
RANKS = {
    "detected": 0, "suppressed": 9, "requested": 1, "blocked": 2, "pending_approval": 2, "approved": 3,
    "denied": 9, "expired": 9, "sent": 4, "accepted": 5, "rejected": 9, "timeout": 9, "in_progress": 6,
    "paused": 6, "ok": 9, "partially_done": 9, "failed": 9, "canceled": 9,
}  # fmt: skip
FINAL = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """`place` is its zone or line; times RFC 3339, None where nobody said; `quality` that of its clock."""

    source: str
    incident_id: str
    rule: str
    kind: str
    camera: str
    place: str
    class_: str
    severity: str
    notify: tuple[str, ...]
    opened_at: str | None
    closed_at: str | None
    duration_s: float | None
    end_reason: str | None
    quality: str
    simulation: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`document` is the last `drone/request` of this state; `number` that of its event, 0 for a live one."""

    source: str
    request_id: str
    state: str
    number: int
    simulation: bool
    document: Mapping[str, Any]

    @property
    def ended(self) -> bool:
        return RANKS[self.state] == FINAL


def incident_of(event: Event) -> Incident | None:
    """What an event says of an incident; None where it says nothing of one, or is not complete."""
    if event.kind not in ("incident.opened", "incident.closed"):
        return None
    data, closed = event.data, event.kind == "incident.closed"
    name = data.get("incident_id")
    if not isinstance(name, str) or not 1 <= len(name) <= 64:
        return None
    duration = data.get("duration_s")
    notify = data.get("notify")
    return Incident(
        source=event.source,
        incident_id=name,
        rule=_word(data.get("rule")),
        kind=_word(data.get("kind")),
        camera=_word(data.get("camera")),
        place=_word(data.get("zone") or data.get("line")),
        class_=_word(data.get("class")),
        severity=event.severity,
        notify=tuple(_word(label) for label in notify[:8]) if isinstance(notify, list) else (),
        opened_at=_opened_at(data) if closed else event.time,
        closed_at=event.time if closed else None,
        duration_s=_seconds(duration) if closed else None,
        end_reason=_word(data.get("end_reason")) if closed else None,
        quality=event.quality,
        simulation=event.simulation,
    )


def merged(known: Incident | None, told: Incident) -> Incident:
    """What two words about one incident say together, whichever came first."""
    if known is None:
        return told
    opened = [at for at in (known.opened_at, told.opened_at) if at is not None]
    closed = max((i for i in (known, told) if i.closed_at), key=lambda i: i.closed_at or "", default=None)
    worst = max(known.severity, told.severity, key=SEVERITIES.index)
    newer = told if (told.closed_at or "") >= (known.closed_at or "") else known
    return replace(
        newer,
        severity=worst,
        notify=known.notify or told.notify,
        opened_at=min(opened) if opened else None,
        closed_at=None if closed is None else closed.closed_at,
        duration_s=None if closed is None else closed.duration_s,
        end_reason=None if closed is None else closed.end_reason,
    )


def request_of(source: str, document: Mapping[str, Any], number: int, simulation: bool) -> Request | None:
    """What a `drone/request` message, or the data of a `drone.changed` event, says; None for others."""
    name, state = document.get("request_id"), document.get("state")
    if not isinstance(name, str) or not 1 <= len(name) <= 64 or not isinstance(state, str):
        return None
    if state not in RANKS:
        return None
    simulation = simulation or document.get("simulation") is True
    return Request(
        source=source, request_id=name, state=state, number=number, simulation=simulation, document=document
    )


def later(known: Request | None, told: Request) -> Request:
    """The later word about one request. Nothing follows a final state; of two events the higher number
    counts; a live message (number 0) is of now, and an event replaces it only where it is further.
    """
    if known is None:
        return told
    if known.ended or told.ended:
        return known if known.ended else told
    if told.number == 0:
        return told
    if known.number:
        return told if told.number > known.number else known
    return told if RANKS[told.state] > RANKS[known.state] else known


def _opened_at(data: Mapping[str, Any]) -> str | None:
    try:
        return moment(data.get("opened_at"))
    except ValueError:
        return None


def _seconds(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9
    return float(value) if known else None


def _word(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""
