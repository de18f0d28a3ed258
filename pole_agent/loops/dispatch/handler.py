"""Carries out the effects of the drone controller on store, board and parts. It decides nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from pole_agent.context import Context
from pole_agent.drone.controller import Controller
from pole_agent.drone.effects import (
    Announce,
    CallBack,
    CancelUnread,
    Degrade,
    Effect,
    EndCallBack,
    Evaluate,
    Forget,
    Immediate,
    Log,
    Order,
    Record,
    Recover,
    SaveChanges,
    WithdrawOrder,
    Write,
)
from pole_agent.drone.facts import Facts
from pole_agent.errors import OutboxError, UplinkError
from pole_agent.health.evidence import BEHIND_S
from pole_agent.languages import phrase
from pole_agent.race import race
from pole_agent.uplink.events import Message, encode

log = logging.getLogger(__name__)

LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class EffectHandler:
    """`lock` guards every change of the controller. The caller of `handle` holds it."""

    def __init__(self, context: Context, controller: Controller, lock: asyncio.Lock) -> None:
        self._store, self._board, self._keeper = context.store, context.board, context.keeper
        self._parts, self._clock, self._base = context.parts, context.clock, context.base
        self._controller, self._lock = controller, lock
        self._deliveries: set[asyncio.Task[None]] = set()
        self._sending: dict[str, asyncio.Future[None]] = {}  # orders that the broker has not acknowledged

    @property
    def delivering(self) -> int:
        """So many orders are on their way to the broker."""
        return len(self._deliveries)

    async def close(self) -> None:
        """Let go of orders that are under way.

        What became of them is unknown: after a restart the dispatcher's silence decides.
        """
        for task in self._deliveries:
            task.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)

    def facts(self) -> Facts:
        wall = self._clock.wall()
        return Facts(
            now=self._clock.monotonic(),
            wall=wall,
            latest_wall=wall + BEHIND_S,
            trusted=self._keeper.trusted,
            boot_id=self._keeper.boot_id,
            connected=self._board.connected,
        )

    async def handle(self, effects: Iterable[Effect]) -> None:
        """Carry out effects in order. Raises OutboxError when a required write fails, and drops the rest."""
        for effect in effects:
            match effect:
                case Write():
                    await self._write(effect)
                case SaveChanges(required=required):
                    changes = self._controller.registry.changes(self.facts(), required=required)
                    await self.handle(changes)
                case Evaluate(request_id=request_id):
                    with contextlib.suppress(OutboxError):
                        await self.handle(self._controller.evaluate(request_id, self.facts()))
                case CancelUnread(data=data):
                    with contextlib.suppress(UplinkError):
                        await self._board.send_live(self._message("drone/cancel", data))
                case _:
                    self.handle_now(effect)

    async def _write(self, write: Write) -> None:
        def save(db: Any) -> None:
            for request in write.requests:
                db.save_request(request.request_id, request.is_open, self._clock.wall(), request.dump())
            for key, value in write.values.items():
                db.set(key, value)

        registry = self._controller.registry
        try:
            await self._store.write(save, *([] if write.event is None else [write.event]))
        except OutboxError:
            if write.required:
                raise
            await self.handle(registry.failed(write, self.facts()))
        except asyncio.CancelledError:  # a reload: what became of the write is unknown
            if not write.required:
                for effect in registry.failed(write, self.facts()):
                    self.handle_now(effect)
            raise
        else:
            await self.handle(registry.written(write, self.facts()))

    def handle_now(self, effect: Immediate) -> None:
        """Carry out an effect that waits for nothing."""
        match effect:
            case Announce(request_id=request_id, data=data, at_birth=at_birth):
                message = self._message("drone/request", data)
                self._board.post(f"drone/request/{request_id}", message, at_birth=at_birth)
            case Forget(request_id=request_id):
                self._board.remove(f"drone/request/{request_id}")
            case CallBack(request_id=request_id, data=data):
                self._board.post(f"drone/cancel/{request_id}", self._message("drone/cancel", data))
            case EndCallBack(request_id=request_id):
                self._board.remove(f"drone/cancel/{request_id}")
            case Order(request_id=request_id):
                task = asyncio.create_task(self._deliver(request_id), name=f"order {request_id}")
                self._deliveries.add(task)
                task.add_done_callback(self._deliveries.discard)
            case WithdrawOrder(request_id=request_id):
                if (sending := self._sending.get(request_id)) is not None:
                    sending.cancel()
            case Record(event=event):
                self._store.record(event)
            case Degrade(part=part, reason=reason):
                self._parts.degrade(part, reason)
            case Recover(part=part):
                self._parts.recover(part)
            case Log(level=level, text=text):
                log.log(LEVELS[level], "%s", text)
            case _:
                assert_never(effect)

    def _message(self, path: str, data: Mapping[str, Any]) -> Message:
        return Message(f"{self._base}/{path}", encode(dict(data)))

    async def _deliver(self, request_id: str) -> None:
        """Send the order: never twice, and not after its time, however long the broker takes."""
        patience = self._controller.flights.patience_s(request_id, self.facts())
        sending = self._sending[request_id] = asyncio.ensure_future(
            self._board.send_live(lambda: self._order(request_id))
        )
        try:
            async with race(sending, self._clock.sleep(patience)):
                pass
            if sending.done():
                if not sending.cancelled():
                    sending.result()
                return
            why: str = phrase("order-not-acknowledged", seconds=f"{patience:.0f}")
        except UplinkError as error:
            why = str(error)
        finally:
            del self._sending[request_id]
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        async with self._lock:
            await self.handle(self._controller.flights.order_failed(request_id, why, self.facts()))

    def _order(self, request_id: str) -> Message:
        """The order as it leaves now. Raises Withdrawn when it must not leave."""
        order = self._controller.flights.order(request_id, self.facts())
        return Message(f"{self._base}/drone/order", encode(dict(order.data)), expiry_s=order.expiry_s)
