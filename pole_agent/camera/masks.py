"""Privacy masks: parts of the picture that are burned black in the frame itself, before anyone else sees it.

A mask covers every pixel that its outline goes around (non-zero winding number: also where the outline
crosses itself, either way round) and every pixel that the outline touches. So it is never smaller than it was
drawn.

Masks are fractions of the picture that they were drawn on. In a picture of another shape nobody knows where
they lie: it may be stretched, cut out of the old one, hold the old one with more around it, or be turned by a
quarter. All of these are covered at once, wherever the cut may lie, until a person has looked.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pole_agent.camera.reference import Reference
from pole_agent.frame import Image, Size, size_of
from pole_agent.vocabulary import Point

Polygon = Sequence[Point]
Bits = NDArray[np.bool_]
LEVEL = 1e-9  # pixels: an edge that climbs by less is level, and its slope would be no number


def burn(image: Image, polygons: Sequence[Polygon]) -> None:
    """Fill the polygons (fractions of the picture) with black, in place, edges included."""
    Masks(polygons).burn(image)


class Masks:
    """The masks of one camera. What they cover is worked out once for each size of picture."""

    def __init__(self, polygons: Sequence[Polygon], reference: Reference | None = None) -> None:
        """`reference`: the size of picture that they were drawn on; without one every picture has the right
        shape.
        """
        self._polygons, self._reference = polygons, reference
        self._known: tuple[Size, Size] | None = None
        self._where: tuple[slice, slice]
        self._keep: Any  # uint8: 255 where the picture stays

    def burn(self, image: Image) -> None:
        """Black out what is masked, in place."""
        size = size_of(image)
        drawn_on = self._reference.meet(size) if self._reference else size
        if not self._polygons:
            return
        if self._known != (size, drawn_on):
            bits = covered(self._polygons, size, drawn_on)
            rows, columns = (np.flatnonzero(bits.any(axis=axis)) for axis in (1, 0))
            self._where = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
            self._keep = np.where(bits[self._where], 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)
            self._known = size, drawn_on
        part = image[self._where]
        np.bitwise_and(part, self._keep, out=part)


def covered(polygons: Sequence[Polygon], size: Size, drawn_on: Size) -> Bits:
    """Which pixels of a picture of `size` to hide, (height, width), for masks drawn on a picture of
    `drawn_on`.
    """
    width, height = size
    bits = _filled(polygons, width, height)
    if width * drawn_on[1] == height * drawn_on[0]:
        return bits
    # Where it is stretched, it lies within what its cuts cover.
    for view, (view_width, view_height) in _turned(polygons, drawn_on, size):
        # One fits the old picture into the new one, one the new into the old
        for scale in (width / view_width, height / view_height):
            across, down = view_width * scale, view_height * scale
            bits |= _anywhere(_anywhere(_filled(view, across, down), width, across).T, height, down).T
    return bits


def _turned(
    polygons: Sequence[Polygon], drawn_on: Size, size: Size
) -> Iterator[tuple[Sequence[Polygon], Size]]:
    """The masks as they were drawn, and by a quarter to either side when the picture stands where it lay, or
    lies where it stood.
    """
    yield polygons, drawn_on
    if (drawn_on[0] - drawn_on[1]) * (size[0] - size[1]) < 0:
        turned = drawn_on[1], drawn_on[0]
        yield [[(1 - y, x) for x, y in polygon] for polygon in polygons], turned
        yield [[(y, 1 - x) for x, y in polygon] for polygon in polygons], turned


def _anywhere(bits: Bits, columns: int, across: float) -> Bits:
    """What a picture `across` pixels wide covers in one of `columns`, the narrower of the two lying anywhere
    along the other.
    """
    least, most = min(0, math.floor(columns - across)), max(0, math.ceil(columns - across))
    sums = np.pad(np.cumsum(bits, axis=1, dtype=np.int32), ((0, 0), (1, 0)))
    place = np.arange(columns)
    first, last = (np.clip(place + shift, 0, bits.shape[1]) for shift in (-most, 1 - least))
    found: Bits = sums[:, last] > sums[:, first]
    return found


def _filled(polygons: Iterable[Polygon], across: float, down: float) -> Bits:
    """The pixels that the polygons go around or touch in a picture `across` by `down` pixels, (ceil(down),
    ceil(across)).
    """
    width, height = math.ceil(across), math.ceil(down)
    bits = np.zeros((height, width), np.bool_)
    for polygon in polygons:
        # How often the ring goes around the middle of a pixel, as steps along the row
        turns = np.zeros((height, width + 1), np.int16)
        edges = np.zeros((height, width + 1), np.int16)
        corners = [(x * across, y * down) for x, y in polygon]
        for (x1, y1), (x2, y2) in zip([corners[-1], *corners], corners, strict=False):
            top, bottom, way = (y1, y2, 1) if y1 <= y2 else (y2, y1, -1)
            level = bottom - top < LEVEL
            slope = 0.0 if level else (x2 - x1) / (y2 - y1)
            middle = np.arange(max(0, math.ceil(top - 0.5)), min(height, math.ceil(bottom - 0.5)))
            crossing = x1 + (middle + 0.5 - y1) * slope
            np.add.at(turns, (middle, np.clip(np.ceil(crossing - 0.5), 0, width).astype(int)), way)
            row = np.arange(min(height - 1, math.floor(top)), min(height - 1, math.floor(bottom)) + 1)
            ends: Any = (
                (x1, x2) if level else [x1 + (np.clip(y, top, bottom) - y1) * slope for y in (row, row + 1)]
            )
            left, right = (
                np.clip(np.floor(x), 0, width - 1).astype(int) for x in (np.minimum(*ends), np.maximum(*ends))
            )
            np.add.at(edges, (row, left), 1)
            np.add.at(edges, (row, right + 1), -1)
        bits |= (np.cumsum(turns, axis=1, dtype=np.int16)[:, :-1] != 0) | (
            np.cumsum(edges, axis=1, dtype=np.int16)[:, :-1] > 0
        )
    return bits
