"""A log that anybody can write to from outside, as fast as they like, says one line a minute."""

from __future__ import annotations

import logging
import time

PAUSE_S = 60.0


class Rarely(logging.Filter):
    """Lets one record through, then none for a while."""

    def __init__(self) -> None:
        super().__init__()
        self._next = float("-inf")

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + PAUSE_S
        return True


def rare(log: logging.Logger) -> logging.Logger:
    if not any(isinstance(each, Rarely) for each in log.filters):
        log.addFilter(Rarely())
    return log
