"""What rules do to the lamp: minutes and energy, as the controller would decide."""

from __future__ import annotations

import math
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from pole_agent.compose import configuration_of
from pole_agent.lamp.controller import Configuration
from pole_agent.rehearsal.light import Boost, light
from pole_agent.settings.load import parse

POLE = """
[pole]
id = "P"
site = "s"
latitude = -6.8586
longitude = 107.9164
timezone = "Asia/Jakarta"
[lamp]
backend = "mock"
rated_w = 60
program = [{ at = "18:30", level = 0.5 }, { at = "05:00", level = 0.0 }]
"""


def at(text: str) -> float:
    return datetime.fromisoformat(f"2026-11-24T{text}+07:00").timestamp()


def lamp(more: str = "") -> Configuration:
    return configuration_of(parse(POLE + more))


def test_boost_costs_its_difference() -> None:
    """Half an hour of full light in place of half: 15 Wh of a lamp of 60 W, in the hours in which it was."""
    since, until = at("20:00"), at("23:00")
    before = light(lamp(), [], since, until)
    after = light(lamp(), [(at("20:45"), at("21:15"), 1.0)], since, until)
    assert math.isclose(sum(before.energy_wh.values()), 90, rel_tol=1e-3)
    assert math.isclose(sum(after.energy_wh.values()), 105, rel_tol=1e-3)
    assert {hour: round(minutes) for hour, minutes in after.raised_min.items()} == {20: 15, 21: 15}
    assert not before.raised_min


def test_daylight_and_dimmer_boosts_change_nothing() -> None:
    """By day presence raises nothing, and a level below the program is no raise."""
    boosts = [(at("12:00"), at("12:30"), 1.0), (at("20:00"), at("20:30"), 0.3)]
    found = light(lamp(), boosts, at("10:00"), at("22:00"))
    assert not any(found.raised_min.values())
    assert found.energy_wh == light(lamp(), [], at("10:00"), at("22:00")).energy_wh


def test_overlapping_boosts_count_once() -> None:
    """The highest live boost counts, and each minute once."""
    boosts = [
        (at("20:00"), at("21:00"), 0.8),
        (at("20:15"), at("20:30"), 1.0),
        (at("20:20"), at("20:50"), 0.9),
    ]
    found = light(lamp(), boosts, at("20:00"), at("21:00"))
    assert round(found.raised_min[20]) == 60
    mean = (15 * 0.8 + 15 * 1.0 + 20 * 0.9 + 10 * 0.8) / 60
    assert math.isclose(found.energy_wh[20], 60 * mean, rel_tol=1e-3)


@given(st.lists(st.tuples(st.floats(0, 7200), st.floats(1, 3600), st.floats(0, 1)), max_size=12))
def test_more_boosts_never_less_light(drawn: list[tuple[float, float, float]]) -> None:
    """Each boost costs something or nothing, no minute twice, and never more than full light."""
    since, until = at("20:00"), at("22:00")
    boosts: list[Boost] = [(since + start, since + start + lasts, level) for start, lasts, level in drawn]
    base = sum(light(lamp(), [], since, until).energy_wh.values())
    with_all = light(lamp(), boosts, since, until)
    assert base - 1e-6 <= sum(with_all.energy_wh.values()) <= 120 + 1e-6
    assert all(minutes <= 60 + 1e-6 for minutes in with_all.raised_min.values())
    fewer = light(lamp(), boosts[1:], since, until)
    assert sum(fewer.energy_wh.values()) <= sum(with_all.energy_wh.values()) + 1e-6
