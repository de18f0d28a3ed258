"""Broker: the city's end of the line. One session is one connection; a lost one is replaced by a new one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from pole_agent.uplink.events import Incoming, Letter, Message


class Session(Protocol):
    """A live connection. `missing`: the protections that this broker's version of MQTT does not give, in words; empty with MQTT 5.

    `certificate_ends`: wall time at which the broker's certificate ends, None without TLS.
    """

    missing: str
    certificate_ends: float | None

    async def publish(self, message: Letter) -> None:
        """Return once the broker has acknowledged it.

        Raises PublishRefused when it answered with a reason code of failure, LinkLost when the connection is gone.
        """
        ...

    def incoming(self) -> AsyncIterator[Incoming]:
        """Commands, as they come. Raises LinkLost when the connection is gone."""
        ...


class Broker(Protocol):
    """Something to connect to."""

    def connect(self, will: Message, base: str, suffix: str = "") -> AbstractAsyncContextManager[Session]:
        """Connect with a clean session and this will, and listen to the command topics below `base`.

        `suffix` is added to the client's identity. Raises LinkLost; TakenOver when another client came with the same identity.
        """
        ...

    @property
    def name(self) -> str:
        """For people: where it is."""
        ...
