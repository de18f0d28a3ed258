"""Is the clock right? And the moment of anything on every clock.

A pole has no battery clock: at boot it may believe 1970, or the time of its last shutdown. systemd's time-sync.target can be
reached on such a saved, wrong time; what counts is whether a time server was really heard.
"""

from __future__ import annotations

import logging
import math
import os
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pole_agent.clock import Clock
from pole_agent.vocabulary import Stamp

TIMESYNC_FLAG = Path("/run/systemd/timesync/synchronized")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
RTC = Path("/sys/class/rtc")
CHRONY_TIMEOUT_S = 0.3
EARLIEST_WALL = 1_790_000_000.0  # September 2026, before this release: no clock that reads earlier is right
LATEST_WALL = EARLIEST_WALL + 30 * 365 * 86_400
CHECK_S = 10.0
JUMP_S = 120.0  # a trusted clock that jumps further was wrong before or is wrong now
DOUBT_S = 900.0
NOTICED_S = 20.0  # a jump is noticed at the latest so long after it
KEEP_S = 3600.0  # how often the last known time is written down
LAST_KNOWN = "last-known-time"  # in the state directory; its modification time is the time

log = logging.getLogger(__name__)


def boot_id() -> str:
    """The kernel's name of this boot; a fresh one where it is not told."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return str(uuid.uuid4())


def synchronized(after: float = 0.0) -> bool:
    """True when systemd-timesyncd or chrony has set the clock from a server since boot, and after this wall time. Blocks up to 0.3 s."""
    try:
        if after < TIMESYNC_FLAG.stat().st_mtime <= time.time() + NOTICED_S:  # touched at every synchronization
            return True
    except OSError:
        pass
    try:
        answer = subprocess.run(
            ["chronyc", "-c", "tracking"],
            capture_output=True,
            text=True,
            timeout=CHRONY_TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        fields = answer.stdout.strip().split(",")
        # The fourth field is the time of the last update, the last one the leap status: "Not synchronised" without a server.
        return (
            answer.returncode == 0
            and len(fields) >= 14
            and fields[-1] != "Not synchronised"
            and after < float(fields[3]) <= time.time() + NOTICED_S
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return False


def set_from_chip(after: float = 0.0, root: Path = RTC) -> bool:
    """True when the kernel set the clock from a clock chip at this boot. That is over: it says nothing about a time after a doubt."""
    if after > 0:
        return False
    for flag in root.glob("*/hctosys"):
        try:
            if flag.read_text().strip() == "1":
                return True
        except OSError:
            continue
    return False


def teller(rtc: bool, state_dir: Path, chips: Path = RTC) -> Callable[[float], bool]:
    """Who says that the clock is right: a time server, and, where there is a chip that is believed, that.

    A chip whose battery is empty starts again somewhere in the past: one behind the last known time is not believed. A time server is.
    """
    if not rtc:
        return synchronized
    return lambda after: synchronized(after) or (time.time() >= last_known(state_dir) and set_from_chip(after, chips))


def last_known(state_dir: Path) -> float:
    """The last wall time that was written down while the clock was trusted; 0 when there is none."""
    try:
        return (state_dir / LAST_KNOWN).stat().st_mtime
    except OSError:
        return 0.0


def keep_time(state_dir: Path, wall: float) -> None:
    """Write the last known time down, over restarts and power cuts. Blocks on the disk; raises OSError."""
    file = state_dir / LAST_KNOWN
    file.touch()
    os.utime(file, (wall, wall))


def plausible(wall: float) -> bool:
    """Can it be this late at all?"""
    return EARLIEST_WALL <= wall <= LATEST_WALL


class TimeKeeper:
    """Knows whether the wall clock is trusted, and stamps moments. `told` answers whether a time server was heard after a wall time."""

    def __init__(self, clock: Clock, trust: Literal["auto", "system"], boot: str, told: Callable[[float], bool] = synchronized) -> None:
        self.clock, self.boot_id = clock, boot
        self.trust, self._told = trust, told
        self._steady = self.offset
        self._doubt_until, self._heard_after = float("-inf"), 0.0
        # Asked at once, so that a restart does not show the failsafe level for a moment.
        self._trusted = trust == "system" or (plausible(clock.wall()) and told(0.0))

    @property
    def trusted(self) -> bool:
        """Is the wall clock right? One that jumped is not, until a time server was heard again and it has been steady for a while."""
        offset = self.offset
        if self.trust == "auto" and abs(offset - self._steady) > JUMP_S:
            if self._trusted:
                log.warning("the clock jumped by %.0f s: it is not trusted for %.0f s", offset - self._steady, DOUBT_S)
                self._doubt_until = self.clock.monotonic() + DOUBT_S
            if self._doubt_until > -math.inf:  # the first setting of the clock after a boot is no jump to doubt
                self._heard_after = self.clock.wall() - NOTICED_S
            self._trusted = False
        self._steady = offset
        return self._trusted

    def check(self) -> bool:
        """Ask again; True when the clock became trusted at this call. Blocks up to 0.3 s: call it in a thread."""
        if self.trust == "system":
            return False
        was = self.trusted
        steady = plausible(self.clock.wall()) and self.clock.monotonic() >= self._doubt_until
        self._trusted = steady and (was or self._told(self._heard_after))
        return self._trusted and not was

    @property
    def offset(self) -> float:
        """Wall minus monotonic, now."""
        return self.clock.wall() - self.clock.monotonic()

    def wall_at(self, monotonic: float) -> float:
        return monotonic + self.offset

    def stamp(self, monotonic: float) -> Stamp:
        """The moment of a monotonic time of this boot."""
        return Stamp(monotonic, self.boot_id, self.wall_at(monotonic), "synced" if self.tells_time else "unsynced")

    @property
    def tells_time(self) -> bool:
        """Is it trusted, and that of the world? The lamp of a demo trusts a clock that was set to dusk; its events must not."""
        return self.trusted and not self.clock.shifted
