"""The last good copy: when it is written, who may read it, where it is looked for, and what is said of it."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pole_agent.errors import ConfigError
from pole_agent.settings.load import Loaded, keep_last_good, last_good, load, load_or_last_good

Bench = Callable[..., Path]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def kept(bench: Bench, tmp_path: Path) -> tuple[Path, Loaded, Path]:
    """A configuration, as it was loaded, and its last good copy."""
    path = bench()
    good = load(path)
    keep_last_good(good)
    return path, good, tmp_path / "state" / "last-good.toml"


@pytest.mark.parametrize(
    "left", ["nothing", "a copy for all", "a part for all", "a part that is a link", "another copy for all"]
)
def test_nobody_else_reads_the_copy(left: str, kept: tuple[Path, Loaded, Path], tmp_path: Path) -> None:
    """It may hold passwords: whatever was left there, its owner alone reads what is written."""
    _, good, copy = kept
    part, victim = copy.with_name("last-good.toml.part"), tmp_path / "victim"
    victim.write_text("untouched")
    if left == "nothing":
        copy.unlink()
    elif left == "a part that is a link":
        copy.unlink()
        part.symlink_to(victim)
    elif left == "a part for all":
        copy.unlink()
        part.write_text("x")
        part.chmod(0o666)
    else:
        copy.write_text(good.text if left == "a copy for all" else "old")
        copy.chmod(0o644)
    old = os.umask(0)
    try:
        keep_last_good(good)
    finally:
        os.umask(old)
    assert mode(copy) == 0o600
    assert copy.read_text() == good.text
    assert victim.read_text() == "untouched"
    assert not copy.is_symlink()
    assert sorted(p.name for p in copy.parent.iterdir()) == ["last-good.toml"]


def test_the_same_copy_is_not_written_again(kept: tuple[Path, Loaded, Path]) -> None:
    """The card is spared: the same text leaves the same file; another one replaces it."""
    _, good, copy = kept
    before = copy.stat()
    keep_last_good(good)
    assert (copy.stat().st_ino, copy.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    keep_last_good(replace(good, text=good.text + "# more\n"))
    assert copy.stat().st_ino != before.st_ino
    assert copy.read_text() == good.text + "# more\n"


def test_a_disk_that_cannot_leaves_the_old_copy(kept: tuple[Path, Loaded, Path]) -> None:
    """What cannot be written raises, and the copy of before is whole."""
    _, good, copy = kept
    copy.with_name("last-good.toml.part").mkdir()
    with pytest.raises(OSError, match="directory"):
        keep_last_good(replace(good, text="new"))
    assert copy.read_text() == good.text


@pytest.mark.parametrize("found", ["given", "named in the broken file", "of systemd", "nowhere"])
def test_where_a_copy_is_looked_for(
    found: str, kept: tuple[Path, Loaded, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the folder that is given, the one that a broken file names, or systemd's; and it says why and from
    where it came.
    """
    path, good, copy = kept
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    broken = "[pole\n"
    if found == "named in the broken file":
        path.write_text(f"{broken}  state_dir  =  '{copy.parent}'\n")
    else:
        path.write_text(broken)
    if found == "of systemd":
        monkeypatch.setenv("STATE_DIRECTORY", f"{copy.parent}:/elsewhere")
    if found == "nowhere":
        assert last_good(path) is None
        with pytest.raises(ConfigError, match="not valid TOML"):
            load_or_last_good(path)
        return
    loaded = load_or_last_good(path, copy.parent if found == "given" else None)
    assert loaded.settings == good.settings
    assert loaded.text == good.text
    assert loaded.digest == good.digest == hashlib.sha256(good.text.encode()).hexdigest()
    assert "not valid TOML" in loaded.degraded
    assert loaded.degraded.endswith(f"; the last good copy in {copy.parent} is used")
    assert good.degraded == ""


def test_a_copy_that_is_broken_is_passed_over(kept: tuple[Path, Loaded, Path], tmp_path: Path) -> None:
    """Where the first folder holds no copy that can be used, the next is looked at."""
    path, good, copy = kept
    path.write_text(f'[pole\nstate_dir = "{copy.parent}"\n')
    other = tmp_path / "other"
    other.mkdir()
    for text in ("[pole\n", "\x00", '[pole]\nid = "A"\n'):
        (other / "last-good.toml").write_text(text)
        found = last_good(path, other)
        assert found is not None
        assert found.text == good.text
