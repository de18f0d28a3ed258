"""The connections of the page: a share for everybody. Who has the most gives up the oldest of theirs."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from collections.abc import Sequence

from aiohttp import web

MOST_BEGINNING = 32  # handshakes of TLS that are under way; each costs some 200 KB
PAUSE_S = 0.1  # when the system has no descriptor or memory left for another one


def surplus(names: Sequence[str]) -> int:
    """Which one goes, by the account of each connection; the oldest stands first, "" is nobody's yet.

    So a flood of strangers, or of one account, costs itself: a newcomer comes in, and the others stay.
    """
    counts = Counter(names)
    most = max(counts, key=lambda name: (counts[name], not name))
    return names.index(most)


class Connections:
    """`most` at a time. When one comes and strangers, or an account, have more than half, they lose their
    oldest: one over TLS costs some 300 KB. The handshake has `handshake_s`.
    """

    def __init__(self, most: int, handshake_s: float) -> None:
        self._most, self._handshake_s = most, handshake_s
        self._names: dict[web.RequestHandler, str] = {}
        # The oldest first; with its socket as long as nobody else would close that
        self._beginning: dict[asyncio.Task[None], socket.socket | None] = {}

    def belongs(self, connection: web.RequestHandler, name: str) -> None:
        """A request that came on it was of this account."""
        self._names[connection] = name

    async def accept(self, listener: socket.socket, server: web.Server, tls: ssl.SSLContext | None) -> None:
        """Until cancelled. The listener is closed then."""
        loop = asyncio.get_running_loop()
        listener.setblocking(False)
        try:
            while True:
                try:
                    accepted, _ = await loop.sock_accept(listener)
                except OSError:
                    await asyncio.sleep(PAUSE_S)
                    continue
                task = loop.create_task(self._begin(accepted, server, tls), name="page: a connection")
                self._beginning[task] = accepted
                task.add_done_callback(self._begun)
                if len(self._beginning) > MOST_BEGINNING:
                    oldest = next(iter(self._beginning))
                    del self._beginning[oldest]
                    oldest.cancel()
                await asyncio.sleep(0)  # a flood takes turns with the rest of the agent
        finally:
            for task in self._beginning:
                task.cancel()
            listener.close()

    async def _begin(self, accepted: socket.socket, server: web.Server, tls: ssl.SSLContext | None) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._beginning[task] = None
        with contextlib.suppress(OSError):  # gone already, no TLS, or too slow
            await asyncio.get_running_loop().connect_accepted_socket(
                server, accepted, ssl=tls, ssl_handshake_timeout=self._handshake_s if tls else None
            )
        living = [c for c in server.connections if c.transport and not c.transport.is_closing()]
        self._names = {c: name for c in living if (name := self._names.get(c))}
        names = [self._names.get(c, "") for c in living]
        if len(living) > self._most or max(Counter(names).values(), default=0) > self._most // 2:
            beyond = living[surplus(names)].transport
            if isinstance(beyond, asyncio.WriteTransport):
                beyond.abort()  # what it has not taken would keep it open

    def _begun(self, task: asyncio.Task[None]) -> None:
        accepted = self._beginning.pop(task, None)
        if accepted is not None:  # it was cancelled before its first step
            accepted.close()
