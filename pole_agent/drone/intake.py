"""Where requests come from: triggers of incidents, and patrols that are due. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from pole_agent.almanac import rfc3339
from pole_agent.drone.effects import Degrade, Effect, Evaluate, Recover
from pole_agent.drone.facts import Facts
from pole_agent.drone.patrol import Patrol
from pole_agent.drone.registry import Registry
from pole_agent.drone.request import Request, first_and_newest
from pole_agent.drone.rules import DroneRules
from pole_agent.drone.state import Key, Triggers
from pole_agent.drone.target import View, around, seen_from
from pole_agent.drone.triage import DAY_S, superseded, told_before
from pole_agent.languages import phrase
from pole_agent.vocabulary import RequestDrone, Severity

Rates = Mapping[str, Mapping[str, float]]  # by rule: what people said of its incidents


class Intake:
    """`new_id` makes the identifier of a request."""

    def __init__(self, registry: Registry, rules: DroneRules, new_id: Callable[[], str]) -> None:
        self._registry, self._rules, self._new_id = registry, rules, new_id

    # --- triggers

    def trigger(self, trigger: RequestDrone) -> None:
        """It waits for the next turn. Repeats that wait take no room."""
        waiting, key = self._registry.state.triggers, trigger.incident_key
        triggers = Triggers(first=trigger, ids=(trigger.incident_id,), count=1)
        waiting[key] = waiting[key].followed_by(triggers) if key in waiting else triggers

    def put_back(self, triggers: Triggers) -> None:
        """Their request could not be kept: they wait on, and what came meanwhile joins them.

        Where there is a request by now, only what followed it was interrupted.
        """
        state, key = self._registry.state, triggers.first.incident_key
        if not any(r.is_open and r.incident_key == key for r in state.requests.values()):
            state.triggers[key] = triggers.followed_by(state.triggers.get(key))

    def waiting(self) -> list[Key]:
        """The most severe first, so that triggers of the same moment do not supersede each other."""
        triggers = self._registry.state.triggers
        return sorted(triggers, key=lambda key: -triggers[key].first.severity)

    def pop(self, key: Key) -> Triggers:
        return self._registry.state.triggers.pop(key)

    def asks_for_rates(self, triggers: Triggers, facts: Facts) -> bool:
        """Does `take` depend on what people said of the rules?"""
        return self._rules.triage.max_false_alarm_rate is not None and self._joins(triggers, facts) is None

    def take(self, triggers: Triggers, rates: Rates, facts: Facts) -> list[Effect]:
        """They join a request, are suppressed, or become a request."""
        if (joined := self._joins(triggers, facts)) is not None:
            return self._registry.change(joined.joined(triggers.ids, triggers.count))
        if cause := self._rules.triage.suppresses(triggers.first, self._made_today(facts), rates):
            return self._suppress(triggers, cause, facts)
        return self._ask(triggers, facts)

    def _joins(self, triggers: Triggers, facts: Facts) -> Request | None:
        requests = self._registry.state.requests.values()
        since = {
            r.request_id: facts.since(r.boot_id, r.changed, r.changed_at) for r in requests if not r.is_open
        }
        return self._rules.triage.joins(triggers.first, requests, since)

    def _made_today(self, facts: Facts) -> int:
        return sum(
            r.origin == "incident"
            and r.state != "suppressed"
            and 0 <= facts.since(r.boot_id, r.created, r.created_at) < DAY_S
            for r in self._registry.state.requests.values()
        )

    def _suppress(self, triggers: Triggers, cause: str, facts: Facts) -> list[Effect]:
        requests = self._registry.state.requests
        before = told_before(triggers.first, requests.values(), facts.now)
        if before is not None:
            requests[before.request_id] = before.joined(triggers.ids, triggers.count)
            return []
        request = replace(
            self._request_of(triggers.first, facts), count=triggers.count, incident_ids=triggers.ids
        )
        return [self._registry.move(request, "suppress", facts, reason=cause)]

    def _ask(self, triggers: Triggers, facts: Facts) -> list[Effect]:
        replaced = superseded(triggers.first, self._registry.state.requests.values())
        ids = first_and_newest((*triggers.ids, *(i for r in replaced for i in r.incident_ids)))
        count = triggers.count + sum(r.count for r in replaced)
        request = replace(self._request_of(triggers.first, facts), incident_ids=ids, count=count)
        reason = phrase("request-superseded", request=request.request_id)
        cancels = [self._registry.move(old, "cancel", facts, reason=reason) for old in replaced]
        return [
            self._registry.move(request, "request", facts),
            *cancels,
            Evaluate(request_id=request.request_id),
        ]

    def _request_of(self, trigger: RequestDrone, facts: Facts) -> Request:
        rules = self._rules
        ttl, foot = rules.limits.ttl_s, trigger.path[-1] if trigger.path else None
        view = (rules.views or {}).get(trigger.camera, View())
        return Request(
            request_id=self._new_id(),
            state="detected",
            origin="incident",
            rule=trigger.rule,
            place=trigger.place,
            camera=trigger.camera,
            severity=trigger.severity.word,
            score=trigger.score,
            target=seen_from((rules.place.latitude, rules.place.longitude), view, foot, rules.altitude_m),
            created=facts.wall,
            expires=facts.wall + ttl,
            created_at=facts.now,
            expires_at=facts.now + ttl,
            boot_id=facts.boot_id,
            simulation=rules.simulation,
            path=tuple(trigger.path),
            timed=facts.trusted,
        )

    # --- patrols

    def patrols(self, facts: Facts) -> list[Effect]:
        """The flights by plan whose time has come, each once."""
        if not (self._rules.enabled and self._rules.patrols):
            return []
        if not facts.trusted:
            why = phrase("patrols-wait-for-clock")
            return [Degrade(part="patrols", reason=why)]
        effects: list[Effect] = [Recover(part="patrols")]
        made = {(r.rule, r.place) for r in self._registry.state.requests.values() if r.origin == "patrol"}
        for plan in self._rules.patrols:
            for at in plan.due(facts.wall, self._rules.place):
                if (plan.name, rfc3339(at)) not in made:
                    effects += self._ask_for_patrol(plan, at, facts)
        return effects

    def _ask_for_patrol(self, plan: Patrol, at: float, facts: Facts) -> list[Effect]:
        rules, expires = self._rules, at + plan.window_s
        place = rules.place
        request = Request(
            request_id=self._new_id(),
            state="detected",
            origin="patrol",
            rule=plan.name,
            place=rfc3339(at),
            camera="",
            severity=Severity.INFO.word,
            score=1.0,
            target=around((place.latitude, place.longitude), plan.radius_m, rules.altitude_m),
            created=facts.wall,
            expires=expires,
            created_at=facts.now,
            expires_at=facts.now + expires - facts.wall,
            boot_id=facts.boot_id,
            simulation=rules.simulation,
        )
        kept = self._registry.move(request, "request", facts, reason=plan.written)
        return [kept, Evaluate(request_id=request.request_id)]
