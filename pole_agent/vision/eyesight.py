"""Does the camera still see the street? Black, blinded by glare, frozen, blurred, of another shape, or turned
away.

A sick camera looks like an empty street. So one frame a second or so is judged by itself and against how the
street usually looks to this camera. Every finding must last before it is told, and its end too.

Blur and turning are told by comparison, and what is compared does not depend on the light: the share of fine
detail in all detail, and where the edges are. The reference follows slowly while all is well, so that day may
turn to night; it does not follow while something is wrong, so that a turned camera is well again when it is
turned back. It outlasts the connection to the camera.

Equal pictures alone are no frozen camera: a strong codec repeats a still night without one bit of change.
Frozen is a source that sends the very same data again; one in whose picture a place changed at every look
before, be it noise or the seconds of a clock, and then nothing does; or one without any change for ten
minutes, many key frames long.

A picture of another shape than the one that zones and masks were drawn on is not compared: it is told, until
a person has looked.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pole_agent.frame import Image, Size, same_shape, size_of
from pole_agent.languages import phrase

EVERY_S = 1.0
LASTS_S = 8.0  # before it is told
WELL_S = 4.0  # before it is taken back
FROZEN_S = 20.0  # equal pictures for so long are one picture, where something shows that they should differ
STILL_S = 600.0  # and for so long in any case
# One after the other in which a place of the picture changed: noise, or a clock that is shown there
STEADY_LOOKS = 45
PLACES = (16, 12)
SIDE = 256  # pixels of the longer side that are judged
BLACK_LEVEL = 24  # 99 of 100 pixels are darker
GLARE_LEVEL, GLARE_SHARE = 250, 0.35
BLUR_RATIO = 0.55  # of the usual share of fine detail
TURNED_LIKENESS = 0.45  # of the edges, to the usual ones
LEARN_S = 600.0
LEARN_FIRST_S = 30.0  # the reference settles fast at first
MIN_DETAIL = 3.0  # grey levels: of bare tarmac or a dark night nothing can be said of blur and turning
BRIGHT_LEVEL = 60  # mean grey level by which a picture without detail is not night but fog or a lost focus
FROZEN = phrase("picture-frozen")
GRID = (24, 18)


class Eyesight:
    """Judges the frames of one camera, over all its openings. Not shared between threads."""

    def __init__(self, drawn_on: Size | None = None) -> None:
        """`drawn_on`: the size of picture that zones and masks were drawn on; None: that of the first one."""
        self._drawn_on = drawn_on
        self.trouble = ""  # what is wrong, in words; empty when nothing is
        self.sees = False  # two pictures differed: somebody is at the other end
        self._due = float("-inf")
        self._found = ""
        self._last: Any = None
        self._since: float  # from here on: set by the first look
        self._changed_at: float
        self._repeated: bool  # the very same data came again at every look since then
        self._anew: bool  # the next look is the first of an opening, for which nothing can have come before
        self._steady: Any  # by place: looks in a row in which it changed; None for none
        self._lively: bool  # some place changed at each of many looks before then
        self._first_at: float
        self._usual: float | None = None  # detail, grey levels
        self._sharpness: float | None = None
        self._edges: NDArray[np.float32] | None = None

    def look(self, image: Image, now: float, again: bool = False) -> str:
        """Judge `image`, uint8 (h, w, 3), taken at `now` (monotonic seconds), if it is time to. Returns
        `trouble`.

        `again`: the source has sent the very same data as before.
        """
        if now < self._due:
            return self.trouble
        self._due = now + EVERY_S
        found = self._judge(image, now, again)
        if found != self._found:
            self._found, self._since = found, now
        if found != self.trouble and now - self._since >= (LASTS_S if found else WELL_S) - 1e-6:
            self.trouble = found
        return self.trouble

    def reopened(self, now: float) -> None:
        """The camera was reopened.

        Whether pictures change is to be seen again; how the street usually looks is known.
        """
        self._due, self._changed_at, self.sees = float("-inf"), now, False
        self._repeated, self._steady, self._lively, self._anew = True, None, False, True
        if FROZEN in (self.trouble, self._found):
            self.trouble = self._found = ""

    def _judge(self, image: Image, now: float, again: bool) -> str:
        grey, size = _small(image), size_of(image)
        self._drawn_on = self._drawn_on or size
        another = not same_shape(size, self._drawn_on)
        if self._last is None or self._last.shape != grey.shape:
            self._first_at = now if self._last is None else self._first_at
            self._last, self._changed_at = grey, now
            self._sharpness = None  # it depends on the number of pixels; where edges are does not
            self._repeated, self._steady, self._lively = True, None, False
        elif self._differs(grey):
            self._last, self._changed_at, self.sees, self._repeated = grey, now, True, True
        else:
            self._repeated = self._repeated and (again or self._anew)
        self._anew = False
        if float(np.percentile(grey, 99)) < BLACK_LEVEL:
            return phrase("picture-black")
        if now - self._changed_at >= (FROZEN_S if self._repeated or self._lively else STILL_S):
            return FROZEN
        glare = float(np.count_nonzero(grey >= GLARE_LEVEL)) / grey.size
        if glare > GLARE_SHARE:
            return phrase("camera-blinded", share=f"{glare:.0%}")
        if another:
            old, new = (f"{width}x{height}" for width, height in (self._drawn_on, size))
            found = phrase("picture-shape-changed", old=old, new=new)
            return phrase("confirm-picture", problem=found, size=new)
        return self._compare(grey, now)

    def _differs(self, grey: Any) -> bool:
        """Has anything changed since the last look? Where it does so at every look is counted."""
        moved = cv2.absdiff(grey, self._last)
        if not moved.any():
            self._steady = None  # what `_lively` says is of the time before
            return False
        places = cv2.resize((moved > 0).astype(np.float32), PLACES, interpolation=cv2.INTER_AREA) > 0
        self._steady = np.where(places, (0 if self._steady is None else self._steady) + 1, 0)
        self._lively = bool(self._steady.max() >= STEADY_LOOKS)
        return True

    def _compare(self, grey: Any, now: float) -> str:
        """Against how the street usually looks; learn that when nothing is wrong."""
        detail, sharpness = _detail(grey)
        edges = _edges(grey)
        gain = EVERY_S / (LEARN_S if now - self._first_at > LEARN_FIRST_S else LEARN_FIRST_S / 4)
        self._usual = detail if self._usual is None else self._usual
        if detail < MIN_DETAIL:
            if self._usual > 2 * MIN_DETAIL and cv2.mean(grey)[0] >= BRIGHT_LEVEL:
                return phrase("picture-blurred")
            self._usual += gain * (detail - self._usual)
            return ""
        self._sharpness = sharpness if self._sharpness is None else self._sharpness
        self._edges = edges if self._edges is None else self._edges
        likeness = float(
            (edges * self._edges).sum()
            / max(1e-6, float(np.linalg.norm(edges) * np.linalg.norm(self._edges)))
        )
        if likeness < TURNED_LIKENESS:
            return phrase("scene-changed")
        if sharpness < BLUR_RATIO * self._sharpness:
            return phrase("picture-blurred")
        self._usual += gain * (detail - self._usual)
        self._sharpness += gain * (sharpness - self._sharpness)
        self._edges = cv2.addWeighted(edges, gain, self._edges, 1 - gain, 0)  # type: ignore[assignment]
        return ""


def _small(image: Image) -> Any:
    """Grey, at most 256 pixels wide or high, each the average of those it stands for."""
    height, width = image.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    return cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)


def _detail(grey: Any) -> tuple[float, float]:
    """All detail (grey levels), and the share of the finest in it."""
    picture = grey.astype(np.float32)
    fine = cv2.absdiff(picture, cv2.blur(picture, (3, 3)))
    coarse = cv2.absdiff(picture, cv2.blur(picture, (15, 15)))
    total = float(cv2.mean(coarse)[0])
    return total, float(cv2.mean(fine)[0]) / max(total, 1e-6)


def _edges(grey: Any) -> NDArray[np.float32]:
    """Where edges are and which way they run: (2, 18, 24), without mean, independent of brightness and
    contrast.
    """
    picture = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.5)
    across, down = cv2.Sobel(picture, cv2.CV_32F, 1, 0), cv2.Sobel(picture, cv2.CV_32F, 0, 1)
    maps = [cv2.resize(np.sqrt(np.abs(part)), GRID, interpolation=cv2.INTER_AREA) for part in (across, down)]
    stacked = np.stack(maps)
    stacked -= stacked.mean(axis=(1, 2), keepdims=True)
    result: NDArray[np.float32] = (stacked / max(1e-6, float(np.linalg.norm(stacked)))).astype(np.float32)
    return result
