"""pole-agent lamp, as a person at the pole uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import cli
from tests.conftest import ROOT, eventually

Start = Callable[..., "subprocess.Popen[str]"]
PROGRAM = (
    'program = [{ at = "18:00", level = 0.8 }, { at = "22:00", level = 0.4 }, { at = "06:00", level = 0.0'
    " }]\n"
)


def call(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return cli.call("lamp", "--config", str(config), *arguments)


def test_tonight_is_drawn_without_an_agent(bench: Callable[..., Path]) -> None:
    done = call(bench(PROGRAM), "tonight", "--date", "2026-11-24")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == 'night of 2026-11-24 to 2026-11-25, program "default" (Asia/Jakarta)'
    assert [line.split() for line in lines if "%" in line and "|" not in line][1:4] == [
        ["18:00", "80%"],
        ["22:00", "40%"],
        ["06:00", "0%"],
    ]
    assert "12.0 h of light, as much as 6.4 h of full light: about 384 Wh of 60 W" in done.stdout


def test_tonight_warns_of_a_night_without_light(bench: Callable[..., Path]) -> None:
    """Tonight warns of a night without light and can be read by programs."""
    config = bench('program = [{ at = "18:00", level = 0.8 }, { at = "23:00", level = 0.0 }]\n')
    assert "without light; the floor of 20% is kept" in call(config, "tonight").stdout
    document = json.loads(call(config, "--json", "tonight", "--date", "2026-11-24").stdout)
    assert document["evening"] == "2026-11-24"
    assert {s["level"] for s in document["stretches"]} == {0.0, 0.8}
    assert "  23:00   20%" in call(config, "tonight").stdout, "drawn as it will be"


def test_a_date_that_is_none_is_bad_usage(bench: Callable[..., Path]) -> None:
    assert call(bench(PROGRAM), "tonight", "--date", "tomorrow").returncode == 2


def test_sweep_without_agent_drives_lamp_and_lets_go(bench: Callable[..., Path]) -> None:
    """A sweep without an agent drives the lamp and lets go."""
    done = call(bench(PROGRAM), "sweep", "--for", "2")
    assert done.returncode == 0, done.stderr
    percents = [
        int(line.split()[-1].rstrip("%")) for line in done.stdout.splitlines() if "duty cycle" in line
    ]
    assert percents[0] >= 97
    assert min(percents) <= 20, "a second later it is near its lowest level"


def test_release_lets_the_wiring_light_the_street(bench: Callable[..., Path]) -> None:
    done = call(bench(PROGRAM), "release")
    assert (done.returncode, done.stdout) == (
        0,
        "the lamp is released: with the reference wiring it is lit\n",
    )


def test_with_a_running_agent(agent: Start, bench: Callable[..., Path], tmp_path: Path) -> None:
    config = bench(PROGRAM)
    agent("run", "--config", str(config))
    eventually(lambda: (tmp_path / "state" / "control.sock").exists())
    assert (
        call(config, "sweep", "--for", "1").stdout
        == "the agent ramps the lamp for 1 s, then returns to its program\n"
    )
    off = call(config, "off", "--for", "60", "--reason", "maintenance")
    assert "lamp OFF at 0%, because of override until" in off.stdout
    assert "because: maintenance" in off.stdout
    assert "unknown without a sensor: lamp_failure" in off.stdout
    assert "lamp ON at 100%" in call(config, "on").stdout
    refused = call(config, "release")
    assert refused.returncode == 1
    assert "stop it first" in refused.stderr
    assert "12345.0 h of light" in call(config, "hours", "--set", "12345").stdout
    assert json.loads(call(config, "show", "--json").stdout)["reason"] == "override", (
        "options may follow the action"
    )
    assert call(config, "set", "50").returncode == 2
    for _ in range(5):
        assert "duration_s must be a number" in call(config, "on", "--for", "99999").stderr, (
            "at the pole every refusal is answered"
        )
    second = subprocess.run(
        [sys.executable, "-m", "pole_agent", "run", "--config", str(config)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert "an agent is already running" in second.stderr
    assert "because of override" not in call(config, "resume").stdout


@pytest.mark.parametrize(
    ("lamp", "problem"),
    [
        (
            'program = [{ name = "other", at = "sunset", level = 1 }]',
            'lamp.program: missing program "default"',
        ),
        (
            'calendar = [{ program = "x", days = "mon" }]',
            'lamp.calendar[0].program: unknown program "x"; known: "default"',
        ),
        ('calendar = [{ program = "default", days = "monday" }]', "lamp.calendar[0].days"),
        ('calendar = [{ program = "default", dates = "02-30" }]', "lamp.calendar[0].dates"),
        ('control = [{ kind = "min", level = 2 }]', "lamp.control[0].level"),
        ("relay = { pin = 18 }", "lamp: relay.pin and pin are both GPIO18"),
        (
            "photocell = { pin = 24, on_lux = 50, off_lux = 40 }",
            "lamp.photocell: off_lux must be above on_lux",
        ),
        ("photocell = {}", "lamp.photocell: give either pin or file"),
        ('feedback = { file = "power1_input" }', "lamp.feedback: file: write the full path"),
        ("clo = [[100, 0.9], [50, 0.8]]", "lamp.clo: the hours must rise"),
        ("min_level = 0", "lamp.min_level"),
        ("pwm_device = 'x'", "lamp: pwm_device and pwm_channel belong together"),
    ],
)
def test_every_mistake_is_named_with_its_key(bench: Callable[..., Path], lamp: str, problem: str) -> None:
    command = [sys.executable, "-m", "pole_agent", "check", "--config", str(bench(lamp + "\n"))]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 2
    assert problem in done.stderr


@pytest.mark.parametrize("zone", ["Asia/Jakrta", "Jakarta", "WIB", "", "../etc", "Asia"])
def test_zone_that_is_none_is_problem_like_any_other(bench: Callable[..., Path], zone: str) -> None:
    """A zone that is none is a problem like any other.

    The library raises a KeyError for some of them, and the agent did not even fall back to its last good
    copy.
    """
    config = bench(PROGRAM)
    config.write_text(config.read_text().replace("Asia/Jakarta", zone))
    done = call(config, "tonight")
    assert done.returncode == 2
    assert done.stderr.startswith("pole-agent: pole.timezone: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_edges_of_the_calendar_are_no_traceback(bench: Callable[..., Path], day: str) -> None:
    done = call(bench(PROGRAM), "tonight", "--date", day)
    assert (done.returncode, done.stderr) == (
        1,
        f"pole-agent: {day} is at the edge of the calendar; name another date\n",
    )


@pytest.mark.parametrize(
    ("lamp", "warning"),
    [
        (
            'calendar = [{ program = "default" }, { program = "default", days = "mon" }]',
            "lamp.calendar[0]: has neither days nor dates",
        ),
        (
            (
                'program = [{ at = "sunset", level = 1 }, { at = "sunset", level = 0.5 }, { at = "sunrise",'
                " level = 0 }]"
            ),
            "has 2 steps at sunset",
        ),
        ("min_level = 0.5", "the floor is 50%"),
        ('control = [{ kind = "max", level = 0.1 }]', "a maximum of 10% is below the floor of 20%"),
        ("clo = [[0, 0.5], [1000, 1.0]]", "the shares rise"),
        ('curve = "dali"', "check that this is enough"),
        ("relay = { pin = 4 }", "switches the coil on, and the lamp off, while it is not driven"),
    ],
)
def test_what_is_most_likely_a_mistake_is_a_warning(
    bench: Callable[..., Path], lamp: str, warning: str
) -> None:
    command = [sys.executable, "-m", "pole_agent", "check", "--config", str(bench(lamp + "\n"))]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert warning in done.stdout


def test_kernel_pwm_needs_pin_that_has_one_and_chip(bench: Callable[..., Path]) -> None:
    """The kernel pwm needs a pin that has one and a chip."""

    def check(lamp: str) -> str:
        path = bench(lamp)
        path.write_text(path.read_text().replace('backend = "mock"', 'backend = "pwm"'))
        command = [sys.executable, "-m", "pole_agent", "check", "--config", str(path)]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
        ).stderr

    assert "GPIO17 has no hardware PWM; use 12, 13, 18, 19" in check("pin = 17\n")
    assert "dtoverlay=pwm,pin=18,func=2" in check("")


def test_check_looks_a_year_ahead(bench: Callable[..., Path]) -> None:
    program = (
        'program = [{ at = "sunset", level = 1 }, { at = "01:00", level = 0 },'
        ' { name = "waste", at = "sunset", level = 1 }, { name = "waste", at = "09:00", level = 0 }]\n'
        'calendar = [{ program = "waste", dates = "08-17" }]\n'
    )
    command = [sys.executable, "-m", "pole_agent", "check", "--config", str(bench(program))]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 0
    dark, waste = (
        next(line for line in done.stdout.splitlines() if f'"{name}"' in line)
        for name in ("default", "waste")
    )
    assert "and of 364 more within a year without light from 01:00 to" in dark
    assert "the floor of 20% is kept" in dark
    assert "lit in daylight from 05:" in waste
    assert "to 09:00 on the day of" in waste
