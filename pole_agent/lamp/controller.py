"""The street-light controller: everything above in one step a tick.

Pure: time, readings and boosts come in, what to drive goes out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from pole_agent.lamp.commands import Sweep
from pole_agent.lamp.controls import Bounds, Controls
from pole_agent.lamp.decide import UNBOUND, Decision, Limits, Override, Scene, decide
from pole_agent.lamp.faults import Change, Faults, Feedback
from pole_agent.lamp.ledger import Ledger
from pole_agent.lamp.levels import Ageing, Curve, driven, faded, output
from pole_agent.lamp.photocell import Photocell
from pole_agent.lamp.program import Plan, Stretch
from pole_agent.lamp.relay import Relay
from pole_agent.vocabulary import BoostLamp

FADE_TICK_S = 0.02


@dataclass(frozen=True, slots=True)
class Driver:
    """How the LED driver is fed, from [lamp]."""

    curve: Curve
    fade_s: float
    fade_down_s: float
    ageing: Ageing
    virtual_output: float
    powered_means_night: bool  # [pole] supply = "night"


@dataclass(frozen=True, slots=True)
class Output:
    """What to drive now, and what is new. `fading`: the next step is due in a moment."""

    duty: float
    closed: bool  # the relay
    fading: bool
    decision: Decision
    changes: tuple[Change, ...] = ()


def powered(scene: Scene, limits: Limits) -> Scene:
    """The scene where the feeder is cut by day: to be powered is to be wanted, whatever sun and
    sensors say.
    """
    if scene.level is None:
        return scene
    return replace(
        scene, level=scene.level if limits.part_night else max(scene.level, limits.floor), dark=True
    )


class Controller:
    """Decides and fades. Its owner drives the pin with what `step` returns."""

    def __init__(
        self,
        plan: Plan,
        limits: Limits,
        driver: Driver,
        controls: Controls,
        relay: Relay,
        photocell: Photocell | None,
        ledger: Ledger,
        faults: Faults,
    ) -> None:
        self.plan, self.limits = plan, limits
        self._driver, self._controls, self._relay, self._photocell = driver, controls, relay, photocell
        self.ledger, self.faults = ledger, faults
        self.override: Override | None = None
        self.scene = Scene()
        self.decision: Decision | None = None
        self._stretch: Stretch | None = None
        self._sweep: tuple[float, float] | None = None
        self._start, self._began, self._fading_s, self._shown = 0.0, 0.0, 0.0, 0.0
        self._idle: Output | None = None
        self._faded_for: Override | None = None
        self._noted: tuple[float, float, str, bool] | None = None
        self._bounds: Bounds = UNBOUND
        self._boosts: tuple[BoostLamp, ...] = ()
        self._dark_by_day = False

    def take_over(self, old: Controller, now: float) -> None:
        """Go on where another controller stands: after a reload, without a jump of the light."""
        self.override, self.decision, self._faded_for = old.override, old.decision, old._faded_for
        self._relay.take_over(old._relay)
        self._controls.take_over(old._controls)
        if self._photocell is not None and old._photocell is not None:
            self._photocell.take_over(old._photocell)
        self._sweep = old._sweep
        self._start, self._began, self._fading_s, self._shown = (
            old._start,
            old._began,
            old._fading_s,
            old._shown,
        )
        self.faults.take_over(old.faults)
        old.ledger.charge(now)
        old.ledger.rated_w = self.ledger.rated_w
        self.ledger = old.ledger

    @property
    def program(self) -> str | None:
        """The name of the program that holds now, None when it is not known."""
        return self._stretch.program if self._stretch and self.scene.level is not None else None

    @property
    def cell_dark(self) -> bool | None:
        """What the photocell says; None: there is none, or it says nothing."""
        return None if self._photocell is None else self._photocell.dark

    def reasons(self) -> dict[str, Any]:
        """What led to the decision that holds: everything that was asked at the last tick, for the log of
        `why`.
        """
        scene, override, bounds, decision = self.scene, self.override, self._bounds, self.decision
        return {
            "level": decision.level if decision else None,
            "reason": decision.reason if decision else None,
            "program": self.program,
            "program_level": scene.level,
            "dark": scene.dark,
            "deep": scene.deep,
            "floor": self.limits.floor,
            "failsafe_level": self.limits.failsafe_level,
            "override": override
            and {
                "level": override.level,
                "fixed": override.fixed,
                "local": override.local,
                "by": override.by,
                "reason": override.reason,
            },
            "presence": {b.source: b.level for b in self._boosts},
            "dark_by_day": self._dark_by_day,
            "low": bounds.low,
            "high": bounds.high,
        }

    def sweep(self, command: Sweep, now: float) -> None:
        self._sweep = (now, command.seconds)

    def step(
        self,
        wall: float | None,
        now: float,
        boosts: Iterable[BoostLamp] = (),
        lux: float | None = None,
        feedback: Feedback | None = None,
    ) -> Output:
        """One tick at `now` (monotonic). `wall` None: the clock is not trusted."""
        boosts = tuple(boosts)
        if self._idle is not None and not boosts and self._nothing_new(wall, feedback):
            return self._idle
        scene = self._look_up(wall)
        if self._photocell is not None:
            scene = self._photocell.step(lux, scene, wall, now)
            self._dark_by_day = wall is not None and self._photocell.contradicts(now)
        if self._driver.powered_means_night:
            scene = powered(scene, self.limits)
        self.scene = scene
        if self.override is not None and self.override.until <= now:
            self.override = None
        bounds = self._controls.bounds(boosts, None if scene.level is None else wall, now)
        self._bounds, self._boosts = bounds, boosts
        decision = decide(scene, self.override, boosts, self.limits, now, bounds)
        if decision != self.decision:
            self._change(decision, now)
        shown = self._point(decision, now)
        share = output(self._driver.ageing, self._driver.virtual_output, self.ledger.burn_h)
        duty = driven(shown, self._driver.curve, share, self.limits.min_level)
        closed = self._relay.step(duty > 0, scene.dark, now)
        flowing = duty if closed else 0.0
        noted = (decision.level, flowing, decision.reason, bool(boosts))
        if noted != self._noted:
            self._noted = noted
            self.ledger.note(decision.level, flowing, decision.reason, bool(boosts), now)
        stuck = None if self._photocell is None else self._photocell.stuck
        changes = tuple(self.faults.step(flowing, scene.dark, feedback, stuck, now))
        fading = self._sweep is not None or shown != decision.level
        result = Output(duty, closed, fading, decision, changes)
        # A sensor that falls silent is waited for: what it told is unknown after a while.
        sensed = any(self.faults.known.values())
        moving = fading or changes or boosts or self.override or self._controls or self._photocell or sensed
        self._idle = None if moving or wall is None or not self._relay.settled else result
        return result

    def _nothing_new(self, wall: float | None, feedback: Feedback | None) -> bool:
        """Most of a year is this: the same stretch of the program, and nobody wants anything."""
        if self.override is not None or self._sweep is not None or feedback is not None:
            return False
        return (
            wall is not None and self._stretch is not None and self._stretch.start <= wall < self._stretch.end
        )

    def _look_up(self, wall: float | None) -> Scene:
        """The program's part of the scene. What cannot be known is None: then the lamp is lit."""
        if wall is None:
            return Scene()
        stretch = self._stretch
        if stretch is None or not stretch.start <= wall < stretch.end:
            try:
                stretch = self._stretch = self.plan.stretch(wall)
            except (ValueError, OverflowError, KeyError):
                # a time beyond the calendar, or a program that cannot be read
                self._stretch = None
                return Scene()
        return Scene(stretch.level, stretch.dark, stretch.deep)

    def _change(self, decision: Decision, now: float) -> None:
        before, self.decision = self.decision, decision
        if before is None:
            self._shown = self._start = decision.level  # the first light does not fade: unknown = lit
        elif before.level != decision.level:
            # The transition belongs to the command: what changes later under the same override fades as
            # usual.
            asked = (
                self.override
                if decision.reason == "override" and self.override is not self._faded_for
                else None
            )
            transition = asked.transition_s if asked else None
            usual = self._driver.fade_s if decision.level > self._shown else self._driver.fade_down_s
            self._start, self._began = self._shown, now
            self._fading_s = usual if transition is None else transition
        self._faded_for = self.override

    def _point(self, decision: Decision, now: float) -> float:
        """The level to show now: a point of the sweep or of the fade."""
        if self._sweep is not None:
            began, lasts = self._sweep
            if now - began < lasts:
                share = abs(1 - 2 * (now - began) / lasts)  # 1, down to 0, up to 1
                self._shown = self.limits.min_level + (1 - self.limits.min_level) * share
                self._start, self._began, self._fading_s = self._shown, now, self._driver.fade_s
                return self._shown
            self._sweep = None
        # One tick ahead, so that the first step of a fade is already light.
        self._shown = faded(self._start, decision.level, self._began, self._fading_s, now + FADE_TICK_S)
        local = self.override is not None and self.override.local
        if (
            self.scene.dark is not False
            and not local
            and self._shown < min(decision.level, self.limits.floor)
        ):
            # A slow fade was asked for by day, and now it is dark: up to the floor it goes at the usual pace.
            left = self._began + self._fading_s - now
            if left > self._driver.fade_s:
                self._start, self._began, self._fading_s = self._shown, now, self._driver.fade_s
        return self._shown
