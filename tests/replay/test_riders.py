"""Riders through the whole pipeline: scripted detections of a motorcycle and the person on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pole_agent import compose
from pole_agent.clock import ManualClock
from pole_agent.frame import Frame
from pole_agent.health.trust import TimeKeeper
from pole_agent.settings.load import load
from pole_agent.vision.scripted import ScriptedDetector
from pole_agent.vocabulary import Box, Detection, RecordEvent

RULES = """
[[camera]]
source = "x.mp4"
[[rule]]
name = "somebody"
kind = "presence"
[[rule]]
name = "riders"
kind = "presence"
classes = ["two_wheeler"]
"""


def ride(x: float) -> list[Detection]:
    machine = Detection(Box(x - 0.05, 0.5, x + 0.05, 0.7), 0.7, "motorcycle")
    return [machine, Detection(Box(x - 0.03, 0.38, x + 0.03, 0.66), 0.8, "person")]


async def play(config: Path, script: dict[int, list[Detection]]) -> list[RecordEvent]:
    async def work() -> list[RecordEvent]:
        clock = ManualClock()
        detector = ScriptedDetector(script)
        await detector.open()
        pipeline = compose.pipeline_factory(
            load(config).settings,
            "street",
            detector,
            TimeKeeper(clock, "system", "b"),
            lambda: "i",
            every_frame=True,
        )(0.0)
        told = []
        for index in range(len(script) + 40):
            clock.move_to(index * 0.2)
            image = np.random.default_rng(index).integers(100, 120, (120, 160, 3), dtype=np.uint8)
            told += await pipeline.look(Frame(image, index * 0.2, index))
        return [r for r in told if isinstance(r, RecordEvent) and r.kind.startswith("incident")]

    return await work()


async def test_rider_is_one_two_wheeler_and_fires_no_person(bench: Callable[..., Path]) -> None:
    """A rider is one two wheeler and fires no person rule."""
    told = await play(bench(RULES), {i: ride(0.1 + 0.02 * i) for i in range(35)})
    assert {r.data["rule"] for r in told} == {"riders"}
    assert told[-1].data["class"] == "motorcycle"
    assert told[-1].data["peak"] == 1


async def test_walker_past_a_parked_motorcycle_fires(bench: Callable[..., Path]) -> None:
    """Somebody walking past a parked motorcycle fires it."""
    parked = Detection(Box(0.45, 0.5, 0.55, 0.7), 0.7, "motorcycle")
    walker = [Detection(Box(0.2 + 0.01 * i, 0.4, 0.26 + 0.01 * i, 0.7), 0.8, "person") for i in range(40)]
    told = await play(bench(RULES), {i: [parked, *([walker[i - 30]] if i >= 30 else [])] for i in range(70)})
    assert "somebody" in {r.data["rule"] for r in told}


def alone(x: float) -> list[Detection]:
    return [Detection(Box(x - 0.03, 0.38, x + 0.03, 0.66), 0.8, "person")]


async def test_rider_without_motorcycle_fires_no_person(bench: Callable[..., Path]) -> None:
    """Five times his height a second: from the first look on it is a ride."""
    told = await play(bench(RULES), {i: alone(0.05 + 0.21 * i) for i in range(5)})
    assert [r.data["rule"] for r in told] == ["riders", "riders"]


async def test_who_runs_fires_as_soon_as_who_walks(bench: Callable[..., Path]) -> None:
    """At less than his height a second somebody is told at the second look, at twice it at the third."""
    for pace, told_at in ((0.8, 0.2), (2.0, 0.4)):
        step = 0.2 * pace * 0.28 * 120 / 160
        told = await play(bench(RULES), {i: alone(0.05 + step * i) for i in range(10)})
        assert {r.data["rule"] for r in told} == {"somebody"}
        assert told[0].at == pytest.approx(told_at)
