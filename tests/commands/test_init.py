"""init: every answer is looked at when it is given, none is lost, and no place is made up."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from pole_agent.settings.load import load
from tests.cli import call

ANSWERS = [
    ("identifier", ["P 1", "P-1"]),
    ("site", [""]),
    ("latitude", ["", "-6,8586", "107.9164", "-6.8586"]),
    ("longitude", ["107°54'", "107.9164"]),
    ("time zone", ["Asia/Bandung", ""]),
    ("camera", ["~/street.mp4", ""]),
    ("GPIO pin", ["true", "99", "18"]),
    ("MQTT broker", ["mqtt://broker.example:1883", "broker.example:x", "broker.example:8884"]),
]
TOLD = (
    "use letters, digits",
    "is required",
    "invalid number '-6,8586'",
    "less than or equal to 90",
    "unknown time zone",
    "~ is not expanded",
    "invalid number 'true'",
    "less than or equal to 27",
    'write host = "broker.example" and port = 1883',
    "invalid port 'x'",
)


def at_a_terminal(arguments: list[str], lines: list[str]) -> tuple[int, str]:
    """Run init with a terminal of its own, type the lines, then end the input.

    Returns exit code and what was shown.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pole_agent", "init", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        close_fds=True,
    )
    os.close(theirs)
    os.write(ours, "".join(line + "\n" for line in lines).encode() + b"\x04")
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # the other side is closed
        pass
    code = process.wait(20)
    os.close(ours)
    return code, shown.decode()


def test_wrong_answer_is_told_at_once_and_asked_again(tmp_path: Path) -> None:
    """A wrong answer is told at once and asked again."""
    out = tmp_path / "pole.toml"
    code, shown = at_a_terminal(["--out", str(out)], [line for _, lines in ANSWERS for line in lines])
    assert code == 0, shown
    for question, lines in ANSWERS:
        assert shown.count(question) >= len(lines), shown
    for told in TOLD:
        assert told in shown, shown
    settings = load(out).settings
    assert (settings.pole.id, settings.pole.latitude, settings.lamp.pin) == ("P-1", -6.8586, 18)
    assert settings.mqtt
    assert (settings.mqtt.host, settings.mqtt.port) == ("broker.example", 8884)


def test_with_flags_only_the_place_is_asked(tmp_path: Path) -> None:
    code, shown = at_a_terminal(["--id", "P-1", "--out", str(tmp_path / "a.toml")], ["1.5", "2.5"])
    assert code == 0, shown
    assert "identifier" not in shown
    assert load(tmp_path / "a.toml").settings.pole.longitude == 2.5


def test_who_stops_answering_has_written_nothing(tmp_path: Path) -> None:
    code, shown = at_a_terminal(["--out", str(tmp_path / "a.toml")], ["P-1"])
    assert code == 2
    assert "nothing was written" in shown
    assert "Traceback" not in shown
    assert not (tmp_path / "a.toml").exists()


def test_all_wrong_flags_are_named_at_once(tmp_path: Path) -> None:
    out = tmp_path / "a.toml"
    done = call(
        "init", "--id", "a b", "--latitude=97", "--longitude=x", "--mqtt=host:port", "--out", str(out)
    )
    assert done.returncode == 2
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == [
        "--id",
        "--latitude",
        "--longitude",
        "--mqtt",
    ]
    assert not out.exists()


@pytest.mark.parametrize("flags", [[], ["--id", "P-1"], ["--latitude=-6.8"]])
def test_no_place_is_made_up(flags: list[str], tmp_path: Path) -> None:
    done = call("init", *flags, "--out", str(tmp_path / "a.toml"))
    assert done.returncode == 2
    assert "--longitude: is required" in done.stderr
    assert not (tmp_path / "a.toml").exists()


def test_trajectories_are_asked_for_with_a_camera(tmp_path: Path) -> None:
    """With a camera the question comes, with the days that are recommended; without an answer, none are
    kept.
    """
    answers = ["", "", "1.5", "2.5", "", "rtsp://192.0.2.1/a", "", ""]
    for given, days in (("7", 7), ("", 0), ("99", None)):
        out = tmp_path / f"{given}.toml"
        code, shown = at_a_terminal(["--out", str(out)], [*answers, given])
        assert "(7 is recommended; the sign says so)" in shown
        assert (code == 0) == (days is not None), shown
        if days is not None:
            assert load(out).settings.storage.trajectory_days == days
    code, shown = at_a_terminal(["--out", str(tmp_path / "a.toml")], ["", "", "1.5", "2.5", "", "", "", ""])
    assert code == 0
    assert "recommended" not in shown
