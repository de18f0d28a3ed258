"""What the controller wants done. The dispatch loop carries effects out in their order.

A `Write` that fails ends the list when it is `required`; what follows it then does not happen. The controller
hears how each write went, and answers with what follows from it: nothing is told before it is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pole_agent.drone.approval import StandingBook
from pole_agent.drone.machine import State
from pole_agent.drone.request import Request
from pole_agent.drone.stored import LastOrder
from pole_agent.errors import CommandRefused
from pole_agent.vocabulary import RecordEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One transaction: rows of requests, values by key, an event.

    Not `required`: a safe transition, or a copy of what holds in memory. It is saved later when this fails.
    """

    requests: tuple[Request, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    event: RecordEvent | None = None
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep(Write):
    """A transition of a request, with its event."""

    request: Request
    was: State
    at: float  # monotonic seconds
    order: LastOrder | None = None  # where the transition is "send"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepStanding(Write):
    """The standing approvals, with one more."""

    book: StandingBook


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepResume(Write):
    """A person lets flights go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepChanges(Write):
    """Everything that has changed since it was saved last."""

    at: float  # monotonic seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveChanges:
    """Ask the controller what has changed by now, and write that."""

    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate:
    """Ask the controller for the gates of a request that is now kept. When a write fails, the next turn asks
    again.
    """

    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Record an event in memory: the disk could not take it with its state."""

    event: RecordEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Publish the state of a request. `at_birth`: again at each connect."""

    request_id: str
    data: Mapping[str, Any]
    at_birth: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """A closed request is forgotten: do not announce it any more."""

    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBack:
    """Tell the dispatcher to end this flight, and again at each connect."""

    request_id: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelUnread:
    """Tell the dispatcher, now or not at all, to end a flight that the pole does not know of."""

    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCallBack:
    """The flight is over: do not call it back any more."""

    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Send the order to fly, without the lock. What is sent is asked for at the moment at which it leaves."""

    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawOrder:
    """Take back an order that may still wait for its turn at the broker."""

    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Degrade:
    part: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recover:
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    level: Literal["info", "warning", "error"]
    text: str


# Carried out at once, without waiting for anything
Immediate = (
    Record | Announce | Forget | CallBack | EndCallBack | Order | WithdrawOrder | Degrade | Recover | Log
)
Effect = Write | SaveChanges | Evaluate | CancelUnread | Immediate
Effects = Sequence[Effect]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What follows from a command: effects, then the reply, or the refusal."""

    effects: Effects = ()
    reply: Mapping[str, Any] = field(default_factory=dict)
    refused: CommandRefused | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOrder:
    """The order to fly as it leaves now, and the whole seconds after which the broker drops it."""

    data: Mapping[str, Any]
    expiry_s: int
