"""What follows when a person decides: about one request, or about all flights of a patrol. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pole_agent.almanac import rfc3339
from pole_agent.drone.approval import (
    LONGEST_STANDING_S,
    Signature,
    Standing,
    StandingBook,
    facts_of,
    plan_facts,
)
from pole_agent.drone.commands import Decision
from pole_agent.drone.effects import Effect, Keep, KeepStanding, Outcome, SaveChanges, Write
from pole_agent.drone.evaluation import Evaluation
from pole_agent.drone.facts import Facts
from pole_agent.drone.patrol import Patrol
from pole_agent.drone.registry import Registry
from pole_agent.drone.request import Request
from pole_agent.drone.rules import DroneRules
from pole_agent.drone.stored import STANDING
from pole_agent.errors import CommandRefused
from pole_agent.languages import phrase

SIMULATED = "nobody: automatic approval, simulation only"


class Decisions:
    """Approvals, denials and cancels, and which approvals count."""

    def __init__(self, registry: Registry, evaluation: Evaluation, rules: DroneRules, base: str) -> None:
        self._registry, self._evaluation, self._rules, self._base = registry, evaluation, rules, base

    def decide(self, decision: Decision, facts: Facts) -> Outcome:
        """Raises CommandRefused, and ApprovalRefused for a signature that does not count."""
        if decision.patrol:
            return (
                self._approve_plan(decision, facts)
                if decision.transition == "approve"
                else self._revoke_plan(decision, facts)
            )
        request = self._registry.known(decision.request_id)
        if decision.transition == "approve":
            return self._approve(request, decision, facts)
        if not request.is_open and request.may_fly:  # once more: it is never wrong
            effects = self._registry.call_back(request, facts, by=decision.by)
            return Outcome(effects=effects, reply={"state": request.state})
        try:
            kept = self._registry.move(
                request, decision.transition, facts, by=decision.by, reason=decision.reason
            )
        except ValueError as error:
            raise CommandRefused(str(error)) from None
        return Outcome(effects=[kept], reply={"state": kept.request.state})

    # --- one request

    def _approve(self, request: Request, decision: Decision, facts: Facts) -> Outcome:
        """It counts if the signature does, and all gates are open now.

        An approval is used up either way: who was told no must not find it a yes later.
        """
        effects: list[Effect] = []
        signature = self._check(
            decision, facts_of(request.message(self._base)), frozenset(request.nonces), facts
        )
        if signature is not None:
            request = replace(request, nonces=(*request.nonces, signature.nonce))
            effects += [*self._registry.change(request), Write(requests=(request,))]
        if request.is_waiting:
            request, more = self._evaluation.evaluate(request, facts)
            effects += more
            if request.state == "blocked":
                blocked = CommandRefused(phrase("request-is-blocked", reason=request.reason))
                return Outcome(effects=effects, refused=blocked)
        try:
            approved = request.moved("approve", facts.wall, facts.now, by=decision.by, reason=decision.reason)
        except ValueError as error:
            return Outcome(effects=effects, refused=CommandRefused(str(error)))
        approved = replace(approved, approval_key=self._key_of(decision, signature))
        kept = self._registry.keep(request, approved, "approve", facts)
        return Outcome(effects=[*effects, kept], reply={"state": kept.request.state})

    def _check(
        self, decision: Decision, signed: Mapping[str, str], used: frozenset[str], facts: Facts
    ) -> Signature | None:
        wall = facts.wall if facts.trusted else None
        return self._rules.office.check(decision.signature, decision.by, signed, used, wall)

    def _key_of(self, decision: Decision, signature: Signature | None) -> str:
        return self._rules.office.keys[decision.by] if signature is not None else ""

    # --- all flights of a patrol

    def _revoke_plan(self, decision: Decision, facts: Facts) -> Outcome:
        """The standing approval ends at once, whatever the disk does; what it approved is cancelled."""
        name, state = decision.patrol, self._registry.state
        state.standing = state.standing.revoked(name)
        state.unsaved_values[STANDING] = state.standing.dump()
        pulled = [
            r
            for r in state.requests.values()
            if r.origin == "patrol" and r.rule == name and r.is_open and r.approved_by
        ]
        reason = phrase("standing-revoked")
        cancels = [self._registry.move(r, "cancel", facts, by=decision.by, reason=reason) for r in pulled]
        return Outcome(effects=[*cancels, SaveChanges()], reply={"patrol": name, "standing": False})

    def _approve_plan(self, decision: Decision, facts: Facts) -> Outcome:
        plan, until = self._plan(decision.patrol), decision.until
        if plan is None or until is None:
            raise CommandRefused(
                phrase(
                    "patrol-unknown",
                    patrol=f"{decision.patrol!r}",
                    known=", ".join(p.name for p in self._rules.patrols) or "none",
                )
            )
        book = self._registry.state.standing
        self._may_stand(until, book, facts)
        signature = self._check(
            decision, plan_facts(plan.name, plan.written, until), frozenset(book.nonces), facts
        )
        standing = Standing(plan.written, decision.by, until, self._key_of(decision, signature))
        book = book.approved(plan.name, standing, signature, facts.wall)
        return Outcome(
            effects=[KeepStanding(values={STANDING: book.dump()}, book=book)],
            reply={"patrol": plan.name, "standing": True, "until": rfc3339(until)},
        )

    def _may_stand(self, until: float, book: StandingBook, facts: Facts) -> None:
        """Raises CommandRefused unless a standing approval can be given now."""
        if not facts.trusted:
            raise CommandRefused(phrase("until-uncheckable"))
        if not facts.wall < until <= facts.wall + LONGEST_STANDING_S:
            raise CommandRefused(phrase("until-out-of-range"))
        if self._rules.office.keys and facts.wall < book.closed_until:
            closed = rfc3339(book.closed_until)
            raise CommandRefused(phrase("used-approvals-unreadable", until=closed))

    def _plan(self, name: str) -> Patrol | None:
        return next((p for p in self._rules.patrols if p.name == name), None)

    # --- which approvals count

    def approves_itself(self, request: Request, facts: Facts) -> Keep | None:
        """The approval where nobody has to be asked: a simulation, or a patrol with a standing approval."""
        if self._rules.automatic and request.simulation:
            return self._registry.move(request, "approve", facts, by=SIMULATED)
        standing = self._standing_of(request, facts)
        if standing is None:
            return None
        reason = f"standing approval until {rfc3339(standing.until)}"
        approved = request.moved("approve", facts.wall, facts.now, by=standing.by, reason=reason)
        approved = replace(approved, approval_key=standing.key, standing=True)
        return self._registry.keep(request, approved, "approve", facts)

    def does_not_count(self, request: Request, facts: Facts) -> str:
        """Why an approval that was given does not count any more, empty when it does."""
        if not self._rules.office.accepts(request.approval_key):
            return phrase("approver-gone")
        if request.standing and self._standing_of(request, facts) is None:
            return phrase("standing-ended")
        return ""

    def _standing_of(self, request: Request, facts: Facts) -> Standing | None:
        plan = self._plan(request.rule) if request.origin == "patrol" else None
        if plan is None:
            return None
        standing = self._registry.state.standing.of(plan.name, plan.written, facts.wall)
        return standing if standing is not None and self._rules.office.accepts(standing.key) else None
