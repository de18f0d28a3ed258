"""Two months of the whole agent in some minutes, on a clock that is moved.

Lamp, store, uplink, incidents, drone requests, summaries and health are the real ones, and so is the loop of
the camera; its street is drawn, its broker lies in memory. The broker is away once a day for minutes or
hours and once a week for half a day, the city gives commands, and the time server is silent now and then.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from endurance import sample
from endurance.growth import Measure
from endurance.report import Report
from endurance.street import BUSY_S, CALM_S, DAY_S, Street, StreetClock, Visits
from pole_agent import compose
from pole_agent.almanac import rfc3339
from pole_agent.bench.day import START_WALL, Eye
from pole_agent.clock import settle
from pole_agent.lamp.mock import mock_factory
from pole_agent.settings import Settings
from pole_agent.settings.load import Loaded
from pole_agent.store.database import Database
from pole_agent.store.lamp_log import KEEP_LAMP_LOG
from pole_agent.store.state import KEEP_CLOSED_REQUESTS
from pole_agent.uplink.events import Incoming, Message
from pole_agent.uplink.memory import MemoryBroker
from pole_agent.vocabulary import Stamp

HOUR_S = 3600.0
A_DAY, STAYING = 16, 10  # who comes by, and who of them stays: alarms, and requests for a drone
SAMPLE_S = 3 * HOUR_S
BASE = "smartpole/longrun/M-1"
ANSWERS = 4  # of the store that a loop may wait for, one after the other
COUNTED = 16  # events for which feedback may still be given
LONG_D = 40.0
EDGES = 100  # that the pin remembers
REASONS, REQUEST = 300, 3000  # characters of why the lamp changed, and of a closed drone request
# The first quarter fills what is kept by age: events and trajectories of three days
MEASURES = (
    Measure(name="own_mb", unit="MB that no file is behind", floor=2.0),
    Measure(name="blocks", unit="blocks of memory of Python", floor=2000.0, share=0.01),
    Measure(name="handles", unit="open files and sockets", floor=1.0),
    Measure(name="threads", unit="threads", floor=1.0),
    Measure(name="disk_kb", unit="KB of the state folder", floor=256.0, share=0.05),
    Measure(name="step_ms", unit="ms of a core for a simulated hour", floor=20.0, share=0.15),
    Measure(name="pin_ms", unit="ms of a core from a command to the pin", floor=3.0, share=0.25),
    Measure(name="waiting", unit="events that wait", floor=50.0, judged=False),
)


def measures(days: float) -> tuple[Measure, ...]:
    """What is judged of so many days. In the first weeks fills what is kept by number, not by age."""
    if days >= LONG_D:
        return MEASURES
    looser = {"own_mb": 6.0, "blocks": 20_000.0, "disk_kb": 1024.0}
    return tuple(replace(m, floor=looser.get(m.name, m.floor)) for m in MEASURES)


def document(state: Path) -> dict[str, Any]:
    area = [[-6.87, 107.90], [-6.87, 107.93], [-6.85, 107.93], [-6.85, 107.90]]
    road = [[0, 0.2], [1, 0.2], [1, 1], [0, 1]]
    place = {"latitude": -6.8586, "longitude": 107.9164, "timezone": "Asia/Jakarta"}
    steps = [("sunset", 0.4), ("22:00", 0.3), ("sunrise", 0.0)]
    return {
        "pole": {"id": "M-1", "site": "longrun", **place},
        "storage": {"state_dir": str(state), "max_mb": 32, "batch_s": 0.05, "trajectory_days": 3},
        "lamp": {"backend": "mock", "program": [{"at": at, "level": level} for at, level in steps]},
        "camera": [{"name": "street", "source": "/dev/null", "fps": 1 / CALM_S}],
        "zone": [{"name": "road", "polygon": road}],
        "line": [{"name": "gate", "from": [0.5, 0], "to": [0.5, 1]}],
        "rule": [
            {"name": "passing", "kind": "crossing", "line": "gate", "severity": "warning"},
            {"name": "somebody", "kind": "presence", "zone": "road", "lamp": {"level": 1.0, "hold_s": 30}},
            {
                "name": "staying", "kind": "loitering", "zone": "road", "dwell_s": 30, "severity": "alarm",
                "notify": ["112"], "drone": True,
            },
        ],
        "drone": {"enabled": True, "night_permit": True, "geofence": area},
        "mqtt": {"host": "127.0.0.1", "tls": False},
    }  # fmt: skip


class AtOnce(ThreadPoolExecutor):
    """What the agent gives to a thread is done at once: the clock would pass hours meanwhile."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - as a thread does
            done.set_exception(error)
        return done


class City:
    """What the city heard: which numbers, and how many of each type. It forgets the rest."""

    def __init__(self) -> None:
        self.broker = MemoryBroker()
        self.broker.on_publish = self._hear
        self.upto, self._ahead = 0, set[int]()  # all up to this number, and those after a gap
        self.kinds: dict[str, int] = {}
        self.incidents: list[str] = []
        self.store = ""

    def _hear(self, message: Message) -> None:
        self.broker.published.clear()
        if not message.topic.startswith(f"{BASE}/events/"):
            return
        event = json.loads(message.payload)
        self.store = event["storeid"]
        self._has(int(event["sequence"]), int(event["sequence"]))
        if event.get("replayed"):
            return
        kind = event["type"].removeprefix("smartpole.")
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if kind == "incident.opened":
            self.incidents = [*self.incidents, event["data"]["incident_id"]][-COUNTED:]
        if kind == "outbox.dropped":
            for first, last in event["data"]["ranges"]:
                self._has(first, last)

    def _has(self, first: int, last: int) -> None:
        self._ahead |= set(range(max(first, self.upto + 1), last + 1))
        while self.upto + 1 in self._ahead:
            self.upto += 1
            self._ahead.discard(self.upto)

    def send(self, path: str, payload: dict[str, Any]) -> None:
        self.broker.send(Incoming(path, json.dumps({"by": "city", **payload}).encode()))


class Months:
    """`say` tells how far it is."""

    def __init__(self, folder: Path, days: float, seed: int, say: Callable[[str], None]) -> None:
        self._days, self._say, self._state = days, say, folder / "state"
        self._state.mkdir()
        settings = Settings.model_validate(document(self._state))
        self._clock, self._chance = StreetClock(wall=START_WALL), random.Random(seed)
        self._city, self._visits = City(), Visits(days, A_DAY, STAYING, seed)
        self._heard_server = True
        street = Street(self._clock, self._visits.walkers)
        self._luminaire = compose.open_lamp(settings, self._clock, mock_factory(EDGES))
        self._pin = self._luminaire.factory.pin("GPIO18")
        self._runtime = compose.build(
            Loaded(settings, ""),
            self._luminaire,
            self._clock,
            broker=self._city.broker,
            detector=Eye(street),
            sources=[lambda: street],
            time_server_heard=lambda _: self._heard_server,
            random=self._chance.random,
            socket=folder / "control.sock",
        )
        # It feeds systemd's watchdog while the lamp beats each second: here the steps are larger
        self._runtime.agent.jobs = [job for job in self._runtime.agent.jobs if job.name != "beat"]
        self._away_until = 0.0
        self._outages = self._commands = self._unmoved = 0
        self._waits: list[float] = []

    async def run(self, report: Report) -> list[str]:
        """Returns what happened. Raises RuntimeError when the agent ended."""
        asyncio.get_running_loop().set_default_executor(AtOnce())
        running = asyncio.ensure_future(self._runtime.agent.run())
        await self._fill()
        begun, real = self._clock.monotonic(), time.monotonic()
        sampled, used = 0.0, time.process_time()
        hour = 0
        try:
            while (now := self._clock.monotonic() - begun) < self._days * DAY_S:
                if running.done():
                    raise RuntimeError("the agent ended before its time")
                await self._pass(now)
                if now >= (hour + 1) * HOUR_S:
                    hour += 1
                    await self._hourly(hour, now)
                if now >= sampled + SAMPLE_S:
                    spent = time.process_time()
                    taken = await self._sample((spent - used) * 1000 * HOUR_S / (now - sampled))
                    sampled, used = now, spent
                    report.add({"t": now, **taken})
                    if hour % 72 == 0:
                        left = (time.monotonic() - real) * (self._days * DAY_S / now - 1) / 60
                        self._say(f"day {hour // 24} of {self._days}; about {left:.0f} minutes left")
            return await self._told(time.monotonic() - real)
        finally:
            self._runtime.agent.stop()
            while not running.done():
                await self._clock.advance(BUSY_S)
                await asyncio.sleep(0.005)
            self._luminaire.close()

    async def _fill(self) -> None:
        """What keeps its last rows by number begins full, else it would fill for months."""
        stamp = Stamp(self._clock.monotonic(), "boot", self._clock.wall() - DAY_S, "synced")

        def fill(db: Database) -> None:
            for _ in range(KEEP_LAMP_LOG):
                db.log_lamp(stamp, "x" * REASONS)
            for number in range(KEEP_CLOSED_REQUESTS):
                db.save_request(f"filled-{number}", False, stamp.wall, "x" * REQUEST)

        await self._runtime.store.write(fill)

    async def _pass(self, now: float) -> None:
        self._clock.step_s = CALM_S if self._visits.calm(now) else BUSY_S
        await self._clock.advance(self._clock.step_s)
        await self._let_store()

    async def _let_store(self) -> None:
        """Its thread is not left behind."""
        for _ in range(ANSWERS):
            await self._runtime.store.read(lambda _: None)
            await settle()

    async def _hourly(self, hour: int, now: float) -> None:
        """What happens now and then."""
        chance, broker = self._chance, self._city.broker
        if broker.down and now >= self._away_until:
            broker.down = False
        elif not broker.down and hour % 24 == 7:
            away_h = 12 if hour % (7 * 24) == 79 else chance.choice((0.1, 1, 3))
            broker.down, self._away_until = True, now + away_h * HOUR_S
            broker.drop()
            self._outages += 1
        if hour % 50 == 20:
            self._heard_server = False
        elif hour % 50 == 26:
            self._heard_server = True
            self._clock.set_wall(self._clock.wall() + chance.uniform(-2, 2))  # it sets the clock
        if broker.down or self._runtime.context.parts.is_degraded("uplink"):
            return
        self._city.send(
            "drone/conditions",
            {
                "at": rfc3339(self._clock.wall()),
                "wind_ms": 2,
                "rain_mm_h": 0,
                "battery_pct": 90,
                "dock": "idle",
            },
        )
        if hour % 24 == 12 and self._city.upto > 20:
            first = self._city.upto - 19
            self._city.send("outbox/resend", {"storeid": self._city.store, "from": first, "to": first + 19})
        if hour % 12 == 5 and self._city.incidents:
            verdict = {
                "incident_id": chance.choice(self._city.incidents),
                "verdict": chance.choice(("true", "false")),
            }
            self._city.send("incident/feedback", verdict)
        await self._let_store()
        await self._command()

    async def _command(self) -> None:
        self._commands += 1
        level = self._chance.randrange(20, 90) / 100
        order = {"level": level, "duration_s": 600, "transition": 0, "mode": "fixed"}
        begun = time.process_time()
        self._city.send("lamp/set", order)
        for _ in range(20):
            await self._clock.advance(0.05)
            if abs(1 - float(self._pin.state) - level) < 0.002:
                self._waits.append((time.process_time() - begun) * 1000)
                return
        self._unmoved += 1

    async def _sample(self, step_ms: float) -> dict[str, float | None]:
        stats = await self._runtime.store.read(lambda db: db.stats())
        waits, self._waits = self._waits, []
        taken = sample.process(os.getpid())
        return {
            **taken,
            "blocks": float(sys.getallocatedblocks()),
            "disk_kb": sample.disk_kb(self._state),
            "step_ms": step_ms,
            "pin_ms": statistics.median(waits) if waits else None,
            "waiting": float(sum(stats["waiting"].values())),
        }

    async def _told(self, took_s: float) -> list[str]:
        self._city.broker.down = False
        for _ in range(60):
            await self._clock.advance(CALM_S)
            await asyncio.sleep(0.01)
        last = int((await self._runtime.store.read(lambda db: db.stats()))["last_sequence"])
        kinds = self._city.kinds
        faster = self._days * DAY_S / took_s
        return [
            f"{self._days} days in {took_s / 60:.1f} minutes, {faster:.0f} times as fast as life",
            f"{self._commands} commands, {self._unmoved} of them did not reach the pin",
            f"{self._outages} outages; {last} events stored, all up to {self._city.upto} came",
            ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())),
        ]
