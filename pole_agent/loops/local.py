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
Ask = Callable[[str, dict[str, Any]], Awaitable[Any]]
Command = Callable[[str, bytes, str], Awaitable[dict[str, Any] | None]]


class Local:
    """Serves `path`. `command(path, payload, by)` carries out, `ask(question, arguments)` answers."""

    def __init__(self, path: Path, command: Command, ask: Ask) -> None:
        self._path, self._command, self._ask = path, command, ask
        self._sessions: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Raises OSError when the socket cannot be made."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        server = await asyncio.start_unix_server(self._accept, sock=_bound(self._path), limit=MAX_LINE)
        with contextlib.suppress(KeyError, PermissionError):
            os.chown(self._path, -1, grp.getgrnam(GROUP).gr_gid)
        self._path.chmod(MODE)
        try:
            await asyncio.Event().wait()
        finally:
            server.close()
            for task in self._sessions:
                task.cancel()
            with contextlib.suppress(OSError):
                self._path.unlink()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        try:
            by = _peer(writer)
            while line := await _line(reader):
                answer = await self._serve(line, by)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, TimeoutError, ValueError):
            return  # gone, silent too long, or a line without end
        finally:
            self._sessions.discard(task)
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


def _bound(path: Path) -> socket.socket:
    """A socket that nobody but us may open yet.

    It gets its mode before its name: a umask is of the whole process, other threads too.
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(made.fileno(), 0o600)
        made.bind(str(path))
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
