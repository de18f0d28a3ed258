"""Drone requests from wish to order. Kept before they are told; approved by a person; ordered live or not at all."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pole_agent.clock import Clock, wait
from pole_agent.drone.commands import read_conditions, read_decision, read_progress
from pole_agent.drone.gates import DroneLimits, Gate, Known, ask
from pole_agent.drone.machine import Happening
from pole_agent.drone.request import Request
from pole_agent.errors import CommandRefused, OutboxError, UplinkError
from pole_agent.health.trust import TimeKeeper
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board
from pole_agent.uplink.events import Message, encode
from pole_agent.vocabulary import RecordEvent, RequestDrone, Severity

log = logging.getLogger(__name__)

TICK_S = 1.0
ANSWER_S = 120.0  # a dispatcher that has not accepted an order by then did not get it
FLIGHT_S = 4 * 3600.0  # and one that has not told the end of a flight by then never will
LAST_ORDER = "last_order"  # the key in the store
# The safe ways out happen even when the disk cannot keep them.
ALWAYS: frozenset[Happening] = frozenset({"cancel", "deny", "expire"})


class Dispatch:
    """Owns the requests of this pole. The target of each is the pole itself."""

    def __init__(
        self,
        enabled: bool,
        target: tuple[float, float],
        limits: DroneLimits,
        new_id: Callable[[], str],
        store: Store,
        board: Board,
        keeper: TimeKeeper,
        clock: Clock,
        base: str,
    ) -> None:
        self._enabled, self._target, self._limits, self._new_id = enabled, target, limits, new_id
        self._store, self._board, self._keeper, self._clock, self._base = store, board, keeper, clock, base
        self._wishes: asyncio.Queue[RequestDrone] = asyncio.Queue()
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()
        self._requests: dict[str, Request] = {}
        self._gates: dict[str, list[Gate]] = {}
        self._moved_at: dict[str, float] = {}
        self._quiet_until = float("-inf")  # monotonic
        self._last_order_wall: float | None = None
        self._conditions: dict[str, float] = {}
        self._conditions_at: float | None = None
        self._waiting = False
        self._restored = False

    # --- from other loops

    def wish(self, wish: RequestDrone) -> None:
        """An incident asks for a look from above. Never blocks."""
        if self._enabled:
            self._wishes.put_nowait(wish)
            self._wake.set()

    def pending(self) -> list[dict[str, Any]]:
        """The open requests, for ``active`` and for people."""
        return [self._message(r) for r in self._requests.values() if r.is_open]

    def everything(self) -> list[dict[str, Any]]:
        return [self._message(r) for r in self._requests.values()]

    async def decide(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Carry out ``drone/approval``. Raises CommandRefused."""
        request_id, happening, person = read_decision(payload)
        async with self._lock:
            request = self._known(request_id)
            if happening == "approve" and request.is_waiting:
                request = await self._look_again(request)
                if request.state == "blocked":
                    shut = ", ".join(g.name for g in self._gates.get(request_id, []) if not g.ok)
                    raise CommandRefused(f"the request is blocked by: {shut}")
            try:
                moved = request.moved(happening, by=person, reason=str(payload.get("reason", ""))[:200])
            except ValueError as error:
                raise CommandRefused(str(error)) from None
            try:
                moved = await self._keep(request, moved, happening)
            except OutboxError as error:
                raise CommandRefused(f"the decision cannot be kept: {error}") from error
        self._wake.set()
        return {"state": moved.state}

    async def progress(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Mirror ``drone/progress`` of the dispatcher. Raises CommandRefused."""
        request_id, happening = read_progress(payload)
        async with self._lock:
            request = self._known(request_id)
            try:
                moved = request.moved(happening, by=by or "dispatcher")
                if moved.state != request.state:
                    moved = await self._keep(request, moved, happening)
            except (ValueError, OutboxError) as error:
                raise CommandRefused(str(error)) from None
        return {"state": moved.state}

    async def conditions(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Take ``drone/conditions``. Raises CommandRefused."""
        self._conditions = read_conditions(payload)
        self._conditions_at = self._clock.monotonic()
        self._wake.set()
        return {}

    # --- the loop

    async def run(self) -> None:
        while True:
            try:
                if not self._restored:
                    await self._restore()
                await self._take_wishes()
                self._waiting = False
            except OutboxError:
                if not self._waiting:
                    log.warning("drone requests wait: the store does not work")
                self._waiting = True
            async with self._lock:
                for request in list(self._requests.values()):
                    await self._tend(request)
            await wait(self._clock, self._wake, TICK_S)

    async def _restore(self) -> None:
        def read(db: Any) -> tuple[list[str], str | None]:
            return db.load_requests(), db.get(LAST_ORDER)

        texts, last = await self._store.read(read)
        now = self._clock.monotonic()
        for text in texts:
            try:
                request = Request.load(text)
            except (ValueError, TypeError, KeyError) as error:
                log.warning("a stored drone request cannot be read and is ignored: %s", error)
                continue
            self._requests.setdefault(request.request_id, request)
            self._moved_at[request.request_id] = now
            if request.is_open:
                self._announce(request)
        self._last_order_wall = None if last is None else float(last)
        self._restored = True

    async def _take_wishes(self) -> None:
        while not self._wishes.empty():
            wish = self._wishes.get_nowait()
            try:
                async with self._lock:
                    await self._take(wish)
            except OutboxError:
                self._wishes.put_nowait(wish)
                raise

    async def _take(self, wish: RequestDrone) -> None:
        now = self._clock.monotonic()
        waiting = next((r for r in self._requests.values() if r.is_open), None)
        if waiting is not None:
            joined = waiting.joined(wish.incident_id)
            await self._store.write(lambda db: self._save(db, joined))
            self._requests[joined.request_id] = joined
            self._announce(joined)
            return
        stamp = self._keeper.stamp(now)
        request = Request(
            self._new_id(), "detected", wish.rule, wish.camera, wish.severity.word, (wish.incident_id,), 1, self._target,
            self._limits.max_alt_agl_m, stamp.wall, stamp.wall + self._limits.ttl_s, now, now + self._limits.ttl_s, stamp.boot_id,
            details=dict(wish.details),
        )  # fmt: skip
        if now < self._quiet_until:
            left = round(self._quiet_until - now)
            await self._keep(request, request.moved("suppress", reason=f"cooldown: {left} s left"), "suppress")
            return
        request = await self._keep(request, request.moved("request"), "request")
        await self._look_again(request)

    async def _tend(self, request: Request) -> None:
        now = self._clock.monotonic()
        try:
            if request.is_waiting:
                request = await self._look_again(request)
                if request.state == "approved" and self._board.connected:
                    await self._order(request)
            elif request.is_open:
                idle = now - self._moved_at.get(request.request_id, now)
                if idle > (ANSWER_S if request.state == "sent" else FLIGHT_S):
                    await self._keep(request, request.moved("time_out", reason=f"nothing was heard for {idle:.0f} s"), "time_out")
        except OutboxError:
            return  # blocked by the disk: tried again at the next turn

    async def _look_again(self, request: Request) -> Request:
        """Ask the gates; expire, block or unblock."""
        remaining = self._remaining(request)
        if remaining is not None and remaining <= 0:
            return await self._keep(request, request.moved("expire", reason="nobody decided in time"), "expire")
        gates = ask(request.target, remaining or 0.0, self._limits, self._knowledge())
        self._gates[request.request_id] = gates
        if all(g.ok for g in gates):
            if request.state in ("requested", "blocked"):
                return await self._keep(request, request.moved("unblock"), "unblock")
        elif request.state in ("requested", "pending_approval", "approved"):
            shut = ", ".join(g.name for g in gates if not g.ok)
            return await self._keep(request, request.moved("block", reason=f"blocked by: {shut}"), "block")
        return request

    async def _order(self, request: Request) -> None:
        remaining = self._remaining(request)
        if remaining is None or remaining < 1:
            return
        sent = await self._keep(request, request.moved("send"), "send")
        order = {k: v for k, v in self._message(sent).items() if k not in ("state", "count")} | {"approved_by": request.by}
        topic = f"{self._base}/drone/order"
        try:
            await self._board.send_live(Message(topic, encode(order), expiry_s=int(remaining)))
        except UplinkError as error:
            # It may have left. It is never sent twice; the dispatcher's silence decides.
            log.warning("the order %s may not have arrived: %s", request.request_id, error)
            await self._keep(sent, sent.moved("time_out", reason=f"the order may not have arrived: {error}"), "time_out")

    def _remaining(self, request: Request) -> float | None:
        """Seconds to live; None when it cannot be known (another boot, and no trusted clock)."""
        if request.boot_id == self._keeper.boot_id:
            return request.expires_at - self._clock.monotonic()
        return request.expires - self._clock.wall() if self._keeper.trusted else None

    def _knowledge(self) -> Known:
        now = self._clock.monotonic()
        since = None if self._last_order_wall is None else self._clock.wall() - self._last_order_wall
        age = None if self._conditions_at is None else now - self._conditions_at
        return Known(self._keeper.trusted, since, dict(self._conditions), age)

    def _known(self, request_id: str) -> Request:
        request = self._requests.get(request_id)
        if request is None:
            raise CommandRefused(f"there is no request {request_id}")
        return request

    async def _keep(self, before: Request, request: Request, happening: Happening) -> Request:
        """Store the new state with its event, then tell. Raises OutboxError, except for the safe ways out."""
        now = self._clock.monotonic()
        data = self._message(request) | {"was": before.state}
        severity = Severity.INFO if request.state == "suppressed" else Severity.WARNING
        wall = self._clock.wall()

        def save(db: Any) -> None:
            self._save(db, request)
            if happening == "send":
                db.set(LAST_ORDER, str(wall))

        try:
            await self._store.write(save, RecordEvent("drone.changed", severity, data, now))
        except OutboxError:
            if happening not in ALWAYS:
                raise
        if happening == "send":
            self._last_order_wall = wall
        self._requests[request.request_id] = request
        self._moved_at[request.request_id] = now
        if not request.is_open and request.state != "suppressed":
            self._quiet_until = now + self._limits.cooldown_s
        log.info("drone request %s: %s -> %s %s", request.request_id, before.state, request.state, request.reason)
        self._announce(request)
        self._prune()
        return request

    def _save(self, db: Any, request: Request) -> None:
        db.save_request(request.request_id, request.is_open, self._clock.wall(), request.dump())

    def _prune(self) -> None:
        closed = [r.request_id for r in self._requests.values() if not r.is_open]
        for request_id in closed[:-50]:
            for table in (self._requests, self._gates, self._moved_at):
                table.pop(request_id, None)

    def _message(self, request: Request) -> dict[str, Any]:
        return request.message(self._gates.get(request.request_id, []))

    def _announce(self, request: Request) -> None:
        key = f"drone/request/{request.request_id}"
        self._board.post(key, Message(f"{self._base}/drone/request", encode(self._message(request))), at_birth=request.is_open)


def dump_requests(texts: list[str]) -> list[dict[str, Any]]:
    """Stored requests for people, without the agent running."""
    return [replace(Request.load(t)).message([]) | {"details": json.loads(t)["details"]} for t in texts]
