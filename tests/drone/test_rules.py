"""The rules as the dispatch loop gets them: each key of [drone] lands where it belongs, and no default of the
code is another one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pole_agent import compose
from pole_agent.drone.gates import DroneLimits
from pole_agent.drone.rules import DroneRules
from pole_agent.drone.target import View
from pole_agent.drone.triage import Triage
from pole_agent.settings.load import parse
from pole_agent.vocabulary import Severity

POLE = '[pole]\nid = "A"\nsite = "b"\nlatitude = 0.0\nlongitude = 0.0\n[[camera]]\nsource = "rtsp://x"\n'


def rules(text: str = "", for_real: bool = True) -> DroneRules:
    return compose.drone_rules(parse(f"{POLE}[drone]\nenabled = true\n{text}"), for_real)


def test_defaults_of_code_are_those_of_file() -> None:
    """The defaults of the code are those of the file.

    Where [drone] says nothing, a limit is the same whoever makes the rules.
    """
    made = rules()
    assert made.limits == DroneLimits()
    assert made.triage == Triage()
    plain = DroneRules(True, made.place, made.office)
    assert replace(made, views=None, for_real=False) == plain
    assert (made.views or {}).get("street") == View()
    assert plain.simulation is True


LIMITS: dict[str, Any] = {
    "cooldown_s": 1.0,
    "ttl_s": 11.0,
    "max_alt_agl_m": 33.0,
    "night_permit": True,
    "max_wind_ms": 4.0,
    "max_rain_mm_h": 5.0,
    "min_temperature_c": -6.0,
    "max_temperature_c": 7.0,
    "min_battery_pct": 8.0,
    "require_dock_idle": True,
    "require_no_maintenance": True,
    "conditions_max_age_s": 9.0,
}
TRIAGE: dict[str, Any] = {
    "cooldown_s": 1.0,
    "min_score": 0.5,
    "max_requests_per_day": 3,
    "max_false_alarm_rate": 0.25,
}


@pytest.mark.parametrize("key", [*LIMITS, *TRIAGE, "min_severity"])
def test_each_key_lands_in_its_limit(key: str) -> None:
    """A key changes its own limit and no other."""
    value = "alarm" if key == "min_severity" else (LIMITS | TRIAGE)[key]
    written = f'"{value}"' if isinstance(value, str) else str(value).lower()
    made = rules(f"{key} = {written}\n")
    expected: dict[str, Any] = {key: Severity.ALARM if key == "min_severity" else value}
    assert made.limits == (replace(DroneLimits(), **expected) if key in LIMITS else DroneLimits())
    assert made.triage == (
        replace(Triage(), **expected) if key in TRIAGE or key == "min_severity" else Triage()
    )


@pytest.mark.parametrize(
    ("text", "for_real", "simulation"),
    [
        ("", True, False),
        ("", False, True),
        ('approval = "automatic"\n', True, True),
        ('approval = "automatic"\n', False, True),
    ],
)
def test_who_may_let_a_real_drone_fly(text: str, for_real: bool, simulation: bool) -> None:
    """Only the agent of a pole on a street, and only where a person approves."""
    made = rules(text, for_real)
    assert made.simulation is simulation
    assert made.automatic is bool(text)


def test_the_other_keys_land_too() -> None:
    """Silences, height, patrols and keys are those of the file."""
    made = rules(
        'answer_s = 60\nsilence_s = 70\nalt_agl_m = 12\n[[drone.patrol]]\nname = "round"\nat ='
        ' ["06:00"]\nradius_m = 500\n'
    )
    assert (made.answer_s, made.silence_s, made.altitude_m, made.enabled, made.trouble) == (
        60,
        70,
        12,
        True,
        "",
    )
    assert [(p.name, p.radius_m) for p in made.patrols] == [("round", 500)]
    assert (made.office.keys, made.office.pole) == ({}, "smartpole/b/A")
