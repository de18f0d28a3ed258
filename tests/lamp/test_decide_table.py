"""The decision of the level: one row for each side of each limit, and the whole table of what may
be unknown.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from pole_agent.lamp.controls import Bounds
from pole_agent.lamp.decide import Decision, Limits, Override, Scene, decide
from pole_agent.vocabulary import BoostLamp

NOW = 100.0
LIMITS = Limits(floor=0.2, min_level=0.1, failsafe_level=0.9, boost_in_daylight=False)
DAY, TWILIGHT, NIGHT, UNKNOWN = (
    Scene(0.0, False, False),
    Scene(0.3, True, False),
    Scene(0.3, True, True),
    Scene(),
)
DULL = Scene(0.5, False, False)  # lit by its program although it is day


def boost(level: float, until: float = 150.0) -> BoostLamp:
    return BoostLamp(f"{level}/{until}", level, until)


def asked(level: float, until: float = 200.0, **more: Any) -> Override:
    return Override(level, until, **more)


def program(level: float) -> Decision:
    return Decision(level, "program")


def override(level: float) -> Decision:
    return Decision(level, "override", 200.0)


def presence(level: float, until: float | None = 150.0) -> Decision:
    return Decision(level, "presence", until)


FAILSAFE = Decision(0.9, "failsafe")


@pytest.mark.parametrize(
    ("scene", "given", "boosts", "bounds", "limits", "expected"),
    [
        # the program, and its floor where it is deep or nobody knows
        (NIGHT, None, [], {}, {}, program(0.3)),
        (Scene(0.21, True, True), None, [], {}, {}, program(0.21)),
        (Scene(0.19, True, True), None, [], {}, {}, program(0.2)),
        (Scene(0.0, True, True), None, [], {}, {}, program(0.2)),
        (Scene(0.0, True, None), None, [], {}, {}, program(0.2)),
        (Scene(0.0, True, False), None, [], {}, {}, program(0.0)),
        (Scene(0.0, True, True), None, [], {}, {"part_night": True}, program(0.0)),
        (Scene(0.0, True, True), None, [], {}, {"floor": 0.4}, program(0.4)),
        (UNKNOWN, None, [], {}, {}, FAILSAFE),
        (UNKNOWN, None, [], {}, {"part_night": True}, FAILSAFE),
        (Scene(None, False, False), None, [], {}, {}, FAILSAFE),
        # what the driver can hold
        (Scene(0.09, True, False), None, [], {}, {}, program(0.1)),
        (Scene(0.11, True, False), None, [], {}, {}, program(0.11)),
        (UNKNOWN, None, [], {}, {"failsafe_level": 0.05}, Decision(0.1, "failsafe")),
        # an override, and when it ends
        (NIGHT, asked(0.7), [], {}, {}, override(0.7)),
        (NIGHT, asked(0.7, NOW), [], {}, {}, program(0.3)),
        (NIGHT, asked(0.7, NOW + 0.001), [], {}, {}, Decision(0.7, "override", NOW + 0.001)),
        (UNKNOWN, asked(0.7), [], {}, {}, override(0.7)),
        # no remote override goes below the floor in darkness, or when nobody knows whether it is dark
        (NIGHT, asked(0.21), [], {}, {}, override(0.21)),
        (NIGHT, asked(0.19), [], {}, {}, override(0.2)),
        (NIGHT, asked(0.0, fixed=True), [], {}, {}, override(0.2)),
        (NIGHT, asked(0.0), [], {}, {"part_night": True}, override(0.2)),
        (TWILIGHT, asked(0.0), [], {}, {}, override(0.2)),
        (Scene(0.3, None, None), asked(0.0), [], {}, {}, override(0.2)),
        (UNKNOWN, asked(0.0), [], {}, {}, override(0.2)),
        (DAY, asked(0.0), [], {}, {}, override(0.0)),
        (DULL, asked(0.0), [], {}, {}, override(0.0)),
        (DAY, asked(0.15), [], {}, {}, override(0.15)),
        # a person at the pole sees what happens
        (NIGHT, asked(0.0, local=True), [], {}, {}, override(0.0)),
        (UNKNOWN, asked(0.0, local=True), [], {}, {}, override(0.0)),
        (NIGHT, asked(0.05, local=True), [], {}, {}, override(0.1)),
        # presence: how long, which, in which light
        (NIGHT, None, [boost(0.8)], {}, {}, presence(0.8)),
        (NIGHT, None, [boost(0.8, NOW)], {}, {}, program(0.3)),
        (NIGHT, None, [boost(0.8, NOW + 0.001)], {}, {}, presence(0.8, NOW + 0.001)),
        (NIGHT, None, [boost(0.8, NOW), boost(0.6)], {}, {}, presence(0.6)),
        (
            NIGHT,
            None,
            [boost(0.6, 900.0), boost(0.8, 120.0), boost(0.8, 150.0), boost(0.8, 130.0)],
            {},
            {},
            presence(0.8),
        ),
        (NIGHT, None, [boost(0.3)], {}, {}, program(0.3)),
        (NIGHT, None, [boost(0.31)], {}, {}, presence(0.31)),
        (NIGHT, None, [boost(0.29)], {}, {}, program(0.3)),
        (TWILIGHT, None, [boost(0.8)], {}, {}, presence(0.8)),
        (Scene(0.3, None, None), None, [boost(0.8)], {}, {}, presence(0.8)),
        (UNKNOWN, None, [boost(0.8)], {}, {}, FAILSAFE),
        (UNKNOWN, None, [boost(1.0)], {}, {}, presence(1.0)),
        (DAY, None, [boost(0.8)], {}, {}, program(0.0)),
        (DAY, None, [boost(0.8)], {}, {"boost_in_daylight": True}, presence(0.8)),
        # both
        (NIGHT, asked(0.5), [boost(0.8)], {}, {}, presence(0.8)),
        (NIGHT, asked(0.5), [boost(0.4)], {}, {}, override(0.5)),
        (NIGHT, asked(0.5, fixed=True), [boost(0.8)], {}, {}, override(0.5)),
        (NIGHT, asked(0.5, NOW, fixed=True), [boost(0.8)], {}, {}, presence(0.8)),
        (DAY, asked(0.5), [boost(0.8)], {}, {}, override(0.5)),
        (DAY, asked(0.5), [boost(0.8)], {}, {"boost_in_daylight": True}, presence(0.8)),
        (DAY, asked(0.5, fixed=True), [boost(0.8)], {}, {"boost_in_daylight": True}, override(0.5)),
        # a maximum limits program and presence, never a person, never below the floor in the dark
        (Scene(0.8, True, True), None, [], {"high": 0.5}, {}, program(0.5)),
        (NIGHT, None, [], {"high": 0.5}, {}, program(0.3)),
        (NIGHT, None, [boost(0.8)], {"high": 0.5}, {}, presence(0.5)),
        (NIGHT, None, [boost(0.4)], {"high": 0.5}, {}, presence(0.4)),
        (NIGHT, None, [], {"high": 0.1}, {}, program(0.2)),
        (Scene(0.8, None, None), None, [], {"high": 0.1}, {}, program(0.2)),
        (Scene(0.8, True, False), None, [], {"high": 0.1}, {}, program(0.2)),
        (Scene(0.0, True, False), None, [boost(0.8)], {"high": 0.1}, {}, presence(0.2)),
        (DULL, None, [], {"high": 0.1}, {}, program(0.1)),
        (DULL, None, [], {"high": 0.0}, {}, program(0.0)),
        (NIGHT, asked(0.7), [], {"high": 0.5}, {}, override(0.7)),
        (NIGHT, asked(0.4), [boost(0.8)], {"high": 0.5}, {}, presence(0.8)),
        (UNKNOWN, None, [], {"high": 0.5}, {}, FAILSAFE),
        # a minimum raises in the dark, and says why
        (NIGHT, None, [], {"low": 0.6}, {}, program(0.6)),
        (NIGHT, None, [], {"low": 0.3}, {}, program(0.3)),
        (NIGHT, None, [], {"low": 0.6, "sensed": True}, {}, presence(0.6, None)),
        (NIGHT, None, [], {"low": 0.3, "sensed": True}, {}, program(0.3)),
        (NIGHT, None, [boost(0.8)], {"low": 0.6, "sensed": True}, {}, presence(0.8)),
        (NIGHT, None, [boost(0.5)], {"low": 0.6, "sensed": True}, {}, presence(0.6)),
        (NIGHT, None, [boost(0.5)], {"low": 0.6}, {}, presence(0.6)),
        (NIGHT, asked(0.5), [], {"low": 0.6}, {}, override(0.6)),
        (NIGHT, asked(0.5), [], {"low": 0.6, "sensed": True}, {}, presence(0.6, None)),
        (NIGHT, asked(0.5, fixed=True), [], {"low": 0.6}, {}, override(0.5)),
        (DAY, None, [], {"low": 0.6}, {}, program(0.0)),
        (DAY, None, [], {"low": 0.6}, {"boost_in_daylight": True}, program(0.6)),
        (UNKNOWN, None, [], {"low": 0.95}, {}, Decision(0.95, "failsafe")),
    ],
)
def test_each_side_of_each_limit(
    scene: Scene,
    given: Override | None,
    boosts: list[BoostLamp],
    bounds: Any,
    limits: Any,
    expected: Decision,
) -> None:
    """A row of the table is the level, the reason and the end."""
    assert decide(scene, given, boosts, replace(LIMITS, **limits), NOW, Bounds(**bounds)) == expected
    assert decide(scene, given, boosts[::-1], replace(LIMITS, **limits), NOW, Bounds(**bounds)) == expected, (
        "in any order"
    )


def test_no_bounds_are_no_limit() -> None:
    """Who gives no bounds is neither raised nor limited."""
    assert decide(Scene(1.0, True, True), None, [], LIMITS, NOW) == program(1.0)
    assert decide(NIGHT, None, [boost(1.0)], LIMITS, NOW) == presence(1.0)


def test_an_override_asks_for_nothing_more() -> None:
    """Unless it says so, an override is adaptive, comes from afar, and fades as usual."""
    assert Override(0.5, 1.0) == Override(0.5, 1.0, False, None, "", "", False)
    assert not Limits(0.2, 0.1, 1.0, False).part_night


# --- the table of what may be unknown

LIT = replace(LIMITS, failsafe_level=1.0)
LEVELS, KNOWN_OR_NOT = (None, 0.0, 0.05, 0.3, 1.0), (None, False, True)
OVERRIDES = [
    None,
    *(
        Override(level, until, fixed)
        for level in (0.0, 0.15, 0.7)
        for until in (NOW, 200.0)
        for fixed in (False, True)
    ),
]
BOOSTS: list[list[BoostLamp]] = [[], [boost(0.8, NOW)], [boost(0.05)], [boost(0.8)]]
BOUNDS = [Bounds(), Bounds(0.0, 0.0), Bounds(0.6, 1.0, True), Bounds(0.5, 0.5)]


def test_to_know_less_never_darkens() -> None:
    """Whichever input of the scene is lost, alone or with others, no remote wish leaves less light than
    before.
    """
    rows = 0
    for given, boosts, bounds, by_day in itertools.product(OVERRIDES, BOOSTS, BOUNDS, (False, True)):
        limits = replace(LIT, boost_in_daylight=by_day)
        found = {
            (level, dark, deep): decide(Scene(level, dark, deep), given, boosts, limits, NOW, bounds).level
            for level, dark, deep in itertools.product(LEVELS, KNOWN_OR_NOT, KNOWN_OR_NOT)
        }
        for known, light in found.items():
            for keep in itertools.product((False, True), repeat=3):
                level, dark, deep = known
                less = (level if keep[0] else None, dark if keep[1] else None, deep if keep[2] else None)
                assert found[less] >= light, (known, less, given, boosts, bounds)
                rows += 1
    assert rows > 10_000


def test_unknown_is_lit_in_every_row() -> None:
    """What is not known to be day has the floor at least; what has no program has the failsafe level."""
    rows = itertools.product(LEVELS, KNOWN_OR_NOT, KNOWN_OR_NOT, OVERRIDES, BOOSTS, BOUNDS)
    for level, dark, deep, given, boosts, bounds in rows:
        found = decide(Scene(level, dark, deep), given, boosts, LIT, NOW, bounds)
        lives = given is not None and given.until > NOW
        row = (level, dark, deep, given, boosts, bounds)
        if lives and dark is not False:
            assert found.level >= 0.2, row
        if not lives and level is None:
            assert (found.level, found.reason) == (1.0, "failsafe"), row
        if not lives and deep is not False:
            assert found.level >= 0.2, row
        assert found.level == 0 or found.level >= 0.1, row
