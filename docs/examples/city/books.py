"""Which events of a store came, and which are missing. Pure.

A pole numbers the events of a store from 1, without holes. So what is missing can be named: every number
between 1 and the highest known one that neither came nor is explained by an `outbox.dropped` event.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

Span = tuple[int, int]  # first and last number, both included


class Ranges:
    """Numbers as sorted ranges that do not touch each other."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in sorted(spans):
            self.add(first, last)

    def add(self, first: int, last: int) -> tuple[list[int], Span] | None:
        """Add these numbers: the firsts of the ranges that were replaced, and the range that holds them now.

        None where all of them were here before.
        """
        begin = bisect_left(self._lasts, first - 1)
        end = bisect_right(self._firsts, last + 1)
        gone = self._firsts[begin:end]
        if gone:
            if gone[0] <= first and self._lasts[begin] >= last:
                return None
            first, last = min(first, gone[0]), max(last, self._lasts[end - 1])
        self._firsts[begin:end] = [first]
        self._lasts[begin:end] = [last]
        return gone, (first, last)

    def __len__(self) -> int:
        return len(self._firsts)

    @property
    def spans(self) -> list[Span]:
        return list(zip(self._firsts, self._lasts, strict=True))

    @property
    def last(self) -> int:
        """The highest number; 0 where there is none."""
        return self._lasts[-1] if self._lasts else 0

    @property
    def count(self) -> int:
        return sum(self._lasts) - sum(self._firsts) + len(self._firsts)

    def gaps(self, until: int) -> list[Span]:
        """What is missing from 1 to `until`."""
        found, expected = [], 1
        for first, last in zip(self._firsts, self._lasts, strict=True):
            if first > until:
                break
            if first > expected:
                found.append((expected, first - 1))
            expected = last + 1
        if expected <= until:
            found.append((expected, until))
        return found


@dataclass(slots=True)
class Book:
    """One store of one pole. `told`: the highest number that its pole has spoken of in `status`; `ended`: why
    nothing more of it comes; `after`: events that came all the same (two poles have one identity?).
    """

    ranges: Ranges = field(default_factory=Ranges)
    told: int = 0
    ended: str | None = None
    after: int = 0

    @property
    def last(self) -> int:
        return max(self.ranges.last, self.told)

    def gaps(self) -> list[Span]:
        return self.ranges.gaps(self.last)

    @property
    def missing(self) -> int:
        return sum(last - first + 1 for first, last in self.gaps())


@dataclass(slots=True)
class Changes:
    """What a batch changed in the ranges of one store, for the database: rows to delete by their first
    number, then rows to write.
    """

    gone: set[int] = field(default_factory=set)
    put: dict[int, int] = field(default_factory=dict)

    def note(self, change: tuple[list[int], Span] | None) -> None:
        if change is None:
            return
        gone, (first, last) = change
        for old in gone:
            self.put.pop(old, None)
            self.gone.add(old)
        self.put[first] = last
