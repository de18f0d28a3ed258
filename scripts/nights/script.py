"""Who walks where and when, and what the default rules have to say of it. Pure.

Feet are fractions of the picture, times seconds of the scene. What the rules have to say is computed from the
zone and the line of config/pole.toml and from the path alone, not from what the agent sees.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass

from nights.score import Window

TOLD_S = 10.0  # i-LIDS: an alarm later than this is a miss
SETTLES_S = 3.0  # after the end of what is to be told, an alarm is no false one
EARLY_S = 1.0  # what is seen of a person at an edge may be nearer by a little than the path says
PAUSE_S = 40.0  # between two entries at least, so that the incident of the one has closed
WALK = 0.8  # own heights a second: 1.3 m/s
STAY_S = (75.0, 100.0)
STEP_S = 0.1
ZONE = (0.1, 0.5, 0.9, 1.0)  # left, top, right, bottom
LINE_Y, LINE_X = 0.6, (0.1, 0.9)
DWELL_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Perspective:
    """How high a person is, as a share of the picture's height, where feet are at 0.6 and at the bottom."""

    far: float
    near: float
    aspect: float = 16 / 9

    def height(self, foot_y: float) -> float:
        return max(0.05, self.far + (self.near - self.far) * (foot_y - 0.6) / 0.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Feet along a way: (seconds, x, y), in order. `who`: which cut-out."""

    who: int
    points: tuple[tuple[float, float, float], ...]

    @property
    def begin(self) -> float:
        return self.points[0][0]

    @property
    def end(self) -> float:
        return self.points[-1][0]

    def at(self, now: float) -> tuple[float, float] | None:
        """Where the feet are; None before and after."""
        if not self.begin <= now <= self.end:
            return None
        for (t0, x0, y0), (t1, x1, y1) in zip(self.points, self.points[1:], strict=False):
            if now <= t1:
                part = (now - t0) / max(1e-9, t1 - t0)
                return x0 + part * (x1 - x0), y0 + part * (y1 - y0)
        return None


def along(
    who: int, begin: float, way: Sequence[tuple[float, float, float]], view: Perspective, speed: float = WALK
) -> Path:
    """A path through (x, y, seconds to stay there), at `speed` own heights a second."""
    points, now = [], begin
    for number, (x, y, stays_s) in enumerate(way):
        if number:
            before_x, before_y, _ = way[number - 1]
            high = (view.height(y) + view.height(before_y)) / 2
            # Down the picture is away or nearer: a share of it is a longer way on the ground.
            across, deep = (x - before_x) * view.aspect, 2.0 * (y - before_y)
            now += (across**2 + deep**2) ** 0.5 / (high * speed)
        points.append((now, x, y))
        if stays_s:
            now += stays_s
            points.append((now, x, y))
    return Path(who=who, points=tuple(points))


def entries(
    seconds: float, every_s: float, people: int, view: Perspective, chance: random.Random
) -> list[Path]:
    """People who come one by one: one walks by, one comes down over the line, one stays."""
    paths: list[Path] = []
    now = every_s / 2
    while now < seconds - STAY_S[1] - 60:
        near = chance.uniform(0.68, 0.95)
        way = (
            [(-0.15, near, 0.0), (1.15, near, 0.0)],
            [(-0.15, 0.53, 0.0), (0.35, 0.54, 0.0), (0.6, near, 0.0), (1.15, near, 0.0)],
            [
                (-0.15, near, 0.0),
                (chance.uniform(0.3, 0.7), near, chance.uniform(*STAY_S)),
                (1.15, near, 0.0),
            ],
        )[len(paths) % 3]
        if chance.random() < 0.5:
            way = [(1 - x, y, s) for x, y, s in way]
        paths.append(along(chance.randrange(people), now, way, view))
        now = max(now + every_s * chance.uniform(0.7, 1.3), paths[-1].end + PAUSE_S)
    return paths


def traffic(
    seconds: float, every_s: float, kinds: int, view: Perspective, chance: random.Random
) -> list[Path]:
    """Vehicles that pass by, at 4 to 8 own heights a second."""
    paths, now = [], chance.uniform(0, every_s)
    while now < seconds - 20:
        lane = chance.choice((0.66, 0.78))
        way = [(-0.5, lane, 0.0), (1.5, lane, 0.0)]
        if lane > 0.7:
            way.reverse()
        paths.append(along(chance.randrange(kinds), now, way, view, chance.uniform(4, 8)))
        now += chance.expovariate(1 / every_s) + 1.0
    return paths


def truth(paths: Sequence[Path]) -> list[Window]:
    """What the default rules have to say of these people."""
    windows = []
    for path in paths:
        steps = [path.begin + i * STEP_S for i in range(round((path.end - path.begin) / STEP_S) + 1)]
        feet = [(now, spot) for now in steps if (spot := path.at(now)) is not None]
        inside = [now for now, (x, y) in feet if ZONE[0] <= x <= ZONE[2] and ZONE[1] <= y <= ZONE[3]]
        if inside:
            windows.append(_window("somebody", inside[0], inside[0] + TOLD_S, inside[-1]))
            if inside[-1] - inside[0] >= DWELL_S:
                due = inside[0] + DWELL_S
                windows.append(_window("night-loitering", due, due + TOLD_S, inside[-1]))
        for (_, (_, y0)), (now, (x, y1)) in itertools.pairwise(feet):
            if y0 < LINE_Y <= y1 and LINE_X[0] <= x <= LINE_X[1]:
                windows.append(_window("into-the-yard", now, now + TOLD_S, now))
    return windows


def _window(rule: str, begin: float, due: float, end: float) -> Window:
    return Window(rule=rule, begin=begin - EARLY_S, due=due, end=max(due, end + SETTLES_S))
