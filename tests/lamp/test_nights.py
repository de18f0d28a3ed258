"""Nights: which one is counted, when it is summed up, and when the ledger is due."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.almanac import DAY_S, night_of
from pole_agent.lamp.ledger import Ledger
from pole_agent.lamp.nights import KEEP_S, Nights, NightsState
from tests.lamp.test_controller import EVENING, SUMEDANG

NIGHT = night_of(EVENING, SUMEDANG)


def nights(now: float = 0.0) -> tuple[Nights, Ledger]:
    ledger = Ledger(60.0)
    ledger.note(0.8, 0.8, "program", False, now)
    return Nights(SUMEDANG, ledger, NightsState(turned_at=now, kept_at=now)), ledger


@given(st.lists(st.tuples(st.floats(1, 2e5), st.floats(-2e5, 2e5), st.booleans()), max_size=30))
def test_no_second_is_lost_whatever_the_clock_does(moves: list[tuple[float, float, bool]]) -> None:
    """Time passes, the clock is set forward and back, and is trusted or not: the sums of all nights are the
    time that passed.
    """
    counted, ledger = nights()
    now, jumped = 0.0, 0.0
    for passes, jump, trusted in moves:
        now, jumped = now + passes, jumped + jump
        counted.step(EVENING + now + jumped if trusted else None, now)
    ledger.charge(now)
    summed = sum(night["observed_h"] for night in ledger.state.finished)
    assert summed * 3600 + ledger.state.night.seconds == pytest.approx(now, abs=2.0 * (1 + len(moves)))


@given(st.floats(0, DAY_S), st.floats(10, 4000))
def test_with_a_right_clock_each_night_is_told_once(begin: float, every: float) -> None:
    """In their order, from noon to noon, none left out."""
    counted, ledger = nights()
    now = 0.0
    while now < 3 * DAY_S:
        counted.step(EVENING + begin + now, now)
        now += every
    told = ledger.state.finished
    assert len(told) in (2, 3)
    assert all(a["to"] == b["from"] for a, b in pairwise(told))


@pytest.mark.parametrize(
    ("wall", "finished", "moved"),
    [
        (EVENING, 0, False),
        (NIGHT.end - 1, 0, False),
        (NIGHT.end, 1, True),
        (NIGHT.end + 5 * DAY_S, 1, True),
        (NIGHT.start - 1, 0, False),  # a small step back: it stays summed up
        (NIGHT.start - 1.2 * DAY_S, 0, True),  # two nights back: that of the new time is counted
        (1e12, 0, False),
        (-1e12, 0, False),
        (float("nan"), 0, False),
        (None, 0, False),
    ],
)
def test_where_the_clock_goes(wall: float | None, finished: int, moved: bool) -> None:
    """On at the end of the night, back only by more than one; a time beyond the calendar changes nothing."""
    counted, ledger = nights()
    counted.step(EVENING, 0.0)
    assert counted.state.night == NIGHT
    counted.step(wall, 100.0)
    assert len(ledger.state.finished) == finished
    assert (counted.state.night != NIGHT) is moved


@pytest.mark.parametrize(
    ("after_s", "changed", "told", "due"),
    [
        (KEEP_S - 1, True, True, False),
        (KEEP_S, True, True, True),
        (KEEP_S, True, False, True),
        (KEEP_S, False, True, True),
        (KEEP_S, False, False, False),
    ],
)
def test_when_the_ledger_is_due(after_s: float, changed: bool, told: bool, due: bool) -> None:
    """A quarter of an hour after the last time, while there is something new or a night to be told."""
    ledger = Ledger(60.0)
    counted = Nights(SUMEDANG, ledger, NightsState(night=NIGHT, turned_at=0.0, kept_at=0.0))
    ledger.state.changed, ledger.state.finished = changed, [{}] if told else []
    assert counted.step(EVENING, after_s) is due
    assert counted.step(EVENING, after_s) is False, "and then not again at once"


def test_a_night_that_ends_is_due_at_once() -> None:
    """Also the first that is found, and one that begins because the clock was set back."""
    counted, _ = nights()
    for wall in (EVENING, NIGHT.end, NIGHT.start - 3 * DAY_S):
        counted.step(None, 10.0)
        assert counted.step(wall, 20.0) is True
