"""A picture of the street. Only camera, vision and the watch loop may see one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Floats = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture: `image` is uint8 (height, width, 3) BGR; `at` is monotonic seconds; `index` counts from 0 per opening."""

    image: Image
    at: float
    index: int
