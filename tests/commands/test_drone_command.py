"""The officer's hands: eight lines, a decision that is asked for, and every command of the manual as it
stands there.
"""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from pole_agent.console.control import Here
from pole_agent.console.request import MEANING, eight_lines, where
from pole_agent.drone.machine import State
from tests.cli import call
from tests.commands.test_commands import Start
from tests.conftest import CLIP, ROOT, Mosquitto, eventually
from tests.contracts.test_payload_contract import City

MANUAL = (ROOT / "docs" / "drone.md").read_text()
NOW = datetime(2026, 11, 24, 11, 5, tzinfo=UTC).timestamp()  # five past six in the evening in Sumedang
HERE = Here("smartpole/sumedang/SMD-1", zoneinfo.ZoneInfo("Asia/Jakarta"), -6.8586, 107.9164, NOW, [])
REQUEST: dict[str, Any] = {
    "request_id": "01a2-7",
    "state": "blocked",
    "simulation": False,
    "origin": "incident",
    "rule": "staying",
    "camera": "street",
    "place": "road",
    "severity": "alarm",
    "score": 0.7,
    "count": 2,
    "created_at": "2026-11-24T11:00:03.000Z",
    "expires_at": "2026-11-24T11:10:03.000Z",
    "target": {"latitude": -6.8576, "longitude": 107.9174, "altitude_agl_m": 60.0, "uncertainty_m": 40.0},
    "step": "",
    "reason": "wind 11.4 m/s, allowed at most 8 m/s; dock is unknown: no value was received",
    "gates": [
        {
            "name": "clock",
            "value": "trusted",
            "limit": "trusted",
            "ok": True,
            "source": "pole",
            "age_s": None,
        },
        {"name": "wind_ms", "value": 11.4, "limit": 8.0, "ok": False, "source": "dispatcher", "age_s": 3.0},
        {"name": "dock", "value": None, "limit": "idle", "ok": False, "source": "dispatcher", "age_s": None},
    ],
    "history": [
        {"at": "2026-11-24T11:00:03.000Z", "state": "requested", "by": "pole", "reason": ""},
        {"at": "2026-11-24T11:00:04.000Z", "state": "blocked", "by": "pole", "reason": "wind"},
    ],
}


def lines(language: str = "en", **more: Any) -> list[str]:
    return eight_lines(REQUEST | more, HERE, lambda *words: shlex.join(["pole-agent", *words]), language)


def test_eight_lines_say_what_an_officer_asks() -> None:
    assert lines() == [
        "request      01a2-7",
        (
            "state        blocked - a gate is closed, since 18:00:04 WIB: "
            "wind 11.4 m/s, allowed at most 8 m/s; dock is unknown: no value was received"
        ),
        'asked by     rule "staying" (alarm), camera "street", at "road", score 70%, 2 time(s)',
        "time         asked 18:00:03 WIB, valid until 18:10 WIB (5 min left)",
        "target       -6.857600, 107.917400, within 40 m, 60 m high; 157 m north-east of the pole",
        "gates        CLOSED: wind_ms (11.4, limit 8.0, 3 s old), dock (unknown, limit idle); 1 open",
        "decided      nobody yet",
        "next         pole-agent drone deny 01a2-7",
    ]


def test_eight_lines_in_indonesian_hold_no_english() -> None:
    said = lines("id")
    assert said[1].endswith(
        "angin 11.4 m/s, yang diizinkan paling tinggi 8 m/s; stasiun tidak diketahui: belum ada kabar"
    )
    assert said[3] == "waktu        diminta 18:00:03 WIB, berlaku sampai 18:10 WIB (5 menit lagi)"
    assert said[4].endswith("157 m di sebelah timur laut tiang")
    assert not ENGLISH.search(" ".join(said).replace("pole-agent drone deny", ""))


ENGLISH = re.compile(
    r"\b(the|is|was|are|of|by|until|since|asked|open|nobody|limit|old|north|east|sure|another)\b"
)


@pytest.mark.parametrize("state", get_args(State))
@pytest.mark.parametrize("language", ["en", "id"])
def test_every_state_is_eight_lines_with_something(state: str, language: str) -> None:
    """Every state is eight lines with something to type."""
    said = lines(
        language, state=state, step="on scene", gates=[], simulation=True, origin="patrol", place="18:00"
    )
    assert len(said) == 8
    assert MEANING[state].of(language) in said[1]
    assert re.search(r"pole-agent (drone (approve|deny|cancel)|why drone) 01a2-7", said[7])


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ((-6.8586, 107.9164), "at the pole itself"),
        ((-6.8496, 107.9164), "1001 m north of the pole"),
        ((-6.8586, 107.9073), "1005 m west of the pole"),
        ((-6.8686, 107.9265), "1575 m south-east of the pole"),
        ((-7.8586, 107.9164), "111 km south of the pole"),
    ],
)
def test_a_place_is_seen_from_the_pole(place: tuple[float, float], words: str) -> None:
    assert where((-6.8586, 107.9164), place, "en") == words


# --- with a pole that runs

FENCE = "[[-6.90, 107.87], [-6.90, 107.96], [-6.82, 107.96], [-6.82, 107.87]]"
POLE = f"""
[[camera]]
name = "street"
source = "{CLIP}"
fps = 5
loop = true
[[rule]]
name = "watch"
kind = "presence"
severity = "alarm"
drone = true
[drone]
enabled = true
night_permit = true
geofence = {FENCE}
"""


@pytest.fixture
def pole(mosquitto: Mosquitto, agent: Start, bench: Callable[..., Path], tmp_path: Path) -> Path:
    """A pole whose officer is asked something, at a real broker; the path of its configuration."""
    config = bench(POLE + f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\ntls = false\n')
    agent("run", "--config", str(config))
    eventually(lambda: (tmp_path / "state" / "control.sock").exists(), within_s=20)
    eventually(
        lambda: any(r["state"] == "pending_approval" for r in requests(config)), within_s=40, every_s=0.3
    )
    return config


def requests(config: Path) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(call("drone", "--config", str(config), "--json", "list").stdout)
    return told


def at_a_terminal(answers: str, *arguments: str) -> tuple[int, str]:
    """Run a command at a terminal of its own, with somebody who types `answers`; its exit code and what was
    on the screen.
    """
    pid, screen = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "pole_agent", *arguments])
    seen = b""
    for answer in answers.splitlines():
        while not re.search(rb"(\]:|\]) $", seen):
            seen += os.read(screen, 4096)
        os.write(screen, answer.encode() + b"\n")
        seen += b"|"
    try:
        while more := os.read(screen, 4096):
            seen += more
    except OSError:  # how Linux tells that the other end is closed
        pass
    os.close(screen)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()


def test_an_approval_is_shown_asked_and_meant(pole: Path) -> None:
    (request,) = requests(pole)
    config, name = ("--config", str(pole)), request["request_id"][:13]
    silent = call("drone", "approve", name, *config)
    assert (silent.returncode, silent.stderr) == (
        2,
        "pole-agent: --by: is required without a terminal: the name of the person who decides\n",
    )
    code, screen = at_a_terminal("Dewi Lestari\n\n", "drone", "approve", name, *config)
    assert (code, "nothing was approved" in screen) == (1, True)
    assert requests(pole)[0]["state"] == "pending_approval"
    code, screen = at_a_terminal("Dewi Lestari\nya\n", "drone", "approve", name, *config, "--lang", "id")
    assert code == 0, screen
    assert (
        screen.index("sasaran")
        < screen.index("siapa yang memutuskan")
        < screen.index("setujui penerbangan ini?")
    )
    assert requests(pole)[0]["approved_by"] == "Dewi Lestari"


def test_the_default_name_is_that_of_the_login(pole: Path) -> None:
    name = requests(pole)[0]["request_id"]
    code, screen = at_a_terminal("\ny\n", "drone", "approve", name, "--config", str(pole))
    assert code == 0, screen
    login = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    assert requests(pole)[0]["approved_by"] == login


def manual(start: str) -> list[str]:
    """The commands of the manual that begin so, as they stand there."""
    found = [line.partition("  #")[0].strip() for line in MANUAL.splitlines() if line.startswith(start)]
    assert found, start
    return found


def shell(command: str) -> str:
    """Paste it."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, timeout=60, cwd=ROOT, env=environment
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def test_the_commands_of_the_manual_at_the_pole(pole: Path, tmp_path: Path) -> None:
    """With --socket alone, as in a demo: no configuration is named."""
    name = requests(pole)[0]["request_id"]
    commands = [
        c
        for c in manual("pole-agent drone") + manual("pole-agent why drone")
        if " key " not in c and " sign " not in c
    ]
    done = []
    for command in commands:
        with_name = command.replace(" ID", f" {name}") + f" --socket {tmp_path / 'state' / 'control.sock'}"
        if " approve " in command:
            with_name += ' --by "Your Name" --yes'
        word = command.split()[2]
        if word == "deny":
            continue  # what was approved is cancelled here; denied in the next test
        said = shell(with_name)
        done.append(word)
        for language, words in (
            ("en", "all flights are stopped by Your Name"),
            ("id", "semua penerbangan dihentikan oleh Your Name"),
        ):
            listed = call("drone", "list", "--config", str(pole), "--lang", language).stdout
            assert (words in listed) == (word == "stop"), listed
        if word == "show":
            assert len(said.splitlines()) == 8
        if word == "cancel":
            assert requests(pole)[0]["state"] == "canceled"
    assert done == ["list", "show", "approve", "cancel", "stop", "resume", "drone"]


@pytest.mark.skipif(
    shutil.which("mosquitto_pub") is None, reason="needs mosquitto_pub: sudo apt install mosquitto-clients"
)
def test_the_commands_of_the_manual_over_mqtt(pole: Path, mosquitto: Mosquitto) -> None:
    city = City(mosquitto.port)
    try:
        for command in manual("mosquitto_pub -h 127.0.0.1"):
            name = requests(pole)[-1]["request_id"]
            before = len(city.got("reply"))
            here = (
                command.replace("-p 1883", f"-p {mosquitto.port}")
                .replace("sumedang/DEMO-1", "test/T-1")
                .replace('"ID"', f'"{name}"')
            )
            shell(here)
            eventually(lambda: len(city.got("reply")) > before)  # noqa: B023
            reply = city.got("reply")[-1]
            if '"deny"' in command:  # approved and under way: a denial still wins
                assert reply["state"] == "denied", command
            elif '"cancel"' in command:
                assert not reply["ok"] or reply["state"] in ("denied", "canceled"), "over by then"
            else:
                assert reply["ok"], f"{command}: {reply}"
        assert [r["stopped"] for r in city.got("reply") if "stopped" in r] == [True, False]
        # In a hurry.
        for payload in ("", "STOP", "{}", '{"by": "x"}'):
            before = len(city.got("reply"))
            shell(
                f"mosquitto_pub -h 127.0.0.1 -p {mosquitto.port} -q 1 -t smartpole/test/T-1/drone/stop -m"
                f" {shlex.quote(payload)}"
            )
            eventually(lambda: len(city.got("reply")) > before)  # noqa: B023
            assert city.got("reply")[-1]["stopped"], payload
    finally:
        city.close()
