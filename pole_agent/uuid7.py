"""UUID version 7 (RFC 9562): sorts by time. The standard library has it only from Python 3.14 on."""

from __future__ import annotations

import uuid
from collections.abc import Callable


def uuid7(wall: float, random: Callable[[int], bytes]) -> str:
    """A UUIDv7 for a wall time (Unix seconds); `random(n)` gives n random bytes."""
    milliseconds = max(0, int(wall * 1000)) & ((1 << 48) - 1)
    noise = int.from_bytes(random(10)) & ((1 << 80) - 1)
    value = milliseconds << 80 | noise
    value = value & ~(0xF << 76) | 0x7 << 76  # version
    value = value & ~(0x3 << 62) | 0x2 << 62  # variant
    return str(uuid.UUID(int=value))
