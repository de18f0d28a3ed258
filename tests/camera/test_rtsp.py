"""A real RTSP server: GStreamer's, from Debian. H.264, H.265, MJPEG, a change of size, passwords with odd characters."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from pole_agent.camera.live import LiveSource
from pole_agent.errors import CameraError
from pole_agent.frame import Frame
from tests.conftest import free_port

USER, PASSWORD = "ad#min", "p#a@s/s w?&%:é"
SYSTEM_PYTHON = "/usr/bin/python3"  # the one that Debian's GStreamer bindings belong to

PROBE = """
import gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
assert all(Gst.ElementFactory.find(name) for name in ("x264enc", "x265enc", "jpegenc"))
"""


class Rtsp(NamedTuple):
    open: str
    locked: str
    password_file: Path


@pytest.fixture(scope="module")
def rtsp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rtsp]:
    if not Path(SYSTEM_PYTHON).exists() or subprocess.run([SYSTEM_PYTHON, "-c", PROBE], capture_output=True).returncode:
        pytest.skip("needs GStreamer's RTSP server; scripts/test says how to get it")
    port, locked = free_port(), free_port()
    server = subprocess.Popen(
        [SYSTEM_PYTHON, str(Path(__file__).with_name("rtsp_server.py")), str(port), str(locked), USER, PASSWORD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"
    password = tmp_path_factory.mktemp("secret") / "password"
    password.write_text(PASSWORD + "\n")
    yield Rtsp(f"rtsp://127.0.0.1:{port}", f"rtsp://127.0.0.1:{locked}", password)
    with contextlib.suppress(OSError):
        server.communicate("", timeout=10)


async def watch(source: LiveSource, count: int) -> list[Frame]:
    source.open()
    frames = []
    try:
        for _ in range(count):
            frame = await source.next()
            assert frame is not None
            frames.append(frame)
    finally:
        source.close()
    return frames


def test_cameras_of_every_codec_at_once_are_read_in_order_at_their_rate(rtsp: Rtsp) -> None:
    async def work() -> list[list[Frame]]:
        sources = [LiveSource(f"{rtsp.open}/{codec}", 5, [], time.monotonic) for codec in ("h264", "h265", "mjpeg")]
        return await asyncio.gather(*(watch(s, 8) for s in sources))

    for frames in asyncio.run(work()):
        assert {f.image.shape for f in frames} == {(240, 320, 3)}
        assert all(f.image.any() for f in frames), "the ball is in every picture"
        assert [f.index for f in frames] == list(range(8))
        steps = [b.at - a.at for a, b in itertools.pairwise(frames)]
        assert sum(steps) / len(steps) >= 0.15, "5 a second of the 10 that come"


def test_a_change_of_size_in_mid_stream_is_survived(rtsp: Rtsp) -> None:
    frames = asyncio.run(watch(LiveSource(f"{rtsp.open}/resize", 10, [], time.monotonic), 35))
    assert all(f.image.ndim == 3 and f.image.any() for f in frames)
    areas = [int((f.image[:, :, 1] > 128).sum()) / f.image[:, :, 1].size for f in frames]
    assert areas[-1] < areas[0] / 2, "the ball has the same pixels in a picture four times as large"


def test_a_password_with_odd_characters_opens_and_a_wrong_one_is_never_told(rtsp: Rtsp, tmp_path: Path) -> None:
    source = f"{rtsp.locked}/secret"
    assert asyncio.run(watch(LiveSource(source, 10, [], time.monotonic, USER, rtsp.password_file), 2))
    wrong = tmp_path / "wrong"
    wrong.write_text("hunter2#")
    for trial in (LiveSource(source, 10, [], time.monotonic), LiveSource(source, 10, [], time.monotonic, USER, wrong)):
        with pytest.raises(CameraError, match="check path, user and password_file") as caught:
            asyncio.run(watch(trial, 1))
        assert "hunter2" not in str(caught.value)


def test_a_path_that_is_not_there_is_told(rtsp: Rtsp) -> None:
    with pytest.raises(CameraError, match=r"nothing: the camera (has no stream of that name|answers, but gives no stream)"):
        asyncio.run(watch(LiveSource(f"{rtsp.open}/nothing", 5, [], time.monotonic), 1))


def test_credentials_do_not_reach_the_log_of_a_process(rtsp: Rtsp, tmp_path: Path) -> None:
    """FFmpeg and OpenCV print addresses when they are left to."""
    import sys

    wrong = tmp_path / "wrong"
    wrong.write_text("hunter2#")
    code = (
        "import pathlib, sys; from pole_agent.camera.opening import open_capture\n"
        "try: open_capture(sys.argv[1], 'ad#min', pathlib.Path(sys.argv[2]))\n"
        "except Exception as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code, f"{rtsp.locked}/secret", str(wrong)], capture_output=True, text=True, timeout=60)
    assert "check path" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    assert "ad%23min" not in done.stdout + done.stderr
