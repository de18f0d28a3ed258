"""From one level to the next without a jump: fades, and the sweep for the one who mounts the lamp. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pole_agent.lamp.commands import Sweep
from pole_agent.lamp.decide import Decision, Limits, Override
from pole_agent.lamp.levels import faded

FADE_TICK_S = 0.02


@dataclass(slots=True, kw_only=True)
class FadeState:
    """Where the light stands and where it comes from. Times are monotonic."""

    shown: float = 0.0  # the level of the last step
    start: float = 0.0  # of the fade: its level and its time
    began: float = 0.0
    lasts_s: float = 0.0
    faded_for: Override | None = None  # the override whose own transition has been used
    sweep: tuple[float, float] | None = None  # since when, and for how long


class Fade:
    """The point of the light on its way to the level that is decided."""

    def __init__(self, up_s: float, down_s: float, limits: Limits, state: FadeState | None = None) -> None:
        self._up_s, self._down_s, self._limits = up_s, down_s, limits
        self.state = FadeState() if state is None else state

    @property
    def sweeping(self) -> bool:
        return self.state.sweep is not None

    def sweep(self, command: Sweep, now: float) -> None:
        self.state.sweep = (now, command.seconds)

    def change(
        self, before: Decision | None, decision: Decision, override: Override | None, now: float
    ) -> None:
        """Another decision holds from `now` on; `before` None: it is the first."""
        state = self.state
        if before is None:
            state.shown = state.start = decision.level  # the first light does not fade: unknown = lit
        elif before.level != decision.level:
            # The transition belongs to the command: what changes later under the same override fades as
            # usual.
            asked = override if decision.reason == "override" and override is not state.faded_for else None
            transition = asked.transition_s if asked else None
            usual = self._up_s if decision.level > state.shown else self._down_s
            state.start, state.began = state.shown, now
            state.lasts_s = usual if transition is None else transition
        state.faded_for = override

    def point(self, level: float, dark: bool | None, override: Override | None, now: float) -> float:
        """The level to show at `now`, on the way to `level`. `dark` None: unknown."""
        state = self.state
        if state.sweep is not None:
            began, lasts = state.sweep
            if now - began < lasts:
                share = abs(1 - 2 * (now - began) / lasts)  # 1, down to 0, up to 1
                state.shown = self._limits.min_level + (1 - self._limits.min_level) * share
                state.start, state.began, state.lasts_s = state.shown, now, self._up_s
                return state.shown
            state.sweep = None
        # One tick ahead, so that the first step of a fade is already light.
        state.shown = faded(state.start, level, state.began, state.lasts_s, now + FADE_TICK_S)
        local = override is not None and override.local
        if dark is not False and not local and state.shown < min(level, self._limits.floor):
            # A slow fade was asked for by day, and now it is dark: up to the floor it goes at the usual pace.
            left = state.began + state.lasts_s - now
            if left > self._up_s:
                state.start, state.began, state.lasts_s = state.shown, now, self._up_s
        return state.shown
