"""Which level, and why: failsafe, override, presence or program. Pure; unknown means lit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pole_agent.lamp.levels import held
from pole_agent.vocabulary import BoostLamp

Reason = Literal["failsafe", "override", "presence", "program"]


@dataclass(frozen=True, slots=True)
class Override:
    """A level that replaces the program until `until` (monotonic seconds). `fixed`: presence does not raise it."""

    level: float
    until: float
    fixed: bool = False
    transition_s: float | None = None
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the decision respects, from [lamp]."""

    floor: float
    min_level: float
    failsafe_level: float
    boost_in_daylight: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """The level asked for, the reason, and the monotonic time at which the reason ends (None: when the program says)."""

    level: float
    reason: Reason
    until: float | None = None


def decide(
    program_level: float | None,
    dark: bool | None,
    override: Override | None,
    boosts: Iterable[BoostLamp],
    limits: Limits,
    now: float,
) -> Decision:
    """Decide at `now` (monotonic).

    `program_level` None: the clock is not trusted or the program failed. `dark` None: it is not known whether it is night.
    """
    unknown = program_level is None
    decision = Decision(limits.failsafe_level, "failsafe") if unknown else Decision(program_level or 0.0, "program")
    fixed = False
    if override is not None and override.until > now:
        # At night, or when night is unknown, nothing remote goes below the floor.
        least = limits.floor if dark is not False else 0.0
        decision = Decision(max(override.level, least), "override", override.until)
        fixed = override.fixed
    boost = max((b for b in boosts if b.until > now), key=lambda b: (b.level, b.until), default=None)
    if boost is not None and not fixed and (dark is not False or limits.boost_in_daylight) and raises(boost, decision, limits):
        decision = Decision(boost.level, "presence", boost.until)
    return Decision(held(decision.level, limits.min_level), decision.reason, decision.until)


def raises(boost: BoostLamp, decision: Decision, limits: Limits) -> bool:
    """Does the boost give more light than the decision so far, as the driver can show it?"""
    return held(boost.level, limits.min_level) > held(decision.level, limits.min_level)
