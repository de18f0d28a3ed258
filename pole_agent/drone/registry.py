"""The registry of this pole's drone requests: what is written before it holds, and what follows once it does.
Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from pole_agent.almanac import rfc3339
from pole_agent.drone.effects import (
    Announce,
    CallBack,
    Effect,
    EndCallBack,
    Forget,
    Immediate,
    Keep,
    KeepChanges,
    KeepResume,
    KeepStanding,
    Log,
    Record,
    WithdrawOrder,
    Write,
)
from pole_agent.drone.facts import Facts
from pole_agent.drone.machine import Transition
from pole_agent.drone.request import Request
from pole_agent.drone.state import DroneState
from pole_agent.drone.stored import LAST_ORDER, STANDING, STOP, LastOrder
from pole_agent.errors import CommandRefused
from pole_agent.languages import phrase
from pole_agent.vocabulary import RecordEvent, Severity

SAVE_S = 10.0  # counts, reasons and steps of flights are written so often
CALL_BACK_S = 4 * 3600.0  # a call-back ends so long after it was told: no drone stays in the air longer
FORGOTTEN_S = 86_400.0  # after a restart, an older call-back is not told again
OCCASION_S = 7 * 3600.0  # longer than any patrol's window
KEEP_CLOSED = 100
# Safe: these happen even when the disk cannot store them
ALWAYS: frozenset[Transition] = frozenset({"cancel", "deny", "expire", "time_out"})


class Registry:
    """Changes `state`. A transition takes effect in `written`, or in `failed` where it is safe."""

    def __init__(self, state: DroneState, base: str) -> None:
        self.state, self._base = state, base

    def known(self, request_id: str) -> Request:
        """Raises CommandRefused."""
        request = self.state.requests.get(request_id)
        if request is None:
            raise CommandRefused(phrase("request-unknown", request=request_id))
        return request

    # --- transitions

    def move(
        self, request: Request, transition: Transition, facts: Facts, *, by: str = "pole", reason: str = ""
    ) -> Keep:
        """Something happened to the request. Raises ValueError for what the table does not allow."""
        moved = request.moved(transition, facts.wall, facts.now, by=by, reason=reason)
        return self.keep(request, moved, transition, facts)

    def keep(
        self,
        before: Request,
        request: Request,
        transition: Transition,
        facts: Facts,
        *,
        dispatcher: bool = False,
    ) -> Keep:
        """The write of `request`, which `transition` has made of `before`.

        A flight that the pole ends is called back; one that the `dispatcher` ended is not.
        """
        ended_by_us = (
            request.ordered
            and not request.is_open
            and transition in ("cancel", "deny", "time_out")
            and not dispatcher
        )
        request = replace(request, call_back=ended_by_us)
        suppressed = request.state == "suppressed"
        order = (
            LastOrder(request.request_id, facts.wall, facts.now, facts.boot_id)
            if transition == "send"
            else None
        )
        return Keep(
            requests=() if suppressed else (request,),
            values={} if order is None else {LAST_ORDER: json.dumps(asdict(order))},
            event=RecordEvent(
                "drone.changed",
                Severity.INFO if suppressed else Severity.WARNING,
                request.message(self._base) | {"was": before.state},
                facts.now,
            ),
            required=transition not in ALWAYS,
            request=request,
            was=before.state,
            at=facts.now,
            order=order,
        )

    def written(self, write: Write, facts: Facts) -> Sequence[Immediate]:
        """It is on the disk: now it takes effect."""
        state = self.state
        match write:
            case Keep():
                state.unsaved.pop(write.request.request_id, None)
                return self._apply(write, facts)
            case KeepStanding(book=book):
                state.standing = book
                state.unsaved_values.pop(STANDING, None)
            case KeepResume():
                state.stop = None
                state.unsaved_values.pop(STOP, None)
            case KeepChanges(requests=requests, at=at):
                state.saved_at = at
                state.unsaved.clear()
                state.unsaved_values.clear()
                return [self._announce(request) for request in requests if request.is_open]
        return []

    def failed(self, write: Write, facts: Facts) -> Sequence[Immediate]:
        """It was not `required`, and may not be on the disk: a safe transition takes effect all the same."""
        match write:
            case Keep(event=RecordEvent() as event):
                self.state.unsaved[write.request.request_id] = None
                return [Record(event=event), *self._apply(write, facts)]
        return []

    def _apply(self, kept: Keep, facts: Facts) -> list[Immediate]:
        request, state = kept.request, self.state
        key = request.request_id
        state.last_order = kept.order or state.last_order
        state.requests[key] = request
        state.heard_at[key] = kept.at
        effects: list[Immediate] = [] if request.is_open else [WithdrawOrder(request_id=key)]
        text = f"drone request {key}: {kept.was} -> {request.state} {request.reason}"
        effects.append(Log(level="info", text=text))
        if request.state != "suppressed":
            effects.append(self._announce(request))
        if request.call_back:
            effects += self.call_back(request, facts)
        return [*effects, *self.prune(facts)]

    # --- changes that are no transitions

    def change(self, request: Request, *, announce: bool = False) -> list[Effect]:
        """Saved soon and told then.

        `announce`: told at once, where it is only what the dispatcher or the weather says.
        """
        self.state.requests[request.request_id] = request
        self.state.unsaved[request.request_id] = None
        return [self._announce(request)] if announce else []

    def changes(self, facts: Facts, *, required: bool) -> list[Effect]:
        """The write of everything that changed. Values are written at once, requests every SAVE_S."""
        state = self.state
        if not state.unsaved_values and (not state.unsaved or facts.now - state.saved_at < SAVE_S):
            return []
        changed = tuple(state.requests[key] for key in state.unsaved if key in state.requests)
        values = dict(state.unsaved_values)
        return [KeepChanges(requests=changed, values=values, required=required, at=facts.now)]

    def remaining(self, request: Request, facts: Facts) -> float | None:
        """Seconds to live; None when it cannot be known (another boot, and no trusted clock).

        It never rises, whatever the clocks do.
        """
        if request.boot_id == facts.boot_id:
            return request.expires_at - facts.now
        if not request.timed:
            return 0.0  # made before a restart, by a clock that was not trusted: it may be of any age
        if not facts.trusted:
            return None
        if max(request.created, request.changed) > facts.latest_wall:
            # Made, or moved, by a clock that was ahead of one that was accepted since: it may be of any age
            return 0.0
        left = min(request.expires - facts.wall, request.expires_at - request.created_at)
        known = self.state.deadlines.get(request.request_id, float("inf"))
        deadline = self.state.deadlines[request.request_id] = min(known, facts.now + left)
        return deadline - facts.now

    # --- what is told

    def announce_all(self, facts: Facts) -> list[Immediate]:
        """What is open, and which flights are called back: for a board that does not know."""
        effects: list[Immediate] = []
        for request in list(self.state.requests.values()):
            if request.is_open:
                effects.append(self._announce(request))
            elif request.call_back and not (facts.trusted and facts.wall - request.changed > FORGOTTEN_S):
                effects += self.call_back(request, facts)
        return effects

    def _announce(self, request: Request) -> Announce:
        return Announce(
            request_id=request.request_id, data=request.message(self._base), at_birth=request.is_open
        )

    def call_back(self, request: Request, facts: Facts, by: str = "") -> list[Immediate]:
        """End the flight: told again at each connect, until the dispatcher says that it is over."""
        self.state.called_back_at.setdefault(request.request_id, None)
        self.change(replace(request, call_back=True))
        data = self.cancel(request.request_id, by or request.by, request.reason, facts)
        return [CallBack(request_id=request.request_id, data=data)]

    def cancel(self, request_id: str, by: str, reason: str, facts: Facts) -> dict[str, Any]:
        """The payload of ``drone/cancel``."""
        return {
            "request_id": request_id,
            "pole": self._base,
            "by": by,
            "reason": reason,
            "at": rfc3339(facts.wall),
        }

    def end_call_backs(self, facts: Facts) -> list[Effect]:
        """A call-back ends when no drone can be in the air any more: hours of a link after it was told,
        whatever the clocks say.
        """
        effects: list[Effect] = []
        called_back_at = self.state.called_back_at
        for request_id, since in list(called_back_at.items()):
            if since is None and facts.connected:
                called_back_at[request_id] = facts.now
            elif since is not None and facts.now - since > CALL_BACK_S:
                effects += self.called_back(self.state.requests[request_id])
        return effects

    def called_back(self, request: Request) -> list[Effect]:
        """The flight is over: the dispatcher says so, or it must be."""
        self.state.called_back_at.pop(request.request_id, None)
        request = replace(request, call_back=False)
        self.change(request)
        return [EndCallBack(request_id=request.request_id), Write(requests=(request,), required=False)]

    # --- what is forgotten

    def prune(self, facts: Facts) -> list[Forget]:
        """All but the newest closed requests are forgotten, and all but the newest suppressed ones."""
        state = self.state
        gone: list[str] = []
        for suppressed in (True, False):
            closed = [
                r.request_id for r in self._forgettable(facts) if (r.state == "suppressed") is suppressed
            ]
            gone += closed[:-KEEP_CLOSED]
        for key in gone:
            for table in (state.requests, state.deadlines, state.heard_at, state.unsaved):
                table.pop(key, None)
        return [Forget(request_id=key) for key in gone]

    def _forgettable(self, facts: Facts) -> Iterable[Request]:
        """Closed, not called back, and no patrol whose window may still be open: that one must not be made
        twice.
        """
        for r in self.state.requests.values():
            recent = abs(facts.since(r.boot_id, r.created, r.created_at)) < OCCASION_S
            if not r.is_open and not r.call_back and not (r.origin == "patrol" and recent):
                yield r
