"""Heartbeats: systemd's watchdog is fed while the FATAL jobs beat.

This loop waits for nothing but its clock: whatever disk, network or machine do, a process whose lamp works is
not ended for them. It also says READY, and tells people one line.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from pole_agent.clock import Clock
from pole_agent.health.notify import notify, watchdog_s

log = logging.getLogger(__name__)

TICK_S = 1.0


class Beats:
    """Who promised to beat, and who did."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._promised: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._waited_for: set[str] = set()

    def promise(self, job: str, within_s: float) -> Callable[[], None]:
        """The function that `job` calls at least every `within_s`."""
        self._promised[job] = within_s
        self._last[job] = self._now()
        self._waited_for.add(job)

        def beat() -> None:
            self._last[job] = self._now()
            self._waited_for.discard(job)

        return beat

    def since(self, job: str) -> float:
        """Seconds since its last beat; 0 for one that promised none."""
        return self._now() - self._last[job] if job in self._last else 0.0

    @property
    def all_began(self) -> bool:
        """Has everybody beaten once?"""
        return not self._waited_for

    def late(self) -> list[str]:
        now = self._now()
        return [job for job, within in self._promised.items() if now - self._last[job] > within]


def status_line(
    level: float, reason: str, *, cameras: tuple[int, int], online: bool | None, degraded: Sequence[str]
) -> str:
    """One line for people. `cameras`: how many see, of how many; `online`:

    None without a broker; `degraded`: parts that do not work.
    """
    words = [f"lamp {level:.0%} by {reason}", f"{cameras[0]} of {cameras[1]} cameras"]
    words.append("no broker" if online is None else "online" if online else "offline, events are kept")
    return "; ".join([*words, f"degraded: {', '.join(degraded)}" if degraded else "all parts work"])


class Beat:
    """The loop. `status`: a line for people, shown by systemctl."""

    def __init__(self, beats: Beats, clock: Clock, status: Callable[[], str]) -> None:
        self._beats, self._clock, self._status = beats, clock, status

    async def run(self) -> None:
        pause = min(TICK_S, watchdog_s() or TICK_S)
        ready, told = False, ""
        while True:
            if not ready and self._beats.all_began:  # the lamp is under control
                ready = notify("READY=1")
            self._feed()
            if (line := self._status()) != told and notify(f"STATUS={line}"):
                told = line
            await self._clock.sleep(pause)

    def _feed(self) -> None:
        if late := self._beats.late():
            log.critical("no heartbeat from %s; the watchdog is not fed", ", ".join(late))
        else:
            notify("WATCHDOG=1")
