"""Who is on a random street, and where they go: a ground plane in metres, a camera on a pole, walkers,
groups, riders and vehicles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Metres: the width that is seen, the height; metres a second: mean and deviation
SIZE = {"person": (0.5, 1.7), "motorcycle": (0.9, 1.15), "car": (2.6, 1.5)}
SPEED = {"person": (1.3, 0.3), "motorcycle": (7.0, 2.0), "car": (9.0, 3.0)}
NEAR_M = 6.0
STEP_S = 0.2
BINS = 64  # of colours, for the upper and the lower half of somebody


@dataclass(slots=True)
class Thing:
    """Somebody or something with its way: points (n, 2) in metres at `times`, seconds after `begin`."""

    kind: str
    points: Array
    times: Array
    begin: float
    width: float
    height: float
    look: Array  # (2 * BINS): shares of colours
    error: Array = field(
        default_factory=lambda: np.zeros(5)
    )  # of the detector, which lasts from look to look

    def at(self, now: float) -> tuple[float, float] | None:
        """Across and along, in metres; None before and after."""
        since = now - self.begin
        if not 0 <= since <= self.times[-1]:
            return None
        return float(np.interp(since, self.times, self.points[:, 0])), float(
            np.interp(since, self.times, self.points[:, 1])
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """On a pole `height` metres high, tilted down by `tilt`; `focal` in heights of the picture."""

    fps: float
    height: float
    tilt: float
    focal: float
    aspect: float
    far: float

    def see(self, across: float, along: float) -> tuple[float, float, float]:
        """Where a point of the ground is in the picture (0 to 1 across, 0 to 1 down), and how much of the
        picture's height a metre takes there.
        """
        depth = self._depth(along)
        down = (self.height * math.cos(self.tilt) - along * math.sin(self.tilt)) / depth * self.focal + 0.5
        return across / depth * self.focal / self.aspect + 0.5, down, self.focal / depth

    def half_width(self, along: float) -> float:
        """Metres from the middle to the edge of the picture."""
        return 0.5 * self.aspect * self._depth(along) / self.focal

    def _depth(self, along: float) -> float:
        return along * math.cos(self.tilt) + self.height * math.sin(self.tilt)


def camera_of(dice: Generator) -> Camera:
    return Camera(
        fps=float(dice.choice([5, 7, 10, 10, 15, 25])),
        height=dice.uniform(4, 8),
        tilt=math.radians(dice.uniform(12, 32)),
        focal=dice.uniform(0.8, 1.5),
        aspect=16 / 9 if dice.random() < 0.7 else 4 / 3,
        far=dice.uniform(25, 45),
    )


def colours(dice: Generator, count: int, most: int = 4) -> Array:
    """Shares of colours (count, BINS), each of a few."""
    shares, chosen = dice.dirichlet(np.full(most, 0.8), count), dice.integers(0, BINS, (count, most))
    out = np.zeros((count, BINS))
    for row in range(count):
        np.add.at(out[row], chosen[row], shares[row])
    return out


def walk(
    dice: Generator, start: Any, goal: Any, speed: float, rest: float = 0.15, sway: float = 0.25
) -> tuple[Array, Array]:
    """Points and times from start to goal, wandering a little, with a rest now and then."""
    place, goal = np.array(start, float), np.array(goal, float)
    points, times, now, lean = [place], [0.0], 0.0, 0.0
    while np.linalg.norm(goal - place) > max(0.5, speed * STEP_S * 1.5) and now < 240:
        way = (goal - place) / np.linalg.norm(goal - place)
        lean += -0.3 * lean * STEP_S + dice.normal(0, sway) * math.sqrt(STEP_S)
        cos, sin = math.cos(lean / 2), math.sin(lean / 2)
        place = place + speed * STEP_S * np.array([way[0] * cos - way[1] * sin, way[0] * sin + way[1] * cos])
        now += STEP_S
        points.append(place)
        times.append(now)
        if dice.random() < rest * STEP_S / 10:
            now += dice.uniform(2, 12)
            points.append(place)
            times.append(now)
    return np.array(points), np.array(times)


def people(dice: Generator, camera: Camera, seconds: float, crowd: bool) -> list[tuple[Array, Array, float]]:
    """Ways across, along, and from place to place; alone or in groups."""
    ways: list[tuple[Array, Array, float]] = []
    for _ in range(dice.poisson(dice.choice([8, 12, 16] if crowd else [2, 4, 7, 12])) + 1):
        begin, speed = dice.uniform(-25, seconds - 5), max(0.5, dice.normal(*SPEED["person"]))
        kind = dice.uniform(0.3 if crowd else 0.0, 1.0)
        if kind < 0.5:
            stops = _across(dice, camera)
        elif kind < 0.75:
            ends = (2.0, camera.far + 10) if dice.random() < 0.5 else (camera.far + 10, 2.0)
            x = dice.uniform(-0.6, 0.6)
            stops = [
                (x * camera.half_width(ends[0]), ends[0]),
                (x * camera.half_width(15) + dice.normal(0, 2), ends[1]),
            ]
        else:
            first, last = _across(dice, camera)
            between = dice.uniform(NEAR_M, camera.far * 0.7, dice.integers(2, 6))
            stops = [first, *((dice.uniform(-0.8, 0.8) * camera.half_width(z), z) for z in between), last]
        points, times = _through(dice, stops, speed, rest=0.6 if len(stops) > 2 else 0.15)
        group = 1 + int(dice.random() < 0.3) * int(dice.integers(1, 4))
        for number in range(group):
            aside = np.array([0.6 * number, 0.0]) + dice.normal(0, 0.5, 2) if group > 1 else np.zeros(2)
            ways.append((points + aside, times, begin + dice.normal(0, 0.2) * (group > 1)))
    return ways


def traffic(dice: Generator, camera: Camera, seconds: float) -> list[tuple[str, Array, Array, float]]:
    """Motorcycles and cars that pass, and some that are parked."""
    found: list[tuple[str, Array, Array, float]] = []
    for kind, most in (("motorcycle", [0, 2, 6]), ("car", [0, 1, 4])):
        for _ in range(dice.poisson(dice.choice(most))):
            speed = max(2.0, dice.normal(*SPEED[kind]))
            z, side = dice.uniform(8, 18), dice.choice([-1, 1])
            edge = side * (camera.half_width(z) + 2)
            points, times = walk(dice, (edge, z), (-edge, z), speed, rest=0.0, sway=0.03)
            found.append((kind, points, times, dice.uniform(0, seconds)))
    if dice.random() < 0.5:
        for _ in range(dice.integers(1, 4)):
            z = dice.uniform(8, 25)
            place = np.array([[dice.uniform(-0.8, 0.8) * camera.half_width(z), z]] * 2)
            found.append((str(dice.choice(["car", "motorcycle"])), place, np.array([0.0, 1e4]), -100.0))
    return found


def things(dice: Generator, camera: Camera, seconds: float, crowd: bool) -> list[Thing]:
    """Everybody, with sizes and clothes: of a crowd, many wear much the same."""
    own, common = dice.uniform(*((0.08, 0.45) if crowd else (0.25, 1.0))), colours(dice, 2, 6)
    ways = [("person", *way) for way in people(dice, camera, seconds, crowd)] + traffic(dice, camera, seconds)
    found = []
    for kind, points, times, begin in ways:
        width, height = SIZE[kind]
        look = (own * colours(dice, 2) + (1 - own) * common).reshape(-1)
        found.append(
            Thing(
                kind, points, times, begin, width * dice.normal(1, 0.1), height * dice.normal(1, 0.06), look
            )
        )
    return found


def _across(dice: Generator, camera: Camera) -> list[tuple[float, float]]:
    z, side = dice.uniform(NEAR_M, camera.far), dice.choice([-1, 1])
    z2 = float(np.clip(z + dice.normal(0, 4), NEAR_M, camera.far))
    return [(side * (camera.half_width(z) + 1), z), (-side * (camera.half_width(z2) + 1), z2)]


def _through(
    dice: Generator, stops: list[tuple[float, float]], speed: float, rest: float
) -> tuple[Array, Array]:
    points, times = [np.array([stops[0]], float)], [np.zeros(1)]
    for stop in stops[1:]:
        there, then = walk(dice, points[-1][-1], stop, speed, rest)
        points.append(there)
        times.append(then + times[-1][-1])
    return np.concatenate(points), np.concatenate(times)
