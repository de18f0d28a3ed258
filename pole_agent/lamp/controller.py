"""The street-light controller: everything above in one step a tick.

Pure: time, readings and boosts come in, what to drive goes out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from pole_agent.lamp.commands import Sweep
from pole_agent.lamp.controls import Bounds, Control, Controls, ControlsState
from pole_agent.lamp.decide import UNBOUND, Decision, Limits, Override, Scene, decide
from pole_agent.lamp.fade import Fade, FadeState
from pole_agent.lamp.faults import Change, Faults, FaultsState, Feedback
from pole_agent.lamp.ledger import Ledger, LedgerState
from pole_agent.lamp.levels import Ageing, Curve, driven, output
from pole_agent.lamp.photocell import Photocell, PhotocellState, Thresholds
from pole_agent.lamp.program import Plan, Stretch
from pole_agent.lamp.relay import Relay, RelayState
from pole_agent.vocabulary import BoostLamp


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
    """What to drive now, and what is new. `fading`: the next step is due in a moment. `ended`: the time of an
    override is over.
    """

    duty: float
    closed: bool  # the relay
    fading: bool
    decision: Decision
    changes: tuple[Change, ...] = ()
    ended: bool = False


def powered(scene: Scene, limits: Limits) -> Scene:
    """The scene where the feeder is cut by day: to be powered is to be wanted, whatever sun and
    sensors say.
    """
    if scene.level is None:
        return scene
    return replace(
        scene, level=scene.level if limits.part_night else max(scene.level, limits.floor), dark=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What a controller is built from, from [lamp]. Where there is no relay and no photocell, `min_off_s` is
    infinite and `thresholds` None.
    """

    plan: Plan
    limits: Limits
    driver: Driver
    rated_w: float
    controls: tuple[Control, ...] = ()
    min_off_s: float = math.inf
    thresholds: Thresholds | None = None


@dataclass(slots=True, kw_only=True)
class ControllerState:
    """What a controller remembers. A reload hands it on, so that the light goes on without a jump."""

    override: Override | None = None
    decision: Decision | None = None
    fade: FadeState = field(default_factory=FadeState)
    relay: RelayState = field(default_factory=RelayState)
    controls: ControlsState = field(default_factory=ControlsState)
    photocell: PhotocellState = field(default_factory=PhotocellState)
    faults: FaultsState = field(default_factory=FaultsState)
    ledger: LedgerState = field(default_factory=LedgerState)


class Controller:
    """Decides and fades. Its owner drives the pin with what `step` returns."""

    def __init__(self, configuration: Configuration, state: ControllerState | None = None) -> None:
        self.plan, self.limits = configuration.plan, configuration.limits
        self._driver = driver = configuration.driver
        self.state = state = ControllerState() if state is None else state
        self._fade = Fade(driver.fade_s, driver.fade_down_s, self.limits, state.fade)
        self._controls = Controls(configuration.controls, self.plan.place, state.controls)
        self._relay = Relay(configuration.min_off_s, state.relay)
        cell = configuration.thresholds
        if cell is None:
            state.photocell = PhotocellState()  # a later one has not seen what this one saw
        self._photocell = None if cell is None else Photocell(cell, self.plan, state.photocell)
        self.ledger = Ledger(configuration.rated_w, state.ledger)
        self.faults = Faults(configuration.rated_w, state.faults)
        # Of the last step, for `reasons` and to save time: the first step sets them again.
        self.scene = Scene()
        self._stretch: Stretch | None = None
        self._idle: Output | None = None
        self._noted: tuple[float, float, str, bool] | None = None
        self._bounds: Bounds = UNBOUND
        self._boosts: tuple[BoostLamp, ...] = ()
        self._dark_by_day = False

    def hand_over(self, now: float) -> ControllerState:
        """What another controller goes on with; this one ends. Up to `now` its rated power holds."""
        self.ledger.charge(now)
        return self.state

    @property
    def override(self) -> Override | None:
        return self.state.override

    @override.setter
    def override(self, override: Override | None) -> None:
        self.state.override = override

    @property
    def decision(self) -> Decision | None:
        """What the last step decided."""
        return self.state.decision

    @property
    def program(self) -> str | None:
        """The name of the program that holds now, None when it is not known."""
        return self._stretch.program if self._stretch and self.scene.level is not None else None

    @property
    def cell_dark(self) -> bool | None:
        """What the photocell says; None: there is none, or it says nothing."""
        return None if self._photocell is None else self._photocell.state.dark

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
        self._fade.sweep(command, now)

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
        ended = self.override is not None and self.override.until <= now
        if ended:
            self.override = None
        bounds = self._controls.bounds(boosts, None if scene.level is None else wall, now)
        self._bounds, self._boosts = bounds, boosts
        decision = decide(scene, self.override, boosts, self.limits, now, bounds)
        if decision != self.decision:
            self._fade.change(self.decision, decision, self.override, now)
            self.state.decision = decision
        shown = self._fade.point(decision.level, scene.dark, self.override, now)
        share = output(self._driver.ageing, self._driver.virtual_output, self.ledger.burn_h)
        duty = driven(shown, self._driver.curve, share, self.limits.min_level)
        closed = self._relay.step(duty > 0, scene.dark, now)
        flowing = duty if closed else 0.0
        noted = (decision.level, flowing, decision.reason, bool(boosts))
        if noted != self._noted:
            self._noted = noted
            self.ledger.note(decision.level, flowing, decision.reason, bool(boosts), now)
        stuck = None if self._photocell is None else self._photocell.state.stuck
        changes = tuple(self.faults.step(flowing, scene.dark, feedback, stuck, now))
        fading = self._fade.sweeping or shown != decision.level
        result = Output(duty, closed, fading, decision, changes, ended)
        # A sensor that falls silent is waited for: what it told is unknown after a while.
        sensed = any(self.faults.state.known.values())
        moving = fading or changes or ended or boosts or self.override or self._controls or self._photocell
        idle = wall is not None and not moving and not sensed and self._relay.settled
        self._idle = result if idle else None
        return result

    def _nothing_new(self, wall: float | None, feedback: Feedback | None) -> bool:
        """Most of a year is this: the same stretch of the program, and nobody wants anything."""
        if self.override is not None or self._fade.sweeping or feedback is not None:
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
