"""Facts -> responses: what the agent does about an incident. Pure; the settings of the rule decide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pole_agent.incidents.facts import Closed, Noticed, Ongoing, Opened, Summarized
from pole_agent.incidents.judge import Fact
from pole_agent.incidents.limit import HOUR_S, Limit
from pole_agent.incidents.rules import Incident, Line, Rule
from pole_agent.vocabulary import BoostLamp, RecordEvent, RequestDrone, Response, Severity

BOOST_RENEWAL_S = 1.0  # a live boost is renewed this often while its incident goes on


class Responder:
    """Turns the facts of one camera into responses.

    Remembers what it has already told, and how often it alarmed.
    """

    def __init__(self, camera: str) -> None:
        self._camera = camera
        self._boosted: dict[str, float] = {}
        self._limits: dict[str, Limit] = {}
        self._surplus: dict[str, int] = {}
        self._muted: set[str] = set()

    def respond(self, facts: Iterable[Fact], now: float) -> list[Response]:
        """The responses in the order in which they are to be carried out: light first."""
        boosts: list[Response] = []
        rest: list[Response] = []
        for fact in facts:
            match fact:
                case Opened(incident):
                    rest += self._opened(incident, now)
                case Ongoing(incident):
                    boosts += self._boost(incident.rule, now)
                case Noticed(rule):
                    boosts += self._boost(rule, now)
                case Closed(incident):
                    rest += self._closed(incident)
                case Summarized(data):
                    rest.append(RecordEvent("traffic.summarized", Severity.INFO, data, now))
        return [*boosts, *rest, *self._settle_surplus(now)]

    def _boost(self, rule: Rule, now: float) -> list[Response]:
        if now - self._boosted.get(rule.name, -HOUR_S) < BOOST_RENEWAL_S:
            return []
        self._boosted[rule.name] = now
        until = now + max(rule.lamp_hold_s, 2 * BOOST_RENEWAL_S)
        return [BoostLamp(f"{self._camera}/{rule.name}", rule.lamp_level or 0.0, until, rule.severity)]

    def _opened(self, incident: Incident, now: float) -> list[Response]:
        rule = incident.rule
        limit = self._limits.setdefault(rule.name, Limit())
        if rule.severity is Severity.ALARM and not limit.admits(rule.max_alarms_per_h, now):
            self._surplus[rule.name] = self._surplus.get(rule.name, 0) + 1
            self._muted.add(incident.incident_id)
            return []
        responses: list[Response] = [
            RecordEvent(
                "incident.opened",
                rule.severity,
                self._data(incident),
                now,
                opens=incident.incident_id,
                silent=not rule.announce_open,
            )
        ]
        if rule.drone:
            responses.append(
                RequestDrone(
                    rule.name,
                    self._camera,
                    rule.place.name,
                    incident.incident_id,
                    rule.severity,
                    now,
                    round(incident.score, 3),
                    incident.path,
                )
            )
        return responses

    def _closed(self, incident: Incident) -> list[Response]:
        if incident.incident_id in self._muted:
            self._muted.discard(incident.incident_id)
            return []
        data = self._data(incident) | {
            "duration_s": round(max(0.0, incident.last_seen_at - incident.opened_at), 1),
            "held_s": round(max(0.0, incident.last_seen_at - incident.since), 1),
            "peak": incident.peak,
            "path": [list(p) for p in incident.path],
            "end_reason": incident.end_reason,
        }
        at = max(incident.opened_at, incident.last_seen_at)
        return [RecordEvent("incident.closed", incident.rule.severity, data, at, closes=incident.incident_id)]

    def _data(self, incident: Incident) -> dict[str, Any]:
        rule = incident.rule
        data: dict[str, Any] = {
            "incident_id": incident.incident_id,
            "rule": rule.name,
            "kind": rule.kind,
            "camera": self._camera,
            **self._place(incident),
            "class": incident.label,
            "track_ids": list(incident.track_ids),
        }
        if incident.direction:
            data["direction"] = incident.direction
        if rule.notify:
            data["notify"] = list(rule.notify)
        return data

    @staticmethod
    def _place(incident: Incident) -> dict[str, str]:
        place = incident.rule.place
        return {"line" if isinstance(place, Line) else "zone": place.name}

    def _settle_surplus(self, now: float) -> list[Response]:
        """Tell what was kept back as one counted event, once the rule may alarm again."""
        settled: list[Response] = []
        for rule, count in list(self._surplus.items()):
            if self._limits[rule].is_over(now):
                del self._surplus[rule]
                data = {"rule": rule, "camera": self._camera, "surplus_alarms": count, "window_s": HOUR_S}
                settled.append(RecordEvent("incident.summarized", Severity.WARNING, data, now))
        return settled
