"""A mask is never smaller than it was drawn, and where nobody knows where it lies, it covers every place that
is possible.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pole_agent import compose
from pole_agent.camera.masks import Masks, burn
from pole_agent.camera.reference import Reference
from pole_agent.clock import ManualClock
from pole_agent.frame import Image, Size
from pole_agent.geometry import wound
from pole_agent.settings.load import load
from pole_agent.vocabulary import Point
from tests.conftest import eventually

GREY = 200
STAR = [(0.5, 0.1), (0.74, 0.9), (0.1, 0.4), (0.9, 0.4), (0.26, 0.9)]
TWO_BOXES = [
    (0.1, 0.1),
    (0.6, 0.1),
    (0.6, 0.6),
    (0.4, 0.6),
    (0.4, 0.3),
    (0.9, 0.3),
    (0.9, 0.8),
    (0.3, 0.8),
    (0.3, 0.5),
    (0.1, 0.5),
]
TWICE = [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)] * 2
BOW = [(0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9)]


def burned(polygon: Sequence[Point], width: int, height: int) -> np.ndarray:
    """Which pixels are black, (height, width)."""
    image = np.full((height, width, 3), GREY, np.uint8)
    burn(image, [polygon])
    black: np.ndarray = (image == 0).all(axis=2)
    assert (image[~black] == GREY).all()
    return black


@pytest.mark.parametrize("polygon", [STAR, TWO_BOXES, TWICE, BOW], ids=["star", "two boxes", "twice", "bow"])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(("width", "height"), [(320, 240), (120, 300)])
def test_what_outline_goes_around_is_black_wherever(
    polygon: list[Point], backwards: bool, width: int, height: int
) -> None:
    """What an outline goes around is black wherever it crosses itself."""
    black = burned(polygon[::-1] if backwards else polygon, width, height)
    missed = [
        (x, y)
        for y in range(height)
        for x in range(width)
        if not black[y, x] and wound(((x + 0.5) / width, (y + 0.5) / height), polygon)
    ]
    assert not missed
    assert not black.all()


def beside_px(point: Point, polygon: Sequence[Point], width: int, height: int) -> float:
    """Pixels from the point (in pixels) to the nearest edge."""
    nearest = math.inf
    for (x1, y1), (x2, y2) in zip([polygon[-1], *polygon], polygon, strict=False):
        start, way = np.array((x1 * width, y1 * height)), np.array(((x2 - x1) * width, (y2 - y1) * height))
        along = float(np.clip((np.array(point) - start) @ way / max(1e-12, way @ way), 0, 1))
        nearest = min(nearest, float(np.linalg.norm(start + along * way - point)))
    return nearest


POINTS = st.tuples(*[st.floats(0, 1) | st.sampled_from([0.0, 0.25, 0.5, 1.0])] * 2)


# An edge that climbs by next to nothing has no slope that is a number
@example([(0.0, 0.0), (0.0, 5e-324), (1.0, 0.0)], 1, 1)
@given(st.lists(POINTS, min_size=3, max_size=7), st.integers(1, 14), st.integers(1, 14))
def test_every_pixel_that_it_goes_around_or_touches(polygon: list[Point], width: int, height: int) -> None:
    """Every pixel that it goes around or touches and no other."""
    black = burned(polygon, width, height)
    for y in range(height):
        for x in range(width):
            middle = (x + 0.5, y + 0.5)
            away = beside_px(middle, polygon, width, height)
            if away > 1e-6 and wound((middle[0] / width, middle[1] / height), polygon):
                assert black[y, x], "it goes around the middle"
            elif away < 0.5 - 1e-6:
                assert black[y, x], "it touches the pixel"
            elif away > math.sqrt(0.5) + 1e-6:
                assert not black[y, x], "it is elsewhere"


@pytest.mark.parametrize(
    ("polygon", "pixels"),
    [
        ([(1.0, 1.0)] * 3, {(99, 49)}),
        ([(0.501, 0.501), (0.505, 0.501), (0.505, 0.505)], {(50, 25)}),
        ([(0.0, 0.0), (1.0, 0.0), (1.0, 0.01)], {(x, 0) for x in range(100)}),
        ([(0.995, 0.2), (0.995, 0.4), (0.999, 0.3)], {(99, y) for y in range(10, 21)}),
    ],
    ids=["a corner", "less than a pixel", "a thin wedge", "the right edge"],
)
def test_a_small_mask_is_rounded_outwards(polygon: list[Point], pixels: set[Point]) -> None:
    black = burned(polygon, 100, 50)
    assert {(x, y) for y in range(50) for x in range(100) if black[y, x]} == pixels


SECRET = (0.3, 0.35, 0.4, 0.55)  # left, top, right, bottom of what must not be seen
AROUND = [(0.29, 0.34), (0.41, 0.34), (0.41, 0.56), (0.29, 0.56)]


def scene(width: int, height: int) -> Image:
    image = np.full((height, width, 3), GREY, np.uint8)
    left, top, right, bottom = SECRET
    image[round(top * height) : round(bottom * height), round(left * width) : round(right * width)] = 255
    return image


def stretched(image: Image, size: Size) -> Image:
    return np.ascontiguousarray(cv2.resize(image, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def cut_out(place: float) -> Callable[[Image, Size], Image]:
    """The largest part of the new shape, at 0 (top, left) to 1 (bottom, right)."""

    def change(image: Image, size: Size) -> Image:
        height, width = image.shape[:2]
        scale = min(width / size[0], height / size[1])
        across, down = round(size[0] * scale), round(size[1] * scale)
        left, top = round((width - across) * place), round((height - down) * place)
        return stretched(image[top : top + down, left : left + across], size)

    return change


def inside(place: float) -> Callable[[Image, Size], Image]:
    """All of the old picture in the new one, with bars, or with more of the street around it."""

    def change(image: Image, size: Size) -> Image:
        height, width = image.shape[:2]
        scale = min(size[0] / width, size[1] / height)
        small = stretched(image, (round(width * scale), round(height * scale)))
        left, top = round((size[0] - small.shape[1]) * place), round((size[1] - small.shape[0]) * place)
        result = np.full((size[1], size[0], 3), GREY, np.uint8)
        result[top : top + small.shape[0], left : left + small.shape[1]] = small
        return result

    return change


WAYS = {"stretched": stretched} | {
    f"{n} {p}": w(p) for n, w in (("cut", cut_out), ("inside", inside)) for p in (0.0, 0.3, 0.5, 1.0)
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (704, 576), (480, 480), (320, 200)], ids=str)
@pytest.mark.parametrize(
    "turn", [None, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE], ids=["upright", "right", "left"]
)
def test_in_picture_of_another_shape_mask_covers(
    way: Callable[[Image, Size], Image], size: Size, turn: int | None
) -> None:
    """In a picture of another shape a mask covers wherever it may lie."""
    image = scene(640, 480)
    if turn is not None:
        size = (size[1], size[0]) if size[0] != size[1] else (360, 480)
        image = np.ascontiguousarray(cv2.rotate(image, turn), np.uint8)
    picture = way(image, size)
    Masks([AROUND], Reference((640, 480))).burn(picture)
    assert picture.max() == GREY, "nothing of it is seen"


def test_a_picture_of_the_same_shape_is_covered() -> None:
    """A picture of the same shape is covered no more than before."""
    for size in ((640, 480), (320, 240), (1600, 1200)):
        image = np.full((size[1], size[0], 3), GREY, np.uint8)
        again = image.copy()
        Masks([AROUND], Reference((640, 480))).burn(image)
        burn(again, [AROUND])
        assert (image == again).all()


def test_the_shape_is_kept_over_restarts(tmp_path: Path) -> None:
    """The shape is kept over restarts until a person decides."""
    file = tmp_path / "state" / "picture-street.json"
    first = Reference(None, file, "rtsp://a")
    assert first.size is None
    assert first.meet((640, 480)) == (640, 480)
    eventually(file.exists)
    again = Reference(None, file, "rtsp://a")
    assert again.meet((640, 360)) == (640, 480), "a start in the wrong shape"
    assert Reference(None, file, "rtsp://another").size is None
    decided = Reference((640, 360), file, "rtsp://a")
    assert decided.meet((640, 480)) == (640, 360)
    eventually(lambda: Reference(None, file, "rtsp://a").size == (640, 360))


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"source": 3}', '{"source": "x", "width": "a", "height": 4}', "\x00" * 8]
)
def test_a_damaged_memory_is_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "picture.json"
    file.write_text(text)
    assert Reference(None, file, "x").size is None


def test_a_memory_that_cannot_be_written_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        assert Reference(None, tmp_path / "file" / "picture.json", "x").meet((8, 6)) == (8, 6)
        eventually(lambda: "cannot be written" in caplog.text)


def clip(path: Path, size: Size) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 5, size)
    for _ in range(3):
        writer.write(np.full((size[1], size[0], 3), GREY, np.uint8))
    writer.release()


async def test_the_agent_covers_both_places_after_a_restart(
    bench: Callable[..., Path], tmp_path: Path
) -> None:
    """The agent covers both places after a restart and says it."""
    path = tmp_path / "clip.avi"
    config = f'[[camera]]\nsource = "{path}"\nmasks = [[[0.0, 0.7], [1.0, 0.7], [1.0, 0.8], [0.0, 0.8]]]\n'

    async def seen(more: str = "") -> tuple[Image, Size | None]:
        settings = load(bench(config + more)).settings
        reference = compose.reference_of(settings, settings.cameras[0])
        source = compose.source_factory(settings, 0, ManualClock(), reference)()

        async def work() -> Image:
            source.open()
            frame = await source.next()
            assert frame is not None
            return frame.image

        image = await work()
        source.close()
        return image, reference.size

    clip(path, (64, 48))
    assert (await seen())[1] == (64, 48)
    eventually(lambda: (tmp_path / "state" / "picture-street.json").exists())
    clip(path, (64, 36))
    image, size = await seen()
    assert size == (64, 48)
    rows = np.flatnonzero(image.mean(axis=(1, 2)) < GREY / 4)
    # A cut from the bottom: 0.7 of 48 lines, less 12. From the top: 0.8 of 48 lines.
    assert rows.min() <= 22
    assert rows.max() == 35
    image, size = await seen('picture = "64x36"\n')
    assert size == (64, 36)
    rows = np.flatnonzero(image.mean(axis=(1, 2)) < GREY / 4)
    assert (rows.min(), rows.max()) == (25, 28)
