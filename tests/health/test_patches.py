"""The age of the operating system's packages, from what apt and dpkg leave behind."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pole_agent.doctor.machine import patched
from pole_agent.health.patches import (
    CHANGES,
    DAY_S,
    HOOKS,
    LISTS,
    REBOOT,
    RUNS,
    Patches,
    patches,
    patches_told,
)
from pole_agent.settings import Settings

NOW = 1_795_500_000.0
RUN, LIST, STATUS, LOG = RUNS[0], LISTS[0], *CHANGES
POLE = Settings.model_validate({"pole": {"id": "P", "site": "s", "latitude": 0.0, "longitude": 0.0}})


def leave(root: Path, name: str, at: float = NOW) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).touch()
    os.utime(root / name, (at, at))


@pytest.mark.parametrize(
    ("left", "days"),
    [
        ({}, None),
        ({STATUS: 40}, 40.0),
        ({LOG: 40}, 40.0),
        ({STATUS: 40, LOG: 3}, 3.0),
        ({STATUS: 40, RUN: 1, LIST: 2}, 2.0),
        ({STATUS: 40, RUN: 2, LIST: 1}, 2.0),
        ({STATUS: 40, RUN: 1, LIST: 90}, 40.0),  # it had no network: its lists are old
        ({STATUS: 40, RUN: 1}, 40.0),
        ({STATUS: 40, LIST: 1}, 40.0),  # lists alone install nothing
        ({RUNS[1]: 5, LIST: 1}, 5.0),
        ({STATUS: -1}, None),  # the clock is behind
    ],
)
def test_the_age_of_the_packages(tmp_path: Path, left: dict[str, float], days: float | None) -> None:
    """A run counts as far as its lists go; without a trace the age is unknown."""
    for name, ago in left.items():
        leave(tmp_path, name, NOW - ago * DAY_S)
    assert patches(tmp_path).age_days(NOW) == days


@pytest.mark.parametrize(
    ("left", "pending"), [([], None), ([HOOKS[0]], False), ([REBOOT], True), ([REBOOT, HOOKS[1]], True)]
)
def test_a_pending_reboot(tmp_path: Path, left: list[str], pending: bool | None) -> None:
    """That the file is not there says something only where somebody would write it."""
    for name in left:
        leave(tmp_path, name)
    assert patches(tmp_path).reboot is pending


def test_what_health_says(tmp_path: Path) -> None:
    """With the time as everywhere in the contract, and null for what nobody knows."""
    assert patches_told(tmp_path, NOW) == {"updated_at": None, "age_days": None, "reboot_required": None}
    leave(tmp_path, STATUS, NOW - 1.5 * DAY_S)
    leave(tmp_path, REBOOT)
    assert patches_told(tmp_path, NOW) == {
        "updated_at": "2026-11-22T18:00:00.000Z",
        "age_days": 1.5,
        "reboot_required": True,
    }
    assert Patches(NOW, None).age_days(NOW) == 0.0


@pytest.mark.parametrize(
    ("days", "reboot", "state"),
    [
        (1, False, "ok"),
        (34.9, False, "ok"),
        (35.2, False, "warn"),
        (1, True, "warn"),
        (None, False, "unknown"),
        (None, True, "warn"),
    ],
)
def test_what_the_doctor_says(tmp_path: Path, days: float | None, reboot: bool, state: str) -> None:
    """More than 35 days, or a reboot that waits, with what to do about it."""
    if days is not None:
        leave(tmp_path, STATUS, time.time() - days * DAY_S)
    if reboot:
        leave(tmp_path, REBOOT)
    (found,) = patched(POLE, tmp_path)
    assert (found.name, found.state, bool(found.fix)) == ("patches", state, state != "ok")
    assert ("reboot is pending" in found.words) is reboot
    assert ("unknown" in found.words) is (days is None)
