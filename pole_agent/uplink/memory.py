"""A broker in memory, for tests and for a demo on a machine without Mosquitto."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from itertools import chain

from pole_agent.errors import LinkLost, PublishRefused
from pole_agent.languages import phrase
from pole_agent.race import race
from pole_agent.uplink.events import PATHS, STATUS, Incoming, Letter, Message
from pole_agent.uplink.many import listened


class MemoryBroker:
    """Keeps what is published; `send` plays the city.

    `down` refuses connections, `drop` cuts the one there is.
    """

    def __init__(self, groups: Iterable[str] = ()) -> None:
        """`groups`: of the pole, whose commands it takes as well."""
        self._paths = {*PATHS, *chain.from_iterable(listened(groups))}
        self.published: list[Message] = []
        self.retained: dict[str, Message] = {}
        self.refused_topics: set[str] = set()
        self.on_publish: Callable[[Message], None] | None = None
        self.down = False
        self._session: _MemorySession | None = None
        self._will: Message | None = None
        self.connections = 0
        self.knows_5 = True

    @property
    def name(self) -> str:
        return "memory"

    @contextlib.asynccontextmanager
    async def connect(
        self,
        will: Message,
        base: str,
        suffix: str = "",
        born: Callable[[bool], Awaitable[None]] | None = None,
    ) -> AsyncIterator[_MemorySession]:
        if self.down:
            raise LinkLost(phrase("broker-is-down"))
        self.connections += 1
        session = self._session = _MemorySession(self, base)
        if (kept := self.retained.get(session.status)) is not None:
            session.inbox.put_nowait(Incoming(STATUS, kept.payload, True))
        self._will = will
        if born is not None:
            await born(True)
        try:
            yield session
        finally:
            if self._session is session:
                self._session = None

    def send(self, message: Incoming) -> None:
        """Deliver a command to the pole, if it is connected."""
        if self._session is not None and message.path in self._paths:
            self._session.inbox.put_nowait(message)

    def drop(self) -> None:
        """Cut the connection; the will is published."""
        session, self._session = self._session, None
        if session is not None:
            if self._will is not None:
                self.take(self._will)
            session.lost.set()

    def take(self, message: Message) -> None:
        if message.topic in self.refused_topics:
            raise PublishRefused(0x87, phrase("not-authorized"))
        self.published.append(message)
        if message.retain:
            self.retained[message.topic] = message
        if self._session is not None and message.topic == self._session.status:
            self._session.inbox.put_nowait(Incoming(STATUS, message.payload))
        if self.on_publish is not None:
            self.on_publish(message)


class _MemorySession:
    """Session of a MemoryBroker."""

    missing = ""
    modern = True
    certificate_ends: float | None = None
    unheard: Mapping[str, str] = {}

    def __init__(self, broker: MemoryBroker, base: str) -> None:
        self._broker, self.status = broker, f"{base}/{STATUS}"
        self.inbox: asyncio.Queue[Incoming] = asyncio.Queue()
        self.lost = asyncio.Event()

    async def publish(self, message: Letter, *, waits: bool = False) -> None:
        await asyncio.sleep(0)
        message = message() if callable(message) else message
        if self.lost.is_set():
            raise LinkLost(phrase("connection-cut"))
        self._broker.take(message)

    async def listen(self, *, anew: bool = False) -> None:
        return

    async def look_at(self, topic: str) -> bytes | None:
        kept = self._broker.retained.get(topic)
        return kept.payload if kept is not None and kept.payload else None

    async def incoming(self) -> AsyncIterator[Incoming]:
        while True:
            async with race(self.lost.wait(), self.inbox.get()) as (lost, message):
                if lost.done():
                    raise LinkLost(phrase("connection-cut"))
                came: Incoming = message.result()
            yield came
