"""camera -> pipeline -> responses: the loop of one camera."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pole_agent.camera.source import ClipBrokeOff, FrameSource, Telling
from pole_agent.clock import Clock
from pole_agent.errors import CameraError, ModelError
from pole_agent.frame import Frame
from pole_agent.health.parts import Parts
from pole_agent.languages import phrase
from pole_agent.pipeline import Pipeline
from pole_agent.race import race
from pole_agent.uplink.backoff import Backoff
from pole_agent.vision.detector import Detector
from pole_agent.vision.eyesight import FROZEN
from pole_agent.vocabulary import Response

log = logging.getLogger(__name__)

ROUNDING_S = 1e-6
MAX_BUSY = 0.8  # of the time the detector may work for one camera
REPORT_S = 20.0  # over which frames are counted
FEW_FRAMES = 0.5  # of those that were asked for
FEW_WORDS = "only "
STEADY_S = 30.0  # of pictures without a fault, and the next fault is a new one
KEPT_PEOPLE = 500
WAIT_S = 1.0  # how often time passes while no frame comes


@dataclass(slots=True)
class Rate:
    """Frames of one opening, for ``health``. Times in monotonic seconds."""

    since: float
    frames: int = 0
    skipped: int = 0
    late_s: float = 0.0  # from the picture to what followed from it, summed

    def take(self, late_s: float) -> None:
        self.frames += 1
        self.late_s += late_s

    def report(self, now: float) -> dict[str, float]:
        taken = max(1, self.frames)
        return {
            "rate_hz": round(self.frames / max(1e-3, now - self.since), 2),
            "latency_ms": round(self.late_s / taken * 1000),
            "skipped": self.skipped,
        }


class People:
    """How many there were, each counted once by the number of his track.

    Who has not been seen since hundreds of others were does not come back: his number is forgotten.
    """

    def __init__(self) -> None:
        self.count = 0
        self._lately: dict[int, None] = {}  # the numbers, the one seen last at the end

    def see(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.count += number not in self._lately
            self._lately.pop(number, None)
            self._lately[number] = None
        while len(self._lately) > KEPT_PEOPLE:
            del self._lately[next(iter(self._lately))]


class Watch:
    """The loop of one camera: open, look, act; when the camera fails, say so and try again, for ever. A
    connection that breaks is no end of what is going on in the street: that is at the end of its memory, or
    of the watch.

    Latency stays bounded by itself: a live source gives the newest frame, and one that comes before the
    detector has rested is skipped. So a slow or hot board looks less often, never later.
    """

    def __init__(
        self,
        camera: str,
        fps: float,
        new_source: Callable[[], FrameSource],
        new_pipeline: Callable[[], Pipeline],
        detector: Detector,
        act: Callable[[Sequence[Response]], None],
        parts: Parts,
        clock: Clock,
        *,
        random: Callable[[], float],
        pace: Callable[[], float] = lambda: 1.0,
        beat: Callable[[], None] = lambda: None,
        show: Callable[[Frame, Pipeline], None] | None = None,
    ) -> None:
        """`random` gives 0 to 1 for the pauses between attempts.

        `pace`: the share of its usual work that the detector may do now.

        `show` is called after each look; it returns at once.
        """
        self.camera = camera
        self._pace, self._beat, self._show = pace, beat, show
        self._fps = fps
        self._new_source, self._new_pipeline, self._detector = new_source, new_pipeline, detector
        self._act, self._parts, self._clock = act, parts, clock
        self._backoff = Backoff(random, 1.0, 60.0)
        self._part = f"camera:{camera}"
        self.pipeline: Pipeline | None = None
        self.people = People()
        self.ended = False

    async def run(self) -> None:
        """Returns only at the end of a clip that is not looped."""
        pipeline = self.pipeline = self._new_pipeline()
        try:
            while not self.ended:
                self._beat()
                try:
                    await self._watch(pipeline)
                except ClipBrokeOff as error:
                    self._trouble(self._part, error)
                    self.ended = True
                except CameraError as error:
                    self._trouble(self._part, error)
                except ModelError as error:
                    self._trouble("detector", error)
                if not self.ended:
                    await self._pause(pipeline, self._backoff.next())
        finally:
            self._act(pipeline.stop("ended" if self.ended else "interrupted", self._clock.monotonic()))

    async def _watch(self, pipeline: Pipeline) -> None:
        source = self._new_source()
        pipeline.reopened()
        opened = rested = self._clock.monotonic()
        rate = Rate(opened)
        try:
            await self._detector.open()
            source.open()
            while (frame := await self._next(source, pipeline)) is not None:
                self._beat()
                begun = self._clock.monotonic()
                if frame.at <= pipeline.passed or (begun < rested and begun - frame.at < 1 / self._fps):
                    rate.skipped += 1
                    continue
                if begun < rested:
                    # It has come late, with others: the next one is there already, so each can be looked at
                    # in its turn.
                    await self._clock.sleep(rested - begun)
                    begun = rested
                runs = pipeline.detector_runs
                self._act(await pipeline.look(frame))
                if self._show is not None:
                    self._show(frame, pipeline)
                now = self._clock.monotonic()
                if pipeline.detector_runs > runs:
                    if not runs:
                        log.info(
                            "%s: the detector ran for the first time, %.0f ms",
                            self.camera,
                            (now - begun) * 1000,
                        )
                    rested = begun + self._rest_s(now - begun)
                rate.take(now - frame.at)
                self.people.see(t.track_id for t in pipeline.tracks if t.label == "person")
                self._check(pipeline, rate, now, source.facts if isinstance(source, Telling) else {})
                if rate.since + REPORT_S <= now:
                    rate = Rate(now)
                if now - opened >= STEADY_S:
                    self._backoff.reset()
            self.ended = True
            self._parts.degrade(self._part, phrase("clip-ended"))
            log.info("%s: the clip has ended", self.camera)
        finally:
            source.close()

    async def _next(self, source: FrameSource, pipeline: Pipeline) -> Frame | None:
        """The next frame. While none comes, time passes; and where it is right to wait for one,
        that is told.
        """
        coming = asyncio.ensure_future(source.next())
        try:
            while not coming.done():
                async with race(coming, self._clock.sleep(WAIT_S)):
                    pass
                if not coming.done():
                    self._act(pipeline.wait(self._clock.monotonic()))
                    if isinstance(source, Telling) and source.waits:
                        self._beat()
                        self._trouble(self._part, CameraError(source.waits))
            return coming.result()
        finally:
            coming.cancel()

    async def _pause(self, pipeline: Pipeline, seconds: float) -> None:
        """Wait before the next opening. Time passes."""
        until = self._clock.monotonic() + seconds
        while (left := until - self._clock.monotonic()) > ROUNDING_S:
            await self._clock.sleep(min(left, WAIT_S))
            self._act(pipeline.wait(self._clock.monotonic()))

    def _rest_s(self, took_s: float) -> float:
        """When the next look may begin, counted from the last: it is not always busy, and on a hot board
        frames are missed out.
        """
        pace = self._pace()
        if pace >= 1:
            return took_s / MAX_BUSY
        # What it does at its best is whole frames apart; half a frame less than wanted, because they do not
        # come to the millisecond.
        frames = max(1, math.ceil(took_s / MAX_BUSY * self._fps))
        return (frames / pace - 0.5) / self._fps

    def _check(self, pipeline: Pipeline, rate: Rate, now: float, facts: Mapping[str, str]) -> None:
        """Report how the camera and the detector are.

        Raises CameraError for a stream that is worth opening again.
        """
        few = ""
        if now - rate.since >= REPORT_S:
            figures = rate.report(now)
            in_parts = {"parts": pipeline.parts} if pipeline.parts else {}
            light = {"light": pipeline.light} if pipeline.light else {}
            self._parts.note(self._part, frames=pipeline.frames, **figures, **light, **in_parts, **facts)
            self._parts.note("detector", runs=pipeline.detector_runs, ms=round(self._detector.took_ms, 1))
            if figures["rate_hz"] + rate.skipped / REPORT_S < FEW_FRAMES * self._fps:
                few = phrase("frames-too-few", rate=f"{figures['rate_hz']:.1f}", wanted=f"{self._fps:g}")
        if pipeline.trouble == FROZEN:
            raise CameraError(FROZEN)
        if trouble := pipeline.trouble or few:
            self._trouble(self._part, CameraError(trouble))
        elif pipeline.sees and (
            now - rate.since >= REPORT_S or not self._parts.is_degraded(self._part, FEW_WORDS)
        ):
            self._parts.recover(self._part)
            self._parts.recover("detector")

    def _trouble(self, part: str, error: Exception) -> None:
        if not self._parts.is_degraded(part):
            log.error("%s: %s", self.camera, error)
        self._parts.degrade(part, str(error))
