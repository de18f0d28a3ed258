"""What the judge is given at each look, as it is kept. Plain values.

A look is one frame. Only those at which somebody is there, or has just left, are kept; between them the
street was empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

from pole_agent.vocabulary import Box


class RowKind(IntFlag):
    """`SEEN` at this look, else guessed. `TENTATIVE`: it may become a track. `EARLIER`: where it was before
    it was sure, `age_s` before the look. `GONE`: it is forgotten from this look on.
    """

    GUESSED = 0
    SEEN = 1
    TENTATIVE = 2
    EARLIER = 4
    GONE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One object at one look. `age_s`: since it was seen."""

    kind: RowKind
    number: int  # of its track
    label: str
    box: Box
    score: float
    age_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """`at`: monotonic seconds. `blind`: no frame came, only time passed. `gap_s`: nobody had looked for so
    long before it.
    """

    at: float
    blind: bool = False
    gap_s: float = 0.0
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of time that was recorded: looks, and what is the same for all of them.

    `run` is the same for all spans of one judge, `part` counts them from 0: where a number is missing, looks
    are lost. `wall`: the time at `since`, as it was believed; `trusted`: rightly. Empty street before the
    first look and after the last is a part of it. `aspect`: the width of the picture over its height.
    """

    run: int
    part: int
    since: float
    until: float
    wall: float
    trusted: bool
    aspect: float
    looks: tuple[Look, ...] = ()
