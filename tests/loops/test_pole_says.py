"""What the pole says of itself, and when: active, health, its clock, its troubles; and that it tidies up."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from pole_agent.clock import ManualClock, settle
from pole_agent.context import Context
from pole_agent.errors import CommandRefused
from pole_agent.health.certificates import Certificates
from pole_agent.health.clock_memory import last_known
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.loops.report import LOOK_S, Report, Sources
from pole_agent.uplink.board import Board
from pole_agent.uplink.events import Message
from pole_agent.vocabulary import RecordEvent, Severity
from tests.loops.dispatching import BASE, NOON, SwitchedStore


class Looks:
    """In the place of the certificates: counts when it is asked to look."""

    def __init__(self) -> None:
        self.at: list[float] = []

    def look(self, wall: float) -> None:
        self.at.append(wall)


class Pole:
    """The report of one. `heard`: a time server is; `now` is what it sees at the moment."""

    def __init__(self, folder: Path, wall: float = NOON, ttl_s: dict[str, float] | None = None) -> None:
        self.clock = ManualClock(wall=wall)
        self.heard = True
        self.keeper = TimeKeeper(self.clock, "auto", "boot", lambda _after: self.heard)
        self.broken: set[str] = set()
        numbers = iter(range(10**6))
        self.store = SwitchedStore(
            self.broken, folder, 16, self.keeper.stamp, lambda: f"e-{next(numbers)}", 0.05
        )
        self.told: list[RecordEvent] = []
        self.parts, self.board = Parts(self.told.append, self.clock.monotonic), Board()
        self.now: dict[str, Any] = {"requests": [], "counts": {}}
        self.trouble = {"temperature": "", "voltage": ""}
        self.pulses = 0
        self.looks = Looks()
        self.folder = folder

        async def rates() -> dict[str, Any]:
            return {"r": 1}

        context = Context(
            base=BASE,
            clock=self.clock,
            keeper=self.keeper,
            store=self.store,
            board=self.board,
            parts=self.parts,
        )
        sources = Sources(
            present=lambda: self.now,
            sent=lambda: {"bytes": {"x": 7}},
            rates=rates,
            drone=lambda: {"stopped": None},
            troubles=lambda: self.trouble,
        )
        self.report = Report(
            context, sources, cast(Certificates, self.looks), folder, ttl_s or {}, beat=self._pulse
        )
        self.said: list[tuple[float, Message]] = []

    def _pulse(self) -> None:
        self.pulses += 1

    async def pass_time(self, seconds: float, step_s: float = 0.5) -> None:
        """In steps; what is put on the board is carried at once."""
        while seconds > 0:
            await self.clock.advance(min(step_s, seconds))
            for _ in range(6):
                await super(SwitchedStore, self.store).read(lambda _: None)
                await asyncio.sleep(0.001)
                await settle()
            while not self.clock.sleepers:  # its threads take their time on a busy machine
                await asyncio.sleep(0.001)
            while (notice := self.board.take()) is not None:
                self.said.append((self.clock.monotonic(), notice[1]))
            seconds -= step_s

    def on(self, path: str) -> list[dict[str, Any]]:
        return [json.loads(m.payload) for _, m in self.said if m.topic == f"{BASE}/{path}"]

    async def stored(self, kind: str) -> list[dict[str, Any]]:
        await self.store.flush()
        return [
            json.loads(e.data)
            for e in await self.store.read(lambda db: db.list_events(100))
            if e.kind == kind
        ]


@contextlib.asynccontextmanager
async def running(pole: Pole) -> AsyncIterator[Pole]:
    pole.store.start()
    job = asyncio.ensure_future(pole.report.run())
    try:
        yield pole
    finally:
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
        pole.broken.clear()
        await pole.store.stop(5)


async def test_active_is_said_when_it_changes(tmp_path: Path) -> None:
    """Once for each change, retained and acknowledged, at most a second later; incidents as the store has
    them.
    """
    async with running(Pole(tmp_path)) as pole:
        await pole.pass_time(5)
        assert pole.on("active") == [{"incidents": [], "requests": [], "counts": {}}]
        pole.now = {"requests": [], "counts": {"street": {"road": {"car": 2}}}}
        await pole.pass_time(1.5)
        assert pole.on("active")[1:] == [{"incidents": [], **pole.now}]
        opened = {"incident_id": "i", "rule": "r"}
        await pole.store.write(
            lambda db: None,
            RecordEvent("incident.opened", Severity.INFO, opened, pole.clock.monotonic(), opens="i"),
        )
        await pole.pass_time(1.5)
        assert [i["incident_id"] for i in pole.on("active")[-1]["incidents"]] == ["i"]
        assert len(pole.on("active")) == 3
        assert {(m.retain, m.qos) for _, m in pole.said if m.topic.endswith("/active")} == {(True, 1)}


async def test_incidents_that_cannot_be_read_are_unknown(tmp_path: Path) -> None:
    """Not none: nobody knows; and the part that fails is told until it works."""
    async with running(Pole(tmp_path)) as pole:
        await pole.pass_time(1.5)
        pole.broken.add("read")
        await pole.pass_time(3)
        assert pole.on("active")[-1]["incidents"] == [], "nothing was written, so nothing is read yet"
        await pole.pass_time(LOOK_S + 1.0)
        assert pole.on("active")[-1]["incidents"] is None
        assert pole.parts.reason("store") == "the disk is broken"
        pole.broken.clear()
        await pole.pass_time(1.5)
        assert pole.on("active")[-1]["incidents"] == []
        assert pole.parts.report()["store"] == {"state": "ok"}


async def test_health_is_said_each_minute(tmp_path: Path) -> None:
    """Retained, without acknowledgement; at once at the start, and not again for 59 s."""
    async with running(Pole(tmp_path)) as pole:
        await pole.pass_time(59)
        assert len(pole.on("health")) == 1
        await pole.pass_time(2)
        assert len(pole.on("health")) == 2
        assert {(m.retain, m.qos) for _, m in pole.said if m.topic.endswith("/health")} == {(True, 0)}
        assert pole.pulses >= 60, "it says that it lives each second"
        assert len(pole.looks.at) == 2


async def test_what_health_says(tmp_path: Path) -> None:
    """Clock, versions, parts, what waits and was sent, verdicts, drone; unknown where the store is silent."""
    async with running(Pole(tmp_path)) as pole:
        await pole.pass_time(2)
        said = await pole.report.health()
        assert said["clock"] == {
            "trusted": True,
            "boot_id": "boot",
            "reason": None,
            "against": [],
            "last_known": said["clock"]["last_known"],
        }
        assert (said["rules"], said["drone"], said["sent"]) == (
            {"r": 1},
            {"stopped": None},
            {"bytes": {"x": 7}},
        )
        assert said["outbox"]["last_sequence"] == 0
        assert said["uptime_s"] == round(pole.clock.monotonic(), 1)
        assert set(said["versions"]) == {"agent", "python", "kernel", "machine"}
        assert said["parts"] == pole.parts.report()
        pole.broken.add("read")
        assert (await pole.report.health())["outbox"] is None


async def test_an_untrusted_clock_is_told_with_its_reason(tmp_path: Path) -> None:
    """As information while no time server was heard, which is usual after a boot; nothing is tidied by such a
    clock.
    """
    pole = Pole(tmp_path, ttl_s={"traffic": 1.0})
    pole.heard = False
    pole.keeper = pole.report._keeper = TimeKeeper(pole.clock, "auto", "boot", lambda _after: pole.heard)
    async with running(pole):
        pole.store.record(RecordEvent("traffic.summarized", Severity.INFO, {}, pole.clock.monotonic()))
        await pole.pass_time(12)
        assert pole.parts.is_degraded("clock")
        assert pole.parts.reason("clock").endswith("; times are provisional")
        [event] = [e for e in pole.told if e.data["part"] == "clock"]
        assert event.severity is Severity.INFO
        said = await pole.report.health()
        assert said["clock"]["trusted"] is False
        assert said["clock"]["reason"] == pole.keeper.reason
        assert await pole.stored("outbox.dropped") == []
        assert pole.looks.at == [], "an end of a certificate is told by a clock that is right"
        pole.heard = True
        await pole.pass_time(12)
        assert not pole.parts.is_degraded("clock")
        assert "clock" in pole.parts.report()
        [loss] = await pole.stored("outbox.dropped")
        assert loss["count"] == 1


async def test_times_are_corrected_once_the_clock_is_right(tmp_path: Path) -> None:
    """Those of this boot that were stored by a clock nobody trusted."""
    pole = Pole(tmp_path, wall=NOON)
    pole.heard = False
    pole.keeper = pole.report._keeper = TimeKeeper(pole.clock, "auto", "boot", lambda _after: pole.heard)
    pole.store._stamp = pole.keeper.stamp
    async with running(pole):
        pole.store.record(RecordEvent("incident.opened", Severity.ALARM, {}, pole.clock.monotonic()))
        await pole.store.flush()
        pole.clock.set_wall(NOON + 500)
        pole.heard = True
        await pole.pass_time(12)
        [event] = [
            e for e in await pole.store.read(lambda db: db.list_events(9)) if e.kind == "incident.opened"
        ]
        assert event.quality == "corrected"
        assert event.wall == pytest.approx(NOON + 500, abs=1)


async def test_old_events_go_each_hour(tmp_path: Path) -> None:
    """Not before: a card is not read through each minute."""
    async with running(Pole(tmp_path, ttl_s={"traffic": 60.0})) as pole:
        await pole.pass_time(2)
        pole.store.record(RecordEvent("traffic.summarized", Severity.INFO, {}, pole.clock.monotonic()))
        await pole.pass_time(3590, 30)
        assert await pole.stored("outbox.dropped") == []
        await pole.pass_time(40, 10)
        assert [loss["count"] for loss in await pole.stored("outbox.dropped")] == [1]


async def test_trouble_of_machine_is_told_and_taken_back(tmp_path: Path) -> None:
    """A trouble of the machine is told and taken back.

    Every ten seconds it is looked at; what was never ill is not told as well.
    """
    async with running(Pole(tmp_path)) as pole:
        await pole.pass_time(2)
        assert not {"temperature", "voltage"} & pole.parts.report().keys()
        pole.trouble["voltage"] = "too low"
        await pole.pass_time(7)
        assert not pole.parts.is_degraded("voltage")
        await pole.pass_time(4)
        assert pole.parts.reason("voltage") == "too low"
        pole.trouble["voltage"] = ""
        await pole.pass_time(11)
        assert pole.parts.report()["voltage"] == {"state": "ok"}
        assert "temperature" not in pole.parts.report()


async def test_a_person_says_that_the_clock_is_right(tmp_path: Path) -> None:
    """It is believed at once and written down; a time that cannot be right is not accepted."""
    pole = Pole(tmp_path)
    async with running(pole):
        await pole.pass_time(2)
        pole.clock.set_wall(1000.0)
        with pytest.raises(CommandRefused, match="which cannot be right"):
            await pole.report.accept()
        pole.clock.set_wall(NOON - 30 * 86_400)
        await pole.pass_time(12)
        assert pole.parts.reason("clock").endswith(
            '; if it is right, say so at the pole: "pole-agent clock accept"'
        )
        [event] = [e for e in pole.told if e.data["part"] == "clock"]
        assert event.severity is Severity.WARNING
        answer = await pole.report.accept()
        assert answer["trusted"] is True
        assert not pole.parts.is_degraded("clock")
        assert last_known(tmp_path) == pytest.approx(pole.clock.wall(), abs=60)


def test_a_pole_that_stops_has_nothing_now(tmp_path: Path) -> None:
    """Nobody looks any more."""
    message = Pole(tmp_path).report.nothing_now()
    assert (message.topic, message.retain, message.qos) == (f"{BASE}/active", True, 1)
    assert json.loads(message.payload) == {"state": "stopped", "incidents": [], "requests": [], "counts": {}}
