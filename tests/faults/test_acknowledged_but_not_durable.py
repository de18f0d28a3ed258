"""Field failure 2: unsynced writes vanish. What was told as stored is still there.

A real process stores events under strace. From its system calls, the disk is put together as it is after a
power cut: what was written before a file's last fsync is there, of the rest a random part, in blocks of 512
bytes. Then the store is opened as the agent does.
"""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pole_agent.store.database import Database

WRITER = Path(__file__).parents[1] / "store" / "writer.py"
CALLS = "pwrite64,write,ftruncate,fsync,fdatasync,unlink"
CALL = re.compile(r'\d+ +(\w+)\((?:(\d+)<([^>]*)>)?(?:, )?(?:"([^"]*)")?(?:, )?(.*)\) += (-?\d+)')
BLOCK = 512
RUN_S = 4.0
CUTS = 60


@dataclass
class File:
    """One file: its content at the last sync, and what was written since."""

    durable: bytes = b""
    # (offset, bytes), or (size, None): cut to size
    since: list[tuple[int, bytes | None]] = field(default_factory=list)

    def write(self, offset: int, data: bytes | None) -> None:
        self.since.append((offset, data))

    def sync(self) -> None:
        self.durable = self.after(self.since)
        self.since = []

    def after(self, writes: list[tuple[int, bytes | None]]) -> bytes:
        content = bytearray(self.durable)
        for offset, data in writes:
            if data is None:
                del content[offset:]
                continue
            if len(content) < offset + len(data):
                content.extend(bytes(offset + len(data) - len(content)))
            content[offset : offset + len(data)] = data
        return bytes(content)

    def after_a_cut(self, chance: random.Random) -> bytes:
        """Of what was not synced, some blocks have reached the disk, in no order."""
        kept: list[tuple[int, bytes | None]] = []
        for offset, data in self.since:
            if data is None:
                kept += [(offset, None)] if chance.random() < 0.5 else []
                continue
            for start in range(0, len(data), BLOCK):
                if chance.random() < 0.5:
                    kept.append((offset + start, data[start : start + BLOCK]))
        return self.after(kept)


def replay(trace: Path, folder: Path, *, syncs: bool = True) -> Iterator[tuple[int, dict[str, File]]]:
    """Walk through the calls. Yields what was told last, and the files, after each call."""
    files: dict[str, File] = {}
    told, line_so_far = 0, b""
    unfinished: dict[str, str] = {}
    for line in trace.read_text().splitlines():
        thread = line.split(None, 1)[0]
        if line.endswith("<unfinished ...>"):
            unfinished[thread] = line.removesuffix("<unfinished ...>").rstrip()
            continue
        if " resumed>" in line:
            line = unfinished.pop(thread) + line.partition(" resumed>")[2]
        if (found := CALL.match(line)) is None or int(found[6]) < 0:
            continue
        name, number, path, data = (
            found[1],
            found[2],
            Path(unhex(found[3] or "").decode()),
            unhex(found[4] or ""),
        )
        if name == "write" and number == "1":
            line_so_far += data
            if line_so_far.endswith(b"\n"):
                told, line_so_far = int(line_so_far), b""
        elif name == "unlink":
            files.pop(Path(data.decode()).name, None)
        elif path.parent == folder and not path.name.endswith("-shm"):  # that file is made anew at each start
            file = files.setdefault(path.name, File())
            if name == "pwrite64":
                file.write(int(found[5].rpartition(", ")[2]), data[: int(found[6])])
            elif name == "ftruncate":
                file.write(int(found[5]), None)
            elif name in ("fsync", "fdatasync") and syncs:
                file.sync()
        yield told, files


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def losses(trace: Path, folder: Path, scratch: Path, *, syncs: bool = True) -> tuple[int, list[str]]:
    """Cut the power at random moments. Returns how often, and what was lost."""
    chance = random.Random(2)
    steps = [told for told, _ in replay(trace, folder)]
    moments = set(chance.sample([step for step, told in enumerate(steps) if told], CUTS))
    assert steps[-1] > 50, "the writer told of a good many"
    found = []
    for step, (told, files) in enumerate(replay(trace, folder, syncs=syncs)):
        if step not in moments:
            continue
        for all_gone in (True, False):
            disk = scratch / f"{step}-{all_gone}"
            disk.mkdir(parents=True)
            for name, file in files.items():
                (disk / name).write_bytes(file.durable if all_gone else file.after_a_cut(chance))
            try:
                database = Database(disk / "pole.db", 16, str)
                seqs = [s.seq for s in database.list_events(100_000)]
                database.close()
            except sqlite3.Error as error:
                found.append(f"step {step}: {error}")
                continue
            if seqs != list(range(1, len(seqs) + 1)) or len(seqs) < told:
                found.append(f"step {step}: {told} were told as stored, {len(seqs)} are there")
            shutil.rmtree(disk)
    return len(moments), found


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("strace") is None:
        pytest.skip("needs strace: sudo apt install strace")
    folder = tmp_path_factory.mktemp("state")
    path = folder.parent / "trace"
    command = [
        "strace",
        "-f",
        "-y",
        "-xx",
        "-s",
        "70000",
        "-e",
        f"trace={CALLS}",
        "-e",
        "signal=none",
        "-o",
        str(path),
    ]
    process = subprocess.Popen(
        [*command, sys.executable, str(WRITER), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=WRITER.parents[2],
    )
    assert process.stdout is not None
    assert process.stderr is not None
    if not process.stdout.readline():
        pytest.skip(f"this machine does not let strace work: {process.stderr.read()[-200:]}")
    end = time.monotonic() + RUN_S
    while time.monotonic() < end and process.stdout.readline():
        pass
    subprocess.run(["pkill", "-KILL", "-P", str(process.pid)], check=False)
    process.communicate(timeout=10)
    return path, folder


def test_what_was_told_as_stored_survives_a_power_cut(trace: tuple[Path, Path], tmp_path: Path) -> None:
    cuts, lost = losses(*trace, tmp_path)
    assert cuts == CUTS
    assert not lost


def test_a_store_that_does_not_sync_would_have_lost_it(trace: tuple[Path, Path], tmp_path: Path) -> None:
    """The same run on a disk that takes no notice of a sync: so the test above can fail."""
    _, lost = losses(*trace, tmp_path, syncs=False)
    assert lost
