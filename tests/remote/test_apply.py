"""`pole-agent apply` as the service calls it: a signed repository, a real daemon, and kills at any moment."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from pole_agent.remote import telling
from pole_agent.remote.journal import digest
from tests.conftest import ROOT, Mosquitto, eventually
from tests.remote.office import Office
from tests.remote.poles import ServedPole, served

SYSTEMCTL = """#!/bin/sh
[ "$1" = show ] && cat {folder}/restarts 2>/dev/null && exit
kill -HUP $(cat {folder}/pid)
"""
MQTT = '[mqtt]\nhost = "127.0.0.1"\nport = {port}\ntls = false\n'
LIT = 'program = [{ at = "sunset", level = 1.0 }, { at = "sunrise", level = 1.0 }]\n'
LIGHT = "light/T-1.toml"


@dataclass
class Site:
    """A pole whose apply is a process; its systemctl knows one unit."""

    config: Path
    office: Office
    pole: ServedPole
    folder: Path

    def start(self, *more: str) -> subprocess.Popen[str]:
        (self.folder / "pid").write_text(str(self.pole.process.pid))
        (self.folder / "restarts").write_text(str(self.pole.restarts()))
        command = [
            sys.executable,
            "-m",
            "pole_agent",
            "apply",
            "--json",
            "--lang",
            "en",
            "--config",
            str(self.config),
        ]
        command += ["--socket", str(self.config.parent / "state" / "control.sock")]
        command += ["--remote", str(self.folder / "remote.toml"), "--root", str(self.office.first_root)]
        command += ["--fetched", str(self.office.folder), "--own", str(self.folder / "own"), *more]
        env = os.environ | {"PATH": f"{self.folder}:{os.environ['PATH']}"}
        return subprocess.Popen(
            command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def apply(self, *more: str) -> tuple[int, dict[str, object], str]:
        process = self.start(*more)
        out, err = process.communicate(timeout=100)
        return process.returncode, json.loads(out or "{}"), err

    def sign(self, path: str, text: str, role: str = "light") -> None:
        self.office.add(path, text.encode(), role=role)
        self.office.publish(role)

    def runs(self, text: str) -> bool:
        standing = self.pole.standing()
        return standing is not None and standing.sha256 == digest(text) and standing.acknowledged


@pytest.fixture
def site(bench: Callable[..., Path], mosquitto: Mosquitto, tmp_path: Path) -> Iterator[Site]:
    config = bench(LIT + MQTT.format(port=mosquitto.port))
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "systemctl").write_text(SYSTEMCTL.format(folder=folder))
    (folder / "systemctl").chmod(0o755)
    (folder / "remote.toml").write_text('repository = "https://poles.example"\nconfirm_min = 1\n')
    office = Office(tmp_path / "public", datetime.now(UTC))
    with served(config) as pole:
        yield Site(config, office, pole, folder)


def test_a_signed_overlay_is_kept(site: Site) -> None:
    site.sign(LIGHT, '[pole]\nname = "signed"\n')
    code, told, _ = site.apply()
    assert (code, told["state"], told["problems"]) == (0, "kept", [])
    assert site.runs(site.config.read_text())
    assert 'name = "signed"' in site.config.read_text()
    blob = (site.folder / "own" / "status.json").read_bytes()
    status = json.loads(blob)
    assert status["config"]["running"] == digest(site.config.read_text())
    assert status["sync"]["state"] == "ok"
    assert status["sync"]["expires"] > time.time()
    city = telling.told(blob, telling.Running(status["config"]["running"], "1.0"))
    assert (city.config["state"], city.version["state"], city.trouble) == ("kept", "none", "")


def test_one_that_crashes_the_agent_comes_back(site: Site) -> None:
    """Here it is killed, in place of a fault of its own."""
    before = site.config.read_text()
    site.sign("full/T-1.toml", before + "# new\n", "full")
    process = site.start()
    eventually(lambda: site.config.read_text() != before, 30)
    while process.poll() is None:
        site.pole.process.kill()
        (site.folder / "restarts").write_text(str(site.pole.restarts()))
        time.sleep(0.2)
    out, _ = process.communicate()
    assert process.returncode == 1
    assert "failed to start" in json.loads(out)["problems"][0]["problem"]
    assert site.config.read_text() == before
    eventually(lambda: site.runs(before), 30)


def test_a_file_that_is_to_come_stays_wanted(site: Site) -> None:
    """Else `sync`, which runs at each change of the list, would throw away what the next pass needs."""
    text = site.config.read_text() + '[drone]\nenabled = true\ngeofence = "fences/area.geojson"\n'
    site.sign("full/T-1.toml", text, "full")
    listed = site.folder / "own" / "wants.json"
    seen = set()
    for _ in range(3):
        code, told, _ = site.apply()
        assert (code, told["state"]) == (1, "refused")
        assert "fence/area.geojson" in json.loads(listed.read_text())["names"]
        seen.add(listed.stat().st_mtime_ns)
    assert len(seen) <= 2, "once it has the targets it does not change any more"
    ring = [[107.87, -6.9], [107.96, -6.9], [107.96, -6.82], [107.87, -6.9]]
    site.sign("fence/area.geojson", json.dumps({"type": "Polygon", "coordinates": [ring]}), "full")
    code, told, _ = site.apply()
    assert (code, told["state"]) == (0, "kept"), told
    assert (site.config.parent / "fences" / "area.geojson").exists()


def test_what_was_not_signed_changes_nothing(site: Site) -> None:
    before = site.config.read_text()
    site.sign(LIGHT, '[pole]\nname = "signed"\n')
    stored = next((site.office.folder / "targets" / "light").iterdir())
    stored.write_bytes(stored.read_bytes().replace(b"signed", b"forged"))
    code, _, err = site.apply()
    assert code == 1
    assert "not what was signed" in err or "not as signed" in err, err
    assert site.config.read_text() == before


def test_nothing_is_installed_without_a_clock(site: Site) -> None:
    before = site.config.read_text()
    site.config.write_text(before.replace('trust = "system"', 'trust = "auto"'))
    site.pole.reload()
    eventually(lambda: (now := site.pole.standing()) is not None and not now.clock)
    site.sign(LIGHT, '[pole]\nname = "signed"\n')
    code, told, _ = site.apply()
    assert (code, told["state"]) == (1, "waiting")
    assert "clock" in json.dumps(told["problems"])
    assert "signed" not in site.config.read_text()


def kills(site: Site, moments: list[float]) -> None:
    """Each time the file that is signed is another one; afterwards the old or the new one runs, whole."""
    for number, moment in enumerate(moments):
        before = site.config.read_text()
        site.sign(LIGHT, f'[pole]\nname = "number {number}"\n')
        process = site.start()
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        alive = site.pole.process.pid
        settled = site.start("--settle")
        settled.communicate(timeout=60)
        assert settled.returncode == 0
        text = site.config.read_text()
        assert text == before or f"number {number}" in text
        eventually(partial(site.runs, text), 30)
        assert site.pole.process.pid == alive, "the agent went on all the while"
        assert site.pole.ask("lamp")["level"] == 1.0


def test_a_kill_leaves_the_old_or_the_new(site: Site) -> None:
    kills(site, [0.4, 1.2, 2.0, 3.0])


@pytest.mark.slow
def test_two_hundred_kills(site: Site) -> None:
    kills(site, [random.uniform(0.0, 14.0) for _ in range(200)])
