"""A picture for the technician: the grid of fractions, zones, lines with their directions, and the masks as
they are burned in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from pole_agent.frame import Image
from pole_agent.vocabulary import Point

GRID, ZONE, LINE, MASK = (160, 160, 160), (0, 220, 0), (0, 160, 255), (0, 0, 255)  # blue, green, red
FONT = cv2.FONT_HERSHEY_SIMPLEX
ARROW = 0.06  # of the picture's height


def draw(
    image: Image,
    zones: Mapping[str, Sequence[Point]],
    lines: Mapping[str, tuple[Point, Point]],
    masks: Sequence[Sequence[Point]],
) -> Image:
    """Return a copy of `image`, uint8 (h, w, 3) BGR, with all of it drawn in.

    Points are fractions of the picture.
    """
    picture = image.copy()
    height, width = picture.shape[:2]
    size = max(0.35, height / 1200)

    def at(point: Point) -> tuple[int, int]:
        return round(point[0] * (width - 1)), round(point[1] * (height - 1))

    def corners(polygon: Sequence[Point]) -> Any:
        return np.array([at(p) for p in polygon], np.int32)

    for tenth in range(1, 10):
        x, y = at((tenth / 10, tenth / 10))
        cv2.line(picture, (x, 0), (x, height - 1), GRID, 1)
        cv2.line(picture, (0, y), (width - 1, y), GRID, 1)
        _write(picture, f".{tenth}", (x + 2, round(14 * size / 0.4)), GRID, size)
        _write(picture, f".{tenth}", (2, y - 3), GRID, size)
    for polygon in masks:
        cv2.polylines(picture, [corners(polygon)], True, MASK, 2)
        _write(picture, "mask", at(polygon[0]), MASK, size)
    for name, polygon in zones.items():
        cv2.polylines(picture, [corners(polygon)], True, ZONE, 2)
        _write(picture, name, at(polygon[0]), ZONE, size)
    for name, (start, end) in lines.items():
        cv2.line(picture, at(start), at(end), LINE, 2)
        (x1, y1), (x2, y2) = at(start), at(end)
        length = max(1.0, ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5)
        reach = ARROW * height / length
        # To the right hand of one who looks from start to end: y grows downwards.
        middle = ((x1 + x2) // 2, (y1 + y2) // 2)
        tip = (round(middle[0] - (y2 - y1) * reach), round(middle[1] + (x2 - x1) * reach))
        cv2.arrowedLine(picture, middle, tip, LINE, 2, tipLength=0.4)
        _write(picture, f"{name}: forward", (tip[0] + 4, tip[1]), LINE, size)
    return picture


def _write(
    picture: Image, text: str, place: tuple[int, int], colour: tuple[int, int, int], size: float
) -> None:
    x, y = place
    height, width = picture.shape[:2]
    (w, h), below = cv2.getTextSize(text, FONT, size, 1)
    x, y = max(0, min(x, width - w)), max(h, min(y, height - below - 1))
    cv2.rectangle(picture, (x, y - h), (x + w, y + below), (0, 0, 0), -1)
    cv2.putText(picture, text, (x, y), FONT, size, colour, 1, cv2.LINE_AA)
