"""A pole that only dispatches: the real loop, a real store on a disk, a real board; the clock and the city
are ours.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from pole_agent.almanac import Place
from pole_agent.clock import ManualClock, settle
from pole_agent.context import Context
from pole_agent.drone import ed25519
from pole_agent.drone.approval import Office
from pole_agent.drone.areas import Area
from pole_agent.drone.gates import DroneLimits
from pole_agent.drone.rules import DroneRules
from pole_agent.drone.state import DroneState
from pole_agent.errors import LinkLost, OutboxError
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.loops.dispatch import Dispatch
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board
from pole_agent.uplink.events import Letter, Message
from pole_agent.uuid7 import uuid7
from pole_agent.vocabulary import RecordEvent, RequestDrone, Severity
from tests.world import Steered

BASE = "smartpole/test/T-1"
NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC).timestamp()  # twelve o'clock in Sumedang
PLACE = Place(-6.8586, 107.9164, zoneinfo.ZoneInfo("Asia/Jakarta"))
FENCE = Area(((-6.90, 107.87), (-6.90, 107.96), (-6.82, 107.96), (-6.82, 107.87)))
LIMITS = DroneLimits(cooldown_s=900, ttl_s=600, geofence=FENCE)


def rules(limits: DroneLimits = LIMITS, keys: Mapping[str, str] | None = None, **more: Any) -> DroneRules:
    return DroneRules(
        True, PLACE, Office(BASE, keys or {}, ed25519.verify), limits, **({"for_real": True} | more)
    )


class SwitchedStore(Store):
    """The real store, on a disk that can be switched off: `broken` names what fails, "read" or "write"."""

    def __init__(self, broken: set[str], *arguments: Any) -> None:
        super().__init__(*arguments)
        self._broken = broken
        self.writes_left: int | None = None  # so many go well, then the disk fails
        self.before_write: Callable[[], None] = lambda: None
        self.slow: str = ""  # "before", "after": a write takes for ever, and is not done, or is

    async def write(self, work: Any, *events: RecordEvent) -> Any:
        self.before_write()
        self._fail("write")
        if self.writes_left is not None:
            self.writes_left -= 1
            if self.writes_left < 0:
                raise OutboxError("the disk is broken")
        if self.slow == "before":
            await asyncio.Event().wait()
        result = await super().write(work, *events)
        if self.slow == "after":
            await asyncio.Event().wait()
        return result

    async def read(self, work: Any) -> Any:
        self._fail("read")
        return await super().read(work)

    def _fail(self, what: str) -> None:
        if what in self._broken:
            raise OutboxError("the disk is broken")


@dataclass
class Order:
    """An order as the broker got it."""

    at: float  # monotonic
    message: Message
    data: dict[str, Any]


@dataclass
class Bench(Steered):
    """Start it, talk to it, restart it. `link`: "up", "down", "silent" (nothing is acknowledged), "busy"
    (nobody gets a turn) or "breaks" (at the first order).

    With `turns` it takes its turns by itself, else only when told.
    """

    folder: Path
    rules: DroneRules = field(default_factory=rules)
    clock: ManualClock = field(default_factory=lambda: ManualClock(wall=NOON))
    boot: str = "boot-1"
    link: str = "up"
    turns: bool = True
    clock_is_right: bool = True
    broken: set[str] = field(default_factory=set)  # "read", "write": the disk fails
    rates: dict[str, dict[str, float]] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)  # what was put on drone/request, in order
    cancels: list[dict[str, Any]] = field(default_factory=list)
    # The store orders by identifier, and Hypothesis repeats what it saw
    random: Random = field(default_factory=lambda: Random(1))

    async def start(self) -> None:
        self.keeper = TimeKeeper(self.clock, "auto", self.boot, lambda _after: self.clock_is_right)
        ids = lambda: uuid7(self.clock.wall(), self.random.randbytes)  # noqa: E731
        self.store = SwitchedStore(self.broken, self.folder, 16, self.keeper.stamp, ids, 5.0)
        self.store.start()
        self.board = Board()
        self.free = asyncio.Event()
        if self.link != "busy":
            self.free.set()
        if self.link != "down":
            self.board.birth(self._send)
        self._build()
        self.running = asyncio.ensure_future(self.dispatch.run())
        if not self.turns:
            self.running.cancel()
            await self.dispatch.turn()
        await self.quiet()

    async def stop(self) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        await self.dispatch.close()
        await self.store.stop(5)

    async def reload(self, *, rules: DroneRules | None = None, same_board: bool = True) -> None:
        """As SIGHUP does: the loop ends, another one takes over; store, clock and connection go on."""
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        await self.dispatch.close()
        before, self.rules = self.dispatch, rules or self.rules
        if not same_board:
            self.board = Board()
            self.board.birth(self._send)
        self._build(before.controller.state)
        if not same_board:
            self.dispatch.announce_all()
        self.running = asyncio.ensure_future(self.dispatch.run())
        await self.quiet()

    def _build(self, state: DroneState | None = None) -> None:
        ids = lambda: uuid7(self.clock.wall(), self.random.randbytes)  # noqa: E731
        parts = Parts(self.store.record, self.clock.monotonic)
        self.context = Context(
            base=BASE, clock=self.clock, keeper=self.keeper, store=self.store, board=self.board, parts=parts
        )
        self.dispatch = Dispatch(self.context, self.rules, ids, self._rates, state=state)

    async def restart(self, *, new_boot: bool = False, off_s: float = 1.0) -> None:
        await self.stop()
        wall = self.clock.wall() + off_s
        if new_boot:
            self.clock, self.boot = ManualClock(wall, monotonic=10.0), f"boot-{int(wall)}"
        else:
            await self.clock.advance(off_s)
        await self.start()

    async def _rates(self) -> Mapping[str, Mapping[str, float]]:
        return self.rates

    async def _send(self, letter: Letter) -> None:
        while self.link == "busy" and callable(letter):
            await self.free.wait()
        message = letter() if callable(letter) else letter
        if message.topic.endswith("/drone/order"):
            self.orders.append(Order(self.clock.monotonic(), message, json.loads(message.payload)))
            if self.link == "silent":
                await asyncio.Event().wait()
            if self.link == "breaks":
                self.set_link("down")
                raise LinkLost("the connection was cut")

    def set_link(self, link: str) -> None:
        was, self.link = self.link, link
        (self.free.clear if link == "busy" else self.free.set)()
        if link == "down":
            self.board.lost()
        elif was == "down":
            self.board.birth(self._send)

    async def quiet(self) -> None:
        """Until the loop has nothing to do but wait for time."""
        turns = 0
        while turns < 3 or (
            self.dispatch.delivering and self.link in ("up", "down", "breaks") and turns < 50
        ):
            turns += 1
            await settle(30)
            await Store.read(self.store, lambda _: None)
        await settle(30)
        self._carry()

    def _carry(self) -> None:
        """What the upload loop does with notices."""
        while self.link != "down" and (due := self.board.take()) is not None:
            data = json.loads(due[1].payload)
            (self.cancels if due[1].topic.endswith("/drone/cancel") else self.told).append(data)

    async def turn(self) -> None:
        await self.dispatch.turn()
        await self.quiet()

    async def advance(self, seconds: float, step_s: float = 5.0) -> None:
        """Let time pass, with a turn at least every `step_s`."""
        while seconds > 0:
            step = min(step_s, seconds)
            seconds -= step
            await self.clock.advance(step)
            await self.turn()

    async def trigger(self, rule: str = "watch", severity: Severity = Severity.WARNING, **more: Any) -> None:
        fields: dict[str, Any] = {
            "camera": "street",
            "place": "road",
            "incident_id": uuid7(self.clock.wall(), lambda n: bytes(n)),
        } | more
        self.dispatch.trigger(RequestDrone(rule, severity=severity, at=self.clock.monotonic(), **fields))
        await self.turn()

    async def decide(self, decision: str, request_id: str | None = None, **more: Any) -> dict[str, Any]:
        payload = {
            "request_id": request_id or self.last["request_id"],
            "decision": decision,
            "by": "Officer",
        } | more
        reply = await self.dispatch.decide(payload, "Officer")
        await self.turn()
        return reply

    async def progress(self, status: str, request_id: str | None = None, **more: Any) -> dict[str, Any]:
        reply = await self.dispatch.progress(
            {"request_id": request_id or self.last["request_id"], "status": status} | more, ""
        )
        await self.quiet()
        return reply

    async def weather(self, age_s: float = 0.0, **values: Any) -> None:
        at = datetime.fromtimestamp(self.clock.wall() - age_s, UTC).isoformat()
        await self.dispatch.conditions({**values, "at": at}, "")
        await self.turn()

    @property
    def last(self) -> dict[str, Any]:
        return self.told[-1]

    @property
    def requests(self) -> dict[str, dict[str, Any]]:
        return {r["request_id"]: r for r in self.dispatch.controller.everything()}

    def state(self, request_id: str | None = None) -> str:
        return str(self.requests[request_id or self.last["request_id"]]["state"])

    def stored(self) -> dict[str, str]:
        """Request ids and states as another process reads them from the file."""
        connection = sqlite3.connect(f"file:{self.folder / 'pole.db'}?mode=ro", uri=True)
        try:
            return {
                i: json.loads(data)["state"]
                for i, data in connection.execute("SELECT id, data FROM requests")
            }
        finally:
            connection.close()


Benches = Callable[..., Bench]
