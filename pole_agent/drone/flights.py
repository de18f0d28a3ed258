"""Ordered flights: the order, the dispatcher's reports, its silence, and the stop of all flights. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pole_agent.drone.commands import read_progress
from pole_agent.drone.decisions import Decisions
from pole_agent.drone.effects import Effect, LiveOrder, Log, Order, Outcome
from pole_agent.drone.evaluation import Evaluation
from pole_agent.drone.facts import Facts
from pole_agent.drone.registry import Registry
from pole_agent.drone.request import Request
from pole_agent.drone.rules import DroneRules
from pole_agent.errors import CommandRefused, Withdrawn
from pole_agent.languages import phrase

PUBACK_S = 10.0  # an order that the broker has not acknowledged by then is called back
APART_S = 1.0  # a flight changes between in_progress and paused at most so often
FINAL = frozenset({"rejected", "ok", "partially_done", "failed", "canceled", "timeout"})


class Flights:
    """Orders what is approved, and follows the flight until it ends."""

    def __init__(
        self, registry: Registry, evaluation: Evaluation, decisions: Decisions, rules: DroneRules, base: str
    ) -> None:
        self._registry, self._evaluation, self._decisions = registry, evaluation, decisions
        self._rules, self._base = rules, base

    # --- the order

    def send(self, request_id: str, facts: Facts) -> list[Effect]:
        """Order a flight that is approved: that it is sent is kept first."""
        request = self._registry.state.requests[request_id]
        if request.state != "approved":
            return []
        if why := self._decisions.does_not_count(request, facts):
            return [self._registry.move(request, "block", facts, reason=why)]
        remaining = self._registry.remaining(request, facts)
        if not facts.connected or remaining is None or remaining < 1:
            return []
        return [self._registry.move(request, "send", facts), Order(request_id=request.request_id)]

    def patience_s(self, request_id: str, facts: Facts) -> float:
        """So long an order may wait for the broker: never longer than the request lives."""
        remaining = self._registry.remaining(self._registry.state.requests[request_id], facts)
        return min(PUBACK_S, max(0.0, remaining or 0.0))

    def order(self, request_id: str, facts: Facts) -> LiveOrder:
        """The order as it leaves now.

        Raises Withdrawn when it must not: the disk or the broker may have taken their time.
        """
        request = self._registry.state.requests[request_id]
        remaining = self._registry.remaining(request, facts)
        why = self._evaluation.shut(self._evaluation.ask(request, facts))
        if request.state != "sent" or why or remaining is None or remaining < 1:
            raise Withdrawn(why or phrase("request-expired"))
        return LiveOrder(data=request.order(self._base), expiry_s=int(remaining))

    def order_failed(self, request_id: str, why: str, facts: Facts) -> list[Effect]:
        """It may have arrived: the flight is called back, unless it was cancelled meanwhile."""
        request = self._registry.state.requests[request_id]
        if request.state != "sent":
            return []
        text = f"drone request {request_id}: the order may not have arrived: {why}"
        reason = phrase("order-may-be-lost", why=why)
        return [
            Log(level="warning", text=text),
            self._registry.move(request, "time_out", facts, reason=reason),
        ]

    # --- in the air

    def silence(self, request: Request, facts: Facts) -> list[Effect]:
        """A dispatcher that says nothing for too long has lost the flight."""
        idle = facts.now - self._registry.state.heard_at.get(request.request_id, request.changed_at)
        if idle <= (self._rules.answer_s if request.state == "sent" else self._rules.silence_s):
            return []
        reason = phrase("dispatcher-silent", seconds=f"{idle:.0f}")
        return [self._registry.move(request, "time_out", facts, reason=reason)]

    def progress(self, payload: Mapping[str, Any], by: str, facts: Facts) -> Outcome:
        """``drone/progress``: the dispatcher reports on a flight. Raises CommandRefused."""
        told = read_progress(payload)
        request = self._registry.known(told.request_id)
        if not request.is_open and request.may_fly:
            return self._told_after_the_end(request, told.status, facts)
        try:
            moved = request.moved(
                told.transition, facts.wall, facts.now, by=by or "dispatcher", reason=told.reason
            )
        except ValueError as error:
            raise CommandRefused(str(error)) from None
        pauses = {moved.state, request.state} == {"in_progress", "paused"}
        if pauses and facts.now - request.changed_at < APART_S:
            raise CommandRefused(phrase("status-too-often"))
        step = told.step or request.step
        if moved.state != request.state:
            moved = replace(moved, step=step)
            kept = self._registry.keep(request, moved, told.transition, facts, dispatcher=True)
            return Outcome(effects=[kept], reply={"state": moved.state})
        self._registry.state.heard_at[request.request_id] = facts.now
        changed = step != request.step
        effects = self._registry.change(replace(request, step=step), announce=True) if changed else []
        return Outcome(effects=effects, reply={"state": request.state})

    def _told_after_the_end(self, request: Request, status: str, facts: Facts) -> Outcome:
        """The dispatcher speaks of a flight that was cancelled or given up."""
        if status in FINAL:
            return Outcome(effects=self._registry.called_back(request), reply={"state": request.state})
        refused = CommandRefused(phrase("call-drone-back", state=request.state))
        return Outcome(effects=self._registry.call_back(request, facts), refused=refused)

    def ground(self, facts: Facts) -> list[Effect]:
        """While all flights are stopped, what flies is called back: also what was in the air when the power
        failed.
        """
        stop = self._registry.state.stop
        if stop is None:
            return []
        by, reason = str(stop["by"]), f"all flights are stopped. {stop['reason']}".strip()
        return [
            self._registry.move(request, "cancel", facts, by=by, reason=reason)
            for request in self._registry.state.requests.values()
            if request.is_ordered
        ]
