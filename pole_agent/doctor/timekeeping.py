"""Is the clock right, and does it survive a power cut?"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from pole_agent.clock import SystemClock
from pole_agent.doctor.finding import Finding
from pole_agent.doctor.machine import ACCEPT_FIX, MACHINE, RTC
from pole_agent.health import clock_memory
from pole_agent.health.evidence import STORED
from pole_agent.health.keeper import keeper_of
from pole_agent.languages import phrase
from pole_agent.settings import Settings
from pole_agent.store.database import Database
from pole_agent.store.schema import FILE_NAME


def clock(settings: Settings) -> Iterator[Finding]:
    """A time server was heard, and nothing of our own speaks against the clock."""
    now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    keeper = keeper_of(settings, SystemClock())
    keeper.remember(STORED, _newest_time(settings))
    memory = clock_memory.load(settings.storage.state_dir)
    if keeper.trusted and memory.boot_id == keeper.boot_id and memory.reason:
        # What only the running agent can see: a photocell, the broker, a jump.
        yield Finding("clock", "warn", memory.reason, ACCEPT_FIX)
    elif keeper.trusted:
        source = keeper.source()
        yield Finding("clock", "ok", phrase("clock-and-source", now=now, source=source))
    elif keeper.kind == "unheard":
        why = keeper.reason
        yield Finding(
            "clock",
            "warn",
            phrase("clock-but", now=now, reason=why),
            phrase("clock-unheard-fix"),
        )
    elif keeper.kind in ("release", "late"):
        yield Finding(
            "clock",
            "fail",
            keeper.reason,
            phrase("clock-wrong-fix"),
        )
    else:
        yield Finding("clock", "fail", keeper.reason, ACCEPT_FIX)


def _newest_time(settings: Settings) -> float:
    """The newest time in the store, 0 where it cannot be read."""
    path = settings.storage.state_dir / FILE_NAME
    try:
        with contextlib.closing(Database(path, settings.storage.max_mb, str, read_only=True)) as database:
            return database.newest_time()
    except sqlite3.Error:
        return 0.0


def clock_chip(settings: Settings, root: Path = MACHINE) -> Iterator[Finding]:
    """A pole without a battery clock does not know the time after a power cut without network."""
    if (root / RTC).exists():
        yield Finding("clock chip", "ok", phrase("clock-chip-works", device=RTC))
    else:
        yield Finding(
            "clock chip",
            "warn",
            phrase("no-clock-chip"),
            phrase("no-clock-chip-fix"),
        )
