"""The proof of completeness: what is missing is exactly what did not come."""

from __future__ import annotations

import itertools

from city.asking import Asking, Gap
from city.books import Book, Changes, Ranges
from hypothesis import given
from hypothesis import strategies as st

SPANS = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 12)).map(lambda s: (s[0], s[0] + s[1])))


def numbers(spans: list[tuple[int, int]]) -> set[int]:
    return {n for first, last in spans for n in range(first, last + 1)}


@given(SPANS, st.integers(0, 90))
def test_gaps_are_exactly_what_did_not_come(spans: list[tuple[int, int]], until: int) -> None:
    ranges, came = Ranges(), numbers(spans)
    for first, last in spans:
        ranges.add(first, last)
    assert numbers(ranges.spans) == came
    assert ranges.count == len(came)
    assert ranges.last == max(came, default=0)
    assert numbers(ranges.gaps(until)) == {n for n in range(1, until + 1) if n not in came}
    assert all(b[0] > a[1] + 1 for a, b in itertools.pairwise(ranges.spans))


@given(SPANS, st.lists(st.integers(1, 4)))
def test_the_rows_follow_whatever_the_batches(spans: list[tuple[int, int]], sizes: list[int]) -> None:
    """The table, changed batch by batch as `Changes` say, holds what a restart then reads."""
    ranges, table = Ranges(), dict[int, int]()
    waiting = list(spans)
    while waiting:
        size = sizes.pop() if sizes else 3
        batch, waiting = waiting[:size], waiting[size:]
        changes = Changes()
        for first, last in batch:
            changes.note(ranges.add(first, last))
        for first in changes.gone:
            table.pop(first, None)
        table |= changes.put
        assert sorted(table.items()) == ranges.spans
    assert Ranges(table.items()).spans == ranges.spans


def test_a_store_without_its_end_is_not_complete() -> None:
    """Its pole has said how far it goes."""
    book = Book(Ranges([(1, 5)]), told=8)
    assert book.gaps() == [(6, 8)]
    assert book.missing == 3
    assert Book(told=2).gaps() == [(1, 2)]


GAP = Gap("/smartpole/test/T-1", "s", (3, 4))


def test_a_gap_that_stays_is_asked_for() -> None:
    asking = Asking(patience_s=60, apart_s=10)
    asked = [at for at in range(4000) if asking.due([GAP], float(at))]
    assert asked == [60, 180, 420, 900, 1860, 3780]


def test_a_gap_that_is_healed_or_changes_begins_anew() -> None:
    asking = Asking(patience_s=60, apart_s=10)
    other = Gap(GAP.source, GAP.store, (4, 4))
    assert asking.due([GAP], 0.0) == []
    assert asking.due([other], 59.0) == []
    assert asking.due([GAP], 61.0) == []
    assert asking.due([], 100.0) == []
    assert asking.due([GAP], 130.0) == []
    assert asking.due([GAP], 190.0) == [GAP]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30))
def test_a_pole_is_never_asked_twice_at_once(starts: list[int]) -> None:
    """However many gaps it has; a pole beside it is asked all the same."""
    asking = Asking(patience_s=5, apart_s=10)
    gaps = [Gap("/smartpole/test/T-1", "s", (n, n)) for n in starts]
    beside = Gap("/smartpole/test/T-2", "s", (1, 1))
    asked = []
    for now in range(60):
        found = asking.due([*gaps, beside], float(now))
        asked += [(now, gap.source) for gap in found]
    for pole in {source for _, source in asked}:
        times = [at for at, source in asked if source == pole]
        assert all(b - a >= 10 for a, b in itertools.pairwise(times))
    assert {source for _, source in asked} == {beside.source, GAP.source}
