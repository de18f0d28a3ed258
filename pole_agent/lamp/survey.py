"""A look ahead over a year of nights: which would be left without light, and on which days would the lamp
burn. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from pole_agent.almanac import DAY_S, night_of
from pole_agent.lamp.program import Plan

NIGHTS = 366
SHORTEST_S = 60.0  # the time that a sunset is uncertain by
BURNING_S = 3600.0  # light by day for longer than this is told


@dataclass(frozen=True, slots=True)
class Spell:
    """In the night of `evening` the lamp is off (`lit` False) in deep darkness, or on (`lit` True) in
    daylight, in wall time.
    """

    evening: date
    program: str
    start: float
    end: float
    lit: bool


def survey(plan: Plan, wall: float, nights: int = NIGHTS) -> Iterator[Spell]:
    """Every spell of darkness at night and of light by day, from the night of `wall` on."""
    # From the middle of each night, because a night does not begin at the same hour all the year.
    middle = night_of(wall, plan.place).middle
    for number in range(nights):
        night = night_of(middle + number * DAY_S, plan.place)
        spells: list[Spell] = []
        for part in plan.stretches(night):
            dark = part.deep and part.level == 0
            if not dark and (part.dark or part.level == 0):
                continue
            if spells and spells[-1].end == part.start and spells[-1].lit is not dark:
                first = spells.pop()
                spells.append(Spell(night.date, first.program, first.start, part.end, not dark))
            else:
                spells.append(Spell(night.date, part.program, part.start, part.end, not dark))
        yield from (s for s in spells if s.end - s.start > (BURNING_S if s.lit else SHORTEST_S))
