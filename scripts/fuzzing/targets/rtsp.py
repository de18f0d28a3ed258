"""Answers of RTSP cameras: headers, SDP and first packets, through the opening of a camera and FFmpeg."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from pathlib import Path

from fuzzing.target import Ready, Target

BETWEEN = b"\xff\xfe"  # between the answers of an input
NUMBER = re.compile(rb"CSeq: *(\d+)", re.IGNORECASE)
WAIT_S = 0.5
SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=Session\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n"
    b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\na=framerate:10\r\n"
    b"a=fmtp:96 packetization-mode=1;profile-level-id=42C01E;"
    b"sprop-parameter-sets=Z0LAHtoCgL/lwFqAgICgAAADACA=,aM4G4g==\r\n"
)
OPTIONS = b"RTSP/1.0 200 OK\r\nCSeq: #\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY\r\n\r\n"
DESCRIBE = (
    b"RTSP/1.0 200 OK\r\nCSeq: #\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n" % len(SDP)
    + SDP
)
SETUP = (
    b"RTSP/1.0 200 OK\r\nCSeq: #\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
    b"Session: 12;timeout=60\r\n\r\n"
)
PLAY = b"RTSP/1.0 200 OK\r\nCSeq: #\r\nSession: 12\r\n\r\n$\0\0\x10\x80\x60\0\1\0\0\0\1\0\0\0\1\x65\x88\x84\0"
WORDS = (
    "401 Unauthorized", "WWW-Authenticate: Digest realm=\"a\", nonce=\"b\"", "301 Moved",
    "Location: rtsp://127.0.0.1:1/",
    "Content-Length: -1", "Content-Base: ", "m=video 0 RTP/AVP 26", "m=audio 0 RTP/AVP 0",
    "a=rtpmap:96 H265/90000",
    "a=rtpmap:96 JPEG/90000", "a=fmtp:96 ", "sprop-vps=", "a=range:npt=0-", "RTP/AVP;unicast;client_port=1-2",
    BETWEEN,
    "a=control:rtsp://127.0.0.1:1/x", "a=framesize:96 65535-65535", "interleaved=255-256", "timeout=0",
)  # fmt: skip


class Camera:
    """Answers each request with the next answer, then closes; on loopback, for one input."""

    def __init__(self, answers: list[bytes]) -> None:
        self._answers = answers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(WAIT_S)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # whoever waits in accept() wakes
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(WAIT_S)
                with connection, contextlib.suppress(OSError):
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        for answer in self._answers:
            asked = connection.recv(4096)
            if not asked:
                return
            number = NUMBER.search(asked)
            connection.sendall(answer.replace(b"#", number[1] if number else b"1"))


def prepare_rtsp(_: Path) -> Ready:
    from pole_agent.camera.opening import open_capture
    from pole_agent.errors import CameraError

    def take(data: bytes) -> None:
        camera = Camera(data.split(BETWEEN))
        try:
            capture = open_capture(f"rtsp://127.0.0.1:{camera.port}/a", transport="tcp")
            with contextlib.suppress(CameraError):
                capture.read()
            capture.release()
        except CameraError:
            return
        finally:
            camera.close()

    whole = BETWEEN.join((OPTIONS, DESCRIBE, SETUP, PLAY))
    mjpeg = whole.replace(b"96 H264/90000", b"26 JPEG/90000").replace(b"RTP/AVP 96", b"RTP/AVP 26")
    return Ready(take=take, seeds=[OPTIONS, whole, mjpeg, BETWEEN.join((OPTIONS, DESCRIBE))], words=WORDS)


TARGETS = (
    Target(
        name="rtsp",
        about="answers of RTSP cameras, with SDP and first packets",
        prepare=prepare_rtsp,
        native="FFmpeg",
    ),
)
