"""Which light does a camera see in: day, dark, or infrared?

Told in ``health``; nothing else depends on it. Day and dark differ by what the letterbox does: a dark picture
is stretched before the network. Infrared is a picture without any colour: a camera that switches its filter
off sends grey ones. Colour is a proof and ends infrared at once; that none is there proves nothing before it
has lasted, because walls and roads are grey too. What stays without colour for longer than any night is a
monochrome camera, or a filter that is stuck.

A camera whose pictures keep a tint in infrared light is told as day or dark.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from pole_agent.frame import Image
from pole_agent.vision.letterbox import BRIGHT, brightest_of

EVERY_S = 1.0
GAP_S = 5.0  # time without pictures counts up to here: what was not seen is not known
PIXELS = 5000  # of the picture are looked at, about
MARGIN = 16  # grey levels around BRIGHT in which dark stays dark, and day stays day
LASTS_S = 30.0  # before day turns to dark, or dark to day; and before anything is told at first
COLOUR_LEVEL = 10  # between the channels of a pixel; compression and noise stay below in a grey picture
# Of the pixels; more than a logo or the time in the picture has. Between the two, nothing is known.
COLOURED_SHARE, COLOURLESS_SHARE = 0.01, 0.003
COLOUR_LOOKS = 2  # one after the other: a broken picture may be green
INFRARED_S = 60.0
MONOCHROME_S = 16 * 3600.0
BLACK_LEVEL = 24  # below it nobody can tell grey from colour

DAY, DARK, INFRARED, MONOCHROME = "day", "dark", "infrared", "monochrome"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Of one picture.

    `brightest`: the grey level that half a per cent of it exceeds; `coloured`: the share of its pixels that
    have a colour.
    """

    brightest: int
    coloured: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LightState:
    """What is known of one camera. `told`: one of the four words, empty before anything is known."""

    told: str = ""
    at: float = float("-inf")  # the last look, monotonic seconds
    level: str = ""  # DAY or DARK, as told
    other_s: float = 0.0  # for so long the pictures have been of the other level
    colourless_s: float = 0.0  # for so long no colour has been there
    colours: int = 0  # looks in a row with colour
    seen_s: float = 0.0


def sample_of(image: Image) -> Sample:
    """Look at a sparse sample of `image`, uint8 (h, w, 3) BGR."""
    height, width = image.shape[:2]
    step = max(1, int((height * width / PIXELS) ** 0.5))
    sparse = np.ascontiguousarray(image[::step, ::step])
    blue, green, red = cv2.split(sparse)
    spread = cv2.subtract(cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red))
    coloured = np.count_nonzero(spread > COLOUR_LEVEL) / spread.size
    return Sample(brightest=brightest_of(cv2.cvtColor(sparse, cv2.COLOR_BGR2GRAY)), coloured=coloured)


def without_daylight(image: Image) -> bool:
    """Is this picture, uint8 (h, w, 3), dark or without colour?"""
    sample = sample_of(image)
    return sample.brightest < BRIGHT or not sample.coloured


def step(before: LightState, sample: Sample, now: float) -> LightState:
    """One look more, at `now`."""
    passed_s = min(max(0.0, now - before.at), GAP_S) if before.level else 0.0
    light = _levels(_colours(before, sample, passed_s), sample, passed_s)
    light = replace(light, at=now, seen_s=min(LASTS_S, before.seen_s + passed_s))
    return replace(light, told=_word(light) if light.seen_s >= LASTS_S else "")


def _word(light: LightState) -> str:
    if light.colourless_s >= MONOCHROME_S:
        return MONOCHROME
    return INFRARED if light.colourless_s >= INFRARED_S else light.level


def _levels(light: LightState, sample: Sample, passed_s: float) -> LightState:
    """Day or dark: beyond the margin, and for long enough."""
    if not light.level:
        return replace(light, level=DARK if sample.brightest < BRIGHT else DAY)
    other = sample.brightest >= BRIGHT + MARGIN if light.level == DARK else sample.brightest < BRIGHT - MARGIN
    other_s = light.other_s + passed_s if other else 0.0
    if other_s < LASTS_S:
        return replace(light, other_s=other_s)
    return replace(light, level=DAY if light.level == DARK else DARK, other_s=0.0)


def _colours(light: LightState, sample: Sample, passed_s: float) -> LightState:
    """Colour proves; its absence has to last."""
    if sample.brightest < BLACK_LEVEL or COLOURLESS_SHARE < sample.coloured < COLOURED_SHARE:
        return replace(light, colours=0)
    if sample.coloured <= COLOURLESS_SHARE:
        return replace(light, colours=0, colourless_s=light.colourless_s + passed_s)
    colours = light.colours + 1
    gone = colours >= COLOUR_LOOKS
    return replace(
        light, colours=min(colours, COLOUR_LOOKS), colourless_s=0.0 if gone else light.colourless_s
    )


class Lighting:
    """The light of one camera, over all its openings; about one look a second costs anything."""

    def __init__(self) -> None:
        self._light = LightState()

    def look(self, image: Image, now: float) -> None:
        """`image`: uint8 (h, w, 3) BGR, taken at `now` (monotonic seconds)."""
        if now >= self._light.at + EVERY_S:
            self._light = step(self._light, sample_of(image), now)

    @property
    def told(self) -> str:
        return self._light.told
