"""Cameras, masks and what is known of streams: more than one of each, and a value on each side of every
limit.
"""

from __future__ import annotations

import json
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pole_agent.camera import opening
from pole_agent.camera.live import LiveSource
from pole_agent.camera.masks import Masks, burn, covered
from pole_agent.camera.multipart import Multipart
from pole_agent.camera.opening import address, open_capture, plain
from pole_agent.camera.probe import Probe, advice, probe
from pole_agent.camera.recorded import RecordedSource
from pole_agent.camera.reference import Reference
from pole_agent.camera.stamps import ClipTime, LiveTime, Thin
from pole_agent.camera.video import Video
from pole_agent.errors import CameraError
from pole_agent.frame import Frame, same_shape, size_of
from pole_agent.threads import Thread
from pole_agent.vocabulary import Point
from tests.camera.http_camera import HEAD, HttpCamera, part, picture
from tests.conftest import eventually

GREY = 200
L_SHAPE = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.6, 0.9), (0.6, 0.4), (0.1, 0.4)]
U_SHAPE = [(0.3, 0.1), (0.4, 0.1), (0.4, 0.6), (0.7, 0.6), (0.7, 0.1), (0.9, 0.1), (0.9, 0.8), (0.3, 0.8)]
CORNER = [(0.0, 0.8), (0.2, 0.8), (0.2, 1.0), (0.0, 1.0)]
POST = [(0.95, 0.0), (1.0, 0.0), (1.0, 0.5), (0.95, 0.5)]


def black(
    polygons: list[list[Point]], width: int, height: int, reference: Reference | None = None
) -> np.ndarray:
    image = np.full((height, width, 3), GREY, np.uint8)
    Masks(polygons, reference).burn(image)
    return np.asarray(~image.any(axis=2))


@pytest.mark.parametrize(("width", "height"), [(160, 90), (90, 160), (100, 100), (333, 77)])
def test_each_of_many_masks_is_burned(width: int, height: int) -> None:
    """All of them, in any order, each as if it were alone; the notch of a concave one stays."""
    masks = [L_SHAPE, CORNER, POST]
    alone = [black([mask], width, height) for mask in masks]
    assert all(each.any() for each in alone)
    together = alone[0] | alone[1] | alone[2]
    for order in (masks, masks[::-1], [masks[1], masks[2], masks[0]]):
        assert (black(order, width, height) == together).all()
    assert not together[int(0.7 * height), int(0.4 * width)], "inside the corner of the L"
    assert alone[0][int(0.7 * height), int(0.7 * width)]
    assert alone[0][int(0.2 * height), int(0.2 * width)]
    assert not black([], width, height).any()
    middle = black([U_SHAPE], width, height)[int(0.3 * height)]
    assert [bool(middle[int(x * width)]) for x in (0.2, 0.35, 0.5, 0.65, 0.8, 0.95)] == [
        False,
        True,
        False,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(("width", "height"), [(160, 90), (90, 160)])
def test_a_concave_mask_is_its_own_area(width: int, height: int) -> None:
    """To the pixel: what its outline touches, and no more."""
    expected = np.zeros((height, width), bool)
    left, right = int(0.1 * width), math.ceil(0.9 * width)
    expected[int(0.1 * height) : int(0.4 * height) + 1, left : right + 1] = True
    expected[int(0.1 * height) : int(0.9 * height) + 1, int(0.6 * width) : right + 1] = True
    assert (black([L_SHAPE], width, height) == expected).all()


def test_masks_follow_the_size_of_the_picture() -> None:
    """What was worked out for one size is not taken for another, nor for what the reference becomes."""
    masks = Masks([CORNER])
    for width, height in ((100, 100), (200, 100), (100, 200), (100, 100)):
        image = np.full((height, width, 3), GREY, np.uint8)
        masks.burn(image)
        assert (~image.any(axis=2) == black([CORNER], width, height)).all()
    image = np.full((100, 100, 3), GREY, np.uint8)
    burn(image, [CORNER, POST])
    assert (~image.any(axis=2) == black([CORNER, POST], 100, 100)).all()


@pytest.mark.parametrize(
    ("size", "more"),
    [((200, 100), False), ((100, 50), False), ((201, 100), True), ((200, 101), True), ((100, 200), True)],
)
def test_only_another_shape_is_covered_more(size: tuple[int, int], more: bool) -> None:
    """Each mask wherever it may lie then, and never less than where it was drawn."""
    drawn = covered([CORNER, POST], size, size)
    found = covered([CORNER, POST], size, (200, 100))
    assert found.shape == (size[1], size[0])
    assert (found | drawn == found).all()
    assert bool((found != drawn).any()) == more
    assert not found.all()
    assert (found == covered([CORNER], size, (200, 100)) | covered([POST], size, (200, 100))).all()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((1920, 1080), (1920, 1088), True),
        ((640, 480), (640, 474), False),
        ((640, 480), (640, 475), False),
        ((640, 480), (636, 480), True),
        ((640, 480), (633, 480), False),
        ((640, 480), (320, 240), True),
        ((640, 480), (480, 640), False),
    ],
)
def test_a_hundredth_is_the_same_shape(one: tuple[int, int], other: tuple[int, int], same: bool) -> None:
    """Cameras round a height to 8 or 16 lines; either way round."""
    assert same_shape(one, other) == same
    assert same_shape(other, one) == same or other == (640, 475)
    assert size_of(np.zeros((48, 64, 3), np.uint8)) == (64, 48)


@pytest.mark.parametrize(
    ("kept", "size"),
    [
        ({"source": "rtsp://a", "width": 64, "height": 48}, (64, 48)),
        ({"source": "rtsp://a", "width": 1, "height": 1}, (1, 1)),
        ({"source": "rtsp://a", "width": 0, "height": 48}, None),
        ({"source": "rtsp://a", "width": 64, "height": 0}, None),
        ({"source": "rtsp://a", "width": -4, "height": 48}, None),
        ({"source": "rtsp://b", "width": 64, "height": 48}, None),
    ],
)
def test_what_is_kept_of_a_picture_is_read_or_not(
    kept: dict[str, Any], size: tuple[int, int] | None, tmp_path: Path
) -> None:
    """Only of the same source, and only what can be a size."""
    import hashlib

    file = tmp_path / "picture.json"
    file.write_text(json.dumps(kept | {"source": hashlib.sha256(kept["source"].encode()).hexdigest()}))
    assert Reference(None, file, "rtsp://a").size == size
    assert Reference((8, 6), file, "rtsp://a").size == (8, 6)
    os.truncate(file, 0)
    assert Reference(None, file, "rtsp://a").size is None


def test_the_size_of_a_picture_is_written(tmp_path: Path) -> None:
    """The size of a picture is written once and only where it may be.

    Who only looks writes nothing; a password in the address is not in the file.
    """
    file = tmp_path / "state" / "picture.json"
    looks = Reference(None, file, "rtsp://u:hunter2@a", read_only=True)
    assert looks.meet((64, 48)) == looks.meet((32, 48)) == (64, 48)
    assert Reference().meet((10, 10)) == (10, 10)
    writes = Reference(None, file, "rtsp://u:hunter2@a")
    assert writes.meet((64, 48)) == (64, 48)
    eventually(file.exists)
    writing = "size of the picture"
    eventually(lambda: writing not in {t.name for t in threading.enumerate()})
    text = file.read_text()
    assert "hunter2" not in text
    assert {k: v for k, v in json.loads(text).items() if k != "source"} == {"width": 64, "height": 48}
    file.unlink()
    assert writes.meet((32, 24)) == (64, 48)
    assert writing not in {t.name for t in threading.enumerate()}
    assert not file.exists()


def clip(path: Path, count: int = 12, rate: int = 10, size: tuple[int, int] = (64, 48)) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate, size)
    for n in range(count):
        writer.write(np.full((size[1], size[0], 3), 100 + n * 10, np.uint8))
    writer.release()
    return path


class Camera:
    """A stand-in for what is read: each picture is an image, None for one that cannot be decoded, or an
    error.
    """

    def __init__(
        self, *pictures: Any, patience_s: float = 10.0, heard_at: float = -math.inf, transport: str = ""
    ) -> None:
        self._pictures, self.patience_s, self.heard_at, self.transport = (
            list(pictures),
            patience_s,
            heard_at,
            transport,
        )
        self.again = False
        self.released = 0

    def grab(self) -> bool:
        return bool(self._pictures)

    def retrieve(self) -> tuple[bool, Any]:
        found = self._pictures.pop(0)
        return found is not None, found

    def read(self) -> tuple[bool, Any]:
        return self.retrieve() if self.grab() else (False, None)

    def stamp(self) -> float | None:
        return None

    def get(self, what: int) -> float:
        return 10.0 if what == cv2.CAP_PROP_FPS else float(cv2.VideoWriter.fourcc(*"MJPG"))

    def release(self) -> None:
        self.released += 1


def source(**more: Any) -> LiveSource:
    return LiveSource("rtsp://u:hunter2@camera/1", 5.0, [], time.monotonic, **more)


@pytest.mark.parametrize(
    ("sign", "heard", "pictured", "patience", "left"),
    [
        # Not open yet
        (0.0, None, 0.0, None, 30.0),
        (29.0, None, 29.0, None, 1.0),
        (31.0, None, 31.0, None, -1.0),
        # Since the last data
        (0.0, math.inf, 0.0, 10.0, 10.0),
        (9.0, math.inf, 9.0, 10.0, 1.0),
        (9.0, 2.0, 9.0, 10.0, 8.0),
        (2.0, 9.0, 9.0, 10.0, 8.0),
        (1.0, math.inf, 1.0, 130.0, 129.0),
        (1.0, 1.0, 129.0, 10.0, 1.0),
        (1.0, 1.0, 131.0, 10.0, -1.0),  # data, but no picture
    ],
)
def test_how_long_a_camera_is_waited_for(
    sign: float, heard: float | None, pictured: float, patience: float | None, left: float
) -> None:
    """Half a minute to open; then its own patience from the last sign of data, and 130 s for a picture while
    data come.
    """
    live, now = source(), time.monotonic()
    live._sign_at, live._picture_at = now - sign, now - pictured
    if patience is not None and heard is not None:
        live._capture = Camera(patience_s=patience, heard_at=now - heard)
    assert live._patience_left() == pytest.approx(left, abs=0.2)


@pytest.mark.parametrize(
    ("silent", "says"),
    [(9.5, ""), (10.3, "no picture for 10 s, though the camera sends data: waiting for a key frame")],
)
def test_what_a_camera_waits_for_is_told(silent: float, says: str) -> None:
    """After ten seconds without a picture; not while it is being opened."""
    live = source()
    live._picture_at = time.monotonic() - silent
    assert live.waits == ""
    live._capture = Camera(transport="tcp")
    assert live.waits == says
    assert live.facts == {"time": "arrival", "transport": "tcp"}
    live._capture = Camera()
    assert live.facts == {"time": "arrival"}


async def test_nobody_waits_for_ever_for_a_camera(tmp_path: Path) -> None:
    """Nobody waits for ever for a camera that cannot be opened.

    Others are opening, for longer than half a minute: it is given up, and when its turn comes nothing is
    opened any more.
    """
    live = LiveSource(str(clip(tmp_path / "a.avi")), 5.0, [], time.monotonic)
    with pytest.raises(CameraError, match=r"a\.avi: not open"):
        await live.next()
    with opening._one_at_a_time:
        live.open()
        live._sign_at = live._picture_at = time.monotonic() - 29.8
        asked = time.monotonic()
        with pytest.raises(CameraError, match=r"a\.avi: no picture for 30 s; the camera is blind"):
            await live.next()
        assert 0.1 < time.monotonic() - asked < 5
        live.close()
        assert threads("a.avi")[0].left_at is not None
    eventually(lambda: not threads("a.avi"))


def threads(name: str) -> list[Thread]:
    return [t for t in threading.enumerate() if isinstance(t, Thread) and name in t.name]


@pytest.fixture
def camera() -> Iterator[Callable[..., HttpCamera]]:
    started: list[HttpCamera] = []

    def start(talk: Callable[[bytes], Iterator[bytes]]) -> HttpCamera:
        started.append(HttpCamera(talk))
        return started[-1]

    yield start
    for each in started:
        each.close()


async def test_two_cameras_are_two_and_end(camera: Callable[..., HttpCamera]) -> None:
    """Two cameras are two and end when they are closed.

    Each gives its own pictures, in order, with its own masks; closed, its thread goes, and the other one
    stays.
    """
    gone = threading.Event()

    def talk(level: int) -> Callable[[bytes], Iterator[bytes]]:
        def pictures(_: bytes) -> Iterator[bytes]:
            yield HEAD
            while not gone.is_set():
                yield part(picture(level))
                gone.wait(0.02)

        return pictures

    urls = [camera(talk(level)).url for level in (60, 140)]
    masks: list[list[list[Point]]] = [[CORNER, POST], [L_SHAPE]]
    lives = [LiveSource(url, 20.0, mask, time.monotonic) for url, mask in zip(urls, masks, strict=True)]
    for live in lives:
        live.open()
    for live, level, mask in zip(lives, (60, 140), masks, strict=True):
        frames = [f for f in [await live.next() for _ in range(3)] if f is not None]
        hidden = black(mask, 64, 48)
        assert [f.index for f in frames] == sorted({f.index for f in frames})
        assert frames[0].at < frames[1].at < frames[2].at <= time.monotonic()
        for frame in frames:
            assert not frame.image[hidden].any()
            assert frame.image[~hidden].mean() == pytest.approx(level, abs=5)
        assert live.waits == ""
    lives[0].close()
    lives[0].close()
    eventually(lambda: not threads(urls[0]), 3.0)
    assert threads(urls[1])
    assert await lives[1].next() is not None
    lives[1].close()
    eventually(lambda: not threads(urls[1]), 3.0)
    gone.set()


class Kept:
    """A slot that is emptied at once."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.waits: list[float] = []

    def put(self, frame: Frame) -> None:
        self.frames.append(frame)

    def wait(self, seconds: float) -> None:
        self.waits.append(round(seconds, 6))

    @property
    def times(self) -> list[float]:
        return [round(f.at, 6) for f in self.frames]


def read(live: LiveSource, capture: Camera) -> tuple[list[Frame], str]:
    """What comes of all that a capture gives, and how it ends."""
    kept = Kept()
    try:
        live._read(capture, kept)  # type: ignore[arg-type]
    except CameraError as error:
        return kept.frames, str(error)
    return kept.frames, ""


def grey(level: int = GREY) -> np.ndarray:
    return np.full((48, 64, 3), level, np.uint8)


def test_a_picture_that_cannot_be_decoded_is_left_out() -> None:
    """The next one is taken in its place; the end of the stream is told without the password."""
    live = LiveSource("rtsp://u:hunter2@camera/1", 1000.0, [CORNER], time.monotonic)
    live._sign()
    frames, end = read(live, Camera(grey(), None, None, grey(90)))
    assert [(f.index, int(f.image.max())) for f in frames] == [(0, GREY), (1, 90)]
    assert end == "rtsp://camera/1: the stream broke off"


@pytest.mark.parametrize(
    ("silent", "end"), [(9.0, "the stream broke off"), (10.5, "the stream sends no picture")]
)
def test_pictures_that_cannot_be_decoded_for_ten(silent: float, end: str) -> None:
    """Pictures that cannot be decoded for ten seconds are the end. Data alone are no camera."""
    live = LiveSource("x", 1000.0, [], time.monotonic)
    live._picture_at = time.monotonic() - silent
    frames, told = read(live, Camera(None, None))
    assert (frames, told) == ([], f"x: {end}")


class Timed(Camera):
    """Each picture: how long it is waited for, how long it takes to decode, and the picture.

    The time is its own.
    """

    def __init__(self, *pictures: tuple[float, float, Any]) -> None:
        super().__init__(*pictures)
        self.now = 0.0

    def grab(self) -> bool:
        if self._grabbed < len(self._pictures):
            self.now += self._pictures[self._grabbed][0]
        self._grabbed += 1
        return self._grabbed <= len(self._pictures)

    _grabbed = 0

    def retrieve(self) -> tuple[bool, Any]:
        _, takes, found = self._pictures[self._grabbed - 1]
        self.now += takes
        return found is not None, found


def timed(*pictures: tuple[float, float, Any]) -> Kept:
    capture, kept = Timed(*pictures), Kept()
    live = LiveSource("x", 5.0, [], lambda: capture.now)
    live._sign()
    with pytest.raises(CameraError, match=r"^x: the stream broke off$"):
        live._read(capture, kept)  # type: ignore[arg-type]
    return kept


def test_what_waited_while_we_were_busy_came_earlier() -> None:
    """By as long as we were busy, less what we have waited for it; after a longer wait it has just come."""
    kept = timed((0.2, 0.3, grey()), (0.1, 0.0, grey()), (0.5, 0.0, grey()))
    assert kept.times == [0.2, 0.4, 1.1]
    assert kept.waits == [-0.3, 0.1, -0.1], (
        "the one before may be looked at for as long as it would have had, two steps at most"
    )
    assert timed((0.2, 0.3, grey()), (0.3, 0.0, grey()), (0.2, 0.0, grey())).times == [0.2, 0.8, 1.0]


def test_only_wanted_pictures_are_decoded() -> None:
    """Five a second of ten that come; one that cannot be decoded is made up for by the next."""
    assert timed(*[(0.1, 0.0, grey())] * 9).times == [0.1, 0.3, 0.5, 0.7, 0.9]
    assert timed((0.1, 0.0, None), *[(0.1, 0.0, grey())] * 4).times == [0.2, 0.4]


def test_a_closed_camera_reads_no_more() -> None:
    """Not one picture, and without a word."""
    live = source()
    live.close()
    assert read(live, Camera(grey(), grey())) == ([], "")


async def test_what_nobody_expected_is_told_without_words(tmp_path: Path) -> None:
    """What nobody expected is told without its words.

    They may hold the address with its password; and whatever was opened is let go.
    """
    for wrong, says in (
        (tmp_path / "none.avi", "no such file"),
        (tmp_path / "text.avi", "OpenCV cannot read this file as video"),
    ):
        (tmp_path / "text.avi").write_text("no video")
        live = LiveSource(str(wrong), 5.0, [], time.monotonic)
        live.open()
        with pytest.raises(CameraError, match=says):
            await live.next()
        live.close()
    odd = LiveSource(str(clip(tmp_path / "a.avi")), 5.0, [[("a", "b")]], time.monotonic)  # type: ignore[list-item]
    odd.open()
    with pytest.raises(CameraError) as caught:
        await odd.next()
    assert str(caught.value).endswith(("a.avi: TypeError", "a.avi: UFuncTypeError", "a.avi: ValueError"))
    odd.close()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("/dev/video0", "/dev/video0"),
        ("rtsp://u:p@h/1?x=y#z", "rtsp://h/1"),
        ("rtsp://h:554/a/b", "rtsp://h:554/a/b"),
        ("rtsp://h/user=admin&password=hunter2&channel=1", "rtsp://h/user=admin&password=…&channel=1"),
        (
            "rtsp://h/user=admin_password=hunter2_channel=1_stream=0.sdp",
            "rtsp://h/user=admin_password=…_channel=1_stream=0.sdp",
        ),
        ("rtsp://h/a:hunter2/1", "rtsp://h/a:…/1"),
        ("rtsp://h/PWD=hunter2/1", "rtsp://h/PWD=…/1"),
        ("http://[::1", "http://…"),
    ],
)
def test_an_address_is_told_without_its_secrets(given: str, told: str) -> None:
    """Neither login nor query, nor what some cameras want in the path."""
    assert plain(given) == told


@pytest.mark.parametrize(
    ("user", "word", "full"),
    [
        (None, None, "rtsp://h/1"),
        ("a b", None, "rtsp://a%20b@h/1"),
        ("a", "p:/@?#%", "rtsp://a:p%3A%2F%40%3F%23%25@h/1"),
        ("a", "", "rtsp://a:@h/1"),
    ],
)
def test_login_goes_into_address_whatever_it_holds(user: str | None, word: str | None, full: str) -> None:
    """A login goes into the address whatever it holds. And into no name of a file."""
    assert address("rtsp://h/1", user, word) == full
    assert address("/dev/video0", user, word) == "/dev/video0"


def test_a_file_is_opened_as_a_file(tmp_path: Path) -> None:
    """With a patience of ten seconds; a device that is none says what to look for; who is not wanted any more
    opens nothing.
    """
    path = str(clip(tmp_path / "a.avi"))
    capture = open_capture(path)
    assert (capture.patience_s, capture.transport, capture.heard_at, capture.again) == (
        10.0,
        "",
        -math.inf,
        False,
    )
    ok, image = capture.read()
    assert ok
    assert image.shape == (48, 64, 3)
    assert capture.stamp() == 0.0
    assert capture.get(cv2.CAP_PROP_FPS) == 10.0
    while capture.grab():
        pass
    assert capture.read() == (False, None)
    capture.release()
    with pytest.raises(CameraError, match=r"a\.avi: canceled"):
        open_capture(path, wanted=lambda: False)
    with pytest.raises(CameraError, match="/dev/nothing: the device cannot be opened"):
        open_capture("/dev/nothing")
    with pytest.raises(CameraError, match=r"the password of rtsp://h/1 cannot be read from .*: No such file"):
        open_capture("rtsp://h/1", "u", tmp_path / "none")


class Odd:
    """What OpenCV gives now and then."""

    def __init__(self, image: Any, ok: bool = True, stamp: float = 0.0, msec: float = 0.0) -> None:
        self._image, self._ok, self._stamp, self._msec = image, ok, stamp, msec

    def grab(self) -> bool:
        return True

    def retrieve(self) -> tuple[bool, Any]:
        return self._ok, self._image

    def get(self, what: int) -> float:
        return self._stamp if what == cv2.CAP_PROP_PTS else self._msec


@pytest.mark.parametrize(
    ("image", "ok", "fine"),
    [
        (grey(), True, True),
        (grey(), False, False),
        (None, True, False),
        (np.zeros((0, 0, 3), np.uint8), True, False),
        (np.zeros((4, 4), np.uint8), True, False),
    ],
)
def test_what_is_no_picture_is_none(image: Any, ok: bool, fine: bool) -> None:
    """Empty, grey or missing."""
    found, given = Video(Odd(image, ok), 1.0).read()
    assert (found, given is not None) == (fine, fine)


@pytest.mark.parametrize(
    ("stamp", "msec", "at"),
    [
        (5.0, 1500.0, 1.5),
        (-1e16, 1500.0, None),
        (-1e14, 1500.0, 1.5),
        (0.0, math.nan, None),
        (0.0, math.inf, None),
    ],
)
def test_a_stamp_is_one_or_none(stamp: float, msec: float, at: float | None) -> None:
    """Where there is none, OpenCV makes one up."""
    assert Video(Odd(None, True, stamp, msec), 1.0).stamp() == at


GOOD = Probe("H.264", 768, 576, 10.0, 10.0, 4.0, 0.04, 80.0)


@pytest.mark.parametrize(
    ("change", "fps", "hint"),
    [
        ({}, 5.0, ""),
        ({"width": 1266}, 5.0, ""),
        ({"width": 1268}, 5.0, "panorama of 1268x576"),
        ({"width": 500, "height": 1100}, 5.0, "panorama"),
        ({"width": 1000, "height": 800}, 5.0, ""),
        ({"width": 1000, "height": 801}, 5.0, "sub-stream"),
        ({"width": 801, "height": 1000}, 5.0, "sub-stream"),
        ({"width": 640, "height": 480}, 5.0, ""),
        ({"width": 640, "height": 479}, 5.0, "only 640x479"),
        ({"width": 479, "height": 640}, 5.0, "only 479x640"),
        ({"core_share": 0.25}, 5.0, ""),
        ({"core_share": 0.26}, 5.0, "26% of a core"),
        ({"measured_fps": 12.5}, 5.0, ""),
        ({"measured_fps": 12.6}, 5.0, "12.6 frames a second and 5 are used: set the camera to 10"),
        ({"measured_fps": 3.5}, 5.0, ""),
        ({"measured_fps": 3.4}, 5.0, "only 3.4 frames a second arrive of the 5"),
        ({"codec": "H.265"}, 5.0, ""),
        ({"codec": "MPEG-4"}, 5.0, ""),
        ({"codec": "MJPEG"}, 5.0, "ten times the network"),
        ({"codec": "VP9"}, 5.0, "codec VP9 is unusual"),
        ({"mean_level": 16.0}, 5.0, ""),
        ({"mean_level": 15.9}, 5.0, "nearly black"),
    ],
)
def test_what_could_be_better_about_a_stream(change: dict[str, Any], fps: float, hint: str) -> None:
    """One sentence for each trouble, none without."""
    from dataclasses import replace

    hints = advice(replace(GOOD, **change), fps)
    assert [hint in h for h in hints] == [True] * bool(hint)


def test_a_clip_is_measured(tmp_path: Path) -> None:
    """Its size, its rate by its own stamps, its level, its codec."""
    capture = open_capture(str(clip(tmp_path / "a.avi", 12, 10)))
    found = probe(capture, 60.0, live=False)
    capture.release()
    assert (found.codec, found.width, found.height, found.declared_fps, found.measured_fps) == (
        "MJPEG",
        64,
        48,
        10.0,
        10.0,
    )
    assert found.mean_level == pytest.approx(210, abs=2)
    assert (found.time, found.transport) == ("container", "")
    assert found.core_share == pytest.approx(found.decode_ms / 100, abs=0.002)


def test_stream_is_measured_without_what_waited() -> None:
    """A stream is measured without what waited in its buffer.

    Ten that come at once, then five a second: five.
    """
    now = [0.0]

    class Buffered(Camera):
        def retrieve(self) -> tuple[bool, Any]:
            now[0] += 0.001 if len(self._pictures) > 20 else 0.2
            return super().retrieve()

    found = probe(Buffered(*[grey()] * 30), 3.0, lambda: now[0])
    assert found.measured_fps == pytest.approx(5.0, abs=0.3)
    assert (found.declared_fps, found.time, found.codec) == (10.0, "arrival", "MJPEG")
    for few in (0, 1):
        with pytest.raises(CameraError, match="ended before anything could be measured"):
            probe(Camera(*[grey()] * few), 3.0, lambda: now[0])
    assert probe(Camera(grey()), 3.0, lambda: now[0], live=False).measured_fps == 10.0


async def played(source_: RecordedSource) -> list[Frame]:
    source_.open()
    frames = []
    while (frame := await source_.next()) is not None:
        frames.append(frame)
    source_.close()
    return frames


@pytest.mark.parametrize(
    ("fps", "times", "start", "count"), [(None, 1, 0.0, 12), (5.0, 1, 100.0, 6), (None, 3, 7.0, 36)]
)
async def test_a_clip_plays_its_times(
    tmp_path: Path, fps: float | None, times: int, start: float, count: int
) -> None:
    """Thinned to the rate that is wanted, from the time that is given, one play after the other, with all its
    masks.
    """
    frames = await played(
        RecordedSource(clip(tmp_path / "a.avi"), fps, [CORNER, POST], start_at=start, times=times)
    )
    assert len(frames) == count
    steps = np.diff([f.at for f in frames])
    assert frames[0].at == start
    assert steps == pytest.approx([0.1 if fps is None else 0.2] * (count - 1))
    hidden = black([CORNER, POST], 64, 48)
    for frame in frames:
        assert not frame.image[hidden].any()
        assert frame.image[~hidden].min() > 80
    assert [f.index for f in frames] == [
        n for _ in range(times) for n in range(0, 12, 1 if fps is None else 2)
    ]


def thinned(moments: list[float], fps: float = 5.0) -> list[float]:
    thin = Thin(fps)
    return [at for at in moments if thin.wanted(at)]


def test_which_pictures_are_wanted() -> None:
    """Early by less than a quarter of the step is on time; after a pause the step begins anew; a spoiled one
    is made up for.
    """
    assert thinned([0.0, 0.14, 0.2, 0.4]) == [0.0, 0.2, 0.4]
    assert thinned([0.0, 0.16, 0.34, 0.36]) == [0.0, 0.16, 0.36]
    assert thinned([0.0, 0.39, 0.41, 0.56]) == [0.0, 0.39, 0.41, 0.56]
    assert thinned([0.0, 0.41, 0.5, 0.57]) == [0.0, 0.41, 0.57]
    thin = Thin(5.0)
    assert thin.wanted(10.0)
    thin.spoiled()
    assert thin.wanted(10.05)
    assert not thin.wanted(10.1)


@pytest.mark.parametrize(
    ("stamps", "times", "odd"),
    [
        ([5.0, 5.1, 3605.1, 3605.2], [0.0, 0.1, 3600.1, 3600.2], 0),  # an hour is a pause of the recording
        ([5.0, 5.1, 3605.2, 3605.3], [0.0, 0.1, 0.2, 0.3], 1),  # more is no stamp
        ([5.0, 4.0, 4.1], [0.0, 0.1, 0.2], 1),
        ([None, 1.0, 1.1], [0.0, 0.1, 0.2], 2),
        ([1.0, None, 1.2], [0.0, 0.1, 0.2], 1),
        ([1.0, 2e10, 1.2], [0.0, 0.1, 0.2], 1),
        ([1.0, math.nan, 1.2], [0.0, 0.1, 0.2], 1),
        ([1.0, 1.0004, 1.1], [0.0, 0.095, 0.1], 0),
    ],
)
def test_the_time_of_a_clip(stamps: list[float | None], times: list[float], odd: int) -> None:
    """By its stamps, where they can be true; else by its rate."""
    time_of = ClipTime(10.0)
    assert [time_of.at(s) for s in stamps] == pytest.approx(times)
    assert (time_of.odd, time_of.frames) == (odd, len(stamps))


@pytest.mark.parametrize(("late", "at"), [(9.0, 20.0), (11.0, 31.0)])
def test_a_live_picture_may_be_late(late: float, at: float) -> None:
    """By ten seconds; more is a new beginning of the camera's clock."""
    live = LiveTime()
    for n in range(20):
        assert live.at(100.0 + n, 0.0 + n) == pytest.approx(n)
    assert live.at(120.0, 20.0 + late) == pytest.approx(at)
    assert live.word == "capture"


def test_stamps_that_do_not_rise_are_not_used() -> None:
    """Six in ten must; of the last fifty, once ten are known."""
    for rising, word in ((31, "capture"), (29, "arrival")):
        live = LiveTime()
        stamp = 0.0
        for n in range(51):
            stamp += 0.1 if n and (n * rising) // 50 != ((n - 1) * rising) // 50 else 0.0
            live.at(stamp, 10.0 + 0.1 * n)
        assert live.word == word
    assert LiveTime().word == "arrival"


class Answer:
    """An HTTP answer of so many bytes at once."""

    def __init__(self, data: bytes, at_once: int = 1 << 16) -> None:
        self._data, self._at_once, self.closed = data, at_once, False

    def read1(self, most: int) -> bytes:
        data, self._data = self._data[: min(most, self._at_once)], self._data[min(most, self._at_once) :]
        return data

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("line", "stamp"),
    [
        (b"X-Timestamp: 12.5", 12.5),
        (b"X-Timestamp: 0", None),
        (b"X-Timestamp: -1", None),
        (b"X-Timestamp: nan", None),
        (b"X-Timestamp: inf", None),
        (b"X-Timestamp: now", None),
        (b"X-Other: 1", None),
    ],
)
def test_the_stamp_of_a_part(line: bytes, stamp: float | None) -> None:
    """Seconds, when it can be a time."""
    data = picture(40)
    stream = Multipart(
        Answer(b"--f\r\n" + line + b"\r\nContent-Length: %d\r\n\r\n" % len(data) + data + b"\r\n--f\r\n"),
        "f",
        "camera",
    )
    assert stream.grab()
    assert stream.stamp() == stamp
    assert stream.retrieve()[0]
    assert (stream.get(cv2.CAP_PROP_FPS), stream.get(cv2.CAP_PROP_FOURCC)) == (
        0.0,
        float(cv2.VideoWriter.fourcc(*"MJPG")),
    )
    assert (stream.broken, stream.again, stream.patience_s, stream.transport) == (0, False, 10.0, "")
    stream.release()
    assert stream._answer.closed


@pytest.mark.parametrize(("since", "ends"), [(9.5, False), (10.5, True)])
def test_broken_parts_for_ten_seconds_are_the_end(since: float, ends: bool) -> None:
    """Counted from the last whole one."""
    stream = Multipart(
        Answer(part(picture(40)[:-40]).replace(b"--frame", b"--f") * 3 + b"--f"), "f", "camera"
    )
    stream._good_at -= since
    if ends:
        with pytest.raises(CameraError, match="camera: the stream sends no picture"):
            stream.grab()
        assert stream.broken == 1
    else:
        assert not stream.grab()
        assert stream.broken == 3


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (TimeoutError(), "timed out: no data for 8 s; the stream broke off"),
        (OSError("x"), "the stream broke off"),
        (ValueError("x"), "the stream broke off"),
    ],
)
def test_a_stream_that_breaks_says_how(error: Exception, says: str) -> None:
    """Silence, or an end in the middle of something."""

    class Broken(Answer):
        def read1(self, most: int) -> bytes:
            raise error

    stream = Multipart(Broken(b""), "f", "camera")
    with pytest.raises(CameraError, match=f"^camera: {says}$"):
        stream.grab()
    assert stream.read.__self__ is stream  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "refused the login"),
        (403, "refused the login"),
        (404, "no stream of that name"),
        (503, r"refused \(HTTP 503\)"),
    ],
)
def test_a_camera_that_refuses_says_why(status: int, says: str, camera: Callable[..., HttpCamera]) -> None:
    """In words that say what to do."""
    refusing = camera(lambda _: iter([f"HTTP/1.0 {status} No\r\nContent-Length: 0\r\n\r\n".encode()]))
    with pytest.raises(CameraError, match=says):
        open_capture(refusing.url)


def test_one_picture_is_no_stream(camera: Callable[..., HttpCamera]) -> None:
    """And that is told; nobody at all is told as well."""
    still = camera(lambda _: iter([b"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + picture(40)]))
    with pytest.raises(CameraError, match="address of a single picture, not of a stream"):
        open_capture(still.url)
    talks = camera(lambda _: iter([b"hello\r\n"]))
    with pytest.raises(CameraError, match=r"does not answer in HTTP|check that the camera is on"):
        open_capture(talks.url)
    still.close()
