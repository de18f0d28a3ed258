"""Numbers of the machine, from /proc and /sys. What cannot be read is None: unknown, not zero."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


def _number(path: Path, scale: float = 1.0, base: int = 10) -> float | None:
    try:
        return int(path.read_text().split()[0], base) * scale
    except (OSError, ValueError, IndexError):
        return None


def memory_mb() -> float | None:
    """Resident memory of this process."""
    try:
        return round(int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KB / 1024, 1)
    except (OSError, ValueError, IndexError):
        return None


def peak_memory_mb() -> float | None:
    """The most resident memory this process ever had."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return round(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024, 1)
    except (OSError, ValueError, StopIteration):
        return None


def vitals(state_dir: Path) -> dict[str, Any]:
    """Temperature, throttling, load, memory, free disk."""
    throttled = _number(THROTTLED, base=16)
    try:
        disk = os.statvfs(state_dir)
        free_mb: float | None = round(disk.f_bavail * disk.f_frsize / 1e6, 1)
    except OSError:
        free_mb = None
    return {
        "temperature_c": _number(THERMAL, 0.001),
        "throttled": None if throttled is None else bool(int(throttled) & 0xF),
        "load_1min": round(os.getloadavg()[0], 2),
        "memory_mb": memory_mb(),
        "peak_memory_mb": peak_memory_mb(),
        "disk_free_mb": free_mb,
    }
