"""`pole-agent replace`: from the old board, or its card, to the new one."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pole_agent.store.database import Database
from pole_agent.store.handover import unpack
from pole_agent.store.schema import FILE_NAME
from tests.cli import call
from tests.conftest import eventually

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def old(bench: Callable[..., Path], tmp_path: Path) -> Path:
    """The configuration of a board that has a store."""
    (tmp_path / "state").mkdir()
    Database(tmp_path / "state" / FILE_NAME, 64, str).close()
    return bench(
        '[mqtt]\nhost = "127.0.0.1"\ntls = false\nusername = "a"\npassword_file = "/nowhere/secret"\n'
    )


def test_from_board_to_board(old: Path, tmp_path: Path) -> None:
    archive = tmp_path / "pole.tar.gz"
    packed = call("replace", "pack", "--out", str(archive), "--config", str(old))
    assert packed.returncode == 0, packed.stderr
    assert "do not start the old board again" in packed.stdout
    assert stat.S_IMODE(os.stat(archive).st_mode) == 0o600
    assert call("replace", "pack", "--out", str(archive), "--config", str(old)).returncode == 1, (
        "never overwritten"
    )
    new = tmp_path / "new" / "pole.toml"
    new.parent.mkdir()
    where = ("--config", str(new), "--state-dir", str(tmp_path / "new" / "state"))
    taken = call("replace", "take", str(archive), *where, "--json")
    assert taken.returncode == 0, taken.stderr
    told = json.loads(taken.stdout)
    assert told["missing"] == ["/nowhere/secret"]
    assert told["before"] != told["storeid"]
    assert new.read_text() == old.read_text()
    again = call("replace", "take", str(archive), *where)
    assert (again.returncode, "a store is there already" in again.stderr) == (1, True)


def test_from_the_card_of_the_old_board(old: Path, tmp_path: Path) -> None:
    """Its folders lie elsewhere; it says what is to be done next, in the language of the technician."""
    card = tmp_path / "mnt"
    (tmp_path / "state").rename(card)
    archive = tmp_path / "pole.tar.gz"
    done = call("replace", "pack", "--out", str(archive), "--config", str(old), "--state-dir", str(card))
    assert done.returncode == 0, done.stderr
    assert FILE_NAME in unpack(archive.read_bytes()).files
    taken = call("replace", "take", str(archive), "--config", str(old), "--lang", "id")
    assert taken.returncode == 0, taken.stderr
    assert "letakkan di tempatnya sebelum mulai: /nowhere/secret" in taken.stdout
    assert (tmp_path / "state" / FILE_NAME).exists()


def test_a_running_agent_is_left_alone(old: Path, agent: Start, tmp_path: Path) -> None:
    archive = tmp_path / "pole.tar.gz"
    assert call("replace", "pack", "--out", str(archive), "--config", str(old)).returncode == 0
    old.write_text(old.read_text().partition("[mqtt]")[0])
    agent("run", "--config", str(old))
    eventually(lambda: (tmp_path / "state" / "control.sock").exists(), within_s=30)
    for words in (("pack", "--out", str(tmp_path / "x")), ("take", str(archive))):
        done = call("replace", *words, "--config", str(old))
        assert (done.returncode, "the agent runs" in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize("blob", [None, b"", b"no archive"])
def test_no_archive_is_bad_usage(blob: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "pole.tar.gz"
    if blob is not None:
        file.write_bytes(blob)
    assert call("replace", "take", str(file), "--config", str(tmp_path / "pole.toml")).returncode == 2
    assert not (tmp_path / "pole.toml").exists()


def test_another_pole_is_not_overwritten(old: Path, bench: Callable[..., Path], tmp_path: Path) -> None:
    archive = tmp_path / "pole.tar.gz"
    assert call("replace", "pack", "--out", str(archive), "--config", str(old)).returncode == 0
    other = bench(name="other.toml")
    other.write_text(other.read_text().replace('id = "T-1"', 'id = "T-2"'))
    done = call("replace", "take", str(archive), "--config", str(other))
    assert (done.returncode, "is of another pole than smartpole/test/T-1" in done.stderr) == (1, True)


def test_a_board_without_a_store(bench: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    done = call("replace", "pack", "--out", str(tmp_path / "x"), "--config", str(bench()))
    assert (done.returncode, "no store is there" in done.stderr) == (1, True)
    assert not (tmp_path / "x").exists()
