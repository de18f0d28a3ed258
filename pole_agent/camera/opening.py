"""Open a stream, a device or a file: timeouts set, RTSP over TCP or UDP, nothing secret in a message."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlunsplit

from pole_agent.camera.handshake import handshake
from pole_agent.camera.video import Capture, Video
from pole_agent.errors import CameraError
from pole_agent.languages import phrase
from pole_agent.settings.reading import secret
from pole_agent.settings.source import address_of, may_hold_password

# Read by OpenCV's FFmpeg whenever something is opened. Quiet, because FFmpeg prints addresses with their
# passwords.
OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
GIVEN_OPTIONS = os.environ.setdefault(OPTIONS, "") or None  # by whoever started us: then they hold for all
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")

OPEN_TIMEOUT_MS = 8_000
SILENCE_US = 8_000_000  # without one byte, by FFmpeg's own count
PICTURE_S = 120.0  # without a picture, while data come: key frames may be far apart, this far they are not
DEVICE_S = 10.0
TRANSPORTS = {"auto": "rtsp_flags;prefer_tcp", "tcp": "rtsp_transport;tcp", "udp": "rtsp_transport;udp"}
# As some cameras want it
IN_PATH = re.compile(
    r"((?:pass(?:word|wd)?|pwd)=).*?(?=_(?:channel|stream)=|[&/]|$)|(:)[^&/]*", re.IGNORECASE
)


def plain(source: str) -> str:
    """The source for people: without user, password and query; of one that is not quite an address, the
    scheme only.
    """
    if "://" not in source:
        return "…" if may_hold_password(source) else source
    parts = address_of(source)
    if parts is None:
        return f"{source.partition('://')[0]}://…"
    path = IN_PATH.sub(lambda found: f"{found[1] or found[2]}…", parts.path)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, "", ""))


def address(source: str, username: str | None, password: str | None) -> str:
    """The source with its credentials, whatever characters they hold."""
    if username is None or "://" not in source:
        return source
    scheme, rest = source.split("://", 1)
    login = quote(username, safe="") + (":" + quote(password, safe="") if password is not None else "")
    return f"{scheme}://{login}@{rest}"


# OpenCV has such a lock of its own; before this one it can still be seen who gave up
_one_at_a_time = threading.Lock()
_unanswered: set[str] = set()  # streams that did not answer when they were last asked


def open_capture(
    source: str,
    username: str | None = None,
    password_file: Path | None = None,
    wanted: Callable[[], bool] = lambda: True,
    transport: str = "auto",
) -> Capture:
    """Open a stream, device or file. Blocks; may hang for as long as the other side likes. Raises
    CameraError.

    Others may be opening, and take their time; when it is our turn and it is not `wanted` any more, nothing
    is opened. A camera may allow one viewer, so it is not asked anything before; it is asked why afterwards,
    when it could not be opened. Only one that did not answer then is asked first the next time: it would keep
    all others waiting (opencv issue 17057).
    """
    import cv2

    if hasattr(cv2, "setLogLevel"):
        cv2.setLogLevel(0)
    try:
        password = None if password_file is None else secret(password_file)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise CameraError(
            phrase("camera-password-unreadable", camera=plain(source), file=password_file, why=why)
        ) from error
    if source.lower().startswith(("http://", "https://")):
        from pole_agent.camera.multipart import open_multipart

        if (stream := open_multipart(source, plain(source), username, password)) is not None:
            return stream
    if source in _unanswered:
        _ask(source)
    with _one_at_a_time:
        if not wanted():
            raise CameraError(phrase("opening-given-up", source=plain(source)))
        before = _udp_sockets()
        capture = _open(source, username, password, transport)
        udp = bool(_udp_sockets() - before)
    if capture.isOpened():
        if "://" not in source:
            return Video(capture, DEVICE_S)
        return Video(
            capture, PICTURE_S + DEVICE_S, ("udp" if udp else "tcp") if source.startswith("rtsp") else ""
        )
    capture.release()
    raise CameraError(phrase("at-key", key=plain(source), problem=_why_not(source, transport)))


def _why_not(source: str, transport: str) -> str:
    """Why this source could not be opened. Raises CameraError when the camera itself says it."""
    if "://" in source:
        _ask(source)
        what = phrase("no-stream")
        if transport != "auto":
            what = phrase("no-stream-over-transport", transport=transport)
    elif source.startswith("/dev/"):
        what = phrase("video-device-unusable")
    else:
        what = phrase("video-file-unreadable")
    return what


def _ask(source: str) -> None:
    """Why does it not open? Raises CameraError when that can be told."""
    try:
        handshake(source, plain(source))
    except CameraError:
        _unanswered.add(source)
        raise
    _unanswered.discard(source)


def _udp_sockets() -> set[str]:
    """The UDP sockets of this process, by inode: FFmpeg does not say which transport it ended up with."""
    known: set[str] = set()
    for table in (Path("/proc/net/udp"), Path("/proc/net/udp6")):
        with contextlib.suppress(OSError, IndexError):
            known |= {f"socket:[{line.split()[9]}]" for line in table.read_text().splitlines()[1:]}
    found: set[str] = set()
    with contextlib.suppress(OSError):
        for file in Path("/proc/self/fd").iterdir() if known else ():
            with contextlib.suppress(OSError):
                found.add(str(file.readlink()))
    return found & known


def _open(source: str, username: str | None, password: str | None, transport: str) -> Any:
    import cv2

    # FFmpeg would take a thread a core and hold as many pictures; decoding a sub-stream needs a fraction of
    # one core.
    one_thread = [cv2.CAP_PROP_N_THREADS, 1]
    try:
        if "://" in source:
            silence = (
                f"{TRANSPORTS[transport]}|timeout;{SILENCE_US}"
                if source.startswith("rtsp")
                else f"rw_timeout;{SILENCE_US}"
            )
            os.environ[OPTIONS] = GIVEN_OPTIONS or silence
            read_timeout = round(PICTURE_S * 1000)
            options = [
                cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
                OPEN_TIMEOUT_MS,
                cv2.CAP_PROP_READ_TIMEOUT_MSEC,
                read_timeout,
                *one_thread,
            ]
            return cv2.VideoCapture(address(source, username, password), cv2.CAP_FFMPEG, options)
        if source.startswith("/dev/"):
            return cv2.VideoCapture(source, cv2.CAP_V4L2)
        if not Path(source).is_file():
            raise CameraError(phrase("file-missing", file=plain(source)))
        # A name with a colon would be taken for an address.
        return cv2.VideoCapture(str(Path(source).absolute()), cv2.CAP_FFMPEG, one_thread)
    except cv2.error as error:
        text = (
            str(error)
            .replace(address(source, username, password), plain(source))
            .replace(source, plain(source))
        )
        raise CameraError(phrase("source-cannot-be-opened", source=plain(source), why=text)) from error
