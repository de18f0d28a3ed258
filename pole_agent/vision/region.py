"""Where to look closely: a person far away is a few pixels once the picture is scaled down to what the model
takes.

When only a part of the picture moves, the detector is shown that part at full size: the same cost, and
objects two to four times as large. The whole picture is looked at once a second all the same.

Of a panorama nothing is left once it is scaled down. It is looked at part by part in turn instead, at the
same cost: each part the more rarely.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pole_agent.frame import Image
from pole_agent.vocabulary import Box, Detection

SIDE = 320  # pixels: a closer look than the model's own resolution shows nothing more
ROOM = 1.6  # times what moves: somebody's feet may stand still
MAX_SHARE = 0.75  # of the picture's shorter side; with more, the whole picture is as good
WIDE = 2.2  # times as long as broad: a panorama
PART = 4 / 3  # of each of its parts
# Of a part, at least, with the next: whoever is cut by the edge of one stands whole in the other
SHARED = 0.25
CUT = 0.01  # of the region: a box that touches its edge is only a part of something
EDGE = 1e-6
WHOLE = Box(0.0, 0.0, 1.0, 1.0)


def choose(moving: Box | None, going: Sequence[Box], width: int, height: int) -> Box | None:
    """The region to look at in a picture of that size (fractions), or None for the whole.

    `going` are the boxes of known objects.
    """
    if moving is None:
        return None
    left, top, right, bottom = moving.left, moving.top, moving.right, moving.bottom
    for box in going:
        left, top, right, bottom = (
            min(left, box.left),
            min(top, box.top),
            max(right, box.right),
            max(bottom, box.bottom),
        )
    side = max(SIDE, ROOM * (right - left) * width, ROOM * (bottom - top) * height)
    return square(Box(left, top, right, bottom), side, width, height)


def square(around: Box, side: float, width: int, height: int) -> Box | None:
    """A square of `side` pixels with that box in its middle, inside the picture.

    None when it would be as good as all of it.
    """
    if side > MAX_SHARE * min(width, height):
        return None
    w, h = side / width, side / height
    x = min(max(0.0, (around.left + around.right - w) / 2), 1 - w)
    y = min(max(0.0, (around.top + around.bottom - h) / 2), 1 - h)
    return Box(x, y, x + w, y + h)


def parts(width: int, height: int) -> list[Box]:
    """The parts of a panorama of that size, in turn from one end to the other; empty for any
    other picture.
    """
    long, short = max(width, height), min(width, height)
    if long < WIDE * short:
        return []
    share = PART * short / long
    count = 1 + math.ceil((1 - share) / (share * (1 - SHARED)))
    starts = [(1 - share) * n / (count - 1) for n in range(count)]
    return [
        Box(a, 0.0, min(1.0, a + share), 1.0) if width > height else Box(0.0, a, 1.0, min(1.0, a + share))
        for a in starts
    ]


def cut(image: Image, region: Box) -> Image:
    """That part of `image`, uint8 (h, w, 3); no copy."""
    height, width = image.shape[:2]
    return image[
        round(region.top * height) : round(region.bottom * height),
        round(region.left * width) : round(region.right * width),
    ]


def back(found: Sequence[Detection], region: Box) -> list[Detection]:
    """Detections of a region as detections of the whole picture, without those that the region's edge has
    cut.
    """
    whole = []
    for d in found:
        b = d.box
        if (
            (b.left < CUT and region.left > EDGE)
            or (b.top < CUT and region.top > EDGE)
            or (b.right > 1 - CUT and region.right < 1 - EDGE)
            or (b.bottom > 1 - CUT and region.bottom < 1 - EDGE)
        ):
            continue
        w, h = region.width, region.height
        box = Box(
            region.left + b.left * w,
            region.top + b.top * h,
            region.left + b.right * w,
            region.top + b.bottom * h,
        )
        whole.append(Detection(box, d.score, d.label))
    return whole


def within(box: Box, part: Box) -> Box | None:
    """The box as a detector sees it that is shown that part of the picture; None when nothing of it lies
    there. `back` is the other way.
    """
    if box.right <= part.left or box.left >= part.right or box.bottom <= part.top or box.top >= part.bottom:
        return None
    w, h = part.width, part.height
    x1, y1, x2, y2 = (
        (box.left - part.left) / w,
        (box.top - part.top) / h,
        (box.right - part.left) / w,
        (box.bottom - part.top) / h,
    )
    return Box(max(0.0, x1), max(0.0, y1), min(1.0, x2), min(1.0, y2))
