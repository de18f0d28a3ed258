"""control.sock: the same commands as MQTT, and questions, for people on the pole itself.

One JSON object a line, one answer a line.
"""

from __future__ import annotations

import asyncio
import contextlib
import grp
import json
import logging
import os
import pwd
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pole_agent.errors import PoleAgentError

log = logging.getLogger(__name__)

GROUP = "pole-agent"
MODE = 0o660
MAX_LINE = 64 * 1024
IDLE_S = 60.0
ANSWER_S = 0.5  # for the answers that are under way at the end; a stop takes at most 5 s in all
Ask = Callable[[str, dict[str, Any]], Awaitable[Any]]
Command = Callable[[str, bytes, str], Awaitable[dict[str, Any] | None]]


class Local:
    """Serves `path`. `command(path, payload, by)` carries out, `ask(question, arguments)` answers.

    Over a reload the socket goes on listening: who calls meanwhile waits for the next agent. `reloading` says
    that one follows; it takes over what `listener` gives.
    """

    def __init__(
        self,
        path: Path,
        command: Command,
        ask: Ask,
        *,
        listener: socket.socket | None = None,
        reloading: Callable[[], bool] = lambda: False,
    ) -> None:
        self._path, self._command, self._ask = path, command, ask
        self.listener, self._reloading = listener, reloading
        self._sessions: set[asyncio.Task[None]] = set()
        self._idle: set[asyncio.Task[None]] = set()  # have had their answer, and may ask again
        self._ending = False

    async def run(self) -> None:
        """Raises OSError when the socket cannot be made, or takes no more connections."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self.listener is None or not self._path.is_socket():
            self._leave()
            self.listener = _listening(self._path)
        with contextlib.suppress(KeyError, PermissionError):
            os.chown(self._path, -1, grp.getgrnam(GROUP).gr_gid)
        self._path.chmod(MODE)
        loop = asyncio.get_running_loop()
        failed: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self.listener, self._accept, self.listener, failed)
        try:
            await failed
        finally:
            loop.remove_reader(self.listener)
            await self._end_sessions()
            if not self._reloading():
                self._leave()

    def hand_over(self, path: Path) -> socket.socket | None:
        """The socket for the agent that follows and listens on `path`; None, and closed, where that is
        another one.
        """
        if path != self._path:
            self._leave()
        return self.listener

    def _leave(self) -> None:
        if self.listener is not None:
            self.listener.close()
            self.listener = None
        with contextlib.suppress(OSError):
            self._path.unlink()

    def _accept(self, listener: socket.socket, failed: asyncio.Future[None]) -> None:
        try:
            connection, _ = listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:  # no file descriptor is left, say: it would be ready for ever
            if not failed.done():
                failed.set_exception(error)
            return
        task = asyncio.create_task(self._session(connection), name="control socket, a session")
        self._sessions.add(task)
        task.add_done_callback(self._sessions.discard)

    async def _end_sessions(self) -> None:
        """Who has asked gets the answer; who only may ask again does not hold up the end."""
        self._ending = True
        for task in self._idle:
            task.cancel()
        if self._sessions:
            await asyncio.wait(self._sessions, timeout=ANSWER_S)
        for task in self._sessions:
            task.cancel()
        self._ending = False

    async def _session(self, connection: socket.socket) -> None:
        task = asyncio.current_task()
        assert task is not None
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=MAX_LINE)
        try:
            by = _peer(writer)
            while line := await _line(reader):
                self._idle.discard(task)
                answer = await self._serve(line, by)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
                if self._ending:
                    return
                self._idle.add(task)
        except (ConnectionError, TimeoutError, ValueError):
            return  # gone, silent too long, or a line without end
        finally:
            self._idle.discard(task)
            writer.close()

    async def _serve(self, line: bytes, by: str) -> Any:
        try:
            request = json.loads(line)
            if "question" in request:
                return {
                    "ok": True,
                    "answer": await self._ask(str(request["question"]), dict(request.get("arguments", {}))),
                }
            payload = json.dumps(request["payload"]).encode()
            path = str(request["path"])
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            return {
                "ok": False,
                "error": (
                    f'send {{"path": …, "payload": …}} or {{"question": …}}: {type(error).__name__} {error}'
                ),
            }
        except PoleAgentError as error:
            return {"ok": False, "error": str(error)}
        reply = await self._command(path, payload, by)
        return reply or {"ok": False, "error": "too many commands were refused; try again in a minute"}


async def _line(reader: asyncio.StreamReader) -> bytes:
    """Raises TimeoutError when nothing comes for long."""
    async with asyncio.timeout(IDLE_S):
        return await reader.readline()


def _listening(path: Path) -> socket.socket:
    """A socket that nobody but us may open yet.

    It gets its mode before its name: a umask is of the whole process, other threads too.
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        os.fchmod(made.fileno(), 0o600)
        made.bind(str(path))
        made.listen()
    except BaseException:
        made.close()
        raise
    return made


def _peer(writer: asyncio.StreamWriter) -> str:
    """The user at the other end, as the kernel knows it."""
    sock = writer.get_extra_info("socket")
    _, uid, _ = struct.unpack(
        "3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    )
    try:
        return f"local:{pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"local:{uid}"
