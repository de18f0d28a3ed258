"""Open a stream, a device or a file with OpenCV: timeouts set, RTSP over TCP, nothing secret in a message."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from pole_agent.errors import CameraError

# Read by OpenCV's FFmpeg when a stream is opened. Quiet, because FFmpeg prints addresses with their passwords.
os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")

OPEN_TIMEOUT_MS = 10_000
READ_TIMEOUT_MS = 8_000


def plain(source: str) -> str:
    """The source for people: without user, password and query."""
    if "://" not in source:
        return source
    parts = urlsplit(source)
    host = parts.hostname or ""
    return urlunsplit((parts.scheme, f"{host}:{parts.port}" if parts.port else host, parts.path, "", ""))


def address(source: str, username: str | None, password: str | None) -> str:
    """The source with its credentials, whatever characters they hold."""
    if username is None or "://" not in source:
        return source
    scheme, rest = source.split("://", 1)
    login = quote(username, safe="") + (":" + quote(password, safe="") if password is not None else "")
    return f"{scheme}://{login}@{rest}"


def open_capture(source: str, username: str | None = None, password_file: Path | None = None) -> Any:
    """Return an open ``cv2.VideoCapture``. Blocks; may hang for as long as the other side likes. Raises CameraError."""
    import cv2

    if hasattr(cv2, "setLogLevel"):
        cv2.setLogLevel(0)
    try:
        password = None if password_file is None else password_file.read_text().strip()
    except OSError as error:
        raise CameraError(f"the password of {plain(source)} cannot be read from {password_file}: {error.strerror}") from error
    try:
        if "://" in source:
            options = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS]
            capture = cv2.VideoCapture(address(source, username, password), cv2.CAP_FFMPEG, options)
        elif source.startswith("/dev/"):
            capture = cv2.VideoCapture(source, cv2.CAP_V4L2)
        else:
            if not Path(source).is_file():
                raise CameraError(f"{source}: there is no such file")
            capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG)
    except cv2.error as error:
        raise CameraError(f"{plain(source)} cannot be opened: {error}") from error
    if not capture.isOpened():
        capture.release()
        if "://" in source:
            what = "the camera does not answer as expected; check address, user, password_file and network"
        elif source.startswith("/dev/"):
            what = "the device cannot be opened; is it a camera, and are you in the group video?"
        else:
            what = "this is no video that OpenCV can read; is the file complete?"
        raise CameraError(f"{plain(source)}: {what}")
    return capture
