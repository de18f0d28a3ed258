"""The seed on a card: put in place by its script, in a root of its own, and gone from the card then."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from pole_agent.remote import setup
from pole_agent.settings.load import load
from tests.conftest import ROOT
from tests.remote.fleets import Fleet

SCRIPT = ROOT / "systemd" / "seed"
GROUP = 4242
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it gives files to their owners")


def grow(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", str(SCRIPT), str(root)], capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    fleet = Fleet(tmp_path_factory.mktemp("office"))
    fleet.table("SMD-0001")
    root = fleet.folder / "root.json"
    root.write_text('{"signed": {}}')
    fleet.provision("--broker", "localhost", "--repository", "https://u.example.go.id", "--root", str(root))
    return fleet


@pytest.fixture
def card(made: Fleet, tmp_path: Path) -> Path:
    return copied(made, tmp_path)


def copied(made: Fleet, root: Path) -> Path:
    """The root of a card, as a computer with Windows leaves it: no modes, and files of its own beside."""
    (root / "etc").mkdir(parents=True)
    (root / "etc/group").write_text(f"root:x:0:\npole-agent:x:{GROUP}:\n")
    boot = root / "boot/firmware"
    boot.mkdir(parents=True)
    shutil.copytree(made.seed("SMD-0001"), boot / "pole-agent-seed", copy_function=shutil.copyfile)
    (boot / "pole-agent-seed/desktop.ini").write_text("[x]")
    (boot / "config.txt").write_text("arm_64bit=1")
    return root


def kinds(root: Path) -> dict[str, tuple[int, int, int]]:
    """Mode, user and group of everything that is there."""
    etc = root / "etc/pole-agent"
    found = {}
    for path in [etc, *etc.rglob("*")]:
        status = path.stat()
        found[str(path.relative_to(etc))] = (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
    return found


def test_a_seed_is_put_in_place_once(card: Path, made: Fleet) -> None:
    done = grow(card)
    assert done.returncode == 0, done.stderr
    secret, shown = (0o600, 0, 0), (0o644, 0, 0)
    assert kinds(card) == {
        ".": (0o750, 0, GROUP),
        "pole.toml": (0o640, 0, GROUP),
        "remote.toml": shown,
        "root.json": shown,
        "sealing.key": secret,
        "credentials": (0o700, 0, 0),
        "credentials/mqtt-key": secret,
        "credentials/mqtt-cert": secret,
        "credentials/mqtt-ca": secret,
        "credentials/camera-password": secret,
    }
    etc = card / "etc/pole-agent"
    assert load(etc / "pole.toml").settings.pole.id == "SMD-0001"
    assert setup.read(etc / "remote.toml").repository == "https://u.example.go.id"
    key = "credentials/mqtt-key"
    assert (etc / key).read_bytes() == (made.seed("SMD-0001") / key).read_bytes()
    assert [p.name for p in (card / "boot/firmware").iterdir()] == ["config.txt"], "no secret stays there"
    before = kinds(card)
    again = grow(card)
    assert (again.returncode, kinds(card)) == (0, before)


def test_a_start_that_was_cut_off_is_repeated(made: Fleet, tmp_path: Path) -> None:
    """Killed at every seventh step: the next start does all of it, and leaves nothing on the card."""
    finished, step = False, 1
    while not finished:
        root = copied(made, tmp_path / str(step))
        words = f"n=0; trap '[ $((n+=1)) -lt {step} ] || kill -9 $$' DEBUG; set -T; . {SCRIPT} {root}"
        killed = subprocess.run(["bash", "-c", words], capture_output=True, text=True, timeout=60)
        finished = killed.returncode == 0
        assert finished or killed.returncode == -9, killed.stderr
        done = grow(root)
        assert done.returncode == 0, done.stderr
        assert load(root / "etc/pole-agent/pole.toml").settings.pole.id == "SMD-0001"
        assert [p.name for p in (root / "boot/firmware").iterdir()] == ["config.txt"]
        assert not list((root / "etc/pole-agent").rglob("*.part"))
        step += 7
    assert step > 100


@pytest.mark.parametrize(
    "fault", ["cut off", "damaged", "missing", "link", "stranger", "outside", "no group"]
)
def test_a_seed_that_is_not_right_changes_nothing(card: Path, fault: str) -> None:
    seed = card / "boot/firmware/pole-agent-seed"
    sums = seed / "SHA256SUMS"
    match fault:
        case "cut off":
            sums.unlink()
        case "damaged":
            (seed / "pole.toml").write_text("half")
        case "missing":
            (seed / "credentials/mqtt-key").unlink()
        case "link":
            (seed / "root.json").unlink()
            (seed / "root.json").symlink_to("/etc/passwd")
        case "stranger":
            (seed / "shadow").write_text("")
            sums.write_text(sums.read_text() + "0  shadow\n")
        case "outside":
            sums.write_text(sums.read_text() + "0  credentials/../../../shadow\n")
        case _:
            (card / "etc/group").write_text("root:x:0:\n")
    done = grow(card)
    assert done.returncode == 1
    assert done.stderr.startswith("pole-agent-seed: ")
    assert not (card / "etc/pole-agent").exists()
    assert seed.is_dir()


def test_another_seed_keeps_the_former_file(card: Path) -> None:
    """What a technician has written by hand is not lost."""
    etc = card / "etc/pole-agent"
    etc.mkdir()
    (etc / "pole.toml").write_text("by hand")
    assert grow(card).returncode == 0
    assert (etc / "pole.toml.before").read_text() == "by hand"
    assert load(etc / "pole.toml").settings.pole.id == "SMD-0001"
