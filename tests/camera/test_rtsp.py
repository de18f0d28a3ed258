"""A real RTSP server: GStreamer's, from Debian.

H.264, H.265, MJPEG, a change of size, passwords with odd characters.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pole_agent.camera.live import LiveSource
from pole_agent.camera.opening import open_capture
from pole_agent.camera.probe import advice, probe
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
    if (
        not Path(SYSTEM_PYTHON).exists()
        or subprocess.run([SYSTEM_PYTHON, "-c", PROBE], capture_output=True).returncode
    ):
        pytest.skip("needs GStreamer's RTSP server; scripts/test says how to get it")
    port, locked = free_port(), free_port()
    server = subprocess.Popen(
        [
            SYSTEM_PYTHON,
            str(Path(__file__).with_name("rtsp_server.py")),
            str(port),
            str(locked),
            USER,
            PASSWORD,
        ],
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


async def test_cameras_of_every_codec_at_once_are_read(rtsp: Rtsp) -> None:
    """Cameras of every codec at once are read in order at their rate."""

    async def work() -> list[list[Frame]]:
        sources = [
            LiveSource(f"{rtsp.open}/{codec}", 5, [], time.monotonic) for codec in ("h264", "h265", "mjpeg")
        ]
        return await asyncio.gather(*(watch(s, 8) for s in sources))

    for frames in await work():
        assert {f.image.shape for f in frames} == {(240, 320, 3)}
        assert all(f.image.any() for f in frames), "the ball is in every picture"
        assert [f.index for f in frames] == list(range(8))
        steps = [b.at - a.at for a, b in itertools.pairwise(frames)]
        assert sum(steps) / len(steps) >= 0.15, "5 a second of the 10 that come"


async def test_a_change_of_size_in_mid_stream_is_survived(rtsp: Rtsp) -> None:
    frames = await watch(LiveSource(f"{rtsp.open}/resize", 10, [], time.monotonic), 35)
    assert all(f.image.ndim == 3 and f.image.any() for f in frames)
    areas = [int((f.image[:, :, 1] > 128).sum()) / f.image[:, :, 1].size for f in frames]
    assert areas[-1] < areas[0] / 2, "the ball has the same pixels in a picture four times as large"


async def test_a_password_with_odd_characters_opens(rtsp: Rtsp, tmp_path: Path) -> None:
    """A password with odd characters opens and a wrong one is never told."""
    source = f"{rtsp.locked}/secret"
    assert await watch(LiveSource(source, 10, [], time.monotonic, USER, rtsp.password_file), 2)
    wrong = tmp_path / "wrong"
    wrong.write_text("hunter2#")
    for trial in (
        LiveSource(source, 10, [], time.monotonic),
        LiveSource(source, 10, [], time.monotonic, USER, wrong),
    ):
        with pytest.raises(CameraError, match="check path, username and password_file") as caught:
            await watch(trial, 1)
        assert "hunter2" not in str(caught.value)


async def test_a_path_that_is_not_there_is_told(rtsp: Rtsp) -> None:
    with pytest.raises(
        CameraError, match=r"nothing: the camera (has no stream of that name|answers but sends no stream)"
    ):
        await watch(LiveSource(f"{rtsp.open}/nothing", 5, [], time.monotonic), 1)


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
    done = subprocess.run(
        [sys.executable, "-c", code, f"{rtsp.locked}/secret", str(wrong)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "check path" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    assert "ad%23min" not in done.stdout + done.stderr


class Relay:
    """Between a viewer and the server, on loopback: holds key frames back, sends in bursts, or allows one
    viewer.
    """

    def __init__(
        self, port: int, *, key_frames_after_s: float = 0.0, burst_s: float = 0.0, one_viewer: bool = False
    ) -> None:
        self._target, self._hold_s, self._burst_s, self._one_viewer = (
            port,
            key_frames_after_s,
            burst_s,
            one_viewer,
        )
        self._busy = threading.Lock()
        self.viewers = self.turned_away = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                viewer = self._server.accept()[0]
                threading.Thread(target=self._one, args=(viewer,), daemon=True).start()

    def _one(self, viewer: socket.socket) -> None:
        if self._one_viewer and not self._busy.acquire(blocking=False):
            self.turned_away += 1
            viewer.close()
            return
        self.viewers += 1
        with (
            viewer,
            socket.create_connection(("127.0.0.1", self._target)) as server,
            contextlib.suppress(OSError),
        ):
            threading.Thread(target=self._up, args=(viewer, server), daemon=True).start()
            self._down(server, viewer)
        if self._one_viewer:
            self._busy.release()

    def _up(self, viewer: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := viewer.recv(65536):
                server.sendall(data)
            server.shutdown(socket.SHUT_RDWR)

    def _down(self, server: socket.socket, viewer: socket.socket) -> None:
        taken, held, begun, flushed = b"", b"", time.monotonic(), time.monotonic()
        while data := server.recv(65536):
            taken += data
            while (size := self._whole(taken)) <= len(taken):
                piece, taken = taken[:size], taken[size:]
                if not (self._key(piece) and time.monotonic() - begun < self._hold_s):
                    held += piece
                if not taken:
                    break
            if time.monotonic() - flushed >= self._burst_s or not held.startswith(b"$"):
                viewer.sendall(held)
                held, flushed = b"", time.monotonic()

    @staticmethod
    def _whole(data: bytes) -> int:
        """The length of the answer or the interleaved packet that `data` begins with."""
        if data[:1] == b"$":
            return 4 + int.from_bytes(data[2:4], "big") if len(data) >= 4 else 1 << 30
        end = data.find(b"\r\n\r\n")
        length = re.search(rb"content-length: *([0-9]+)", data[: max(0, end)], re.IGNORECASE)
        return end + 4 + (int(length[1]) if length else 0) if end >= 0 else 1 << 30

    @staticmethod
    def _key(piece: bytes) -> bool:
        """An RTP packet (12 bytes of head) of H.264 that is or begins a key frame, or holds what its decoder
        needs.
        """
        if piece[:2] != b"$\x00" or len(piece) < 18:
            return False
        kind = piece[16] & 31
        return (piece[17] & 31 if kind == 28 else kind) in (5, 7, 8, 24)


@pytest.fixture
def relay(rtsp: Rtsp) -> Iterator[Callable[..., Relay]]:
    started: list[Relay] = []

    def start(**how: Any) -> Relay:
        started.append(Relay(int(rtsp.open.rpartition(":")[2]), **how))
        return started[-1]

    yield start
    for each in started:
        each.close()


async def test_key_frames_far_apart_are_waited(relay: Callable[..., Relay]) -> None:
    """Key frames far apart are waited for and that is told.

    Longer than any limit of silence: data come all the time.
    """
    through = relay(key_frames_after_s=19.0)

    async def work() -> tuple[set[str], Frame | None]:
        source = LiveSource(f"rtsp://127.0.0.1:{through.port}/h264", 5, [], time.monotonic)
        source.open()
        told: set[str] = set()
        coming = asyncio.ensure_future(source.next())
        while not (await asyncio.wait({coming}, timeout=0.5))[0]:
            told.add(source.waits)
        source.close()
        return told, await coming

    told, frame = await work()
    assert frame is not None
    assert any("waiting for a key frame" in words for words in told)
    assert through.viewers == 1


async def test_frames_that_come_in_bursts_keep_times(relay: Callable[..., Relay]) -> None:
    """Frames that come in bursts keep the times of the camera."""
    source = LiveSource(f"rtsp://127.0.0.1:{relay(burst_s=1.0).port}/h264", 5, [], time.monotonic)
    frames = (await watch(source, 30))[-20:]
    steps = [b.at - a.at for a, b in itertools.pairwise(frames)]
    assert all(0.1 < s < 0.4 for s in steps), steps
    assert sum(steps) / len(steps) == pytest.approx(0.2, abs=0.02)
    assert source.facts == {"time": "capture", "transport": "tcp"}


async def test_camera_for_one_viewer_is_opened(relay: Callable[..., Relay]) -> None:
    """A camera for one viewer is opened over its one connection."""
    only = relay(one_viewer=True)
    assert len(await watch(LiveSource(f"rtsp://127.0.0.1:{only.port}/h264", 5, [], time.monotonic), 3)) == 3
    assert (only.viewers, only.turned_away) == (1, 0)


async def test_a_camera_that_sends_by_udp_only_is_found(rtsp: Rtsp) -> None:
    """A camera that sends by udp only is found unless tcp is asked for."""
    source = LiveSource(f"{rtsp.open}/udp", 5, [], time.monotonic)
    assert len(await watch(source, 3)) == 3
    assert source.facts["transport"] == "udp"
    with pytest.raises(CameraError, match='transport = "tcp" is set'):
        await watch(LiveSource(f"{rtsp.open}/udp", 5, [], time.monotonic, transport="tcp"), 1)


@pytest.mark.parametrize(("path", "rate"), [("two", 2), ("h264", 10), ("mjpeg", 10)])
def test_probe_measures_rate_of_camera_not_of_buffer(path: str, rate: int, rtsp: Rtsp) -> None:
    """A probe measures the rate of the camera not of its buffer."""
    capture = open_capture(f"{rtsp.open}/{path}")
    found = probe(capture, 3.0)
    capture.release()
    assert found.measured_fps == pytest.approx(rate, rel=0.1)
    assert any(f"only {rate} frames" in hint for hint in advice(found, 5)) == (rate < 5)
    assert (found.time, found.transport) == ("capture", "tcp")
