"""Failure 11: a boot at 1970, a boot two years ahead, jumps both ways. The lamp is safe, times are corrected from monotonic time, and no
drone flies.

(That a TLS failure is explained by the clock stands in tests/uplink/test_tls.py.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pole_agent import compose
from pole_agent.clock import ManualClock
from pole_agent.lamp.mock import mock_factory
from pole_agent.settings.load import Loaded, load
from pole_agent.uplink.memory import MemoryBroker
from pole_agent.vision.scripted import ScriptedDetector
from tests.house.running import running
from tests.house.test_house import CONFIG, NIGHT, Town

YEAR_S = 365 * 86_400.0
FLOOR = 0.2


class Unsure(Town):
    """A town whose clock is `wall` when it boots, and not believed until a time server is heard."""

    def __init__(self, config: Path, wall: float) -> None:
        self.clock = ManualClock(wall=wall)
        self.broker = MemoryBroker()
        self.factory = mock_factory()
        self.heard_a_server = False
        settings = load(config).settings
        walker = ScriptedDetector(_walker())
        lamp = compose.open_lamp(settings, self.clock, self.factory)
        self.house = compose.build(
            Loaded(settings, ""), lamp, self.clock, broker=self.broker, detector=walker, random=lambda: 0.5,
            time_server_heard=lambda _after: self.heard_a_server, socket=config.parent / "control.sock",
        )  # fmt: skip

    def requests(self) -> list[dict[str, Any]]:
        return self.heard("drone/request")


def _walker() -> Any:
    from pole_agent.vocabulary import Box, Detection

    return {i: [Detection(Box(0.3 + i * 0.005, 0.4, 0.36 + i * 0.005, 0.7), 0.9, "person")] for i in range(10, 40)}


def play(config: Path, wall: float, story: Callable[[Unsure], Any]) -> None:
    config.write_text(config.read_text().replace('trust = "system"', 'trust = "auto"'))

    async def whole() -> int:
        town = Unsure(config, wall)
        async with running(town.house, town.clock) as agent:
            await story(town)
        return await agent

    assert asyncio.run(whole()) == 0


@pytest.mark.parametrize("boot", [0.0, NIGHT + 2 * YEAR_S, NIGHT - 2 * YEAR_S], ids=["1970", "two years ahead", "two years behind"])
def test_a_boot_with_a_wrong_clock(bench: Callable[..., Path], square_clip: Path, boot: float) -> None:
    async def story(t: Unsure) -> None:
        await t.until(lambda: t.requests() and t.requests()[-1]["state"] != "requested")
        assert t.light == 1.0, "unknown is lit: failsafe_level"
        assert t.requests()[-1]["state"] == "blocked"
        assert "clock is not trusted" in t.requests()[-1]["reason"]
        await t.until(lambda: any(e["type"] == "smartpole.incident.opened" for e in t.events()))
        opened = next(e for e in t.events() if e["type"] == "smartpole.incident.opened")
        assert opened["timequality"] == "unsynced"
        happened = t.clock.monotonic()
        # What waits while the link is down is corrected, once the time is known.
        t.broker.down = True
        t.broker.drop()
        await t.until(lambda: not t.house.board.connected)
        t.send("lamp/set", {})
        t.house.store.record(_event(t))
        await t.pass_time(30, 1.0)
        t.clock.set_wall(NIGHT + 60)
        t.heard_a_server = True
        await t.pass_time(30, 1.0)
        assert t.house.keeper.trusted
        t.broker.down = False
        await t.until(lambda: any(e["data"].get("part") == "test" for e in t.events()), within_s=120)
        corrected = next(e for e in t.events() if e["data"].get("part") == "test")
        assert corrected["timequality"] == "corrected"
        shown = datetime.fromisoformat(corrected["time"]).timestamp()
        truly = t.house.keeper.wall_at(happened)
        assert abs(shown - truly) < 60, "from monotonic time, not from what the clock said then"
        await t.until(lambda: t.light == 0.4, within_s=120)  # the program, once the time is known
        await t.until(lambda: t.requests()[-1]["state"] in ("pending_approval", "expired"))

    play(bench(CONFIG.format(clip=square_clip)), boot, story)


def _event(t: Unsure) -> Any:
    from pole_agent.vocabulary import RecordEvent, Severity

    return RecordEvent("health.degraded", Severity.WARNING, {"part": "test", "reason": "made for the test"}, t.clock.monotonic())


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0, -12 * 3600.0, 12 * 3600.0, YEAR_S])
def test_a_clock_that_jumps_by_night_darkens_nothing_and_flies_nothing(bench: Callable[..., Path], square_clip: Path, jump: float) -> None:
    async def story(t: Unsure) -> None:
        await t.until(lambda: t.heard("lamp/state"))
        await t.until(lambda: t.requests() and t.requests()[-1]["state"] == "pending_approval")
        t.clock.set_wall(t.clock.wall() + jump)
        t.heard_a_server = False
        for _ in range(60):
            await t.pass_time(1, 0.5)
            assert t.light >= FLOOR
        assert not t.house.keeper.trusted
        await t.until(lambda: t.requests()[-1]["state"] == "blocked")
        t.send("drone/approval", {"request_id": t.requests()[-1]["request_id"], "decision": "approve", "by": "Officer"})
        await t.pass_time(5, 0.5)
        assert not t.heard("drone/order")
        t.clock.set_wall(t.clock.wall() - jump)
        t.heard_a_server = True
        for _ in range(100):
            await t.pass_time(10, 5.0)
            assert t.light >= FLOOR
        assert t.house.keeper.trusted

    config = bench(CONFIG.format(clip=square_clip))

    async def at_night(t: Unsure) -> None:
        t.heard_a_server = True
        t.house.keeper.check()
        await story(t)

    play(config, NIGHT, at_night)
