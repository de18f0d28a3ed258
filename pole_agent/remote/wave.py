"""Is it this pole's turn to have a new version? Pure.

The field `wave` of the signed bundle says so: {"canary": ["SMD-0001"], "percent": 25, "hold": false}.
Canaries come first; `percent` of the others follow, chosen by a hash, so that who has it at 25 still has it
at 50.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from pole_agent.errors import RemoteError
from pole_agent.languages import phrase

EVERY = 100


def turn(custom: Mapping[str, Any], pole: str) -> bool:
    """Without a wave it is everybody's turn. Raises RemoteError for a wave that is none."""
    wave = custom.get("wave", {"percent": EVERY})
    if not isinstance(wave, Mapping):
        raise RemoteError(phrase("wave-invalid", wave=wave))
    canary, percent, hold = wave.get("canary", []), wave.get("percent", 0), wave.get("hold", False)
    numbers = isinstance(percent, (int, float)) and not isinstance(percent, bool)
    if not isinstance(canary, list) or not isinstance(hold, bool) or not numbers or not 0 <= percent <= EVERY:
        raise RemoteError(phrase("wave-invalid", wave=wave))
    return not hold and (pole in canary or place(version_of(custom), pole) < percent)


def version_of(custom: Mapping[str, Any]) -> str:
    """Raises RemoteError."""
    version = custom.get("version")
    if not isinstance(version, str) or not version or len(version) > EVERY:
        raise RemoteError(phrase("bundle-without-version"))
    return version


def place(version: str, pole: str) -> float:
    """Where a pole stands in the waves of a version: 0 to below 100, another order with each version."""
    number = int.from_bytes(hashlib.sha256(f"{version}/{pole}".encode()).digest()[:8], "big")
    return number * EVERY / 2**64
