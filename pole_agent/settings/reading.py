"""Reading a file that somebody named, and that may be anything: a folder, a pipe on which nobody writes, a disk image."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def regular_file(path: Path, most_bytes: int) -> bytes:
    """The content of a regular file of a sane size; nothing else is even read, and nothing is waited for. Raises OSError, ValueError."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("is not a file")
        if status.st_size > most_bytes:
            raise ValueError(f"is {status.st_size} bytes long; it may have at most {most_bytes}")
        return file.read(most_bytes)
