"""Failure 13: a job that hangs or falls over is started again in its budget; a slow camera alone kills
neither the daemon nor the lamp.

Every job in turn is crashed and hung, on a runtime with real parts and our own clock; and in real time, the
loop that drives the lamp is watched while the disk hangs, files run out and the processor is busy.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from pole_agent import compose
from pole_agent.clock import ManualClock, SystemClock
from pole_agent.lamp.mock import mock_factory
from pole_agent.settings.load import Loaded, load
from pole_agent.supervise import LET_GO_S, MAX_WAIT_S, Fatal, Hangs, Job, OnFailure, supervise
from pole_agent.threads import ENDING_S, Thread
from pole_agent.vision.scripted import ScriptedDetector
from pole_agent.vocabulary import BoostLamp
from tests.conftest import CLIP, ROOT, eventually, no_file_left, settled
from tests.world import Worlds

MAX_JITTER_S = 0.1
JOBS = ("dispatch", "listen", "report", "local", "upload", "watch street")


# --- the rule itself


async def test_a_job_that_hangs_is_started_again() -> None:
    """A job that hangs is started again and one that beats is not."""
    clock, told, runs = ManualClock(), [], 0
    last_beat = clock.monotonic()

    async def job() -> None:
        nonlocal runs, last_beat
        runs += 1
        for _ in range(20):  # beats for twenty seconds, then hangs
            last_beat = clock.monotonic()
            await clock.sleep(1.0)
        await asyncio.Event().wait()

    def since(_: str) -> float:
        return clock.monotonic() - last_beat

    running = asyncio.ensure_future(
        supervise(
            Job("x", job, beat_within_s=60),
            clock,
            lambda: 0.0,
            lambda name, why: told.append(why),
            lambda _: clock.monotonic() - last_beat,
        )
    )
    await clock.advance(75)
    assert runs == 1
    await clock.advance(30)
    assert runs == 2
    assert "no heartbeat for 7" in told[0]
    await clock.advance(15)
    assert runs == 2
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_job_that_does_not_even_end_is_left_behind() -> None:
    clock, runs = ManualClock(), 0

    async def stubborn() -> None:
        nonlocal runs
        runs += 1
        while runs < 3:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue

    running = asyncio.ensure_future(
        supervise(Job("x", stubborn, beat_within_s=10), clock, lambda: 0.0, lambda *_: None, lambda _: 1e9)
    )
    begun = time.monotonic()
    while runs < 2 and time.monotonic() - begun < LET_GO_S + 5:
        await clock.advance(15)
        await asyncio.sleep(0.05)
    assert runs == 2
    runs = 3
    running.cancel()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


async def test_what_is_fatal_ends_the_agent_at_once() -> None:
    async def falls() -> None:
        raise OSError("the pin")

    with pytest.raises(Fatal):
        await supervise(
            Job("light", falls, OnFailure.FATAL, 5),
            ManualClock(),
            lambda: 0.0,
            lambda *_: None,
            lambda _: 0.0,
        )
    assert issubclass(Hangs, Exception)


# --- every job in turn


@pytest.mark.parametrize(
    ("name", "how"), [(n, "falls over") for n in JOBS] + [(n, "hangs") for n in JOBS if n != "local"]
)  # the local socket only waits for others: it has no loop that could hang
async def test_each_job_falls_over_or_hangs_and_lamp_goes_on(name: str, how: str, town: Worlds) -> None:
    """Each job falls over or hangs and the lamp goes on.

    The job's own `run` is replaced in the job table, as the table is data; everything else is the runtime as
    it is.
    """
    w = town()
    job = next(j for j in w.runtime.agent.jobs if j.name == name)
    real, calls = job.run, 0

    async def bad() -> None:
        nonlocal calls
        calls += 1
        if calls > 2:
            await real()
        elif how == "falls over":
            raise RuntimeError("a mistake of our own")
        else:
            await asyncio.Event().wait()

    job.run = bad
    async with w:
        budget_s = 2 * ((job.beat_within_s or 0) + MAX_WAIT_S) + 30
        begun = w.clock.monotonic()
        while calls < 3 and w.clock.monotonic() - begun < budget_s:
            await w.pass_time(2.0, 2.0)
        assert calls == 3
        assert not w.agent.done()
        w.runtime.light.boosts.add(BoostLamp("test", 1.0, w.clock.monotonic() + 60))
        await w.until(lambda: w.light == 1.0, within_s=10)


# --- in real time

LAMP = 'fade_s = 0\nboost_in_daylight = true\nprogram = [{ at = "12:00", level = 0.2 }]\n'
STREET = f'[[camera]]\nname = "street"\nsource = "{CLIP}"\nfps = 5\nloop = true\n'
LEVELS = (0.9, 0.6)


class Lit:
    """A runtime in real time, and how late its lamp moves: from the moment at which somebody should have been
    seen to the pin.
    """

    def __init__(self, config: Path) -> None:
        settings = load(config).settings
        self._factory = mock_factory()
        lamp = compose.open_lamp(settings, SystemClock(), self._factory)
        self.runtime = compose.build(
            Loaded(settings, ""),
            lamp,
            SystemClock(),
            detector=ScriptedDetector({}),
            socket=settings.storage.state_dir / "control.sock",
        )
        self.late: list[float] = []

    async def watch(self, seconds: float) -> None:
        """Raise and lower the lamp by turns."""
        end = due = time.monotonic()
        end += seconds
        for level in itertools.cycle(LEVELS):
            if (due := due + 0.02) > end:
                return
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self.runtime.light.boosts.add(BoostLamp("test", level, time.monotonic() + 60))
            while round(1 - float(self._factory.pin("GPIO18").state), 2) != level:
                await asyncio.sleep(0.001)
            moved = time.monotonic()
            self.late.append(moved - due)
            due = max(due, moved)

    async def live(self, what: Callable[[], Coroutine[Any, Any, None]]) -> None:
        running = asyncio.ensure_future(self.runtime.agent.run())
        try:
            await what()
            assert not running.done()
        finally:
            self.runtime.agent.stop()
            assert await running == 0


async def is_never_late(lit: Lit, what: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with settled():
        await lit.live(what)
    assert len(lit.late) > 100
    assert max(lit.late) < MAX_JITTER_S


@pytest.mark.alone
async def test_the_lamp_is_in_time_while_all_else_fails(bench: Callable[..., Path]) -> None:
    """While disk threads and files fail the lamp is not late.

    The disk hangs; every file descriptor is taken; the processor is busy: the lamp moves within 100 ms.
    """
    lit = Lit(bench(LAMP + STREET))

    async def work() -> None:
        await asyncio.sleep(0.5)
        hold = threading.Event()
        hung = asyncio.ensure_future(lit.runtime.store.read(lambda _: hold.wait()))  # the disk hangs
        await lit.watch(2.0)
        with no_file_left():  # no camera, no socket
            await lit.watch(2.0)
        for _ in range(2):
            threading.Thread(target=_burn, args=(time.monotonic() + 2.0,), daemon=True).start()
        await lit.watch(2.0)
        hold.set()
        await hung

    await is_never_late(lit, work)


@pytest.mark.alone
@pytest.mark.parametrize("how", ["falls over", "hangs", "runs out of memory"])
async def test_whatever_all_others_do_lamp_is_not_late(how: str, bench: Callable[..., Path]) -> None:
    """Whatever all the others do the lamp is not late.

    Every job but the lamp's crashes again and again, or hangs, and is ended and started again.
    """
    lit = Lit(bench(LAMP + STREET))

    async def bad() -> None:
        if how == "hangs":
            await asyncio.Event().wait()
        await asyncio.sleep(0.01)
        raise MemoryError if how == "runs out of memory" else RuntimeError("a mistake of our own")

    for job in lit.runtime.agent.jobs:
        if job.on_failure is not OnFailure.FATAL:
            job.run = bad
    await is_never_late(lit, lambda: lit.watch(4.0))


async def test_the_watchdog_is_fed_while_the_disk_hangs(
    town: Worlds, notified: Callable[[], list[str]]
) -> None:
    """The watchdog is fed while the disk hangs for half an hour.

    What reports health waits for the disk, is ended and started again; a process whose lamp works is not
    killed for that.
    """
    hold = threading.Event()
    async with town() as w:
        await w.until(lambda: "READY=1" in notified(), within_s=20)
        hung = asyncio.ensure_future(w.runtime.store.read(lambda _: hold.wait()))
        longest, fed_at = 0.0, w.clock.monotonic()
        for _ in range(1800):
            before = notified().count("WATCHDOG=1")
            await w.clock.advance(1.0)
            if notified().count("WATCHDOG=1") > before:
                fed_at = w.clock.monotonic()
            longest = max(longest, w.clock.monotonic() - fed_at)
        assert w.runtime.parts.is_degraded("report", "Hangs"), "what waits for the disk was noticed"
        hold.set()
        await hung
    assert longest < 5, "systemd waits for 30 s"


async def test_many_threads_that_hang_end_in_a_clean_restart(town: Worlds) -> None:
    """One is told; from 32 on the agent ends by itself, in order, and systemd starts it again."""
    hold = threading.Event()

    def hang(number: int) -> None:
        thread = Thread(f"camera {number}", hold.wait)
        thread.leave()
        thread.left_at = time.monotonic() - ENDING_S  # that was a while ago

    try:
        async with town() as w:
            await w.until(lambda: "clock" in w.runtime.parts.report())
            hang(0)
            await w.until(lambda: w.runtime.parts.is_degraded("threads", "1 threads hang"))
            assert not w.agent.done()
            for number in range(1, 32):
                hang(number)
            await w.until(w.agent.done)
    finally:
        hold.set()


def _burn(until: float) -> None:
    """Work that lets go of the interpreter, as decoding and inference do."""
    import hashlib

    block = bytes(1 << 20)
    while time.monotonic() < until:
        hashlib.sha256(block).digest()


def test_ready_is_told_once_and_not_fed_when_stopped(
    bench: Callable[..., Path], notified: Callable[[], list[str]]
) -> None:
    """Ready is told once and a stopped process feeds nobody."""
    process = _with_notify(bench())
    try:
        eventually(lambda: "READY=1" in notified(), within_s=20)
        eventually(lambda: any(line.startswith("STATUS=lamp ") for line in notified()), within_s=20)
        fed = notified().count("WATCHDOG=1")
        eventually(lambda: notified().count("WATCHDOG=1") > fed + 2)
        process.send_signal(signal.SIGSTOP)
        eventually(lambda: Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")
        fed = notified().count("WATCHDOG=1")
        time.sleep(1.5)
        assert notified().count("WATCHDOG=1") == fed
        process.send_signal(signal.SIGCONT)
        eventually(lambda: notified().count("WATCHDOG=1") > fed)
        assert notified().count("READY=1") == 1
    finally:
        process.kill()
        process.communicate(timeout=10)


def _with_notify(config: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"WATCHDOG_USEC": "2000000"}
    environment.pop("RUNTIME_DIRECTORY", None)
    environment.pop("WATCHDOG_PID", None)
    return subprocess.Popen(
        [sys.executable, "-m", "pole_agent", "run", "--config", str(config)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
