"""One object over time: where it is, where it goes, how it looks, what it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pole_agent.vocabulary import Box, Detection, Sighting, Track, group_of, iou

FIRST_GAIN, LAST_GAIN = 0.64, 0.19  # of the velocity: trust the first steps more, then smooth
SIZE_GAIN = 0.68
LOOK_GAIN = 0.02  # of the appearance: it changes slowly
COAST_DAMPING_PER_S = 0.6  # what is left of the velocity after a second out of sight
# The fastest that is plausible, in widths and heights of the box a second: a sprinter 6 m/s, a vehicle 60
# km/h. A faster step is a jump of the detector.
TOP_SPEED = {"person": (10.0, 3.0)}
OTHER_TOP_SPEED = (9.0, 5.0)
MIN_OVERLAP = 0.2  # of the boxes of one object at two looks; with less it has leapt
RARER = {"bus": 0.7, "truck": 0.7}  # weight of a vote: a detector that wavers is more often looking at a car
STIRRING_HEIGHT = 0.3  # of the picture; the change in a smaller box may be somebody else's
STANDING_S = 1.0  # what has not moved for this long stands
STILL_REACH = 0.25  # of its height: what moves less stands still
# A box ends in the wrong place whose height differs by ODD_HEIGHT, and whose upper edge is off by less than
# ODD_TOP of what the lower one is off by.
ODD_HEIGHT, ODD_TOP = 0.15, 0.5
STEADY_S = 1.0  # the least for a height to be trusted: one who comes in over the picture's edge grows
HIDDEN_S = 8.0  # legs may be hidden this long, …
LONGER_S = 0.5  # … and a box may take in something else for this long; then it is believed
MAX_EARLIER = 32  # sightings before it is sure


class Identity:
    """A hypothesis that one object is there. `track_id` is 0 until it is confirmed."""

    def __init__(self, detection: Detection, now: float) -> None:
        box = detection.box
        self.track_id = 0
        self.hits = 1
        self.first_seen = self.last_seen = now
        self.score = self.best = detection.score
        self.look: NDArray[np.float32] | None = (
            None if detection.look is None else np.array(detection.look, np.float32)
        )
        self.sides = box.sides
        self.group = group_of(detection.label)
        self.still_since = now
        self._stirred = detection.moving
        self.label = detection.label  # the class that its life voted for, by score
        self._votes: dict[str, float] = {}
        self._scores = 0.0
        self._vote(detection)
        self._x, self._y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        self._width, self._height = box.width, box.height
        self._vx = self._vy = 0.0
        self._at = now  # of the predicted state
        self._latest = detection
        self._height_since = now  # it has been about as tall as now
        self._odd_since: float | None = None  # its box has ended elsewhere
        self.leaps = 0  # steps further than its own size; 1: the next step has to prove it
        self.top_speed = TOP_SPEED.get(self.group, OTHER_TOP_SPEED)
        self._sure_at: float | None = None
        self._earlier = [Sighting(now, box)]
        self._stride = 1
        self._stood = self._x, box.bottom

    @property
    def box(self) -> Box:
        return Box(*self.sides)

    @property
    def seen_box(self) -> Box:
        """Where it was seen last, as the detector drew it."""
        return self._latest.box

    @property
    def moved(self) -> bool:
        """It has gone further than a detector trembles, or it is large and the picture changed
        where it was.
        """
        return self.still_since > self.first_seen or (self._stirred and self._height >= STIRRING_HEIGHT)

    @property
    def travelled(self) -> bool:
        """It has gone further than its own size from where it was first seen.

        What flickers or sways does not.
        """
        first = self._earlier[0].box
        away_x, away_y = (
            abs(self._x - (first.left + first.right) / 2),
            abs(self._y - (first.top + first.bottom) / 2),
        )
        return away_x > self._width or away_y > self._height

    @property
    def mean_score(self) -> float:
        return self._scores / self.hits

    @property
    def left_picture(self) -> bool:
        """It has gone out of the picture since it was last seen; one who is cut off by the border may have
        most of the box beyond it.
        """
        box = self.seen_box
        gone = not _in_picture(self._x, self._y)
        return gone and (
            _in_picture((box.left + box.right) / 2, (box.top + box.bottom) / 2) or not self.box.sane()
        )

    def predict(self, now: float) -> None:
        """Move the state to `now` at constant velocity; out of sight the velocity fades."""
        step = now - self._at
        if step <= 0:
            return
        self._x += self._vx * step
        self._y += self._vy * step
        if self.last_seen < self._at:
            fade = COAST_DAMPING_PER_S**step
            self._vx *= fade
            self._vy *= fade
        self._at = now
        self._place()

    def landed(self) -> Identity:
        """What its last step led to, as something of its own."""
        return Identity(self._latest, self.last_seen)

    def confirm(self, track_id: int, now: float) -> None:
        """It is sure to be there. What was seen of it so far is told in the report of this frame."""
        self.track_id, self._sure_at = track_id, now

    def see(self, detection: Detection, now: float) -> None:
        """Correct the state, already predicted to `now`, by what was seen."""
        box = detection.box
        leap = iou(self._latest.box.sides, box.sides) < MIN_OVERLAP
        self.leaps = 2 if self.leaps else int(leap)
        self._latest = detection
        box = self._whole(box, now)
        x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        since = max(now - self.last_seen, 1e-3)
        gain = 1.0 if leap and self.hits == 1 else max(LAST_GAIN, FIRST_GAIN / self.hits**0.5)
        limit_x, limit_y = self.top_speed[0] * self._width, self.top_speed[1] * self._height
        self._vx = max(-limit_x, min(limit_x, self._vx + gain * (x - self._x) / since))
        self._vy = max(-limit_y, min(limit_y, self._vy + gain * (y - self._y) / since))
        self._x, self._y = x, y
        self._width += SIZE_GAIN * (box.right - box.left - self._width)
        self._height += SIZE_GAIN * (box.bottom - box.top - self._height)
        self._vote(detection)
        if detection.look is not None:
            if self.look is None:
                self.look = np.array(detection.look, np.float32)
            else:
                self.look += LOOK_GAIN * (detection.look - self.look)
        reach = STILL_REACH * self._height
        if abs(x - self._stood[0]) > reach or abs(box.bottom - self._stood[1]) > reach:
            self._stood, self.still_since = (x, box.bottom), now
        self._stirred = self._stirred or detection.moving
        self.score = detection.score
        self.best = max(self.best, detection.score)
        self.hits += 1
        self.last_seen = self._at = now
        self._place()
        if self.track_id:
            self._earlier.clear()
        else:
            self._keep(now)

    def stand_still(self, now: float, within_s: float) -> None:
        """Nothing moved in the picture: what was in sight still is, where it was.

        One who was going and is hidden goes on unseen.
        """
        if self.last_seen < self._at and self.last_seen - self.still_since < STANDING_S:
            self.predict(now)
            return
        if now - self.last_seen <= within_s + (now - self._at):
            self.last_seen = now
            self._vx = self._vy = 0.0
        self._at = now

    def halt(self) -> None:
        """It is known to stand: what it drifts by is the detector's unrest."""
        self._vx = self._vy = 0.0

    def track(self, now: float) -> Track:
        earlier = tuple(s for s in self._earlier if s.at < now) if self._sure_at == now else ()
        return Track(
            self.track_id,
            self.label,
            self.box,
            self.score,
            self.first_seen,
            self.last_seen,
            self.last_seen == now,
            earlier,
        )

    def _keep(self, now: float) -> None:
        """Remember this sighting until it is sure to be somebody.

        Any length of time fits: when full, every second one goes.
        """
        if (self.hits - 1) % self._stride == 0:
            self._earlier.append(Sighting(now, self.box))
            if len(self._earlier) > MAX_EARLIER:
                del self._earlier[1::2]
                self._stride *= 2

    def _whole(self, box: Box, now: float) -> Box:
        """The box with its lower end where it must be.

        Somebody whose legs are hidden, or whose box takes in what is below, has a box that ends elsewhere all
        at once while its upper edge goes on: then his height is trusted more than the box, for as long as it
        has been so before.
        """
        height = box.height
        top, bottom = self._y - self._height / 2, self._y + self._height / 2
        odd = abs(height / self._height - 1) > ODD_HEIGHT and abs(box.top - top) < ODD_TOP * abs(
            box.bottom - bottom
        )
        if not odd:
            self._odd_since = None
            if abs(height / self._height - 1) > ODD_HEIGHT:
                self._height_since = now
            return box
        if self._odd_since is None:
            self._odd_since = now
        longest, steady_s = (
            HIDDEN_S if height < self._height else LONGER_S,
            self._odd_since - self._height_since,
        )
        if steady_s < STEADY_S or now - self._odd_since >= min(longest, steady_s):
            self._odd_since, self._height_since = None, now
            return box
        return Box(box.left, box.top, box.right, box.top + self._height)

    def _vote(self, detection: Detection) -> None:
        self._scores += detection.score
        label = detection.label
        votes = self._votes[label] = self._votes.get(label, 0.0) + detection.score * RARER.get(label, 1.0)
        if votes > self._votes.get(self.label, 0.0):
            self.label = label

    def _place(self) -> None:
        w, h = self._width / 2, self._height / 2
        self.sides = self._x - w, self._y - h, self._x + w, self._y + h


def _in_picture(x: float, y: float) -> bool:
    return 0 <= x <= 1 and 0 <= y <= 1.1
