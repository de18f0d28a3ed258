"""Fit a frame into the square that a model wants: scaled, at the top left, padded to the right and below."""

from __future__ import annotations

import cv2
import numpy as np

from pole_agent.frame import Floats, Image


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
        if self._planar is not None:
            self._planar[0] = self._packed[0].transpose(2, 0, 1)
        return filled
