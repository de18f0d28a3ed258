"""Which trigger becomes a request, which joins one, which is suppressed, and which request comes first.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pole_agent.drone.request import Request
from pole_agent.languages import phrase
from pole_agent.vocabulary import RequestDrone, Severity

DAY_S = 86_400.0
SUPPRESSED_S = 900.0  # a suppressed incident is told at most so often, …
ENOUGH_VERDICTS = 5  # … and a rule is judged by what people said of so many incidents at least


@dataclass(frozen=True, slots=True)
class Triage:
    """From [drone]: what an incident must be to ask for a drone."""

    cooldown_s: float = 900
    min_severity: Severity = Severity.INFO
    min_score: float = 0
    max_requests_per_day: int = 24
    max_false_alarm_rate: float | None = None

    def joins(
        self, trigger: RequestDrone, requests: Iterable[Request], since: Mapping[str, float]
    ) -> Request | None:
        """The request that is about the same incident: an open one, or one that ended within the cooldown.

        `since`: seconds since the last change of each closed request, by its id.
        """
        same = [
            r
            for r in requests
            if r.origin == "incident" and r.state != "suppressed" and r.incident_key == trigger.incident_key
        ]
        return next((r for r in same if r.is_open or 0 <= since[r.request_id] < self.cooldown_s), None)

    def suppresses(self, trigger: RequestDrone, made: int, rates: Mapping[str, Mapping[str, float]]) -> str:
        """Why this trigger becomes no request, empty when it may.

        `made`: requests of the last 24 hours; `rates`: verdicts on the rules.
        """
        if trigger.severity < self.min_severity:
            return phrase("triage-severity", severity=trigger.severity.word, least=self.min_severity.word)
        if trigger.score < self.min_score:
            return phrase("triage-confidence", score=f"{trigger.score:.2f}", least=f"{self.min_score:.2f}")
        said, most = rates.get(trigger.rule), self.max_false_alarm_rate
        if (
            said
            and most is not None
            and said["true"] + said["false"] >= ENOUGH_VERDICTS
            and said["false_alarm_rate"] > most
        ):
            return phrase("triage-barred", share=f"{said['false_alarm_rate']:.0%}", most=f"{most:.0%}")
        if made >= self.max_requests_per_day:
            return phrase("triage-quota", count=made)
        return ""


def told_before(trigger: RequestDrone, requests: Iterable[Request], now: float) -> Request | None:
    """The suppressed request that this trigger, suppressed too, repeats."""
    return next(
        (
            r
            for r in requests
            if r.state == "suppressed"
            and r.incident_key == trigger.incident_key
            and now - r.changed_at < SUPPRESSED_S
        ),
        None,
    )


def superseded(trigger: RequestDrone, requests: Iterable[Request]) -> list[Request]:
    """What a more severe incident at the same camera replaces: requests that nobody has decided on."""
    return [
        r
        for r in requests
        if r.origin == "incident"
        and r.state in ("requested", "blocked", "pending_approval")
        and r.camera == trigger.camera
        and Severity.of(r.severity) < trigger.severity
    ]


def by_priority(requests: Iterable[Request]) -> list[Request]:
    """Incidents before patrols, the more severe first, then the higher score, then the older."""
    return sorted(
        requests, key=lambda r: (r.origin != "incident", -Severity.of(r.severity), -r.score, r.created)
    )


def comes_before(request: Request, requests: Iterable[Request]) -> str:
    """What keeps this one on the ground: a flight, one that was called back and may still be there, or an
    incident before a patrol.
    """
    others = [r for r in requests if r.request_id != request.request_id]
    for other in others:
        if other.is_ordered:
            return phrase("flight-named", request=other.request_id)
        if other.call_back:
            return phrase("flight-called-back", request=other.request_id)
    if request.origin == "patrol":
        return next(
            (
                phrase("request-named", request=r.request_id)
                for r in others
                if r.origin == "incident" and r.is_waiting
            ),
            "",
        )
    return ""
