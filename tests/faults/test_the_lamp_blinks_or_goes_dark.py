"""Field failure 12: every edge of the lamp's pin, over start, stop, kill, reload, override and change of
program, in real processes.
"""

from __future__ import annotations

import argparse
import itertools
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pole_agent.console import control
from tests.conftest import ROOT, eventually

CONFIG = """
program = [{{ at = "sunset", level = {level} }}, {{ at = "sunrise", level = 0.0 }}]
fade_s = 0.5
"""


class Pole:
    """The agent as a process, where it is midnight, and the trace of its pin."""

    def __init__(self, config: Path, state: Path) -> None:
        self.config, self.trace, self.log = config, state / "trace", state / "log"
        self.socket = state / "state" / "control.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def write(self, level: float) -> None:
        """A configuration for a place where the sun is at its lowest now."""
        longitude = (-(time.time() % 86_400) / 86_400 * 360 + 180) % 360 - 180
        text = self.config.read_text().split("program =")[0]
        lines = [
            f"longitude = {longitude:.2f}" if line.startswith("longitude") else line
            for line in text.splitlines()
        ]
        self.config.write_text("\n".join(lines) + "\n" + CONFIG.format(level=level).lstrip("\n"))

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [
                sys.executable,
                str(ROOT / "tests" / "faults" / "traced_pole.py"),
                str(self.config),
                str(self.trace),
            ]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
        eventually(self.answers)

    def answers(self) -> bool:
        try:
            return bool(self.ask()["level"])
        except Exception:  # noqa: BLE001 - not there yet, in whatever way
            return False

    def ask(self) -> dict[str, object]:
        answer: dict[str, object] = control.ask(self._arguments(), "lamp")
        return answer

    def command(self, **payload: object) -> None:
        control.command(self._arguments(), "lamp/set", payload)

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def end(self) -> int:
        assert self._process is not None
        return self._process.wait(10)

    def said(self, text: str) -> int:
        return self.log.read_text().count(text)

    def light(self) -> list[float]:
        """The light at every edge."""
        return [
            float(word)
            for _, word in (line.split() for line in self.trace.read_text().splitlines())
            if word != "start"
        ]

    def edges(self) -> list[list[float]]:
        """The light at every edge, start by start."""
        runs: list[list[float]] = []
        for line in self.trace.read_text().splitlines():
            word = line.split()[1]
            if word == "start":
                runs.append([])
            else:
                runs[-1].append(float(word))
        return runs

    def _arguments(self) -> argparse.Namespace:
        return argparse.Namespace(socket=self.socket, config=self.config, json=True)


@pytest.fixture
def pole(bench: Callable[..., Path], tmp_path: Path) -> Iterator[Pole]:
    made = Pole(bench(), tmp_path)
    made.write(0.6)
    yield made
    if made._process is not None and made._process.poll() is None:
        made._process.kill()
        made._process.wait()


def test_start_and_stop_have_no_edge(pole: Pole) -> None:
    """Start and stop have no edge but the light of the wiring."""
    pole.start()
    pole.signal(signal.SIGTERM)
    assert pole.end() == 0
    assert pole.light() == [1.0, 0.6, 1.0] or pole.light() == [0.6, 1.0], (
        "claimed (lit), the program, let go (lit)"
    )


def test_a_kill_leaves_the_light_to_the_wiring(pole: Pole) -> None:
    """A kill leaves the light to the wiring and the next start is never dark."""
    for _ in range(3):
        pole.start()
        pole.signal(signal.SIGKILL)
        assert pole.end() == -signal.SIGKILL
    for run in pole.edges():
        assert [level for level in run if level != 1.0] == [0.6]


def test_overrides_and_programs_fade(pole: Pole) -> None:
    """Overrides and programs fade and a reload makes no edge."""
    pole.start()
    pole.command(level=0.3, duration_s=600, reason="trace")
    eventually(lambda: pole.light()[-1] == 0.3)
    down = pole.light()[pole.light().index(0.6) :]
    assert down == sorted(down, reverse=True)
    assert len(down) > 10, "a fade, not a jump"

    before = pole.light()
    pole.signal(signal.SIGHUP)
    eventually(lambda: pole.said("running; control socket") == 2)
    eventually(pole.answers)
    assert pole.light() == before, "the reload left the light alone"
    assert pole.ask()["override"]["reason"] == "trace"  # type: ignore[index]

    good = pole.config.read_text()
    pole.config.write_text(good + "nonsense = 1\n")
    pole.signal(signal.SIGHUP)
    eventually(lambda: pole.said("the configuration is unchanged") == 1)
    assert pole.answers()
    assert pole.light() == before
    pole.write(0.9)
    pole.signal(signal.SIGHUP)
    eventually(lambda: pole.said("running; control socket") == 3)
    eventually(pole.answers)
    assert pole.light() == before, "the override still replaces the program"

    text = pole.config.read_text()
    pole.config.write_text(text.replace('trust = "system"', 'trust = "auto"'))
    pole.signal(signal.SIGHUP)
    eventually(lambda: pole.said("running; control socket") == 4)
    eventually(pole.answers)
    pole.config.write_text(text)
    pole.signal(signal.SIGHUP)
    eventually(lambda: pole.said("running; control socket") == 5)
    eventually(pole.answers)
    assert pole.ask()["until"], "the clock is trusted again as the file says"

    pole.command(resume=True)
    eventually(lambda: pole.light()[-1] == 0.9)
    up = pole.light()[len(before) - 1 :]
    assert up == sorted(up)
    pole.signal(signal.SIGTERM)
    assert pole.end() == 0
    assert min(pole.light()) == 0.3, "never darker than what was asked for"


def test_override_goes_on_after_a_kill(pole: Pole) -> None:
    """An override goes on after a kill with its remaining time."""
    pole.start()
    pole.command(level=0.3, duration_s=600, transition=0)
    eventually(lambda: pole.light()[-1] == 0.3)
    until = pole.ask()["until"]
    eventually(lambda: pole.ask()["until"] == until)
    pole.signal(signal.SIGKILL)
    pole.end()
    pole.start()
    eventually(lambda: pole.light()[-1] == 0.3)
    restored = pole.ask()["until"]
    assert isinstance(until, str)
    assert isinstance(restored, str)
    assert abs(_seconds(restored) - _seconds(until)) < 0.1
    second = pole.edges()[1]
    assert min(second) == 0.3
    assert all(a >= b for a, b in itertools.pairwise(second[second.index(0.6) :])), "one way down"


def _seconds(moment: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(moment).timestamp()
