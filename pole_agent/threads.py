"""Threads of our own, for what may hang: a camera, a network, a driver, a check.

They are daemons, so none holds up the exit. Whoever lets go of one says so; one that goes on for long after
that hangs, and is counted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

# So long a thread may take to notice that nobody waits for it any more; a camera's read may last some seconds
ENDING_S = 15.0


class Thread(threading.Thread):
    """A daemon that runs `target` at once."""

    def __init__(self, name: str, target: Callable[..., Any], *args: Any) -> None:
        super().__init__(name=name, target=target, args=args, daemon=True)
        self.left_at: float | None = None
        self.start()

    def leave(self) -> None:
        """Nobody waits for it any more."""
        self.left_at = self.left_at or time.monotonic()


def hanging() -> list[str]:
    """The names of those that were left and go on all the same."""
    latest = time.monotonic() - ENDING_S
    return [
        t.name
        for t in threading.enumerate()
        if isinstance(t, Thread) and t.left_at is not None and t.left_at <= latest
    ]
