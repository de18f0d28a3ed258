"""Time as an argument: a monotonic clock, the wall clock, and waiting.

The loops get a clock, and the pure rooms get `now`: an import contract keeps them from reading one. Threads
that wait for a disk, a camera or a broker measure their own waits with `time.monotonic`.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import time
from typing import Protocol

from pole_agent.race import race


class Clock(Protocol):
    """Two clocks and a way to wait.

    `shifted`: the wall clock was moved on purpose, so no time of it is that of the world.
    """

    shifted: bool

    def monotonic(self) -> float:
        """Seconds since boot; never jumps. Comparable between processes of one boot."""
        ...

    def wall(self) -> float:
        """Unix seconds as the operating system believes them; may be wrong and may jump."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait on the monotonic clock."""
        ...

    async def wait(self, event: asyncio.Event, timeout_s: float) -> bool:
        """Wait for the event at most `timeout_s`; clears it. True when it was set."""
        ...


class SystemClock:
    """The clocks of this machine. `shift_s` moves the wall clock, for the demo that starts at dusk."""

    def __init__(self, shift_s: float = 0.0) -> None:
        self.shift_s = shift_s
        self.shifted = shift_s != 0

    def monotonic(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time() + self.shift_s

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def wait(self, event: asyncio.Event, timeout_s: float) -> bool:
        # Loops wait so every second: two tasks each time would be a tenth of what an idle pole costs
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await event.wait()
        return _taken(event)


class ManualClock:
    """Time that moves when told. `advance` wakes sleepers in order, each at its own moment."""

    shifted = False

    def __init__(self, wall: float = 1_767_268_800.0, monotonic: float = 1000.0) -> None:
        self._wall_offset = wall - monotonic
        self._now = monotonic
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def monotonic(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._now + self._wall_offset

    def set_wall(self, wall: float) -> None:
        """Let the wall clock jump; the monotonic clock does not notice."""
        self._wall_offset = wall - self._now

    def move_to(self, monotonic: float) -> None:
        """Set the monotonic clock (replay: the time of the frame). Wakes nobody."""
        self._now = monotonic

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._now + seconds, self._count, future))
        await future

    async def wait(self, event: asyncio.Event, timeout_s: float) -> bool:
        if not event.is_set():
            async with race(event.wait(), self.sleep(timeout_s)):
                pass
        return _taken(event)

    @property
    def sleepers(self) -> int:
        """How many wait for this clock."""
        return sum(not future.done() for _, _, future in self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Move time forward and let everything that was due run."""
        end = self._now + seconds
        await settle()
        while self._sleepers and (due := self._sleepers[0][0]) <= end:
            self._now = max(self._now, due)
            woken = False
            # Who waits for the same moment wakes together
            while self._sleepers and self._sleepers[0][0] == due:
                future = heapq.heappop(self._sleepers)[2]
                if not future.done():
                    future.set_result(None)
                    woken = True
            if woken:
                await settle()
        self._now = end
        await settle()


async def settle(turns: int = 20) -> None:
    """Let every task that can run do so: until nothing is ready, at most so many turns of the loop."""
    # Of CPython's own loops; all turns are taken on others
    ready = getattr(asyncio.get_running_loop(), "_ready", True)
    for _ in range(turns):
        await asyncio.sleep(0)
        if not ready:
            return


def _taken(event: asyncio.Event) -> bool:
    was_set = event.is_set()
    event.clear()
    return was_set
