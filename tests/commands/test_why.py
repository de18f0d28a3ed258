"""Why was it so? The chain of reasons, from a pole that ran."""

from __future__ import annotations

import json
import time
import zoneinfo
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pole_agent.commands.why import moment
from pole_agent.errors import ConfigError
from pole_agent.lamp.chain import lamp_chain
from tests.cli import call
from tests.commands.test_commands import Start
from tests.conftest import CLIP, eventually

ZONE = zoneinfo.ZoneInfo("Asia/Jakarta")


def test_a_time_of_day_is_the_last_one() -> None:
    now = datetime(2026, 11, 24, 10, 0, tzinfo=ZONE).timestamp()

    def at(text: str) -> str:
        return datetime.fromtimestamp(moment(text, ZONE, now), ZONE).isoformat()

    assert at("02:13").startswith("2026-11-24T02:13:00")
    assert at("22:30").startswith("2026-11-23T22:30:00")
    assert at("2026-11-20T04:05").startswith("2026-11-20T04:05:00+07:00")
    assert at("2026-11-19T21:05Z").startswith("2026-11-20T04:05:00+07:00")
    for text in ("25:00", "yesterday", ""):
        with pytest.raises(ConfigError):
            moment(text, ZONE, now)


def test_the_chain_names_everything_that_was_asked() -> None:
    chain = lamp_chain(
        {
            "level": 0.7,
            "reason": "presence",
            "program": "default",
            "program_level": 0.3,
            "dark": True,
            "deep": True,
            "floor": 0.2,
            "failsafe_level": 1.0,
            "override": {"level": 0.5, "fixed": False, "local": False, "by": "Dewi", "reason": "festival"},
            "presence": {"street/somebody": 1.0},
            "low": 0.1,
            "high": 0.7,
        }
    )
    assert chain == [
        ("program", '"default" asks for 30 %'),
        ("sun", "it is dark, and deep night"),
        ("floor", "20 % applies"),
        ("override", '50 % by Dewi ("festival"), from outside, presence may raise it'),
        ("presence", "street/somebody raises it to 100 %"),
        ("control", "at least 10 %"),
        ("control", "at most 70 %"),
    ]


def test_a_pole_that_ran_can_say_why(agent: Start, bench: Callable[..., Path], tmp_path: Path) -> None:
    rules = (
        f'[[camera]]\nname = "street"\nsource = "{CLIP}"\nfps = 5\nloop = true\n'
        '[[rule]]\nname = "watch"\nkind = "presence"\nseverity = "alarm"\ndrone = true\n'
        "[drone]\nenabled = true\n"
    )
    config = str(bench(rules))
    process = agent("run", "--config", config)
    eventually(lambda: (tmp_path / "state" / "control.sock").exists())
    assert (
        call("lamp", "--config", config, "set", "0.55", "--for", "600", "--reason", "festival").returncode
        == 0
    )
    eventually(lambda: json.loads(call("drone", "--config", config, "--json", "list").stdout), within_s=30)

    def asked(*words: str) -> str:
        done = call("why", "--config", config, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    lamp = asked("lamp")
    assert "55 %, by override" in lamp
    assert '("festival")' in lamp
    (request,) = json.loads(call("drone", "--config", config, "--json", "list").stdout)
    drone = asked("drone", request["request_id"][:13])
    assert "CLOSED  geofence" in drone
    assert "no geofence is configured" in drone
    incident = asked("incident", request["incident_ids"][0])
    assert 'by rule "watch"' in incident
    assert "opened" in incident
    process.terminate()
    assert process.wait(10) == 0
    assert json.loads(asked("lamp", "--json"))["ended"], "what is told now is not what was"
    assert "Now the agent is not running: it was stopped" in asked("lamp")
    assert "0 stored incidents" in call("why", "--config", config, "incident", "ffffffff").stderr
    assert call("why", "--config", config, "incident", "x y").returncode == 2
    assert call("why", "--config", config, "lamp", "--at", "2001-01-01T00:00").returncode == 1


def test_when_it_was_stopped_or_lost_power(agent: Start, bench: Callable[..., Path], tmp_path: Path) -> None:
    """When it was stopped or lost its power it does not say that the lamp was at a level."""
    config = str(bench())

    def run() -> Any:
        process = agent("run", "--config", config)
        eventually(lambda: call("lamp", "--config", config, "--json").returncode == 0)
        # Writes the log down
        assert call("lamp", "--config", config, "set", "0.6", "--for", "60").returncode == 0
        return process

    def at(wall: float) -> str:
        done = call("why", "--config", config, "lamp", "--at", datetime.fromtimestamp(wall, ZONE).isoformat())
        assert done.returncode == 0, done.stderr
        return done.stdout

    first = run()
    ran = time.time()
    first.terminate()
    assert first.wait(10) == 0
    stopped = time.time()
    second = run()
    ran_again = time.time()
    second.kill()
    second.wait(10)
    (tmp_path / "state" / "control.sock").unlink()
    killed = time.time()
    time.sleep(0.01)  # a moment without an agent
    run()
    assert "the lamp was at 60 %" in at(ran)
    assert "started again" not in at(ran)
    assert "the agent was not running: it had been stopped" in at(stopped)
    assert "It was started again" in at(stopped)
    for wall in (ran_again, killed):
        assert "the lamp was at 60 %" in at(wall)
        assert "ended without a record" in at(wall)
        assert "It was started again" in at(wall)
