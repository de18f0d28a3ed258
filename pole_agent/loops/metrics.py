"""Prometheus asks, the agent answers:

GET /metrics on a local port. Nothing else is served, nothing can be changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from pole_agent.health.metrics import CONTENT_TYPE

log = logging.getLogger(__name__)

MAX_REQUEST = 8192
PATIENCE_S = 5.0
MAX_GUESTS = 8


class Metrics:
    """The server. `show` gives the text of now."""

    def __init__(self, host: str, port: int, show: Callable[[], Awaitable[str]]) -> None:
        self._host, self._port, self._show = host, port, show
        self._guests = 0

    async def run(self) -> None:
        """Raises OSError when the port cannot be had."""
        server = await asyncio.start_server(self._serve, self._host, self._port, limit=MAX_REQUEST)
        try:
            await server.serve_forever()
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._guests += 1
        try:
            if self._guests > MAX_GUESTS:
                return
            async with asyncio.timeout(PATIENCE_S):
                request = await reader.readuntil(b"\r\n\r\n")
                status, content_type, body = await self._answer(request)
                head = (
                    f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length:"
                    f" {len(body)}\r\nConnection: close\r\n\r\n"
                )
                writer.write(head.encode() + body)
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # whoever cannot ask in time and in size goes without an answer
        finally:
            self._guests -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, request: bytes) -> tuple[str, str, bytes]:
        words = request.split(b"\r\n", 1)[0].split(b" ")
        if len(words) != 3 or words[0] != b"GET":
            return "405 Method Not Allowed", "text/plain", b"only GET\n"
        if words[1].partition(b"?")[0] != b"/metrics":
            return "404 Not Found", "text/plain", b"the numbers are at /metrics\n"
        return "200 OK", CONTENT_TYPE, (await self._show()).encode()
