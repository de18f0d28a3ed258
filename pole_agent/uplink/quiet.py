"""The uplink's share of the log is bounded: whatever a broker does, the journal of a month must not become
that of an hour.
"""

from __future__ import annotations

import logging
from collections import deque

MAX_LINES, OF_ONE_KIND, WITHIN_S = 16, 4, 60.0


class Quiet(logging.Filter):
    """At most MAX_LINES lines a minute, OF_ONE_KIND with the same words; the next line that gets through says
    how many were left out.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[tuple[float, str]] = deque()
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        words, now = str(record.msg), record.created
        while self._lines and not now - WITHIN_S < self._lines[0][0] <= now:
            self._lines.popleft()
        if len(self._lines) >= MAX_LINES or sum(kind == words for _, kind in self._lines) >= OF_ONE_KIND:
            self._left_out += 1
            return False
        self._lines.append((now, words))
        if self._left_out:
            record.msg, record.args = f"{record.getMessage()} ({self._left_out} lines were left out)", None
            self._left_out = 0
        return True


QUIET = Quiet()  # one for all of the uplink


def quiet(name: str) -> logging.Logger:
    """The logger of this name, within the bound."""
    logger = logging.getLogger(name)
    logger.addFilter(QUIET)
    return logger
