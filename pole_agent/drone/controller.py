"""Drone requests from trigger to landing: events and facts come in, effects go out. Pure.

A person approves, or nothing flies. What is not stored is neither told nor ordered. The safe
transitions (cancel, deny, expire, time out) and a stop happen even when nothing can be stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pole_agent.almanac import rfc3339
from pole_agent.drone.approval import ApprovalRefused
from pole_agent.drone.commands import Decision, stop_whatever
from pole_agent.drone.conditions import AHEAD_S, read_conditions
from pole_agent.drone.decisions import Decisions
from pole_agent.drone.effects import CancelUnread, Effects, KeepResume, Outcome, SaveChanges
from pole_agent.drone.evaluation import Evaluation
from pole_agent.drone.facts import Facts, StoredRows
from pole_agent.drone.flights import Flights
from pole_agent.drone.intake import Intake
from pole_agent.drone.registry import Registry
from pole_agent.drone.restore import follow_loss, restore
from pole_agent.drone.rules import DroneRules
from pole_agent.drone.state import DroneState
from pole_agent.drone.stored import DOCK_STOP, STOP, recounted
from pole_agent.drone.triage import by_priority
from pole_agent.errors import CommandRefused
from pole_agent.languages import phrase
from pole_agent.vocabulary import RequestDrone

MAX_EARLY = 100
EMERGENCY = "emergency_stop"


class Controller:
    """The requests of one pole. `state` is what the controller before this one knew.

    `registry` hears how each write went, `intake` makes requests, `flights` follows what was ordered.
    """

    def __init__(
        self, rules: DroneRules, base: str, new_id: Callable[[], str], state: DroneState | None = None
    ) -> None:
        self.state = DroneState() if state is None else state
        self._rules, self._base = rules, base
        self.registry = Registry(self.state, base)
        self.intake = Intake(self.registry, rules, new_id)
        self._evaluation = Evaluation(self.registry, rules)
        self._decisions = Decisions(self.registry, self._evaluation, rules, base)
        self.flights = Flights(self.registry, self._evaluation, self._decisions, rules, base)

    # --- what people say

    def decide(self, decision: Decision, facts: Facts) -> Outcome:
        """A person approves, denies or cancels. Raises CommandRefused."""
        try:
            return self._decisions.decide(decision, facts)
        except ApprovalRefused as error:
            self.state.refused[error.cause] += 1
            raise

    def decide_unread(self, decision: Decision, cause: Exception, facts: Facts) -> Outcome:
        """The requests cannot be read: an approval is refused, a cancel is remembered and sent anyway."""
        if decision.transition == "approve":
            return Outcome(refused=CommandRefused(phrase("requests-unreadable", error=cause)))
        key = decision.request_id
        if len(self.state.early) < MAX_EARLY:
            self.state.early[key or decision.patrol] = decision
        cancel = CancelUnread(data=self.registry.cancel(key, decision.by, decision.reason, facts))
        refused = CommandRefused(phrase("requests-unreadable-yet", error=cause))
        return Outcome(effects=[cancel] if key else [], refused=refused)

    def take_early(self) -> list[Decision]:
        """What `decide_unread` has remembered: to be decided now."""
        early = list(self.state.early.values())
        self.state.early.clear()
        return early

    def stop(self, payload: Mapping[str, Any], facts: Facts) -> Outcome:
        """``drone/stop``: nothing flies any more, and what flies is called back. Or, once that is stored,
        flights go on. Raises CommandRefused for a bad resume.
        """
        stop, by, reason, malformed = stop_whatever(payload)
        reply = {"stopped": stop} | ({"malformed": malformed} if malformed else {})
        if not stop:
            return Outcome(effects=[KeepResume(values={STOP: json.dumps(None)})], reply=reply)
        if malformed and self.state.stop:
            # The name of an earlier stop stays, and a flood of malformed stops writes nothing
            return Outcome(effects=self.flights.ground(facts), reply=reply)
        self.state.stop = {"by": by, "reason": reason, "since": rfc3339(facts.wall)}
        self.state.unsaved_values[STOP] = json.dumps(self.state.stop)
        return Outcome(effects=[SaveChanges(required=False), *self.flights.ground(facts)], reply=reply)

    # --- what the dispatcher says beside the progress of flights

    def conditions(self, payload: Mapping[str, Any], facts: Facts) -> bool:
        """``drone/conditions``: weather and dock. Raises CommandRefused.

        True: it says whether the dock is stopped, which `keep_dock_stop` keeps.
        """
        values, measured = read_conditions(payload)
        if facts.trusted:
            if measured > facts.wall + AHEAD_S:
                raise CommandRefused(phrase("conditions-in-future"))
            measured = min(measured, facts.wall)
        self.state.conditions.take(values, measured, facts.wall, facts.now)
        return EMERGENCY in values

    def keep_dock_stop(self) -> Effects:
        """Only a newer message ends a stop of the dock, a restart does not: so it is stored, now or later."""
        said = self.state.conditions.get(EMERGENCY)
        stopped = said.measured if said is not None and said.value else None
        if not self.state.restored or (stopped is None) is (self.state.dock_stop is None):
            return []
        self.state.dock_stop = stopped
        self.state.unsaved_values[DOCK_STOP] = json.dumps(stopped)
        return [SaveChanges(required=False)]

    # --- the start

    def follow_loss(self, store_id: str, lost: str | None, mark: str, facts: Facts) -> Effects:
        """The store is another one than before. `lost`, `mark`: see `restore.follow_loss`."""
        return follow_loss(self.state, store_id, lost, mark, facts)

    def restore(self, rows: StoredRows, facts: Facts) -> Effects:
        """Go on with what an earlier run has stored."""
        effects = restore(self.state, rows, facts)
        kept, said = self.state.dock_stop, self.state.conditions.get(EMERGENCY)
        if kept is not None and (said is None or said.measured < kept):
            self.state.conditions.take({EMERGENCY: True}, kept, facts.wall, facts.now)
        return [*effects, *self.registry.announce_all(facts), *self.keep_dock_stop()]

    # --- a turn

    def switched_off(self, facts: Facts) -> Effects:
        """Where drones are switched off, no request stays open."""
        if self._rules.enabled:
            return []
        open_ = [r for r in self.state.requests.values() if r.is_open]
        return [self.registry.move(r, "cancel", facts, reason=phrase("drones-switched-off")) for r in open_]

    def trigger(self, trigger: RequestDrone) -> bool:
        """An incident asks for a look from above. False: drones are switched off."""
        if self._rules.enabled:
            self.intake.trigger(trigger)
        return self._rules.enabled

    def open_requests(self) -> list[str]:
        """The ids of the open requests: incidents before patrols, the more severe first."""
        return [r.request_id for r in by_priority(r for r in self.state.requests.values() if r.is_open)]

    def evaluate(self, request_id: str, facts: Facts) -> Effects:
        """Ask the gates: it expires, is blocked, or waits for a person."""
        return self._evaluation.evaluate(self.state.requests[request_id], facts)[1]

    def advance(self, request_id: str, facts: Facts) -> Effects:
        """Time has passed for an open request: its gates and its time, or the dispatcher's silence."""
        request = self.state.requests[request_id]
        if not request.is_waiting:
            return self.flights.silence(request, facts)
        request, effects = self._evaluation.evaluate(request, facts)
        if request.state == "pending_approval":
            approved = self._decisions.approves_itself(request, facts)
            effects += [] if approved is None else [approved]
        return effects

    # --- for people

    @property
    def trouble(self) -> str:
        """Why nothing flies though drones are enabled: an area cannot be read. Empty: none."""
        return f"nothing flies: {self._rules.trouble}" if self._rules.trouble and self._rules.enabled else ""

    def pending(self) -> list[dict[str, Any]]:
        """The open requests, as messages."""
        return [self.state.requests[key].message(self._base) for key in self.open_requests()]

    def everything(self) -> list[dict[str, Any]]:
        """All requests that are remembered, with their history, the oldest first."""
        return [recounted(r, self._base) for r in self.state.requests.values()]

    def health(self, wall: float) -> dict[str, Any]:
        """Who stopped flights, which plans may fly, and the approvals that did not count."""
        plans = {p.name: self.state.standing.of(p.name, p.written, wall) for p in self._rules.patrols}
        return {
            "stopped": self.state.stop,
            "standing_approvals": {
                name: {"by": s.by, "until": rfc3339(s.until)} for name, s in plans.items() if s
            },
            "approvals_refused": dict(self.state.refused),
        }
