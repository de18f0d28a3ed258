"""Which board is this? A card that was copied to another one does not know it otherwise."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

SERIALS = ("proc/device-tree/serial-number", "sys/class/dmi/id/board_serial", "sys/class/dmi/id/product_uuid")
ADDRESSES = "sys/class/net"


def board_id(root: Path = Path("/")) -> str:
    """A hash of the board's serial number, else of its first wired address; empty where it has neither."""
    for name in SERIALS:
        with contextlib.suppress(OSError):
            if text := (root / name).read_bytes().strip(b"\0 \n"):
                return _named(text)
    for address in sorted((root / ADDRESSES).glob("e*/address")):
        with contextlib.suppress(OSError):
            return _named(address.read_bytes().strip())
    return ""


def _named(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:16]
