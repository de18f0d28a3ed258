"""Numbers of the machine, from /proc and /sys. What cannot be read is None: unknown, not zero."""

from __future__ import annotations

import os
from collections.abc import Iterator
from glob import glob
from pathlib import Path
from typing import Any

SYS = Path("/sys")
THROTTLED = "devices/platform/soc/soc:firmware/get_throttled"  # of a Raspberry Pi's firmware, hexadecimal
UNDER_VOLTAGE_NOW, CAPPED_NOW, THROTTLED_NOW, SOFT_LIMIT_NOW = 1, 2, 4, 8  # its bits
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024
WEAR_STEP_PCT = 10  # JEDEC eMMC 5.0: life time estimation in steps of 10 %, 0x0B is beyond its end


def _number(path: Path, scale: float = 1.0, base: int = 10) -> float | None:
    try:
        return int(path.read_text().split()[0], base) * scale
    except (OSError, ValueError, IndexError):
        return None


def _files(root: Path, pattern: str) -> list[Path]:
    """The files, in order; an empty list where nothing can be opened any more."""
    # Every five seconds; Path.glob costs four times as much
    return [root / name for name in sorted(glob(pattern, root_dir=root))]  # noqa: PTH207


def _numbers(root: Path, pattern: str, scale: float = 1.0, base: int = 10) -> Iterator[float]:
    for path in _files(root, pattern):
        if (value := _number(path, scale, base)) is not None:
            yield value


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


def temperature_c(root: Path = SYS) -> float | None:
    """The hottest thermal zone."""
    return max(_numbers(root, "class/thermal/thermal_zone*/temp", 0.001), default=None)


def power(root: Path = SYS) -> dict[str, bool | None]:
    """Is the processor slowed down now, is the voltage too low now?"""
    bits = _number(root / THROTTLED, base=16)
    alarms = list(_numbers(root, "class/hwmon/hwmon*/in0_lcrit_alarm"))  # rpi_volt
    low = bool(int(bits) & UNDER_VOLTAGE_NOW) if bits is not None else bool(max(alarms)) if alarms else None
    slowed = None if bits is None else bool(int(bits) & (CAPPED_NOW | THROTTLED_NOW | SOFT_LIMIT_NOW))
    return {"throttled": slowed, "under_voltage": low}


def wear_pct(root: Path = SYS) -> int | None:
    """How much of its life the eMMC has used, at most; SD cards do not tell."""
    steps = []
    for path in _files(root, "block/mmcblk*/device/life_time"):
        try:
            steps += [int(word, 16) for word in path.read_text().split()]
        except (OSError, ValueError):
            continue
    used = max(steps, default=0)
    return min(100, used * WEAR_STEP_PCT) if used else None


def vitals(state_dir: Path, root: Path = SYS) -> dict[str, Any]:
    """Temperature, throttling, voltage, load, memory, disk."""
    try:
        disk = os.statvfs(state_dir)
        free_mb: float | None = round(disk.f_bavail * disk.f_frsize / 1e6, 1)
    except OSError:
        free_mb = None
    return {
        "temperature_c": temperature_c(root),
        **power(root),
        "load_1min": round(os.getloadavg()[0], 2),
        "memory_mb": memory_mb(),
        "peak_memory_mb": peak_memory_mb(),
        "disk_free_mb": free_mb,
        "disk_wear_pct": wear_pct(root),
    }
