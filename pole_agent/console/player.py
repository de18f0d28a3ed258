"""Plays a clip through the daemon's vision, on clip time.

Where every frame is detected, some are under way at once.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from collections import deque
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Protocol

from pole_agent import compose
from pole_agent.camera.recorded import RecordedSource
from pole_agent.camera.source import ClipBrokeOff
from pole_agent.clock import ManualClock
from pole_agent.errors import CameraError
from pole_agent.frame import Frame
from pole_agent.health.trust import TimeKeeper
from pole_agent.health.vitals import memory_mb, peak_memory_mb
from pole_agent.languages import phrase
from pole_agent.pipeline import PendingFrame, Timings
from pole_agent.settings import Settings
from pole_agent.vocabulary import Detection, Response, Track

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRESS_S = 0.5


class Results(Protocol):
    """Where the results go."""

    def responses(self, responses: Sequence[Response]) -> None: ...

    def rows(self, frame: Frame, tracks: Sequence[Track], detections: Sequence[Detection]) -> None: ...


class Player:
    """Plays one clip. `arguments` are those of the command; `index` is the camera's."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        settings: Settings,
        index: int,
        clock: ManualClock,
        keeper: TimeKeeper,
        results: Results,
    ) -> None:
        camera, every, rows = settings.cameras[index], arguments.every_frame, arguments.detections
        numbers = itertools.count(1)
        reference = compose.reference_of(settings, camera, kept=False)
        self._clip, self._times, self._scripted = arguments.clip, arguments.repeat, bool(rows)
        self._clock, self._results, self._timings = clock, results, Timings()
        self._detector = (
            compose.scripted_detector(rows) if rows else compose.detector_of(settings, ahead=every)
        )
        # Where every frame is detected, the next ones can be under way while one is judged. The result is the
        # same.
        self._ahead = settings.detector.threads if every else 0
        self._pipeline = compose.pipeline_factory(
            settings,
            camera.name,
            self._detector,
            keeper,
            lambda: f"incident-{next(numbers):04d}",
            every_frame=every,
            timings=self._timings,
            reference=reference,
        )(0.0)
        self._source = RecordedSource(
            arguments.clip,
            None if every else camera.fps,
            camera.masks,
            times=self._times,
            reference=reference,
        )
        self._begun: deque[PendingFrame] = deque()  # frames that are under way
        self._frame: Frame | None = None  # the last that was finished
        self._people: set[int] = set()
        self._played = 1
        self._settled_mb: float | None = None  # memory after a tenth of the time
        self._started_at = self._seconds = 0.0
        self._shown_at = 0.0
        self.broke_off: CameraError | None = None  # the file ended too early: what was read before counts

    @property
    def doubt(self) -> str:
        """What is doubtful about the clip's time stamps; empty: nothing."""
        return self._source.doubt

    async def play(self) -> dict[str, Any]:
        """From the first frame to the last. Returns the figures. Raises CameraError, ModelError."""
        await self._detector.open()
        self._source.open()
        try:
            while await self._begin_some() or self._begun:
                await self._finish(self._begun.popleft())
            if self._frame is None:
                raise CameraError(phrase("clip-empty", clip=self._clip))
            self._results.responses(self._pipeline.stop("ended", self._frame.at))
        finally:
            self._source.close()
            self._detector.close()
            if self._shown_at:
                print(file=sys.stderr)
        self._seconds = time.perf_counter() - self._started_at
        return self._figures(self._frame)

    async def _begin_some(self) -> bool:
        """Read ahead; False at the end of the clip."""
        while len(self._begun) <= self._ahead:
            try:
                frame = await self._source.next()
            except ClipBrokeOff as error:
                self.broke_off = error
                self._ahead = -1
                return False
            if frame is None:
                self._ahead = -1
                return False
            self._started_at = self._started_at or time.perf_counter()
            self._begun.append(self._pipeline.begin(frame))
        return self._ahead >= 0

    async def _finish(self, pending: PendingFrame) -> None:
        frame = pending.frame
        if self._frame is not None and frame.index < self._frame.index:
            self._played += 1
            if self._settled_mb is None and self._played > self._times / 10:
                self._settled_mb = memory_mb()
        self._frame = frame
        self._clock.move_to(frame.at)
        self._results.responses(await self._pipeline.finish(pending))
        self._results.rows(frame, self._pipeline.tracks, self._pipeline.detections if pending.found else ())
        self._people.update(t.track_id for t in self._pipeline.tracks if t.label == "person")
        if sys.stderr.isatty() and time.perf_counter() - self._shown_at > PROGRESS_S:
            self._shown_at = time.perf_counter()
            print(f"\rframe {frame.index + 1} of {self._source.total or '?'}", end="", file=sys.stderr)

    def _figures(self, last: Frame) -> dict[str, Any]:
        growth = (
            {}
            if self._settled_mb is None
            else {"rss_growth_mb": round((memory_mb() or 0.0) - self._settled_mb, 1)}
        )
        pipeline, timings = self._pipeline, self._timings
        return {
            "frames": pipeline.frames,
            "seconds": round(self._seconds, 3),
            "fps": round(pipeline.frames / self._seconds, 2),
            "detector_runs": 0 if self._scripted else pipeline.detector_runs,
            "detector_ms_p50": None if self._scripted else _median(timings.detector),
            "motion_ms_p50": _median(timings.motion),
            "appearance_ms_p50": _median(timings.appearance),
            "tracker_ms_p50": _median(timings.tracker),
            "peak_rss_mb": peak_memory_mb(),
            "people": len(self._people),
            "clip_s": round(last.at, 3),
            **self._source.facts,
            **growth,
        }


def _median(values: Collection[float]) -> float | None:
    return round(statistics.median(values), 4) if values else None
