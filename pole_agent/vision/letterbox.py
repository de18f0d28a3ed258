"""Fit a frame into the square that a model wants: scaled, at the top left, black to the right and below."""

from __future__ import annotations

import cv2
import numpy as np

from pole_agent.frame import Image


class Letterbox:
    """Owns the input tensor, so that a frame costs one resize into it and nothing else."""

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self.tensor = np.zeros((1, height, width, 3), np.uint8)
        self._filled = (0, 0)

    def fill(self, image: Image) -> tuple[float, float]:
        """Scale `image`, uint8 (h, w, 3), into `tensor`; return the size in tensor pixels that it fills (width, height)."""
        height, width = image.shape[:2]
        scale = min(self._size[0] / width, self._size[1] / height)
        filled = (max(1, round(width * scale)), max(1, round(height * scale)))
        if filled != self._filled:
            self.tensor[:] = 0
            self._filled = filled
        target = self.tensor[0, : filled[1], : filled[0]]
        if target.flags.c_contiguous:
            cv2.resize(image, filled, dst=target, interpolation=cv2.INTER_LINEAR)
        else:  # OpenCV would write into a copy
            target[:] = cv2.resize(image, filled, interpolation=cv2.INTER_LINEAR)
        return filled
