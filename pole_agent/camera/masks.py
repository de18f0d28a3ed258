"""Privacy masks: parts of the picture that are burned black in the frame itself, before anyone else sees it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from pole_agent.frame import Image
from pole_agent.vocabulary import Point


def burn(image: Image, polygons: Sequence[Sequence[Point]]) -> None:
    """Fill the polygons (fractions of the picture) with black, in place, edges included."""
    height, width = image.shape[:2]
    for polygon in polygons:
        corners = np.array([(round(x * width), round(y * height)) for x, y in polygon], np.int32)
        cv2.fillPoly(image, [corners], (0, 0, 0))
