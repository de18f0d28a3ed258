"""Outgoing, call by call: what each is for, with a value on each side of every limit."""

from __future__ import annotations

import pytest

from pole_agent.uplink.outgoing import Outgoing
from tests.uplink.test_outgoing import Row

ROWS = [Row(n, 1) for n in range(1, 1001)]


def with_rows(count: int = 5, aside: set[int] | None = None) -> Outgoing[Row]:
    out = Outgoing[Row](aside if aside is not None else set())
    out.offer(ROWS[:count], out.limit())
    return out


def all_of(out: Outgoing[Row]) -> list[int]:
    taken = []
    while (row := out.take()) is not None:
        taken.append(row.seq)
    return taken


KNOWN = ["flying", "acknowledged", "marking", "aside"]


@pytest.mark.parametrize("where", KNOWN)
def test_what_is_on_its_way_is_not_sent_again(where: str) -> None:
    """A row that flies, waits for its mark, is being marked or is set aside does not come again, from the top
    or by itself.
    """
    aside: set[int] = set()
    out = with_rows(3, aside)
    row = out.take()
    assert row == Row(1, 1)
    if where == "aside":
        aside.add(1)
        out.refused(1)
    elif where != "flying":
        assert out.acknowledged(1) == 1
        if where == "marking":
            assert out.to_mark() == [1]
    assert [r.seq for r in out.flying] == ([1] if where == "flying" else [])
    out.rewind()
    assert out.limit() == 1001, "one more, for the one that is known"
    out.offer(ROWS[:3], out.limit())
    assert out.depart(Row(1, 1)) is (where == "aside")
    assert all_of(out) == [2, 3]


def test_what_was_marked_is_forgotten() -> None:
    """Marks are taken once, and what was marked counts no more; what was refused and is no longer aside goes
    again.
    """
    aside = {2}
    out = with_rows(3, aside)
    assert all_of(out) == [1, 3]
    assert [r.seq for r in out.flying] == [1, 3]
    assert (out.acknowledged(3), out.acknowledged(1)) == (1, 2)
    assert (out.to_mark(), out.to_mark()) == ([3, 1], [])
    out.marked([3])
    out.rewind()
    assert out.limit() == 1002
    out.marked([1])
    assert out.limit() == 1001
    aside.clear()
    out.offer(ROWS[1:2], out.limit())
    assert all_of(out) == [2]
    assert out.flying == (Row(2, 1),)
    out.refused(2)
    assert len(out.flying) == 0


def test_a_thousand_rows_are_read_ahead() -> None:
    """From the top a thousand, and what is known beside; further down a thousand."""
    out = Outgoing[Row]()
    assert (out.limit(), out.position, out.wants(), out.round) == (1000, None, True, 0)
    out.offer(ROWS, 1000)
    assert out.position == (1, 1000)
    for _ in range(4):
        out.take()
    assert out.limit() == 1000
    out.rewind()
    again: object = out.position
    assert (again, out.limit(), out.round) == (None, 1004, 1)
    assert out.take() is None


@pytest.mark.parametrize(("left", "wants"), [(299, True), (300, False), (301, False)])
def test_more_is_read_below_three_hundred(left: int, wants: bool) -> None:
    """The next rows are read while there are fewer than 300 to send."""
    out = Outgoing[Row]()
    out.offer(ROWS[:left], left)
    assert out.wants() is wants


@pytest.mark.parametrize(("rows", "limit", "exhausted"), [(5, 5, False), (4, 5, True), (0, 5, True)])
def test_fewer_rows_than_asked_for_are_all(rows: int, limit: int, exhausted: bool) -> None:
    """Where fewer came than were asked for, nobody reads again until something is committed."""
    out = Outgoing[Row]()
    out.offer(ROWS[:rows], limit)
    assert (out.exhausted, out.wants()) == (exhausted, not exhausted)
    assert out.position == ((1, rows) if rows else None)
    out.rewind()
    assert (out.exhausted, out.wants()) == (False, True)


def test_nothing_goes_while_something_is_tried_alone() -> None:
    """Paused, nothing is taken but what departs by itself; then all goes on where it was."""
    out = with_rows(3)
    out.paused = True
    assert out.take() is None
    assert out.depart(Row(9, 0)) is True
    assert out.depart(Row(9, 0)) is False
    assert out.flying == (Row(9, 0),)
    out.paused = False
    assert all_of(out) == [1, 2, 3]
