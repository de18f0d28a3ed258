"""The watchdog is fed by what the lamp does, whatever the disk does."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from pathlib import Path

import pytest

from pole_agent.clock import SystemClock
from pole_agent.health.certificates import Certificates
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.loops.beat import Beat, Beats
from pole_agent.loops.records import Records
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board


def test_a_disk_that_hangs_does_not_starve_the_watchdog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
        fed: list[float] = []

        async def work() -> None:
            clock = SystemClock()
            keeper = TimeKeeper(clock, "system", "boot")
            store = Store(tmp_path / "state", 16, keeper.stamp, lambda: "e")
            store.start()
            parts = Parts(store.record, clock.monotonic)
            beats = Beats(clock.monotonic)
            beat = Beat(
                beats, keeper, store, Board(), parts, clock, "base", tmp_path, dict, dict, {}, Records(store, clock).rates,
                dict, str, dict, lambda: None, Certificates({}, parts),
            )  # fmt: skip
            hung = asyncio.ensure_future(store.read(lambda db: time.sleep(2.0)))
            running = asyncio.ensure_future(beat.run())
            while not hung.done():
                await asyncio.sleep(0.02)
                try:
                    if b"WATCHDOG=1" in systemd.recv(4096):
                        fed.append(time.monotonic())
                except BlockingIOError:
                    continue
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await store.stop(5)

        asyncio.run(work())
    assert len(fed) > 10, "every tenth of a second, while the disk did nothing for two"
