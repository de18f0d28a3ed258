"""The loop of one camera on a board that is too slow for it: it looks less often, never later,
and says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from pole_agent import compose
from pole_agent.clock import ManualClock
from pole_agent.frame import Frame
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.loops.watch import KEPT_PEOPLE, People, Watch
from pole_agent.settings.load import load
from pole_agent.vocabulary import Box, Detection, RecordEvent

FRAME_S = 0.02
SECONDS = 45.0


STREET = (
    np.random.default_rng(1)
    .integers(40, 160, (48, 64, 3), dtype=np.uint8)
    .repeat(5, axis=0)
    .repeat(5, axis=1)
)


def left_of(index: int) -> int:
    """Where the walker is: to and fro, 50 pixels a second."""
    return abs(index % 520 - 260)


class Newest:
    """A live camera, 50 frames a second or fewer: each `next` gives the picture of now.

    Somebody walks to and fro.
    """

    def __init__(self, clock: ManualClock, frame_s: float = FRAME_S) -> None:
        self._begun = clock.monotonic()
        self._clock, self._index, self._end, self._frame_s = clock, 0, self._begun + SECONDS, frame_s

    def open(self) -> None:
        return

    async def next(self) -> Frame | None:
        self._clock.move_to(self._clock.monotonic() + self._frame_s)
        if self._clock.monotonic() > self._end:
            return None
        self._index += 1
        image = STREET.copy()
        left = left_of(self._index)
        image[60:140, left : left + 40] = 255
        return Frame(image, self._clock.monotonic(), self._index)

    def close(self) -> None:
        return


class OnTime(Newest):
    """Its frames come at their own moments, however long the last one took."""

    async def next(self) -> Frame | None:
        passed = math.floor((self._clock.monotonic() - self._begun) / self._frame_s + 1e-6)
        self._clock.move_to(self._begun + passed * self._frame_s)
        return await super().next()


class Slow:
    """A detector that takes 0.3 s of the clock, or less."""

    took_ms = 300.0

    def __init__(self, clock: ManualClock, took_s: float = 0.3) -> None:
        self._clock, self._took_s = clock, took_s
        self.starts: list[float] = []

    async def open(self) -> None:
        return

    async def detect(self, frame: Frame) -> Sequence[Detection]:
        self.starts.append(self._clock.monotonic())
        assert self._clock.monotonic() - frame.at < FRAME_S, "never an old picture"
        self._clock.move_to(self._clock.monotonic() + self._took_s)
        left = left_of(frame.index) / 320
        return [Detection(Box(left, 0.25, left + 0.125, 0.583), 0.9, "person")]

    def close(self) -> None:
        return


async def test_a_slow_detector_rests_a_fifth_of_the_time(bench: Callable[..., Path]) -> None:
    """A slow detector rests a fifth of the time and latency stays that of one look."""
    settings = load(bench('[[camera]]\nsource = "rtsp://127.0.0.1/x"\nfps = 50\n')).settings
    clock = ManualClock()
    events: list[RecordEvent] = []
    parts = Parts(events.append, clock.monotonic)
    detector = Slow(clock)
    make = compose.pipeline_factory(
        settings, "street", detector, TimeKeeper(clock, "system", "b"), lambda: "i"
    )
    watch = Watch(
        "street",
        50,
        lambda: Newest(clock),
        lambda: make(clock.monotonic()),
        detector,
        lambda _: None,
        parts,
        clock,
        random=lambda: 0.5,
    )
    await watch.run()
    gaps = [b - a for a, b in zip(detector.starts, detector.starts[1:], strict=False)]
    assert min(gaps) >= 0.3 / 0.8 - 1e-6
    figures = parts.report()["camera:street"]
    assert figures["skipped"] > 0
    assert 0 < figures["latency_ms"] <= 300 + 1000 * FRAME_S, (
        "the mean of looks and of frames where nothing moved"
    )
    assert figures["light"] == "day"
    assert any("only" in str(e.data.get("reason")) for e in events), "few of 50 frames a second: said so"


@pytest.mark.parametrize(("took_s", "fps"), [(0.01, 5), (0.05, 5), (0.1, 10), (0.3, 5), (0.06, 15)])
async def test_on_hot_board_detector_looks_half_or_quarter(
    took_s: float, fps: int, bench: Callable[..., Path]
) -> None:
    """On a hot board the detector looks half or a quarter as often.

    Also one that is so slow that it misses frames out already.
    """
    settings = load(bench(f'[[camera]]\nsource = "rtsp://127.0.0.1/x"\nfps = {fps}\n')).settings

    async def looks(pace: float) -> int:
        clock = ManualClock()
        detector = Slow(clock, took_s)
        make = compose.pipeline_factory(
            settings, "street", detector, TimeKeeper(clock, "system", "b"), lambda: "i", every_frame=True
        )
        watch = Watch(
            "street",
            fps,
            lambda: OnTime(clock, 1 / fps),
            lambda: make(clock.monotonic()),
            detector,
            lambda _: None,
            Parts(lambda _: None, clock.monotonic),
            clock,
            random=lambda: 0.5,
            pace=lambda: pace,
        )
        await watch.run()
        return len(detector.starts)

    usual = await looks(1.0)
    assert usual > 50
    assert await looks(0.5) / usual == pytest.approx(0.5, abs=0.04)
    assert await looks(0.25) / usual == pytest.approx(0.25, abs=0.04)


def test_people_are_counted_once_and_forgotten() -> None:
    """A year of a busy street must not stay in memory; a few hundred at a time are told apart."""
    people = People()
    for number in range(20_000):
        people.see(range(number, number + 40))
    assert people.count == 20_039
    assert len(people._lately) == KEPT_PEOPLE
    people.see([20_038, 20_000])
    assert people.count == 20_039
