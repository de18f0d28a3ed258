"""How fast the lamp is: from a command to the pin, and from a person in the picture to more light.

The whole agent runs in this process on mock pins; commands come from another process, through a real
Mosquitto where one is installed and through the control socket else.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pole_agent import compose
from pole_agent.clock import SystemClock
from pole_agent.errors import CameraError
from pole_agent.languages import phrase
from pole_agent.settings import Settings
from pole_agent.settings.load import Loaded
from pole_agent.simulator.broker import mosquitto_on_loopback, mosquitto_program

if TYPE_CHECKING:
    from pole_agent.frame import Frame, Image

COMMANDS = 300
EVERY_S = 0.03
LEVELS = (0.4, 0.9)
WARM_UP_S = 2.0
BUSY_FPS = 30
SIGHTS = 6
SIGHT_FPS = 10
EMPTY_S = 6.0  # until everybody is forgotten and the light is down again
PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Sights:
    """Seconds from a person in the picture to more light, trial by trial; and one inference."""

    waits: list[float]
    inference_s: float
    interval_s: float

    @property
    def excess_s(self) -> float:
        """What the slowest trial took beyond one frame interval and one inference."""
        return max(self.waits) - self.interval_s - self.inference_s


def command_to_pin(settings: Settings, clip: Path | None) -> tuple[list[float], str]:
    """Seconds from sending to the edge of the pin, and the way the commands took.

    With `clip`, detection saturates the cores meanwhile.
    """
    with tempfile.TemporaryDirectory(prefix="pole-agent-bench-") as scratch, contextlib.ExitStack() as stack:
        program = mosquitto_program()
        port = stack.enter_context(mosquitto_on_loopback(program, Path(scratch), None)) if program else None
        document = document_of(settings, scratch)
        if port is not None:
            document["mqtt"] = {"host": "127.0.0.1", "port": port, "tls": False}
        if clip is not None:
            document["camera"] = [{"source": str(clip), "fps": BUSY_FPS, "loop": True}]
            stack.enter_context(_busy(settings))
        waits = asyncio.run(_command(Settings.model_validate(document), Path(scratch), port))
        return waits, "Mosquitto" if port is not None else "the control socket"


def sight_to_light(settings: Settings, clip: Path) -> Sights:
    """Show an empty street, then people, several times. Raises CameraError."""
    with tempfile.TemporaryDirectory(prefix="pole-agent-bench-") as scratch:
        document = document_of(settings, scratch)
        document["camera"] = [{"source": str(clip), "fps": SIGHT_FPS}]
        document["rule"] = [{"name": "light", "kind": "presence", "lamp": {"level": 1.0, "hold_s": 0}}]
        return asyncio.run(_sight(Settings.model_validate(document), Path(scratch), *_stage(clip)))


def document_of(settings: Settings, scratch: str) -> dict[str, Any]:
    """A pole of the bench, with the detector of `settings`."""
    return {
        "pole": {"id": "bench", "site": "bench", "latitude": 0, "longitude": 0, "timezone": "UTC"},
        "clock": {"trust": "system"},
        "storage": {"state_dir": scratch},
        # The same light all day, so that it does not matter when the bench runs; presence may lift it.
        "lamp": {"backend": "mock", "program": [{"at": "00:00", "level": 0.3}], "boost_in_daylight": True},
        "detector": {"model": settings.detector.model, "threads": settings.detector.threads},
    }


class _Edges:
    """The moments at which the light changed: looked at after every `set`, in the same thread."""

    def __init__(self, lamp: Any) -> None:
        self._lamp = lamp
        self.seen: list[tuple[float, float]] = []

    def set(self, duty: float) -> None:
        self._lamp.set(duty)
        self.seen.append((time.monotonic(), duty))

    def close(self) -> None:
        self._lamp.close()


async def run_around(
    settings: Settings, scratch: Path, story: Callable[[_Edges, compose.Runtime], Any], **more: Any
) -> Any:
    """The runtime around a lamp that notes its edges, while `story` runs."""
    clock = SystemClock()
    luminaire = compose.open_lamp(settings, clock)
    edges = luminaire.lamp = _Edges(luminaire.lamp)
    runtime = compose.build(
        Loaded(settings, ""), luminaire, clock, socket=scratch / compose.SOCKET_NAME, **more
    )
    running = asyncio.ensure_future(runtime.agent.run())
    try:
        return await story(edges, runtime)
    finally:
        runtime.agent.stop()
        await running


# --- command to pin


async def _command(settings: Settings, scratch: Path, port: int | None) -> list[float]:
    async def story(edges: _Edges, runtime: compose.Runtime) -> list[float]:
        await asyncio.sleep(WARM_UP_S)
        where = [str(port), settings.base_topic] if port is not None else [str(runtime.socket)]
        return await commanded(edges, where)

    waits: list[float] = await run_around(settings, scratch, story)
    return waits


async def commanded(edges: _Edges, where: list[str]) -> list[float]:
    """Seconds from each of many commands to the pin. `where`: the control socket, or port and topic."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, *where, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    await asyncio.sleep(EVERY_S * 5)
    waits = []
    for number, moment in enumerate(json.loads(out)):
        wanted = LEVELS[number % 2]
        found = (at - moment for at, duty in edges.seen if at > moment and duty == wanted)
        waits.append(next(found, PATIENCE_S))
    return waits


@contextlib.contextmanager
def _busy(settings: Settings) -> Iterator[None]:
    """The bare network in a loop, with all threads of the detector, beside the camera's own."""
    infer, stop = compose.bare_inference(settings), threading.Event()

    def work() -> None:
        while not stop.is_set():
            infer()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE_S)


def _commander(where: list[str]) -> list[float]:
    """In a process of its own: send the commands, return when each was sent."""
    sent = []
    with _sender(where) as send:
        for number in range(COMMANDS):
            payload = {"level": LEVELS[number % 2], "transition": 0, "mode": "fixed"}
            sent.append(time.monotonic())
            send(payload)
            time.sleep(EVERY_S * (0.5 + random.random()))
    return sent


@contextlib.contextmanager
def _sender(where: list[str]) -> Iterator[Callable[[dict[str, Any]], None]]:
    if len(where) == 1:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(where[0])
            file = connection.makefile("rwb")

            def ask(payload: dict[str, Any]) -> None:
                file.write(json.dumps({"path": "lamp/set", "payload": payload}).encode() + b"\n")
                file.flush()
                file.readline()

            yield ask
        return
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion

    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", int(where[0]))
    if isinstance(sock := client.socket(), socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.loop_start()
    yield lambda payload: client.publish(f"{where[1]}/lamp/set", json.dumps(payload), qos=1).wait_for_publish(
        PATIENCE_S
    )
    client.disconnect()
    client.loop_stop()


# --- sight


class _Stage:
    """A live source that shows an empty street, and from `people_at` on the frames with people."""

    def __init__(self, empty: Image, people: list[Image]) -> None:
        self._empty, self._people = empty, people
        self._index = 0
        self._due = 0.0
        self.people_from: float | None = None
        self._shown = 0

    def open(self) -> None:
        self._due = time.monotonic()

    async def next(self) -> Frame | None:
        from pole_agent.frame import Frame

        self._due += 1 / SIGHT_FPS
        await asyncio.sleep(max(0.0, self._due - time.monotonic()))
        now = time.monotonic()
        image = self._empty
        if self.people_from is not None and now >= self.people_from:
            image = self._people[min(self._shown, len(self._people) - 1)]
            self._shown += 1
        else:
            self._shown = 0
        self._index += 1
        return Frame(image.copy(), now, self._index)

    def close(self) -> None:
        return


def _stage(clip: Path) -> tuple[Image, list[Image]]:
    """The street without anybody (the median over the clip), and a second of it with people.

    Raises CameraError.
    """
    import numpy as np

    from pole_agent.camera.opening import open_capture

    capture = open_capture(str(clip))
    frames: list[Image] = []
    while len(frames) < 600:
        ok, image = capture.read()
        if not ok:
            break
        frames.append(image)
    capture.release()
    if len(frames) < 50:
        raise CameraError(phrase("clip-too-short", clip=clip, frames=50))
    empty = np.median(np.stack(frames[:: max(1, len(frames) // 40)]), axis=0).astype(np.uint8)
    middle = len(frames) // 2
    return empty, frames[middle : middle + 30]


async def _sight(settings: Settings, scratch: Path, empty: Image, people: list[Image]) -> Sights:
    stage = _Stage(empty, people)

    async def story(edges: _Edges, runtime: compose.Runtime) -> Sights:
        waits, took = [], []
        await asyncio.sleep(2 * EMPTY_S)
        for _ in range(SIGHTS):
            stage.people_from = begun = time.monotonic() + random.random() / SIGHT_FPS
            while time.monotonic() < begun + PATIENCE_S and not any(at > begun for at, _ in edges.seen):
                await asyncio.sleep(0.005)
            waits.append(next((at - begun for at, _ in edges.seen if at > begun), PATIENCE_S))
            took.append(detector.took_ms / 1000)
            stage.people_from = None
            await asyncio.sleep(EMPTY_S)
        return Sights(waits, statistics.median(took), 1 / SIGHT_FPS)

    detector = compose.detector_of(settings)
    sights: Sights = await run_around(settings, scratch, story, detector=detector, sources=[lambda: stage])
    return sights


if __name__ == "__main__":
    print(json.dumps(_commander(sys.argv[1:])))
