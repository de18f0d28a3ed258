"""Streets without anybody: real pictures, by day brought down to the levels of a night."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from nights.script import Perspective
from pole_agent.frame import Floats, Image

SIZE = (768, 432)  # of every picture; the sub-stream that docs/cameras.md recommends is about as large
LEVEL = 70  # the grey level of a made night's brightest parts, lamps apart
DEMO = Path(__file__).parents[2] / "pole_agent" / "demo" / "street.mp4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A street. `light`: "made" from a day, or a real "night" or "infrared" as it is.

    `shows`: the kind of scene that its clip is a recording of, without anybody in it.
    """

    name: str
    file: str  # in the data folder; empty: the bundled clip
    light: str
    view: Perspective
    shows: str = ""


PLACES = (
    Place(name="bundled street", file="", light="made", view=Perspective(far=0.17, near=0.27)),
    Place(
        name="dark yard",
        file="streets/night-dark-yard/clip.mp4",
        light="night",
        view=Perspective(far=0.21, near=0.58),
    ),
    Place(
        name="infrared road",
        file="streets/ir-insects/clip.mp4",
        light="infrared",
        view=Perspective(far=0.24, near=0.5),
        shows="insects",
    ),
    Place(
        name="still 00411",
        file="streets/idn-street-stills/images/00411.jpg",
        light="made",
        view=Perspective(far=0.14, near=0.38),
    ),
    Place(
        name="still 00600",
        file="streets/idn-street-stills/images/00600.jpg",
        light="made",
        view=Perspective(far=0.12, near=0.3),
    ),
    Place(
        name="still 00441",
        file="streets/idn-street-stills/images/00441.jpg",
        light="made",
        view=Perspective(far=0.16, near=0.4),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Street:
    """What the scenes are drawn on.

    `clip`: where it comes from; `day`: how it reflects light; `light`: float32 (h, w, 1), what a level of 255
    by day becomes at each place; `grey`: infrared.
    """

    place: Place
    clip: Path
    night: Image
    day: Image
    light: Floats
    grey: bool


def pictures_of(clip: Path, at_most: int = 40) -> list[Image]:
    """Some pictures from all of a clip or a still."""
    capture = cv2.VideoCapture(str(clip))
    count = max(1, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
    pictures, number = [], 0
    while (taken := capture.read())[0]:
        if number % max(1, count // at_most) == 0:
            pictures.append(taken[1])
        number += 1
    capture.release()
    return pictures  # type: ignore[return-value]


def empty(pictures: Sequence[Image]) -> Image:
    """The median: whoever walks by is gone."""
    middle: Image = np.median(np.stack(pictures), axis=0).astype(np.uint8)
    return middle


def street(place: Place, data: Path, infrared: bool) -> Street:
    """The empty street of a place by night; `infrared`: as a camera with its filter off shows it."""
    clip = data / place.file if place.file else DEMO
    day = cv2.resize(empty(pictures_of(clip)), SIZE)
    grey = infrared or place.light == "infrared"
    if grey:
        day = cv2.cvtColor(cv2.cvtColor(day, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    width, height = SIZE
    if place.light != "made":
        level = 0.6 if grey else 0.16  # people of that yard are about as bright as this
        light = np.full((height, width, 1), level, np.float32)
        return Street(place=place, clip=clip, night=day, day=day, light=light, grey=grey)  # type: ignore[arg-type]
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    pool = np.exp(-((x - 0.1) ** 2) / 0.6 - (y - 0.3) ** 2 / 0.8)  # of the lamp, or of the infrared light
    brightest = float(np.percentile(day, 99.5))
    level = (150 if grey else LEVEL) / max(1.0, brightest)
    light = (level * (0.3 + 0.7 * pool)).astype(np.float32)[..., None]
    night = np.clip(day * light, 0, 255).astype(np.uint8)
    return Street(place=place, clip=clip, night=night, day=day, light=light, grey=grey)  # type: ignore[arg-type]
