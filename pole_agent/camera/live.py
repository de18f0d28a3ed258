"""A live camera: RTSP, HTTP or V4L2. A daemon thread reads, the newest frame wins.

Pictures that come in a bunch (the network, the camera's own buffer) are not all stale but one: each keeps its
own time, and waits for the one before to be looked at, for as long as that would have had.

Reads can hang for ever, whatever timeouts say. A source that gives nothing is abandoned by whoever awaits it:
its thread is a daemon and holds up nobody; its late frames go nowhere. Silence runs from the last sign of
data, not from the last picture: key frames may be far apart.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pole_agent.camera.opening import PICTURE_S, open_capture, plain
from pole_agent.camera.reference import Reference
from pole_agent.camera.stamps import LiveTime, Thin
from pole_agent.camera.video import Capture
from pole_agent.errors import CameraError
from pole_agent.frame import Frame
from pole_agent.languages import phrase
from pole_agent.latest import Latest
from pole_agent.threads import Thread
from pole_agent.vocabulary import Point

FIRST_FRAME_S = 30.0  # opening; and before that, waiting for others that open
SILENCE_S = 10.0
MAX_ROOM = 2.0  # intervals: so long a frame at most may wait to be looked at before the next replaces it


class LiveSource:
    """Reads `source` at up to `fps` frames a second. `monotonic` is the clock of the frames' times."""

    def __init__(
        self,
        source: str,
        fps: float,
        masks: Sequence[Sequence[Point]],
        monotonic: Callable[[], float],
        username: str | None = None,
        password_file: Path | None = None,
        transport: str = "auto",
        reference: Reference | None = None,
    ) -> None:
        """`masks` are fractions of a picture of the size of `reference`; without one, of every picture."""
        self._source, self._fps, self._masks, self._monotonic = source, fps, masks, monotonic
        self._username, self._password_file, self._transport = username, password_file, transport
        self._reference = reference
        self._latest: Latest[Frame | CameraError] | None = None
        self._closed = threading.Event()
        self._sign_at = self._picture_at = 0.0  # by the machine's clock, as waiting is
        self._capture: Capture | None = None
        self._thread: Thread | None = None
        self._time = LiveTime()

    def open(self) -> None:
        self._sign()
        self._latest = Latest(asyncio.get_running_loop())
        self._thread = Thread(f"camera {plain(self._source)}", self._run, self._latest)

    async def next(self) -> Frame | None:
        if self._latest is None:
            raise CameraError(phrase("source-not-open", source=plain(self._source)))
        while (left := self._patience_left()) > 0:
            try:
                async with asyncio.timeout(left):
                    item = await self._latest.get()
            except TimeoutError:
                continue
            if isinstance(item, CameraError):
                raise item
            return item
        silent = time.monotonic() - self._picture_at
        raise CameraError(phrase("camera-blind", source=plain(self._source), seconds=f"{silent:.0f}"))

    @property
    def waits(self) -> str:
        """Why no picture comes, while it is right to wait; empty when one has just come."""
        silent = time.monotonic() - self._picture_at
        if self._capture is None or silent < SILENCE_S:
            return ""
        return phrase("waiting-for-key-frame", seconds=f"{silent:.0f}")

    @property
    def facts(self) -> dict[str, str]:
        """For ``health``: what the times of the frames are made from, and how the stream comes."""
        capture = self._capture
        return {
            "time": self._time.word,
            **({"transport": capture.transport} if capture is not None and capture.transport else {}),
        }

    def close(self) -> None:
        self._closed.set()
        if self._thread is not None:
            self._thread.leave()

    def _sign(self) -> None:
        self._sign_at = self._picture_at = time.monotonic()

    def _patience_left(self) -> float:
        now, capture = time.monotonic(), self._capture
        if capture is None:
            return self._sign_at + FIRST_FRAME_S - now
        sign = max(self._sign_at, capture.heard_at)
        return min(sign + capture.patience_s, self._picture_at + PICTURE_S + SILENCE_S) - now

    def _wanted(self) -> bool:
        self._sign()  # our turn: the others' time is not ours
        return not self._closed.is_set()

    def _run(self, latest: Latest[Frame | CameraError]) -> None:
        try:
            capture = open_capture(
                self._source, self._username, self._password_file, self._wanted, self._transport
            )
            self._sign()
            self._capture = capture
            try:
                self._read(capture, latest)
            finally:
                capture.release()
        except CameraError as error:
            latest.put(error)
        except Exception as error:  # noqa: BLE001 - a thread must not die in silence
            # Not its text: that may hold the address with the password.
            latest.put(CameraError(phrase("at-key", key=plain(self._source), problem=type(error).__name__)))

    def _read(self, capture: Capture, latest: Latest[Frame | CameraError]) -> None:
        from pole_agent.camera.masks import Masks

        thin, masks, index = Thin(self._fps), Masks(self._masks, self._reference), 0
        given_at = offered_at = self._monotonic()  # time of the last frame, and when it was handed over
        behind = 0.0  # what has come since we last had to wait for data has come earlier by so much
        free = self._monotonic()
        while not self._closed.is_set():
            asked = self._monotonic()
            if not capture.grab():
                raise CameraError(phrase("stream-broke-off", source=plain(self._source)))
            now = self._monotonic()
            behind = max(0.0, behind + (asked - free) - (now - asked))
            free = now
            self._sign_at = time.monotonic()
            at = self._time.at(capture.stamp(), now - behind)
            if at is None or not thin.wanted(at):
                continue  # grabbing keeps the decoder in step; only wanted frames are converted
            ok, image = capture.retrieve()
            if not ok or image is None:
                if time.monotonic() - self._picture_at > SILENCE_S:
                    raise CameraError(phrase("stream-without-picture", source=plain(self._source)))
                thin.spoiled()
                continue
            self._picture_at = time.monotonic()
            masks.burn(image)
            room = min(at - given_at, MAX_ROOM / self._fps)
            latest.wait(offered_at + room - self._monotonic())
            latest.put(Frame(image, at, index, capture.again))
            given_at, offered_at = at, self._monotonic()
            index += 1
