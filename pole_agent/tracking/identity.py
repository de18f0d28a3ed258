"""One object over time: where it is, where it goes, how it looks, what it is."""

from __future__ import annotations

from math import exp, hypot, log, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from pole_agent.tracking.motion import Motion
from pole_agent.tracking.tuning import RUNNER, Tuning
from pole_agent.vocabulary import Box, Detection, Sighting, Track, group_of, iou

SIZE_GAIN = 0.68
LOOK_S = 5.0  # the appearance changes as slowly
# How fast it goes when nothing is known (standard deviation), in its own heights a second: people walk at
# nearly one, a motorcycle goes at seven, a car at ten with 60 km/h.
SPEED = 4.0
# Of a height across: of most pictures, 16 to 9. Down: streets are seen from above, at a slant.
ASPECT, SLANT = 9 / 16, 0.5
MIN_OVERLAP = 0.2  # of the boxes of one object at two looks; with less it has leapt
REACH = 5.0  # standard deviations
CUT = 4.0  # what it costs to take a box for one that ends elsewhere, as the square of standard deviations
RARER = {"bus": 0.7, "truck": 0.7}  # weight of a vote: a detector that wavers is more often looking at a car
STIRRING_HEIGHT = 0.3  # of the picture; the change in a smaller box may be somebody else's
IN_SIGHT_S = 1.0
STANDING_S = 1.0  # what has not moved for this long stands
STILL_REACH = 0.25  # of its height: what moves less stands still
# A box ends in the wrong place whose height differs by ODD_HEIGHT, and whose upper edge is off by less than
# ODD_TOP of what the lower one is off by.
ODD_HEIGHT, ODD_TOP = 0.15, 0.5
STEADY_S = 1.0  # the least for a height to be trusted: one who comes in over the picture's edge grows
HIDDEN_S = 8.0  # legs may be hidden this long, …
LONGER_S = 0.5  # … and a box may take in something else for this long; then it is believed
HASTE_S = 0.3  # for so long the speed of a person who is new may be in doubt before he is told
MAX_EARLIER = 32  # sightings before it is sure


class Identity:
    """A hypothesis that one object is there. `track_id` is 0 until it is confirmed."""

    def __init__(self, detection: Detection, now: float, tuning: Tuning) -> None:
        box = detection.box
        self._tuning = tuning
        # The log of what a normal distribution of four numbers is divided by, without the two of the place
        self._spread = 2 * log(2 * pi) + log(tuning.width * tuning.height)
        self.track_id = 0
        self.hits = 1
        self.first_seen = self.last_seen = self._found_at = now
        self.score = detection.score
        self.look: NDArray[np.float32] | None = None
        self.sides = box.sides
        self.group = group_of(detection.label)
        self.still_since = now
        self._stirred = detection.moving
        self.label = detection.label  # the class that its life voted for, by score
        self._votes: dict[str, float] = {}
        self._vote(detection)
        self._width, self._height = box.width, box.height
        speed = SPEED * box.height
        self.motion = Motion(
            (box.left + box.right) / 2,
            (box.top + box.bottom) / 2,
            (tuning.across * box.width, tuning.down * box.height),
            (ASPECT * speed, SLANT * speed),
        )
        self._at = now  # of the predicted state
        self._latest = detection
        self._remember(detection, 0.0)
        self._height_since = now  # it has been about as tall as now
        self._odd_since: float | None = None  # its box has ended elsewhere
        self._sure_at: float | None = None
        self._earlier = [Sighting(now, box)]
        self._stride = 1
        self._stood = self.motion.x, box.bottom
        self._typical = self._worth(detection.score)  # of the looks at it, which dim ones do not lower
        self.evidence = self._bounded(self._typical)

    @property
    def box(self) -> Box:
        return Box(*self.sides)

    @property
    def seen_box(self) -> Box:
        """Where it was seen last, as the detector drew it."""
        return self._latest.box

    @property
    def moved(self) -> bool:
        """It has gone further than a detector trembles, or it is large and the picture changed there."""
        return self.still_since > self.first_seen or (self._stirred and self._height >= STIRRING_HEIGHT)

    @property
    def settled(self) -> bool:
        """It has been standing for long, as a parked car does."""
        return self._found_at - self.still_since >= self._tuning.settled_s

    @property
    def leapt(self) -> bool:
        """Its only step led further than its own size: the next, which must go on there, has to prove it."""
        return self.hits == 2 and iou(self._earlier[0].box.sides, self.seen_box.sides) < MIN_OVERLAP

    @property
    def hasty(self) -> bool:
        """It looks like a person, is new, and may be faster than anybody runs, or not."""
        if self.group != "person" or self.last_seen - self.first_seen >= HASTE_S:
            return False
        fastest, slowest = self.motion.fastest(), self.motion.sure_velocity()
        least, most = (hypot(x / ASPECT, y) / self._height for x, y in (slowest, fastest))
        return least <= RUNNER < most

    def landed(self) -> Identity:
        """What its last step led to, as something of its own: the step may have joined two."""
        return Identity(self._latest, self.last_seen, self._tuning)

    @property
    def left_picture(self) -> bool:
        """It has gone out of the picture since it was last seen; one who is cut off by the border may have
        most of the box beyond it.
        """
        box = self.seen_box
        was_in = _in_picture((box.left + box.right) / 2, (box.top + box.bottom) / 2)
        return not _in_picture(self.motion.x, self.motion.y) and (was_in or not self.box.sane())

    def predict(self, now: float) -> None:
        """Move the state to `now` at constant velocity."""
        step = now - self._at
        if step <= 0:
            return
        drive = (self._tuning.jerk * self._height) ** 2
        self.motion.predict(step, ASPECT * ASPECT * drive, SLANT * SLANT * drive)
        self._at = now
        self._place(self.motion.x, self.motion.y)

    def likeness(self, box: Box) -> float:
        """How much more likely this box is of it than of anything that may be anywhere, of any size: a log.

        The state is predicted to the moment of the box.
        """
        tuning, motion = self._tuning, self.motion
        width, height = self._width, self._height
        left, top, right, bottom = box.left, box.top, box.right, box.bottom
        their_width, their_height = right - left, bottom - top
        across = tuning.across * (width if width > their_width else their_width)
        down = tuning.down * (height if height > their_height else their_height)
        var_x, var_y = motion.var_x + across * across, motion.var_y + down * down
        x, y = (left + right) / 2 - motion.x, (top + bottom) / 2 - motion.y
        wider, taller = log(their_width / width) / tuning.width, log(their_height / height) / tuning.height
        whole = y * y / var_y + taller * taller
        if whole > CUT:  # of its ends, the one that fits better
            end = abs(y) - abs(their_height - height) / 2
            cut = end * end / var_y + CUT
            if cut < whole:
                whole = cut
        return -(x * x / var_x + wider * wider + whole + log(var_x * var_y)) / 2 - self._spread

    def reach(self) -> tuple[float, float]:
        """How far from its middle the middle of its box may be, across and down."""
        motion = self.motion
        return REACH * sqrt(motion.var_x) + self._width, REACH * sqrt(motion.var_y) + self._height

    def confirm(self, track_id: int, now: float) -> None:
        """It is sure to be there. What was seen of it so far is told in the report of this frame."""
        self.track_id, self._sure_at = track_id, now

    def see(self, detection: Detection, now: float) -> None:
        """Correct the state, already predicted to `now`, by what was seen."""
        self._latest = detection
        since = max(now - self.last_seen, 1e-3)
        box = self._whole(detection.box, now)
        x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        tuning = self._tuning
        self.motion.correct(x, y, tuning.across * self._width, tuning.down * self._height)
        self._width += SIZE_GAIN * (box.right - box.left - self._width)
        self._height += SIZE_GAIN * (box.bottom - box.top - self._height)
        self._vote(detection)
        self._remember(detection, since)
        away = max(abs(x - self._stood[0]) / ASPECT, abs(box.bottom - self._stood[1]))
        if away > STILL_REACH * self._height:
            self._stood, self.still_since = (x, box.bottom), now
        self._stirred = self._stirred or detection.moving
        pace_s = tuning.blink_s if self.track_id or self.moved else tuning.post_s
        worth = self._worth(detection.score)
        self.hits += 1
        if detection.moving and not self.track_id:  # a good look makes up for a dim first one
            better = max(0.0, worth - self._typical) / self.hits
            self._typical += better
            self.evidence += better
        if self.track_id and self.moved:  # no post: also a dim look says that it is there
            worth = max(0.0, worth)
        self.evidence = self._bounded(self.evidence + (1 - exp(-since / pace_s)) * worth)
        self.score = detection.score
        self.last_seen = self._at = self._found_at = now
        self._place(x, y)
        if self.track_id:
            self._earlier.clear()
        else:
            self._keep(now)

    def miss(self, step: float) -> None:
        """It was looked for and not found, with nothing that covers it; the look before was `step` seconds
        ago.
        """
        lost = (1 - exp(-step / self._tuning.blink_s)) * self._tuning.miss
        self.evidence = self._bounded(self.evidence - lost)

    def _worth(self, score: float) -> float:
        return self._tuning.worth * (score - self._tuning.neutral * self._tuning.start_score)

    def _bounded(self, evidence: float) -> float:
        """Never so sure, either way, that it could not be believed to be gone, or back, soon."""
        sure = self._tuning.sure
        return max(-sure, min(2 * sure, evidence))

    def _remember(self, detection: Detection, since: float) -> None:
        """Take its look for a part of what it looks like."""
        if detection.look is None:
            return
        if self.look is None:
            self.look = np.array(detection.look, np.float32)
        else:
            self.look += max(1 / (self.hits + 1), 1 - exp(-since / LOOK_S)) * (detection.look - self.look)

    def stand_still(self, now: float, within_s: float) -> None:
        """Nothing moved in the picture: what was in sight still is, where it was.

        One who was going and is hidden goes on unseen.
        """
        if self.last_seen < self._at and self.last_seen - self.still_since < STANDING_S:
            self.predict(now)
            return
        if self.evidence > 0 and now - self.last_seen <= within_s + (now - self._at):
            self.last_seen = now
            self.motion.halt()  # what it drifts by is the detector's unrest
        self._at = now

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
            self.motion.sure_velocity(),
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
        top, bottom = self.motion.y - self._height / 2, self.motion.y + self._height / 2
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
        steady_s = self._odd_since - self._height_since
        longest = min(steady_s, HIDDEN_S if height < self._height else LONGER_S)
        if steady_s < STEADY_S or now - self._odd_since >= longest:
            self._odd_since, self._height_since = None, now
            return box
        return Box(box.left, box.top, box.right, box.top + self._height)

    def _vote(self, detection: Detection) -> None:
        label = detection.label
        votes = self._votes[label] = self._votes.get(label, 0.0) + detection.score * RARER.get(label, 1.0)
        if votes > self._votes.get(self.label, 0.0):
            self.label = label

    def _place(self, x: float, y: float) -> None:
        w, h = self._width / 2, self._height / 2
        self.sides = x - w, y - h, x + w, y + h


def _in_picture(x: float, y: float) -> bool:
    return 0 <= x <= 1 and 0 <= y <= 1.1
