"""What the lamp remembers over a reload: every field of every state. A field that comes later is looked at
too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

import pytest

from pole_agent.almanac import Place, Span, night_of
from pole_agent.lamp.boosts import Boosts
from pole_agent.lamp.controller import Configuration
from pole_agent.lamp.controls import Control
from pole_agent.lamp.decide import Decision, Override
from pole_agent.lamp.faults import Feedback
from pole_agent.lamp.street_light import LampState, StreetLight
from pole_agent.vocabulary import BoostLamp
from tests.lamp.moments import moment
from tests.lamp.test_controller import EVENING, SUMEDANG, configuration

CONTROL = Control("min", 0.5, "presence", Span.parse("always"), 600.0)
# Fields whose value cannot be made from their default
VALUES: dict[str, Any] = {
    "controller.override": Override(0.3, 1e9, by="officer"),
    "controller.decision": Decision(0.3, "override", 1e9),
    "controller.fade.faded_for": Override(0.4, 1e9),
    "controller.fade.sweep": (7.0, 20.0),
    "controller.relay.closed": False,
    "controller.controls.true_at": {CONTROL: 7.0},
    "controller.photocell.latched": (7.0, True),
    "controller.ledger.reason": "program",
    "daylight.place": SUMEDANG,
    "nights.night": night_of(EVENING, SUMEDANG),
}
# Attributes outside of the states that a reload leaves behind, and why
LEFT_BEHIND = {
    "StreetLight": {"_told": "who listens may be another, and is told anew"},
    "Controller": {
        "scene": "of the last step; the next one finds it by the new program",
        "_stretch": "of the old program",
        "_idle": "of the old program",
        "_noted": "saves time only: the ledger is told the same once more",
        "_bounds": "of the last step, for `reasons`",
        "_boosts": "of the last step, for `reasons`",
        "_dark_by_day": "of the last step, for `reasons`",
    },
}
CONFIGURATION = {
    "StreetLight": {"_button_off_s"},
    "Controller": {"plan", "limits", "_driver"},
    "Fade": {"_up_s", "_down_s", "_limits"},
    "Controls": {"_controls", "_place"},
    "Relay": {"_min_off_s"},
    "Photocell": {"_thresholds", "_plan"},
    "Ledger": {"_rated_w"},
    "Faults": {"_rated_w"},
    "Daylight": {"_place"},
    "Nights": {"_place", "_ledger"},
}


def with_everything() -> Configuration:
    return configuration(photocell=True, relay_s=60.0, controls=(CONTROL,))


def begun() -> StreetLight:
    """A light that has been through an evening: its states have been used."""
    light = StreetLight(with_everything(), LampState.begin(0.0))
    for now in (0.0, 1.0):
        output = light.step(moment(EVENING, now), [], 5.0, Feedback(True))
        list(light.news(output, moment(EVENING, now)))
    return light


def reloaded(light: StreetLight) -> StreetLight:
    return StreetLight(with_everything(), light.hand_over(light.state.controller.ledger.at))


def leaves(state: Any, path: str = "") -> Iterator[tuple[Any, Field[Any], str]]:
    """Each state, each of its fields, and the path to it."""
    for field in fields(state):
        value, name = getattr(state, field.name), f"{path}{field.name}"
        if type(value).__module__.startswith("pole_agent.lamp") and type(value).__name__.endswith(
            ("State", "Sums")
        ):
            assert is_dataclass(value)
            yield from leaves(value, f"{name}.")
        else:
            yield state, field, name


PATHS = [path for _, _, path in leaves(begun().state)]


def usual(field: Field[Any]) -> Any:
    if field.default is not MISSING:
        return field.default
    return None if field.default_factory is MISSING else field.default_factory()


def another(path: str, default: Any) -> Any:
    """A value that the field does not have at a start."""
    match default:
        case _ if path in VALUES:
            return VALUES[path]
        case bool():
            return not default
        case int() | float():
            return 4321.0
        case str():
            return "another"
        case dict():
            return dict.fromkeys([*default, "another"], 7.0)
        case deque() | list():
            return type(default)([7.0])
        case Boosts():
            return Boosts()
    return 4321.0  # a time, or a number, that is not known at a start


@pytest.mark.parametrize("path", PATHS)
def test_every_field_arrives(path: str) -> None:
    """Set to what it is not at a start, it is the same after a reload."""
    light = begun()
    [(state, field)] = [(s, f) for s, f, name in leaves(light.state) if name == path]
    value = another(path, usual(field))
    assert value != usual(field), "set VALUES"
    setattr(state, field.name, value)
    after = reloaded(light)
    [(state, _)] = [(s, f) for s, f, name in leaves(after.state) if name == path]
    assert getattr(state, field.name) == value
    assert after.controller.state is after.state.controller


def parts(owner: Any) -> Iterator[Any]:
    """The object and everything of the lamp that it is made of."""
    yield owner
    for value in vars(owner).values():
        if type(value).__name__ in CONFIGURATION and value is not owner:
            yield from parts(value)


def test_nothing_is_remembered_outside_of_a_state() -> None:
    """Every attribute is of the configuration, a part, the state, or left behind for a reason."""
    found = {}
    for part in parts(begun()):
        kind = type(part).__name__
        made = {n for n, v in vars(part).items() if type(v).__name__ in CONFIGURATION}
        rest = set(vars(part)) - made - {"state"} - CONFIGURATION[kind]
        assert rest == LEFT_BEHIND.get(kind, {}).keys(), kind
        found[kind] = part
    assert found.keys() == CONFIGURATION.keys()


def test_each_part_works_on_its_piece_of_the_state() -> None:
    """After a reload too: what a part sees later is in what the next reload hands on."""
    light = reloaded(begun())
    pieces = {id(light.state)}
    for state, _, _ in leaves(light.state):
        pieces.add(id(state))
    assert {id(part.state) for part in parts(light)} <= pieces


def test_a_live_boost_outlasts_a_reload() -> None:
    """Who is in the street stays lit."""
    light = begun()
    light.state.boosts.add(BoostLamp("a", 1.0, 1e9))
    assert [b.source for b in reloaded(light).state.boosts.at(2.0)] == ["a"]


@pytest.mark.parametrize("aside", [True, False])
def test_what_another_place_leaves_behind(aside: bool) -> None:
    """What the cell said of another sun; that a person set it aside stays."""
    light = begun()
    light.state.daylight.against_at = 7.0
    place = Place(0.0, 0.0, SUMEDANG.zone)
    moved = StreetLight(configuration(place=place), light.hand_over(2.0), cell_aside=aside)
    assert (moved.state.daylight.place, moved.state.daylight.aside) == (place, aside)
    assert moved.state.daylight.against_at == float("-inf")


def test_a_photocell_that_was_taken_away_is_forgotten() -> None:
    """One that comes with a later reload has seen nothing of the time between."""
    light = begun()
    assert light.state.controller.photocell.dark is True
    bare = StreetLight(configuration(), light.hand_over(2.0))
    again = StreetLight(with_everything(), bare.hand_over(3.0))
    assert again.state.controller.photocell.dark is None
