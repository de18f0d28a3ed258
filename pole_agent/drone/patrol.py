"""Patrols: flights by a plan.

A plan makes requests at its times; they pass the same gates and approvals as any other. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from pole_agent.almanac import DAY_S, NEVER, Place, TimeOfDay, moment, night_of
from pole_agent.dates import Weekdays


@dataclass(frozen=True, slots=True)
class Patrol:
    """One plan. Times are local; a patrol that could not start within its window is not made up for."""

    name: str
    at: tuple[TimeOfDay, ...]
    days: Weekdays
    radius_m: float
    window_s: float
    written: str  # the plan as text: what a standing approval covers

    def due(self, wall: float, place: Place) -> list[float]:
        """The wall times of this plan whose window is open at `wall`."""
        moments = [at for time_of_day in self.at for at in _moments(time_of_day, wall, place)]
        return sorted(
            {
                at
                for at in moments
                if at <= wall < at + self.window_s
                and self.days.holds(datetime.fromtimestamp(at, place.zone).date())
            }
        )


def _moments(time_of_day: TimeOfDay, wall: float, place: Place) -> Iterator[float]:
    """The moments of a time of day around `wall`.

    None for sunset and the like where the sun does not rise or set on that day.
    """
    if time_of_day.solar is None:
        today = datetime.fromtimestamp(wall, place.zone).date()
        minutes = time_of_day.offset_s // 60
        for date in (today - timedelta(days=1), today, today + timedelta(days=1)):
            yield datetime.combine(date, time(minutes // 60, minutes % 60), place.zone).timestamp()
        return
    for night in (night_of(wall - DAY_S, place), night_of(wall, place), night_of(wall + DAY_S, place)):
        if night.start < night.sun[time_of_day.solar] < NEVER:
            yield moment(time_of_day, night, place)
