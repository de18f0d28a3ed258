"""What a rule asks of those who are there, and who counts as part of the street. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pole_agent.incidents.rules import Line, Rule
from pole_agent.incidents.trajectory import Trajectory
from pole_agent.rule_kinds import Seen

# What has been standing for this long is part of the street: it holds no presence, and keeps no lamp raised.
STATIC_S = {"person": 900.0}
OTHER_STATIC_S = 60.0


def meets(
    rule: Rule, trajectory: Trajectory, crossed: Mapping[str, int], now: float, *, has_case: bool
) -> bool:
    """Does this track fulfil the condition of the rule at this frame?

    `crossed`: the lines that it has crossed, and which way. `has_case`: it has an incident of this rule, open
    or in the making.
    """
    if isinstance(rule.place, Line):
        way = crossed.get(rule.place.name, 0)
        return way != 0 and (rule.direction == "any" or way == (1 if rule.direction == "forward" else -1))
    kind, name = rule.of_kind, rule.place.name
    if name not in trajectory.entered and not (kind.early and name in trajectory.through):
        return False
    return kind.meets(
        Seen(
            stood_s=trajectory.stood(now),
            dwell_s=rule.dwell_s,
            static=is_static(trajectory, now),
            told=rule.name in trajectory.alerted and not has_case,
        )
    )


def since(rule: Rule, there: Sequence[Trajectory], now: float) -> float:
    """When the condition began to hold. Who is new to us may have been there before it was sure."""
    if rule.of_kind.from_standstill:
        return there[0].still_since
    place = rule.place.name
    if rule.of_kind.per_rule:
        return sorted(w.entered.get(place, now) if w.track.earlier else now for w in there)[rule.count - 1]
    return there[0].entered.get(place, now)


def is_static(trajectory: Trajectory, now: float) -> bool:
    return trajectory.stood(now) > STATIC_S.get(trajectory.track.label, OTHER_STATIC_S)
