"""The unit under the eyes of systemd itself, and the installer without doing anything."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

UNIT = ROOT / "systemd" / "pole-agent.service"
SYNC = ROOT / "systemd" / "pole-agent-sync.service"
analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze: sudo apt install systemd"
)


@analyze
def test_the_units_are_verified_in_silence(tmp_path: Path) -> None:
    program = tmp_path / "pole-agent"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    units = []
    for source in (UNIT, *sorted(UNIT.parent.glob("pole-agent-*"))):
        units.append(tmp_path / source.name)
        units[-1].write_text(
            source.read_text().replace("/opt/pole-agent/current/bin/pole-agent", str(program))
        )
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, units)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@analyze
@pytest.mark.parametrize("unit", [UNIT, SYNC], ids=["agent", "sync"])
def test_exposure_is_at_most_one_and_a_half(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"exposure level.*: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= 1.5


def test_nothing_is_waited_for_before_the_lamp() -> None:
    text = UNIT.read_text()
    directives = [line for line in text.splitlines() if "=" in line and not line.startswith("#")]
    assert not [
        d for d in directives if d.startswith(("ExecStartPre", "Requires", "After", "Wants", "BindsTo"))
    ]
    assert {"StartLimitIntervalSec=0", "Restart=always", "Type=notify"} <= set(directives)


def test_what_fetches_has_no_rights_on_the_pole() -> None:
    """Its own user, its own folder, no device, and memory with an end; a hand switches it on by two files."""
    text = SYNC.read_text()
    for line in (
        "User=pole-sync",
        "StateDirectory=pole-agent-sync",
        "PrivateDevices=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "MemoryMax=96M",
        "InaccessiblePaths=-/etc/pole-agent -/var/lib/pole-agent -/run/pole-agent",
        "ConditionPathExists=/etc/pole-agent/remote.toml",
    ):
        assert f"\n{line}\n" in text, line
    assert not re.search(r"^(SupplementaryGroups|DeviceAllow|ReadWritePaths)=", text, re.MULTILINE)


def test_what_installs_has_no_network() -> None:
    """It is root; and the agent depends neither on it nor on what looks back before the start."""
    apply, settle = (UNIT.with_name(f"pole-agent-{name}.service").read_text() for name in ("apply", "settle"))
    for text in (apply, settle):
        assert "\nPrivateNetwork=yes\n" in text
        assert "\nConditionPathExists=/etc/pole-agent/remote.toml\n" in text
    assert "\nBefore=pole-agent.service\n" in settle
    assert not re.search("apply|settle", UNIT.read_text())


def test_a_dry_run_of_the_installer_changes_nothing() -> None:
    """Every line is one that would be done, in the order in which the switch is safe: the unit with its
    version, both before the link.
    """
    for arguments in (("--dry-run",), ("--dry-run", "--uninstall")):
        done = subprocess.run(
            [str(ROOT / "scripts" / "install"), *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert [line for line in done.stdout.splitlines() if not line.startswith(("+ ", "install: "))] == []


@pytest.mark.parametrize("arguments", [("--nonsense",), ("--config",), ("--config", "/nowhere.toml")])
def test_bad_usage_is_told(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [str(ROOT / "scripts" / "install"), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("install: ")
