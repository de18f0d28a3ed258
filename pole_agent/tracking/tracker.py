"""Detections of one frame -> tracks over time. Online, deterministic, no clock: time is an argument.

Association runs in four rounds, surest first: good detections to known objects by place and appearance together; to those in
sight by place alone, since light changes how they look; weak detections to what is left of those in sight (an object half
hidden scores low); then good detections to new objects. Motion is constant velocity, damped, on the box centre. An object
out of sight is remembered for a while, and found again by place and appearance.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pole_agent.tracking.association import Floats, iou, match
from pole_agent.tracking.identity import Identity
from pole_agent.vocabulary import Box, Detection, Track

Likeness = Callable[[list[Identity], list[Detection], float], Floats]
MAX_DETECTIONS = 200  # more boxes than that in one frame is a broken detector, not a street


@dataclass(frozen=True, slots=True)
class Tuning:
    """The tracker's constants. One setting for all streets; scores are 0 to 1, times in seconds."""

    start_score: float = 0.4  # a detection from here may start a track
    weak_score: float = 0.3  # a detection from here may continue one
    memory_s: float = 4.0  # how long an object out of sight is remembered
    coast_s: float = 0.25  # how long it is still reported where it should be
    confirm_hits: int = 2  # detections that make a track …
    confirm_more: float = 0.2  # … if the best of them scores this much above `start_score`, …
    patient_hits: int = 6  # … and this many, whatever they score
    look_weight: float = 0.73  # appearance against place, where both are known
    least_likeness: float = 0.6  # first round
    least_same_iou: float = 0.6  # in sight, and where it was expected, whatever it looks like
    least_weak: float = 0.7  # second round
    least_new_iou: float = 0.36  # third round
    margin: float = 0.2  # boxes are compared with this share of their size added at each side
    margin_per_s: float = 0.36  # and more for every second out of sight
    most_margin: float = 0.5


class Tracker:
    """Follows the objects of one camera. Not shared between threads. `next_id` numbers the tracks."""

    def __init__(self, tuning: Tuning | None = None, next_id: Callable[[], int] | None = None) -> None:
        self._tuning = tuning or Tuning()
        self._known: list[Identity] = []
        self._fresh: list[Identity] = []
        self._next_id = next_id or itertools.count(1).__next__

    def update(self, detections: Sequence[Detection], now: float) -> list[Track]:
        """Take the detections of the frame at `now` (monotonic seconds, never backwards); return the tracks to report.

        Boxes that are not finite, empty or outside the picture are ignored, as are scores that are not numbers.
        """
        tuning = self._tuning
        sane = [d for d in detections if math.isfinite(d.score) and d.score >= tuning.weak_score and d.box.sane()]
        if len(sane) > MAX_DETECTIONS:
            sane = sorted(sane, key=lambda d: -d.score)[:MAX_DETECTIONS]
        good = [d for d in sane if d.score >= tuning.start_score]
        weak = [d for d in sane if d.score < tuning.start_score]

        for identity in (*self._known, *self._fresh):
            identity.predict(now)
        known, good = self._round(self._known, good, self._likeness, tuning.least_likeness, now)
        in_sight = [i for i in known if now - i.last_seen <= 1.0]
        # Light and shadow change how somebody looks; in the very same place it is still the same one.
        still_here, good = self._round(in_sight, good, self._place, tuning.least_same_iou, now)
        self._round(still_here, weak, self._likeness, tuning.least_weak, now)
        fresh, good = self._round(self._fresh, good, self._place, tuning.least_new_iou, now)

        lost_fresh = set(map(id, fresh))
        self._fresh = [i for i in self._fresh if id(i) not in lost_fresh]
        for identity in [i for i in self._fresh if self._is_sure(i)]:
            self._fresh.remove(identity)
            identity.track_id = self._next_id()
            self._known.append(identity)
        self._fresh += [Identity(d, now) for d in good]
        return self._report(now)

    def _is_sure(self, identity: Identity) -> bool:
        """Two good detections make a track when one is very good; a dim or distant object needs more of them."""
        tuning = self._tuning
        least = tuning.confirm_hits if identity.best >= tuning.start_score + tuning.confirm_more else tuning.patient_hits
        return identity.hits >= least

    def advance(self, now: float) -> list[Track]:
        """Time passed and nothing moved: everything in sight is where it was."""
        for identity in self._known:
            identity.stand_still(now, self._tuning.coast_s)
        return self._report(now)

    def _report(self, now: float) -> list[Track]:
        self._known = [i for i in self._known if now - i.last_seen <= self._tuning.memory_s and not i.left_picture]
        return [i.track(now) for i in self._known if now - i.last_seen <= self._tuning.coast_s]

    def _round(
        self, identities: list[Identity], detections: list[Detection], likeness: Likeness, least: float, now: float
    ) -> tuple[list[Identity], list[Detection]]:
        """Match, tell each identity what it was seen as, and return what is left of both."""
        if not identities or not detections:
            return identities, detections
        table = likeness(identities, detections, now)
        pairs = match(table, least)
        rows, columns = {r for r, _ in pairs}, {c for _, c in pairs}
        for row, column in pairs:
            identities[row].see(detections[column], now)
        return (
            [i for n, i in enumerate(identities) if n not in rows],
            [d for n, d in enumerate(detections) if n not in columns],
        )

    def _likeness(self, identities: list[Identity], detections: list[Detection], now: float) -> Floats:
        """Place and appearance: (n, m), zero where a match is out of the question."""
        known, seen = corners([i.box for i in identities]), corners([d.box for d in detections])
        away = np.array([now - i.last_seen for i in identities])
        tuning = self._tuning
        margins = np.minimum(tuning.most_margin, tuning.margin + tuning.margin_per_s * away)
        place = iou(grow(known, margins), grow(seen, np.full(len(seen), tuning.margin)))
        weight = tuning.look_weight
        table = place.copy()
        looks = [i.look for i in identities]
        if all(look is not None for look in looks) and all(d.look is not None for d in detections):
            alike = np.array(looks) @ np.array([d.look for d in detections]).T / 2
            table = (1 - weight) * place + weight * alike
        table[place <= 0.0] = 0
        return forbid(table, identities, detections)

    def _place(self, identities: list[Identity], detections: list[Detection], now: float) -> Floats:
        table = iou(corners([i.box for i in identities]), corners([d.box for d in detections]))
        return forbid(table, identities, detections)


def corners(boxes: Sequence[Box]) -> Floats:
    return np.array([(b.left, b.top, b.right, b.bottom) for b in boxes])


def grow(boxes: Floats, share: Floats) -> Floats:
    """Widen each box by its share of its size at every side."""
    margin = (boxes[:, 2:] - boxes[:, :2]) * share[:, None]
    return np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], axis=1)


def forbid(table: Floats, identities: list[Identity], detections: list[Detection]) -> Floats:
    """Zero where a person would turn into a vehicle or back. Vehicles may change their class: detectors confuse them."""
    people = np.array([i.label == "person" for i in identities])
    seen = np.array([d.label == "person" for d in detections])
    table[people[:, None] != seen[None, :]] = 0
    return table
