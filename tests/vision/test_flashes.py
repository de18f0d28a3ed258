"""Insects before the lens and drops: what comes and goes within a frame wakes the detector a few times, then
no more. Somebody does, one frame later.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pole_agent.frame import Image
from pole_agent.vision.motion import Change, MotionGate
from pole_agent.vocabulary import Box
from tests.vision.test_motion_limits import PIXELS, box_of, calm, street

FRAME_S = 0.2
Spot = tuple[int, int, int, int]
ELSEWHERE = Box(0.8, 0.8, 0.9, 0.9)


def insect(number: int, side: int = 8) -> Spot:
    return 20 + 37 * number % 150, 10 + 23 * number % 100, side, side


def play(gate: MotionGate, pictures: list[Image], since: float = 2.0, learn: bool = True) -> list[bool]:
    """Whether the detector looks at each picture, five a second. It finds nobody."""
    seen = []
    for n, picture in enumerate(pictures):
        seen.append(gate.moved(picture, since + n * FRAME_S))
        if seen[-1] and learn:
            gate.learn([])
    return seen


def swarm(flashes: int, side: int = 8) -> list[Image]:
    """An insect on every fourth picture, each elsewhere."""
    return [street([insect(n // 4, side)] if n % 4 == 0 else [], 220) for n in range(4 * flashes)]


def wary() -> tuple[MotionGate, float]:
    """A gate that knows insects, 20 s after the last one, and when that is."""
    gate = calm()
    play(gate, [*swarm(8), *(street() for _ in range(100))])
    return gate, 2.0 + 132 * FRAME_S


def test_insects_are_looked_at_a_few_times() -> None:
    """Three and what is left of them in the average; then the detector sleeps."""
    seen = play(calm(), swarm(30))
    assert seen[0]
    assert sum(seen) <= 10
    assert not any(seen[20:])


def test_somebody_among_insects_waits_one_frame() -> None:
    gate, now = wary()
    for n in range(10):
        spot = 60 + 2 * n, 60, 5, 15
        looked = gate.moved(street([spot], 220), now + n * FRAME_S)
        assert looked == (n > 0)
        if looked:
            gate.learn([box_of(spot)])


def test_somebody_near_is_looked_at_at_once() -> None:
    """More than a fiftieth of the picture is no insect."""
    assert 27 * 22 / PIXELS > 0.02 > 23 * 23 / PIXELS
    for size, at_once in (((27, 22), True), ((21, 21), False)):
        gate, now = wary()
        assert gate.moved(street([(60, 60, *size)], 220), now) == at_once


def test_without_insects_nobody_waits() -> None:
    """A far walker is looked at at his first frame, also after others have come and gone."""
    gate = calm()
    for passer in range(6):
        since = 10.0 + 20 * passer
        gate.moved(street(), since - FRAME_S)
        walk = [street([(20 + 3 * n, 60, 5, 15)], 220) for n in range(20)]
        assert play(gate, walk, since, learn=False)[0]


@pytest.mark.parametrize(("pause_s", "waits"), [(15.0, True), (30.0, False)])
def test_insects_are_forgotten(pause_s: float, waits: bool) -> None:
    """Some forty seconds after the last one."""
    gate, now = wary()
    frames = round(pause_s / FRAME_S)
    assert not any(play(gate, [street()] * frames, now))
    assert gate.moved(street([(60, 60, 5, 15)], 220), now + frames * FRAME_S) != waits


def test_where_somebody_is_known_no_insect_is_counted() -> None:
    """His hands come and go too."""
    gate = calm()
    for n, picture in enumerate(swarm(8)):
        gate.moved(picture, 2.0 + n * FRAME_S, [ELSEWHERE])
    assert gate.moved(street([(60, 60, 5, 15)], 220), 2.0 + 32 * FRAME_S)


def test_an_insect_that_was_looked_at_leaves_no_ghost() -> None:
    """Once insects are known, what is gone at the next frame was not taken into the average."""
    gate, now = wary()
    gate.moved(street([(60, 60, 10, 10)], 220), now)
    gate.learn([])
    assert not gate.moved(street(), now + FRAME_S)
    assert gate.change.around() is None


@pytest.mark.parametrize(
    ("learn", "level"),
    [
        (lambda gate: gate.learn([]), 160),
        (lambda gate: gate.learn([], view=Box(0.0, 0.0, 0.5, 1.0)), 160),
        (lambda gate: gate.learn([], view=Box(0.6, 0.0, 1.0, 1.0)), 220),
        (lambda gate: gate.learn([], unseen=[Box(0.3, 0.3, 0.4, 0.4)]), 220),
    ],
)
def test_only_what_was_looked_at_is_learned(learn: Callable[[MotionGate], None], level: int) -> None:
    """Elsewhere, and where a look finds nobody so small, somebody may be."""
    gate, picture = calm(), street([(60, 50, 10, 10)], 220)
    gate.moved(picture, 2.0)
    learn(gate)
    assert gate._background is not None
    assert gate._background[55, 65] == pytest.approx(level, abs=1.5 if level == 160 else 0) or (
        level == 220 and gate._background[55, 65] == pytest.approx(100, abs=3)
    )


def mask(*spots: Spot) -> np.ndarray:
    found = np.zeros((150, 200), np.uint8)
    for left, top, width, height in spots:
        found[top : top + height, left : left + width] = 255
    return found


def sides(places: list[Box]) -> list[tuple[int, int, int, int]]:
    return [
        (round(b.left * 200), round(b.top * 150), round(b.width * 200), round(b.height * 150)) for b in places
    ]


def test_places_are_the_things_that_move() -> None:
    """Each has its box; what is too small to be somebody has none, unless there is nothing else."""
    one, other, speck = (20, 30, 6, 20), (120, 40, 5, 15), (70, 70, 2, 2)
    assert sides(Change(mask(one, other, speck)).places()) == [one, other]
    assert sides(Change(mask(one, (20, 53, 6, 10))).places()) == [(20, 30, 6, 33)], "a head and its body"
    assert sides(Change(mask((20, 30, 6, 20), (31, 30, 6, 20))).places()) == [one, (31, 30, 6, 20)]
    assert sides(Change(mask(speck, (100, 70, 2, 2))).places()) == [(70, 70, 32, 2)]
    assert sides(Change(mask((0, 0, 6, 20), (194, 130, 6, 20))).places()) == [
        (0, 0, 6, 20),
        (194, 130, 6, 20),
    ]
    assert Change(mask()).places() == Change(None).places() == []
    assert sides(Change(mask(one, other), mask(other)).places()) == [other], "what lasted"
