"""The command lamp/set, each side of each limit; and the sentence with which it is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

from pole_agent.errors import CommandRefused
from pole_agent.lamp.commands import BurnHours, LampCommand, Lasting, Resume, Sweep, read
from pole_agent.lamp.decide import Override

HOUR_S = 3600.0


def override(level: float, until: float = 100.0 + HOUR_S, **more: Any) -> Override:
    return Override(level, until, **more)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"level": 0}, override(0.0)),
        ({"level": 0.0}, override(0.0)),
        ({"level": 1}, override(1.0)),
        ({"level": 1.0}, override(1.0)),
        ({"brightness": 0}, override(0.0)),
        ({"brightness": 51}, override(0.2)),
        ({"brightness": 255}, override(1.0)),
        ({"state": "ON"}, override(1.0)),
        ({"state": "ON", "level": 0.3}, override(0.3)),
        ({"state": "ON", "level": 0}, override(0.0)),
        ({"state": "ON", "brightness": 51}, override(0.2)),
        ({"state": "OFF"}, override(0.0)),
        ({"state": "OFF", "level": 0}, override(0.0)),
        ({"state": "OFF", "brightness": 0}, override(0.0)),
        ({"state": None, "level": 0.5}, override(0.5)),
        ({"level": 0.5, "duration_s": 1}, override(0.5, 101.0)),
        ({"level": 0.5, "duration_s": 43_200}, override(0.5, 43_300.0)),
        ({"level": 0.5, "transition": 0}, override(0.5, transition_s=0.0)),
        ({"level": 0.5, "transition": 3600}, override(0.5, transition_s=3600.0)),
        ({"level": 0.5, "mode": "fixed"}, override(0.5, fixed=True)),
        ({"level": 0.5, "mode": "adaptive"}, override(0.5, fixed=False)),
        ({"level": 0.5, "reason": "x" * 200}, override(0.5, reason="x" * 200)),
        ({"level": 0.5, "reason": ""}, override(0.5)),
        ({"resume": True}, Resume()),
        ({"default_duration_s": 1}, Lasting(1.0)),
        ({"default_duration_s": 43_200}, Lasting(43_200.0)),
    ],
)
def test_what_a_command_means(payload: dict[str, Any], expected: LampCommand) -> None:
    """The least and the most of every number, and what is left out; from afar and at the pole."""
    assert read(payload, 100.0) == expected
    here = read(payload, 100.0, local=True)
    assert here == (
        Override(**{n: getattr(expected, n) for n in Override.__slots__} | {"local": True})
        if isinstance(expected, Override)
        else expected
    )


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"sweep_s": 1}, Sweep(1.0)),
        ({"sweep_s": 300}, Sweep(300.0)),
        ({"burn_h": 0}, BurnHours(0.0)),
        ({"burn_h": 1e6}, BurnHours(1e6)),
    ],
)
def test_what_only_the_pole_itself_is_asked(payload: dict[str, Any], expected: LampCommand) -> None:
    """A sweep of one second to five minutes; no hours to a million."""
    assert read(payload, 0.0, local=True) == expected


USUAL = "state, brightness, level, transition, duration_s, mode, reason, resume, default_duration_s"
LEVEL, MODE, ALONE = (
    "level must be a number from 0 to 1",
    'mode must be "adaptive" (presence may still raise the lamp) or "fixed"',
    'to return to the program send {"resume": true} alone',
)
STATE, BRIGHTNESS, DURATION = (
    'state must be "ON" or "OFF"',
    "brightness must be a number from 0 to 255",
    "duration_s must be a number from 1 to 43200",
)
TRANSITION, REASON, LASTING = (
    "transition must be a number from 0 to 3600",
    "reason must be a text of at most 200 characters",
    "default_duration_s must be a number from 1 to 43200",
)
NOTHING, CONTRADICTION = (
    "give state, brightness (0 to 255) or level (0 to 1)",
    'state "OFF" and a level above 0 contradict each other',
)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({}, NOTHING),
        ({"state": None}, NOTHING),
        ({"mode": "fixed"}, NOTHING),
        *(
            ({"level": value}, LEVEL)
            for value in (
                -0.001,
                1.001,
                math.nan,
                math.inf,
                -math.inf,
                True,
                False,
                "1",
                None,
                [0.5],
                10**400,
            )
        ),
        *(({"brightness": value}, BRIGHTNESS) for value in (-1, 255.1, 256, True, "10", None)),
        *(
            ({"level": 0.5, "duration_s": value}, DURATION)
            for value in (0, 0.999, 43_200.001, -1, True, math.inf, math.nan, None)
        ),
        *(({"level": 0.5, "transition": value}, TRANSITION) for value in (-0.001, 3600.001, True, None)),
        *(({"level": 0.5, "mode": value}, MODE) for value in ("auto", "", None, True, ["fixed"])),
        *(({"level": 0.5, "reason": value}, REASON) for value in ("x" * 201, None, 5, ["x"])),
        *(({"state": value, "level": 0.5}, STATE) for value in ("on", "off", "", True, 1, ["ON"])),
        *(({"default_duration_s": value}, LASTING) for value in (0, 0.999, 43_200.001, True, None, "60")),
        ({"brightness": 10, "level": 0.5}, "give brightness (0 to 255) or level (0 to 1), not both"),
        ({"state": "OFF", "level": 0.001}, CONTRADICTION),
        ({"state": "OFF", "brightness": 1}, CONTRADICTION),
        ({"resume": True, "level": 0.5}, ALONE),
        ({"resume": False}, ALONE),
        ({"resume": 1}, ALONE),
        ({"resume": "true"}, ALONE),
        ({"resume": None}, ALONE),
        ({"default_duration_s": 60, "level": 0.5}, "send default_duration_s alone"),
        ({"level": 0.5, "colour": "red"}, f"unknown key 'colour'; a lamp command takes {USUAL}"),
        ({"y": 1, "x": 1}, f"unknown key 'x'; a lamp command takes {USUAL}"),
        ({"z" * 60: 1}, f"unknown key '{'z' * 40}'; a lamp command takes {USUAL}"),
        ({"sweep_s": 20}, f"unknown key 'sweep_s'; a lamp command takes {USUAL}"),
        ({"burn_h": 20}, f"unknown key 'burn_h'; a lamp command takes {USUAL}"),
    ],
)
def test_what_is_refused_and_how(payload: dict[str, Any], words: str) -> None:
    """Nothing is clamped, and the sentence says what is allowed."""
    with pytest.raises(CommandRefused) as refused:
        read(payload, 0.0)
    assert str(refused.value) == words


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        *(
            ({"sweep_s": value}, "sweep_s must be a number from 1 to 300")
            for value in (0, 0.999, 300.001, True, None)
        ),
        *(
            ({"burn_h": value}, "burn_h must be a number from 0 to 1e+06")
            for value in (-0.001, 1e6 + 1, True, None)
        ),
        ({"sweep_s": 20, "level": 1}, "send sweep_s alone"),
        ({"burn_h": 20, "level": 1}, "send burn_h alone"),
        ({"x": 1}, f"unknown key 'x'; a lamp command takes {USUAL}, sweep_s, burn_h"),
    ],
)
def test_what_is_refused_at_the_pole(payload: dict[str, Any], words: str) -> None:
    """Its own commands have their limits too."""
    with pytest.raises(CommandRefused) as refused:
        read(payload, 0.0, local=True)
    assert str(refused.value) == words


def test_the_usual_duration_is_an_hour_or_what_was_set() -> None:
    """A command that names none has it; one that names its own keeps that."""
    assert read({"level": 0.5}, 100.0) == override(0.5, 3700.0)
    assert read({"level": 0.5}, 100.0, 90.0) == override(0.5, 190.0)
    assert read({"level": 0.5, "duration_s": 60}, 100.0, 90.0) == override(0.5, 160.0)
