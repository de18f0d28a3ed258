"""Open a stream, a device or a file with OpenCV: timeouts set, RTSP over TCP, nothing secret in a message."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlunsplit

from pole_agent.camera.knock import knock
from pole_agent.errors import CameraError
from pole_agent.settings.reading import secret
from pole_agent.settings.source import address_of, may_hold_password

# Read by OpenCV's FFmpeg when a stream is opened. Quiet, because FFmpeg prints addresses with their passwords.
os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")

OPEN_TIMEOUT_MS = 8_000
READ_TIMEOUT_MS = 8_000
IN_PATH = re.compile(r"((?:pass(?:word|wd)?|pwd)=|:)[^&/]*", re.IGNORECASE)  # as some cameras want it


def plain(source: str) -> str:
    """The source for people: without user, password and query; of one that is not quite an address, the scheme only."""
    if "://" not in source:
        return "…" if may_hold_password(source) else source
    parts = address_of(source)
    if parts is None:
        return f"{source.partition('://')[0]}://…"
    host = parts.hostname or ""
    return urlunsplit((parts.scheme, f"{host}:{parts.port}" if parts.port else host, IN_PATH.sub(r"\1…", parts.path), "", ""))


def address(source: str, username: str | None, password: str | None) -> str:
    """The source with its credentials, whatever characters they hold."""
    if username is None or "://" not in source:
        return source
    scheme, rest = source.split("://", 1)
    login = quote(username, safe="") + (":" + quote(password, safe="") if password is not None else "")
    return f"{scheme}://{login}@{rest}"


_one_at_a_time = threading.Lock()  # OpenCV has such a lock of its own; before this one it can still be seen who gave up


def open_capture(
    source: str, username: str | None = None, password_file: Path | None = None, wanted: Callable[[], bool] = lambda: True
) -> Any:
    """Return an open ``cv2.VideoCapture``. Blocks; may hang for as long as the other side likes. Raises CameraError.

    Others may be opening, and take their time; when it is our turn and it is not `wanted` any more, nothing is opened.
    """
    import cv2

    if hasattr(cv2, "setLogLevel"):
        cv2.setLogLevel(0)
    try:
        password = None if password_file is None else secret(password_file)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise CameraError(f"the password of {plain(source)} cannot be read from {password_file}: {why}") from error
    if "://" in source:
        knock(source, plain(source))
    with _one_at_a_time:
        if not wanted():
            raise CameraError(f"{plain(source)}: given up")
        capture = _open(source, username, password)
    if not capture.isOpened():
        capture.release()
        if "://" in source:
            what = "the camera answers, but gives no stream; check path, user and password_file, and that it sends H.264, H.265 or MJPEG"
        elif source.startswith("/dev/"):
            what = "the device cannot be opened; is it a camera, and are you in the group video?"
        else:
            what = "this is no video that OpenCV can read; is the file complete?"
        raise CameraError(f"{plain(source)}: {what}")
    return capture


def _open(source: str, username: str | None, password: str | None) -> Any:
    import cv2

    # FFmpeg would take a thread a core and hold as many pictures; decoding a sub-stream needs a fraction of one core.
    one_thread = [cv2.CAP_PROP_N_THREADS, 1]
    try:
        if "://" in source:
            options = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS, *one_thread]
            return cv2.VideoCapture(address(source, username, password), cv2.CAP_FFMPEG, options)
        if source.startswith("/dev/"):
            return cv2.VideoCapture(source, cv2.CAP_V4L2)
        if not Path(source).is_file():
            raise CameraError(f"{source}: there is no such file")
        return cv2.VideoCapture(source, cv2.CAP_FFMPEG, one_thread)
    except cv2.error as error:
        text = str(error).replace(address(source, username, password), plain(source)).replace(source, plain(source))
        raise CameraError(f"{plain(source)} cannot be opened: {text}") from error
