"""Broker: the city's end of the line. One session is one connection; a lost one is replaced by a new one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from pole_agent.uplink.events import Incoming, Letter, Message


class Session(Protocol):
    """A live connection. `missing`: the protections that this broker does not give, in words; empty where all
    are there.

    `modern`: it speaks MQTT 5. `certificate_ends`: wall time at which the broker's certificate ends, None
    without TLS.
    """

    missing: str
    modern: bool
    certificate_ends: float | None

    @property
    def unheard(self) -> Mapping[str, str]:
        """What the broker does not let us listen to: path -> reason."""
        ...

    async def listen(self, *, anew: bool = False) -> None:
        """Ask again for what is missing, when it is time; `anew`: for everything. Raises LinkLost."""
        ...

    async def publish(self, message: Letter, *, waits: bool = False) -> None:
        """Return once the broker has acknowledged it. Where it bears no more at a time, the first that came
        goes first; `waits`: after all others.

        Raises PublishRefused when it answered with a reason code of failure, LinkLost when the connection is
        gone (NotAcknowledged: by our own decision, because it answers and acknowledges nothing).
        """
        ...

    async def look_at(self, topic: str) -> bytes | None:
        """What the broker keeps on this topic, None when it keeps or shows nothing. Raises LinkLost."""
        ...

    def incoming(self) -> AsyncIterator[Incoming]:
        """Commands, as they come. Raises LinkLost when the connection is gone."""
        ...


class Broker(Protocol):
    """Something to connect to."""

    def connect(
        self,
        will: Message,
        base: str,
        suffix: str = "",
        born: Callable[[bool], Awaitable[None]] | None = None,
    ) -> AbstractAsyncContextManager[Session]:
        """Connect with a clean session and this will, and listen to the command topics below `base`.

        `born` is awaited once the broker has let us in, before anything is asked of it (True: in MQTT 5).
        `suffix` is added to the client's identity. Raises LinkLost; TakenOver when another client came with
        the same identity.
        """
        ...

    knows_5: bool  # it was seen in MQTT 5: nothing makes us speak 3.1.1 with it

    @property
    def name(self) -> str:
        """For people: where it is."""
        ...
