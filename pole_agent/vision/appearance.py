"""How an object looks, in 128 numbers: colour histograms of its upper and lower half.

People are told apart by jacket and trousers; the two halves together are steadier than one histogram of the
whole, and cost a fraction of a learned descriptor. The numbers are square roots of shares, so that the scalar
product of two descriptors of a half is the Bhattacharyya coefficient (1 = same colours, 0 = none shared).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from pole_agent.frame import Image
from pole_agent.vocabulary import Box, Detection

ROWS, COLUMNS = 24, 10  # samples taken from a box: even rows, so that the halves are equal
LEVELS_BITS = 2  # 4 levels a channel
LOOK_SCORE = 0.25  # weaker detections are matched by place alone
MAX_LOOKS = 100
BINS = 1 << (3 * LEVELS_BITS)
SIZE = 2 * BINS
# Share of the box left out at each side, where there is more background than object.
MARGIN_X, MARGIN_Y = 0.2, 0.06


def describe(image: Image, boxes: Sequence[Box]) -> NDArray[np.float32]:
    """Return (n, 128) float32 descriptors of the boxes (fractions of the picture) in `image`, uint8 (h, w, 3)
    BGR.
    """
    count = len(boxes)
    if not count:
        return np.zeros((0, SIZE), np.float32)
    height, width = image.shape[:2]
    corners = np.array([(b.left, b.top, b.right, b.bottom) for b in boxes], np.float32)
    spans = corners[:, 2:] - corners[:, :2]
    columns = (np.arange(COLUMNS) + 0.5) / COLUMNS * (1 - 2 * MARGIN_X) + MARGIN_X
    rows = (np.arange(ROWS) + 0.5) / ROWS * (1 - 2 * MARGIN_Y) + MARGIN_Y
    xs = np.clip((corners[:, 0:1] + spans[:, 0:1] * columns) * width, 0, width - 1).astype(np.intp)
    ys = np.clip((corners[:, 1:2] + spans[:, 1:2] * rows) * height, 0, height - 1).astype(np.intp)
    pixels = image[ys[:, :, None], xs[:, None, :]] >> (8 - LEVELS_BITS)
    codes = (
        (pixels[..., 0].astype(np.intp) << 2 * LEVELS_BITS) + (pixels[..., 1] << LEVELS_BITS) + pixels[..., 2]
    )
    codes = codes.reshape(count * 2, -1) + np.arange(count * 2)[:, None] * BINS
    shares = np.bincount(codes.ravel(), minlength=count * SIZE).astype(np.float32) / (ROWS * COLUMNS / 2)
    looks: NDArray[np.float32] = np.sqrt(shares).reshape(count, SIZE)
    return looks


def with_appearance(
    image: Image, detections: Sequence[Detection], moving: Callable[[Sequence[Box]], Sequence[bool]]
) -> list[Detection]:
    """The detections, with descriptors and whether they move, for those that score enough and whose boxes can
    be read.
    """
    worth = [d for d in detections if d.score >= LOOK_SCORE and d.box.sane()][:MAX_LOOKS]
    boxes = [d.box for d in worth]
    known = dict(zip(map(id, worth), zip(describe(image, boxes), moving(boxes), strict=True), strict=True))
    described = []
    for d in detections:
        look, moves = known.get(id(d), (None, False))
        described.append(d if look is None else Detection(d.box, d.score, d.label, look, bool(moves)))
    return described
