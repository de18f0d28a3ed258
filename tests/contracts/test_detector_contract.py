"""Detector and FrameSource: what the real ones and the stand-ins both keep."""

from __future__ import annotations

import asyncio
import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from pole_agent.camera.live import LiveSource
from pole_agent.camera.opening import address, plain
from pole_agent.camera.recorded import RecordedSource
from pole_agent.camera.source import FrameSource
from pole_agent.errors import CameraError, ModelError
from pole_agent.frame import Frame
from pole_agent.vision.detector import Detector
from pole_agent.vision.onnx import OnnxDetector
from pole_agent.vision.scripted import ScriptedDetector
from pole_agent.vocabulary import Box, Detection
from tests.conftest import first_picture

MASK = [[(0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5)]]


@pytest.fixture(params=["onnx", "scripted"])
def detector(request: pytest.FixtureRequest) -> Iterator[Detector]:
    made: Detector
    if request.param == "onnx":
        made = OnnxDetector("nanodet-g-street-384-int8", 1)
    else:
        made = ScriptedDetector(
            {
                0: [
                    Detection(Box(0.1, 0.1, 0.2, 0.4), 0.9, "person"),
                    Detection(Box(0, 0, 1, 1), 0.05, "person"),
                ]
            }
        )
    yield made
    made.close()


async def test_a_detector_gives_people_as_fractions(detector: Detector, street_clip: Path) -> None:
    """A detector gives people as fractions from the weak score on."""
    image = first_picture(street_clip)

    with pytest.raises(ModelError, match="not open"):
        await detector.detect(Frame(image, 0.0, 0))
    await detector.open()
    await detector.open()
    found = await detector.detect(Frame(image, 0.0, 0))
    assert any(d.label == "person" and d.score > 0.5 for d in found)
    assert all(d.score >= 0.1 and d.box.sane() for d in found)
    detector.close()
    detector.close()


class Camera(http.server.BaseHTTPRequestHandler):
    """An MJPEG camera; below /hang it accepts and says nothing."""

    def do_GET(self) -> None:
        if self.path == "/hang":
            time.sleep(30)
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        _, jpeg = cv2.imencode(".jpg", np.full((240, 320, 3), 200, np.uint8))
        try:
            for _ in range(400):
                self.wfile.write(
                    b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
                    + jpeg.tobytes()
                    + b"\r\n"
                )
                time.sleep(0.02)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def camera() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["recorded", "live"])
def source(request: pytest.FixtureRequest, square_clip: Path) -> Iterator[FrameSource]:
    made: FrameSource
    if request.param == "recorded":
        made = RecordedSource(square_clip, None, MASK)
    else:
        made = LiveSource(request.getfixturevalue("camera") + "/stream.mjpg", 20, MASK, time.monotonic)
    yield made
    made.close()


async def test_frames_come_in_order_with_masks_burned_in(source: FrameSource) -> None:
    """Frames come in order with their masks burned in."""

    async def work() -> list[Frame]:
        source.open()
        frames = []
        for _ in range(5):
            frame = await source.next()
            assert frame is not None
            frames.append(frame)
        return frames

    frames = await work()
    assert [f.at for f in frames] == sorted({f.at for f in frames})
    for frame in frames:
        assert frame.image.dtype == np.uint8
        assert not frame.image[:115, :155].any(), "the mask is black"
        assert frame.image[180:, 200:].mean() > 50


async def test_clip_gives_every_frame_once_and_then_its_end(square_clip: Path) -> None:
    """A clip gives every frame once and then its end."""

    async def work() -> list[int]:
        source = RecordedSource(square_clip, None)
        source.open()
        indexes = []
        while (frame := await source.next()) is not None:
            indexes.append(frame.index)
        return indexes

    assert await work() == list(range(40))


async def test_a_clip_is_thinned_to_the_rate_of_the_camera(square_clip: Path) -> None:
    async def work() -> list[float]:
        source = RecordedSource(square_clip, 5.0)
        source.open()
        times = []
        while (frame := await source.next()) is not None:
            times.append(round(frame.at, 3))
        return times

    assert await work() == [round(i * 0.2, 3) for i in range(20)]


@pytest.mark.parametrize(
    ("content", "says"), [(None, "no such file"), (b"", "as video"), (b"noise" * 999, "as video")]
)
async def test_an_unreadable_clip_is_one_clear_error(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)

    async def work() -> None:
        source = RecordedSource(path, 5.0)
        source.open()
        await source.next()

    with pytest.raises(CameraError, match=says):
        await work()


async def test_a_camera_that_refuses_is_an_error(camera: str) -> None:
    """A camera that refuses is an error and one that hangs can be left."""

    async def refused() -> None:
        source = LiveSource("rtsp://127.0.0.1:1/x", 5, [], time.monotonic)
        source.open()
        await source.next()

    with pytest.raises(CameraError, match="refused"):
        await refused()

    begun = time.monotonic()
    source = LiveSource(camera + "/hang", 5, [], time.monotonic)
    source.open()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(source.next(), 0.5)
    source.close()
    assert time.monotonic() - begun < 5


def test_passwords_with_odd_characters_go() -> None:
    """Passwords with odd characters go in and never come out."""
    full = address("rtsp://cam:554/stream?x=1", "us:er", "p#a@s/s")
    assert full == "rtsp://us%3Aer:p%23a%40s%2Fs@cam:554/stream?x=1"
    assert plain(full) == "rtsp://cam:554/stream"
