"""What a process takes, as the kernel counts it."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


def process(pid: int) -> dict[str, float]:
    """Memory, handles, threads and the processor's seconds. Raises OSError.

    `own_mb`: memory that no file is behind; `pss_mb`: resident, of what is shared only a part.
    """
    folder = PROC / str(pid)
    sizes = {
        line.split(":")[0]: float(line.split()[1]) / 1024
        for line in (folder / "smaps_rollup").read_text().splitlines()[1:]
    }
    after_name = (folder / "stat").read_text().rpartition(")")[2].split()
    return {
        "own_mb": sizes["Anonymous"],
        "rss_mb": sizes["Rss"],
        "pss_mb": sizes["Pss"],
        "handles": float(sum(1 for _ in (folder / "fd").iterdir())),
        "threads": float(after_name[17]),
        "cpu_s": (int(after_name[11]) + int(after_name[12])) / TICKS,
    }


def disk_kb(folder: Path) -> float:
    """What the files below a folder take on the disk."""
    blocks = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                blocks += (Path(path) / name).lstat().st_blocks
            except FileNotFoundError:  # a journal comes and goes
                continue
    return blocks / 2
