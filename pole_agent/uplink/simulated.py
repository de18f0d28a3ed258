"""A broker as a simulation sees it: every message that leaves says ``"simulation": true``, whatever made it.

Demo and bench are wired with it unless somebody asks for the real thing, so that no message of theirs can
look like one from a street.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

from pole_agent.uplink.broker import Broker, Session
from pole_agent.uplink.events import Incoming, Letter, Message, encode

MARK = "simulation"
TAIL = b',"simulation":true}'


def marked(message: Message) -> Message:
    """The message with ``"simulation": true`` in its JSON object; what is no JSON object stays as it is."""
    payload = message.payload
    if not payload.startswith(b"{"):
        return message
    if f'"{MARK}"'.encode() in payload:
        return message._replace(payload=encode(json.loads(payload) | {MARK: True}))
    # Appended as text: parsing every event would slow the drain that the bench measures.
    return message._replace(payload=payload[:-1] + (TAIL[1:] if payload == b"{}" else TAIL))


class _SimulatedSession:
    """A session whose messages are marked, and lose the mark when they come back; all else is the session's
    own.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def publish(self, message: Letter, *, waits: bool = False) -> None:
        await self._session.publish(
            (lambda: marked(message())) if callable(message) else marked(message), waits=waits
        )

    async def incoming(self) -> AsyncIterator[Incoming]:
        async for message in self._session.incoming():
            yield (
                replace(message, payload=message.payload.removesuffix(TAIL) + b"}")
                if message.payload.endswith(TAIL)
                else message
            )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


class SimulatedBroker:
    """Marks what goes to `broker`, the will too."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    @contextlib.asynccontextmanager
    async def connect(
        self,
        will: Message,
        base: str,
        suffix: str = "",
        born: Callable[[bool], Awaitable[None]] | None = None,
    ) -> AsyncIterator[Session]:
        async with self._broker.connect(marked(will), base, suffix, born) as session:
            yield cast(Session, _SimulatedSession(session))

    @property
    def knows_5(self) -> bool:
        return self._broker.knows_5

    @knows_5.setter
    def knows_5(self, known: bool) -> None:
        self._broker.knows_5 = known

    @property
    def name(self) -> str:
        return self._broker.name
