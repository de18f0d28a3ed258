"""Which level at which time: programs of steps, and the calendar that chooses the program of a night. Pure.

Steps come in the order of their times; the latest that has come holds until the next. Where the sun does not set, or the night is shorter
than the offsets, some solar steps make no sense: see `Plan.steps`.
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
        return (self.days is None or self.days.holds(evening)) and (self.dates is None or self.dates.holds(evening))


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
    """All programs by name, and the calendar: the first rule that holds decides, else the program "default"."""

    programs: Mapping[str, tuple[Step, ...]]
    calendar: tuple[CalendarRule, ...]
    place: Place

    def program_of(self, evening: date) -> str:
        return next((rule.program for rule in self.calendar if rule.holds(evening)), DEFAULT)

    def steps(self, night: Night) -> list[tuple[float, float]]:
        """(wall time, level) of the steps that come in this night, in order of time.

        An evening step that would come after the first morning step of the same night is left out: the night is too short for both. In a
        night in which the sun does not even get down to the program's evening, its fixed times are left out too, if it ends with a
        morning step: else they would light the day.
        """
        steps = self.programs[self.program_of(night.date)]
        mornings = [moment(s.time, night, self.place) for s in steps if s.time.solar in MORNING]
        evenings = [moment(s.time, night, self.place) for s in steps if s.time.solar in EVENING]
        bright = mornings and all(night.sun[s.time.solar] == night.start for s in steps if s.time.solar in MORNING)
        bright = bright and NEVER not in mornings and all(at == NEVER for at in evenings)
        first_morning = min(mornings, default=NEVER)
        come = []
        for step in steps:
            at = moment(step.time, night, self.place)
            if at == NEVER or (bright and step.time.solar is None) or (step.time.solar in EVENING and at >= first_morning):
                continue
            come.append((at, step.level))
        return sorted(come, key=lambda pair: pair[0])

    def stretch(self, wall: float) -> Stretch:
        """What holds at `wall`, and for how long. Raises ValueError or OverflowError for a time beyond the calendar."""
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
