"""The whole agent on a manual clock: every room, a real store, mock pins, a broker in memory, scripted detections."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from pole_agent import compose
from pole_agent.clock import ManualClock
from pole_agent.lamp.mock import mock_factory
from pole_agent.settings.load import Loaded, load
from pole_agent.uplink.events import Incoming, Message
from pole_agent.uplink.memory import MemoryBroker
from pole_agent.vision.scripted import ScriptedDetector
from pole_agent.vocabulary import Box, Detection
from tests.house.running import running

NIGHT = 1_793_883_600.0  # 5 November 2026, 20:00 in Sumedang: after sunset
BASE = "smartpole/test/T-1"
CONFIG = """
program = [{{ at = "sunset", level = 0.4 }}, {{ at = "sunrise", level = 0.0 }}]
[[camera]]
name = "street"
source = "{clip}"
fps = 5
[[rule]]
name = "light"
kind = "presence"
lamp = {{ level = 1.0, hold_s = 5 }}
[[rule]]
name = "watch"
kind = "presence"
severity = "alarm"
notify = ["112"]
drone = true
[mqtt]
host = "127.0.0.1"
tls = false
[drone]
enabled = true
night_permit = true
ttl_s = 300
geofence = [[-6.87, 107.90], [-6.87, 107.93], [-6.85, 107.93], [-6.85, 107.90]]
"""


class Town:
    """The agent and what the city sees of it."""

    def __init__(self, config: Path) -> None:
        self.clock = ManualClock(wall=NIGHT)
        self.broker = MemoryBroker()
        self.factory = mock_factory()
        settings = load(config).settings
        walker = {i: [Detection(Box(0.3 + i * 0.005, 0.4, 0.36 + i * 0.005, 0.7), 0.9, "person")] for i in range(10, 40)}
        lamp = compose.open_lamp(settings, self.clock, self.factory)
        self.house = compose.build(
            Loaded(settings, ""), lamp, self.clock, broker=self.broker, detector=ScriptedDetector(walker), random=lambda: 0.5,
            socket=config.parent / "control.sock",
        )  # fmt: skip

    @property
    def light(self) -> float:
        return round(1 - float(self.factory.pin("GPIO18").state), 2)

    def heard(self, path: str) -> list[dict[str, Any]]:
        return [json.loads(m.payload) for m in self.broker.published if m.topic == f"{BASE}/{path}"]

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(m.payload) for m in self.broker.published if m.topic.startswith(f"{BASE}/events/")]

    def send(self, path: str, payload: Any, **more: Any) -> None:
        self.broker.send(Incoming(path, payload if isinstance(payload, bytes) else json.dumps(payload).encode(), **more))

    async def until(self, condition: Callable[[], object], within_s: float = 60.0) -> None:
        """Let simulated time pass until something is true; threads of the store and the clip get their real time."""
        end = self.clock.monotonic() + within_s
        while not condition():
            assert self.clock.monotonic() < end, "it did not come in time"
            await self.clock.advance(0.1)
            await asyncio.sleep(0.002)

    async def pass_time(self, seconds: float, step_s: float) -> None:
        for _ in range(int(seconds / step_s)):
            await self.clock.advance(step_s)
            await asyncio.sleep(0.001)


Story = Callable[[Town], Coroutine[Any, Any, None]]


def play(config: Path, story: Story) -> None:
    async def whole() -> int:
        town = Town(config)
        async with running(town.house, town.clock) as agent:
            await story(town)
        return await agent

    assert asyncio.run(whole()) == 0


@pytest.fixture
def town(bench: Callable[..., Path], square_clip: Path) -> Callable[[Story], None]:
    return lambda story: play(bench(CONFIG.format(clip=square_clip)), story)


def test_somebody_comes_and_the_city_hears_of_it(town: Any) -> None:
    async def story(t: Town) -> None:
        await t.until(lambda: t.light == 0.4)
        await t.until(lambda: t.light == 1.0)
        await t.until(lambda: t.heard("status"))
        assert t.heard("lamp/state")[-1]["reason"] == "presence"
        await t.until(lambda: any(e["type"] == "smartpole.incident.closed" for e in t.events()))
        await t.until(lambda: t.light == 0.4)  # the lamp goes back after the hold
        await t.until(lambda: (r := t.heard("drone/request")) and r[-1]["state"] == "pending_approval")
        opened = next(e for e in t.events() if e["type"] == "smartpole.incident.opened")
        assert (opened["severity"], opened["data"]["rule"], opened["data"]["notify"]) == ("alarm", "watch", ["112"])
        await t.house.store.flush()
        await t.until(lambda: len(t.events()) >= 4)
        sequences = sorted(int(e["sequence"]) for e in t.events())
        assert sequences == list(range(1, len(sequences) + 1))
        assert {e["timequality"] for e in t.events()} == {"synced"}
        assert all(len(json.dumps(e)) < 1024 for e in t.events() if "incident" in e["type"])
        info = t.heard("info")[-1]
        assert info["cameras"][0]["zones"][0]["name"] == "frame"
        active = t.heard("active")[-1]
        assert active["requests"][0]["state"] == "pending_approval"

    town(story)


def test_an_alarm_raises_the_lamp_by_a_control_and_a_maximum_keeps_presence_low(bench: Callable[..., Path], square_clip: Path) -> None:
    """The rule itself has no lamp: the severity of its incident is what the control hears of."""
    config = bench(
        'program = [{ at = "sunset", level = 0.4 }, { at = "sunrise", level = 0.0 }]\n'
        'control = [{ kind = "min", level = 0.9, when = "alarm", hold_s = 10 }, { kind = "max", level = 0.5 }]\n'
        f'[[camera]]\nname = "street"\nsource = "{square_clip}"\nfps = 5\n'
        '[[rule]]\nname = "light"\nkind = "presence"\nlamp = { level = 1.0, hold_s = 60 }\n'
        '[[rule]]\nname = "watch"\nkind = "presence"\nseverity = "alarm"\n'
    )

    async def story(t: Town) -> None:
        await t.until(lambda: t.light == 0.4)
        await t.until(lambda: t.light == 0.9, within_s=20)
        assert t.house.light.state()["reason"] == "presence"
        await t.until(lambda: t.light == 0.5)  # the alarm is over, somebody may still be there, and the maximum holds
        await t.until(lambda: t.light == 0.4, within_s=90)

    play(config, story)


def test_an_order_goes_out_once_after_a_person_approved_and_never_without(town: Any) -> None:
    async def story(t: Town) -> None:
        await t.until(lambda: (r := t.heard("drone/request")) and r[-1]["state"] == "pending_approval")
        request = t.heard("drone/request")[-1]["request_id"]
        t.send("drone/approval", {"request_id": request, "decision": "approve"})
        await t.until(lambda: t.heard("reply"))
        assert t.heard("reply")[-1]["ok"] is False, "nobody's name, no decision"
        assert not t.heard("drone/order")
        t.send("drone/approval", {"request_id": request, "decision": "approve", "by": "Officer", "command_id": "c1"})
        await t.until(lambda: t.heard("drone/order"))
        order = next(m for m in t.broker.published if m.topic.endswith("drone/order"))
        assert order.expiry_s is not None
        assert 0 < order.expiry_s <= 300
        assert json.loads(order.payload)["approved_by"] == "Officer"
        t.send("drone/approval", {"request_id": request, "decision": "approve", "by": "Officer", "command_id": "c1"})
        await t.until(lambda: any(r.get("duplicate") for r in t.heard("reply")))
        t.send("drone/progress", {"request_id": request, "status": "in_progress"})
        await t.until(lambda: t.heard("drone/request")[-1]["state"] == "in_progress")
        t.send("drone/approval", {"request_id": request, "decision": "cancel", "by": "Officer"})
        await t.until(lambda: t.heard("drone/request")[-1]["state"] == "canceled")
        assert len(t.heard("drone/order")) == 1

    town(story)


def test_a_request_that_nobody_decides_expires(town: Any) -> None:
    async def story(t: Town) -> None:
        await t.until(lambda: (r := t.heard("drone/request")) and r[-1]["state"] == "pending_approval")
        await t.pass_time(310, 1.0)
        await t.until(lambda: t.heard("drone/request")[-1]["state"] == "expired")
        request = t.heard("drone/request")[-1]["request_id"]
        t.send("drone/approval", {"request_id": request, "decision": "approve", "by": "Late"})
        await t.until(lambda: t.heard("reply"))
        assert "does not take an approval any more" in t.heard("reply")[-1]["error"]

    town(story)


def test_overrides_end_and_bad_commands_are_answered_recorded_and_not_acted_on(town: Any) -> None:
    async def story(t: Town) -> None:
        await t.until(lambda: t.heard("status") and t.light == 0.4)
        t.send("lamp/set", {"level": 0.7, "duration_s": 2, "transition": 0, "mode": "fixed", "command_id": "a"})
        await t.until(lambda: t.light == 0.7)
        await t.until(lambda: t.heard("lamp/state")[-1]["level"] == 0.7)
        assert t.heard("lamp/state")[-1]["until"] is not None
        await t.until(lambda: t.heard("lamp/state")[-1]["reason"] != "override")
        deep = b"[" * 5000 + b"]" * 5000
        for payload, more in (({"level": 0.2}, {"retained": True}), (b"\xff\xfe", {}), (deep, {}), (b"x" * 70_000, {}), ({"level": 9}, {})):
            t.send("lamp/set", payload, **more)
        await t.until(lambda: sum(not r["ok"] for r in t.heard("reply")) >= 3)
        await t.pass_time(80, 1.0)
        await t.until(lambda: any(r.get("count") == 2 for r in t.heard("reply")))
        await t.until(lambda: sum(e["type"] == "smartpole.command.refused" for e in t.events()) == 4)
        assert "retained" in t.heard("reply")[1]["error"]

    town(story)


def test_a_flood_of_bad_commands_hides_no_cancel_and_is_counted_whole(town: Any) -> None:
    async def story(t: Town) -> None:
        await t.until(lambda: (r := t.heard("drone/request")) and r[-1]["state"] == "pending_approval")
        request = t.heard("drone/request")[-1]["request_id"]
        for _ in range(500):
            t.send("lamp/set", {"level": 9})
        t.send("drone/approval", {"request_id": request, "decision": "cancel", "by": "Officer"})
        await t.until(lambda: t.heard("drone/request")[-1]["state"] == "canceled")
        await t.pass_time(80, 1.0)
        await t.until(lambda: any(r.get("count") == 497 for r in t.heard("reply")))

    town(story)


def test_a_broker_that_is_away_for_an_hour(town: Any) -> None:
    async def story(t: Town) -> None:
        await t.until(lambda: t.heard("status"))
        lamp_before = t.house.light.changes
        t.broker.down = True
        t.broker.drop()
        assert t.heard("status")[-1]["reason"] == "lost", "the will"
        assert lamp_before <= 1, "it has not gone back yet"
        await t.until(lambda: t.house.light.changes >= 2)
        await t.until(lambda: t.light == 0.4)  # the lamp did not notice
        await t.pass_time(3600, 5.0)
        await t.house.store.flush()
        waiting = await t.house.store.read(lambda db: db.waiting(1000, frozenset()))
        assert len(waiting) >= 4
        known = len(t.events())
        t.broker.down = False
        back = t.clock.monotonic()
        await t.until(lambda: t.heard("status")[-1]["state"] == "online", within_s=60)
        assert t.clock.monotonic() - back <= 60
        await t.until(lambda: len(t.events()) - known >= len(waiting))
        drained = [int(e["sequence"]) for e in t.events()[known:]][: len(waiting)]
        assert drained == [s.seq for s in waiting], "severity, then age"

    town(story)


def test_a_message_that_the_broker_refuses_blocks_nobody(town: Any) -> None:
    async def story(t: Town) -> None:
        t.broker.refused_topics.add(f"{BASE}/events/incident/opened")
        await t.until(lambda: any(e["type"] == "smartpole.incident.closed" for e in t.events()))
        waiting = await t.house.store.read(lambda db: db.waiting(10, frozenset()))
        assert [s.kind for s in waiting if s.kind == "incident.opened"] == ["incident.opened"], "kept, not lost"

    town(story)


def test_untrusted_time_is_failsafe_light_and_corrected_later(bench: Callable[..., Path], square_clip: Path) -> None:
    path = bench(CONFIG.format(clip=square_clip))
    path.write_text(path.read_text().replace('trust = "system"', 'trust = "auto"'))

    async def whole() -> None:
        clock = ManualClock(wall=1000.0)
        heard = False
        broker = MemoryBroker()
        broker.down = True
        factory = mock_factory()
        settings = load(path).settings
        house = compose.build(
            Loaded(settings, ""), compose.open_lamp(settings, clock, factory), clock, broker=broker, detector=ScriptedDetector({}),
            time_server_heard=lambda after: heard, random=lambda: 0.5, socket=path.parent / "control.sock",
        )  # fmt: skip
        agent = asyncio.ensure_future(house.agent.run())
        for _ in range(100):
            await clock.advance(0.2)
            await asyncio.sleep(0.002)
        assert round(1 - float(factory.pin("GPIO18").state), 2) == 1.0
        assert house.light.state()["reason"] == "failsafe"
        await house.store.flush()
        before = await house.store.read(lambda db: db.list_events(10))
        assert before
        assert {s.stamp.quality for s in before} == {"unsynced"}
        clock.set_wall(NIGHT)
        heard = True
        for _ in range(100):
            await clock.advance(0.2)
            await asyncio.sleep(0.002)
            after = await house.store.read(lambda db: db.list_events(10))
            if after[0].stamp.quality == "corrected":
                break
        assert after[0].stamp.quality == "corrected"
        assert abs(after[0].stamp.wall - NIGHT) < 120
        house.agent.stop()
        for _ in range(100):
            await clock.advance(0.2)
            await asyncio.sleep(0.005)
            if agent.done():
                break
        assert await agent == 0

    asyncio.run(whole())


def test_messages_are_json_that_a_city_can_read(town: Any) -> None:
    async def story(t: Town) -> None:
        await t.until(lambda: t.heard("health"))
        seen: list[Message] = t.broker.published
        for message in seen:
            json.loads(message.payload)
        retained = {m.topic.removeprefix(BASE + "/") for m in seen if m.retain}
        assert {"status", "info", "lamp/state", "active", "health"} <= retained

    town(story)
