"""frame -> motion -> detector -> tracker -> judge -> responses.

The same code for the daemon and for a replay.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from pole_agent.almanac import Place
from pole_agent.frame import Frame, Size, size_of
from pole_agent.health.trust import TimeKeeper
from pole_agent.incidents.judge import Judge
from pole_agent.incidents.respond import Responder
from pole_agent.incidents.rules import Rule
from pole_agent.tracking.riders import Riders
from pole_agent.tracking.tracker import Tracker
from pole_agent.trajectories.recorder import Recorder
from pole_agent.vision.appearance import with_appearance
from pole_agent.vision.attention import Attention
from pole_agent.vision.detector import Detector
from pole_agent.vision.eyesight import Eyesight
from pole_agent.vision.lighting import Lighting, without_daylight
from pole_agent.vision.motion import Change, MotionGate
from pole_agent.vision.region import back, cut
from pole_agent.vocabulary import Box, Detection, Response, Track

ROUNDING_S = 1e-6
SPANS_S = 10.0  # how often the active times of the rules are looked up
LOOK_AROUND_S = 1.0  # at least, while somebody is going or the motion gate is in a storm
LOOK_STANDING_S = 2.0  # at least, while somebody stands; whoever else comes is motion
FOUND_SCORE = 0.25  # where a detection scores less, the motion gate may take it for empty street
# A frame that was taken longer ago is not waited for, nor looked at once time has passed without it
LATE_S = 10.0
WONDER_S = 5.0  # after opening: what may be somebody is looked at again at once, though nothing moves
# At least, while nobody is there or all have settled: well below 2 % of the frames at 5 a second
LOOK_QUIET_S = 24.0
TIMED_FRAMES = 5000


@dataclass(slots=True)
class Timings:
    """Milliseconds by stage of the latest frames, for replay and bench. Off unless somebody asks."""

    motion: deque[float] = field(default_factory=lambda: deque(maxlen=TIMED_FRAMES))
    detector: deque[float] = field(default_factory=lambda: deque(maxlen=TIMED_FRAMES))
    appearance: deque[float] = field(default_factory=lambda: deque(maxlen=TIMED_FRAMES))
    tracker: deque[float] = field(default_factory=lambda: deque(maxlen=TIMED_FRAMES))


@dataclass(frozen=True, slots=True)
class PendingFrame:
    """A frame that was looked at, and what the detector will say of it (None: it was not asked)."""

    frame: Frame
    found: asyncio.Future[Sequence[Detection]] | None
    change: Change
    view: Box | None = None  # the part that the detector was shown; None: all of it
    unseen: Sequence[Box] = ()  # what moved in it and is too far away to be found in what was shown


class Pipeline:
    """Looks at the frames of one camera, over all its openings: whom it knows, it knows again.

    Deterministic: time comes with the frame.
    """

    def __init__(
        self,
        detector: Detector,
        judge: Judge,
        responder: Responder,
        rules: Sequence[Rule],
        place: Place,
        keeper: TimeKeeper,
        tracker: Tracker,
        *,
        every_frame: bool = False,
        timings: Timings | None = None,
        drawn_on: Size | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """`drawn_on`: the size of picture that zones and masks were drawn on; None: that of the first one.

        `recorder` keeps what the judge is given; None: nobody does.
        """
        self._motion, self._riders, self._eyesight = MotionGate(), Riders(), Eyesight(drawn_on)
        self._lighting = Lighting()
        self._detector, self._tracker, self._judge, self._responder = detector, tracker, judge, responder
        self._rules, self._place, self._keeper = rules, place, keeper
        self._every_frame, self._timings, self._recorder = every_frame, timings, recorder
        self._attention = Attention()
        self._active: frozenset[str] = frozenset()
        self._active_until = float("-inf")
        self._anew = True  # the next frame is the first of an opening
        self._frame_at: float | None = None  # the last one's
        self.aspect = 1.0  # width over height of the picture
        self._opened_at = self._looked_at = float("-inf")
        self.passed = float("-inf")  # until when time has passed without frames
        self.tracks: list[Track] = []
        self.detections: Sequence[Detection] = ()
        self.frames = 0
        self.detector_runs = 0

    async def look(self, frame: Frame) -> list[Response]:
        """Handle one frame; return what is to be done. Raises ModelError."""
        return await self.finish(self.begin(frame))

    def begin(self, frame: Frame) -> PendingFrame:
        """The first half: is there anything new to see? The detector starts at once, if it is to look.

        Where every frame is detected, frames may be begun ahead; they must be finished in order.
        """
        now = frame.at
        if self._anew:
            self._resume(now)
        self._frame_at = now
        begun = time.perf_counter()
        going, standing = self._tracker.places(now)
        moved = self._motion.moved(frame.image, now, going, standing)
        if self._timings is not None:
            self._timings.motion.append((time.perf_counter() - begun) * 1000)
        self._eyesight.look(frame.image, now, frame.again)
        self._lighting.look(frame.image, now)
        if self._tracker.tentative or (self._tracker.has_candidates and now - self._opened_at < WONDER_S):
            pause = 0.0
        elif going or self._motion.storm:
            pause = LOOK_AROUND_S
        else:
            pause = LOOK_QUIET_S if self._tracker.settled(now) else LOOK_STANDING_S
        if not (self._every_frame or moved or now - self._looked_at >= pause - ROUNDING_S):
            return PendingFrame(frame, None, self._motion.change)
        self._looked_at = now
        self.detector_runs += 1
        if self._every_frame:
            look = self._attention.next(now, size_of(frame.image))
        else:
            night, storm = without_daylight(frame.image), self._motion.storm
            change = self._motion.change if (moved and (night or not storm)) or (night and storm) else None
            maybe = [t.box for t in self._tracker.tentative] if night and change else []
            look = self._attention.next(
                now, size_of(frame.image), change, [*going, *maybe], standing, night=night
            )
        view = look.view
        shown = frame if view is None else Frame(cut(frame.image, view), now, frame.index, part=view)
        found = asyncio.ensure_future(self._detector.detect(shown))
        return PendingFrame(frame, found, self._motion.change, view, look.unseen)

    async def finish(self, pending: PendingFrame) -> list[Response]:
        """The second half: who is where now, and what follows from it. Raises ModelError."""
        frame, now = pending.frame, pending.frame.at
        if pending.found is None:
            tracks = self._tracker.advance(now)
        else:
            found = await pending.found
            if pending.view is not None:
                found = back(found, pending.view)
            begun = time.perf_counter()
            self.detections = with_appearance(frame.image, found, pending.change.within)
            described = time.perf_counter()
            tracks = self._tracker.update(self.detections, now, pending.view)
            if self._timings is not None:
                self._timings.detector.append(self._detector.took_ms)
                self._timings.appearance.append((described - begun) * 1000)
                self._timings.tracker.append((time.perf_counter() - described) * 1000)
            here = [d.box for d in found if d.score >= FOUND_SCORE and d.box.sane()]
            going, standing = self._tracker.places(now)
            self._motion.learn(here, [*going, *standing], pending.view, pending.unseen)
        height, width = frame.image.shape[:2]
        self.aspect = width / height
        self.tracks = self._riders.join(tracks, now, self.aspect)
        self.frames += 1
        return self._judged(now, self._tracker.tentative)

    def _judged(self, now: float, tentative: Sequence[Track], *, blind: bool = False) -> list[Response]:
        remembered = self._riders.known_as(self._tracker.remembered)
        if self._recorder is not None:
            self._recorder.look(now, self.tracks, tentative, remembered, self.aspect, blind=blind)
        active = self._active_rules(now)
        facts = self._judge.step(self.tracks, active, now, tentative, remembered, self.aspect, blind=blind)
        return self._responder.respond(facts, now)

    def reopened(self) -> None:
        """The next frame is the first of a new opening of the camera."""
        self._anew = True

    def _resume(self, now: float) -> None:
        """Somebody may have come while nobody looked: look at all of it. What was known before goes on."""
        self._anew = False
        self._opened_at, self._looked_at = now, float("-inf")
        self._attention.start_over()
        self._eyesight.reopened(now)
        if self._frame_at is not None:
            self._judge.skip(self._frame_at, now)
            if self._recorder is not None:
                self._recorder.skip(self._frame_at, now)

    def wait(self, now: float) -> list[Response]:
        """No frame comes: time passes all the same, and what the tracker forgets is over.

        Frames of the last seconds may still come.
        """
        then = now - LATE_S
        if self._frame_at is None or then <= max(self._frame_at, self.passed):
            return []
        self.passed, self.tracks = then, []
        self._tracker.wait(then)
        return self._judged(then, (), blind=True)

    def stop(self, reason: str, now: float) -> list[Response]:
        """Close what is open."""
        if self._recorder is not None:
            self._recorder.stop()
        return self._responder.respond(self._judge.stop(reason, now), now)

    @property
    def parts(self) -> int:
        """Of a panorama, which are looked at in turn; 0 for any other picture."""
        return self._attention.parts

    @property
    def trouble(self) -> str:
        """Why the camera does not see the street, empty when it does."""
        return self._eyesight.trouble

    @property
    def light(self) -> str:
        """The light that the pictures are in; empty before it is known."""
        return self._lighting.told

    @property
    def sees(self) -> bool:
        """Pictures differ from each other, and nothing is wrong with them."""
        return self._eyesight.sees and not self._eyesight.trouble

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        return self._judge.counts

    def _active_rules(self, now: float) -> frozenset[str]:
        if now >= self._active_until:
            wall = self._keeper.wall_at(now)
            # With a clock that cannot be trusted every rule is on: better one report too many.
            on = (r.name for r in self._rules if not self._keeper.trusted or r.span.holds(wall, self._place))
            self._active, self._active_until = frozenset(on), now + SPANS_S
        return self._active
