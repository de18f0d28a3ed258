"""A model of what must never happen, against the real dispatch loop: random commands, doubled and out of
order, restarts, clocks that jump, a disk that fails.

No order twice, none after its time, none with a gate that is not open, none after a cancel, none that nobody
approved; and nothing is told that was not stored before.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pole_agent.drone.machine import ORDERED_STATES, STATUS
from pole_agent.errors import CommandRefused
from pole_agent.vocabulary import RequestDrone, Severity
from tests.loops.dispatching import LIMITS, Bench, rules
from tests.share import part

T = TypeVar("T")
MAX_WIND_MS, MAX_AGE_S, TTL_S, COOLDOWN_S = 8.0, 120.0, 600.0, 200.0
LAWS = rules(
    replace(
        LIMITS, ttl_s=TTL_S, cooldown_s=COOLDOWN_S, max_wind_ms=MAX_WIND_MS, conditions_max_age_s=MAX_AGE_S
    ),
    answer_s=60,
    silence_s=300,
)


class Pole(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.scratch = tempfile.TemporaryDirectory(prefix="pole-agent-model-")
        self.bench = Bench(Path(self.scratch.name), LAWS, turns=False)
        self.true_s = 0.0  # what really passed, whatever the clocks say
        self.offset_s = 0.0  # how wrong the wall clock is
        self.born: dict[str, float] = {}
        self.approved: Counter[str] = Counter()  # approvals that were taken
        self.ended: set[str] = set()  # cancelled or denied
        self.wind: tuple[float, float] | None = None  # value, true time of measuring
        self.stopped = False
        self.bag: list[tuple[str, dict[str, Any]]] = []
        self.seen_orders = 0
        self.last_order_s: float | None = None

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self.loop.run_until_complete(asyncio.wait_for(work, 30))
        finally:
            self._look()

    def teardown(self) -> None:
        self.loop.run_until_complete(self.bench.stop())
        self.loop.close()
        self.scratch.cleanup()

    # --- what must hold, looked at after everything that happens

    def _look(self) -> None:
        bench = self.bench
        for request_id in bench.requests:
            self.born.setdefault(request_id, self.true_s)
        for order in bench.orders[self.seen_orders :]:
            request_id = order.data["request_id"]
            sent_s = self.true_s - (bench.clock.monotonic() - order.at)
            assert sum(o.data["request_id"] == request_id for o in bench.orders) == 1, "twice"
            assert request_id not in self.ended, "after a cancel"
            assert self.approved[request_id] > 0, "nobody approved it"
            assert sent_s - self.born[request_id] <= TTL_S + 0.01, "after its time"
            assert order.message.expiry_s is not None
            assert sent_s - self.born[request_id] + order.message.expiry_s <= TTL_S + 0.01, (
                "it may arrive after its time"
            )
            assert all(g["ok"] for g in order.data["gates"])
            assert abs(self.offset_s) < 1, "with a wrong clock"
            assert not self.stopped, "all flights are stopped"
            assert self.wind is not None
            assert self.wind[0] <= MAX_WIND_MS
            assert sent_s - self.wind[1] <= MAX_AGE_S + 0.01
            assert self.last_order_s is None or sent_s - self.last_order_s >= COOLDOWN_S - 0.01
            self.last_order_s = sent_s
        self.seen_orders = len(bench.orders)
        flying = [r for r in bench.requests.values() if r["state"] in ORDERED_STATES]
        assert len(flying) <= 1, "one drone"
        if bench.broken:
            return
        stored = bench.stored()
        for told in bench.told:
            assert told["state"] != "suppressed"
            assert told["request_id"] in stored, "told before it was stored"
        for request_id, request in bench.requests.items():
            assert stored[request_id] == request["state"]

    # --- what happens

    @initialize()
    def starts(self) -> None:
        self.do(self.bench.start())

    @rule(
        name=st.sampled_from(["a", "b", "c"]),
        severity=st.sampled_from(list(Severity)),
        copies=st.integers(1, 3),
    )
    def somebody_comes(self, name: str, severity: Severity, copies: int) -> None:
        for _ in range(copies):
            self.bench.dispatch.trigger(
                RequestDrone(name, "street", "road", f"i-{name}", severity, self.bench.clock.monotonic())
            )
        self.do(self.bench.turn())

    @rule(seconds=st.sampled_from([0.5, 3.0, 11.0, 70.0, 130.0, 320.0, 700.0]))
    def time_passes(self, seconds: float) -> None:
        self.true_s += seconds
        self.do(self.bench.advance(seconds, 50.0))

    @rule(
        wind=st.sampled_from([3.0, 3.0, 3.0, 8.0, 8.1, 20.0]),
        age_s=st.sampled_from([0.0, 0.0, 0.0, 60.0, 119.0, 121.0]),
    )
    def the_dispatcher_tells_the_weather(self, wind: float, age_s: float) -> None:
        measured = self.true_s - age_s
        if self.wind is None or measured >= self.wind[1]:
            self.wind = (wind, measured)
        # The dispatcher's clock is right, whatever ours says.
        self.do(self.bench.weather(age_s + self.offset_s, wind_ms=wind))

    @rule(name=st.sampled_from(["a", "b", "c"]))
    def all_goes_well(self, name: str) -> None:
        """Somebody comes, the weather is fine, and an officer approves at once: so that flights are no rare
        luck.
        """
        self.the_dispatcher_tells_the_weather(3.0, 0.0)
        self.somebody_comes(name, Severity.ALARM, 1)
        for request in list(self.bench.requests.values()):
            if request["state"] == "pending_approval":
                self._arrive(
                    ("decide", {"request_id": request["request_id"], "decision": "approve", "by": "Officer"})
                )

    def _some(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(list(self.bench.requests)))

    @precondition(lambda self: self.bench.orders or self.bench.told)
    @rule(
        data=st.data(),
        decision=st.sampled_from(["approve", "approve", "approve", "deny", "cancel"]),
        now=st.booleans(),
    )
    def an_officer_decides(self, data: st.DataObject, decision: str, now: bool) -> None:
        self._send(("decide", {"request_id": self._some(data), "decision": decision, "by": "Officer"}), now)

    @precondition(lambda self: self.bench.orders)
    @rule(data=st.data(), status=st.sampled_from(list(STATUS)), now=st.booleans())
    def the_dispatcher_reports(self, data: st.DataObject, status: str, now: bool) -> None:
        self._send(("progress", {"request_id": self._some(data), "status": status}), now)

    @rule(stop=st.sampled_from([True, False, False]), now=st.booleans())
    def all_flights_are_stopped_or_let_go(self, stop: bool, now: bool) -> None:
        self._send(("stop_flights", {"stop": stop, "by": "Officer"}), now)

    @precondition(lambda self: self.bag)
    @rule(data=st.data(), keep=st.booleans())
    def a_late_message_comes(self, data: st.DataObject, keep: bool) -> None:
        number = data.draw(st.integers(0, len(self.bag) - 1))
        self._arrive(self.bag[number] if keep else self.bag.pop(number))

    def _send(self, message: tuple[str, dict[str, Any]], now: bool) -> None:
        """At once, or later, twice and out of order."""
        if now:
            self._arrive(message)
        else:
            self.bag = [*self.bag, message][-6:]

    def _arrive(self, message: tuple[str, dict[str, Any]]) -> None:
        name, payload = message
        if payload.get("stop"):
            self.stopped = True  # whatever the answer is

        async def work() -> None:
            dispatch = self.bench.dispatch
            try:
                match name:
                    case "decide":
                        was = self.bench.requests.get(payload["request_id"], {}).get("state")
                        await dispatch.decide(payload, "")
                        if payload["decision"] == "approve":
                            assert was is not None
                            self.approved[payload["request_id"]] += 1
                        else:
                            self.ended.add(payload["request_id"])
                    case "progress":
                        await dispatch.progress(payload, "")
                    case "stop_flights":
                        await dispatch.stop_flights(payload, "")
                        self.stopped = payload["stop"]
            except CommandRefused:
                pass
            await self.bench.turn()

        self.do(work())

    @rule(link=st.sampled_from(["up", "up", "up", "up", "down", "silent", "busy", "breaks"]))
    def the_link_changes(self, link: str) -> None:
        self.bench.set_link(link)
        self.do(self.bench.turn())

    @precondition(lambda self: not self.bench.broken)
    @rule()
    def the_disk_fails(self) -> None:
        self.bench.broken.add("write")
        self.do(self.bench.turn())

    @precondition(lambda self: self.bench.broken)
    @rule()
    def the_disk_works_again(self) -> None:
        self.bench.broken.clear()
        self.time_passes(11.0)  # by then what could not be kept is kept

    @precondition(lambda self: not self.bench.broken)
    @rule(new_boot=st.booleans(), off_s=st.sampled_from([0.5, 20.0, 250.0]))
    def it_restarts(self, new_boot: bool, off_s: float) -> None:
        self.true_s += off_s
        self.do(self.bench.restart(new_boot=new_boot, off_s=off_s))
        self.wind = None  # what the dispatcher said is forgotten

    @rule(seconds=st.sampled_from([-1e6, -5000.0, -300.0, 300.0, 5000.0, 1e6]))
    def the_clock_jumps(self, seconds: float) -> None:
        self.offset_s += seconds
        self.bench.clock.set_wall(self.bench.clock.wall() + seconds)
        self.bench.clock_is_right = False
        self.do(self.bench.turn())

    @rule()
    def the_clock_is_set_right(self) -> None:
        self.bench.clock.set_wall(self.bench.clock.wall() - self.offset_s)
        self.offset_s = 0.0
        self.bench.clock_is_right = True
        self.bench.keeper.check()
        self.do(self.bench.turn())


def _run(examples: int, steps: int) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(Pole, settings=chosen)


def test_the_model() -> None:
    _run(40, 40)


@pytest.mark.slow
@pytest.mark.essence
@pytest.mark.timeout(3600)
def test_the_model_for_long() -> None:
    _run(part(1500), 80)
