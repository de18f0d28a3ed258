"""The address of a camera, read with care: people write passwords into it, and then into places where nobody
looks for them.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

BARE = re.compile(r"[^/]+:[^/]+@")  # user:password@host without a scheme
CLIPS = re.compile(
    r"\.(mp4|m4v|mkv|webm|avi|mov|m?ts|m2ts|mpe?g|mjpe?g|flv|wmv|asf|3gp|h?26[45]|hevc|dav)$", re.IGNORECASE
)
ODD = re.compile(r"[\s\x00-\x1f]")


def address_of(source: str) -> SplitResult | None:
    """The parts of `source`, which has a scheme; None when it cannot be read, or may hold a password outside
    its usual place.

    A "/", "?" or "#" in a password ends the host too early: the rest of it, and the "@", then stand in the
    path.
    """
    try:
        parts = urlsplit(source)
        readable = bool(parts.hostname) and (parts.port is None or parts.port > 0) and not ODD.search(source)
    except ValueError:
        return None
    beyond = "@" in parts.path + parts.query + parts.fragment and ":" in parts.netloc
    return parts if readable and not beyond else None


def may_hold_password(source: str) -> bool:
    """A source without a scheme that looks like a login, not like a file.

    Recordings are named "10:15:00@street.mp4", too.
    """
    if source.startswith("/dev/"):
        return False
    folder, _, name = source.rpartition("/")
    clip = CLIPS.search(name) is not None and BARE.search(folder + "/") is None
    return not clip and BARE.search(source) is not None and not _is_file(source)


def _is_file(source: str) -> bool:
    try:
        return Path(source).is_file()
    except (OSError, ValueError):
        return False
