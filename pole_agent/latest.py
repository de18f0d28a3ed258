"""Latest[T]: one slot between a thread and the event loop; the newest value wins, the overwritten ones are
counted.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """Written by one thread, awaited by one task."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._event = asyncio.Event()
        self._value: T | None = None
        self._free = threading.Event()
        self._free.set()
        self.dropped = 0

    def put(self, value: T) -> None:
        """Offer a value; callable from any thread."""
        with self._lock:
            if self._value is not None:
                self.dropped += 1
            self._value = value
            self._free.clear()
        try:
            self._loop.call_soon_threadsafe(self._event.set)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more

    def wait(self, seconds: float) -> None:
        """Wait until the value was taken, at most so long. For the thread."""
        if seconds > 0:
            self._free.wait(seconds)

    async def get(self) -> T:
        """Wait for a value and take it."""
        while True:
            await self._event.wait()
            with self._lock:
                value, self._value = self._value, None
                self._event.clear()
                self._free.set()
            if value is not None:
                return value
