"""A power cut between any two system calls leaves every state file whole, the old one or the new one. Needs
strace (apt install strace).

The calls of a process that writes every file twice are played on a disk that keeps nothing but what was
synced: the bytes of a file up to its last fsync, and the names of a folder up to its last fsync, or further,
as the kernel likes.
"""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import ROOT

WRITER = Path(__file__).parent / "state_writer.py"
CALLS = (
    "openat,write,pwrite64,writev,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir"
)
NAMED = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass
class File:
    """Bytes in the making: how many writes there were, and how many of them are safe."""

    written: int = 0
    safe: int = 0


@dataclass
class Disk:
    """What would be there after a power cut.

    `names` are safe; `pending` are changes of them that may be safe or not, in their order.
    """

    names: dict[str, File] = field(default_factory=dict)
    now: dict[str, File] = field(default_factory=dict)
    pending: list[tuple[str, File | None]] = field(default_factory=list)

    def name(self, path: str, file: File | None) -> None:
        self.pending.append((path, file))
        if file is None:
            self.now.pop(path, None)
        else:
            self.now[path] = file

    def sync_folder(self, folder: str) -> None:
        for path, file in self.pending:
            if file is None:
                self.names.pop(path, None)
            else:
                self.names[path] = file
        self.pending = []

    def after_a_cut(self, path: str) -> Iterator[File | None]:
        """Every file that may be found under this name."""
        found = self.names.get(path)
        yield found
        for changed, file in self.pending:
            if changed == path:
                yield file


def play(lines: list[str], see: Callable[[Disk, str], None]) -> None:
    """Play the calls; `see` looks at the disk after each, and gets the name of a folder that was made."""
    disk = Disk()
    open_files: dict[str, File | str] = {}
    for line in lines:
        call, _, rest = line.partition("(")
        call = call.split()[-1]
        if " = -1 " in rest or "=" not in rest:
            continue
        result = rest.rpartition("=")[2].split()[0]
        names, number, made = NAMED.findall(rest), rest.partition(",")[0].rstrip(") "), ""
        number = number.partition(")")[0]
        match call:
            case "openat" if "O_DIRECTORY" in rest or Path(names[0]).is_dir():
                open_files[result] = names[0]
            case "openat":
                if "O_CREAT" in rest and names[0] not in disk.now:
                    disk.name(names[0], File())
                opened = disk.now.get(names[0], File())
                open_files[result] = opened
                if "O_TRUNC" in rest:
                    opened.written, opened.safe = opened.written + 1, -1  # nothing of before is left
            case "write" | "pwrite64" | "writev" | "ftruncate" if isinstance(
                file := open_files.get(number), File
            ):
                file.written += 1
            case "fsync" | "fdatasync":
                synced = open_files[number]
                if isinstance(synced, File):
                    synced.safe = synced.written
                else:
                    disk.sync_folder(synced)
            case "rename" | "renameat" | "renameat2":
                disk.name(names[1], disk.now[names[0]])
                disk.name(names[0], None)
            case "unlink" | "unlinkat":
                disk.name(names[0], None)
            case "mkdir":
                made = Path(names[0]).name
        see(disk, made)


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The folder with the files, and the calls that made them."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace: sudo apt install strace")
    folder = tmp_path_factory.mktemp("cut")
    (folder / "pole.toml").write_text(
        f'[pole]\nid = "A"\nsite = "b"\nlatitude = 0.0\nlongitude = 0.0\n[storage]\nstate_dir = "{folder}"\n'
    )
    (folder / "last-good.toml.part").write_text("left by a cut")
    (folder / "last-good.toml.part").chmod(0o644)
    trace = folder / "strace.txt"
    command = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-s",
        "0",
        "-e",
        f"trace={CALLS}",
        "-e",
        "signal=none",
        "-o",
        str(trace),
    ]
    done = subprocess.run(
        [*command, sys.executable, str(WRITER), str(folder)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder, trace.read_text().splitlines()


# The state files: name, and whether it is safe for good once its write has returned.
FILES = {
    "witness": ("pole.witness", True),
    "last-good": ("last-good.toml", True),
    "clock": ("clock.json", False),
    "picture": ("picture.json", False),
}


@pytest.mark.parametrize("name", FILES)
def test_a_cut_leaves_the_old_file_or_the_new(name: str, traced: tuple[Path, list[str]]) -> None:
    """At no moment is there half a file under the name of a state file; a copy that must last lasts once its
    write has returned.
    """
    folder, lines = traced
    path, lasts = str(folder / FILES[name][0]), FILES[name][1]
    seen: list[File | None] = []
    returned: list[list[File | None]] = []

    def see(disk: Disk, made: str) -> None:
        found = list(disk.after_a_cut(path))
        assert all(file is None or file.safe == file.written > 0 for file in found), "half a file"
        for file in found:
            if file not in seen or not any(file is s for s in seen):
                seen.append(file)
        if made.startswith(f"{name}-"):
            returned.append(found)

    play(lines, see)
    versions = [file for file in seen if file is not None]
    assert len(versions) == 2, "the old and the new"
    assert len(returned) == 2
    if lasts:
        assert [
            [file is version for file in found] for found, version in zip(returned, versions, strict=True)
        ] == [[True], [True]]


def test_what_the_store_has_committed_is_safe(traced: tuple[Path, list[str]]) -> None:
    """When a transaction has returned, every byte of the database and of its log is synced."""
    folder, lines = traced
    log = str(folder / "pole.db-wal")
    commits: list[bool] = []

    def see(disk: Disk, made: str) -> None:
        if made.startswith("database-"):
            file = disk.now[log]
            commits.append(file.safe == file.written > 0)

    play(lines, see)
    assert commits == [True, True]


def test_who_may_read_the_state_files(traced: tuple[Path, list[str]]) -> None:
    """The last good copy may hold passwords: its owner alone reads it, at every moment, whatever a cut had
    left.
    """
    folder, lines = traced
    modes = {
        name: oct(stat.S_IMODE((folder / name).stat().st_mode)) for name in ("last-good.toml", "pole.witness")
    }
    assert modes == {"last-good.toml": "0o600", "pole.witness": "0o640"}
    made = [line for line in lines if "last-good.toml" in line and "O_CREAT" in line and " = -1 " not in line]
    assert len(made) == 2
    assert all("0600" in line and "O_EXCL" in line and "O_NOFOLLOW" in line for line in made)
