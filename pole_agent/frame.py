"""A picture of the street. Only camera, vision and the watch loop may see one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pole_agent.vocabulary import Box

Image = NDArray[np.uint8]
Floats = NDArray[Any]
Size = tuple[int, int]  # width and height in pixels
SAME_SHAPE = 0.01  # cameras round a height to 8 or 16 lines: 1080 becomes 1088


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture: `image` is uint8 (height, width, 3) BGR; `at` is monotonic seconds; `index` counts from 0
    per opening.

    `at` is when it was taken, as far as the source knows. `again`: the source has sent the very same data
    once more. `part`: where in the whole picture `image` lies, where it is only a part of it.
    """

    image: Image
    at: float
    index: int
    again: bool = False
    part: Box | None = None


def size_of(image: Image) -> Size:
    """Width and height of `image`, (height, width, …)."""
    height, width = image.shape[:2]
    return width, height


def same_shape(one: Size, other: Size) -> bool:
    """Is one the other, larger or smaller? Then fractions of the one are the same places in the other."""
    return abs(one[0] * other[1] / (one[1] * other[0]) - 1) <= SAME_SHAPE
