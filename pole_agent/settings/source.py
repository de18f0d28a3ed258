"""The address of a camera, read with care: people write passwords into it, and then into places where nobody looks for them."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

BARE = re.compile(r"[^/]+:[^/]+@")  # user:password@host without a scheme
ODD = re.compile(r"[\s\x00-\x1f]")


def address_of(source: str) -> SplitResult | None:
    """The parts of `source`, which has a scheme; None when it cannot be read, or may hold a password outside its usual place.

    A "/", "?" or "#" in a password ends the host too early: the rest of it, and the "@", then stand in the path.
    """
    try:
        parts = urlsplit(source)
        readable = bool(parts.hostname) and (parts.port is None or parts.port > 0) and not ODD.search(source)
    except ValueError:
        return None
    beyond = "@" in parts.path + parts.query + parts.fragment and ":" in parts.netloc
    return parts if readable and not beyond else None


def may_hold_password(source: str) -> bool:
    """A source without a scheme that looks like a login, not like a file."""
    return not source.startswith("/dev/") and BARE.search(source) is not None
