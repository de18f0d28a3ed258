"""The motion gate: does this frame differ from the street as it usually looks?

It works on every 4th or so pixel of the green channel (the one nearest to brightness), compares with a running
average, and takes the noise of the camera into account. It errs towards True: a missed look costs more than a spare one.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pole_agent.frame import Image

WORK_HEIGHT = 144
LEARN_S = 8.0  # time constant of the running average
NOISE_GAIN = 4.0  # times the noise a pixel must differ …
LEAST_DIFFERENCE = 12.0  # … and at least this much, in grey levels
MOST_DIFFERENCE = 40.0
MOVED_SHARE = 0.0004  # of the picture: a person 60 m away, about 11 of 27 000 pixels
SWEEP_SHARE = 0.5  # more than this changed at once: the light did, not the street
WARM_UP_S = 1.0  # everything counts as motion while the average is young


class MotionGate:
    """Keeps the background of one camera. Not shared between threads."""

    def __init__(self) -> None:
        self._background: NDArray[np.float32] | None = None
        self._noise = 2.0
        self._started = 0.0
        self._last = 0.0

    def moved(self, image: Image, now: float) -> bool:
        """Look at `image`, uint8 (h, w, 3), taken at `now` (monotonic seconds)."""
        small = self._shrink(image)
        if self._background is None or self._background.shape != small.shape:
            self._background, self._started, self._last = small.astype(np.float32), now, now
            return True
        background = self._background
        difference = cv2.absdiff(small, cv2.convertScaleAbs(background))
        threshold = min(MOST_DIFFERENCE, max(LEAST_DIFFERENCE, NOISE_GAIN * self._noise))
        _, changed = cv2.threshold(difference, threshold, 255, cv2.THRESH_BINARY)
        share = cv2.countNonZero(changed) / small.size
        step, self._last = max(0.0, now - self._last), now
        if share > SWEEP_SHARE:
            self._background = small.astype(np.float32)
            return True
        # The mean difference of a quiet picture is its noise (for a Gaussian, 0.8 of its deviation).
        self._noise += min(1.0, step / LEARN_S) * (cv2.mean(difference)[0] * 1.25 - self._noise)
        cv2.accumulateWeighted(small, background, min(1.0, step / LEARN_S))
        return share > MOVED_SHARE or now - self._started < WARM_UP_S

    @staticmethod
    def _shrink(image: Image) -> Any:
        step = max(1, image.shape[0] // WORK_HEIGHT)
        small = np.ascontiguousarray(image[::step, ::step, 1])
        # Averaging 3 × 3 takes away single noisy pixels; what is left of a threshold is then something solid.
        return cv2.blur(small, (3, 3))
