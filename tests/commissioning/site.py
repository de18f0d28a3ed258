"""A pole that a technician takes into service: the whole agent on a clock that moves as the steps need it,
its lamp wired to a pin, its camera a clip, and a person who sees what is really so and answers by that.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pole_agent.commissioning.record import Record
from pole_agent.commissioning.steps import Step, steps_of
from pole_agent.console.guide import Guide
from pole_agent.console.site import Site
from pole_agent.doctor import machine
from pole_agent.doctor.finding import Finding
from pole_agent.errors import PoleAgentError
from pole_agent.frame import Frame
from pole_agent.settings import Settings
from pole_agent.settings.load import Loaded
from pole_agent.vocabulary import Box, Detection
from tests.world import World

STREET, YARD = 1, 2  # seeds: which view a clip shows
HOME = (slice(0, 60), slice(0, 80))  # of the picture, rows and columns: a window
FPS = 10
CONFIG = """
backend = "gpio"
program = [{{ at = "sunset", level = 0.6 }}, {{ at = "sunrise", level = 0.0 }}]
[lamp.feedback]
pin = 22
[[camera]]
name = "street"
source = "{clip}"
fps = 10
masks = [[[0, 0], [0.25, 0], [0.25, 0.25], [0, 0.25]]]
[[zone]]
name = "road"
polygon = [[0.2, 0.5], [0.9, 0.5], [0.9, 1], [0.2, 1]]
[[rule]]
name = "passing"
kind = "presence"
zone = "road"
[mqtt]
host = "127.0.0.1"
tls = false
[drone]
enabled = true
night_permit = true
geofence = [[-6.87, 107.90], [-6.87, 107.93], [-6.85, 107.93], [-6.85, 107.90]]
[[drone.officer]]
name = "Duty officer"
public_key = "Q0JBQkFCQUJBQkFCQUJBQkFCQUJBQkFCQUJBQkFCQUI="
"""


def clip(path: Path, view: int = STREET, *, frozen: bool = False, size: tuple[int, int] = (320, 240)) -> Path:
    """A second of pictures of this view, with the noise of a camera."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, size)
    noise = np.random.default_rng(0)
    scene = cv2.resize(np.random.default_rng(view).integers(60, 200, (6, 8, 3), np.uint8), size)
    for _ in range(12):
        grain = 0 if frozen else noise.integers(0, 8, scene.shape, np.uint8)
        writer.write((scene + grain).astype(np.uint8))
    writer.release()
    return path


@dataclass
class Walkers:
    """Detector: sees who walks where the person is told to."""

    walking: bool = False
    place: Box = field(default_factory=lambda: Box(0.45, 0.4, 0.55, 0.8))
    took_ms: float = 0.0
    looks: int = 0

    async def open(self) -> None:
        return

    async def detect(self, frame: Frame) -> Sequence[Detection]:
        self.looks += 1
        shift = 0.01 * (self.looks % 20)
        b = self.place
        box = Box(b.left + shift, b.top, b.right + shift, b.bottom)
        return [Detection(box, 0.9, "person", moving=True)] if self.walking else []

    def close(self) -> None:
        return


class Passing:
    """FrameSource: a street with the noise of a camera, at the pace of the clock."""

    def __init__(self, clock: Any, walkers: Walkers) -> None:
        self._clock, self._walkers, self._index = clock, walkers, 0
        self._noise = np.random.default_rng(0)

    def open(self) -> None:
        return

    async def next(self) -> Frame | None:
        await self._clock.sleep(1 / FPS)
        self._index += 1
        image = np.full((240, 320, 3), 90, np.uint8) + self._noise.integers(0, 6, (240, 320, 3), np.uint8)
        if self._walkers.walking:
            image[100:190, 10 * (self._index % 20) : 10 * (self._index % 20) + 40] = 250
        return Frame(image, self._clock.monotonic(), self._index)

    def close(self) -> None:
        return


@dataclass
class Truth:
    """What is really so at this pole, beside what its configuration says.

    `wiring`: the duty of the pin -> the light that comes out; `unplugged` None: nobody cuts the supply.
    """

    wiring: Callable[[float], float] = lambda pin: 1 - pin  # low is lit
    unplugged: bool | None = True  # the lamp is lit without the board
    feedback: Callable[[bool], bool] = lambda lit: lit
    wall_off_s: float = 0.0  # of the pole's clock
    zone_off_h: float = 0.0
    view: int = STREET
    plate: bool = True
    replacement: bool = False
    can_stop: bool = True
    sign: bool = True
    seen_on_page: bool = False  # the person looks at the picture there


class Technician:
    """Takes the steps, and answers by what is so. Everything of the agent is asked in its own loop."""

    def __init__(self, world: World, loaded: Loaded, folder: Path, truth: Truth, walkers: Walkers) -> None:
        self.world, self.truth, self._walkers, self._folder = world, truth, walkers, folder
        self._loop, self._boots = asyncio.get_running_loop(), 0
        self._pool = ThreadPoolExecutor(1)
        self.loaded = loaded
        self.site = Site(
            loaded,
            self._ask,
            self._command,
            folder,
            sleep=lambda seconds: self._there(self._pass(seconds)),
            now=lambda: world.clock.monotonic(),
            wall=lambda: world.clock.wall(),
            checks={"board": (self._power,)},
        )
        self.guide = Guide(self.site, Record({"pole": "smartpole/test/T-1"}), lambda record: None)
        self.guide.record.about |= {"begun_at": "2026-11-24T10:00:00.000Z", "version": "0.1.0"}
        self.guide.record.about["config_sha256"] = loaded.digest

    async def path(self, only: Sequence[str] = ()) -> dict[str, str]:
        """All steps, or those of some kinds: how they ended."""
        for step in steps_of(self.loaded.settings):
            if not only or step.kind in only:
                self._walkers.walking = step.kind == "walk"
                await self.in_thread(partial(self._take, step))
        return {name: result["state"] for name, result in self.guide.record.results.items()}

    async def in_thread(self, work: Callable[[], Any]) -> Any:
        """What a person does at the terminal, while the agent runs on."""
        return await self._loop.run_in_executor(self._pool, work)

    def restart(self) -> None:
        """The board was without supply."""
        self._boots += 1

    def _take(self, step: Step) -> None:
        taken = self.guide.begin(step)
        if step.kind == "fail_lit" and self.truth.unplugged is not None:
            self.restart()
        if taken.verdict is None:
            answers = {q.key: self._sees(q.key, taken.facts) for q in taken.questions}
            assert self.guide.answer(step, answers).verdict is not None

    def _sees(self, key: str, facts: Any) -> str:
        truth = self.truth
        if key == "phone":
            true = facts["day_s"] - truth.wall_off_s - 3600 * truth.zone_off_h
            return f"{int(true % 86400 // 3600):02d}:{int(true % 3600 // 60):02d}"
        if key == "sees":
            light = truth.wiring(float(self.world.factory.pin("GPIO18").state))
            return "dark" if light < 0.05 else "full" if light > 0.9 else "dim"
        if truth.seen_on_page and key in ("right", "covered"):
            return "yes"
        if key == "right":
            picture = self._picture()[120:, 100:]
            right = cv2.resize(
                np.random.default_rng(STREET).integers(60, 200, (6, 8, 3), np.uint8), (320, 240)
            )
            return _yes(abs(picture.astype(float) - right[120:, 100:]).mean() < 25)
        if key == "covered":
            home = self._picture()[HOME]
            return _yes(np.median(home) < 30)
        said = {
            "plate": truth.plate,
            "replacement": truth.replacement,
            "lit": bool(truth.unplugged),
            "stop": truth.can_stop,
            "hangs": truth.sign,
        }
        return _yes(said[key])

    def _picture(self) -> Any:
        return np.asarray(cv2.imread(str(self._folder / "street.jpg")))

    def _ask(self, question: str) -> Any:
        answer = self._there(self.world.runtime.local._ask(question, {}))
        if question == "health":
            answer["clock"]["boot_id"] += str(self._boots)
        return answer

    def _command(self, path: str, payload: dict[str, Any]) -> Any:
        listen = self.world.runtime.listen
        reply = self._there(listen.handle(path, json.dumps(payload).encode(), local_by="local:rini"))
        self._there(self._pass(0.2))
        lit = self.truth.wiring(float(self.world.factory.pin("GPIO18").state)) > 0.05
        pin = self.world.factory.pin("GPIO22")
        (pin.drive_high if self.truth.feedback(lit) else pin.drive_low)()
        if not reply or not reply["ok"]:
            raise PoleAgentError(str(reply and reply["error"]))
        return reply

    async def _pass(self, seconds: float) -> None:
        await self.world.pass_time(seconds, 0.1)

    def _there(self, work: Awaitable[Any]) -> Any:
        async def there() -> Any:
            return await work

        return asyncio.run_coroutine_threadsafe(there(), self._loop).result(60)

    def _power(self, settings: Settings) -> list[Finding]:
        return list(machine.power(settings, self._folder / "root"))


def _yes(true: Any) -> str:
    return "yes" if true else "no"
