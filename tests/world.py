"""Worlds for the tests: an agent, or a part of one, on a clock that the test moves, and what the city sees of
it.

A test enters a world, which starts it, and leaves it, which stops it (fixtures `world` and `town` of
tests/conftest.py):

    async def test_the_lamp_dims(world: Worlds) -> None:
        async with world(PROGRAM) as w:
            w.send("lamp/set", {"level": 0.9})
            await w.until(lambda: w.light == 0.9)
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pole_agent import compose
from pole_agent.clock import ManualClock
from pole_agent.errors import OutboxError
from pole_agent.lamp.mock import mock_factory
from pole_agent.settings.load import Loaded, load
from pole_agent.uplink.events import Incoming
from pole_agent.uplink.memory import MemoryBroker
from pole_agent.vision.scripted import ScriptedDetector
from pole_agent.vocabulary import Box, Detection

BASE = "smartpole/test/T-1"
NOON = datetime.fromisoformat("2026-11-24T13:00:00+07:00").timestamp()
EVENING = datetime.fromisoformat("2026-11-24T20:00:00+07:00").timestamp()
NIGHT = datetime.fromisoformat("2026-11-05T20:00:00+07:00").timestamp()
PROGRAM = 'program = [{ at = "sunset", level = 0.6 }, { at = "sunrise", level = 0.0 }]\n'
MQTT = '[mqtt]\nhost = "127.0.0.1"\ntls = false\n'
DAY = ("light", "upload")  # the jobs that a day of the lamp needs; with no others it passes sooner
STREET = """
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
WALKER = {
    i: [Detection(Box(0.3 + i * 0.005, 0.4, 0.36 + i * 0.005, 0.7), 0.9, "person")] for i in range(10, 40)
}  # by the number of the picture


class Steered(ABC):
    """Something that lives on a manual clock, from `async with` to its end."""

    clock: ManualClock

    @abstractmethod
    async def start(self) -> None: ...

    @abstractmethod
    async def stop(self) -> None: ...

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


class AtOnce(ThreadPoolExecutor):
    """What the agent checks in a thread is done at once.

    On a busy machine the manual clock would pass hours meanwhile.
    """

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - as a thread does
            done.set_exception(error)
        return done


class World(Steered):
    """The whole agent: every room, a real store, mock pins, a broker in memory.

    `sees`: what is in which picture of the camera. `time_server`: what it says of its clock, or whether one
    was heard. `jobs`: only these run. `waits`: the story begins when the city has heard of the lamp. `parts`
    go to `compose.build` in place of the usual ones.
    """

    def __init__(
        self,
        config: Path,
        wall: float = EVENING,
        *,
        sees: Mapping[int, Sequence[Detection]] | None = None,
        time_server: bool | Callable[[float], bool] = True,
        jobs: Container[str] | None = None,
        waits: bool = True,
        **parts: Any,
    ) -> None:
        settings = load(config).settings
        self.clock, self.broker = ManualClock(wall=wall), MemoryBroker(settings.pole.groups)
        self.factory = mock_factory()
        self.time_server, self._waits = time_server, waits
        self._threads_s = 0.002 if settings.cameras else 0.0
        self.luminaire = compose.open_lamp(settings, self.clock, self.factory)
        usual: dict[str, Any] = {
            "broker": self.broker,
            "detector": ScriptedDetector(sees or {}),
            "random": lambda: 0.5,
            "socket": config.parent / "control.sock",
            "time_server_heard": lambda after: (
                self.time_server(after) if callable(self.time_server) else self.time_server
            ),
        }
        self.runtime = compose.build(Loaded(settings, ""), self.luminaire, self.clock, **(usual | parts))
        if jobs is not None:
            self.runtime.agent.jobs = [job for job in self.runtime.agent.jobs if job.name in jobs]

    async def start(self) -> None:
        asyncio.get_running_loop().set_default_executor(AtOnce())
        self.agent = asyncio.ensure_future(self.runtime.agent.run())
        if self._waits:
            try:
                await self.until(lambda: self.heard("lamp/state"))
            except BaseException:
                await self.stop()
                raise

    async def stop(self) -> None:
        self.runtime.agent.stop()
        for _ in range(300):
            if self.agent.done():
                break
            await self.clock.advance(0.1)
            await asyncio.sleep(0.01)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        if error is None:
            assert self.agent.result() == 0

    @property
    def light(self) -> float:
        return round(1 - float(self.factory.pin("GPIO18").state), 2)

    def edges(self) -> list[float]:
        """The light at every edge of the pin."""
        return [round(1 - float(s.state), 2) for s in self.factory.pin("GPIO18").states]

    def heard(self, path: str) -> list[dict[str, Any]]:
        """What the city heard on this path."""
        return [json.loads(m.payload) for m in self.broker.published if m.topic == f"{BASE}/{path}"]

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """The events that the city heard, of one kind or all."""
        found = [
            json.loads(m.payload) for m in self.broker.published if m.topic.startswith(f"{BASE}/events/")
        ]
        return [e for e in found if not kind or e["type"] == f"smartpole.{kind}"]

    def send(self, path: str, payload: Any, **more: Any) -> None:
        """What the city says: bytes as they are, all else as JSON."""
        self.broker.send(
            Incoming(path, payload if isinstance(payload, bytes) else json.dumps(payload).encode(), **more)
        )

    async def until(self, condition: Callable[[], object], within_s: float = 60.0) -> None:
        """Let time pass until something is true; the threads of store and clip get their real time."""
        end = self.clock.monotonic() + within_s
        while not condition():
            assert self.clock.monotonic() < end, "it did not come in time"
            await self.clock.advance(0.1)
            await self._let_threads()

    async def pass_time(self, seconds: float, step_s: float = 1.0) -> None:
        for _ in range(int(seconds / step_s)):
            await self.clock.advance(step_s)
            await asyncio.sleep(self._threads_s / 2)
            if step_s > 1:  # a busy machine's store would be hours behind the clock
                with contextlib.suppress(OutboxError):
                    await self.runtime.store.read(lambda _: None)

    async def _let_threads(self) -> None:
        if self._threads_s:
            await asyncio.sleep(self._threads_s)
        else:
            await self.runtime.store.flush()  # routine events wait for their batch in real time


Worlds = Callable[..., World]
