"""The officer's side: keys and signatures, on a computer that has neither OpenCV nor ONNX."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pole_agent.drone import ed25519
from pole_agent.drone.approval import Office, facts_of, plan_facts
from pole_agent.drone.commands import read_decision
from pole_agent.settings.drone import DroneSettings
from tests.conftest import ROOT

REQUEST = ROOT / "docs" / "samples" / "drone-request.json"
# Whoever imports one of these fails, as where they are not installed.
WITHOUT = (
    "import sys; sys.modules.update(dict.fromkeys(('cv2', 'onnxruntime', 'numpy', 'gpiozero', 'aiomqtt')));"
)


def call(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    code = f"{WITHOUT} from pole_agent.cli import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", code, "drone", *arguments],
        capture_output=True,
        text=True,
        input=stdin,
        cwd=ROOT,
        timeout=60,
        check=False,
    )


@pytest.fixture
def office(tmp_path: Path) -> Office:
    done = call("key", "--name", "Dewi Lestari", "--out", str(tmp_path / "dewi.key"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "dewi.key").stat().st_mode & 0o777 == 0o600
    settings = DroneSettings.model_validate(tomllib.loads(done.stdout)["drone"])
    again = call("key", "--name", "Dewi Lestari", "--out", str(tmp_path / "dewi.key"))
    assert again.returncode == 1, "a key is never overwritten"
    return Office(
        "smartpole/sumedang/DEMO-1", {o.name: o.public_key for o in settings.officers}, ed25519.verify
    )


def test_what_the_officer_signs_the_pole_believes(office: Office, tmp_path: Path) -> None:
    message: dict[str, Any] = json.loads(REQUEST.read_text())
    done = call(
        "sign", "--key", str(tmp_path / "dewi.key"), "--by", "Dewi Lestari", stdin=REQUEST.read_text()
    )
    assert done.returncode == 0, done.stderr
    assert f"request: {message['request_id']}\n" in done.stderr, "it shows what is signed"
    payload = json.loads(done.stdout)
    decision = read_decision(payload)
    assert (decision.request_id, decision.transition, decision.by) == (
        message["request_id"],
        "approve",
        "Dewi Lestari",
    )
    now = datetime.now(UTC).timestamp()
    assert office.check(decision.signature, decision.by, facts_of(message), frozenset(), now) is not None


def test_standing_approval_is_signed_over_plan_of_info(office: Office, tmp_path: Path) -> None:
    """A standing approval is signed over the plan of the info message."""
    info = {"patrols": [{"name": "round", "plan": "at 06:00"}], "pole": office.pole}
    (tmp_path / "info.json").write_text(json.dumps(info))
    words = (
        "sign",
        str(tmp_path / "info.json"),
        "--key",
        str(tmp_path / "dewi.key"),
        "--by",
        "Dewi Lestari",
        "--patrol",
    )
    done = call(*words, "round", "--until", "2027-01-01T00:00:00+07:00")
    assert done.returncode == 0, done.stderr
    decision = read_decision(json.loads(done.stdout))
    until = datetime(2026, 12, 31, 17, tzinfo=UTC).timestamp()
    assert (decision.patrol, decision.until) == ("round", until)
    now = datetime.now(UTC).timestamp()
    assert (
        office.check(
            decision.signature, decision.by, plan_facts("round", "at 06:00", until), frozenset(), now
        )
        is not None
    )
    assert "unknown patrol 'other'" in call(*words, "other", "--until", "2027-01-01T00:00:00Z").stderr
    assert call(*words, "round").returncode == 2, "until when?"


def test_mistakes_are_told(tmp_path: Path) -> None:
    (tmp_path / "bad.key").write_text("not a key\n")
    for stdin, words, code, said in (
        ("{}", (), 1, "not a message of drone/request"),
        ('{"pole": "a/b/c"}', (), 1, "not a message of drone/request"),
        ("[", (), 1, "cannot be read as a message"),
        (REQUEST.read_text(), (), 1, "not a private key"),
        (REQUEST.read_text(), ("--for", "0"), 2, "--for"),
    ):
        done = call("sign", "--key", str(tmp_path / "bad.key"), "--by", "Dewi", *words, stdin=stdin)
        assert (done.returncode, said in done.stderr) == (code, True), done.stderr
