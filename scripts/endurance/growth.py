"""Does it grow? The rule of the long run. Pure.

The begin is left out: an agent that starts fills its caches. What follows is cut into blocks of equal time,
and the middle value of each block stands for it: what comes and goes within a block is no growth. A line is
laid through the blocks whose slope is the median of all slopes between two of them (Theil and Sen), so one
odd block moves little. It grows when this line rises by more than `floor` plus the noise, and the second half
of the blocks still rises by half of that: a cache that fills and then stays, or a step that came once, is no
growth.

The noise is three standard deviations of the blocks around their line, taken from the median of their
distances.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

WARM_UP = 0.25  # of the time
BLOCKS = 16
LEAST = 8  # blocks with a value, to say anything
NORMAL = 1.4826  # a standard deviation in medians of distances
SIGMAS = 3.0

Point = tuple[float, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What is looked at.

    `floor`: a rise over the run that is always allowed; `share`: the same as a part of the value; the larger
    counts. `most`: a value that no block may exceed. Not `judged`: it is only drawn.
    """

    name: str
    unit: str
    floor: float
    share: float = 0.0
    most: float | None = None
    judged: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`rise`: of the line over the blocks; `bound`: what it may be. None where too little was measured."""

    measure: Measure
    first: float | None = None
    last: float | None = None
    rise: float | None = None
    later: float | None = None
    bound: float | None = None
    grows: bool = False
    above: bool = False

    @property
    def ok(self) -> bool:
        return not self.measure.judged or (self.rise is not None and not self.grows and not self.above)


def judge(measure: Measure, points: Sequence[Point], warm_up: float = WARM_UP) -> Verdict:
    """`points`: time and value, in order of time; None where there was none."""
    blocks = blocks_of(points, warm_up)
    if len(blocks) < LEAST:
        return Verdict(measure=measure)
    slope, noise = line(blocks)
    span = blocks[-1][0] - blocks[0][0]
    half = blocks[len(blocks) // 2 :]
    rise = slope * span
    later = line(half)[0] * (half[-1][0] - half[0][0])
    level = statistics.median(value for _, value in blocks)
    bound = max(measure.floor, measure.share * abs(level)) + noise
    return Verdict(
        measure=measure,
        first=blocks[0][1],
        last=blocks[-1][1],
        rise=rise,
        later=later,
        bound=bound,
        grows=rise > bound and later > bound / 2 * _part(half, span),
        above=measure.most is not None and max(value for _, value in blocks) > measure.most,
    )


def _part(half: Sequence[tuple[float, float]], span: float) -> float:
    """The half's own share of the time, doubled: of a steady rise it sees a little less than half."""
    return 2 * (half[-1][0] - half[0][0]) / span


def blocks_of(points: Sequence[Point], warm_up: float = WARM_UP) -> list[tuple[float, float]]:
    """The middle of each block's time, and of its values; blocks without a value are left out."""
    if not points:
        return []
    begin = points[0][0] + warm_up * (points[-1][0] - points[0][0])
    each = (points[-1][0] - begin) / BLOCKS
    values: list[list[float]] = [[] for _ in range(BLOCKS)]
    for at, value in points:
        if at >= begin and value is not None and each > 0:
            values[min(BLOCKS - 1, int((at - begin) / each))].append(value)
    return [
        (begin + (number + 0.5) * each, statistics.median(found))
        for number, found in enumerate(values)
        if found
    ]


def line(blocks: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The slope, and three deviations of the blocks around the line."""
    slope = statistics.median((y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(blocks, 2))
    rests = [y - slope * x for x, y in blocks]
    middle = statistics.median(rests)
    return slope, SIGMAS * NORMAL * statistics.median(abs(rest - middle) for rest in rests)
