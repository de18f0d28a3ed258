"""Which days are meant: weekdays ("mon..fri", "sat,sun") and dates ("2027-03-20", every year "08-17",
"12-24..01-02").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from pole_agent.languages import phrase

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DATE = re.compile(r"(?:(\d{4})-)?(\d{2})-(\d{2})")
LEAP_YEAR = 2000  # 29 February is a date


@dataclass(frozen=True, slots=True)
class Weekdays:
    """A set of weekdays, Monday is 0."""

    days: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Weekdays:
        """Read "mon", "mon..fri", "sat..mon" or a list with commas. Raises ValueError."""
        days: set[int] = set()
        for part in text.split(","):
            first, dots, last = part.strip().partition("..")
            for word in (first, last) if dots else (first,):
                if word not in WEEKDAYS:
                    known = ", ".join(WEEKDAYS) + _meant(word)
                    raise ValueError(
                        phrase("weekday-invalid", word=f"{word!r}", text=f"{text!r}", known=known)
                    )
            start = WEEKDAYS.index(first)
            count = (WEEKDAYS.index(last) - start) % 7 if dots else 0
            days.update((start + i) % 7 for i in range(count + 1))
        return cls(frozenset(days))

    def holds(self, day: date) -> bool:
        return day.weekday() in self.days


def _meant(word: str) -> str:
    near = next((d for d in WEEKDAYS if word.lower().startswith(d)), None) or next(
        iter(get_close_matches(word.lower(), WEEKDAYS, 1)), None
    )
    return f"; did you mean {near}?" if near else ""


@dataclass(frozen=True, slots=True)
class Dates:
    """From one date to another, both included; without a year (0) in every year, also across New Year."""

    first: tuple[int, int, int]
    last: tuple[int, int, int]

    @classmethod
    def parse(cls, text: str) -> Dates:
        """Read "2027-03-20", "08-17", "12-24..01-02" or "2027-03-01..2027-03-29". Raises ValueError."""
        first, dots, last = text.partition("..")
        start, end = _read(first, text), _read(last if dots else first, text)
        if (start[0] == 0) != (end[0] == 0):
            raise ValueError(phrase("dates-year-mismatch", text=f"{text!r}"))
        if start[0] and end < start:
            raise ValueError(phrase("dates-reversed", text=f"{text!r}"))
        return cls(start, end)

    def holds(self, day: date) -> bool:
        here = (day.year if self.first[0] else 0, day.month, day.day)
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


def _read(part: str, whole: str) -> tuple[int, int, int]:
    match = _DATE.fullmatch(part.strip())
    try:
        if match is None:
            raise ValueError
        year, month, day = int(match[1] or 0), int(match[2]), int(match[3])
        date(year or LEAP_YEAR, month, day)
    except ValueError:
        raise ValueError(phrase("date-invalid", text=f"{whole!r}")) from None
    return year, month, day
