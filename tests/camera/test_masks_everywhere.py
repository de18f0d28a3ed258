"""Where masks lie in pictures of other sizes and shapes, to the pixel; and what they leave of a picture, to
the bit.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pole_agent.camera.masks import Bits, Masks, burn, covered
from pole_agent.camera.reference import Reference
from pole_agent.frame import Size
from pole_agent.geometry import wound
from pole_agent.vocabulary import Point

Polygon = list[Point]
# No corner and no edge lies on the border between two pixels of the pictures here: which of both it touches
# would be a matter of taste.
HOOK: Polygon = [(0.03, 0.07), (0.41, 0.07), (0.41, 0.31), (0.16, 0.31), (0.16, 0.56), (0.03, 0.56)]
POST: Polygon = [(0.81, 0.66), (0.93, 0.66), (0.93, 0.71), (0.81, 0.71)]


def drawn(polygons: list[Polygon], size: Size) -> Bits:
    """What they cover in a picture of that size, and of the shape that they were drawn on."""
    image = np.full((size[1], size[0], 3), 255, np.uint8)
    burn(image, polygons)
    return np.asarray(image[..., 0] == 0)


def places(old: Bits, size: Size) -> Iterator[Bits]:
    """The old picture in the new one, or the new one cut out of it, at every whole pixel."""
    width, height = size
    wide, high = width - old.shape[1], height - old.shape[0]
    for dx, dy in itertools.product(
        range(min(0, wide), max(0, wide) + 1), range(min(0, high), max(0, high) + 1)
    ):
        new = np.zeros((height, width), np.bool_)
        for y, x in zip(*np.nonzero(old), strict=True):
            if 0 <= y + dy < height and 0 <= x + dx < width:
                new[y + dy, x + dx] = True
        yield new


def everywhere(polygons: list[Polygon], size: Size, drawn_on: Size) -> Bits:
    """Every place where they may lie: stretched, as a cut, as a part; turned where the picture lies that
    stood, or stands that lay.
    """
    turned = (
        [0, 1, 3]
        if (drawn_on[0] > drawn_on[1] and size[0] < size[1])
        or (drawn_on[0] < drawn_on[1] and size[0] > size[1])
        else [0]
    )
    found = np.zeros((size[1], size[0]), np.bool_)
    for quarters in turned:
        width, height = drawn_on if quarters == 0 else drawn_on[::-1]
        found |= np.rot90(drawn(polygons, size if quarters == 0 else size[::-1]), quarters)
        for across, down in ((size[0], size[0] * height / width), (size[1] * width / height, size[1])):
            assert (across, down) == (int(across), int(down)), "the sizes of this test fit"
            old = np.rot90(
                drawn(polygons, (int(across), int(down)) if quarters == 0 else (int(down), int(across))),
                quarters,
            )
            for new in places(old, size):
                found |= new
    return found


SHAPES = [
    # It lay
    ((16, 8), (16, 12)),
    ((16, 8), (8, 8)),
    ((16, 8), (24, 8)),
    ((16, 8), (8, 12)),
    ((16, 8), (8, 16)),
    # It stood
    ((8, 16), (12, 16)),
    ((8, 16), (8, 8)),
    ((8, 16), (8, 24)),
    ((8, 16), (12, 8)),
    ((8, 16), (16, 8)),
    ((12, 12), (24, 12)),
    ((12, 12), (12, 24)),
    ((8, 8), (8, 12)),
]


@pytest.mark.parametrize(("drawn_on", "size"), SHAPES, ids=str)
@pytest.mark.parametrize("polygons", [[HOOK], [POST], [HOOK, POST]], ids=["hook", "post", "both"])
def test_in_another_shape_every_place_is_covered(polygons: list[Polygon], drawn_on: Size, size: Size) -> None:
    """Every place where the old picture may lie in the new one or the new one in the old, and not a pixel
    beside them.
    """
    assert (covered(polygons, size, drawn_on) == everywhere(polygons, size, drawn_on)).all()


@pytest.mark.parametrize(("drawn_on", "size"), [((4, 3), (3, 4)), ((3, 4), (4, 3))], ids=str)
def test_a_picture_is_turned_however_little_it_lies(drawn_on: Size, size: Size) -> None:
    """One pixel wider than high, then one higher than wide: a corner may have come to any of the places that
    a turn brings it to.
    """
    corner: Polygon = [(0.01, 0.02), (0.1, 0.02), (0.1, 0.1), (0.01, 0.1)]
    right = covered([corner], size, drawn_on)
    assert right[0, -1]
    assert right[-1, 0]


@example((3, 5), (16, 9), 0.5, 0.35, 1.0)
@given(
    st.sampled_from([(16, 9), (9, 16), (4, 3), (5, 4), (3, 5)]),
    st.sampled_from([(16, 9), (9, 16), (4, 3), (7, 5), (6, 6), (20, 31), (31, 20)]),
    st.floats(0.02, 0.9),
    st.floats(0.02, 0.9),
    st.sampled_from([0.0, 1.0]) | st.floats(0, 1),
)
@settings(max_examples=60)
def test_between_two_pixels_both_are_covered(
    drawn_on: Size, size: Size, x: float, y: float, place: float
) -> None:
    """Where the old picture does not lie at a whole pixel, what it covers does not either."""
    found = covered([[(x, y), (x + 0.05, y), (x + 0.05, y + 0.05), (x, y + 0.05)]], size, drawn_on)
    ways = [(x, y, drawn_on)]
    # Turned by a quarter to the one side or to the other
    if (drawn_on[0] - drawn_on[1]) * (size[0] - size[1]) < 0:
        ways += [(0.95 - y, x, drawn_on[::-1]), (y, 0.95 - x, drawn_on[::-1])]
    for (across_at, down_at, (width, height)), by_width in itertools.product(ways, (True, False)):
        scale = size[0] / width if by_width else size[1] / height
        across, down = width * scale, height * scale
        left, top = across_at * across + place * (size[0] - across), down_at * down + place * (size[1] - down)
        # On the border between two pixels the rounding decides which of both it touches.
        columns = range(math.floor(left + 1e-6), math.floor(left + 0.05 * across - 1e-6) + 1)
        rows = range(math.floor(top + 1e-6), math.floor(top + 0.05 * down - 1e-6) + 1)
        for row, column in itertools.product(rows, columns):
            if 0 <= row < size[1] and 0 <= column < size[0]:
                assert found[row, column]


@pytest.mark.parametrize("shape", [(4, 3), (16, 9), (1, 1), (3, 4), (49, 11)], ids=str)
def test_of_the_same_shape_no_more_is_covered(shape: Size) -> None:
    """However much larger or smaller it is: where it may lie is known, so it is covered as it was drawn."""
    for old, new in itertools.product((1, 3, 10, 49), (1, 2, 7, 10)):
        size, drawn_on = (shape[0] * new, shape[1] * new), (shape[0] * old, shape[1] * old)
        assert (covered([HOOK, POST], size, drawn_on) == drawn([HOOK, POST], size)).all()


@pytest.mark.parametrize(
    "size", [(10, 10), (30, 30), (40, 29), (40, 31), (39, 30), (41, 30), (30, 40), (80, 90)], ids=str
)
def test_a_line_or_a_column_more_is_another_shape(size: Size) -> None:
    """A line more or less, a square, on edge: then more is covered than where it was drawn."""
    assert covered([HOOK, POST], size, (40, 30)).sum() > drawn([HOOK, POST], size).sum()


LEVELS = np.stack(
    [np.roll(np.arange(256, dtype=np.uint8).reshape(16, 16), n, axis=1) for n in (0, 5, 11)], axis=2
)


@pytest.mark.parametrize("reference", [None, (16, 16), (16, 12), (12, 16)], ids=str)
def test_what_is_masked_is_black_the_rest_as_it_was(reference: Size | None) -> None:
    """Every level of every colour, to the bit."""
    bits = covered([HOOK, POST], (16, 16), reference or (16, 16))
    for top in range(16):
        image = np.roll(LEVELS, top, axis=0)
        expected = image.copy()
        expected[bits] = 0
        Masks([HOOK, POST], Reference(reference) if reference else None).burn(image)
        assert (image == expected).all()
    assert bits.any()
    assert not bits.all()


def test_a_mask_at_the_border_is_burned_up_to_it() -> None:
    """On each of the four sides, first and last line and column."""
    for polygon, where in (
        ([(0.0, 0.0), (0.04, 0.0), (0.04, 0.04), (0.0, 0.04)], (0, 0)),
        ([(0.96, 0.96), (1.0, 0.96), (1.0, 1.0), (0.96, 1.0)], (15, 15)),
        ([(0.96, 0.0), (1.0, 0.0), (1.0, 0.04), (0.96, 0.04)], (0, 15)),
        ([(0.0, 0.96), (0.04, 0.96), (0.04, 1.0), (0.0, 1.0)], (15, 0)),
    ):
        assert list(zip(*np.nonzero(drawn([polygon], (16, 16))), strict=True)) == [where]


def meets(one: Point, other: Point, column: int, row: int, more: float) -> bool:
    """Does the way from one point to the other lead through this pixel, made larger by `more` on
    all sides?
    """
    first, last = 0.0, 1.0
    for begin, end, low, high in (
        (one[0], other[0], column - more, column + 1 + more),
        (one[1], other[1], row - more, row + 1 + more),
    ):
        if begin == end:
            if not low <= begin <= high:
                return False
            continue
        enters, leaves = sorted(((low - begin) / (end - begin), (high - begin) / (end - begin)))
        first, last = max(first, enters), min(last, leaves)
    return first <= last


FRACTIONS = st.integers(0, 40).map(lambda n: n / 40) | st.floats(0, 1)


@example([(0.26, 0.35), (0.76, 0.475), (0.26, 0.9)], 20, 4)
@example([(0.76, 0.1), (0.26, 0.225), (0.76, 0.9)], 20, 4)
@given(
    st.lists(st.tuples(FRACTIONS, FRACTIONS), min_size=3, max_size=5), st.integers(1, 12), st.integers(1, 6)
)
@settings(max_examples=50)
def test_a_slanted_mask_is_its_own_area_too(polygon: Polygon, width: int, height: int) -> None:
    """A pixel is black when its middle is inside or the outline leads through it, and not when
    neither is so.
    """
    black = drawn([polygon], (width, height))
    corners = [(x * width, y * height) for x, y in polygon]
    edges = list(zip([corners[-1], *corners], corners, strict=False))
    for row, column in itertools.product(range(height), range(width)):
        middle = ((column + 0.5) / width, (row + 0.5) / height)
        last = column == width - 1, row == height - 1  # the far borders of the picture belong to it
        if black[row, column]:
            near = [(column + dx, row + dy) for dx in range(1 + last[0]) for dy in range(1 + last[1])]
            assert wound(middle, polygon) or any(
                meets(a, b, *pixel, 1e-6) for a, b in edges for pixel in near
            )
        else:
            assert not any(meets(a, b, column, row, -1e-6) for a, b in edges)
            assert not wound(middle, polygon) or any(meets(a, b, column, row, 1e-6) for a, b in edges), (
                "a middle on the outline"
            )


class Counted(list[Polygon]):
    """Masks that count how often somebody works out what they cover."""

    times = 0

    def __iter__(self) -> Iterator[Polygon]:
        self.times += 1
        return super().__iter__()


def test_what_is_covered_is_worked_out_once_for_a_size() -> None:
    """It takes longer than a frame has: once while the size stays, anew when size or reference
    have changed.
    """
    polygons, reference = Counted([HOOK]), Reference((16, 12))
    masks = Masks(polygons, reference)
    worked_out = []
    for size in ((16, 12), (16, 12), (32, 24), (32, 24), (16, 12)):
        masks.burn(np.zeros((size[1], size[0], 3), np.uint8))
        worked_out.append(polygons.times)
    assert worked_out == [1, 1, 2, 2, 3]
    reference.size = (16, 8)
    image = np.full((12, 16, 3), 255, np.uint8)
    masks.burn(image)
    assert ((image[..., 0] == 0) == covered([HOOK], (16, 12), (16, 8))).all()


def test_without_a_mask_the_size_is_kept_all_the_same() -> None:
    """The first picture says what zones are drawn on, also where nothing is masked."""
    reference = Reference()
    image = np.full((12, 16, 3), 255, np.uint8)
    Masks([], reference).burn(image)
    assert reference.size == (16, 12)
    assert image.min() == 255
