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
from pole_agent.vision.letterbox import gain_of
from pole_agent.vocabulary import Box

WORK_HEIGHT = 144
LEARN_S = 8.0  # time constant of the running average
NOISE_GAIN = 4.0  # times the noise a pixel must differ …
MIN_DIFFERENCE = 12.0  # … and at least this much, in grey levels of a picture that is as bright as by day
MAX_DIFFERENCE = 40.0
GAIN_S = 1.0  # how often the brightness is looked at
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
NEAR = np.ones((5, 5), np.uint8)  # what is no further apart is one thing, and at two frames the same
FLASH_SHARE = 0.02  # of the picture: what is larger is somebody near, who is not kept waiting
FLASHES_S = 60.0  # time constant of forgetting flashes
# From so many on a change must last; more are not counted, so that it ends 40 s after the last one.
FEW_FLASHES, MOST_FLASHES = 3.0, 6.0
STIR_SHARE = 0.35  # of a box that changes when somebody moves in it
AROUND = 0.25  # of its size around a box that may hold something


class Change:
    """Where one frame differed from the usual.

    `mask` is uint8 (h, w) of the gate's small picture; None: nothing is known yet. `lasting`: the part of it
    that is to be looked at; None: all.
    """

    def __init__(self, mask: Any, lasting: Any = None) -> None:
        self._mask, self._lasting = mask, mask if lasting is None else lasting

    def within(self, boxes: Sequence[Box]) -> list[bool]:
        """Did the picture change in each of the boxes (fractions)? True where it is not known."""
        if self._mask is None:
            return [True] * len(boxes)
        parts = (self._mask[part] for part in parts_of(self._mask.shape, boxes, 0.0))
        return [int(np.count_nonzero(part)) > STIR_SHARE * part.size for part in parts]

    def around(self) -> Box | None:
        """The smallest box that holds all of it. None when there is none, or nothing is known."""
        return None if self._mask is None else _bounds(self._mask)

    def places(self) -> list[Box]:
        """A box around each thing that is to be looked at; around all where none is large enough by itself.

        Empty when there is none, or nothing is known.
        """
        if self._lasting is None:
            return []
        height, width = self._lasting.shape
        _, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(self._lasting, NEAR))
        large = np.bincount(labels[self._lasting > 0]) > MOVED_SHARE * labels.size
        edge = NEAR.shape[0] // 2  # by so much they have grown
        found = [
            Box(
                (left + edge if left else 0) / width,
                (top + edge if top else 0) / height,
                (left + w - edge if left + w < width else width) / width,
                (top + h - edge if top + h < height else height) / height,
            )
            for left, top, w, h, _ in stats[: len(large)][large].tolist()
        ]
        return found or [box for box in [_bounds(self._lasting)] if box]


def _bounds(mask: Any) -> Box | None:
    height, width = mask.shape
    left, top, w, h = cv2.boundingRect(mask)
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


def _share(mask: Any) -> float:
    return cv2.countNonZero(mask) / float(mask.size)


class MotionGate:
    """Keeps the background of one camera. Not shared between threads."""

    def __init__(self) -> None:
        self.small: Any = None  # the picture as the gate saw it last: uint8 (about 144, w)
        self._one_ago: Any = None  # and those before
        self._two_ago: Any = None
        self._background: NDArray[np.float32] | None = None
        self._changed: Any = None
        self._before: Any = None  # what had changed a frame before
        self._lasting: Any = None  # of it, what is to be looked at
        self._flashes = 0.0  # that came in the last minute
        self._idle = 0.0  # the share of the picture that changes for nothing
        self._futile = 0  # looks in a row that found nothing where something had changed
        self._noise = 2.0
        self._gain, self._gain_at = 1.0, float("-inf")  # what would make it as bright as by day; known since
        self._started: float  # from here on: set by the first picture
        self._last: float
        self._learned: float  # when the background was brought up to date

    @property
    def change(self) -> Change:
        """Of the frame that was looked at last."""
        return Change(self._changed, self._lasting)

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
        self._two_ago, self._one_ago = self._one_ago, self.small
        small = self.small = self._shrink(image)
        background = self._background
        if background is None or background.shape != small.shape:
            self._background, self._started, self._last = small.astype(np.float32), now, now
            self._learned = now
            self._before = self._changed = self._lasting = None
            return True
        difference = cv2.absdiff(small, cv2.convertScaleAbs(background))
        if now - self._gain_at >= GAIN_S:
            self._gain, self._gain_at = gain_of(small[::2, ::2]), now
        threshold = min(MAX_DIFFERENCE, max(MIN_DIFFERENCE / self._gain, NOISE_GAIN * self._noise))
        _, changed = cv2.threshold(difference, threshold, 255, cv2.THRESH_BINARY)
        share = cv2.countNonZero(changed) / small.size
        if share > MOVED_SHARE:
            changed = cv2.erode(changed, GROUND)
            for part in parts_of(small.shape, standing):
                changed[part] = 0
            share = cv2.countNonZero(changed) / small.size
        step, self._last = max(0.0, now - self._last), now
        share = self._sift(changed, share, step, alone=not (going or standing))
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

    def _sift(self, changed: Any, share: float, step: float, alone: bool) -> float:
        """Keep what `changed`, a mask with its `share` of the picture, and count flashes: what came and went
        within a frame, while nobody was there (`alone`). Returns the share that is to be looked at.
        """
        earlier, before = self._before, self._changed
        self._before, self._changed, self._lasting = before, changed, changed
        self._flashes *= max(0.0, 1 - step / FLASHES_S)
        if before is None:
            return share
        # Two pictures of one moment do not say how long it lasted
        if alone and step and earlier is not None and MOVED_SHARE < _share(before) <= FLASH_SHARE:
            _, other = cv2.threshold(
                cv2.absdiff(self.small, self._two_ago), MIN_DIFFERENCE / self._gain, 255, cv2.THRESH_BINARY
            )
            flash = cv2.subtract(before, cv2.dilate(cv2.bitwise_or(other, earlier), NEAR))
            if _share(flash) > max(MOVED_SHARE, _share(before) / 2):
                self._flashes = min(MOST_FLASHES, self._flashes + 1)
        if self._flashes < FEW_FLASHES or not MOVED_SHARE < share <= FLASH_SHARE:
            return share
        self._lasting = cv2.bitwise_and(changed, cv2.dilate(before, NEAR))
        return _share(self._lasting)

    def learn(
        self,
        seen: Iterable[Box],
        tracked: Iterable[Box] = (),
        view: Box | None = None,
        unseen: Iterable[Box] = (),
    ) -> None:
        """The detector has looked at this frame, or at `view` of it: `seen` are the boxes of what may be
        somebody, `tracked` those who are.

        There is nothing elsewhere in what was looked at, but for the places `unseen`: a look finds nobody so
        small. Who is tracked is not taken into the background, so that his going is news.
        """
        if self._changed is None or self._background is None:
            return
        free = np.full(self.small.shape, 255, np.uint8)
        for part in parts_of(free.shape, tracked):
            free[part] = 0
        empty = free.copy()
        if view is not None:
            [inside] = parts_of(empty.shape, [view], 0.0)
            empty = np.zeros_like(free)
            empty[inside] = free[inside]
        for part in parts_of(empty.shape, seen):
            empty[part] = 0
        for part in parts_of(empty.shape, unseen):
            empty[part] = 0
        idle = _share(cv2.bitwise_and(self._lasting, empty))
        if idle > BROAD_SHARE:
            self._background = self.small.astype(np.float32)
            self._learned, self._futile = self._last, 0
            return
        usual = min(1.0, (self._last - self._learned) / LEARN_S)
        cv2.accumulateWeighted(self.small, self._background, usual, mask=free)
        self._learned = self._last
        self._futile = self._futile + 1 if idle > MOVED_SHARE else 0
        if self._futile:
            if (
                self._flashes >= FEW_FLASHES and self._before is not None
            ):  # a flash that is taken in would leave its ghost behind
                empty = cv2.subtract(empty, cv2.subtract(self._changed, cv2.dilate(self._before, NEAR)))
            cv2.accumulateWeighted(self.small, self._background, ABSORBED, mask=empty)
        if self._futile == 0 or self._futile >= PATIENCE:
            self._idle += (IDLE_UP if idle > self._idle else IDLE_DOWN) * (min(idle, MAX_IDLE) - self._idle)

    @staticmethod
    def _shrink(image: Image) -> Any:
        step = max(1, image.shape[0] // WORK_HEIGHT)
        small = np.ascontiguousarray(image[::step, ::step, 1])
        # Averaging 3 × 3 takes away single noisy pixels; what is left of a threshold is then something solid.
        return cv2.blur(small, (3, 3))
