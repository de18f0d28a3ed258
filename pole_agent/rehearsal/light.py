"""What rules do to the lamp: when it would have been raised, and what that costs. Pure.

Calculated as the controller decides, from the program and the boosts: without overrides, sensors, relay and
fades, which no rehearsal can know.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from pole_agent.almanac import night_of
from pole_agent.lamp.controller import Configuration
from pole_agent.lamp.decide import Scene, decide
from pole_agent.lamp.levels import driven, output
from pole_agent.lamp.program import Stretch
from pole_agent.vocabulary import BoostLamp

Boost = tuple[float, float, float]  # from, to (wall time), level
HOUR_S = 3600.0


@dataclass(slots=True)
class Light:
    """By hour of the day at the pole: minutes in which presence raised the lamp, and energy in Wh."""

    raised_min: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    energy_wh: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))


def light(configuration: Configuration, boosts: Iterable[Boost], since: float, until: float) -> Light:
    """Of the lamp from `since` to `until` (wall time)."""
    found, driver = Light(), configuration.driver
    zone, share = configuration.plan.place.zone, output(driver.ageing, driver.virtual_output, None)
    limits = configuration.limits
    for start, end, level, stretch in _pieces(configuration, boosts, since, until):
        scene = Scene(stretch.level, stretch.dark, stretch.deep)
        live = [BoostLamp("rehearsal", level, end + 1)] if level else []
        decision = decide(scene, None, live, limits, start)
        duty = driven(decision.level, driver.curve, share, limits.min_level)
        for hour, seconds in _hours(start, end, zone):
            found.energy_wh[hour] += duty * configuration.rated_w * seconds / HOUR_S
            if decision.reason == "presence":
                found.raised_min[hour] += seconds / 60
    return found


def _pieces(
    configuration: Configuration, boosts: Iterable[Boost], since: float, until: float
) -> Iterator[tuple[float, float, float, Stretch]]:
    """Times in which nothing changes: from, to, the highest boost, and the stretch of the program."""
    levels = list(_highest(sorted(b for b in boosts if b[1] > since and b[0] < until)))
    stretches = list(_stretches(configuration, since, until))
    turns = {since, until, *(s.start for s in stretches), *(at for at, _ in levels)}
    times = sorted(at for at in turns if since <= at <= until)
    level, next_level, stretch = 0.0, iter([*levels, (float("inf"), 0.0)]), iter(stretches)
    coming, here = next(next_level), next(stretch)
    for start, end in itertools.pairwise(times):
        while coming[0] <= start:
            level, coming = coming[1], next(next_level)
        while here.end <= start:
            here = next(stretch)
        yield start, end, level, here


def _stretches(configuration: Configuration, since: float, until: float) -> Iterator[Stretch]:
    at = since
    while at < until:
        night = night_of(at, configuration.plan.place)
        for stretch in configuration.plan.stretches(night):
            if stretch.end > at:
                yield stretch
        at = night.end


def _highest(boosts: Sequence[Boost]) -> Iterator[tuple[float, float]]:
    """When the highest live level changes, and to which."""
    live: list[tuple[float, float]] = []  # -level, end
    turns = sorted({at for start, end, _ in boosts for at in (start, end)})
    number, before = 0, 0.0
    for at in turns:
        while number < len(boosts) and boosts[number][0] <= at:
            _, end, level = boosts[number]
            heapq.heappush(live, (-level, end))
            number += 1
        while live and live[0][1] <= at:
            heapq.heappop(live)
        level = -live[0][0] if live else 0.0
        if level != before:
            before = level
            yield at, level


def _hours(start: float, end: float, zone: tzinfo) -> Iterator[tuple[int, float]]:
    """Split at the full hours of the pole."""
    while start < end:
        here = datetime.fromtimestamp(start, zone)
        rest = HOUR_S - (here.minute * 60 + here.second + here.microsecond / 1e6)
        until = min(end, start + max(rest, 1e-3))
        yield here.hour, until - start
        start = until
