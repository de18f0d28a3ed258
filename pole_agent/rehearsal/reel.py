"""Files of trajectories -> tables: looks in the order of time, rows by object and then by time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pole_agent.trajectories.blocks import (
    BEYOND,
    GAP_S,
    LARGEST,
    POINT,
    SCORE,
    TICK_S,
    Block,
    blocks,
    size_of,
)
from pole_agent.trajectories.looks import RowKind

Array = Any  # of numpy, one-dimensional
SIZES = np.array([size_of(step) for step in range(LARGEST + 1)])
SCORED = (int(RowKind.SEEN), int(RowKind.SEEN | RowKind.TENTATIVE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reel:
    """One file. Of each look, and of each row, an array of its length.

    `begins`: the first look of a judge, because another run began or looks before it are lost. `first`: this
    row is the first of its object. `at` and `age` in seconds, `at` monotonic.
    """

    at: Array
    wall: Array
    trusted: Array
    aspect: Array
    blind: Array
    gap: Array
    begins: Array
    look: Array
    number: Array
    kind: Array
    label: Array
    x: Array
    y: Array
    height: Array
    width: Array
    score: Array
    age: Array
    first: Array


@dataclass(slots=True)
class Coverage:
    """What the files tell of: seconds watched, from and to which wall time, what is lost."""

    watched_s: float = 0.0
    since: float | None = None
    until: float | None = None
    lost_bytes: int = 0
    breaks: int = 0
    rows: int = 0

    def add(self, block: Block) -> None:
        header = block.header
        self.watched_s += header.until - header.since
        self.since = header.wall if self.since is None else min(self.since, header.wall)
        end = header.wall + header.until - header.since
        self.until = end if self.until is None else max(self.until, end)
        self.rows += block.rows.shape[1]

    def join(self, other: Coverage) -> None:
        self.watched_s += other.watched_s
        self.lost_bytes += other.lost_bytes
        self.breaks += other.breaks
        self.rows += other.rows
        self.since = min((t for t in (self.since, other.since) if t is not None), default=None)
        self.until = max((t for t in (self.until, other.until) if t is not None), default=None)


@dataclass(slots=True)
class Reader:
    """Reads files in their order; knows where one goes on where the last ended."""

    since: float = float("-inf")  # wall time: what ends before it is read, but not covered
    coverage: Coverage = field(default_factory=Coverage)
    _next: tuple[int, int] | None = None  # run and part that follow
    _begins: bool = False  # with the next row

    def reels(self, files: Iterable[bytes]) -> Iterator[Reel | None]:
        """One for each file; None where nobody is in it."""
        for data in files:
            found: list[tuple[Block, bool]] = []
            for block in blocks(data):
                if isinstance(block, int):
                    self.coverage.lost_bytes += block
                    continue
                goes_on = self._next == (block.header.run, block.header.part)
                self._next = block.header.run, block.header.part + 1
                if block.header.wall + block.header.until - block.header.since >= self.since:
                    self.coverage.breaks += not goes_on and self.coverage.until is not None
                    self.coverage.add(block)
                self._begins |= not goes_on
                if block.rows.shape[1]:
                    found.append((block, self._begins))
                    self._begins = False
            yield joined(found) if found else None


def joined(kept: list[tuple[Block, bool]]) -> Reel:
    """`kept`: blocks with rows, and whether a judge begins with them."""
    heads = [block.header for block, _ in kept]
    counts = np.array([block.looks.shape[1] for block, _ in kept])
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    looks = np.concatenate([block.looks for block, _ in kept], axis=1)
    rows = np.concatenate([block.rows for block, _ in kept], axis=1)
    begins = np.zeros(looks.shape[1], bool)
    begins[starts] = [begin for _, begin in kept]
    look = rows[0] + starts[np.repeat(np.arange(len(kept)), [block.rows.shape[1] for block, _ in kept])]
    # An object is a number in a run; what is no track yet has numbers of its own.
    tentative = (rows[2] & RowKind.TENTATIVE) != 0
    key = (np.cumsum(begins)[look] << 17) | (rows[1].astype(np.int64) << 1) | tentative
    order = np.argsort(key, kind="stable")  # within an object, time goes on
    rows, key = rows[:, order], key[order]
    first = np.ones(len(key), bool)
    first[1:] = key[1:] != key[:-1]
    scored, last = np.isin(rows[2], SCORED), rows[8].astype(np.float64)
    since = looks[0] * TICK_S

    def each(values: list[Any]) -> Array:
        return np.repeat(np.array(values), counts)

    return Reel(
        at=each([h.since for h in heads]) + since,
        wall=each([h.wall for h in heads]) + since,
        trusted=each([h.trusted for h in heads]),
        aspect=each([h.aspect for h in heads]),
        blind=looks[1] != 0,
        gap=looks[2] * GAP_S,
        begins=begins,
        look=look[order],
        number=rows[1],
        kind=rows[2],
        label=rows[3],
        x=(rows[4].astype(np.float64) - BEYOND) / POINT,
        y=(rows[5].astype(np.float64) - BEYOND) / POINT,
        height=SIZES[np.minimum(rows[6], LARGEST)],
        width=SIZES[np.minimum(rows[7], LARGEST)],
        score=np.where(scored, last / SCORE, 0.0),
        age=np.where(scored, 0.0, last * TICK_S),
        first=first,
    )
