"""A TCP proxy between the agent and its broker, for links as they are in the field: slow, cut, or silent
without a word.

A silent connection stays so for ever, as behind a router that forgot it; nobody gets a reset. New ones are
silent until `speak`.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any

CHUNK = 65_536


class Proxy:
    """Listens on `port` of loopback, in a thread of its own."""

    def __init__(self, target: int, door: Callable[[bytes], bytes | None] = lambda hello: None) -> None:
        """`door` sees the first bytes of each connection; what it answers is said, and the
        connection closed.
        """
        self._target, self._door = target, door
        self._silent = False
        self.delay_s = 0.0
        self.connections = self.cuts = 0
        self.upward_bytes = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._ask(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def _ask(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def cut(self) -> int:
        """Reset every connection; returns how many there were."""

        async def work() -> int:
            writers, self._writers = self._writers, set()
            for writer in writers:
                writer.transport.abort()
            self.cuts += bool(writers)
            return len(writers)

        return int(self._ask(work()))

    def silence(self) -> None:
        self._silent = True

    def speak(self) -> None:
        self._silent = False

    def close(self) -> None:
        async def work() -> None:
            self._server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

        self.cut()
        self._ask(work())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            if self._silent:
                await asyncio.Event().wait()
            hello = await reader.read(CHUNK)
            if (answer := self._door(hello)) is not None:
                writer.write(answer)
                await writer.drain()
                writer.close()
                return
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(back)
            self.upward_bytes += len(hello)
            back.write(hello)
        except OSError:
            writer.transport.abort()
            return
        for source, sink, up in ((reader, back, True), (there, writer, False)):
            task = asyncio.ensure_future(self._pump(source, sink, up))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, up: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                if self._silent:
                    await asyncio.Event().wait()  # what was on its way is lost
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                self.upward_bytes += len(data) if up else 0
                sink.write(data)
                await sink.drain()
        sink.transport.abort()
