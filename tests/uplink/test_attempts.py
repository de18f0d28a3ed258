"""When to connect again, what two poles with one identity do, and when a trouble is over: by the clock that
is given.
"""

from __future__ import annotations

import random
from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.settings.mqtt import SPREAD_S
from pole_agent.uplink.attempts import Attempts, Lost
from pole_agent.uplink.calm import Calm
from pole_agent.uplink.twin import Twin

NOW = 1000.0


def lost(attempts: Attempts, now: float, delivered: int = 0, held: int = 0) -> Lost:
    """An attempt that ends at once, or lasted until now."""
    return attempts.lost(now, delivered, held)


def tried(attempts: Attempts, times: int, now: float = NOW) -> None:
    for _ in range(times):
        attempts.begin(now, 0, 0)
        attempts.lost(now, 0, 0)


@pytest.mark.parametrize(
    ("lasted_s", "delivered", "held", "pause_s"),
    [
        (0.0, 0, 0, 50.0),
        (29.9, 0, 0, 50.0),
        (30.0, 0, 0, 3.0),
        (0.0, 0, 1, 3.0),
        (0.0, 1, 0, 6.6),
        (0.0, 1, 1, 3.0),
        (30.0, 1, 0, 3.0),
    ],
)
def test_how_long_until_the_next(lasted_s: float, delivered: int, held: int, pause_s: float) -> None:
    """Ever longer, up to 50 s; from the start after a session that was steady, or that found out which
    topic is not taken; a few seconds after one that delivered something. What was before it does not count.
    """
    attempts = Attempts(lambda: 1.0, NOW, 3.0)
    tried(attempts, 9)
    attempts.begin(NOW, 5, 2)
    assert attempts.lost(NOW + lasted_s, 5 + delivered, 2 + held).pause_s == pytest.approx(pause_s)


@pytest.mark.parametrize(
    ("draw", "pauses_s"),
    [(1.0, [9.0, 19.8, 43.56, 50.0, 50.0]), (0.0, [0.1, 7.92, 17.424, 20.0, 20.0]), (0.5, [4.5, 13.86])],
)
def test_the_fleet_is_spread(draw: float, pauses_s: list[float]) -> None:
    """The first attempt may come at once, or within the spread; the others not before 0.4 of theirs."""
    attempts = Attempts(lambda: draw, NOW, 9.0)
    attempts.connected()
    assert [lost(attempts, NOW).pause_s for _ in pauses_s] == pytest.approx(pauses_s)


def test_what_was_learned_is_tried_soon() -> None:
    attempts = Attempts(lambda: 1.0, NOW, 9.0)
    tried(attempts, 5)
    assert attempts.lost(NOW, 0, 0, learned=True).pause_s == 9.0
    assert lost(attempts, NOW).pause_s == pytest.approx(19.8)


@pytest.mark.parametrize(("spread_s", "first_s"), [(9.0, 1.0), (0.5, 0.5)])
def test_a_silent_line_is_tried_within_a_second(spread_s: float, first_s: float) -> None:
    """Each time that a connection fell silent, and only then: who cannot connect waits like the others."""
    attempts = Attempts(lambda: 1.0, NOW, spread_s)
    assert attempts.lost(NOW, 0, 0, silent=True).pause_s == spread_s
    for _ in range(2):
        attempts.connected()
        attempts.begin(NOW, 0, 0)
        assert attempts.lost(NOW + 30.0, 0, 0, silent=True).pause_s == first_s
        assert [lost(attempts, NOW).pause_s for _ in range(2)] == pytest.approx([spread_s, spread_s * 2.2])


@pytest.mark.parametrize("down_s", [0.5, 2.0, 5.0, 30.0, 120.0])
def test_a_fleet_comes_back_one_after_the_other(down_s: float) -> None:
    """4000 poles of a broker that is away: no second with more than 15 % of them, all back within 60 s; after
    two seconds half of them within five.
    """
    chance, tries, back = random.Random(1), [], []
    for _ in range(4000):
        attempts, now = Attempts(chance.random, 0.0, SPREAD_S), chance.uniform(0.0, 0.3)
        attempts.connected()
        while True:
            attempts.begin(now, 0, 0)
            now += attempts.lost(now, 0, 0).pause_s
            tries.append(now)
            if now >= down_s:
                break
        back.append(now - down_s)
    tries.sort()
    worst = max(bisect_left(tries, at + 1.0) - n for n, at in enumerate(tries))
    assert worst <= 0.15 * len(back)
    assert max(back) <= 60.0
    if down_s == 2.0:
        assert sum(s <= 5.0 for s in back) >= 0.5 * len(back)


def test_a_lost_connection_is_first_once() -> None:
    """It is warned of once, and again only after another connection."""
    attempts = Attempts(lambda: 1.0, NOW, 1.0)
    assert not lost(attempts, NOW).first
    for _ in range(2):
        attempts.connected()
        assert [lost(attempts, NOW).first for _ in range(3)] == [True, False, False]


def test_a_minute_offline_is_news() -> None:
    """From the start, or from when the connection was lost; not a second sooner."""
    attempts = Attempts(lambda: 1.0, NOW, 1.0)
    assert [lost(attempts, NOW + s).news for s in (0.0, 59.9, 60.0, 90.0)] == [False, False, True, True]
    attempts.connected()
    assert [lost(attempts, NOW + s).news for s in (500.0, 559.9, 560.0)] == [False, False, True]


@given(st.lists(st.tuples(st.floats(0.0, 1e4), st.booleans(), st.integers(0, 3)), max_size=40))
def test_a_broker_that_is_back_is_found(sessions: list[tuple[float, bool, int]]) -> None:
    """Whatever came before: every pause is within a minute, and no attempt follows at once."""
    attempts, now = Attempts(lambda: 0.5, NOW, 1.0), NOW
    for lasted_s, connects, delivered in sessions:
        attempts.begin(now, 0, 0)
        if connects:
            attempts.connected()
        now += lasted_s
        found = attempts.lost(now, delivered, 0)
        assert found.first is connects
        assert 0.1 <= found.pause_s <= 50.0
        now += found.pause_s


def test_who_is_thrown_out_twice_takes_another_name() -> None:
    """Once it comes back under its own, so that the other is thrown out as well; the new name stays."""
    twin = Twin("boot-1")
    assert (twin.suffix, twin.to_part) == ("", False)
    twin.met(NOW)
    assert (twin.suffix, twin.to_part) == ("", True)
    twin.met(NOW + 12.345)
    assert twin.suffix == "-twin-boot2345"
    twin.met(NOW + 99.0)
    assert twin.suffix == "-twin-boot2345"
    twin.parted = True
    assert not twin.to_part


def test_a_trouble_is_over_after_a_minute_of_calm() -> None:
    """Not a second sooner, each part for itself; one that had none is calm."""
    calm = Calm()
    assert calm.over("events", NOW)
    calm.trouble("events", NOW - 10.0)
    calm.trouble("events", NOW)
    assert [calm.over("events", NOW + s) for s in (0.0, 59.9, 60.0)] == [False, False, True]
    assert calm.over("states", NOW)
