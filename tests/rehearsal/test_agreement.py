"""Rehearsed alarms are those that the pole has given: the same judge, on what was kept of the same street."""

from __future__ import annotations

from pathlib import Path

import pytest

from pole_agent.compose import rules_of
from pole_agent.rehearsal.rehearse import Part, rehearse
from pole_agent.trajectories.files import files_of, folder_of
from tests.rehearsal.street import STREET, Lived, agreement, live

AGREE = 0.98


def rehearsed(lived: Lived) -> dict[str, list[float]]:
    """The alarms by rule: wall times; those beyond the limit of the rule are not told."""
    rules = tuple(rules_of(lived.settings, "street"))
    place = lived.settings.pole.place
    part = Part(camera="street", rules=rules, place=place, since=float("-inf"))
    result = rehearse(part, files_of(folder_of(lived.folder, "street")), lambda done, of: None)
    return {
        rule.name: [alarm.at for alarm in outcome.alarms if not alarm.muted]
        for rule, outcome in zip(rules, result.rules, strict=True)
    }


def test_evening_agrees(tmp_path: Path) -> None:
    """A quarter of an hour in the evening, six hundred objects an hour: crossings and presence."""
    lived = live(tmp_path, 18.5, 18.75)
    found = rehearsed(lived)
    told = [(rule, at) for rule, times in found.items() for at in times]
    assert len(lived.opened) > 100
    for rule in ("passing", "night"):
        assert lived.of(rule)
        assert agreement(lived.of(rule), found[rule]) >= AGREE
    assert abs(len(told) - len(lived.opened)) <= 2


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_day_agrees(tmp_path: Path) -> None:
    """Of a whole day with ten thousand objects, at least 98 % of the alarms of each rule are the same, within
    two seconds; and its trajectories take less than 5 MB.
    """
    lived = live(tmp_path, 0, 24)
    found = rehearsed(lived)
    for rule in STREET["rule"]:
        name = rule["name"]
        assert agreement(lived.of(name), found[name]) >= AGREE, name
    assert sum(file.size for file in files_of(folder_of(tmp_path, "street"))) < 5_000_000
