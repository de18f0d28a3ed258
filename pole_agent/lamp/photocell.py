"""A photocell shifts sunset and sunrise to what it sees. Pure; trusted only around both, once each, never in
the deep of the night.

By day it can only light: where it is dark although the clock says day, the cell or the clock is wrong, and
the lamp is lit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from pole_agent.almanac import NEVER, Night, night_of
from pole_agent.lamp.decide import Scene
from pole_agent.lamp.program import Plan

STEADY_S = 30.0  # lightning and headlights are shorter
FORGET_S = 60.0  # a sensor that has given nothing for so long is unknown
STUCK_S = 1800.0  # so long against the sun, and it decides no more when the evening begins
BROKEN_S = 86_400.0  # dark for so long: whatever the clock says, it is the cell
HOLD_S = 3600.0  # the lamp may shine on the cell: it is lit so long at least
EVENING, MORNING = "sunset", "sunrise"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Dark below `on_lux`, bright above `off_lux`; trusted `window_s` before and after sunset and sunrise."""

    on_lux: float
    off_lux: float
    window_s: float


@dataclass(slots=True, kw_only=True)
class PhotocellState:
    """What was seen so far. Times are monotonic; None: unknown."""

    dark: bool | None = None
    candidate: bool | None = None
    candidate_since: float = 0.0
    read_at: float = 0.0
    latched: tuple[float, bool] | None = None  # the sunset or sunrise that it has decided, and how
    bright_before: float | None = None  # the sunset before which it was seen bright
    against_since: float | None = None
    stuck: bool | None = None
    dark_since: float = 0.0
    lit_until: float = float("-inf")


class Photocell:
    """Hysteresis, and one change an evening and one a morning: the lamp's own light on the sensor cannot make
    it cycle.
    """

    def __init__(self, thresholds: Thresholds, plan: Plan, state: PhotocellState | None = None) -> None:
        self._thresholds, self._plan = thresholds, plan
        self.state = PhotocellState() if state is None else state

    def step(self, lux: float | None, scene: Scene, wall: float | None, now: float) -> Scene:
        """Take in a reading (None: there is none) and return the scene as it is then. `now` monotonic."""
        self._read(lux, now)
        if wall is None or scene.level is None:
            return scene
        night = night_of(wall, self._plan.place)
        self._watch_over(night, wall, now)
        for word in (EVENING, MORNING):
            middle, window = night.sun[word], self._thresholds.window_s
            if middle not in (NEVER, night.start) and abs(wall - middle) <= window:
                return self._around(word == EVENING, middle, window, scene, wall, now)
        return self._by_day(scene, wall, night, now)

    def contradicts(self, now: float) -> bool:
        """Is the lamp lit because it is dark by day?"""
        return now < self.state.lit_until

    def _by_day(self, scene: Scene, wall: float, night: Night, now: float) -> Scene:
        return scene if night.sun["sunset"] <= wall < night.sun["sunrise"] else self._unless_dark(scene, now)

    def _unless_dark(self, scene: Scene, now: float) -> Scene:
        """The day's `scene`; the failsafe level where it is dark after all: a storm, or a clock that is
        wrong.
        """
        if self.state.dark and now - self.state.dark_since < BROKEN_S:
            self.state.lit_until = now + HOLD_S
        return Scene() if self.contradicts(now) else scene

    def _around(
        self, evening: bool, middle: float, window: float, scene: Scene, wall: float, now: float
    ) -> Scene:
        state = self.state
        assert scene.level is not None
        decided = state.latched is not None and state.latched[0] == middle
        if not decided:
            if state.dark is None or state.stuck:
                return scene if scene.dark else self._unless_dark(scene, now)
            if evening and not state.dark and wall < middle:
                state.bright_before = middle
            # In the deep of the night a bright sensor sees a headlight, or the lamp.
            if state.dark is evening and (evening or scene.deep is False):
                state.latched, decided = (middle, evening), True
        night_side, day_side = (
            (middle + window, middle - window) if evening else (middle - window, middle + window)
        )
        if decided == evening:  # it is dark: this evening's change has come, or this morning's has not
            return replace(scene, level=max(scene.level, self._plan.stretch(night_side).level), dark=True)
        # Bright after sunset counts only for one who saw it bright before: after a restart it may be the lamp
        # itself.
        if scene.deep is not False or (evening and state.bright_before != middle):
            return scene
        day = replace(scene, level=min(scene.level, self._plan.stretch(day_side).level), dark=False)
        return self._unless_dark(day, now)

    def _read(self, lux: float | None, now: float) -> None:
        state = self.state
        if lux is None or math.isnan(lux):
            if now - state.read_at >= FORGET_S:
                state.dark = state.candidate = state.stuck = state.against_since = None
            return
        state.read_at = now
        candidate = (
            True
            if lux < self._thresholds.on_lux
            else False
            if lux > self._thresholds.off_lux
            else state.candidate
        )
        if candidate != state.candidate:
            state.candidate, state.candidate_since = candidate, now
        if state.dark is None or now - state.candidate_since >= STEADY_S:
            if state.candidate and not state.dark:
                state.dark_since = now
            state.dark = state.candidate

    def _watch_over(self, night: Night, wall: float, now: float) -> None:
        """Bright in the deep of the night, or dark in the middle of the day: the sensor or its wiring is
        broken.
        """
        state = self.state
        if state.dark is None:
            return
        window = self._thresholds.window_s
        deep = night.sun["dusk"] + window <= wall < night.sun["dawn"] - window
        day = not night.sun["sunset"] - window <= wall < night.sun["sunrise"] + window
        if (deep and not state.dark) or (day and state.dark):
            state.against_since = now if state.against_since is None else state.against_since
            if now - state.against_since >= STUCK_S:
                state.stuck = True
        elif deep or day:
            state.against_since, state.stuck = None, False
