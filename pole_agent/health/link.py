"""The way out of the pole: the interface of the default route and its numbers, from /proc/net and
/sys/class/net. Unknown is None.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path("/")
UP = 0x1  # RTF_UP of the kernel's route flags


def link(root: Path = ROOT) -> dict[str, Any] | None:
    """Interface, carrier, signal in dBm (Wi-Fi), traffic in MB and errors since the boot; None without a
    default route.
    """
    name = _outward(root)
    if name is None:
        return None
    folder = root / "sys/class/net" / name
    received, sent = _number(folder / "statistics/rx_bytes"), _number(folder / "statistics/tx_bytes")
    faults = [
        _number(folder / "statistics" / f"{way}_{what}")
        for way in ("rx", "tx")
        for what in ("errors", "dropped")
    ]
    carrier = _number(folder / "carrier")
    return {
        "interface": name,
        "carrier": None if carrier is None else bool(carrier),
        "signal_dbm": _signal_dbm(root, name),
        "received_mb": None if received is None else round(received / 1e6, 1),
        "sent_mb": None if sent is None else round(sent / 1e6, 1),
        "errors": None if None in faults else sum(f for f in faults if f is not None),
    }


def _outward(root: Path) -> str | None:
    """The interface of the default route with the least metric, IPv4 before IPv6."""
    # Iface Destination Gateway Flags RefCnt Use Metric Mask …, numbers in hexadecimal but for the metric
    found = [
        (0, int(fields[6]), fields[0])
        for fields in _rows(root / "proc/net/route")
        if len(fields) >= 8 and fields[1] == fields[7] == "00000000" and int(fields[3], 16) & UP
    ]
    # destination length source length next-hop metric RefCnt Use Flags Iface
    found += [
        (1, int(fields[5], 16), fields[9])
        for fields in _rows(root / "proc/net/ipv6_route")
        if len(fields) >= 10
        and set(fields[0]) == {"0"}
        and fields[1] == "00"
        and fields[9] != "lo"
        and int(fields[8], 16) & UP
    ]
    return min(found)[2] if found else None


def _signal_dbm(root: Path, name: str) -> float | None:
    # "wlan0:" status quality level noise …; the level is in dBm where it is negative
    for fields in _rows(root / "proc/net/wireless"):
        if len(fields) >= 4 and fields[0] == f"{name}:":
            try:
                level = float(fields[3])
            except ValueError:
                return None
            return level if level < 0 else None
    return None


def _rows(path: Path) -> Iterator[list[str]]:
    try:
        lines = path.read_text().splitlines()
    except (OSError, ValueError):
        return
    yield from (fields for line in lines if (fields := line.split()) and fields[0] != "Iface")


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # a cable that is not plugged in makes `carrier` unreadable
        return None
