"""Rules are tried on what was kept: the commands rehearse and count, as a person calls them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pole_agent.trajectories.blocks import encode
from pole_agent.trajectories.files import folder_of, name_of
from pole_agent.trajectories.recorder import Batch, Recorder
from pole_agent.vocabulary import Box, Stamp, Track
from tests.cli import call
from tests.world import NIGHT

HOURS = 10
RULES = """
program = [{ at = "sunset", level = 0.3 }, { at = "sunrise", level = 0.0 }]
[[camera]]
name = "street"
source = "rtsp://192.0.2.1/a"
[[line]]
name = "gate"
from = [0.5, 1.0]
to = [0.5, 0.0]
[[rule]]
name = "passing"
kind = "crossing"
line = "gate"
severity = "alarm"
"""
BRIGHT = RULES.replace(
    'severity = "alarm"',
    '[[rule]]\nname = "light"\nkind = "presence"\nlamp = { level = 1.0, hold_s = 600 }',
).replace('name = "passing"', 'name = "back"\ndirection = "backward"')


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A night in which somebody walks from left to right every quarter of an hour, and back at the hour."""
    folder = folder_of(tmp_path / "state", "street")
    folder.mkdir(parents=True)

    def write(batch: Batch) -> None:
        hour = int(batch.since // 3600)
        found = sorted(folder.glob(f"{hour + 1:06d}-*"))
        with (found[0] if found else folder / name_of(hour + 1, batch.stamp.wall)).open("ab") as file:
            file.write(encode(batch.span()))

    recorder = Recorder(write, lambda at: Stamp(at, "b", NIGHT + at, "synced"), 3)
    for quarter in range(4 * HOURS):
        begin, back = quarter * 900.0, quarter % 4 == 3
        recorder.look(begin, (), (), (), 1.5)
        for n in range(100):
            at, x = begin + 60 + n / 5, (100 - n if back else n) / 100
            track = Track(quarter + 1, "person", Box(x - 0.05, 0.4, x + 0.05, 0.7), 0.8, 0.0, at, True)
            recorder.look(at, [track], (), {track.track_id}, 1.5)
        for n in range(800):
            recorder.look(begin + 80 + n, (), (), {quarter + 1} if n < 6 else (), 1.5)
    recorder.stop()
    return tmp_path / "state"


def test_rehearse_an_overlay(kept: Path, bench: Callable[..., Path], tmp_path: Path) -> None:
    """What was drawn on the page is tried beside what is in force: here the saved overlay, there another."""
    config = bench(RULES, "pole.toml")
    saved = {"rule": [{"name": "back", "kind": "crossing", "line": "gate", "direction": "backward"}]}
    (kept / "overlay.json").write_text(json.dumps(saved))
    candidate = tmp_path / "candidate.json"
    both = {"name": "passing", "kind": "crossing", "line": "gate"}
    candidate.write_text(json.dumps({"rule": [both]}))
    done = call("rehearse", "--config", str(config), "--overlay", str(candidate), "--json")
    assert done.returncode == 0, done.stderr
    rules = {rule["name"]: rule for rule in json.loads(done.stdout)["rules"]}
    assert (rules["passing"]["new"]["alarms"], rules["passing"]["today"]) == (4 * HOURS, None)
    assert (rules["back"]["new"], rules["back"]["today"]["alarms"]) == (None, HOURS)
    candidate.write_text('{"lamp": {}}')
    done = call("rehearse", "--config", str(config), "--overlay", str(candidate))
    assert (done.returncode, done.stdout) == (2, "") and "lamp: may not be in an overlay" in done.stderr


def test_rehearse_beside_today(kept: Path, bench: Callable[..., Path], tmp_path: Path) -> None:
    """How often new rules would have alarmed, beside today's, and what they cost in light."""
    today, new = bench(RULES, "today.toml"), bench(BRIGHT, "new.toml")
    done = call("rehearse", "--config", str(new), "--beside", str(today), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    rules = {rule["name"]: rule for rule in told["rules"]}
    assert rules["back"]["new"]["alarms"] == HOURS
    assert rules["back"]["today"] is None
    assert rules["passing"]["new"] is None
    assert rules["passing"]["today"]["alarms"] == 4 * HOURS
    assert rules["light"]["new"]["alarms"] == 4 * HOURS
    assert {entry["direction"] for entry in rules["back"]["new"]["list"]} == {"backward"}
    lamp = told["lamp"]
    raised = sum(hour["raised_min"] for hour in lamp["new"]["hours"])
    assert 4 * (HOURS - 1) * 10 <= raised <= 4 * HOURS * 10.5  # some of it is after sunrise
    more = lamp["new"]["energy_wh"] - lamp["today"]["energy_wh"]
    assert more == pytest.approx(raised / 60 * 0.7 * 60, rel=0.02)
    assert told["cameras"][0]["watched_h"] == pytest.approx(HOURS, abs=0.1)


def test_rehearse_for_people(kept: Path, bench: Callable[..., Path]) -> None:
    """In words, in both languages: each rule with its hours, each alarm where that is asked for; what goes
    beyond the limit of alarms is said.
    """
    text = RULES.replace('severity = "alarm"', 'severity = "alarm"\nmax_alarms_per_h = 2')
    config = str(bench(text))
    done = call("rehearse", "--config", config, "--list")
    assert done.returncode == 0, done.stderr
    assert "passing (crossing, gate): 40 incidents" in done.stdout
    assert "beyond 2 alarms an hour" in done.stdout
    assert done.stdout.count(" person forward") == 3 * HOURS
    assert done.stdout.count("█") > 20
    done = call("rehearse", "--config", config, "--lang", "id")
    assert "40 kejadian" in done.stdout


def test_more_alarms_than_an_operator_bears(kept: Path, bench: Callable[..., Path]) -> None:
    """An hour with more alarms than an operator bears is named; four an hour are not too many."""
    done = call("rehearse", "--config", str(bench(RULES)))
    assert "EEMUA" not in done.stdout
    twice = RULES + RULES[RULES.index("[[rule]]") :].replace('"passing"', '"again"')
    done = call("rehearse", "--config", str(bench(twice)))
    assert "8 alarms would have been told in the hour from" in done.stdout
    told = json.loads(call("rehearse", "--config", str(bench(twice)), "--json").stdout)
    assert told["busiest_hour"]["alarms"] == 8


def test_rehearse_since(kept: Path, bench: Callable[..., Path]) -> None:
    """--since counts back from the last look, or names a time; a wrong one is refused."""
    config = str(bench(RULES))
    for since, alarms in (("2h", 8), ("7d", 40), ("2026-11-06T04:00:00", 8)):
        told = json.loads(call("rehearse", "--config", config, "--since", since, "--json").stdout)
        assert told["rules"][0]["new"]["alarms"] == alarms
    done = call("rehearse", "--config", config, "--since", "yesterday")
    assert done.returncode == 2
    assert "--since" in done.stderr


def test_count(kept: Path, bench: Callable[..., Path]) -> None:
    """What passes a line, by hour, way and class; a line that is not configured is refused by name."""
    config = str(bench(RULES))
    told = json.loads(call("count", "gate", "--config", config, "--json").stdout)
    assert (told["passed"], told["forward"], told["backward"]) == (40, 30, 10)
    at_nine = next(hour for hour in told["hours"] if hour["hour"] == 21)
    assert at_nine == {"hour": 21, "forward": {"person": 3}, "backward": {"person": 1}}
    done = call("count", "gate", "--config", config)
    assert "40 passed, 30 forward, 10 backward" in done.stdout
    assert "21:00      4 " in done.stdout
    done = call("count", "door", "--config", config)
    assert (done.returncode, "known are: gate" in done.stderr) == (2, True)


def test_nothing_kept(bench: Callable[..., Path], tmp_path: Path) -> None:
    """Without trajectories the commands say what to set, or to wait; a broken configuration is 2."""
    for command in (["rehearse"], ["count", "gate"]):
        done = call(*command, "--config", str(bench(RULES)))
        assert (done.returncode, "set storage.trajectory_days" in done.stderr) == (1, True)
        kept = RULES.replace("program", "program", 1)
        path = bench(kept)
        path.write_text(path.read_text().replace("[lamp]", "trajectory_days = 7\n[lamp]"))
        done = call(*command, "--config", str(path))
        assert (done.returncode, "yet" in done.stderr) == (1, True)
        done = call(*command, "--config", str(bench("nonsense = 1\n")))
        assert done.returncode == 2


def test_damage_is_told(kept: Path, bench: Callable[..., Path]) -> None:
    """A damaged file costs what is in it, and that is said."""
    file = sorted((kept / "trajectories" / "street").iterdir())[4]
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 255
    file.write_bytes(data)
    done = call("rehearse", "--config", str(bench(RULES)), "--json")
    told = json.loads(done.stdout)
    assert told["cameras"][0]["lost_bytes"] > 0
    assert 36 <= told["rules"][0]["new"]["alarms"] <= 40
