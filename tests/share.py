"""How much of a slow proof runs: all of it, or the share that `scripts/prove --quick` asks for."""

from __future__ import annotations

import os

SHARE = float(os.environ.get("PROVE_SHARE", "1"))


def part(count: int, least: int = 1) -> int:
    """So many of `count`, never fewer than `least`."""
    return max(min(least, count), round(count * SHARE))
