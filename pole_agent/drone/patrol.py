"""Patrols: flights by a plan. A plan makes requests at its times; they pass the same gates and approvals as any other. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pole_agent.almanac import DAY_S, Place, TimeOfDay, moment, night_of
from pole_agent.dates import Weekdays


@dataclass(frozen=True, slots=True)
class Patrol:
    """One plan. Times are local; a patrol that could not start within its window is not made up for."""

    name: str
    at: tuple[TimeOfDay, ...]
    days: Weekdays
    radius_m: float
    window_s: float
    written: str  # the plan in words: what a standing approval covers

    def due(self, wall: float, place: Place) -> list[float]:
        """The wall times of this plan whose window is open at `wall`."""
        found = []
        for night in (night_of(wall - DAY_S, place), night_of(wall, place), night_of(wall + DAY_S, place)):
            for time_of_day in self.at:
                at = moment(time_of_day, night, place)
                # A sun that does not come there today has no moment; its evening words stand for "already" with the start of the night.
                if at <= wall < at + self.window_s and self.days.holds(datetime.fromtimestamp(at, place.zone).date()):
                    found.append(at)
        return sorted(set(found))


def written(at: Sequence[str], days: str, radius_m: float, window_s: float) -> str:
    """The plan on one line, the same for the same plan."""
    return f"at {', '.join(at)} on {days}, {radius_m:g} m around the pole, each within {window_s:g} s"
