"""A closer look at what moves: the same cost, more pixels."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.frame import Frame
from pole_agent.vision.onnx import OnnxDetector
from pole_agent.vision.region import back, choose, cut, parts
from pole_agent.vision.scripted import ScriptedDetector
from pole_agent.vocabulary import Box, Detection, overlap
from tests.conftest import CLIP, first_picture

share = st.floats(0, 1)


@given(share, share, share, share)
def test_region_is_square_inside_picture_around(x1: float, y1: float, x2: float, y2: float) -> None:
    """A region is a square inside the picture around what moves."""
    moving = Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    region = choose(moving, [], 1280, 720)
    if region is None:
        assert max(moving.width * 1280, moving.height * 720) * 1.6 > 0.75 * 720 - 1e-6
        return
    assert -1e-9 <= region.left < region.right <= 1 + 1e-9
    assert -1e-9 <= region.top < region.bottom <= 1 + 1e-9
    assert region.width * 1280 == pytest.approx(region.height * 720)
    assert region.left <= moving.left + 1e-9
    assert region.right >= moving.right - 1e-9


@given(share, share, share, share, st.integers(100, 4000), st.integers(100, 4000))
def test_in_a_picture_of_any_shape_a_region_lies(
    x1: float, y1: float, x2: float, y2: float, width: int, height: int
) -> None:
    """In a picture of any shape a region lies in it and the cut has its shape."""
    moving = Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    region = choose(moving, [], width, height)
    if region is None:
        assert (
            max(320, 1.6 * moving.width * width, 1.6 * moving.height * height)
            > 0.75 * min(width, height) - 1e-6
        )
        return
    assert -1e-9 <= region.left < region.right <= 1 + 1e-9
    assert -1e-9 <= region.top < region.bottom <= 1 + 1e-9
    assert region.left <= moving.left + 1e-9
    assert region.right >= moving.right - 1e-9
    seen = cut(np.broadcast_to(np.uint8(0), (height, width, 3)), region)
    assert seen.shape[1] == pytest.approx(region.width * width, abs=1)
    assert seen.shape[0] == pytest.approx(region.height * height, abs=1)
    assert seen.shape[1] == pytest.approx(seen.shape[0], abs=1)
    [again] = back([Detection(Box(0.25, 0.25, 0.5, 0.75), 0.9, "person")], region)
    assert again.box.left * width == pytest.approx((region.left + region.width / 4) * width, abs=1)


@given(st.integers(100, 8000), st.integers(100, 8000))
def test_the_parts_of_a_panorama_cover(width: int, height: int) -> None:
    """The parts of a panorama cover it and share their edges."""
    found = parts(width, height)
    assert bool(found) == (max(width, height) >= 2.2 * min(width, height))
    sides = [(p.left, p.right) if width > height else (p.top, p.bottom) for p in found]
    for first, second in itertools.pairwise(sides):
        assert first[0] < second[0] < first[1] < second[1]
        assert first[1] - second[0] >= 0.25 * (first[1] - first[0]) - 1e-9
    if found:
        assert sides[0][0] == 0
        assert sides[-1][1] == pytest.approx(1)
        for part in found:
            seen = cut(np.broadcast_to(np.uint8(0), (height, width, 3)), part)
            assert max(seen.shape[:2]) == pytest.approx(4 / 3 * min(seen.shape[:2]), abs=2)


async def test_what_file_says_of_frame_is_shown_of_part() -> None:
    """What a file says of a frame is shown of the part that is looked at.

    Rows of a file are pixels of the whole picture; the detector is shown a part.
    """

    async def look() -> list[Box]:
        detector = ScriptedDetector({0: [Detection(Box(640, 180, 704, 360), 0.9, "person")]}, pixels=True)
        await detector.open()
        region = Box(0.4, 0.2, 0.65, 0.6444444444444445)
        image = np.zeros((720, 1280, 3), np.uint8)
        found = await detector.detect(Frame(cut(image, region), 0.0, 0, part=region))
        elsewhere = Box(0.0, 0.2, 0.25, 0.6444444444444445)
        assert await detector.detect(Frame(cut(image, elsewhere), 0.0, 0, part=elsewhere)) == []
        return [d.box for d in back(found, region)]

    [box] = await look()
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((0.5, 0.25, 0.55, 0.5))


def test_somebody_who_goes_elsewhere_widens_region() -> None:
    """Somebody who goes elsewhere widens the region or makes it the whole."""
    moving = Box(0.1, 0.1, 0.15, 0.2)
    assert choose(moving, [], 1280, 720) is not None
    assert choose(moving, [Box(0.8, 0.6, 0.9, 0.9)], 1280, 720) is None
    assert choose(None, [], 1280, 720) is None


def test_boxes_come_back_to_their_places() -> None:
    """Boxes come back to their places and cut ones are left out."""
    region = Box(0.5, 0.0, 1.0, 0.5)
    whole = back(
        [
            Detection(Box(0.2, 0.2, 0.4, 0.6), 0.9, "person"),
            Detection(Box(0.0, 0.2, 0.2, 0.6), 0.9, "person"),
        ],
        region,
    )
    assert [d.box for d in whole] == [Box(0.6, 0.1, 0.7, 0.3)]
    assert back([Detection(Box(0.2, 0.0, 0.4, 0.6), 0.9, "person")], region), (
        "cut by the picture's own edge is no reason"
    )


async def test_a_closer_look_finds_small_people() -> None:
    """A closer look finds small people that the whole picture does not.

    The street of the demo as a corner of a picture of 1920 x 1080: its people are 30 to 50 pixels high of
    1080.
    """
    street = first_picture(CLIP)
    picture = np.full((1080, 1920, 3), 110, np.uint8)
    small = cv2.resize(street, None, fx=0.45, fy=0.45, interpolation=cv2.INTER_AREA)
    picture[100 : 100 + small.shape[0], 1200 : 1200 + small.shape[1]] = small
    moving = Box(1200 / 1920, 100 / 1080, (1200 + small.shape[1]) / 1920, (100 + small.shape[0]) / 1080)
    region = choose(
        Box(moving.left + 0.05, moving.top + 0.05, moving.right - 0.05, moving.bottom - 0.05), [], 1920, 1080
    )
    assert region is not None

    async def look() -> tuple[list[Detection], list[Detection], list[Detection]]:
        detector = OnnxDetector("nanodet-g-street-384-int8", 1)
        await detector.open()
        full = await detector.detect(Frame(picture, 0.0, 0))
        close = back(await detector.detect(Frame(cut(picture, region), 0.0, 0)), region)
        original = await detector.detect(Frame(street, 0.0, 0))
        detector.close()
        return list(full), close, list(original)

    full, close, original = await look()
    truth = [
        Box(
            moving.left + d.box.left * moving.width,
            moving.top + d.box.top * moving.height,
            moving.left + d.box.right * moving.width,
            moving.top + d.box.bottom * moving.height,
        )
        for d in original
        if d.label == "person" and d.score > 0.5
    ]

    def seen(found: list[Detection]) -> int:
        return sum(
            any(overlap(box, d.box) > 0.5 for d in found if d.label == "person" and d.score > 0.4)
            for box in truth
        )

    assert len(truth) >= 4
    assert seen(close) >= len(truth) - 1
    assert seen(full) <= len(truth) // 2
