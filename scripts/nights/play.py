"""A scene through the agent's own pipeline: motion gate, detector, tracker, judge, on a clock that is set."""

from __future__ import annotations

import dataclasses
import itertools
import time
from datetime import datetime
from pathlib import Path

from nights.scenes import Scene
from nights.score import Alarm, Score, score
from pole_agent import compose
from pole_agent.camera.masks import burn
from pole_agent.clock import ManualClock
from pole_agent.frame import Frame
from pole_agent.health.trust import TimeKeeper
from pole_agent.settings import Settings
from pole_agent.settings.load import load
from pole_agent.vision.detector import Detector
from pole_agent.vocabulary import RecordEvent

CONFIG = Path(__file__).parents[2] / "config" / "pole.toml"
BEGINS = "2026-01-01T22:05:00"  # every default rule is active until five


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a scene, and what it cost. `runs`: of the detector; `took_s`: of real time."""

    kind: str
    place: str
    score: Score
    alarms: tuple[Alarm, ...]
    frames: int
    runs: int
    took_s: float


def settings_of(model: str | None) -> Settings:
    """The default rules; `model`: another than the default, by name or card.

    One thread: the answer is the same, and several benches run side by side.
    """
    settings = load(CONFIG).settings
    changed = {"threads": 1} | ({} if model is None else {"model": model})
    return settings.model_copy(update={"detector": settings.detector.model_copy(update=changed)})


def card_of(model: str) -> str:
    """A name or a card as it is; of an ONNX file the card that lies beside it."""
    path = Path(model)
    return str(path.with_suffix(".toml")) if path.suffix == ".onnx" else model


async def play(scene: Scene, settings: Settings, detector: Detector) -> Played:
    """From the first picture to the last. The detector is open. Raises ModelError."""
    camera, numbers = settings.cameras[0], itertools.count(1)
    start = datetime.fromisoformat(BEGINS).replace(tzinfo=settings.pole.place.zone)
    clock = ManualClock(wall=start.timestamp(), monotonic=0.0)
    keeper = TimeKeeper(clock, "clip", "replay")
    make = compose.pipeline_factory(
        settings, camera.name, detector, keeper, lambda: f"incident-{next(numbers):04d}"
    )
    pipeline, alarms, begun = make(0.0), list[Alarm](), time.perf_counter()
    frames = round(scene.seconds * camera.fps)
    for index in range(frames):
        now = index / camera.fps
        clock.move_to(now)
        picture = scene.picture(now)
        burn(picture, camera.masks)
        for response in await pipeline.look(Frame(picture, now, index)):
            if isinstance(response, RecordEvent) and response.kind == "incident.opened":
                alarms.append(Alarm(rule=str(response.data["rule"]), at=now))
    return Played(
        kind=scene.kind,
        place=scene.street.place.name,
        score=score(scene.windows, alarms, scene.seconds),
        alarms=tuple(alarms),
        frames=frames,
        runs=pipeline.detector_runs,
        took_s=time.perf_counter() - begun,
    )
