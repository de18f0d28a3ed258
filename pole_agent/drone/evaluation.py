"""What the gates say of a request now, and what follows: it expires, is blocked, or waits for a person.

Pure.
"""

from __future__ import annotations

from dataclasses import replace

from pole_agent.almanac import is_dark
from pole_agent.drone.effects import Effect
from pole_agent.drone.facts import Facts
from pole_agent.drone.gates import Gate, Known, ask, in_words
from pole_agent.drone.registry import Registry
from pole_agent.drone.request import Request
from pole_agent.drone.rules import DroneRules
from pole_agent.drone.triage import comes_before
from pole_agent.languages import phrase

ADRIFT_S = 5.0  # when wall and monotonic time differ by more, the clock was wrong
FLAPPING_S, MAX_FLAPS, CALM_S = 600.0, 10, 60.0


class Evaluation:
    """Asks the gates with the rules of this pole."""

    def __init__(self, registry: Registry, rules: DroneRules) -> None:
        self._registry, self._rules = registry, rules

    def ask(self, request: Request, facts: Facts) -> tuple[Gate, ...]:
        """All gates, as they are now."""
        remaining = self._registry.remaining(request, facts)
        return tuple(ask(request.target, remaining, self._rules.limits, self._known(request, facts)))

    def shut(self, gates: tuple[Gate, ...]) -> str:
        """Why nothing may fly, in words; empty when all gates are open."""
        return self._rules.trouble or in_words(gates)

    def evaluate(self, request: Request, facts: Facts) -> tuple[Request, list[Effect]]:
        """(the request that waits as it will be, effects that make it so). `request` is in the registry."""
        request, effects = self._retimed(request, facts)
        remaining = self._registry.remaining(request, facts)
        if remaining is not None and remaining <= 0:
            why: str = (
                phrase("request-expired-because", reason=request.reason)
                if request.state == "blocked"
                else phrase("request-expired-undecided")
            )
            kept = self._registry.move(request, "expire", facts, reason=why)
            return kept.request, [*effects, kept]
        gates = self.ask(request, facts)
        shut, was_shut = ({g.name for g in some if not g.ok} for some in (gates, request.gates))
        request = self._registry.state.requests[request.request_id] = replace(request, gates=gates)
        why = self.shut(gates)
        if not shut:
            if request.state in ("requested", "blocked") and not _flaps(request, facts.wall):
                kept = self._registry.move(request, "unblock", facts)
                return kept.request, [*effects, kept]
        elif request.state != "blocked":
            kept = self._registry.move(request, "block", facts, reason=why)
            return kept.request, [*effects, kept]
        elif shut != was_shut:
            request = replace(request, reason=why)
            effects += self._registry.change(request, announce=True)
        return request, effects

    def _retimed(self, request: Request, facts: Facts) -> tuple[Request, list[Effect]]:
        """Once the clock is trusted, and again when it was wrong after all, the times on the wall follow the
        monotonic ones.
        """
        if request.boot_id != facts.boot_id or not facts.trusted:
            return request, []
        expires = facts.wall + request.expires_at - facts.now
        if request.timed and abs(request.expires - expires) < ADRIFT_S:
            return request, []
        request = request.retimed(facts.wall, facts.now)
        return request, self._registry.change(request, announce=True)

    def _known(self, request: Request, facts: Facts) -> Known:
        state = self._registry.state
        last = state.last_order
        since = None
        if last is not None and last.request_id != request.request_id:
            since = facts.since(last.boot_id, last.wall, last.at)
        stopped = None
        if state.restored:
            stopped = str(state.stop["by"]) if state.stop else ""
        dark = is_dark(facts.wall, self._rules.place) if facts.trusted else None
        before = comes_before(request, state.requests.values())
        return Known(facts.trusted, facts.wall, facts.now, dark, since, stopped, before, state.conditions)


def _flaps(request: Request, wall: float) -> bool:
    """Weather that comes and goes: after many turns it stays blocked for a while, or each would be told and
    written.
    """
    blocks = [s.at for s in request.history if s.state == "blocked" and 0 <= wall - s.at < FLAPPING_S]
    return len(blocks) >= MAX_FLAPS and wall - blocks[-1] < CALM_S
