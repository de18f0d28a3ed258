"""Which level at which time: programs of steps, and the calendar that chooses the program of a night. Pure.

The latest step that has come holds until the next. Where the sun does not set, or the night is shorter than
the offsets, some steps make no sense: see `Plan.steps`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pole_agent.almanac import DAY_S, EVENING, MORNING, NEVER, Night, Place, TimeOfDay, moment, night_of
from pole_agent.dates import Dates, Weekdays

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Step:
    """From this time on, this level."""

    time: TimeOfDay
    level: float


@dataclass(frozen=True, slots=True)
class CalendarRule:
    """The nights whose evening falls on these weekdays and dates have this program. None: any."""

    program: str
    days: Weekdays | None = None
    dates: Dates | None = None

    def holds(self, evening: date) -> bool:
        return (self.days is None or self.days.holds(evening)) and (
            self.dates is None or self.dates.holds(evening)
        )


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a night in which nothing changes: wall times, the level, and what the sun does.

    `dark`: the sun is below the horizon. `deep`: it is below −6°, so that a street without light is black.
    """

    start: float
    end: float
    level: float
    program: str
    dark: bool
    deep: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """All programs by name, and the calendar: the first rule that holds decides, else the program
    "default".
    """

    programs: Mapping[str, tuple[Step, ...]]
    calendar: tuple[CalendarRule, ...]
    place: Place

    def program_of(self, evening: date) -> str:
        return next((rule.program for rule in self.calendar if rule.holds(evening)), DEFAULT)

    def steps(self, night: Night) -> list[tuple[float, float]]:
        """(wall time, level) of the steps that come in this night, in order of time.

        A program is written in the order of the night. So a fixed time that would come before an evening step
        (sunset, dusk) written above it waits for that, and what would come after a morning step (dawn,
        sunrise) written below it is left out: in a bright summer, fixed times do not light the day.
        """
        steps = self.programs[self.program_of(night.date)]
        times = [moment(step.time, night, self.place) for step in steps]
        come = []
        for number, (step, at) in enumerate(zip(steps, times, strict=True)):
            if step.time.solar is None:
                evenings = [t for s, t in zip(steps[:number], times, strict=False) if s.time.solar in EVENING]
                at = max([at, *evenings])
            mornings = [
                t for s, t in zip(steps[number:], times[number:], strict=True) if s.time.solar in MORNING
            ]
            if at == NEVER or (step.time.solar not in MORNING and at >= min(mornings, default=NEVER)):
                continue
            come.append((at, step.level))
        return sorted(come, key=lambda pair: pair[0])

    def stretch(self, wall: float) -> Stretch:
        """What holds at `wall`, and for how long.

        Raises ValueError or OverflowError for a time beyond the calendar.
        """
        night = night_of(wall, self.place)
        before = night_of(night.start - DAY_S / 2, self.place)
        steps = [*self.steps(before), *self.steps(night)]
        past = [(at, number, level) for number, (at, level) in enumerate(steps) if at <= wall]
        dark = night.sun["sunset"] <= wall < night.sun["sunrise"]
        deep = night.sun["dusk"] <= wall < night.sun["dawn"]
        # A program without any step in two nights: dark means lit, bright means off.
        level = max(past)[2] if past else 1.0 if dark else 0.0
        turns = [night.start, night.end, *(at for at, _ in steps), *night.sun.values()]
        start = max(at for at in turns if at <= wall)
        end = min(at for at in turns if at > wall)
        return Stretch(start, end, level, self.program_of(night.date), dark, deep)

    def stretches(self, night: Night) -> list[Stretch]:
        """The whole night, one stretch after the other."""
        found = []
        at = night.start
        while at < night.end:
            found.append(self.stretch(at))
            at = found[-1].end
        return found
