"""What `run` writes of incidents: one line each, and a flood of notes as a number."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pole_agent.loops.tell import MAX_LINES, WINDOW_S, Tell
from pole_agent.vocabulary import RecordEvent, Severity
from tests.conftest import CLIP
from tests.faults.test_hostile import Output

DATA: dict[str, Any] = {
    "rule": "watch",
    "kind": "crossing",
    "class": "person",
    "camera": "street",
    "line": "gate",
    "incident_id": "01a2",
}


def closed(at: float, severity: Severity = Severity.INFO) -> RecordEvent:
    return RecordEvent("incident.closed", severity, DATA | {"duration_s": 4.0}, at)


def test_an_incident_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    tell = Tell()
    tell.event(RecordEvent("incident.opened", Severity.ALARM, DATA, 0.0))
    tell.event(closed(4.0, Severity.ALARM))
    tell.event(RecordEvent("traffic.summarized", Severity.INFO, {}, 5.0))
    assert caplog.messages == [
        "alarm opened: watch: crossing of a person, camera street, line gate (01a2)",
        "alarm closed after 4 s: watch: crossing of a person, camera street, line gate (01a2)",
    ]


def test_a_busy_street_is_counted_and_hides_no_alarm(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    tell = Tell()
    for number in range(500):
        tell.event(closed(number * 0.1))
    tell.event(closed(50.0, Severity.WARNING))
    assert len(caplog.messages) == MAX_LINES + 1
    tell.event(closed(WINDOW_S))
    assert caplog.messages[-2:-1] == [f"and {500 - MAX_LINES} more incidents within a minute"]


def test_run_shows_what_it_sees(
    agent: Callable[..., subprocess.Popen[str]], bench: Callable[..., Path]
) -> None:
    rule = '[[rule]]\nname = "somebody"\nkind = "presence"\nseverity = "warning"\n'
    output = Output(
        agent(
            "run",
            "--config",
            str(bench(f'[[camera]]\nname = "street"\nsource = "{CLIP}"\nloop = true\n{rule}')),
        )
    )
    assert "warning opened: somebody: presence of a person, camera street, zone frame" in output.wait_for(
        "warning opened", 30
    )
    output.stop()
