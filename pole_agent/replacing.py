"""Replace a small file of state: a power cut leaves the old one or the new one, whole."""

from __future__ import annotations

import os
from pathlib import Path

FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def replace_file(path: Path, blob: bytes, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Write `blob` as `path` with these permissions, on the disk for good when this returns.

    `owner`: user and group, for root; default: who runs this. Blocks on the disk. Raises OSError.
    """
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)  # what a cut left may be readable by others, or a link
    with os.fdopen(os.open(part, FLAGS, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)  # whatever the umask is
        if owner is not None:
            os.fchown(file.fileno(), *owner)
        file.write(blob)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
