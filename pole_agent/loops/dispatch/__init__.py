"""Drone requests: commands, triggers and time go to the controller, which answers with effects.

`drone/controller.py` decides, `handler.py` carries out. One lock guards every change. It is not held while an
order is under way to the broker, so that a cancel never waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pole_agent.context import Context
from pole_agent.drone.commands import Decision, decision_whatever
from pole_agent.drone.controller import Controller
from pole_agent.drone.effects import Outcome, SaveChanges
from pole_agent.drone.facts import StoredRows
from pole_agent.drone.rules import DroneRules
from pole_agent.drone.state import DroneState
from pole_agent.drone.stored import KEYS
from pole_agent.errors import CommandRefused, OutboxError
from pole_agent.health.evidence import STORED
from pole_agent.languages import phrase
from pole_agent.loops.dispatch.handler import EffectHandler
from pole_agent.store.succession import LOST
from pole_agent.vocabulary import RequestDrone

log = logging.getLogger(__name__)

TICK_S = 1.0


class Dispatch:
    """Owns the requests of this pole. `rates`: what people said of rules, None when that is unknown.

    `state`: what the dispatch before this one knew, whose loop has ended.
    """

    def __init__(
        self,
        context: Context,
        rules: DroneRules,
        new_id: Callable[[], str],
        rates: Callable[[], Awaitable[Mapping[str, Mapping[str, float]] | None]],
        *,
        state: DroneState | None = None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._beat, self._rates = beat, rates
        self._store, self._keeper, self._clock = context.store, context.keeper, context.clock
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()
        self.controller = Controller(rules, context.base, new_id, state)
        self._effects = EffectHandler(context, self.controller, self._lock)
        self._handle, self._facts = self._effects.handle, self._effects.facts
        self._waiting = False

    # --- from other loops

    def trigger(self, trigger: RequestDrone) -> None:
        """An incident asks for a look from above. Never blocks."""
        if self.controller.trigger(trigger):
            self._wake.set()

    @property
    def delivering(self) -> int:
        """So many orders are on their way to the broker."""
        return self._effects.delivering

    def health(self) -> dict[str, Any]:
        """Who stopped flights, which plans may fly, and the approvals that did not count."""
        return self.controller.health(self._clock.wall())

    def announce_all(self) -> None:
        """After a reload, before the first turn: the board is another one, and does not know what is open."""
        for effect in self.controller.registry.announce_all(self._facts()):
            self._effects.handle_now(effect)

    async def decide(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Carry out ``drone/approval``. Raises CommandRefused."""
        decision, malformed = decision_whatever(payload)
        async with self._lock:
            await self._read_first(decision)
            try:
                reply = await self._answer(self.controller.decide(decision, self._facts()))
            except OutboxError as error:
                raise CommandRefused(phrase("decision-not-stored", error=error)) from error
            finally:
                self._wake.set()
        return reply | ({"malformed": malformed} if malformed else {})

    async def progress(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Mirror ``drone/progress`` of the dispatcher. Raises CommandRefused."""
        async with self._lock:
            try:
                return await self._answer(self.controller.flights.progress(payload, by, self._facts()))
            except OutboxError as error:
                raise CommandRefused(str(error)) from None

    async def conditions(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Take ``drone/conditions``. Raises CommandRefused."""
        of_the_dock = self.controller.conditions(payload, self._facts())
        self._wake.set()
        if of_the_dock:
            async with self._lock:
                await self._handle(self.controller.keep_dock_stop())
        return {}

    async def stop_flights(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Carry out ``drone/stop``. Raises CommandRefused for a resume that is bad or cannot be stored."""
        async with self._lock:
            try:
                reply = await self._answer(self.controller.stop(payload, self._facts()))
            except OutboxError as error:
                raise CommandRefused(phrase("stop-not-stored", error=error)) from error
        self._wake.set()
        return reply

    async def _read_first(self, decision: Decision) -> None:
        """A decision needs the requests that earlier runs have stored. Raises CommandRefused."""
        try:
            await self._restore()
        except OutboxError as error:
            await self._answer(self.controller.decide_unread(decision, error, self._facts()))

    async def _answer(self, outcome: Outcome) -> dict[str, Any]:
        await self._handle(outcome.effects)
        if outcome.refused is not None:
            raise outcome.refused
        return dict(outcome.reply)

    # --- the loop

    async def run(self) -> None:
        try:
            while True:
                await self.turn()
                self._beat()
                await self._clock.wait(self._wake, TICK_S)
        finally:
            await self.close()

    async def close(self) -> None:
        """Let go of orders that are under way."""
        await self._effects.close()

    async def turn(self) -> None:
        """Restore what an earlier run left, take new triggers and due patrols, advance every open request."""
        async with self._lock:
            await self._take_what_is_new()
            await self._handle(self.controller.flights.ground(self._facts()))
            await self._handle(self.controller.registry.end_call_backs(self._facts()))
            for request_id in self.controller.open_requests():
                await self._advance(request_id)

    async def _take_what_is_new(self) -> None:
        try:
            await self._restore()
            await self._take_triggers()
            await self._handle(self.controller.intake.patrols(self._facts()))
            await self._handle([SaveChanges()])
            self._waiting = False
        except OutboxError:
            if not self._waiting:
                log.warning("drone requests wait: the store failed")
            self._waiting = True

    async def _take_triggers(self) -> None:
        intake = self.controller.intake
        for key in intake.waiting():
            triggers = intake.pop(key)
            try:
                rates = await self._rates() if intake.asks_for_rates(triggers, self._facts()) else None
                await self._handle(intake.take(triggers, rates or {}, self._facts()))
            except (OutboxError, asyncio.CancelledError):
                intake.put_back(triggers)
                raise

    async def _advance(self, request_id: str) -> None:
        try:
            await self._handle(self.controller.advance(request_id, self._facts()))
            await self._handle(self.controller.flights.send(request_id, self._facts()))
        except OutboxError:
            return  # blocked by the disk: tried again at the next turn
        except Exception:  # a mistake of our own in one request keeps no other from being called back
            log.exception("the drone request %s could not be processed", request_id)

    # --- what an earlier run left

    async def _restore(self) -> None:
        """Raises OutboxError."""
        controller = self.controller
        if controller.state.store_id != self._store.store_id:
            lost = await self._store.read(lambda db: db.get(LOST))
            await self._handle(controller.follow_loss(self._store.store_id, lost, LOST, self._facts()))
        if not controller.state.restored:
            rows = await self._read()
            await self._handle(controller.restore(rows, self._facts()))
            for decision in controller.take_early():
                with contextlib.suppress(CommandRefused, OutboxError):
                    await self._answer(controller.decide(decision, self._facts()))
        await self._handle(controller.switched_off(self._facts()))

    async def _read(self) -> StoredRows:
        def read(db: Any) -> tuple[float, StoredRows]:
            values = {key: db.get(key) for key in KEYS}
            return db.newest_time(), StoredRows(requests=tuple(db.load_requests()), values=values)

        stored, rows = await self._store.read(read)
        # Before any request is looked at: a clock that is behind it is not trusted
        self._keeper.remember(STORED, stored)
        return rows
