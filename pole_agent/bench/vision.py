"""How fast the detector, the motion gate and a replay are. Used by bench."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pole_agent.errors import CameraError, PoleAgentError
from pole_agent.languages import phrase
from pole_agent.settings import Settings

if TYPE_CHECKING:
    from pole_agent.frame import Image

BARE_S = 2.0
GATE_FRAMES = 240
WARM_UP = 10


def bare_rate(work: Callable[[], Any]) -> float:
    """How often a second `work` can be done, over two seconds."""
    for _ in range(WARM_UP):
        work()
    begun, count = time.perf_counter(), 0
    while (lasted := time.perf_counter() - begun) < BARE_S:
        work()
        count += 1
    return count / lasted


def bare_rate_of_all(works: Sequence[Callable[[], Any]]) -> float:
    """How often a second they are done in all, each in a thread of its own."""
    with ThreadPoolExecutor(len(works)) as pool:
        return sum(pool.map(bare_rate, works))


def replay(clip: Path, settings: Settings, *more: str) -> dict[str, Any]:
    """The figures of ``pole-agent replay`` in a process of its own: memory has a peak only once."""
    command = [sys.executable, "-m", "pole_agent", "replay", str(clip), "--json", *more]
    command += ["--model", settings.detector.model, "--threads", str(settings.detector.threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PoleAgentError(done.stderr.strip().removeprefix("pole-agent: "))
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def gate_ms(clip: Path, rounds: int) -> tuple[float, float]:
    """Milliseconds of the motion gate and of one resize to its working height, each on fresh
    frames, in turn.
    """
    import cv2

    from pole_agent.vision.motion import WORK_HEIGHT, MotionGate

    best: list[tuple[float, float]] = []
    for _ in range(rounds):
        gate, times = MotionGate(), ([], [])  # type: ignore[var-annotated]
        for index, image in enumerate(_frames(clip)):
            height, width = image.shape[:2]
            begun = time.perf_counter()
            if index % 2:
                cv2.resize(
                    image, (round(width * WORK_HEIGHT / height), WORK_HEIGHT), interpolation=cv2.INTER_NEAREST
                )
            else:
                gate.moved(image, index / 10)
            times[index % 2].append((time.perf_counter() - begun) * 1000)
        best.append((statistics.median(times[0]), statistics.median(times[1])))
    return min(best, key=lambda pair: pair[0] / pair[1])


def _frames(clip: Path) -> Iterator[Image]:
    from pole_agent.camera.opening import open_capture

    capture = open_capture(str(clip))
    for index in range(GATE_FRAMES):
        ok, image = capture.read()
        if not ok:
            if index < WARM_UP:
                raise CameraError(phrase("clip-too-short", clip=clip, frames=WARM_UP))
            return
        yield image


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown processor"
    words = ("model name", "Model", "Hardware")
    return next(
        (line.split(":", 1)[1].strip() for word in words for line in lines if line.startswith(word)),
        "unknown processor",
    )
