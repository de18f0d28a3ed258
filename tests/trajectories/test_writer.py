"""Trajectories on a real disk: they give way, and whatever happens to them happens to nothing else."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from pole_agent.trajectories.blocks import Block, blocks
from pole_agent.trajectories.files import File, files_of, folder_of, name_of
from pole_agent.trajectories.recorder import Batch
from pole_agent.trajectories.retention import DAY_S
from pole_agent.trajectories.writer import FILE_S, WAITING, Writer
from pole_agent.vocabulary import Stamp
from tests.conftest import eventually

WALL = 1_800_000_000.0


def batch(part: int, since: float = 0.0, wall: float = WALL, quality: str = "synced") -> Batch:
    stamp = Stamp(since, "boot", wall, quality)  # type: ignore[arg-type]
    return Batch(run=1, part=part, since=since, until=since + 10, aspect=1.0, stamp=stamp)


def parts(state_dir: Path, camera: str = "street") -> list[int]:
    """What can be read, in the order of writing."""
    return [
        block.header.part
        for file in files_of(folder_of(state_dir, camera))
        for block in blocks(content(file))
        if isinstance(block, Block)
    ]


def content(file: File) -> bytes:
    """Nothing for one that the writer has removed since it was listed."""
    try:
        return file.path.read_bytes()
    except FileNotFoundError:
        return b""


def old_file(state_dir: Path, number: int, began: float | None, size: int = 1000) -> File:
    folder = folder_of(state_dir, "street")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name_of(number, began)
    path.write_bytes(bytes(size))
    return File(path=path, number=number, began=began, size=size)


def test_written_in_order(tmp_path: Path) -> None:
    """What is given is on the disk soon, in order; each hour has a file, and numbers go on from before."""
    old_file(tmp_path, 41, WALL)
    writer = Writer(tmp_path, 7, lambda: 0)
    for part in range(5):
        writer.write("street", batch(part, since=part * FILE_S / 2))
    eventually(lambda: parts(tmp_path) == [0, 1, 2, 3, 4])
    assert [f.number for f in files_of(folder_of(tmp_path, "street"))] == [41, 42, 43, 44]
    assert writer.problem == ""


def test_old_ones_go(tmp_path: Path) -> None:
    """With each new file, what is older than promised goes: also of a camera that is gone."""
    old = [old_file(tmp_path, n, WALL - days * DAY_S) for n, days in enumerate((9, 7.5, 6))]
    other = folder_of(tmp_path, "gone")
    other.mkdir()
    (other / name_of(1, WALL - 8 * DAY_S)).write_bytes(b"x")
    Writer(tmp_path, 7, lambda: 0).write("street", batch(0))
    eventually(lambda: parts(tmp_path) == [0])
    assert [file.path.exists() for file in old] == [False, False, True]
    assert files_of(other) == []


def test_unknown_time_keeps_all(tmp_path: Path) -> None:
    """While the time is not known, nothing goes for its age, and the file says that its time is not known."""
    old = old_file(tmp_path, 1, WALL - 99 * DAY_S)
    Writer(tmp_path, 7, lambda: 0).write("street", batch(0, quality="unsynced"))
    eventually(lambda: parts(tmp_path) == [0])
    assert old.path.exists()
    assert files_of(folder_of(tmp_path, "street"))[-1].began is None


def test_short_space(tmp_path: Path) -> None:
    """Where the store may need the space, nothing is written and what is there goes; it is said, and ends."""
    old = old_file(tmp_path, 1, WALL)
    short = [True]
    writer = Writer(tmp_path, 7, lambda: shutil.disk_usage(tmp_path).free + 10**9 if short[0] else 0)
    writer.write("street", batch(0))
    eventually(lambda: "no space" in writer.problem)
    assert not old.path.exists()
    assert parts(tmp_path) == []
    short[0] = False
    writer.write("street", batch(1))
    eventually(lambda: parts(tmp_path) == [1])
    eventually(lambda: writer.problem == "")


def test_unwritable(tmp_path: Path) -> None:
    """A folder that cannot be made is a problem with its reason, not an error."""
    (tmp_path / "trajectories").write_text("in the way")
    writer = Writer(tmp_path, 7, lambda: 0)
    writer.write("street", batch(0))
    eventually(lambda: "cannot be written" in writer.problem)


def test_hanging_disk(tmp_path: Path) -> None:
    """A disk that hangs is given no more than it can be behind with; nobody waits for it."""
    hangs = threading.Event()

    def reserve() -> float:
        hangs.wait(20)
        return 0

    writer = Writer(tmp_path, 7, reserve)
    for part in range(WAITING + 5):
        writer.write("street", batch(part))
    assert "too slow" in writer.problem
    hangs.set()
    eventually(lambda: len(parts(tmp_path)) >= WAITING)
    assert parts(tmp_path) == sorted(parts(tmp_path))


@pytest.mark.parametrize("cut", [1, 7, 20])
def test_torn_tail(tmp_path: Path, cut: int) -> None:
    """After a power cut in the middle of a write, the rest is read, and a new file begins."""
    writer = Writer(tmp_path, 7, lambda: 0)
    for part in range(3):
        writer.write("street", batch(part))
    eventually(lambda: parts(tmp_path) == [0, 1, 2])
    (file,) = files_of(folder_of(tmp_path, "street"))
    file.path.write_bytes(file.path.read_bytes()[:-cut])
    Writer(tmp_path, 7, lambda: 0).write("street", batch(9))
    eventually(lambda: parts(tmp_path) == [0, 1, 9])
