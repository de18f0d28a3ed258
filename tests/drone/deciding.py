"""The controller of drone requests without a loop: a disk that works or fails, and what comes out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, TypeVar

from pole_agent.drone.controller import Controller
from pole_agent.drone.effects import (
    CancelUnread,
    Effect,
    Evaluate,
    Immediate,
    Order,
    Outcome,
    SaveChanges,
    Write,
)
from pole_agent.drone.facts import Facts, StoredRows
from pole_agent.drone.request import Request
from pole_agent.drone.rules import DroneRules
from pole_agent.drone.stored import KEYS
from pole_agent.errors import OutboxError
from pole_agent.vocabulary import RequestDrone, Severity
from tests.loops.dispatching import BASE, NOON, rules

E = TypeVar("E")
NOTHING_STORED = StoredRows(requests=(), values=dict.fromkeys(KEYS))
AT_NOON = Facts(now=1000.0, wall=NOON, latest_wall=NOON + 120, trusted=True, boot_id="boot-1", connected=True)


def later(facts: Facts, seconds: float) -> Facts:
    """The same, so much later."""
    return replace(
        facts,
        now=facts.now + seconds,
        wall=facts.wall + seconds,
        latest_wall=facts.latest_wall + seconds,
    )


def asks(rule: str = "watch", severity: Severity = Severity.WARNING, **more: Any) -> RequestDrone:
    fields: dict[str, Any] = {
        "camera": "street",
        "place": "road",
        "incident_id": f"i-{rule}",
        "at": 0.0,
    } | more
    return RequestDrone(rule=rule, severity=severity, **fields)


@dataclass
class Decided:
    """A controller and what came of its effects, in order. `disk`: does it take writes?"""

    rules: DroneRules = field(default_factory=rules)
    facts: Facts = AT_NOON
    disk: bool = True
    effects: list[Effect] = field(default_factory=list)  # in the order in which they were carried out
    stored: dict[str, str] = field(default_factory=dict)  # the state of each request on the disk

    def __post_init__(self) -> None:
        ids = count()
        self.controller = Controller(self.rules, BASE, lambda: f"r-{next(ids)}")
        self.do(self.controller.restore(NOTHING_STORED, self.facts))
        self.effects.clear()

    def do(self, effects: Iterable[Effect]) -> None:
        """Carry out, as the loop does. Raises OutboxError."""
        for effect in effects:
            match effect:
                case Write():
                    self._write(effect)
                case SaveChanges(required=required):
                    self.do(self.controller.registry.changes(self.facts, required=required))
                case Evaluate(request_id=request_id):
                    with contextlib.suppress(OutboxError):
                        self.do(self.controller.evaluate(request_id, self.facts))
                case _:
                    assert isinstance(effect, CancelUnread | Immediate)
                    self.effects.append(effect)

    def _write(self, write: Write) -> None:
        if self.disk:
            self.effects.append(write)
            self.stored |= {r.request_id: r.state for r in write.requests}
            self.do(self.controller.registry.written(write, self.facts))
        elif write.required:
            raise OutboxError("the disk is broken")
        else:
            self.do(self.controller.registry.failed(write, self.facts))

    def hear(self, command: Callable[[], Outcome]) -> dict[str, Any]:
        """Raises CommandRefused and OutboxError."""
        outcome = command()
        self.do(outcome.effects)
        if outcome.refused is not None:
            raise outcome.refused
        return dict(outcome.reply)

    def turn(self, seconds: float = 0.0) -> None:
        """Let time pass, and look at every open request."""
        self.facts = later(self.facts, seconds)
        for request_id in self.controller.open_requests():
            try:
                self.do(self.controller.advance(request_id, self.facts))
                self.do(self.controller.flights.send(request_id, self.facts))
            except OutboxError:
                continue

    def put(self, request: Request) -> None:
        """There is this request, on the disk too."""
        self.controller.state.requests[request.request_id] = request
        self.controller.state.heard_at[request.request_id] = self.facts.now
        self.stored[request.request_id] = request.state

    def of(self, kind: type[E]) -> list[E]:
        """The effects of one kind."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def orders(self) -> list[str]:
        return [order.request_id for order in self.of(Order)]

    def state(self, request_id: str) -> str:
        return self.controller.state.requests[request_id].state
