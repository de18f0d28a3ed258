"""How many bytes a day may cost, kept in a file: a pole lives on a mobile contract."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

from pole_agent.errors import RemoteError
from pole_agent.languages import phrase
from pole_agent.replacing import replace_file

MB = 1_000_000
SAVED_EACH = MB  # so much a cut may forget
KEPT = 0.1  # of the day, for metadata and small files: a release does not keep a change of the light out


class Budget:
    """Bytes of this day, UTC. Blocks on the disk; raises RemoteError, OSError."""

    def __init__(self, file: Path, most: int, day: str | None = None) -> None:
        self._file, self._most = file, most
        self._day = day or time.strftime("%Y-%m-%d", time.gmtime())
        self._limit: float = most
        self.used = self._saved = _read(file, self._day)

    def spend(self, count: int) -> None:
        self.used += count
        if self.used - self._saved >= SAVED_EACH:
            self.save()
        if self.used > self._limit:
            self.save()
            raise RemoteError(phrase("budget-spent", megabytes=f"{self._most / MB:g}"))

    @contextlib.contextmanager
    def keeping_some(self) -> Iterator[None]:
        """For what is large: a share of the day stays."""
        self._limit = self._most * (1 - KEPT)
        try:
            yield
        finally:
            self._limit = self._most

    def save(self) -> None:
        if self.used != self._saved:
            replace_file(self._file, json.dumps({"day": self._day, "bytes": self.used}).encode(), 0o644)
            self._saved = self.used


def _read(file: Path, day: str) -> int:
    try:
        found = json.loads(file.read_bytes())
        return max(0, int(found["bytes"])) if found["day"] == day else 0
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return 0  # of another day, or cut
