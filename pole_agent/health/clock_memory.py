"""What is known of the clock over restarts and power cuts: two small files in the state directory."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from pole_agent.replacing import replace_file

LAST_KNOWN = "last-known-time"  # its modification time is the time
ABSURD = 1e18  # seconds: no clock has said that
FILE_NAME = "clock.json"


@dataclass(frozen=True, slots=True)
class Memory:
    """`known`: a wall time that has surely passed, 0 when there is none.

    The rest is of the last look of the process before.
    """

    known: float = 0.0
    boot_id: str = ""
    monotonic: float = 0.0  # when it was kept
    offset: float | None = None  # wall minus monotonic, when the clock was trusted last in that boot
    least: float | None = None  # the least that it can be in that boot
    read: float = 0.0  # wall minus monotonic, when this was kept
    behind_s: float = 0.0  # the clock was behind by so much, and nothing has set that right
    agreed_s: float = 0.0  # so long a time server agreed with a clock that own evidence speaks against
    agreed_wall: float = 0.0  # and the clock read this
    cell_aside: bool = False  # a person accepted the clock against the photocell
    reason: str = ""  # why it was not trusted
    # Of certificates: they were given up as evidence
    false_starts: dict[str, float] = field(default_factory=dict)


def last_known(state_dir: Path) -> float:
    """A wall time that has surely passed, as it was written down last; 0 when there is none."""
    try:
        return (state_dir / LAST_KNOWN).stat().st_mtime
    except OSError:
        return 0.0


def keep_time(state_dir: Path, wall: float) -> None:
    """Write the last known time down. Blocks on the disk; raises OSError."""
    file = state_dir / LAST_KNOWN
    file.touch()
    os.utime(file, (wall, wall))


def load(state_dir: Path) -> Memory:
    """What is kept. A file that cannot be read is as none: only the last known time counts then."""
    known = last_known(state_dir)
    kept: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError, RecursionError):
        found = json.loads((state_dir / FILE_NAME).read_text())
        kept = found if isinstance(found, dict) else {}
    words = Memory()
    sound = {
        f.name: kept[f.name]
        for f in fields(Memory)
        if f.name in kept and _like(kept[f.name], getattr(words, f.name))
    }
    return Memory(**(sound | {"known": known}))


def _like(value: Any, usual: Any) -> bool:
    match usual:
        case bool() | str():
            return type(value) is type(usual)
        case dict():
            return isinstance(value, dict) and all(_number(v) for v in value.values())
    return _number(value) or (usual is None and value is None)


def _number(value: Any) -> bool:
    # Compared, not converted: an integer of a thousand digits has no float
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < ABSURD


def save(state_dir: Path, memory: Memory) -> None:
    """Blocks on the disk; raises OSError. A power cut leaves the old file or the new one."""
    if memory.known > 0:
        keep_time(state_dir, memory.known)
    if replace(load(state_dir), known=memory.known, monotonic=memory.monotonic) == memory:
        return  # nothing new: the card is spared
    text = json.dumps({k: v for k, v in asdict(memory).items() if k != "known"})
    replace_file(state_dir / FILE_NAME, text.encode(), 0o644)
