"""Fit a frame into the square that a model wants: scaled, at the top left, padded to the right and below.

A dark picture is stretched on the way: models learn from pictures of the day and find little in levels of 0
to 40. The stretch is linear, so that noise grows no faster than what is seen.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from pole_agent.frame import Floats, Image

BRIGHT = 128  # a picture whose brightest parts are at this grey level or above is left as it is
BRIGHTEST_SHARE = 0.005  # of the pixels: lamps and reflections, which say nothing of the street
MAX_GAIN = 4.0  # above it, the noise of a camera at night looks like objects
STEP = 4  # one pixel of so many, across and down, is looked at


class Letterbox:
    """Owns the input tensor, so that a frame costs one resize into it and nothing else.

    `planar` is for models that want float32 (1, 3, h, w); the others take uint8 (1, h, w, 3). `padding` is a
    grey level.
    """

    def __init__(self, width: int, height: int, *, planar: bool = False, padding: int = 0) -> None:
        self._size, self._padding = (width, height), padding
        self._packed = np.full((1, height, width, 3), padding, np.uint8)
        self._planar = np.zeros((1, 3, height, width), np.float32) if planar else None
        self._filled = (0, 0)

    @property
    def tensor(self) -> Floats:
        """What the model is given."""
        return self._packed if self._planar is None else self._planar

    def fill(self, image: Image) -> tuple[float, float]:
        """Scale `image`, uint8 (h, w, 3), into `tensor`; return the size in tensor pixels that it fills
        (width, height).
        """
        height, width = image.shape[:2]
        scale = min(self._size[0] / width, self._size[1] / height)
        filled = (max(1, round(width * scale)), max(1, round(height * scale)))
        if filled != self._filled:
            self._packed[:] = self._padding
            self._filled = filled
        target = self._packed[0, : filled[1], : filled[0]]
        if target.flags.c_contiguous:
            cv2.resize(image, filled, dst=target, interpolation=cv2.INTER_LINEAR)
        else:  # OpenCV would write into a copy
            target[:] = cv2.resize(image, filled, interpolation=cv2.INTER_LINEAR)
        if (gain := stretch_of(target)) > 1.0:
            target[:] = cv2.convertScaleAbs(target, alpha=gain)
        if self._planar is not None:
            self._planar[0] = self._packed[0].transpose(2, 0, 1)
        return filled


def stretch_of(image: Image) -> float:
    """The factor (1 to MAX_GAIN) that brings the brightest parts of uint8 (h, w, 3) BGR to BRIGHT."""
    grey = cv2.cvtColor(np.ascontiguousarray(image[::STEP, ::STEP]), cv2.COLOR_BGR2GRAY)
    return gain_of(grey)


def gain_of(grey: Any) -> float:
    """The same, of uint8 (h, w)."""
    return min(MAX_GAIN, max(1.0, BRIGHT / max(brightest_of(grey), 1)))


def brightest_of(grey: Any) -> int:
    """The level that all but BRIGHTEST_SHARE of uint8 (h, w) stay at or below."""
    place = int((1 - BRIGHTEST_SHARE) * (grey.size - 1))
    return int(np.partition(grey, place, axis=None)[place])
