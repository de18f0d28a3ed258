"""A live camera: RTSP, HTTP or V4L2. A daemon thread reads, the newest frame wins.

Reads can hang for ever, whatever timeouts say. A source that gives nothing is abandoned by whoever awaits it: its thread is a
daemon and holds up nobody; its late frames go nowhere.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pole_agent.camera.opening import open_capture, plain
from pole_agent.camera.reference import Reference
from pole_agent.errors import CameraError
from pole_agent.frame import Frame
from pole_agent.latest import Latest
from pole_agent.threads import Thread
from pole_agent.vocabulary import Point

FIRST_FRAME_S = 30.0  # opening included, and waiting for others that open
SILENCE_S = 10.0


class LiveSource:
    """Reads `source` at up to `fps` frames a second. `monotonic` stamps each frame as it is taken."""

    def __init__(
        self,
        source: str,
        fps: float,
        masks: Sequence[Sequence[Point]],
        monotonic: Callable[[], float],
        username: str | None = None,
        password_file: Path | None = None,
        reference: Reference | None = None,
    ) -> None:
        """`masks` are fractions of a picture of the size of `reference`; without one, of every picture."""
        self._source, self._fps, self._masks, self._monotonic = source, fps, masks, monotonic
        self._username, self._password_file, self._reference = username, password_file, reference
        self._latest: Latest[Frame | CameraError] | None = None
        self._closed = threading.Event()
        self._limit_s = FIRST_FRAME_S
        self._thread: Thread | None = None

    def open(self) -> None:
        self._latest = Latest(asyncio.get_running_loop())
        self._thread = Thread(f"camera {plain(self._source)}", self._run, self._latest)

    async def next(self) -> Frame | None:
        if self._latest is None:
            raise CameraError(f"{plain(self._source)}: is not open")
        try:
            item = await asyncio.wait_for(self._latest.get(), self._limit_s)
        except TimeoutError:
            raise CameraError(f"{plain(self._source)}: no picture for {self._limit_s:.0f} s; the camera is blind") from None
        if isinstance(item, CameraError):
            raise item
        self._limit_s = SILENCE_S
        return item

    def close(self) -> None:
        self._closed.set()
        if self._thread is not None:
            self._thread.leave()

    def _run(self, latest: Latest[Frame | CameraError]) -> None:
        try:
            capture = open_capture(self._source, self._username, self._password_file, lambda: not self._closed.is_set())
            try:
                self._read(capture, latest)
            finally:
                capture.release()
        except CameraError as error:
            latest.put(error)
        except Exception as error:  # noqa: BLE001 - a thread must not die in silence
            # Not its text: that may hold the address with the password.
            latest.put(CameraError(f"{plain(self._source)}: {type(error).__name__}"))

    def _read(self, capture: Any, latest: Latest[Frame | CameraError]) -> None:
        from pole_agent.camera.masks import Masks

        interval, masks = 1 / self._fps, Masks(self._masks, self._reference)
        due, index = self._monotonic(), 0
        while not self._closed.is_set():
            if not capture.grab():
                raise CameraError(f"{plain(self._source)}: the stream broke off")
            now = self._monotonic()
            if now < due:
                continue  # grabbing keeps the decoder in step; only wanted frames are converted
            due = max(due + interval, now)
            ok, image = capture.retrieve()
            if not ok or image is None or image.ndim != 3 or not image.size:
                raise CameraError(f"{plain(self._source)}: the stream sends no picture")
            masks.burn(image)
            latest.put(Frame(image, now, index))
            index += 1
