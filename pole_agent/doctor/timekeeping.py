"""Is the clock right, and does it survive a power cut?"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from pole_agent.clock import SystemClock
from pole_agent.doctor.finding import Finding, said
from pole_agent.doctor.machine import ACCEPT_FIX, MACHINE, RTC
from pole_agent.health import clock_memory
from pole_agent.health.evidence import STORED
from pole_agent.health.keeper import keeper_of
from pole_agent.settings import Settings
from pole_agent.store.database import Database
from pole_agent.store.schema import FILE_NAME
from pole_agent.words import Both


def clock(settings: Settings) -> Iterator[Finding]:
    """A time server was heard, and nothing of our own speaks against the clock."""
    now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    keeper = keeper_of(settings, SystemClock())
    keeper.remember(STORED, _newest_time(settings))
    memory = clock_memory.load(settings.storage.state_dir)
    if keeper.trusted and memory.boot_id == keeper.boot_id and memory.reason:
        # What only the running agent can see: a photocell, the broker, a jump.
        yield Finding("clock", "warn", said(memory.reason), ACCEPT_FIX)
    elif keeper.trusted:
        source = said(keeper.source())
        yield Finding("clock", "ok", Both(f"{now}, {source.en}", f"{now}, {source.id}"))
    elif keeper.kind == "unheard":
        why = said(keeper.reason)
        yield Finding(
            "clock",
            "warn",
            Both(f"{now}, but {why.en}", f"{now}, tetapi {why.id}"),
            Both(
                "timedatectl timesync-status or chronyc sources shows why; UDP port 123 must be open. A clock chip helps while there is no network.",
                "timedatectl timesync-status atau chronyc sources menunjukkan sebabnya; porta UDP 123 harus terbuka. Chip jam membantu bila tanpa jaringan.",
            ),
        )
    elif keeper.kind in ("release", "late"):
        yield Finding(
            "clock",
            "fail",
            said(keeper.reason),
            Both(
                "Connect a network with a time server, fit a clock chip (RTC), or set it: sudo timedatectl set-time. The lamp shines at its failsafe level meanwhile.",
                "Sambungkan jaringan dengan server waktu, pasang chip jam (RTC), atau atur: sudo timedatectl set-time. Sementara itu lampu menyala pada tingkat aman.",
            ),
        )
    else:
        yield Finding("clock", "fail", said(keeper.reason), ACCEPT_FIX)


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
        yield Finding("clock chip", "ok", Both(f"/{RTC} is there", f"/{RTC} ada"))
    else:
        yield Finding(
            "clock chip",
            "warn",
            Both("there is none (RTC)", "tidak ada (RTC)"),
            Both(
                "Until a time server is heard, the lamp shines at its failsafe level. A Pi 5 needs a battery on its connector, older ones a DS3231 (docs/clock.md).",
                "Sebelum tersinkron dengan server waktu, lampu menyala pada tingkat aman. Pi 5 perlu baterai pada konektornya, yang lama perlu DS3231 (docs/clock.md).",
            ),
        )
