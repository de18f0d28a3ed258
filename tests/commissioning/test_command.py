"""`pole-agent commission`, as a technician at the pole uses it: a real agent and a real broker."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pole_agent.commissioning.record import read
from tests.cli import call
from tests.conftest import CLIP, Mosquitto, eventually
from tests.contracts.test_payload_contract import BASE, City, check

Start = Callable[..., "subprocess.Popen[str]"]
CAMERA = '[[camera]]\nname = "street"\nsource = "{clip}"\nfps = 5\nloop = true\n'
MQTT = '[mqtt]\nhost = "127.0.0.1"\nport = {port}\ntls = false\n'


class Session:
    """A technician's shell, in a folder of its own."""

    def __init__(self, config: Path, folder: Path) -> None:
        self.config, self.record = config, folder / "commissioning.json"

    def __call__(self, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        where = ("--config", str(self.config), "--record", str(self.record))
        return call("commission", *words, *where, stdin=stdin)

    def step(self, name: str, **answers: str) -> dict[str, Any]:
        given = [word for key, value in answers.items() for word in ("--answer", f"{key}={value}")]
        done = self("step", name, *given, "--json")
        assert done.stdout, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        assert done.returncode == (1 if told["state"] == "fail" else 0)
        return told

    def steps(self) -> dict[str, str]:
        return {s["step"]: s["state"] for s in json.loads(self("steps", "--json").stdout)["steps"]}


@pytest.fixture
def session(bench: Callable[..., Path], agent: Start, mosquitto: Mosquitto, tmp_path: Path) -> Session:
    config = bench(CAMERA.format(clip=CLIP) + MQTT.format(port=mosquitto.port))
    agent("run", "--config", str(config))
    eventually(lambda: (tmp_path / "state" / "control.sock").exists(), within_s=30)
    return Session(config, tmp_path)


def test_a_pole_is_taken_into_service(session: Session, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Step by step, to the report on paper and the event at the city."""
    city = City(mosquitto.port)
    assert set(session.steps().values()) == {"left"}
    asked = session.step("identity")
    assert (asked["state"], [q["key"] for q in asked["questions"]]) == ("asked", ["plate"])
    assert session.step("identity", plate="yes")["state"] == "ok"
    assert session.step("clock", phone="12:00")["step"] == "clock"
    assert session.step("configuration")["state"] == "fail", "the lamp of a bench is a mock"
    assert session.step("lamp:dim")["facts"]["level"] == 0.3
    for light, seen in (("dim", "dim"), ("full", "dark"), ("dark", "dark")):
        assert session.step(f"lamp:{light}", sees=seen)["state"] == ("ok" if light == seen else "fail")
    assert session.step("camera:street")["state"] == "asked"
    assert stat.S_IMODE(os.stat(tmp_path / "street.jpg").st_mode) == 0o600
    assert session.step("camera:street", right="yes")["state"] in ("ok", "warn")
    assert not (tmp_path / "street.jpg").exists(), "it was there to be looked at"
    assert session.step("masks:street", covered="yes")["state"] == "ok"
    assert session.step("uplink")["facts"]["parts"]["commands"]["state"] == "ok"
    early = session("sign-off", "--by", "Rini")
    assert (early.returncode, early.stderr.count("not done yet")) == (1, 1)
    for name in ("disk", "board", "night"):
        session.step(name)
    session.step("fail_lit", lit="yes")
    session.step("sign", hangs="yes")
    assert session.step("walk:street/frame")["facts"]["zone"] == "street/frame"
    refused = session("sign-off", "--by", "Rini")
    assert (refused.returncode, refused.stderr.count("lamp:full")) == (1, 1)
    page = tmp_path / "report.html"
    done = session(
        "sign-off", "--by", "Rini", "--despite", "a bench", "--page", str(page), "--lang", "id", "--json"
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    eventually(lambda: city.got("events/pole/commissioned"), within_s=20)
    (event,) = city.got("events/pole/commissioned")
    city.close()
    check(f"{BASE}/events/pole/commissioned", event)
    assert event["data"] == told
    assert told["record_sha256"] in page.read_text()
    assert "Berita acara" in page.read_text()
    verified = session("verify", "--sha256", told["record_sha256"])
    assert verified.returncode == 0
    assert session("verify", "--sha256", "00" * 32).returncode == 1
    again = session("steps")
    assert (again.returncode, again.stderr.count("is signed off")) == (2, 1)


def test_the_path_in_a_terminal(session: Session) -> None:
    """It asks until an answer is one, goes on where it stopped, and stops where nobody answers."""
    done = session(stdin="\nmaybe\nyes\n")
    assert done.returncode == 1
    assert "[2/" in done.stdout
    assert done.stdout.count("Do the plate and the work order say") == 2
    results = read(session.record.read_text()).results
    assert {"configuration", "identity"} <= set(results)
    assert stat.S_IMODE(session.record.stat().st_mode) == 0o600
    again = session(stdin="")
    assert "[2/" not in again.stdout
    assert "[3/" in again.stdout
    indonesian = session("--lang", "id", stdin="")
    assert "Jam berapa di ponsel Anda?" in indonesian.stdout


def test_a_signature_is_verified(session: Session, tmp_path: Path) -> None:
    """With the key of an officer; a record that was changed is not genuine."""
    key = tmp_path / "rini.key"
    assert call("drone", "key", "--out", str(key), "--name", "Rini").returncode == 0
    record = {"format": 1, "about": {"pole": BASE}, "begun": {}, "results": {}}
    from pole_agent.commissioning.record import read as reading
    from pole_agent.console.guide import signature

    signed = reading(json.dumps(record | {"signed_off": {"by": "Rini"}, "signature": None}))
    signed.signature = signature(signed, key.read_text())
    session.record.write_text(signed.text())
    assert "genuine" in session("verify").stdout
    session.record.write_text(signed.text().replace("Rini", "Rina"))
    forged = session("verify")
    assert (forged.returncode, "not that of this record" in forged.stdout) == (1, True)


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (("step", "fly"), 2, "unknown step fly"),
        (("step", "clock", "--answer", "noon"), 2, "invalid answer 'noon'"),
        (("sign-off", "--by", ""), 2, "expected a name"),
        (("sign-off", "--by", "Rini", "--key", "/nowhere"), 2, "/nowhere"),
        (("verify",), 2, "commissioning.json"),
    ],
)
def test_bad_usage_is_told(
    words: tuple[str, ...], code: int, complaint: str, bench: Callable[..., Path], tmp_path: Path
) -> None:
    done = Session(bench(), tmp_path)(*words)
    assert (done.returncode, complaint in done.stderr) == (code, True), done.stderr


def test_it_needs_the_agent(bench: Callable[..., Path], tmp_path: Path) -> None:
    done = Session(bench(), tmp_path)("step", "identity")
    assert (done.returncode, "not running" in done.stderr or "no agent" in done.stderr) == (1, True), (
        done.stderr
    )
    assert Session(bench(), tmp_path)("steps").returncode == 0


def test_a_record_of_another_pole(bench: Callable[..., Path], tmp_path: Path) -> None:
    session = Session(bench(), tmp_path)
    other = {"format": 1, "about": {"pole": "smartpole/test/T-9"}, "begun": {}, "results": {}}
    session.record.write_text(json.dumps(other | {"signed_off": None, "signature": None}))
    done = session("steps")
    assert (done.returncode, "is the record of smartpole/test/T-9" in done.stderr) == (2, True)
    session.record.write_text("no record")
    assert session("steps").returncode == 2
