"""Outgoing: which event goes next, whatever is committed, refused and acknowledged meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from pole_agent.uplink.outgoing import Outgoing


@dataclass(frozen=True)
class Row:
    seq: int
    level: int


class Shelf:
    """A store in memory: rows that wait, in the order of the way out."""

    def __init__(self) -> None:
        self.waiting: dict[int, Row] = {}
        self.last = 0

    def add(self, level: int) -> None:
        self.last += 1
        self.waiting[self.last] = Row(self.last, level)

    def following(self, position: tuple[int, int] | None, limit: int) -> list[Row]:
        order = sorted(self.waiting.values(), key=lambda r: (-r.level, r.seq))
        if position is not None:
            order = [r for r in order if (-r.level, r.seq) > (-position[0], position[1])]
        return order[:limit]


def read(out: Outgoing[Row], shelf: Shelf) -> None:
    if out.wants():
        limit = out.limit()
        out.offer(shelf.following(out.position, limit), limit)


moves = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.integers(0, 2)),
        st.tuples(st.just("take"), st.just(0)),
        st.tuples(st.just("acknowledge"), st.integers(0, 5)),
        st.tuples(st.just("refuse"), st.integers(0, 5)),
        st.tuples(st.just("mark"), st.just(0)),
    ),
    max_size=80,
)


@given(moves, st.integers(0, 450))
def test_nothing_is_sent_twice_nothing_is_forgotten(story: list[tuple[str, int]], backlog: int) -> None:
    """Nothing is sent twice nothing is forgotten and the gravest goes first."""
    aside: set[int] = set()
    shelf, out, flying = Shelf(), Outgoing[Row](aside), []
    taken: list[int] = []
    for number in range(backlog):
        shelf.add(number % 3)
    for what, value in story:
        if what == "commit":
            shelf.add(value)
            out.rewind()
        elif what == "take":
            read(out, shelf)
            row = out.take()
            if row is not None:
                assert row.seq not in taken, "sent twice"
                assert all(row.level >= r.level for r in shelf.waiting.values() if r.seq not in taken), (
                    "the gravest first"
                )
                taken.append(row.seq)
                flying.append(row)
        elif flying and what in ("acknowledge", "refuse"):
            row = flying.pop(value % len(flying))
            if what == "acknowledge":
                out.acknowledged(row.seq)
            else:
                aside.add(row.seq)
                out.refused(row.seq)
        elif what == "mark":
            seqs = out.to_mark()
            for seq in seqs:
                del shelf.waiting[seq]
            out.marked(seqs)
    # In the end everything has gone but what was refused.
    while True:
        for row in flying:
            out.acknowledged(row.seq)
        flying = []
        seqs = out.to_mark()
        for seq in seqs:
            del shelf.waiting[seq]
        out.marked(seqs)
        read(out, shelf)
        if (row := out.take()) is None:
            break
        assert row.seq not in taken
        taken.append(row.seq)
        flying.append(row)
    assert set(shelf.waiting) == aside
    aside.clear()
    out.rewind()
    read(out, shelf)
    assert (out.take() is not None) is bool(shelf.waiting), "what was refused goes as soon as it may"
