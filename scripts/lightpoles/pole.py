"""One light pole, and what is noted of it: its attempts to connect, and what reaches its pin."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from pole_agent import compose
from pole_agent.clock import SystemClock
from pole_agent.lamp.lamp import Lamp
from pole_agent.settings import Settings
from pole_agent.settings.load import Loaded
from pole_agent.uplink.broker import Broker, Session
from pole_agent.uplink.events import Message
from pole_agent.vocabulary import RecordEvent, Severity

SITE = "fleet"


def settings_of(pole: str, folder: Path, mqtt: dict[str, Any]) -> Settings:
    return Settings.model_validate(
        {
            "pole": {"id": pole, "site": SITE, "latitude": -6.86, "longitude": 107.92},
            "clock": {"trust": "system"},
            "storage": {"state_dir": str(folder)},
            "lamp": {"backend": "mock"},
            "mqtt": mqtt,
        }
    )  # fmt: skip


class NotedBroker:
    """Broker: the one of the settings; `tries` and `entries` are when it was asked, and when it let us in;
    `connected`: it has, and we have not heard that it is over.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.tries: list[float] = []
        self.entries: list[float] = []
        self.connected = False

    @property
    def name(self) -> str:
        return self._broker.name

    @property
    def knows_5(self) -> bool:
        return self._broker.knows_5

    @knows_5.setter
    def knows_5(self, known: bool) -> None:
        self._broker.knows_5 = known

    @contextlib.asynccontextmanager
    async def connect(
        self,
        will: Message,
        base: str,
        suffix: str = "",
        born: Callable[[bool], Awaitable[None]] | None = None,
    ) -> AsyncIterator[Session]:
        self.tries.append(time.monotonic())
        async with self._broker.connect(will, base, suffix, born) as session:
            self.entries.append(time.monotonic())
            self.connected = True
            try:
                yield session
            finally:
                self.connected = False


class NotedLamp:
    """Lamp: the mock's; `changes` are when its duty became another one, and which."""

    def __init__(self, lamp: Lamp) -> None:
        self._lamp, self._duty = lamp, -1.0
        self.changes: list[tuple[float, float]] = []

    def set(self, duty: float) -> None:
        self._lamp.set(duty)
        if duty != self._duty:
            self._duty = duty
            self.changes.append((time.monotonic(), duty))

    def close(self) -> None:
        self._lamp.close()


class LightPole:
    def __init__(self, pole: str, folder: Path, mqtt: dict[str, Any]) -> None:
        settings, clock = settings_of(pole, folder, mqtt), SystemClock()
        broker = compose.broker_of(settings)
        assert broker is not None
        self.pole, self.broker = pole, NotedBroker(broker)
        luminaire = compose.open_lamp(settings, clock)
        luminaire.lamp = self.lamp = NotedLamp(luminaire.lamp)
        self.runtime = compose.build(
            Loaded(settings, ""), luminaire, clock, broker=self.broker, socket=folder / "control.sock"
        )

    def record(self, count: int) -> None:
        """So many events of traffic, as a busy camera would make."""
        data = {"camera": "street", "line": "gate", "class": "person", "count": 3, "window_s": 300}
        for _ in range(count):
            self.runtime.store.record(
                RecordEvent("traffic.summarized", Severity.INFO, data, self.runtime.context.clock.monotonic())
            )

    async def kept(self) -> tuple[str, int]:
        """Put what was recorded on the disk: the storeid, and the last number."""
        store = self.runtime.store
        await store.flush()
        return store.store_id, await store.read(lambda db: db.last_sequence())

    async def run(self) -> None:
        await self.runtime.agent.run()
