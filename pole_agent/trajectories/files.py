"""The files in which trajectories are kept: `trajectories/CAMERA/NUMBER-WALL.pat` in the state directory.

A file holds about an hour. The number counts, whatever the clock says; the wall time (UTC, seconds) is that
of its beginning, 0 where it was not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = "trajectories"
NAME = re.compile(r"(\d{6,12})-(\d{1,12})\.pat")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """`began`: wall time, None where it was not known."""

    path: Path
    number: int
    began: float | None
    size: int


def folder_of(state_dir: Path, camera: str) -> Path:
    return state_dir / FOLDER / camera


def name_of(number: int, began: float | None) -> str:
    return f"{number:06d}-{0 if began is None else max(0, int(began))}.pat"


def files_of(folder: Path) -> list[File]:
    """In the order in which they were written. Nothing where the folder is missing. Raises OSError."""
    found = []
    try:
        paths = list(folder.iterdir())
    except FileNotFoundError:
        return []
    for path in paths:
        if match := NAME.fullmatch(path.name):
            try:
                size = path.stat().st_size
            except FileNotFoundError:  # deleted meanwhile
                continue
            found.append(File(path=path, number=int(match[1]), began=float(match[2]) or None, size=size))
    return sorted(found, key=lambda file: file.number)


def cameras_of(state_dir: Path) -> list[str]:
    """The cameras of which something is kept. Raises OSError."""
    folder = state_dir / FOLDER
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def contents(files: Sequence[File]) -> Iterator[bytes]:
    """Of each file. One that is deleted meanwhile, or that the disk cannot read, is empty."""
    for file in files:
        try:
            yield file.path.read_bytes()
        except OSError:
            yield b""


def forget(state_dir: Path) -> None:
    """Delete all that is kept. What cannot be deleted stays for the next time."""
    for camera in cameras_of(state_dir):
        for file in files_of(folder_of(state_dir, camera)):
            file.path.unlink(missing_ok=True)
