"""The motion gate: does this frame differ from the street as it usually looks?

It works on every 4th or so pixel of the green channel (the one nearest to brightness), compares with a
running average, and takes the noise of the camera into account. It errs towards True: a missed look costs
more than a spare one.

The detector teaches it: where the detector looked and found nothing, the change was light, rain, leaves or a
shaken pole. The gate takes half of such a change into its average, and learns how much of the picture changes
for nothing. So a lamp that switches costs a few looks, not a storm of them; what nobody has looked at is
never learned away faster than the average moves; and a gate that has become tolerant says so (`storm`), so
that somebody looks once a second whatever it says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pole_agent.frame import Image
from pole_agent.vocabulary import Box

WORK_HEIGHT = 144
LEARN_S = 8.0  # time constant of the running average
NOISE_GAIN = 4.0  # times the noise a pixel must differ …
MIN_DIFFERENCE = 12.0  # … and at least this much, in grey levels
MAX_DIFFERENCE = 40.0
MOVED_SHARE = 0.0003  # of the picture: a person 60 m away, about 8 of 27 000 pixels that hang together
WARM_UP_S = 1.0  # everything counts as motion while the average is young
ABSORBED = 0.5  # of a change that the detector found empty, a look
BROAD_SHARE = 0.2  # a change of this much of the picture is light, and comes once
PATIENCE = 5  # looks in a row that found nothing before a change is taken for rain: somebody may be coming in
IDLE_GAIN = 1.5  # more than what changes for nothing must change by this factor
IDLE_UP, IDLE_DOWN = 0.3, 0.1  # a look
MAX_IDLE = 0.05  # of the picture
CALM_S = 0.6  # without any change, and the idle share is forgotten
STORM_SHARE = MOVED_SHARE / IDLE_GAIN  # idle share from which the gate does not trust itself
GROUND = np.ones((2, 2), np.uint8)  # smaller than this is noise
STIR_SHARE = 0.35  # of a box that changes when somebody moves in it
AROUND = 0.25  # of its size around a box that may hold something


class Change:
    """Where one frame differed from the usual.

    `mask` is uint8 (h, w) of the gate's small picture; None: nothing is known yet.
    """

    def __init__(self, mask: Any) -> None:
        self._mask = mask

    def within(self, boxes: Sequence[Box]) -> list[bool]:
        """Did the picture change in each of the boxes (fractions)? True where it is not known."""
        if self._mask is None:
            return [True] * len(boxes)
        parts = (self._mask[part] for part in parts_of(self._mask.shape, boxes, 0.0))
        return [int(np.count_nonzero(part)) > STIR_SHARE * part.size for part in parts]

    def around(self) -> Box | None:
        """The smallest box that holds all of it. None when there is none, or nothing is known."""
        if self._mask is None:
            return None
        height, width = self._mask.shape
        left, top, w, h = cv2.boundingRect(self._mask)
        return Box(left / width, top / height, (left + w) / width, (top + h) / height) if w and h else None


def parts_of(
    shape: tuple[int, int], boxes: Iterable[Box], around: float = AROUND
) -> Iterator[tuple[slice, slice]]:
    """The rows and columns of a picture of `shape` (h, w) that each box takes, and a share of its size around
    it.
    """
    height, width = shape
    for box in boxes:
        x, y = around * box.width, around * box.height
        yield (
            slice(int(max(0.0, box.top - y) * height), int(min(1.0, max(0.0, box.bottom + y)) * height) + 1),
            slice(int(max(0.0, box.left - x) * width), int(min(1.0, max(0.0, box.right + x)) * width) + 1),
        )


class MotionGate:
    """Keeps the background of one camera. Not shared between threads."""

    def __init__(self) -> None:
        self.small: Any  # the picture as the gate saw it last: uint8 (about 144, w)
        self._background: NDArray[np.float32] | None = None
        self._changed: Any = None
        self._idle = 0.0  # the share of the picture that changes for nothing
        self._futile = 0  # looks in a row that found nothing where something had changed
        self._noise = 2.0
        self._started: float  # from here on: set by the first picture
        self._last: float
        self._learned: float  # when the background was brought up to date

    @property
    def change(self) -> Change:
        """Of the frame that was looked at last."""
        return Change(self._changed)

    @property
    def storm(self) -> bool:
        """So much is restless that somebody may be overlooked: look more often than motion asks for."""
        return self._idle > STORM_SHARE

    def moved(
        self, image: Image, now: float, going: Sequence[Box] = (), standing: Sequence[Box] = ()
    ) -> bool:
        """Look at `image`, uint8 (h, w, 3), taken at `now` (monotonic seconds).

        Where somebody is `going`, no change is taken for rain. Somebody `standing` may move hands and head:
        that is no news.
        """
        small = self.small = self._shrink(image)
        background = self._background
        if background is None or background.shape != small.shape:
            self._background, self._started, self._last = small.astype(np.float32), now, now
            self._learned = now
            self._changed = None
            return True
        difference = cv2.absdiff(small, cv2.convertScaleAbs(background))
        threshold = min(MAX_DIFFERENCE, max(MIN_DIFFERENCE, NOISE_GAIN * self._noise))
        _, changed = cv2.threshold(difference, threshold, 255, cv2.THRESH_BINARY)
        share = cv2.countNonZero(changed) / small.size
        if share > MOVED_SHARE:
            changed = cv2.erode(changed, GROUND)
            for part in parts_of(small.shape, standing):
                changed[part] = 0
            share = cv2.countNonZero(changed) / small.size
        self._changed = changed
        step, self._last = max(0.0, now - self._last), now
        # The mean difference of a quiet picture is its noise (for a Gaussian, 0.8 of its deviation).
        self._noise += min(1.0, step / LEARN_S) * (cv2.mean(difference)[0] * 1.25 - self._noise)
        # Else `learn` does it, and leaves out those who are there: their going would be news
        if not (going or standing):
            cv2.accumulateWeighted(small, background, min(1.0, step / LEARN_S))
            self._learned = now
        if share > max(MOVED_SHARE, IDLE_GAIN * self._idle) or now - self._started < WARM_UP_S:
            return True
        if share <= MOVED_SHARE:
            self._idle *= max(0.0, 1 - step / CALM_S)
            return False
        inside = sum(int(np.count_nonzero(self._changed[part])) for part in parts_of(small.shape, going))
        return bool(inside / small.size > MOVED_SHARE)

    def learn(self, seen: Iterable[Box], tracked: Iterable[Box] = ()) -> None:
        """The detector has looked at this frame: `seen` are the boxes of what may be somebody, `tracked`
        those who are.

        There is nothing elsewhere. Who is tracked is not taken into the background, so that his going is
        news.
        """
        if self._changed is None or self._background is None:
            return
        free = np.full(self.small.shape, 255, np.uint8)
        for part in parts_of(free.shape, tracked):
            free[part] = 0
        empty = free.copy()
        for part in parts_of(empty.shape, seen):
            empty[part] = 0
        idle = cv2.countNonZero(cv2.bitwise_and(self._changed, empty)) / empty.size
        if idle > BROAD_SHARE:
            self._background = self.small.astype(np.float32)
            self._learned, self._futile = self._last, 0
            return
        usual = min(1.0, (self._last - self._learned) / LEARN_S)
        cv2.accumulateWeighted(self.small, self._background, usual, mask=free)
        self._learned = self._last
        self._futile = self._futile + 1 if idle > MOVED_SHARE else 0
        if self._futile:
            cv2.accumulateWeighted(self.small, self._background, ABSORBED, mask=empty)
        if self._futile == 0 or self._futile >= PATIENCE:
            self._idle += (IDLE_UP if idle > self._idle else IDLE_DOWN) * (min(idle, MAX_IDLE) - self._idle)

    @staticmethod
    def _shrink(image: Image) -> Any:
        step = max(1, image.shape[0] // WORK_HEIGHT)
        small = np.ascontiguousarray(image[::step, ::step, 1])
        # Averaging 3 × 3 takes away single noisy pixels; what is left of a threshold is then something solid.
        return cv2.blur(small, (3, 3))
