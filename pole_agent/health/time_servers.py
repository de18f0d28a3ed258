"""Was a time server really heard? systemd-timesyncd and chrony are asked, and not everything that they say is
believed.

chrony calls itself synchronised when it follows its own clock (`local stratum 10`), and after somebody has
set the clock away from its sources; the flag of timesyncd may be of another boot. systemd's time-sync.target
can be reached on a saved, wrong time: it is not asked.
"""

from __future__ import annotations

import contextlib
import ipaddress
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from pole_agent.languages import phrase

TIMESYNC_FLAG = Path("/run/systemd/timesync/synchronized")
RTC = Path("/sys/class/rtc")
CHRONY_TIMEOUT_S = 0.3
AHEAD_S = 20.0  # what was heard later than now was heard by another clock
AGREES_S = 120.0  # a source that is further from the clock does not vouch for it
LOCAL_STRATUM = 10  # chrony's default for a clock that hears nobody; whoever follows one stands above it
# 127.127.1.1 is chrony's name for its own clock; the others are usual for localhost. Not all of 127/8: an
# IPv6 source has a hash there.
ITSELF = ("7F7F", "7F0000", "7F0001")
NEVER_HEARD = phrase("no-time-server-since-boot")


@dataclass(frozen=True, slots=True)
class Heard:
    """What a time service says.

    `at`: wall time at which it last set or checked the clock by a source, None when it did not.
    """

    at: float | None
    words: str


def read_chrony(line: str, wall: float) -> Heard:
    """What `chronyc -c tracking` says at `wall`: reference, name, stratum, time of the last update, offset …,
    leap status.

    Fields as in chronyc(1), "tracking". A reference clock (GPS, PPS) is a source; the machine itself is none.
    """
    fields = line.strip().split(",")
    if len(fields) < 14:
        return Heard(None, phrase("chrony-silent"))
    reference, name, leap = fields[0].upper(), fields[1], fields[-1]
    try:
        stratum, at, offset = int(fields[2]), float(fields[3]), float(fields[4])
        error = abs(offset) + abs(float(fields[10])) / 2 + abs(float(fields[11]))
    except ValueError:
        return Heard(None, phrase("chrony-silent"))
    if leap == "Not synchronised" or stratum == 0 or stratum > 15 or reference in ("", "00000000"):
        return Heard(None, phrase("chrony-without-source"))
    if reference.startswith(ITSELF) or (reference.startswith("7F") and not name) or _is_this_machine(name):
        return Heard(None, phrase("chrony-follows-itself"))
    if stratum > LOCAL_STRATUM:
        return Heard(
            None,
            phrase("chrony-follows-orphan", source=name or reference, stratum=stratum - 1),
        )
    if not error <= AGREES_S:
        return Heard(None, phrase("chrony-off", source=name or reference, seconds=f"{error:.0f}"))
    if not 0 < at <= wall + AHEAD_S:
        return Heard(None, phrase("chrony-in-future"))
    return Heard(at, phrase("chrony-follows", source=name or reference, stratum=stratum))


def _is_this_machine(name: str) -> bool:
    # LOCL: the undisciplined clock in NTP
    if name.lower().split(".")[0] in ("localhost", "localhost6", "ip6-localhost", "locl"):
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(name).is_loopback
    return False


class Flag:
    """The flag of systemd-timesyncd, which is touched at every synchronisation."""

    def __init__(self) -> None:
        self._of_another_clock: float | None = None

    def read(self, touched: float | None, wall: float, uptime_s: float) -> Heard:
        """What it says at `wall`; `touched` None: there is none.

        One that lay in the future is of another clock until it is touched.
        """
        if touched is None:
            return Heard(None, NEVER_HEARD)
        if touched > wall + AHEAD_S:
            self._of_another_clock = touched
        if touched == self._of_another_clock:
            return Heard(None, phrase("timesyncd-in-future"))
        if touched < wall - uptime_s - AHEAD_S:
            return Heard(None, phrase("timesyncd-of-earlier-boot"))
        return Heard(touched, phrase("timesyncd-follows"))


def _ask_chrony() -> Heard | None:
    command = ["chronyc", "-c", "tracking"]
    try:
        answer = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=CHRONY_TIMEOUT_S,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None  # there is no chrony, or it does not run
    return read_chrony(answer.stdout, time.time())


class TimeServers:
    """Whether a time server was heard after a wall time, and in words what the last answer was."""

    def __init__(self, touched: Path = TIMESYNC_FLAG) -> None:
        self._words: str = NEVER_HEARD
        self._flag, self._touched = Flag(), touched

    def heard(self, after: float = 0.0) -> bool:
        """Blocks up to 0.3 s."""
        found = self._ask()
        self._words = (
            found.words if found.at is None or found.at > after else phrase("no-time-server-since-jump")
        )
        return found.at is not None and found.at > after

    def words(self) -> str:
        return self._words

    def _ask(self) -> Heard:
        """The word of a service that has heard a source; else why there is none."""
        try:
            touched: float | None = self._touched.stat().st_mtime
        except OSError:
            touched = None
        flag = self._flag.read(touched, time.time(), time.clock_gettime(time.CLOCK_BOOTTIME))
        if flag.at is not None:
            return flag
        chrony = _ask_chrony()
        return flag if chrony is None else chrony


def synchronized(after: float = 0.0) -> bool:
    """True when a time server was heard since boot, and after this wall time. Blocks up to 0.3 s."""
    return TimeServers().heard(after)


def set_from_chip(after: float = 0.0, root: Path = RTC) -> bool:
    """True when the kernel set the clock from a clock chip at this boot.

    That is over: it says nothing about a time after a doubt.
    """
    if after > 0:
        return False
    for flag in root.glob("*/hctosys"):
        with contextlib.suppress(OSError):
            if flag.read_text().strip() == "1":
                return True
    return False
