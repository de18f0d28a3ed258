"""A clip as a camera. For replay, every frame as fast as it can be handled; for the daemon, at the pace of
its clock.

The file is read in a daemon thread, a few frames ahead, so that decoding and detection overlap. Time is that
of the stamps in the file, not a count.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from pole_agent.camera.opening import open_capture, plain
from pole_agent.camera.reference import Reference
from pole_agent.camera.source import ClipBrokeOff
from pole_agent.camera.stamps import ClipTime, Thin
from pole_agent.clock import Clock
from pole_agent.errors import CameraError
from pole_agent.frame import Frame
from pole_agent.languages import phrase
from pole_agent.threads import Thread
from pole_agent.vocabulary import Point

log = logging.getLogger(__name__)

AHEAD = 2
SILENCE_S = 10.0  # without one frame read, wanted or not
DEFAULT_FPS = 10.0  # where a file does not say
TRIES = 100  # a damaged place in the file is not its end
WHOLE = 0.95  # of what the header promises, in frames or in seconds; with less the file breaks off


class RecordedSource:
    """Plays `path`. `fps` thins the file's frames to that rate, None gives all. With a `clock` it keeps real
    time.

    The clip is played `times` times, or for ever with `loop`. Frame times start at `start_at` (monotonic
    seconds; default: the clock's now at opening) and follow the stamps of the file. `next` raises
    ClipBrokeOff at the end of a file that is not complete; with `loop`, that is logged once.
    """

    waits = ""

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
        self._sign_at = 0.0
        self._time = ClipTime(DEFAULT_FPS)
        self.total = 0  # frames in the file, once open; 0 when it does not say

    def open(self) -> None:
        if self._clock is not None:
            self._start_at = self._clock.monotonic()
        self._sign_at = time.monotonic()
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

    @property
    def facts(self) -> dict[str, str]:
        """What the times are made from: "container", or "rate", a count, where the file has no stamps that
        can be used.
        """
        return {"time": "container" if self._time.odd <= self._time.frames / 2 else "rate"}

    @property
    def doubt(self) -> str:
        """What cannot be true about the stamps in the file; empty when they are fine."""
        odd, frames = self._time.odd, self._time.frames
        if not odd:
            return ""
        return (
            f"{plain(str(self._path))}: {odd} of {frames} frames have no time stamp that can be true; the"
            " frame rate was used for them"
        )

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
            left = self._sign_at + SILENCE_S - time.monotonic()
            if left <= 0:
                raise CameraError(
                    phrase("source-timed-out", source=plain(str(self._path)), seconds=f"{SILENCE_S:.0f}")
                )
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._ready.wait()

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        items: Iterator[Frame | CameraError | None] = self._items()
        for item in items:
            while not self._closed.is_set():
                self._sign_at = time.monotonic()
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
            for turn in itertools.count() if self._times is None else range(self._times):
                length = 0.0
                try:
                    for frame in self._play(start):
                        length = frame.at - start
                        yield frame
                except ClipBrokeOff as error:
                    if self._times is not None:
                        raise
                    if not turn:
                        log.warning("%s", error)
                start += length + 1 / (self._fps or DEFAULT_FPS)
            yield None
        except CameraError as error:
            yield error

    def _play(self, start: float) -> Iterator[Frame]:
        import cv2

        from pole_agent.camera.masks import Masks

        masks = Masks(self._masks, self._reference)
        name = plain(str(self._path))
        capture = open_capture(str(self._path))
        try:
            native = capture.get(cv2.CAP_PROP_FPS)
            native = native if 0.1 <= native <= 1000 else DEFAULT_FPS
            self.total = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
            clip = self._time = ClipTime(native)
            thin = Thin(self._fps) if self._fps is not None else None
            index, at, failed = -1, 0.0, 0
            while not self._closed.is_set() and failed < TRIES:
                if not capture.grab():
                    failed += 1
                    continue
                index, failed = index + 1, 0
                self._sign_at = time.monotonic()
                at = clip.at(capture.stamp())
                if thin is not None and not thin.wanted(at):
                    continue
                ok, image = capture.retrieve()
                if not ok:
                    continue
                masks.burn(image)
                yield Frame(image, start + at, index)
            if index < 0:
                raise CameraError(phrase("clip-without-frames", clip=name))
            # Where the file has no count of its frames, OpenCV makes one from its length and the rate: then
            # the time must be short, too.
            length = self.total / native
            if (
                index + 1 < WHOLE * self.total
                and at + 1 / native < WHOLE * length
                and not self._closed.is_set()
            ):
                raise ClipBrokeOff(
                    phrase("clip-truncated", clip=name, at=f"{at:.1f}", length=f"{length:.1f}")
                )
        except cv2.error as error:
            raise CameraError(phrase("file-unreadable-because", file=name, error=error)) from error
        finally:
            capture.release()
