"""When to connect again, what two poles with one identity do, and when a trouble is over: by the clock that
is given.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        (0.0, 0, 0, 55.0),
        (29.9, 0, 0, 55.0),
        (30.0, 0, 0, 1.0),
        (0.0, 0, 1, 1.0),
        (0.0, 1, 0, 8.0),
        (0.0, 1, 1, 1.0),
        (30.0, 1, 0, 1.0),
    ],
)
def test_how_long_until_the_next(lasted_s: float, delivered: int, held: int, pause_s: float) -> None:
    """Ever longer, up to a minute; from the start after a session that was steady, or that found out which
    topic is not taken; a few seconds after one that delivered something. What was before it does not count.
    """
    attempts = Attempts(lambda: 1.0, NOW)
    tried(attempts, 9)
    attempts.begin(NOW, 5, 2)
    assert attempts.lost(NOW + lasted_s, 5 + delivered, 2 + held).pause_s == pause_s


def test_a_lost_connection_is_first_once() -> None:
    """It is warned of once, and again only after another connection."""
    attempts = Attempts(lambda: 1.0, NOW)
    assert not lost(attempts, NOW).first
    for _ in range(2):
        attempts.connected()
        assert [lost(attempts, NOW).first for _ in range(3)] == [True, False, False]


def test_a_minute_offline_is_news() -> None:
    """From the start, or from when the connection was lost; not a second sooner."""
    attempts = Attempts(lambda: 1.0, NOW)
    assert [lost(attempts, NOW + s).news for s in (0.0, 59.9, 60.0, 90.0)] == [False, False, True, True]
    attempts.connected()
    assert [lost(attempts, NOW + s).news for s in (500.0, 559.9, 560.0)] == [False, False, True]


@given(st.lists(st.tuples(st.floats(0.0, 1e4), st.booleans(), st.integers(0, 3)), max_size=40))
def test_a_broker_that_is_back_is_found(sessions: list[tuple[float, bool, int]]) -> None:
    """Whatever came before: every pause is within a minute, and no attempt follows at once."""
    attempts, now = Attempts(lambda: 0.5, NOW), NOW
    for lasted_s, connects, delivered in sessions:
        attempts.begin(now, 0, 0)
        if connects:
            attempts.connected()
        now += lasted_s
        found = attempts.lost(now, delivered, 0)
        assert found.first is connects
        assert 0.1 <= found.pause_s <= 55.0
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
