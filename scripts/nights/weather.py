"""What moves in a night without anybody: noise, rain, insects, the lights of cars beyond the edge.

All of it is drawn. Only the noise was measured, on clips of real nights, where a codec has taken most of it.
Each layer draws itself into a picture, uint8
(h, w, 3), at a time.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from nights.backgrounds import SIZE, Street
from pole_agent.frame import Image

BANK = 12
# Noise, grey levels: infrared, and colour. In clips of a dark yard and an infrared road it is 0.2 to 0.5.
SIGMA = {True: 0.7, False: 1.0}
FLICKER = 0.015


class Layer(Protocol):
    def draw(self, picture: Image, now: float) -> None: ...


class Noise:
    """Of the sensor, new in each picture, over the light of the street that wavers a little."""

    def __init__(self, street: Street, chance: random.Random) -> None:
        self._chance, (width, height) = chance, SIZE
        grain = np.random.default_rng(chance.randrange(2**32))
        shape = (height + 32, width + 32, 1 if street.grey else 3)
        self._bank = []
        for _ in range(BANK):
            soft = cv2.GaussianBlur(grain.normal(0, 1, shape).astype(np.float32), (3, 3), 0.6)
            noise = soft.reshape(shape) / float(soft.std()) * SIGMA[street.grey] + 128
            self._bank.append(np.ascontiguousarray(np.broadcast_to(noise, (*shape[:2], 3)).astype(np.uint8)))
        self._gain = 1.0

    def draw(self, picture: Image, now: float) -> None:
        x, y = self._chance.randrange(33), self._chance.randrange(33)
        noise = self._chance.choice(self._bank)[y : y + SIZE[1], x : x + SIZE[0]]
        self._gain += 0.3 * (1 - self._gain) + FLICKER * 0.3 * self._chance.gauss(0, 1)
        cv2.addWeighted(picture, self._gain, noise, 1.0, -128.0, dst=picture)


class Recorded:
    """A clip of nobody, once: again and again would count one moment many times. It takes the place of the
    background for `seconds`.
    """

    def __init__(self, clip: Path) -> None:
        self._capture, self._shown = cv2.VideoCapture(str(clip)), -1
        self._rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.seconds = self._capture.get(cv2.CAP_PROP_FRAME_COUNT) / self._rate

    def draw(self, picture: Image, now: float) -> None:
        while now < self.seconds and self._shown < int(now * self._rate):
            read, frame = self._capture.read()
            self._shown += 1
            if read:
                self._frame = frame
        if now < self.seconds:
            cv2.resize(self._frame, SIZE, dst=picture)


class Rain:
    """Streaks in the light of the lamp, other ones in each picture; heavier and lighter by turns."""

    def __init__(self, street: Street, chance: random.Random) -> None:
        self._chance = chance
        self._bank = [self._streaks(street, chance) for _ in range(BANK)]

    @staticmethod
    def _streaks(street: Street, chance: random.Random) -> Image:
        layer = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
        for _ in range(160):
            x, y, long = chance.randrange(SIZE[0]), chance.randrange(SIZE[1]), chance.uniform(8, 45)
            level = chance.uniform(20, 70) * (1.5 if street.grey else 1.0)
            end = (round(x + 0.15 * long), round(y + long))
            cv2.line(layer, (x, y), end, (level, level, level), 1 if long < 30 else 2, cv2.LINE_AA)
        return cv2.blur(layer, (1, 5))  # type: ignore[return-value]

    def draw(self, picture: Image, now: float) -> None:
        heavy = 0.6 + 0.4 * float(np.sin(now / 47.0))
        for layer in self._chance.sample(self._bank, 1 + (heavy > 0.7)):
            shifted = np.roll(layer, self._chance.randrange(SIZE[0]), axis=1)
            cv2.addWeighted(picture, 1.0, shifted, heavy, 0.0, dst=picture)


class Insects:
    """Bright spots before the lens: most dash through, some crawl on the glass."""

    def __init__(self, chance: random.Random, begins_s: float = 0.0, a_second: float = 0.7) -> None:
        self._chance, self._a_second = chance, a_second
        self._flies: list[tuple[float, float, float, float, float, float, float]] = []
        self._at = begins_s

    def draw(self, picture: Image, now: float) -> None:
        if now < self._at:
            return
        for _ in range(_count(self._chance, self._a_second * max(0.0, now - self._at))):
            self._flies.append(self._fly(now))
        self._at = now
        self._flies = [f for f in self._flies if now < f[1]]
        for begin, _, x, y, across, down, size in self._flies:
            aged = now - begin
            wave = 0.2 * size * float(np.sin(9 * aged))
            spot(picture, x + across * aged, y + down * aged + wave, size, (across, down), 150)

    def _fly(self, now: float) -> tuple[float, float, float, float, float, float, float]:
        chance = self._chance
        crawls = chance.random() < 0.04
        speed = chance.uniform(3, 20) if crawls else chance.uniform(80, 600)
        turn, lives = chance.uniform(0, 6.283), chance.uniform(4, 20) if crawls else chance.uniform(0.3, 2.5)
        size = chance.uniform(8, 25) if crawls else chance.uniform(3, 22)
        x, y = chance.uniform(0, SIZE[0]), chance.uniform(0, SIZE[1])
        return now, now + lives, x, y, speed * float(np.cos(turn)), speed * float(np.sin(turn)), size


class Headlights:
    """Cars beyond the edge: their light sweeps over the street, their lamps dazzle at times."""

    def __init__(self, street: Street, chance: random.Random, every_s: float = 25.0) -> None:
        self._day, self._chance, self._every_s = street.day, chance, every_s
        self._next, self._car = chance.uniform(0, every_s), (0.0, 0.0, 0.0, 0.0)

    def draw(self, picture: Image, now: float) -> None:
        chance = self._chance
        if now >= self._next:
            way = chance.choice((-1.0, 1.0))
            self._car = (now, way, chance.uniform(0.45, 0.8), chance.random())
            self._next = now + 6 + chance.expovariate(1 / self._every_s)
        begin, way, y, dazzles = self._car
        part = (now - begin) / 5.0
        if not 0 <= part <= 1 or not way:
            return
        width, height = SIZE
        x = (part if way > 0 else 1 - part) * 1.4 * width - 0.2 * width
        spot(picture, x, y * height, 0.22 * width, (1.0, 0.0), 170, self._day)
        if dazzles < 0.5:  # it comes towards the camera
            size, apart = 3 + 22 * part, 10 + 60 * part
            for side in (-apart, apart):
                spot(picture, x + side, y * height * (0.7 + 0.25 * part), size, (0.0, 0.0), 255)


def spot(
    picture: Image,
    x: float,
    y: float,
    size: float,
    along: tuple[float, float],
    level: float,
    reflects: Image | None = None,
) -> None:
    """Add a soft spot of light; `along` (pixels a second) draws it out.

    `reflects`: what the light falls on.
    """
    speed = float(np.hypot(*along))
    long = size + min(4 * size, speed / 30)  # what it moves while the shutter is open
    reach = round(2.5 * long) + 1
    left, top, right, bottom = round(x) - reach, round(y) - reach, round(x) + reach + 1, round(y) + reach + 1
    x0, y0, x1, y1 = max(0, left), max(0, top), min(SIZE[0], right), min(SIZE[1], bottom)
    if x0 >= x1 or y0 >= y1:
        return
    ys, xs = np.mgrid[y0:y1, x0:x1].astype(np.float32)
    ways = (along[0] / speed, along[1] / speed) if speed else (1.0, 0.0)
    ahead, beside = (xs - x) * ways[0] + (ys - y) * ways[1], (ys - y) * ways[0] - (xs - x) * ways[1]
    glow = level * np.exp(-((ahead / long) ** 2) - (beside / size) ** 2)
    roi = picture[y0:y1, x0:x1]
    added = glow[..., None] if reflects is None else glow[..., None] * (reflects[y0:y1, x0:x1] / 255.0)
    roi[:] = np.clip(roi + added, 0, 255).astype(np.uint8)


def _count(chance: random.Random, expected: float) -> int:
    """How many come, where so many are to be expected; at most one is expected."""
    return int(chance.random() < expected)
