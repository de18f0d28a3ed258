"""What a detector makes of a street: boxes that are off, scores that fall with distance and cover, misses,
posts that look like somebody, and flicker.

How far boxes are off, and how scores fall, was measured on labelled photographs of streets; how both last
from look to look is assumed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from pole_agent.vocabulary import Box, Detection, Sides, group_of, iou
from streets.world import Array, Camera, Thing, camera_of, colours, things

LASTING_S = 0.35  # an error of the detector falls to 1/e
# What a box is off by: middle across and down, log of width and height
OFF = np.array([0.045, 0.02, 0.09, 0.04])
SEEN_FROM, TOLD_FROM = (
    0.2,
    0.1,
)  # of somebody that is not hidden: the detector may find it, a person would label it
PICKED = 120  # pixels that a look is made of, for each half
MAX_OVERLAP = 0.6  # of two boxes of one kind; the detector leaves out the weaker

Labelled = tuple[int, str, Sides]


@dataclass(frozen=True, slots=True)
class Street:
    """`frames`: the detections of each look, and who was really there (number, kind, box)."""

    fps: float
    aspect: float
    frames: list[tuple[list[Detection], list[Labelled]]]


@dataclass(slots=True)
class Post:
    """Something that stands and is taken for somebody now and then."""

    box: Sides
    label: str
    look: Array
    mood: float = 0.0


def street(seed: int, crowd: bool = False, seconds: float = 50.0) -> Street:
    """A random street, the same for the same seed."""
    dice = np.random.default_rng([seed, int(crowd)])
    camera = camera_of(dice)
    there = things(dice, camera, seconds, crowd)
    eyes = Eyes(dice, camera)
    return Street(
        camera.fps,
        camera.aspect,
        [eyes.look(there, k / camera.fps) for k in range(int(seconds * camera.fps))],
    )


class Eyes:
    """One camera with its detector, on one day."""

    def __init__(self, dice: Generator, camera: Camera) -> None:
        self.dice, self.camera = dice, camera
        self.ground = colours(dice, 8, 5)
        self.pillars = [
            (dice.uniform(0.1, 0.9), dice.uniform(0.01, 0.05), dice.uniform(0.4, 1.0))
            for _ in range(dice.integers(0, 4))
        ]
        self.posts = [self._post() for _ in range(dice.poisson(1.5))]
        self.quality = dice.normal(0, 0.5)
        self.flicker = dice.choice([0.05, 0.2, 0.6])  # boxes a second of nobody
        self.shade, self.phase = dice.uniform(0, 0.25), dice.uniform(0, 6)
        self.lasts = math.exp(-1 / (camera.fps * LASTING_S))

    def look(self, there: list[Thing], now: float) -> tuple[list[Detection], list[Labelled]]:
        """What is found at `now`, and what is there."""
        seen = []
        for number, thing in enumerate(there):
            if (place := thing.at(now)) is None or place[1] < 1.5:
                continue
            u, v, metre = self.camera.see(*place)
            width, height = thing.width * metre / self.camera.aspect, thing.height * metre
            box = max(0.0, u - width / 2), max(0.0, v - height), min(1.0, u + width / 2), min(1.0, v)
            wide, high = box[2] - box[0], box[3] - box[1]
            if wide > 0 and high > 0 and wide * high >= 0.3 * width * height and height >= 0.03:
                seen.append((place[1], number, box, thing, height))
        seen.sort(key=lambda one: one[0])
        found: list[Detection] = []
        truth: list[Labelled] = []
        for rank, (_, number, box, thing, height) in enumerate(seen):
            hidden, covers, rows = self._hidden(box, [(b, t) for _, _, b, t, _ in seen[:rank]])
            if 1 - hidden > TOLD_FROM:
                truth.append((number, thing.kind, box))
            thing.error = self.lasts * thing.error + math.sqrt(1 - self.lasts**2) * self.dice.normal(0, 1, 5)
            if 1 - hidden >= SEEN_FROM:
                found += self._detected(thing, box, height, hidden, covers, rows, now)
        found += self._nobody()
        return self._kept(found), truth

    def _hidden(
        self, box: Sides, nearer: list[tuple[Sides, Thing]]
    ) -> tuple[float, list[tuple[Thing, float]], Any]:
        """The share of the box that is hidden, by whom, and the rows that are not (None: all)."""
        x, y = np.meshgrid((np.arange(6) + 0.5) / 6, (np.arange(10) + 0.5) / 10)
        x, y = box[0] + x * (box[2] - box[0]), box[1] + y * (box[3] - box[1])
        hidden = np.zeros(x.shape, bool)
        covers = []
        for (left, top, right, bottom), thing in nearer:
            new = (x > left) & (x < right) & (y > top) & (y < bottom) & ~hidden
            if new.any():
                hidden |= new
                covers.append((thing, float(new.mean())))
        for middle, wide, foot in self.pillars:
            if box[3] < foot:
                hidden |= abs(x - middle) < wide / 2
        return float(hidden.mean()), covers, y[~hidden] if hidden.any() else None

    def _detected(
        self,
        thing: Thing,
        box: Sides,
        height: float,
        hidden: float,
        covers: list[tuple[Thing, float]],
        rows: Any,
        now: float,
    ) -> list[Detection]:
        dice, (left, top, right, bottom) = self.dice, box
        odds = 1.6 + 1.1 * min(math.log(height / 0.12), 1.2) - 4.2 * hidden**1.2
        odds += self.quality + 0.7 * thing.error[0] + dice.normal(0, 0.35)
        score = 0.95 / (1 + math.exp(-odds))
        if score < 0.15:
            return []
        far = 0.7 + 0.3 * min(2.0, 0.15 / max(height, 0.05))
        off = (0.6 * thing.error[1:] + 0.8 * dice.normal(0, 1, 4)) * (1 + 1.5 * hidden) * far * OFF
        x, y = (left + right) / 2 + off[0] * (right - left), (top + bottom) / 2 + off[1] * (bottom - top)
        wide, high = (right - left) * math.exp(off[2]), (bottom - top) * math.exp(off[3])
        if hidden > 0.25 and thing.error[1] > 0 and rows is not None:  # the box keeps to what is not hidden
            y = (y + (rows.min() + rows.max()) / 2) / 2
            high = (high + rows.max() - rows.min() + (bottom - top) / 10) / 2
        moving = thing.points.shape[0] > 2 and thing.at(now - 0.2) != thing.at(now)
        where = Box(
            max(0.0, x - wide / 2), max(0.0, y - high / 2), min(1.0, x + wide / 2), min(1.0, y + high / 2)
        )
        return [Detection(where, score, thing.kind, self._look(thing, box, covers), moving)]

    def _look(self, thing: Thing, box: Sides, covers: list[tuple[Thing, float]]) -> Any:
        """Its colours, mixed with the ground's and with those of whoever covers it, in this light."""
        back = 0.12 + 0.15 * self.dice.random()
        mixed = (1 - back) * thing.look + back * np.tile(self.ground[int((box[0] + box[2]) * 2) % 8], 2)
        for other, share in covers:
            mixed = (1 - 0.8 * share) * mixed + 0.8 * share * other.look
        shade = self.shade * (0.5 + 0.5 * math.sin(3 * (box[0] + box[2]) + self.phase))
        return self._picked((1 - shade) * mixed + shade * np.roll(mixed.reshape(2, -1), 1, 1).reshape(-1))

    def _picked(self, look: Array) -> Any:
        halves = [self.dice.multinomial(PICKED, half / half.sum()) / PICKED for half in look.reshape(2, -1)]
        return np.sqrt(np.concatenate(halves)).astype(np.float32)

    def _nobody(self) -> list[Detection]:
        dice, found = self.dice, []
        for post in self.posts:
            post.mood = self.lasts * post.mood + math.sqrt(1 - self.lasts**2) * dice.normal()
            if (score := 1 / (1 + math.exp(1.3 - 0.9 * post.mood))) > 0.2:
                left, top, right, bottom = np.array(post.box) + dice.normal(0, 0.005, 4)
                found.append(
                    Detection(Box(left, top, right, bottom), score, post.label, self._picked(post.look))
                )
        for _ in range(dice.poisson(self.flicker / self.camera.fps)):
            x, foot, high = dice.uniform(0, 0.95), dice.uniform(0.3, 0.9), dice.uniform(0.04, 0.25)
            box = Box(x, max(0.0, foot - high), x + high / 4, foot)
            score = float(min(0.9, 0.2 + dice.exponential(0.12)))
            look = self._picked(colours(dice, 2).reshape(-1) + 1e-9)
            found.append(Detection(box, score, "person", look, bool(dice.random() < 0.3)))
        return found

    def _post(self) -> Post:
        dice = self.dice
        x, foot, wide, high = (
            dice.uniform(0.1, 0.9),
            dice.uniform(0.3, 0.9),
            dice.uniform(0.05, 0.2),
            dice.uniform(0.1, 0.45),
        )
        label = str(dice.choice(["person", "person", "motorcycle", "car"]))
        box = max(0.0, x - wide / 2), max(0.0, foot - high), min(1.0, x + wide / 2), foot
        return Post(box, label, colours(dice, 2).reshape(-1) + 1e-9)

    def _kept(self, found: list[Detection]) -> list[Detection]:
        kept: list[Detection] = []
        for one in sorted((d for d in found if d.box.sane()), key=lambda d: -d.score):
            same = (k for k in kept if group_of(k.label) == group_of(one.label))
            if all(iou(k.box.sides, one.box.sides) < MAX_OVERLAP for k in same):
                kept.append(one)
        return kept
