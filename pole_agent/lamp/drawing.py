"""A night as plain text: what the lamp is going to do, for a terminal. Pure."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from pole_agent.almanac import NEVER, Night, Place
from pole_agent.lamp.program import Plan, Stretch
from pole_agent.languages import phrase

ROWS = 10
EDGE_S = 3600.0  # of daylight on both sides
HOURS_APART = 3
SUN = {
    "sunset": phrase("sunset"),
    "dusk": phrase("dusk"),
    "dawn": phrase("dawn"),
    "sunrise": phrase("sunrise"),
}


def draw(plan: Plan, night: Night, rated_w: float, floor: float = 0.0, width: int = 72) -> Iterator[str]:
    """The lines: sun, picture, changes of level, an estimate of the energy.

    `floor` holds between dusk and dawn.
    """
    place = plan.place
    parts = [replace(p, level=max(p.level, floor)) if p.deep else p for p in plan.stretches(night)]
    first, last = night.date, datetime.fromtimestamp(night.end, place.zone).date()
    yield phrase("night-title", first=first, last=last, program=plan.program_of(night.date), zone=place.zone)
    yield _sun(night, place)
    yield ""
    begin, end = _window(parts, night)
    yield from _picture(parts, begin, end, width)
    yield _axis(begin, end, width, place)
    yield phrase("night-legend")
    yield ""
    level = -1.0
    for part in parts:
        if part.level != level:
            line = f"{_clock(part.start, place)}  {part.level:4.0%}"
            yield phrase("night-as-before", line=line) if part.start == night.start else f"  {line}"
            level = part.level
    burn_h = sum(p.end - p.start for p in parts if p.level > 0) / 3600
    full_h = sum((p.end - p.start) * p.level for p in parts) / 3600
    yield (
        phrase(
            "night-energy",
            hours=f"{burn_h:.1f}",
            full=f"{full_h:.1f}",
            energy=f"{full_h * rated_w:.0f}",
            watts=f"{rated_w:g}",
        )
    )


def _sun(night: Night, place: Place) -> str:
    if night.sun["sunset"] == NEVER:
        return phrase("sun-does-not-set")
    if night.sun["sunrise"] == NEVER and night.sun["sunset"] == night.start:
        return phrase("sun-does-not-rise")
    times = [
        phrase("sun-time", what=SUN[word], time=_clock(at, place))
        for word, at in night.sun.items()
        if at not in (NEVER, night.start)
    ]
    return functools.reduce(lambda first, then: phrase("side-by-side", first=first, then=then), times)


def _window(parts: list[Stretch], night: Night) -> tuple[float, float]:
    """From an hour before there is light or darkness to an hour after; the whole night where that is all of
    it.
    """
    wanted = [p for p in parts if p.dark or p.level > 0]
    if not wanted:
        return night.start, night.end
    return max(night.start, wanted[0].start - EDGE_S), min(night.end, wanted[-1].end + EDGE_S)


def _at(parts: list[Stretch], wall: float) -> Stretch:
    return next((p for p in parts if p.start <= wall < p.end), parts[-1])


def _picture(parts: list[Stretch], begin: float, end: float, width: int) -> Iterator[str]:
    columns = [_at(parts, begin + (end - begin) * (x + 0.5) / width) for x in range(width)]
    for row in range(ROWS, 0, -1):
        bar = "".join(
            "#" if p.level >= (row - 0.5) / ROWS or (row == 1 and p.level > 0) else "." if p.dark else " "
            for p in columns
        )
        yield f"{row / ROWS:5.0%} |{bar}|"


def _axis(begin: float, end: float, width: int, place: Place) -> str:
    """The hours below the picture."""
    line = [" "] * (width + 8)
    hour = datetime.fromtimestamp(begin, place.zone).replace(minute=0, second=0, microsecond=0).timestamp()
    while (hour := hour + 3600) < end:
        moment = datetime.fromtimestamp(hour, place.zone)
        if moment.hour % HOURS_APART == 0:
            x = 7 + round((hour - begin) / (end - begin) * width)
            line[x : x + 5] = f"{moment:%H:%M}"
    return "".join(line).rstrip()


def _clock(wall: float, place: Place) -> str:
    return f"{datetime.fromtimestamp(wall, place.zone):%H:%M}"
