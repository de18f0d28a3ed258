"""Field failure 8: a broker that throws a thousand poles out again and again. Each backs off, and they do not
come together.

(How a fleet comes back to a broker that was away stands in tests/uplink/test_attempts.py; scripts/fleet shows
it with real connections.)
"""

from __future__ import annotations

import random
from bisect import bisect_left

import pytest

from pole_agent.uplink.attempts import Attempts

POLES, SPREAD_S, HOUR_S = 1000, 9.0, 3600.0


def tries_of(chance: random.Random, lasted_s: float) -> list[float]:
    """When one pole tries in an hour in which each connection is ended after so long, before anything is
    delivered. All are thrown out at once at the begin.
    """
    attempts, now, tries = Attempts(chance.random, 0.0, SPREAD_S), 0.0, list[float]()
    while now < HOUR_S:
        tries.append(now)
        attempts.begin(now, 0, 0)
        attempts.connected()
        now += lasted_s
        now += attempts.lost(now, 0, 0).pause_s
    return tries[1:]


@pytest.mark.parametrize("lasted_s", [0.0, 1.0, 10.0])
def test_kicked_poles_back_off(lasted_s: float) -> None:
    chance = random.Random(1)
    each = [tries_of(chance, lasted_s) for _ in range(POLES)]
    tries = sorted(at for one in each for at in one)
    worst = max(bisect_left(tries, at + 1.0) - n for n, at in enumerate(tries))
    assert worst <= 0.15 * POLES
    calm = [sum(at >= HOUR_S / 2 for at in one) for one in each]
    assert max(calm) <= HOUR_S / 2 / 20, "not more often than every twenty seconds, once they have learned"
