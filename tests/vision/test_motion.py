"""The motion gate: quiet when the street is, awake when somebody comes, and neither starved nor in a storm in
between.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from pole_agent.frame import Image
from pole_agent.vision.motion import MotionGate
from pole_agent.vocabulary import Box

FPS = 5.0
LOOK_S = 24.0
Scene = Callable[[int], Image]


def street() -> np.ndarray:
    """Something with edges: kerbs, windows, a shadow."""
    random = np.random.default_rng(7)
    image = np.full((480, 640, 3), 100.0)
    for _ in range(60):
        x, y = int(random.integers(0, 600)), int(random.integers(0, 440))
        image[y : y + int(random.integers(8, 80)), x : x + int(random.integers(8, 80))] = random.integers(
            30, 190
        )
    return image


STREET = street()


GRAIN = np.random.default_rng(11).standard_normal((1000, 1000, 3), np.float32)


def camera(image: np.ndarray, index: int, noise: float = 4.0) -> Image:
    """`image` with the noise of picture `index`: a piece of one large field, cut out elsewhere each time
    (quicker than a new field).
    """
    (height, width), (top, left) = image.shape[:2], np.random.default_rng(index).integers(0, 200, 2)
    grain = GRAIN[top : top + height, left : left + width]
    return np.clip(image.astype(np.float32) + noise * grain, 0, 255).astype(np.uint8)


def looks(scene: Scene, frames: int, found: Callable[[int], list[Box]] = lambda _: []) -> list[int]:
    """At which frames the detector looks; `found` is what it sees."""
    gate, seen, at = MotionGate(), [], float("-inf")
    for index in range(frames):
        now = index / FPS
        # 0.2 is no exact number
        if gate.moved(scene(index), now) or now - at >= (1.0 if gate.storm else LOOK_S) - 1e-9:
            seen.append(index)
            at = now
            gate.learn(found(index))
    return seen


@pytest.mark.parametrize("noise", [2.0, 4.0, 8.0])
def test_a_quiet_noisy_street_is_still(noise: float) -> None:
    seen = looks(lambda i: camera(STREET, i, noise), 600)
    assert seen[:5] == [0, 1, 2, 3, 4], "detection is never starved at the start"
    assert len([i for i in seen if i >= 5]) <= 0.02 * 600


def test_a_walker_is_motion_at_the_first_frame() -> None:
    """A walker is motion at the first frame and at all that follow."""

    def scene(index: int) -> Image:
        image = STREET.copy()
        if index >= 60:
            x = 40 + (index - 60) * 12
            image[300:360, x : x + 20] = 250
        return camera(image, index)

    seen = looks(
        scene,
        100,
        lambda i: [Box((40 + (i - 60) * 12) / 640, 300 / 480, (60 + (i - 60) * 12) / 640, 360 / 480)],
    )
    assert [i for i in seen if i >= 60] == list(range(60, 100))


@pytest.mark.parametrize("gain", [0.6, 1.4])
@pytest.mark.parametrize("level", [0.25, 1.0])
def test_a_lamp_switch_is_a_second_of_looks_at_most(gain: float, level: float) -> None:
    seen = looks(lambda i: camera(STREET * level * (gain if i >= 60 else 1.0), i), 150)
    after = [i for i in seen if 60 <= i < 110]
    assert after[0] == 60
    assert len(after) <= 5


def rain(index: int, drops: int) -> np.ndarray:
    random = np.random.default_rng(1000 + index)
    wet = STREET.astype(np.uint8)
    for x, y in zip(random.integers(0, 640, drops), random.integers(0, 480, drops), strict=True):
        cv2.line(wet, (int(x), int(y)), (int(x) + 2, int(y) + 15), (200, 200, 200), 1)
    return wet


@pytest.mark.parametrize(
    "scene",
    [
        lambda i: camera(rain(i, 400), i),
        lambda i: camera(np.roll(STREET, (i * 7 % 5 - 2, i * 3 % 5 - 2), (0, 1)), i),
        lambda i: camera(STREET * (1 + 0.3 * np.sin(i / 25)), i),
    ],
    ids=["rain", "a shaken pole", "the gain of the camera"],
)
def test_no_storm_and_nobody_is_left_unseen(scene: Scene) -> None:
    """No storm and nobody is left unseen for more than a second."""
    seen = looks(scene, 300)
    late = [i for i in seen if i >= 100]
    assert len(late) <= 0.3 * 200
    if len(late) > 0.1 * 200:  # in a storm
        assert max(b - a for a, b in itertools.pairwise(late)) <= FPS


def test_five_large_objects_that_move_from_first_frame() -> None:
    """Five large objects that move from the first frame are looked at from the first second."""

    def scene(index: int) -> Image:
        image = STREET.copy()
        for n in range(5):
            x, y = (n * 130 + index * 17) % 560, 40 + n * 80
            image[y : y + 150, x : x + 90] = 20 + n * 50
        return camera(image, index)

    seen = looks(scene, 100)
    assert seen[:30] == list(range(30))
    assert max(b - a for a, b in itertools.pairwise(seen)) <= FPS, (
        "even if the detector finds nothing for 20 s"
    )


def test_one_who_stands_and_moves_the_hands_is_no_news() -> None:
    """One who stands and moves the hands is no news but one who leaves is."""
    gate = MotionGate()
    box = Box(0.4, 0.3, 0.6, 0.9)

    def scene(index: int) -> Image:
        image = STREET.copy()
        image[160:420, 270:370] = 220
        image[200:240, 250 + index % 10 : 270] = 30
        return camera(image, index)

    for index in range(20):
        gate.moved(camera(STREET, index), index / FPS)
    gate.moved(scene(20), 20 / FPS)
    gate.learn([], [box])
    assert not any(gate.moved(scene(i), i / FPS, [], [box]) for i in range(21, 60))
    assert gate.moved(scene(60), 60 / FPS, [box], []), "somebody going is looked at"
    image = STREET.copy()
    image[160:420, 470:570] = 220
    assert gate.moved(camera(image, 61), 61 / FPS, [], [box])


def test_a_new_size_of_picture_starts_anew() -> None:
    gate = MotionGate()
    for index in range(20):
        gate.moved(camera(STREET, index), index / FPS)
    assert gate.moved(camera(STREET[:240, :320], 20), 4.0)
    gate.learn([])
    assert gate.moved(camera(STREET[:240, :320], 21), 4.2)
