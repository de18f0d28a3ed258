"""What cameras answer: parts of a stream, pictures, addresses, the first bytes."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from fuzzing.target import Lost, Ready, Target

MOST_PARTS = 200
HEAD = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\nX-Timestamp: 1732424400.5\r\n\r\n"


class Answer:
    """Bytes as a socket gives them, some at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._data, self._step = data, step

    def read1(self, most: int) -> bytes:
        count = min(most, self._step)
        given, self._data = self._data[:count], self._data[count:]
        return given

    def close(self) -> None:
        self._data = b""


def pictures() -> list[bytes]:
    """Small JPEGs: plain, grey, progressive."""
    import cv2
    import numpy as np

    image = np.zeros((24, 32, 3), np.uint8)
    image[6:18, 8:24] = (40, 120, 200)
    kinds: list[tuple[Any, list[int]]] = [
        (image, []),
        (image[:, :, 0], []),
        (image, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
        (image, [cv2.IMWRITE_JPEG_RST_INTERVAL, 1]),
    ]
    return [cv2.imencode(".jpg", picture, options)[1].tobytes() for picture, options in kinds]


def prepare_multipart(_: Path) -> Ready:
    from pole_agent.camera.multipart import Multipart
    from pole_agent.errors import CameraError

    def take(data: bytes) -> None:
        """First byte: how many bytes come at a time; up to a line end: the boundary as it is announced."""
        step = 1 + (data[0] if data else 0) * 16
        boundary, _, body = data[1:].partition(b"\n")
        stream = Multipart(Answer(body, step), boundary.decode("latin-1"), "a camera")
        try:
            for _part in range(MOST_PARTS):
                if not stream.grab():
                    return
                stream.stamp()
                ok, image = stream.retrieve()
                if ok and image.ndim != 3:
                    raise Lost(f"a picture of {image.shape}")
        except CameraError:
            return

    first = pictures()[0]
    one = HEAD % len(first) + first + b"\r\n"
    seeds = [
        b"\xffframe\n" + one + one,
        b"\xff\n" + one,
        b"\x01frame\n" + one,
        b"\xff--frame\n--frame\r\n" + first + b"\r\n--frame",
        b"\xffframe\n" + HEAD % 9_000_000 + first + b"\r\n--frame\r\n",
    ]
    words = (
        "--frame",
        "\r\n\r\n",
        "Content-Length: ",
        "Content-Type: image/jpeg",
        "X-Timestamp: ",
        "nan",
        b"\xff\xd8",
        b"\xff\xd9",
    )
    return Ready(take=take, seeds=seeds, words=words)


def prepare_jpeg(_: Path) -> Ready:
    from pole_agent.camera.multipart import Multipart

    stream = Multipart(Answer(b"", 1), "frame", "a camera")

    def take(data: bytes) -> None:
        stream._data = data
        ok, image = stream.retrieve()
        if ok and (image.ndim != 3 or not image.size):
            raise Lost(f"a picture of {image.shape}")

    words = (
        b"\xff\xc0",
        b"\xff\xc2",
        b"\xff\xda",
        b"\xff\xc4",
        b"\xff\xdb",
        b"\xff\xdd",
        b"\xff\xd9",
        b"\x7d\x00\x7d\x00",
    )
    return Ready(take=take, seeds=pictures(), words=words)


def prepare_addresses(_: Path) -> Ready:
    """Addresses that cameras and people give."""
    from pole_agent.camera import onvif
    from pole_agent.camera.opening import address, plain
    from pole_agent.errors import CameraError
    from pole_agent.settings.source import may_hold_password

    def take(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        given, _, answered = text.partition("\n")
        found, note = onvif.address_for(given.strip(), answered or "192.0.2.7")
        if not found and not note:
            raise Lost("an address was left out without a note")
        plain(given), address(given, "admin", "p@ss"), may_hold_password(given)
        onvif._address([given, answered])
        with contextlib.suppress(CameraError):
            onvif._host_and_port(given)

    seeds = (
        "rtsp://192.168.1.9:554/Streaming/Channels/101?transportmode=unicast&profile=Profile_1\n192.168.1.9",
        "rtsp://admin:secret@0.0.0.0:8554/live?user=a&pwd=b\ncamera.example",
        "rtsp://[fe80::1%25eth0]:554/x\nfe80::2", "http://[::1]/onvif/device_service\n::1",
        "camera:80", "//x:99999/",
    )  # fmt: skip
    words = (
        "://",
        "@",
        "[",
        "]",
        "%25",
        "0.0.0.0",
        "127.0.0.1",
        ":65536",
        "rtsp",
        "rtsps",
        "user=",
        "pwd=",
        "\u2100",
        "::",
        "?",
    )
    return Ready(take=take, seeds=[s.encode() for s in seeds], words=words)


def prepare_handshake(_: Path) -> Ready:
    """The answer to OPTIONS or GET."""
    from pole_agent.camera.handshake import judge
    from pole_agent.errors import CameraError

    def take(data: bytes) -> None:
        for scheme in ("rtsp", "http"):
            with contextlib.suppress(CameraError):
                judge(data, scheme, "a camera")

    seeds = (
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\n\r\n",
        b"RTSP/1.0 404\r\n",
        b"",
    )
    return Ready(take=take, seeds=seeds, words=("RTSP/", "HTTP/", " 404", " 200"))


TARGETS = (
    Target(
        name="multipart",
        about="streams of JPEG parts over HTTP",
        prepare=prepare_multipart,
        native="the pictures (OpenCV)",
    ),
    Target(
        name="jpeg",
        about="pictures of a camera",
        prepare=prepare_jpeg,
        text=False,
        native="all of it (OpenCV, libjpeg)",
        most_bytes=3000,
    ),
    Target(
        name="addresses",
        about="addresses of streams, as cameras and people give them",
        prepare=prepare_addresses,
        most_bytes=300,
    ),
    Target(
        name="handshake",
        about="the first bytes of an RTSP or HTTP answer",
        prepare=prepare_handshake,
        most_bytes=100,
    ),
)
