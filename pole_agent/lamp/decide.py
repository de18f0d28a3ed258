"""Which level, and why: failsafe, override, presence or program. Pure; unknown means lit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pole_agent.lamp.controls import Bounds
from pole_agent.lamp.levels import held
from pole_agent.vocabulary import BoostLamp

Reason = Literal["failsafe", "override", "presence", "program"]


@dataclass(frozen=True, slots=True)
class Override:
    """A level that replaces the program until `until` (monotonic seconds). `fixed`: presence does not raise
    it.

    `local`: it was asked for at the pole itself, where a person sees what happens; only then may it go below
    the floor in darkness.
    """

    level: float
    until: float
    fixed: bool = False
    transition_s: float | None = None
    by: str = ""
    reason: str = ""
    local: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What the decision respects, from [lamp]."""

    floor: float
    min_level: float
    failsafe_level: float
    boost_in_daylight: bool
    part_night: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """What the program asks for (None: unknown, for want of a clock or a program) and how dark it is (None:
    unknown).
    """

    level: float | None = None
    dark: bool | None = None
    deep: bool | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The level asked for, the reason, and the monotonic time at which the reason ends (None: when the
    program says).
    """

    level: float
    reason: Reason
    until: float | None = None


UNBOUND = Bounds()


def decide(
    scene: Scene,
    override: Override | None,
    boosts: Iterable[BoostLamp],
    limits: Limits,
    now: float,
    bounds: Bounds = UNBOUND,
) -> Decision:
    """Decide at `now` (monotonic).

    An override replaces the program; presence raises either; the floor holds at night.
    """
    asked = override if override is not None and override.until > now else None
    decision = _override(asked, scene, limits) if asked else _automatic(scene, limits, bounds)
    if (asked is None or not asked.fixed) and (scene.dark is not False or limits.boost_in_daylight):
        boost = max((b for b in boosts if b.until > now), key=lambda b: (b.level, b.until), default=None)
        if boost is not None:
            level = boost.level if asked else min(boost.level, _high(scene, limits, bounds))
            decision = _raised(decision, Decision(level, "presence", boost.until), limits)
        reason: Reason = "presence" if bounds.sensed else decision.reason
        decision = _raised(
            decision,
            Decision(bounds.low, reason, decision.until if reason == decision.reason else None),
            limits,
        )
    return Decision(held(decision.level, limits.min_level), decision.reason, decision.until)


def _override(override: Override, scene: Scene, limits: Limits) -> Decision:
    # At night, or when night is unknown, nothing remote goes below the floor.
    least = limits.floor if scene.dark is not False and not override.local else 0.0
    return Decision(max(override.level, least), "override", override.until)


def _automatic(scene: Scene, limits: Limits, bounds: Bounds) -> Decision:
    if scene.level is None:
        return Decision(limits.failsafe_level, "failsafe")
    level = min(scene.level, _high(scene, limits, bounds))
    if scene.deep is not False and not limits.part_night:
        level = max(level, limits.floor)  # a mistake in the program leaves no street black
    return Decision(level, "program")


def _high(scene: Scene, limits: Limits, bounds: Bounds) -> float:
    """The most that a maximum leaves; in darkness never less than the floor."""
    return max(bounds.high, limits.floor) if scene.dark is not False else bounds.high


def _raised(decision: Decision, other: Decision, limits: Limits) -> Decision:
    """The other, if it gives more light as the driver can show it."""
    return other if held(other.level, limits.min_level) > held(decision.level, limits.min_level) else decision
