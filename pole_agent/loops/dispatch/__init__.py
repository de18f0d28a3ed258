"""Drone requests from trigger to landing. Kept before they are told; approved by a person; ordered live,
once, or not at all.

One lock guards every change. It is not held while an order is under way to the broker, so that a cancel never
waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pole_agent.almanac import is_dark, rfc3339
from pole_agent.clock import wait
from pole_agent.context import Context
from pole_agent.drone.approval import (
    LONGEST_STANDING_S,
    ApprovalRefused,
    Signature,
    Standing,
    facts_of,
    plan_facts,
)
from pole_agent.drone.commands import Decision, decision_whatever, read_progress, stop_whatever
from pole_agent.drone.conditions import AHEAD_S, Conditions, read_conditions
from pole_agent.drone.gates import Known, ask, in_words
from pole_agent.drone.patrol import Patrol
from pole_agent.drone.request import Request, first_and_newest
from pole_agent.drone.rules import DroneRules
from pole_agent.drone.target import View, around, seen_from
from pole_agent.drone.triage import DAY_S, by_priority, comes_before, superseded, told_before
from pole_agent.errors import CommandRefused, OutboxError, UplinkError, Withdrawn
from pole_agent.loops.dispatch.registry import DOCK_STOP, STANDING, STOP, Registry
from pole_agent.loops.dispatch.rows import recounted
from pole_agent.race import race
from pole_agent.uplink.events import Message, encode
from pole_agent.vocabulary import RequestDrone, Severity

log = logging.getLogger(__name__)

TICK_S = 1.0
PUBACK_S = 10.0  # an order that the broker has not acknowledged by then is called back
ADRIFT_S = 5.0  # when wall and monotonic time differ by more, the clock was wrong
FLAPPING_S, MAX_FLAPS, CALM_S = 600.0, 10, 60.0
APART_S = 1.0
MAX_EARLY = 100
SIMULATED = "nobody: automatic approval, simulation only"
EMERGENCY = "emergency_stop"
FINAL_WORDS = frozenset({"rejected", "ok", "partially_done", "failed", "canceled", "timeout"})


@dataclass(slots=True)
class Triggers:
    """Triggers about one transition that wait to be taken."""

    first: RequestDrone
    ids: list[str]
    count: int


class Dispatch:
    """Owns the requests of this pole. `rates`: what people said of rules, None when that is unknown."""

    def __init__(
        self,
        context: Context,
        rules: DroneRules,
        new_id: Callable[[], str],
        rates: Callable[[], Awaitable[Mapping[str, Mapping[str, float]] | None]],
        *,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._beat = beat
        self._rules, self._new_id, self._rates = rules, new_id, rates
        self._board, self._keeper, self._parts = context.board, context.keeper, context.parts
        self._clock, self._base = context.clock, context.base
        self._triggers: dict[tuple[str, str, str], Triggers] = {}
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()
        self._registry = Registry(context)
        self._conditions = Conditions()
        # What was denied or cancelled before the requests could be read
        self._early: dict[str, Decision] = {}
        self._deliveries: set[asyncio.Task[None]] = set()
        self._waiting = False
        self.refused: Counter[str] = Counter()  # approvals that did not count, by cause

    def take_over(self, before: Dispatch) -> None:
        """After a reload, before the first turn: what is known only in memory goes on. `before` has ended."""
        self._triggers, self._early, self._conditions, self.refused = (
            before._triggers,
            before._early,
            before._conditions,
            before.refused,
        )
        self._registry.take_over(before._registry)

    # --- from other loops

    def trigger(self, trigger: RequestDrone) -> None:
        """An incident asks for a look from above. Never blocks; repeats that wait take no room."""
        if not self._rules.enabled:
            return
        waiting = self._triggers.setdefault(trigger.incident_key, Triggers(trigger, [], 0))
        waiting.count += 1
        waiting.ids = list(first_and_newest((*waiting.ids, trigger.incident_id)))
        self._wake.set()

    @property
    def trouble(self) -> str:
        """Why nothing flies though drones are enabled: an area cannot be read. Empty: none."""
        return f"nothing flies: {self._rules.trouble}" if self._rules.trouble and self._rules.enabled else ""

    @property
    def delivering(self) -> int:
        """So many orders are on their way to the broker."""
        return len(self._deliveries)

    def pending(self) -> list[dict[str, Any]]:
        """The open requests, for ``active`` and for people."""
        return [r.message(self._base) for r in by_priority(self._registry.requests.values()) if r.is_open]

    def everything(self) -> list[dict[str, Any]]:
        """All requests that are remembered, with their history, the oldest first."""
        return [recounted(r, self._base) for r in self._registry.requests.values()]

    def state(self) -> dict[str, Any]:
        """For ``health``: who stopped flights, which plans may fly, and the approvals that did not count."""
        wall = self._clock.wall()
        plans = {p.name: self._registry.standing.of(p.name, p.written, wall) for p in self._rules.patrols}
        return {
            "stopped": self._registry.stop,
            "standing_approvals": {
                name: {"by": s.by, "until": rfc3339(s.until)} for name, s in plans.items() if s
            },
            "approvals_refused": dict(self.refused),
        }

    async def decide(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Carry out ``drone/approval``. Raises CommandRefused."""
        decision, malformed = decision_whatever(payload)
        note = {"malformed": malformed} if malformed else {}
        async with self._lock:
            await self._ready(decision)
            try:
                if decision.patrol:
                    return await self._decide_plan(decision) | note
                return {"state": (await self._decide(decision)).state} | note
            except ApprovalRefused as error:
                self.refused[error.cause] += 1
                raise
            except OutboxError as error:
                raise CommandRefused(f"the decision cannot be kept: {error}") from error
            finally:
                self._wake.set()

    async def progress(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Mirror ``drone/progress`` of the dispatcher. Raises CommandRefused."""
        told = read_progress(payload)
        async with self._lock:
            request = self._registry.known(told.request_id)
            now = self._clock.monotonic()
            if not request.is_open and request.may_fly:
                return await self._told_after_the_end(request, told.status)
            try:
                moved = request.moved(
                    told.transition, self._clock.wall(), now, by=by or "dispatcher", reason=told.reason
                )
                if {moved.state, request.state} == {
                    "in_progress",
                    "paused",
                } and now - request.changed_at < APART_S:
                    raise ValueError(
                        "a flight changes between in_progress and paused at most once a second; say it again"
                    )
                if moved.state != request.state:
                    moved = await self._registry.keep(
                        request,
                        replace(moved, step=told.step or request.step),
                        told.transition,
                        dispatcher=True,
                    )
                elif told.step and told.step != request.step:
                    moved = replace(request, step=told.step)
                    self._registry.change(moved, announce=True)
            except (ValueError, OutboxError) as error:
                raise CommandRefused(str(error)) from None
            self._registry.heard_at[request.request_id] = now
        return {"state": moved.state}

    async def conditions(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Take ``drone/conditions``. Raises CommandRefused."""
        values, measured = read_conditions(payload)
        wall = self._clock.wall()
        if self._keeper.trusted:
            if measured > wall + AHEAD_S:
                raise CommandRefused('"at" lies in the future; check the clocks')
            measured = min(measured, wall)
        self._conditions.take(values, measured, wall, self._clock.monotonic())
        self._wake.set()
        if EMERGENCY in values:
            async with self._lock:
                await self._keep_dock_stop()
        return {}

    async def _keep_dock_stop(self) -> None:
        """A stop of the dock ends by a newer word only, not by a restart.

        What the disk cannot keep now it keeps later.
        """
        said = self._conditions.get(EMERGENCY)
        stopped = said.measured if said is not None and said.value else None
        if not self._registry.restored or (stopped is None) is (self._registry.dock_stop is None):
            return
        self._registry.dock_stop = stopped
        with contextlib.suppress(OutboxError):
            await self._registry.keep_word(DOCK_STOP, json.dumps(stopped), insist=True)

    async def stop_flights(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Carry out ``drone/stop``: nothing flies any more, and what flies is called back.

        Raises CommandRefused for a bad resume.
        """
        stop, person, reason, malformed = stop_whatever(payload)
        async with self._lock:
            state = {"by": person, "reason": reason, "since": rfc3339(self._clock.wall())} if stop else None
            again = bool(malformed and self._registry.stop)
            if again:
                # Whoever stopped it by name stays named, and a flood of nonsense writes nothing
                state = self._registry.stop
            if stop:
                self._registry.stop = state  # at once, whatever the disk does
            try:
                if not again:
                    await self._registry.keep_word(STOP, json.dumps(state), insist=stop)
            except OutboxError as error:
                if not stop:
                    raise CommandRefused(
                        f"it stays stopped for now: the disk does not work: {error}"
                    ) from error
            self._registry.stop = state
            await self._ground()
        self._wake.set()
        return {"stopped": stop} | ({"malformed": malformed} if malformed else {})

    async def _ground(self) -> None:
        """While all flights are stopped, what flies is called back: also what was in the air when the power
        failed.
        """
        if (stop := self._registry.stop) is None:
            return
        for request in list(self._registry.requests.values()):
            if request.is_ordered:
                await self._registry.move(
                    request, "cancel", str(stop["by"]), f"all flights are stopped. {stop['reason']}".strip()
                )

    # --- the loop

    async def run(self) -> None:
        try:
            while True:
                await self.turn()
                self._beat()
                await wait(self._clock, self._wake, TICK_S)
        finally:
            await self.close()

    async def close(self) -> None:
        """Let go of orders that are under way.

        What became of them is unknown: after a restart the dispatcher's silence decides.
        """
        for task in self._deliveries:
            task.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)

    async def turn(self) -> None:
        """One turn: what an earlier run left, new triggers, patrols that are due, and every open request."""
        async with self._lock:
            await self._turn()

    async def _turn(self) -> None:
        try:
            await self._restore()
            await self._take_wishes()
            await self._take_patrols()
            await self._registry.save_changes()
            self._waiting = False
        except OutboxError:
            if not self._waiting:
                log.warning("drone requests wait: the store does not work")
            self._waiting = True
        if self._registry.restored:
            await self._ground()
            await self._registry.call_backs()
        for request in by_priority(r for r in self._registry.requests.values() if r.is_open):
            try:
                await self._process(self._registry.requests[request.request_id])
            except OutboxError:
                continue  # blocked by the disk: tried again at the next turn
            except Exception:  # a mistake of our own in one request keeps no other from being called back
                log.exception("the drone request %s cannot be tended", request.request_id)

    async def _restore(self) -> None:
        await self._registry.follow_loss()
        if await self._registry.restore():
            await self._catch_up()
        for request in list(self._registry.requests.values()):
            if request.is_open and not self._rules.enabled:
                await self._registry.move(request, "cancel", "pole", "drones are switched off")

    async def _catch_up(self) -> None:
        """What was stopped before it could be read, and whether the dock was."""
        kept, said = self._registry.dock_stop, self._conditions.get(EMERGENCY)
        if kept is not None and (said is None or said.measured < kept):
            self._conditions.take({EMERGENCY: True}, kept, self._clock.wall(), self._clock.monotonic())
        await self._keep_dock_stop()
        early, self._early = self._early, {}
        for decision in early.values():
            with contextlib.suppress(CommandRefused, OutboxError):
                await (self._decide_plan(decision) if decision.patrol else self._decide(decision))

    # --- triggers

    async def _take_wishes(self) -> None:
        # The gravest first: what comes at the same moment does not supersede each other.
        for key in sorted(self._triggers, key=lambda k: -self._triggers[k].first.severity):
            triggers = self._triggers.pop(key)
            try:
                await self._take(triggers)
            except OutboxError:
                late = self._triggers.get(key, Triggers(triggers.first, [], 0))
                self._triggers[key] = Triggers(
                    triggers.first,
                    list(first_and_newest((*triggers.ids, *late.ids))),
                    triggers.count + late.count,
                )
                raise

    async def _take(self, triggers: Triggers) -> None:
        trigger, ids, count = triggers.first, tuple(triggers.ids), triggers.count
        now, triage = self._clock.monotonic(), self._rules.triage
        everything = list(self._registry.requests.values())
        since = {
            r.request_id: self._registry.since(r.boot_id, r.changed, r.changed_at)
            for r in everything
            if not r.is_open
        }
        if (joined := triage.joins(trigger, everything, since)) is not None:
            self._registry.change(joined.joined(ids, count))
            return
        made = sum(
            r.origin == "incident"
            and r.state != "suppressed"
            and 0 <= self._registry.since(r.boot_id, r.created, r.created_at) < DAY_S
            for r in everything
        )
        rates = await self._rates() if triage.max_false_alarm_rate is not None else None
        if cause := triage.suppresses(trigger, made, rates or {}):
            if (before := told_before(trigger, everything, now)) is not None:
                self._registry.requests[before.request_id] = before.joined(ids, count)
                return
            request = replace(self._request_of(trigger), count=count, incident_ids=ids)
            await self._registry.move(request, "suppress", "pole", cause)
            return
        request = self._request_of(trigger)
        replaced = superseded(trigger, everything)
        ids = first_and_newest((*ids, *(i for r in replaced for i in r.incident_ids)))
        request = replace(request, incident_ids=ids, count=count + sum(r.count for r in replaced))
        request = await self._registry.move(request, "request", "pole")
        for old in replaced:
            old = self._registry.requests[old.request_id]
            await self._registry.move(
                old, "cancel", "pole", f"superseded by {request.request_id}, which is graver"
            )
        with contextlib.suppress(OutboxError):  # it is kept; the next turn looks again
            await self._evaluate_gates(request)

    def _request_of(self, trigger: RequestDrone) -> Request:
        now = self._clock.monotonic()
        rules, stamp = self._rules, self._keeper.stamp(now)
        view = (rules.views or {}).get(trigger.camera, View())
        target = seen_from(
            (rules.place.latitude, rules.place.longitude),
            view,
            trigger.path[-1] if trigger.path else None,
            rules.altitude_m,
        )
        ttl = rules.limits.ttl_s
        return Request(
            self._new_id(),
            "detected",
            "incident",
            trigger.rule,
            trigger.place,
            trigger.camera,
            trigger.severity.word,
            trigger.score,
            target,
            stamp.wall,
            stamp.wall + ttl,
            now,
            now + ttl,
            stamp.boot_id,
            simulation=rules.simulation,
            path=tuple(trigger.path),
            timed=self._keeper.trusted,
        )

    # --- patrols

    async def _take_patrols(self) -> None:
        if not (self._rules.enabled and self._rules.patrols):
            return
        if not self._keeper.trusted:
            self._parts.degrade("patrols", "the clock is not trusted: no patrol is asked for")
            return
        self._parts.recover("patrols")
        wall = self._clock.wall()
        made = {(r.rule, r.place) for r in self._registry.requests.values() if r.origin == "patrol"}
        for plan in self._rules.patrols:
            for at in plan.due(wall, self._rules.place):
                if (plan.name, rfc3339(at)) not in made:
                    await self._make_patrol(plan, at)

    async def _make_patrol(self, plan: Patrol, at: float) -> None:
        now, wall = self._clock.monotonic(), self._clock.wall()
        place = self._rules.place
        target = around((place.latitude, place.longitude), plan.radius_m, self._rules.altitude_m)
        expires = at + plan.window_s
        request = Request(
            self._new_id(),
            "detected",
            "patrol",
            plan.name,
            rfc3339(at),
            "",
            Severity.INFO.word,
            1.0,
            target,
            wall,
            expires,
            now,
            now + expires - wall,
            self._keeper.boot_id,
            simulation=self._rules.simulation,
        )
        request = await self._registry.move(request, "request", "pole", plan.written)
        with contextlib.suppress(OutboxError):
            await self._evaluate_gates(request)

    # --- gates, approval, order

    async def _process(self, request: Request) -> None:
        if request.is_waiting:
            request = await self._evaluate_gates(request)
            if request.state == "pending_approval" and (approved := self._approves_itself(request)):
                request = await self._registry.keep(request, approved, "approve")
            if request.state == "approved" and (why := self._does_not_count(request)):
                request = await self._registry.move(request, "block", "pole", why)
            if request.state == "approved" and self._board.connected:
                await self._order(request)
            return
        idle = self._clock.monotonic() - self._registry.heard_at.get(request.request_id, request.changed_at)
        if idle > (self._rules.answer_s if request.state == "sent" else self._rules.silence_s):
            await self._registry.move(
                request, "time_out", "pole", f"the dispatcher has said nothing for {idle:.0f} s"
            )

    def _approves_itself(self, request: Request) -> Request | None:
        """The request approved, where nobody needs to be asked: a simulation, or a patrol with a standing
        approval.
        """
        if self._rules.automatic and request.simulation:
            return self._registry.moved(request, "approve", SIMULATED)
        if (standing := self._standing_of(request)) is None:
            return None
        moved = self._registry.moved(
            request, "approve", standing.by, f"standing approval until {rfc3339(standing.until)}"
        )
        return replace(moved, approval_key=standing.key, standing=True)

    def _standing_of(self, request: Request) -> Standing | None:
        plan = next(
            (p for p in self._rules.patrols if request.origin == "patrol" and p.name == request.rule), None
        )
        standing = self._registry.standing.of(plan.name, plan.written, self._clock.wall()) if plan else None
        return standing if standing is not None and self._rules.office.accepts(standing.key) else None

    def _does_not_count(self, request: Request) -> str:
        """Why an approval that was given does not count any more, empty when it does."""
        if not self._rules.office.accepts(request.approval_key):
            return "it was approved by nobody who is an officer of this pole now"
        if request.standing and self._standing_of(request) is None:
            return "the standing approval has ended"
        return ""

    async def _evaluate_gates(self, request: Request) -> Request:
        """Ask the gates; expire, block or unblock."""
        request = self._retimed(request)
        remaining = self._registry.remaining(request)
        if remaining is not None and remaining <= 0:
            why = (
                f"its time is over; {request.reason}"
                if request.state == "blocked"
                else "its time is over: nobody decided"
            )
            return await self._registry.move(request, "expire", "pole", why)
        gates = tuple(ask(request.target, remaining, self._rules.limits, self._knowledge(request)))
        shut, was_shut = ({g.name for g in some if not g.ok} for some in (gates, request.gates))
        request = self._registry.requests[request.request_id] = replace(request, gates=gates)
        why = self._rules.trouble or in_words(gates)
        if not shut:
            if request.state in ("requested", "blocked") and not self._flaps(request):
                return await self._registry.move(request, "unblock", "pole")
        elif request.state != "blocked":
            return await self._registry.move(request, "block", "pole", why)
        elif shut != was_shut:
            request = replace(request, reason=why)
            self._registry.change(request, announce=True)
        return request

    def _retimed(self, request: Request) -> Request:
        """Once the clock is trusted, and again when it was wrong after all, the times on the wall follow the
        monotonic ones.
        """
        if request.boot_id != self._keeper.boot_id or not self._keeper.trusted:
            return request
        wall, now = self._clock.wall(), self._clock.monotonic()
        if request.timed and abs(request.expires - (wall + request.expires_at - now)) < ADRIFT_S:
            return request
        request = request.retimed(wall, now)
        self._registry.change(request, announce=True)
        return request

    def _flaps(self, request: Request) -> bool:
        """Weather that comes and goes: after many turns it stays blocked for a while, or each would be told
        and written.
        """
        wall = self._clock.wall()
        blocks = [
            step.at
            for step in request.history
            if step.state == "blocked" and 0 <= wall - step.at < FLAPPING_S
        ]
        return len(blocks) >= MAX_FLAPS and wall - blocks[-1] < CALM_S

    async def _decide(self, decision: Decision) -> Request:
        request = self._registry.known(decision.request_id)
        key = ""
        if decision.transition == "approve":
            request, key = await self._may_approve(request, decision)
        elif not request.is_open and request.may_fly:
            self._registry.tell_call_back(request, by=decision.by)  # once more: it is never wrong
            return request
        try:
            moved = self._registry.moved(request, decision.transition, decision.by, decision.reason)
        except ValueError as error:
            raise CommandRefused(str(error)) from None
        moved = replace(moved, approval_key=key) if decision.transition == "approve" else moved
        return await self._registry.keep(request, moved, decision.transition)

    async def _may_approve(self, request: Request, decision: Decision) -> tuple[Request, str]:
        """(request, key of the signature). Raises CommandRefused unless the approval counts and all gates are
        open now.

        An approval is used up either way: who was told no must not find it a yes later.
        """
        signature = self._check(decision, facts_of(request.message(self._base)), frozenset(request.nonces))
        if signature is not None:
            request = replace(request, nonces=(*request.nonces, signature.nonce))
            self._registry.change(request)
            await self._registry.save(request)
        if request.is_waiting:
            request = await self._evaluate_gates(request)
            if request.state == "blocked":
                raise CommandRefused(f"the request is blocked: {request.reason}")
        return request, self._rules.office.keys[decision.by] if signature is not None else ""

    def _check(self, decision: Decision, facts: Mapping[str, str], used: frozenset[str]) -> Signature | None:
        wall = self._clock.wall() if self._keeper.trusted else None
        return self._rules.office.check(decision.signature, decision.by, facts, used, wall)

    async def _decide_plan(self, decision: Decision) -> dict[str, Any]:
        """A standing approval of a patrol, or its end."""
        name = decision.patrol
        if decision.transition != "approve":
            self._registry.standing = self._registry.standing.revoked(name)  # at once, whatever the disk does
            pulled = [
                r
                for r in self._registry.requests.values()
                if r.origin == "patrol" and r.rule == name and r.is_open and r.approved_by
            ]
            for request in pulled:
                await self._registry.move(request, "cancel", decision.by, "the standing approval was revoked")
            await self._registry.keep_word(STANDING, self._registry.standing.dump(), insist=True)
            return {"patrol": name, "standing": False}
        plan = next((p for p in self._rules.patrols if p.name == name), None)
        if plan is None or decision.until is None:
            raise CommandRefused(
                f"this pole has no patrol {name!r}; it has"
                f" {', '.join(p.name for p in self._rules.patrols) or 'none'}"
            )
        if not self._keeper.trusted:
            raise CommandRefused("the pole's clock is not trusted; until when the approval holds is unknown")
        wall = self._clock.wall()
        if not wall < decision.until <= wall + LONGEST_STANDING_S:
            raise CommandRefused('"until" lies in the future, at most a year from now')
        if self._rules.office.keys and wall < self._registry.standing.closed_until:
            until = rfc3339(self._registry.standing.closed_until)
            raise CommandRefused(
                "the approvals that were used before could not be read: no signed standing approval until"
                f" {until}"
            )
        signature = self._check(
            decision,
            plan_facts(name, plan.written, decision.until),
            frozenset(self._registry.standing.nonces),
        )
        key = self._rules.office.keys[decision.by] if signature is not None else ""
        book = self._registry.standing.approved(
            name, Standing(plan.written, decision.by, decision.until, key), signature, wall
        )
        await self._registry.keep_word(STANDING, book.dump())
        self._registry.standing = book
        return {"patrol": name, "standing": True, "until": rfc3339(decision.until)}

    async def _order(self, request: Request) -> None:
        """Keep that it is sent, then send it beside the lock."""
        remaining = self._registry.remaining(request)
        if remaining is None or remaining < 1:
            return
        sent = await self._registry.move(request, "send", "pole")
        task = asyncio.create_task(self._deliver(sent), name=f"order {sent.request_id}")
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _deliver(self, sent: Request) -> None:
        """Send the order. It is never sent twice, and not later than its time, whoever it has to wait for."""
        remaining = self._registry.remaining(sent) or 0.0
        patience = min(PUBACK_S, max(0.0, remaining))
        sending = self._registry.sending[sent.request_id] = asyncio.ensure_future(
            self._board.send_live(lambda: self._order_of(sent.request_id))
        )
        try:
            async with race(sending, self._clock.sleep(patience)):
                pass
            if sending.done():
                if not sending.cancelled():
                    sending.result()
                return
            why = f"the broker has not acknowledged it within {patience:.0f} s"
        except UplinkError as error:
            why = str(error)
        finally:
            del self._registry.sending[sent.request_id]
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        async with self._lock:
            current = self._registry.requests[sent.request_id]
            if current.state == "sent":
                log.warning("drone request %s: the order may not have arrived: %s", sent.request_id, why)
                await self._registry.move(
                    current, "time_out", "pole", f"the order may not have arrived: {why}"
                )

    def _order_of(self, request_id: str) -> Message:
        """The order as it leaves now.

        Raises Withdrawn when it must not: the disk or the broker may have taken their time.
        """
        request = self._registry.requests[request_id]
        remaining = self._registry.remaining(request)
        why = self._rules.trouble or in_words(
            ask(request.target, remaining, self._rules.limits, self._knowledge(request))
        )
        if request.state != "sent" or why or remaining is None or remaining < 1:
            raise Withdrawn(why or "its time is over")
        return Message(
            f"{self._base}/drone/order", encode(request.order(self._base)), expiry_s=int(remaining)
        )

    # --- after the end

    async def _told_after_the_end(self, request: Request, status: str) -> dict[str, Any]:
        """The dispatcher speaks of a flight that was cancelled or given up."""
        if status in FINAL_WORDS:
            await self._registry.called_back(request)
            return {"state": request.state}
        self._registry.tell_call_back(request)
        raise CommandRefused(f"the request is {request.state}; call the drone back")

    # --- what is known

    def _knowledge(self, request: Request) -> Known:
        wall, last = self._clock.wall(), self._registry.last_order
        trusted = self._keeper.trusted
        since = (
            None
            if last is None or last.request_id == request.request_id
            else self._registry.since(last.boot_id, last.wall, last.at)
        )
        stopped = (
            None
            if not self._registry.restored
            else str(self._registry.stop["by"])
            if self._registry.stop
            else ""
        )
        dark = is_dark(wall, self._rules.place) if trusted else None
        before = comes_before(request, self._registry.requests.values())
        return Known(trusted, wall, self._clock.monotonic(), dark, since, stopped, before, self._conditions)

    async def _ready(self, decision: Decision) -> None:
        """Requests of the run before are known.

        Without them an approval is refused; a cancel goes out all the same.
        """
        try:
            await self._restore()
        except OutboxError as error:
            if decision.transition == "approve":
                raise CommandRefused(f"the requests cannot be read: {error}") from error
            if len(self._early) < MAX_EARLY:
                self._early[decision.request_id or decision.patrol] = decision
            if decision.request_id:
                with contextlib.suppress(UplinkError):
                    await self._board.send_live(
                        self._registry.cancel(decision.request_id, decision.by, decision.reason)
                    )
            raise CommandRefused(
                f"the requests cannot be read yet: {error}; this is remembered, and the dispatcher is told"
            ) from error
