"""Which model suits this board: each one that is here is measured; the most accurate that keeps up wins."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import mean

import numpy as np

from pole_agent.errors import ModelError
from pole_agent.vision.catalogue import Entry
from pole_agent.vision.letterbox import Letterbox
from pole_agent.vision.onnx import OnnxModel

WARM, RUNS = 3, 20
MAX_BUSY = 0.6  # of the time, when all cameras see something: the rest is for decoding, tracks and the lamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One model on this board: milliseconds a picture, the share of the time at the wanted rate, and the mean
    AP50 in percent, None where its card does not say it.
    """

    name: str
    each_ms: float
    busy: float
    ap50: float | None

    @property
    def keeps_up(self) -> bool:
        return self.busy <= MAX_BUSY


def measure(
    entries: Iterable[Entry], threads: int, pictures_a_second: float
) -> Iterator[Measured | ModelError]:
    """Measure each model that is on this machine; a model that does not run gives its error."""
    for entry in entries:
        if entry.state == "available":
            continue
        try:
            each_ms = _each_ms(entry, threads)
        except ModelError as error:
            yield error
            continue
        busy = each_ms / 1000 * pictures_a_second
        ap50 = mean(entry.ap50.values()) if entry.ap50 else None
        yield Measured(name=entry.card.name, each_ms=each_ms, busy=busy, ap50=ap50)


def recommended(found: Iterable[Measured]) -> Measured | None:
    """The most accurate that keeps up; the fastest where accuracies are not known; None where none does."""
    able = [m for m in found if m.keeps_up]
    return max(able, key=lambda m: (m.ap50 or 0.0, -m.each_ms), default=None)


def _each_ms(entry: Entry, threads: int) -> float:
    card = entry.card
    model = OnnxModel(card, threads)
    letterbox = Letterbox(card.width, card.height, planar=card.planar, padding=card.padding)
    noise = np.random.default_rng(0).integers(0, 255, (card.height, card.width, 3), np.uint8)
    letterbox.fill(noise)
    times = []
    for _ in range(WARM + RUNS):
        begun = time.perf_counter()
        model.run(letterbox.tensor)
        times.append(time.perf_counter() - begun)
    return sorted(times[WARM:])[RUNS // 2] * 1000
