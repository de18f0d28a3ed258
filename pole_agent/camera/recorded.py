"""A clip as a camera. For replay, every frame as fast as it can be handled; for the daemon, at the pace of its clock.

The file is read in a daemon thread, a few frames ahead, so that decoding and detection overlap.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import queue
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from pole_agent.camera.opening import open_capture
from pole_agent.camera.reference import Reference
from pole_agent.clock import Clock
from pole_agent.errors import CameraError
from pole_agent.frame import Frame
from pole_agent.threads import Thread
from pole_agent.vocabulary import Point

AHEAD = 2
SILENCE_S = 10.0
DEFAULT_FPS = 10.0  # where a file does not say


class RecordedSource:
    """Plays `path`. `fps` thins the file's frames to that rate, None gives all. With a `clock` it keeps real time.

    The clip is played `times` times, or for ever with `loop`. Frame times start at `start_at` (monotonic seconds; default: the clock's
    now at opening) and follow the file's own rate.
    """

    def __init__(
        self,
        path: Path,
        fps: float | None,
        masks: Sequence[Sequence[Point]] = (),
        *,
        clock: Clock | None = None,
        start_at: float = 0.0,
        loop: bool = False,
        times: int = 1,
        reference: Reference | None = None,
    ) -> None:
        """`masks` are fractions of a picture of the size of `reference`; without one, of every picture."""
        self._path, self._fps, self._masks, self._reference = path, fps, masks, reference
        self._clock, self._start_at, self._times = clock, start_at, None if loop else times
        self._frames: queue.Queue[Frame | CameraError | None] = queue.Queue(AHEAD)
        self._ready = asyncio.Event()
        self._closed = threading.Event()
        self._thread: Thread | None = None
        self.total = 0  # frames in the file, once open; 0 when it does not say

    def open(self) -> None:
        if self._clock is not None:
            self._start_at = self._clock.monotonic()
        loop = asyncio.get_running_loop()
        self._thread = Thread(f"clip {self._path.name}", self._read, loop)

    async def next(self) -> Frame | None:
        while True:
            item = await self._take()
            if isinstance(item, CameraError):
                raise item
            if item is None or self._clock is None:
                return item
            late = self._clock.monotonic() - item.at
            if late > 1 / (self._fps or DEFAULT_FPS) and not self._frames.empty():
                continue  # live: the newest wins
            if late < 0:
                await self._clock.sleep(-late)
            return item

    def close(self) -> None:
        self._closed.set()
        if self._thread is not None:
            self._thread.leave()

    async def _take(self) -> Frame | CameraError | None:
        while True:
            with contextlib.suppress(queue.Empty):
                return self._frames.get_nowait()
            self._ready.clear()
            if not self._frames.empty():
                continue
            try:
                await asyncio.wait_for(self._ready.wait(), SILENCE_S)
            except TimeoutError:
                raise CameraError(f"{self._path}: no frame came for {SILENCE_S:.0f} s") from None

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        items: Iterator[Frame | CameraError | None] = self._items()
        for item in items:
            while not self._closed.is_set():
                try:
                    self._frames.put(item, timeout=0.2)
                    break
                except queue.Full:
                    continue
            if self._closed.is_set():
                return
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._ready.set)

    def _items(self) -> Iterator[Frame | CameraError | None]:
        start = self._start_at
        try:
            for _ in itertools.count() if self._times is None else range(self._times):
                length = 0.0
                for frame in self._play(start):
                    length = frame.at - start
                    yield frame
                start += length + 1 / (self._fps or DEFAULT_FPS)
            yield None
        except CameraError as error:
            yield error

    def _play(self, start: float) -> Iterator[Frame]:
        import cv2

        from pole_agent.camera.masks import Masks

        masks = Masks(self._masks, self._reference)
        capture = open_capture(str(self._path))
        try:
            native = capture.get(cv2.CAP_PROP_FPS)
            native = native if 0.1 <= native <= 1000 else DEFAULT_FPS
            self.total = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
            due, index = 0.0, -1
            while not self._closed.is_set() and capture.grab():
                index += 1
                time = index / native
                if self._fps is not None:
                    if time < due - 1e-6:
                        continue
                    due += 1 / self._fps
                ok, image = capture.retrieve()
                if not ok or image is None or image.ndim != 3 or not image.size:
                    continue
                masks.burn(image)
                yield Frame(image, start + time, index)
            if index < 0:
                raise CameraError(f"{self._path}: the clip has no frame that can be read")
        except cv2.error as error:
            raise CameraError(f"{self._path}: cannot be read: {error}") from error
        finally:
            capture.release()
