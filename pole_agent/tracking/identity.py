"""One object over time: where it is, where it goes, how it looks, what it is."""

from __future__ import annotations

from collections import Counter

import numpy as np

from pole_agent.tracking.association import Floats
from pole_agent.vocabulary import Box, Detection, Track

FIRST_GAIN, LAST_GAIN = 1.0, 0.11  # of the velocity: trust the first steps more, then smooth
SIZE_GAIN = 0.86
LOOK_GAIN = 0.02
COAST_DAMPING_PER_S = 0.7  # what is left of the velocity after a second out of sight
MAX_SPEED_PER_S = 3.0  # in box heights; a faster step is a jump of the detector


class Identity:
    """A hypothesis that one object is there. `track_id` is 0 until it is confirmed."""

    def __init__(self, detection: Detection, now: float) -> None:
        box = detection.box
        self.track_id = 0
        self.hits = 1
        self.first_seen = self.last_seen = now
        self.score = self.best = detection.score
        self.look: Floats | None = None if detection.look is None else np.array(detection.look, np.float32)
        self.seen_box = box
        self._votes: Counter[str] = Counter({detection.label: detection.score})
        self._x, self._y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        self._width, self._height = box.width, box.height
        self._vx = self._vy = 0.0
        self._at = now  # of the predicted state

    @property
    def label(self) -> str:
        """The class that its life voted for, by score."""
        return self._votes.most_common(1)[0][0]

    @property
    def box(self) -> Box:
        w, h = self._width / 2, self._height / 2
        return Box(self._x - w, self._y - h, self._x + w, self._y + h)

    @property
    def left_picture(self) -> bool:
        return not (0 <= self._x <= 1 and 0 <= self._y <= 1.1)

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

    def see(self, detection: Detection, now: float) -> None:
        """Correct the state, already predicted to `now`, by what was seen."""
        box = detection.box
        x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        since = max(now - self.last_seen, 1e-3)
        gain = max(LAST_GAIN, FIRST_GAIN / self.hits**0.5)
        limit = MAX_SPEED_PER_S * self._height
        self._vx = max(-limit, min(limit, self._vx + gain * (x - self._x) / since))
        self._vy = max(-limit, min(limit, self._vy + gain * (y - self._y) / since))
        self._x, self._y = x, y
        self._width += SIZE_GAIN * (box.width - self._width)
        self._height += SIZE_GAIN * (box.height - self._height)
        self._votes[detection.label] += detection.score  # type: ignore[assignment]
        if detection.look is not None:
            if self.look is None:
                self.look = np.array(detection.look, np.float32)
            else:
                self.look += LOOK_GAIN * (detection.look - self.look)
        self.score = detection.score
        self.best = max(self.best, detection.score)
        self.seen_box = box
        self.hits += 1
        self.last_seen = self._at = now

    def stand_still(self, now: float, within_s: float) -> None:
        """Nothing moved in the picture: what was in sight still is, where it was."""
        if now - self.last_seen <= within_s + (now - self._at):
            self.last_seen = now
            self._vx = self._vy = 0.0
        self._at = now

    def track(self, now: float) -> Track:
        seen = self.last_seen == now
        return Track(
            self.track_id,
            self.label,
            self.seen_box if seen else self.box,
            self.score,
            self.first_seen,
            self.last_seen,
            seen,
        )
