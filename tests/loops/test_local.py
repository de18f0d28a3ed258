"""control.sock over a reload and at the end: who has asked gets an answer."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import socket
from pathlib import Path
from typing import Any

import pytest

from pole_agent.loops.local import ANSWER_S, Local

QUESTION = b'{"question": "pole"}\n'


class Answering:
    """Answers with its name, once it is let."""

    def __init__(self, name: str, *, at_once: bool = True) -> None:
        self.name, self.asked, self.may = name, asyncio.Event(), asyncio.Event()
        if at_once:
            self.may.set()

    async def ask(self, question: str, arguments: dict[str, Any]) -> str:
        self.asked.set()
        await self.may.wait()
        return self.name

    async def command(self, path: str, payload: bytes, by: str) -> dict[str, Any] | None:
        return {"ok": True, "by": self.name}


def _local(path: Path, by: Answering, *, reload: bool, listener: socket.socket | None = None) -> Local:
    return Local(path, by.command, by.ask, listener=listener, reloading=lambda: reload)


async def _begin(local: Local, path: Path) -> asyncio.Task[None]:
    running = asyncio.create_task(local.run())
    while not (path.is_socket() and path.stat().st_mode & 0o777 == 0o660):
        await asyncio.sleep(0)
    return running


async def _end(running: asyncio.Task[None]) -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def _call(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(QUESTION)
    return reader, writer


async def test_an_answer_under_way_outlasts_a_reload(tmp_path: Path) -> None:
    """A question that the agent works on when the reload comes is answered by that agent."""
    path, old = tmp_path / "control.sock", Answering("old", at_once=False)
    local = _local(path, old, reload=True)
    running = await _begin(local, path)
    reader, writer = await _call(path)
    await old.asked.wait()
    running.cancel()
    await asyncio.sleep(0)
    old.may.set()
    assert json.loads(await reader.readline()) == {"ok": True, "answer": "old"}
    assert await reader.read() == b""
    writer.close()
    await asyncio.gather(running, return_exceptions=True)
    local.hand_over(tmp_path / "elsewhere.sock")


async def test_a_call_between_two_agents_waits(tmp_path: Path) -> None:
    """Who calls when one agent has ended and the next has not begun is answered by the next."""
    path, old, new = tmp_path / "control.sock", Answering("old"), Answering("new")
    first = _local(path, old, reload=True)
    await _end(await _begin(first, path))
    reader, writer = await _call(path)
    number = path.stat().st_ino
    running = await _begin(_local(path, new, reload=False, listener=first.hand_over(path)), path)
    assert json.loads(await reader.readline()) == {"ok": True, "answer": "new"}
    assert path.stat().st_ino == number
    writer.close()
    await _end(running)
    assert not path.exists()


async def test_who_was_answered_does_not_hold_up_the_end(tmp_path: Path) -> None:
    path, old = tmp_path / "control.sock", Answering("old")
    running = await _begin(_local(path, old, reload=False), path)
    reader, writer = await _call(path)
    await reader.readline()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await _end(running)
    assert loop.time() - begun < ANSWER_S
    assert await reader.read() == b""
    writer.close()


async def test_an_answer_that_does_not_come_is_left(tmp_path: Path) -> None:
    """The end waits half a second for it, no longer: a stop takes at most 5 s."""
    path, old = tmp_path / "control.sock", Answering("old", at_once=False)
    running = await _begin(_local(path, old, reload=False), path)
    reader, writer = await _call(path)
    await old.asked.wait()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await _end(running)
    assert 0.45 <= loop.time() - begun < 4.0
    assert await reader.read() == b""
    writer.close()


async def test_another_path_closes_the_old_socket(tmp_path: Path) -> None:
    path, old = tmp_path / "control.sock", Answering("old")
    local = _local(path, old, reload=True)
    await _end(await _begin(local, path))
    assert path.is_socket()
    assert local.hand_over(tmp_path / "elsewhere.sock") is None
    assert not path.exists()


async def test_a_socket_that_was_removed_is_made_again(tmp_path: Path) -> None:
    """What cleans up temporary files took it: the next agent has one that can be found."""
    path, new = tmp_path / "control.sock", Answering("new")
    first = _local(path, Answering("old"), reload=True)
    await _end(await _begin(first, path))
    path.unlink()
    running = await _begin(_local(path, new, reload=False, listener=first.hand_over(path)), path)
    reader, writer = await _call(path)
    assert json.loads(await reader.readline())["answer"] == "new"
    writer.close()
    await _end(running)


async def test_no_file_left_fails_the_job(tmp_path: Path) -> None:
    """It does not spin on a connection that it cannot take: the supervisor starts it again later."""
    path = tmp_path / "control.sock"
    running = await _begin(_local(path, Answering("old"), reload=False), path)
    caller = socket.socket(socket.AF_UNIX)
    free = os.dup(0)
    os.close(free)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, limits[1]))
    try:
        caller.connect(str(path))
        with pytest.raises(OSError, match="Too many open files"):
            await running
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        caller.close()
