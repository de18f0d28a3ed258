"""The doctor: each check finds what is wrong, says what to do in both languages, hangs for nobody, and tells
no secret.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from pole_agent import doctor
from pole_agent.almanac import Place
from pole_agent.conduct import digest
from pole_agent.doctor import board, eyes, link, machine, sign, timekeeping
from pole_agent.doctor.finding import Finding
from pole_agent.languages import LANGUAGES, in_language
from pole_agent.settings import Settings
from pole_agent.settings.load import parse
from tests.cli import call
from tests.commands.test_commands import Start
from tests.conftest import CLIP, ROOT, Mosquitto, eventually
from tests.contracts.test_payload_contract import BASE, City, check

BARE = '[pole]\nid = "P-1"\nsite = "s"\nlatitude = 0\nlongitude = 0\n'


def settings(more: str = "", state: Path = Path("/tmp")) -> Settings:
    return parse(f'{BARE}[storage]\nstate_dir = "{state}"\n{more}')


def one(found: Iterator[Finding], name: str) -> Finding:
    return next(f for f in found if f.name == name)


def put(root: Path, path: str, text: str = "") -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_mock_lamp_is_told_and_board_without_gpio(tmp_path: Path) -> None:
    """A mock lamp is told and a board without gpio fails."""
    assert one(board.gpio(settings('[lamp]\nbackend = "mock"\n')), "gpio").state == "warn"
    assert "no GPIO chip" in one(board.gpio(settings(), tmp_path), "gpio").words
    none = one(board.pwm(settings('[lamp]\nbackend = "pwm"\n'), tmp_path), "pwm")
    assert none.state == "fail"
    assert none.fix is not None
    assert "dtoverlay=pwm" in none.fix


LGPIO = {
    "the real one": (
        (
            "def tx_pwm(*_): raise SystemExit('driven')\ngpiochip_open = gpio_claim_output = gpio_write ="
            " tx_pwm\n"
        ),
        "ok",
        "lgpio",
    ),
    "the empty stub": ("", "fail", "empty stub"),
}


@pytest.mark.parametrize("kind", LGPIO)
def test_the_empty_stub_that_pip_installs(kind: str, tmp_path: Path) -> None:
    """The empty stub that pip installs where there is no wheel is told.

    In a process of its own, with a library that ends it as soon as anything is driven.
    """
    source, state, words = LGPIO[kind]
    put(tmp_path, "site/lgpio.py", source)
    put(tmp_path, "root/dev/gpiochip0")
    program = (
        "import sys; from pathlib import Path; from pole_agent.doctor import board; from"
        " tests.doctor.test_doctor import settings;print(*[(f.state, f.words) for f in"
        " board.gpio(settings(), Path(sys.argv[1]))])"
    )
    environment = os.environ | {"PYTHONPATH": f"{tmp_path / 'site'}:{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "root")],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        cwd=ROOT,
    )
    assert f"('{state}'" in done.stdout, done.stderr
    assert words in done.stdout


def test_the_kernels_pwm_is_looked_at_and_not_driven(tmp_path: Path) -> None:
    chip = tmp_path / "sys/devices/platform/fe20c000.pwm/pwm/pwmchip0"
    files = [put(chip, name, "0\n") for name in ("export", "pwm0/duty_cycle", "pwm0/enable", "pwm0/period")]
    (chip / "device").symlink_to(tmp_path / "sys/devices/platform/fe20c000.pwm")
    (tmp_path / "sys/class/pwm").mkdir(parents=True)
    (tmp_path / "sys/class/pwm/pwmchip0").symlink_to(chip)
    assert one(board.pwm(settings('[lamp]\nbackend = "pwm"\n'), tmp_path), "pwm").state == "ok"
    assert [f.read_text() for f in files] == ["0\n"] * 4


def test_what_the_board_itself_tells(tmp_path: Path) -> None:
    assert one(timekeeping.clock_chip(settings(), tmp_path), "clock chip").state == "warn"
    assert one(machine.watchdog(settings(), tmp_path), "watchdog").state == "warn"
    assert one(machine.power(settings(), tmp_path), "power").state == "unknown"
    assert one(machine.wear(settings(), tmp_path), "disk wear").state == "unknown"
    put(tmp_path, "dev/rtc0")
    assert one(timekeeping.clock_chip(settings(), tmp_path), "clock chip").state == "ok"
    life = put(tmp_path, "sys/block/mmcblk0/device/life_time", "0x03 0x02\n")
    assert one(machine.wear(settings(), tmp_path), "disk wear").words.startswith("30 %")
    life.write_text("0x09 0x02\n")
    assert one(machine.wear(settings(), tmp_path), "disk wear").state == "warn"
    heat = put(tmp_path, "sys/class/thermal/thermal_zone0/temp", "45000\n")
    assert one(machine.power(settings(), tmp_path), "power").state == "ok"
    heat.write_text("85000\n")
    assert one(machine.power(settings(), tmp_path), "power").state == "warn"
    put(tmp_path, "sys/devices/platform/soc/soc:firmware/get_throttled", "1\n")
    assert one(machine.power(settings(), tmp_path), "power").state == "fail"


def test_secrets_that_cannot_be_read(tmp_path: Path) -> None:
    """Secrets that cannot be read and credentials of the service."""
    there = put(tmp_path, "there", "x")
    camera = '[[camera]]\nsource = "rtsp://127.0.0.1:9/x"\nusername = "a"\npassword_file = "{}"\n'
    assert list(link.secrets(settings(camera.format(there)))) == []
    missing = settings(
        camera.format(tmp_path / "missing") + f'[mqtt]\nhost = "h"\npassword_file = "{tmp_path / "gone"}"\n'
    )
    assert [(f.name, f.state) for f in link.secrets(missing)] == [
        ("camera[0].password_file", "fail"),
        ("mqtt.password_file", "fail"),
    ]
    kept = settings(
        camera.format("$CREDENTIALS_DIRECTORY/pole_nobody-has-this")
        + '[mqtt]\nhost = "127.0.0.1"\nport = 9\nca_file = "$CREDENTIALS_DIRECTORY/pole_nor-this"\n'
    )
    assert list(link.secrets(kept)) == []
    assert one(eyes.pictures(kept), "picture street").state == "unknown"


def test_each_camera_takes_its_own_time(tmp_path: Path) -> None:
    """Six that say nothing: six findings, each with its name."""
    text = "".join(f'[[camera]]\nname = "c{n}"\nsource = "/nowhere-{n}.mp4"\n' for n in range(6))
    found = list(doctor.examine(settings(text), (eyes.cameras,)))
    assert [f.name for f in found] == [f"camera c{n}" for n in range(6)]


def test_a_sensor_that_gives_no_number(tmp_path: Path) -> None:
    file = tmp_path / "lux"
    text = f'[lamp]\nphotocell = {{ file = "{file}" }}\n'
    assert one(board.sensors(settings(text)), "photocell").state == "fail"
    file.write_text("12\n")
    assert one(board.sensors(settings(text)), "photocell").state == "ok"


def test_cameras_that_are_there_and_not(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        text = (
            f'[[camera]]\nname = "a"\nsource = "rtsp://127.0.0.1:{port}/x"\n[[camera]]\nname = "b"\nsource ='
            f' "{CLIP}"\n'
        )
        found = list(eyes.cameras(settings(text)))
    assert [(f.name, f.state) for f in found] == [("camera a", "fail"), ("camera b", "ok")]
    pictures = list(eyes.pictures(settings(f'[[camera]]\nname = "b"\nsource = "{CLIP}"\n')))
    assert pictures[0].name == "picture b"
    assert pictures[0].state in ("ok", "warn")
    nowhere = settings('[[camera]]\nname = "c"\nsource = "/nowhere.mp4"\n')
    assert one(eyes.pictures(nowhere), "picture c").state == "fail"
    assert one(eyes.model(settings(f'[[camera]]\nsource = "{CLIP}"\n')), "model").words


def test_the_broker_that_is_there_and_not(mosquitto: Mosquitto) -> None:
    there = f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\ntls = '
    assert one(link.broker(settings(there + "false\n")), "broker").state == "ok"
    wrong = one(link.broker(settings(there + "true\n")), "broker")
    assert (wrong.state, "TLS" in wrong.words) == ("fail", True)
    mosquitto.stop()
    assert one(link.broker(settings(there + "false\n")), "broker").state == "fail"
    assert one(link.broker(settings()), "broker").state == "warn"


def test_the_disk(tmp_path: Path) -> None:
    assert one(machine.disk(settings(state=tmp_path / "not" / "yet")), "disk").state == "ok"
    little = settings(state=tmp_path).model_copy(
        update={"storage": settings().storage.model_copy(update={"max_mb": 10**9})}
    )
    assert one(machine.disk(little), "disk").state == "warn"


def test_the_sign_at_the_pole() -> None:
    """The number on the sign is compared with today's conduct; without one, trajectories make an older sign
    wrong.
    """
    camera = '[[camera]]\nsource = "rtsp://a"\n'
    today = digest(settings(camera))
    given = BARE.replace('site = "s"', f'site = "s"\nsign = "{today[:8]}"')
    (found,) = sign.sign(parse(given + camera.replace("[[", '[storage]\nstate_dir = "/tmp"\n[[', 1)))
    assert found.state == "ok"
    kept = '[storage]\nstate_dir = "/tmp"\ntrajectory_days = 7\n'
    (found,) = sign.sign(parse(given + kept + camera))
    assert (found.state, "outdated" in found.words) == ("warn", True)
    (found,) = sign.sign(parse(BARE + kept + camera))
    assert (found.state, "outdated" in found.words) == ("warn", True)
    assert digest(parse(BARE + kept + camera))[:8] in found.fix
    assert one(sign.sign(settings(camera)), "sign").state == "unknown"


def test_everything_is_said_in_both_languages_with_fix() -> None:
    """Everything is said in both languages with a fix for what is wrong."""
    for finding in doctor.examine(settings('[lamp]\nbackend = "mock"\n'), doctor.QUICK):
        assert finding.words
        assert in_language(finding.words, "id")
        if finding.state in ("warn", "fail"):
            assert finding.fix, finding
            assert finding.fix != in_language(finding.fix, "id") or finding.fix.startswith("sudo"), finding


def test_a_check_that_hangs_or_falls_over_is_a_finding() -> None:
    def hangs(_: Settings) -> Iterator[Finding]:
        time.sleep(5)
        return iter(())

    def falls(_: Settings) -> Iterator[Finding]:
        raise ZeroDivisionError

    begun = time.monotonic()
    found = list(doctor.examine(settings(), (hangs, falls), timeout_s=0.2))
    assert [(f.name, f.state) for f in found] == [("hangs", "fail"), ("falls", "unknown")]
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_report_stays_small_and_leaves_out(language: Any) -> None:
    """A report stays small and leaves out what is well first."""
    long = "é" * 2000
    found = [Finding(f"n{i}", state, long, long) for i in range(30) for state in ("ok", "fail")]
    told = doctor.report(found, language, 8000)
    assert len(json.dumps(told, ensure_ascii=False).encode()) <= 8000
    assert {f["state"] for f in told} == {"fail"}


def test_command_tells_what_failed_by_its_exit_code(bench: Callable[..., Path], tmp_path: Path) -> None:
    """The command tells what failed by its exit code."""
    done = call("doctor", "--config", str(bench()), "--quick")
    assert done.returncode == (1 if "\nFAIL" in done.stdout else 0)
    assert "versions" in done.stdout
    assert "lihat lamp" not in done.stdout
    assert "awas  gpio" in call("doctor", "--config", str(bench()), "--quick", "--lang", "id").stdout
    broken = tmp_path / "broken.toml"
    broken.write_text("[nonsense]\n")
    done = call("doctor", "--config", str(broken), "--quick", "--json")
    findings = json.loads(done.stdout)["findings"]
    assert (done.returncode, findings[0]["check"], findings[0]["state"]) == (1, "configuration", "fail")


def test_over_mqtt_the_report_follows(
    mosquitto: Mosquitto, agent: Start, bench: Callable[..., Path], tmp_path: Path
) -> None:
    """Over mqtt the report follows and others do not wait."""
    city = City(mosquitto.port)
    secret = tmp_path / "password"
    secret.write_text("very-secret-word\n")
    try:
        agent(
            "run",
            "--config",
            str(
                bench(
                    f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\ntls = false\nusername ='
                    f' "pole"\npassword_file = "{secret}"\n[[camera]]\nsource ='
                    ' "rtsp://admin:hunter2@127.0.0.1:9/a?password=hunter2"\n'
                )
            ),
        )
        eventually(lambda: city.got("status"), within_s=20)
        city.send("diagnose", by="Officer", lang="id", command_id="d")
        city.send("lamp/set", level=0.6, duration_s=60, by="Officer", command_id="l")
        eventually(lambda: any(r["command_id"] == "l" and r["ok"] for r in city.got("reply")), within_s=5)
        eventually(lambda: city.got("diagnosis"), within_s=60)
        (report,) = city.got("diagnosis")
        assert check(f"{BASE}/diagnosis", report) == "diagnosis"
        assert report["asked_by"] == "Officer"
        assert {"versions", "disk", "broker"} <= {f["check"] for f in report["findings"]}, "it really looked"
        raw = next(payload for topic, payload in city.heard if topic.endswith("/diagnosis"))
        assert len(raw) <= 8192
        assert not [word for word in (b"very-secret-word", b"hunter2") if word in raw]
        city.send("diagnose", by="Officer", command_id="again")
        eventually(lambda: any(r["command_id"] == "again" and not r["ok"] for r in city.got("reply")))
        eventually(
            lambda: any(e["data"]["path"] == "diagnose" for e in city.got("events/command/accepted")),
            within_s=20,
        )
    finally:
        city.close()


@pytest.mark.parametrize(
    ("light", "at", "trusted", "state"),
    [
        ("day", "2026-11-24T05:00:00.000Z", True, "ok"),
        ("dark", "2026-11-24T05:00:00.000Z", True, "ok"),
        ("infrared", "2026-11-24T15:00:00.000Z", True, "ok"),
        ("infrared", "2026-11-24T05:00:00.000Z", True, "warn"),
        ("infrared", "2026-11-24T05:00:00.000Z", False, "ok"),
        ("monochrome", "2026-11-24T15:00:00.000Z", False, "warn"),
    ],
)
def test_the_light_of_a_camera(light: str, at: str, trusted: bool, state: str) -> None:
    """Infrared at noon, or no colour for longer than a night, is worth a look at the camera."""
    health = {
        "at": at,
        "clock": {"trusted": trusted},
        "parts": {"camera:a": {"state": "ok", "light": light}, "camera:b": {"state": "ok"}, "uplink": {}},
    }
    (found,) = eyes.lights(health, Place(-6.86, 107.92, UTC))
    assert (found.name, found.state, bool(found.fix)) == ("light a", state, state == "warn")
