"""What scripts/fleet says of a fleet: its figures by hand, and three poles that lose their broker."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from lightpoles.figures import a_second, quantile, returned, worst_second
from lightpoles.report import Report

from tests.conftest import ROOT, mosquitto_program


@pytest.mark.parametrize(
    ("times", "most"),
    [([], 0), ([5.0], 1), ([0.0, 0.9, 1.0], 2), ([0.6, 1.4, 1.5, 9.0], 3), ([2.0, 1.0, 0.0], 1)],
)
def test_the_worst_second(times: list[float], most: int) -> None:
    """Any second, not only those of a clock; its end does not belong to it."""
    assert worst_second(times) == most


@pytest.mark.parametrize(("share", "value"), [(0.0, 1.0), (0.5, 3.0), (0.75, 4.0), (0.99, 4.0), (1.0, 4.0)])
def test_quantiles(share: float, value: float) -> None:
    assert quantile([4.0, 1.0, 3.0, 2.0], share) == value
    assert quantile([], share) is None


def test_a_return() -> None:
    """Four poles: tries before the broker is back count for the crowd, not for the return."""
    entered = {"a": 11.0, "b": 14.9, "c": 15.1, "d": 30.0}
    found = returned([1.0, 1.5, 1.9, 11.0], entered, 10.0, 4)
    assert (found.tries, found.worst_share) == (4, 0.75)
    assert (found.all_s, found.soon_share) == (20.0, 0.5)
    assert found.median_s == pytest.approx(5.1)
    half = returned([1.0, 11.0, 11.5], {"a": 11.0, "b": 16.0}, 10.0, 4, 2)
    assert (half.worst_share, half.all_s, half.soon_share) == (0.5, 6.0, 0.5)
    missing = returned([], {"a": 11.0}, 10.0, 4)
    assert (missing.all_s, missing.median_s, missing.soon_share) == (None, None, 0.25)


def test_tries_by_second() -> None:
    assert a_second([9.9, 10.0, 10.9, 12.0, 13.0], 10.0, 3) == [2, 0, 1]


@pytest.mark.parametrize(
    ("value", "limits", "ok"),
    [
        (15.0, {"most": 15.0}, True),
        (15.1, {"most": 15.0}, False),
        (50.0, {"least": 50.0}, True),
        (49.9, {"least": 50.0}, False),
        (None, {"most": 1.0}, False),
        (9.0, {}, None),
    ],
)
def test_a_row_and_its_limit(value: float | None, limits: dict[str, float], ok: bool | None) -> None:
    report = Report("t")
    row = report.add("x", value, "s", **limits)
    assert row.ok is ok
    assert report.missed == ([row] if ok is False else [])
    assert ("| missed |" in report.markdown()) is (ok is False)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("tls", [pytest.param(False, marks=pytest.mark.essence), True])
def test_three_poles(tmp_path: Path, tls: bool) -> None:
    """They lose their broker and come back, and no event is missing."""
    if mosquitto_program() is None:
        pytest.skip("needs Mosquitto: sudo apt install mosquitto")
    more = ["--tls", "--cut", "60"] if tls else []
    asked = ["--poles", "3", "--outages", "1", "--idle", "3", "--out", str(tmp_path), *more]
    done = subprocess.run(
        [sys.executable, "-m", "lightpoles", *asked],
        cwd=ROOT,
        env={"PYTHONPATH": "scripts:.", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    figures = json.loads((tmp_path / "fleet.json").read_text())
    values = {row["what"]: row["value"] for row in figures["rows"]}
    assert values["command to all: pins that moved"] == 100, done.stderr
    assert values["broker restarted, away for 1 s: all back after"] < 60
    if tls:
        assert values["half the fleet cut off for 60 s: all back after"] < 60
    assert values["backlog: waiting events that came"] == 100
    assert values["events that never came"] == 0
    assert "fleet.svg" in (tmp_path / "fleet.md").read_text()
    assert "<rect" in (tmp_path / "fleet.svg").read_text()
