"""Failure 14: a camera that accepts and says nothing, breaks off in half a frame, sends garbage, one frame a
minute, one picture for ever.

All at once, on one pole, in real time: the loop that drives the lamp is never held up, each camera is
reported with its reason, and the attempts to open it again come more and more rarely.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from pole_agent import compose
from pole_agent.clock import SystemClock
from pole_agent.lamp.mock import mock_factory
from pole_agent.settings.load import Loaded, load
from pole_agent.vision.scripted import ScriptedDetector
from tests.conftest import settled

HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"
PICTURE = cv2.imencode(".jpg", np.random.default_rng(5).integers(0, 255, (240, 320, 3), dtype=np.uint8))[
    1
].tobytes()
PART = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(PICTURE) + PICTURE + b"\r\n"
WATCHED_S = 45.0
MAX_JITTER_S = 0.1


def talk(mode: str, connection: socket.socket) -> None:
    if mode == "silent":
        time.sleep(WATCHED_S)
    elif mode == "garbage":
        connection.sendall(os.urandom(200_000))
    elif mode == "half":
        connection.sendall(HEAD + PART[: len(PART) // 2])
        time.sleep(WATCHED_S)
    elif mode == "minute":
        connection.sendall(HEAD + PART + PART[:20])
        time.sleep(60)
    else:
        connection.sendall(HEAD)
        while True:
            connection.sendall(PART)
            time.sleep(0.1)


class Hostile:
    """A server for each mode; remembers when somebody connected."""

    def __init__(self, modes: tuple[str, ...]) -> None:
        self.attempts: dict[str, list[float]] = defaultdict(list)
        self.ports = {}
        for mode in modes:
            server = socket.create_server(("127.0.0.1", 0))
            self.ports[mode] = server.getsockname()[1]
            threading.Thread(target=self._serve, args=(mode, server), daemon=True).start()

    def _serve(self, mode: str, server: socket.socket) -> None:
        while True:
            connection, _ = server.accept()
            self.attempts[mode].append(time.monotonic())
            threading.Thread(target=self._one, args=(mode, connection), daemon=True).start()

    def _one(self, mode: str, connection: socket.socket) -> None:
        with connection:
            try:
                connection.settimeout(WATCHED_S)
                if mode != "silent":
                    connection.recv(1000)
                talk(mode, connection)
            except OSError:
                return


MODES = {
    "silent": "http",
    "quiet": "rtsp",
    "garbage": "http",
    "noise": "rtsp",
    "half": "http",
    "minute": "http",
    "same": "http",
}
SAYS = {
    "silent": "no answer within",
    "quiet": "no answer within",
    "garbage": "does not answer in HTTP",
    "noise": "does not answer in RTSP",
    "half": "gives no stream|no picture|broke off",
    "minute": "gives no stream|no picture|broke off",
    "same": "frozen",
}
BEHAVES = {"quiet": "silent", "noise": "garbage"}


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    yield Hostile(tuple({BEHAVES.get(m, m) for m in MODES}))


@pytest.mark.alone
async def test_a_camera_read_hangs_for_ever(hostile: Hostile, bench: Callable[..., Path]) -> None:
    cameras = "".join(
        f'[[camera]]\nname = "{mode}"\nsource ='
        f' "{scheme}://127.0.0.1:{hostile.ports[BEHAVES.get(mode, mode)]}/x"\n'
        for mode, scheme in MODES.items()
    )
    settings = load(bench(cameras)).settings
    clock, factory = SystemClock(), mock_factory()
    told: dict[str, set[str]] = defaultdict(set)
    late: list[float] = []

    async def work() -> int:
        lamp = compose.open_lamp(settings, clock, factory)
        runtime = compose.build(
            Loaded(settings, ""),
            lamp,
            clock,
            detector=ScriptedDetector({}),
            socket=settings.storage.state_dir / "control.sock",
        )
        running = asyncio.ensure_future(runtime.agent.run())
        end = time.monotonic() + WATCHED_S
        while time.monotonic() < end:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            late.append(time.monotonic() - before - 0.01)
            for part, state in runtime.parts.report().items():
                if "reason" in state:
                    told[part].add(str(state["reason"]))
        assert not running.done()
        begun = time.monotonic()
        runtime.agent.stop()
        code = await running
        assert time.monotonic() - begun < 5
        return code

    with settled():
        assert await work() == 0
    assert max(late) < MAX_JITTER_S, "the loop that drives the lamp was held up"
    for mode, says in SAYS.items():
        reasons = told[f"camera:{mode}"]
        assert reasons, f"{mode}: nothing was told"
        assert any(word in reason for word in says.split("|") for reason in reasons), (mode, reasons)
    for mode, attempts in hostile.attempts.items():
        assert len(attempts) <= 20, f"{mode}: {len(attempts)} attempts in {WATCHED_S} s"
    waits = [
        b - a for a, b in zip(hostile.attempts["garbage"], hostile.attempts["garbage"][1:], strict=False)
    ]
    assert max(waits) > 4 * min(w for w in waits if w > 0.3), "attempts come more and more rarely"
