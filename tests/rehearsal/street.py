"""A drawn street through the real pipeline: what its rules did, and the trajectories that were kept of it."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pole_agent.bench.day import CONFIG, HEIGHT, START_WALL, WIDTH, Walker, scene, walkers
from pole_agent.clock import ManualClock
from pole_agent.compose import pipeline_factory
from pole_agent.frame import Frame
from pole_agent.health.keeper import keeper_of
from pole_agent.settings import Settings
from pole_agent.trajectories.blocks import encode
from pole_agent.trajectories.files import folder_of, name_of
from pole_agent.trajectories.recorder import Batch, Recorder
from pole_agent.vision.region import WHOLE, within
from pole_agent.vocabulary import Box, Detection, RecordEvent

LOOKS_A_S = 5.0
MISSED = 0.07
FILE_S = 3600.0
STREET = {**CONFIG, "camera": [{**CONFIG["camera"][0], "fps": LOOKS_A_S}]}


@dataclass
class NoisyEye:
    """Detector: who is in the street, with boxes that tremble, and now and then one is missed."""

    chance: random.Random
    there: Sequence[tuple[Walker, Box]] = ()
    took_ms: float = 0.0

    async def open(self) -> None:
        return

    async def detect(self, frame: Frame) -> Sequence[Detection]:
        shown = frame.part or WHOLE
        return [
            Detection(self._seen(box), min(0.95, max(0.3, self.chance.gauss(0.75, 0.1))), walker.label)
            for walker, whole in self.there
            if (box := within(whole, shown)) is not None and self.chance.random() >= MISSED
        ]

    def _seen(self, box: Box) -> Box:
        def about(side: float, share: float) -> float:
            return side + self.chance.gauss(0, share * box.height)

        return Box(
            about(box.left, 0.012), about(box.top, 0.015), about(box.right, 0.012), about(box.bottom, 0.012)
        )

    def close(self) -> None:
        return


@dataclass
class Lived:
    """`opened`: rule and wall time of each incident, as the pole has told."""

    settings: Settings
    folder: Path
    opened: list[tuple[str, float]] = field(default_factory=list)

    def of(self, rule: str) -> list[float]:
        return [at for name, at in self.opened if name == rule]


def live(folder: Path, begin_h: float, end_h: float, seed: int = 1, config: object = None) -> Lived:
    """The street from one hour of the day to another."""
    settings = Settings.model_validate(config or STREET)
    lived = Lived(settings, folder)
    asyncio.run(_live(lived, begin_h * 3600, end_h * 3600, seed))
    return lived


async def _live(lived: Lived, begin: float, end: float, seed: int) -> None:
    chance = random.Random(seed)
    clock = ManualClock(wall=START_WALL + begin)
    eye, start = NoisyEye(chance), clock.monotonic()
    keeper = keeper_of(lived.settings, clock, None)
    recorder = Recorder(_writer(lived.folder, start), keeper.stamp, 1)
    numbers = itertools.count()
    make = pipeline_factory(
        lived.settings, "street", eye, keeper, lambda: str(next(numbers)), recorder=lambda: recorder
    )
    pipeline, picture = make(start), scene()
    coming = [w for w in walkers(seed, 10_000, 24.0) if begin - 60 < w.begin < end]
    at, index, walking = begin, 0, 0
    while at < end:
        while walking < len(coming) and coming[walking].begin <= at:
            walking += 1
        eye.there = [(w, box) for w in coming[max(0, walking - 60) : walking] if (box := w.box(at))]
        image = picture.copy()
        image[index % HEIGHT, 0] ^= 1
        for _, box in eye.there:
            rows = slice(max(0, int(box.top * HEIGHT)), int(box.bottom * HEIGHT))
            image[rows, max(0, int(box.left * WIDTH)) : max(0, int(box.right * WIDTH))] = 220
        for response in await pipeline.look(Frame(image, start + at - begin, index)):
            if isinstance(response, RecordEvent) and response.kind == "incident.opened":
                lived.opened.append((response.data["rule"], START_WALL + response.at - start + begin))
        step = (1 + chance.uniform(-0.02, 0.02)) / LOOKS_A_S
        await clock.advance(step)
        at, index = at + step, index + 1
    pipeline.stop("interrupted", start + at - begin)


def _writer(folder: Path, start: float) -> Callable[[Batch], None]:
    """Writes at once, one file an hour."""

    def write(batch: Batch) -> None:
        number = int((batch.since - start) // FILE_S) + 1
        found = sorted(folder_of(folder, "street").glob(f"{number:06d}-*"))
        path = found[0] if found else folder_of(folder, "street") / name_of(number, batch.stamp.wall)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(encode(batch.span()))

    return write


def agreement(live: Sequence[float], rehearsed: Sequence[float], within_s: float = 2.0) -> float:
    """The share of alarms, of both together, that have their counterpart in the other at that time."""
    left, same = sorted(rehearsed), 0
    for at in sorted(live):
        near = next((other for other in left if abs(other - at) <= within_s), None)
        if near is not None:
            left.remove(near)
            same += 1
    return same / max(1, len(live) + len(left))
