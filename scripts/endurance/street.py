"""A drawn street of two months: somebody comes by now and then, some stay. Between them a picture comes
seldom, and the clock makes large steps.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from pole_agent.bench import day
from pole_agent.clock import ManualClock
from pole_agent.frame import Frame

CALM_S, BUSY_S = 20.0, 1.0  # steps of the clock, and between two pictures
AHEAD_S = 35.0  # so long before somebody comes it is not calm any more
AFTER_S = 35.0  # and so long afterwards
DAY_S = 86_400.0


class StreetClock(ManualClock):
    """Wake-ups are gathered: all that are due within a step come at its end, as on a machine that is late."""

    step_s = BUSY_S

    async def sleep(self, seconds: float) -> None:
        due = self.monotonic() + seconds
        await super().sleep(math.ceil(due / self.step_s - 1e-9) * self.step_s - self.monotonic())


class Visits:
    """Who comes when, in seconds from the begin. As many on each day, at hours as they are on a street."""

    def __init__(self, days: float, a_day: int, staying: int, seed: int) -> None:
        chance = random.Random(seed)
        self.walkers = []
        for number in range(math.ceil(days)):
            for one in range(a_day):
                hour = chance.choices(range(24), day.HOURS)[0] + chance.random()
                stands_s = 90.0 if one < staying else 0.0
                label = "person" if stands_s else chance.choice(day.LABELS)
                walker = day.Walker(
                    number * DAY_S + hour * 3600,
                    label,
                    chance.uniform(18, 30),
                    0.8,
                    chance.random() < 0.5,
                    stands_s,
                )
                self.walkers.append(walker)
        self.walkers.sort(key=lambda walker: walker.begin)
        self._next = 0
        self._quiet_from = 0.0

    def calm(self, second: float) -> bool:
        while self._next < len(self.walkers) and self.walkers[self._next].begin <= second + AHEAD_S:
            walker = self.walkers[self._next]
            self._quiet_from = walker.begin + walker.seconds + walker.stands_s + AFTER_S
            self._next += 1
        return second >= self._quiet_from


class Street(day.Street):
    """FrameSource."""

    def __init__(self, clock: StreetClock, people: Sequence[day.Walker]) -> None:
        super().__init__(clock, people)
        self._steps = clock

    async def next(self) -> Frame | None:
        self._due = self._clock.monotonic() + self._steps.step_s - 1 / day.FPS
        return await super().next()
