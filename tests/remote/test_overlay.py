"""Overlays of one key, laid over a pole's own configuration."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from pole_agent.errors import ConfigError
from pole_agent.remote.overlay import composed, laid_over

BASE = tomllib.loads("""
[pole]
id = "A"
site = "s"
name = "before"
groups = ["east", "square"]
[[camera]]
source = "rtsp://cam/1"
masks = [[[0.0, 0.0], [0.1, 0.0], [0.1, 0.1]]]
[[zone]]
name = "yard"
polygon = []
[lamp]
pin = 18
""")
MASK = [[0.0, 0.0], [0.1, 0.0], [0.1, 0.1]]
OTHER = [[0.5, 0.5], [0.6, 0.5], [0.6, 0.6]]


def overlays(**groups: dict[str, Any]) -> Any:
    return lambda name: groups.get(name, {})


def test_a_list_takes_the_place_and_tables_are_merged() -> None:
    found = laid_over(BASE, {"zone": [{"name": "road"}], "lamp": {"calendar": []}, "pole": {"name": "now"}})
    assert [z["name"] for z in found["zone"]] == ["road"]
    assert found["lamp"] == {"pin": 18, "calendar": []}
    assert found["pole"] == BASE["pole"] | {"name": "now"}
    assert BASE["zone"][0]["name"] == "yard", "the base stays"


def test_masks_are_added_once_and_none_goes() -> None:
    once = laid_over(BASE, {"camera": [{"masks": [OTHER], "fps": 2}]})
    assert once["camera"] == [{"source": "rtsp://cam/1", "masks": [MASK, OTHER], "fps": 2}]
    assert laid_over(once, {"camera": [{"name": "street", "masks": [OTHER]}]}) == once
    assert laid_over(BASE, {"camera": [{"masks": []}]}) == BASE


def test_groups_come_in_order_and_the_pole_last() -> None:
    group = overlays(east={"pole": {"name": "east", "operator": "e"}}, square={"pole": {"operator": "q"}})
    found = composed(BASE, {"pole": {"contact": "c"}}, group)
    assert found["pole"]["name"] == "east"
    assert (found["pole"]["operator"], found["pole"]["contact"]) == ("q", "c")
    assert composed(BASE, {"pole": {"name": "own"}}, group)["pole"]["name"] == "own"


def test_the_pole_may_move_to_another_group() -> None:
    found = composed(
        BASE, {"pole": {"groups": ["west"]}}, overlays(east={"lamp": {}}, west={"pole": {"name": "w"}})
    )
    assert (found["pole"]["name"], found["pole"]["groups"]) == ("w", ["west"])


@pytest.mark.parametrize(
    ("overlay", "key"),
    [
        ({"mqtt": {"host": "x"}}, "mqtt"),
        ({"pole": {"id": "B"}}, "pole.id"),
        ({"pole": []}, "pole"),
        ({"lamp": {"floor": 0.0}}, "lamp.floor"),
        ({"camera": [{"source": "/etc/passwd"}]}, "camera.source"),
        ({"camera": [{"masks": "all"}]}, "camera.masks"),
        ({"camera": {}}, "camera"),
        ({"camera": [{"name": "back"}]}, "camera.back"),
        ({"rule": {"name": "r"}}, "rule"),
        ({"zone": ["z"]}, "zone"),
    ],
)
def test_what_an_overlay_may_not_hold_is_named(overlay: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as refused:
        laid_over(BASE, overlay)
    assert key in [problem.path for problem in refused.value.problems]
