"""The scenes: a street at night, what is drawn over it, and who walks through it."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from nights.backgrounds import SIZE, Street
from nights.cutouts import METRES, Cutout
from nights.score import Window
from nights.script import Path, Perspective, entries, traffic, truth
from nights.weather import Headlights, Insects, Layer, Noise, Rain, Recorded, spot
from pole_agent.frame import Image

KINDS = ("quiet", "insects", "rain", "headlights", "busy")
IN_INFRARED = ("insects",)
ENTRY_S = 150.0  # between entries, about
TRAFFIC_S = 12.0
EXPOSURE = (0.8, 1.5)  # of a cut-out's light, beside that of the street


class Walkers:
    """Cut-outs that move along their paths."""

    def __init__(
        self,
        paths: Sequence[Path],
        cutouts: Sequence[tuple[Cutout, float]],
        street: Street,
        chance: random.Random,
    ) -> None:
        """`cutouts`: with their heights in those of a person."""
        self._paths, self._cutouts, self._street = paths, cutouts, street
        self._bright = [chance.uniform(*EXPOSURE) for _ in paths]

    def draw(self, picture: Image, now: float) -> None:
        for number, path in enumerate(self._paths):
            if (feet := path.at(now)) is not None:
                self._one(picture, number, path, feet, now)

    def _one(self, picture: Image, number: int, path: Path, feet: tuple[float, float], now: float) -> None:
        cutout, metres = self._cutouts[path.who % len(self._cutouts)]
        width, height = SIZE
        before = path.at(max(path.begin, now - 0.4)) or feet
        walks = before != feet
        high = max(6, round(self._street.place.view.height(feet[1]) * metres * height))
        wide = max(3, round(cutout.image.shape[1] * high / cutout.image.shape[0]))
        bob = 0.015 * high * abs(math.sin(6.0 * now)) if walks else 0.006 * high * math.sin(1.3 * now)
        left, top = round(feet[0] * width - wide / 2), round(feet[1] * height - high - bob)
        image, mask = cv2.resize(cutout.image, (wide, high)), cv2.resize(cutout.mask, (wide, high))
        if path.points[-1][1] < path.points[0][1]:
            image, mask = cv2.flip(image, 1), cv2.flip(mask, 1)
        x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + wide), min(height, top + high)
        if x0 >= x1 or y0 >= y1:
            return
        inner = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
        spot_y, spot_x = min(height - 1, y1 - 1), min(width - 1, (x0 + x1) // 2)
        light = float(self._street.light[spot_y, spot_x, 0]) * self._bright[number]
        shown = image[inner].astype(np.float32) * light
        if self._street.grey:
            shown = np.repeat(shown.mean(axis=2, keepdims=True), 3, axis=2)
        share = mask[inner][..., None].astype(np.float32) / 255.0
        roi = picture[y0:y1, x0:x1]
        roi[:] = np.clip(roi * (1 - share) + shown * share, 0, 255).astype(np.uint8)


class Lamps:
    """The lights of vehicles in the picture, at their front."""

    def __init__(self, paths: Sequence[Path], view: Perspective) -> None:
        self._paths, self._view = paths, view

    def draw(self, picture: Image, now: float) -> None:
        for path in self._paths:
            if (feet := path.at(now)) is not None:
                high = self._view.height(feet[1]) * SIZE[1]
                way = 1 if path.points[-1][1] > path.points[0][1] else -1
                x, y = feet[0] * SIZE[0] + way * 0.5 * high, feet[1] * SIZE[1] - 0.45 * high
                spot(picture, x, y, 0.12 * high, (0.0, 0.0), 230)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """A piece of a night."""

    kind: str
    street: Street
    seconds: float
    layers: tuple[Layer, ...]
    windows: tuple[Window, ...]

    def picture(self, now: float) -> Image:
        picture = self.street.night.copy()
        for layer in self.layers:
            layer.draw(picture, now)
        return picture


def scene(
    kind: str, street: Street, seconds: float, cutouts: Mapping[str, Sequence[Cutout]], seed: int
) -> Scene:
    """One of KINDS. The same seed gives the same scene."""
    chance = random.Random(f"{kind} {street.place.name} {seed}")
    view, people = street.place.view, [(c, METRES["person"]) for c in cutouts["person"]]
    paths = entries(seconds, ENTRY_S, len(people), view, chance)
    recorded = Recorded(street.clip) if kind == street.place.shows else None
    layers: list[Layer] = [recorded] if recorded else []
    if kind == "busy":
        others = [(c, METRES[k]) for k in ("rider", "vehicle") for c in cutouts[k]]
        passing = traffic(seconds, TRAFFIC_S, max(1, len(others)), view, chance) if others else []
        layers += [Walkers(passing, others, street, chance), Lamps(passing, view)]
    layers.append(Walkers(paths, people, street, chance))
    if kind == "headlights":
        layers.append(Headlights(street, chance))
    if kind == "rain":
        layers.append(Rain(street, chance))
    if kind == "insects":
        layers.append(Insects(chance, recorded.seconds if recorded else 0.0))
    layers.append(Noise(street, chance))
    return Scene(kind=kind, street=street, seconds=seconds, layers=tuple(layers), windows=tuple(truth(paths)))
