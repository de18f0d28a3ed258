"""The program of the night: which level at which time. Times are fixed or solar; a day runs from noon to noon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pole_agent.almanac import DAY_S, Place, TimeOfDay, is_dark, moment


@dataclass(frozen=True, slots=True)
class Step:
    """From this time on, this level."""

    time: TimeOfDay
    level: float


def level_at(program: Sequence[Step], wall: float, place: Place) -> float | None:
    """The level that the program asks for: that of the latest step that has come, yesterday's included.

    None when no step happened in the last two days (a program of solar steps where the sun does not set).
    """
    for day in (wall, wall - DAY_S):
        past = [(at, step.level) for step in program if (at := moment(step.time, day, place)) is not None and at <= wall]
        if past:
            return max(past, key=lambda p: p[0])[1]
    return None


def next_change(program: Sequence[Step], wall: float, place: Place) -> float | None:
    """The wall time of the next step, None when there is none within a day."""
    coming = [at for day in (wall, wall + DAY_S) for step in program if (at := moment(step.time, day, place)) and at > wall]
    return min(coming, default=None)


def wanted(program: Sequence[Step], wall: float, place: Place) -> float:
    """The program's level; where it has none, dark means lit and bright means off."""
    level = level_at(program, wall, place)
    if level is None:
        return 1.0 if is_dark(wall, place) else 0.0
    return level
