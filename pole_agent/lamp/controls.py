"""Dynamic controls: limits that hold at some times or while something happens. In order of priority, the
first decides. Pure.

After the dynamic controls of the TALQ Smart City Protocol: a minimum, a maximum or a level, with a hold time
after the condition has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pole_agent.almanac import Place, Span
from pole_agent.vocabulary import BoostLamp, Severity

Kind = Literal["min", "max", "level"]
When = Literal["always", "presence", "info", "warning", "alarm"]


@dataclass(frozen=True, slots=True)
class Control:
    """While `when` is true, and `hold_s` longer, in the times of `span`: at least, at most or exactly this
    level.
    """

    kind: Kind
    level: float
    when: When
    span: Span
    hold_s: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits that hold now. `sensed`: the minimum comes from something that was seen."""

    low: float = 0.0
    high: float = 1.0
    sensed: bool = False


@dataclass(slots=True, kw_only=True)
class ControlsState:
    """When the condition of each control was last true (monotonic); -inf: never."""

    true_at: dict[Control, float] = field(default_factory=dict)


class Controls:
    """The controls in their order of priority."""

    def __init__(self, controls: Sequence[Control], place: Place, state: ControlsState | None = None) -> None:
        """Hold times of `state` go on for controls that are the same, wherever they stand now."""
        self._controls, self._place = controls, place
        self.state = ControlsState() if state is None else state
        before = self.state.true_at
        self.state.true_at = {control: before.get(control, float("-inf")) for control in controls}

    def __bool__(self) -> bool:
        return bool(self._controls)

    def bounds(self, boosts: Iterable[BoostLamp], wall: float | None, now: float) -> Bounds:
        """The limits at `now` (monotonic).

        `wall` None: the time of day is unknown; then minima hold and maxima do not.
        """
        worst = max((b.severity for b in boosts if b.until > now), default=None)
        low: float | None = None
        high: float | None = None
        sensed = False
        true_at = self.state.true_at
        for control in self._controls:
            if _true(control.when, worst):
                true_at[control] = now
            if now - true_at[control] > control.hold_s or not self._in_time(control, wall):
                continue
            # What comes first has priority: a later limit gives way to it.
            if control.kind != "max" and low is None:
                low = control.level if high is None else min(control.level, high)
                sensed = control.when != "always"
            if control.kind != "min" and high is None:
                high = control.level if low is None else max(control.level, low)
        return Bounds(low or 0.0, 1.0 if high is None else high, sensed)

    def _in_time(self, control: Control, wall: float | None) -> bool:
        if wall is None:
            return control.kind == "min" or (control.kind == "level" and control.level == 1)
        return control.span.holds(wall, self._place)


def _true(when: When, worst: Severity | None) -> bool:
    if when == "always":
        return True
    return worst is not None and (when == "presence" or worst >= Severity.of(when))
