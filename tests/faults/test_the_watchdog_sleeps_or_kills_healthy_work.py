"""Failure 13: a job that hangs or falls over is started again in its budget; a slow camera alone kills neither the daemon nor the lamp.

Every job in turn is crashed and hung, on a house with real parts and our own clock; and in real time, the loop that drives the lamp is
watched while the disk hangs, files run out and the processor is busy.
"""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pole_agent import compose
from pole_agent.clock import ManualClock, SystemClock
from pole_agent.lamp.mock import mock_factory
from pole_agent.settings.load import Loaded, load
from pole_agent.supervise import LET_GO_S, MOST_WAIT_S, Fatal, Hangs, Job, OnFailure, supervise
from pole_agent.vision.scripted import ScriptedDetector
from tests.conftest import CLIP, eventually
from tests.house.test_house import CONFIG, Town

MOST_JITTER_S = 0.1
JOBS = ("dispatch", "listen", "beat", "local", "upload", "watch street")


# --- the rule itself


def test_a_job_that_hangs_is_started_again_and_one_that_beats_is_not() -> None:
    async def work() -> None:
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

    asyncio.run(work())


def test_a_job_that_does_not_even_end_is_left_behind() -> None:
    async def work() -> None:
        clock, runs = ManualClock(), 0

        async def stubborn() -> None:
            nonlocal runs
            runs += 1
            while runs < 3:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    continue

        running = asyncio.ensure_future(supervise(Job("x", stubborn, beat_within_s=10), clock, lambda: 0.0, lambda *_: None, lambda _: 1e9))
        begun = time.monotonic()
        while runs < 2 and time.monotonic() - begun < LET_GO_S + 5:
            await clock.advance(15)
            await asyncio.sleep(0.05)
        assert runs == 2
        runs = 3
        running.cancel()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    asyncio.run(work())


def test_what_is_fatal_ends_the_agent_at_once() -> None:
    async def falls() -> None:
        raise OSError("the pin")

    async def work() -> None:
        with pytest.raises(Fatal):
            await supervise(Job("light", falls, OnFailure.FATAL, 5), ManualClock(), lambda: 0.0, lambda *_: None, lambda _: 0.0)

    asyncio.run(work())
    assert issubclass(Hangs, Exception)


# --- every job in turn


@pytest.mark.parametrize(
    ("name", "how"), [(n, "falls over") for n in JOBS] + [(n, "hangs") for n in JOBS if n != "local"]
)  # the local socket only waits for others: it has no loop that could hang
def test_each_job_falls_over_or_hangs_and_the_lamp_goes_on(name: str, how: str, bench: Callable[..., Path], square_clip: Path) -> None:
    """The job's own `run` is replaced in the job table, as the table is data; everything else is the house as it is."""

    async def whole() -> None:
        town = Town(bench(CONFIG.format(clip=square_clip)))
        job = next(j for j in town.house.agent.jobs if j.name == name)
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
        agent = asyncio.ensure_future(town.house.agent.run())
        try:
            budget_s = 2 * ((job.beat_within_s or 0) + MOST_WAIT_S) + 30
            begun = town.clock.monotonic()
            while calls < 3 and town.clock.monotonic() - begun < budget_s:
                await town.clock.advance(2.0)
                await asyncio.sleep(0.001)
            assert calls == 3
            assert not agent.done()
            town.house.light.boosts.add(_boost(town))
            await town.until(lambda: town.light == 1.0, within_s=10)
        finally:
            town.house.agent.stop()
            for _ in range(300):
                if agent.done():
                    break
                await town.clock.advance(0.1)
                await asyncio.sleep(0.005)
        assert agent.result() == 0

    asyncio.run(whole())


def _boost(town: Town) -> Any:
    from pole_agent.vocabulary import BoostLamp

    return BoostLamp("test", 1.0, town.clock.monotonic() + 60)


# --- in real time


def test_while_disk_threads_and_files_fail_the_lamp_keeps_its_beat(bench: Callable[..., Path]) -> None:
    """The disk hangs; every file descriptor is taken; the processor is busy: the loop that drives the lamp is late by less than 100 ms."""
    settings = load(bench(f'[[camera]]\nname = "street"\nsource = "{CLIP}"\nfps = 5\nloop = true\n')).settings
    clock, factory = SystemClock(), mock_factory()
    late: list[float] = []

    async def work() -> int:
        lamp = compose.open_lamp(settings, clock, factory)
        house = compose.build(
            Loaded(settings, ""), lamp, clock, detector=ScriptedDetector({}), socket=settings.storage.state_dir / "control.sock"
        )
        running = asyncio.ensure_future(house.agent.run())
        await asyncio.sleep(0.5)

        async def watch(seconds: float) -> None:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                before = time.monotonic()
                await asyncio.sleep(0.01)
                late.append(time.monotonic() - before - 0.01)

        hold = threading.Event()
        hung = asyncio.ensure_future(house.store.read(lambda _: hold.wait()))  # the disk hangs
        await watch(2.0)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        taken: list[int] = []
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 1, hard))
        try:
            while True:
                taken.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            pass
        await watch(2.0)  # no file can be opened any more: no camera, no socket
        for number in taken:
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        burners = [threading.Thread(target=_burn, args=(time.monotonic() + 2.0,), daemon=True) for _ in range(2)]
        for burner in burners:
            burner.start()
        await watch(2.0)
        hold.set()
        await hung
        assert not running.done()
        house.agent.stop()
        return await running

    assert asyncio.run(work()) == 0
    assert sorted(late)[-3] < MOST_JITTER_S, "the loop that drives the lamp was held up"
    assert max(late) < 2 * MOST_JITTER_S


@pytest.mark.parametrize("how", ["falls over", "hangs", "runs out of memory"])
def test_whatever_all_the_others_do_the_tick_of_the_lamp_is_not_late(how: str, bench: Callable[..., Path]) -> None:
    """In real time: every job but the lamp's crashes again and again, or hangs."""
    settings = load(bench(f'[[camera]]\nname = "street"\nsource = "{CLIP}"\nfps = 5\nloop = true\n')).settings
    clock = SystemClock()
    late: list[float] = []

    async def bad() -> None:
        if how == "hangs":
            await asyncio.Event().wait()
        await asyncio.sleep(0.01)
        raise MemoryError if how == "runs out of memory" else RuntimeError("a mistake of our own")

    async def work() -> int:
        lamp = compose.open_lamp(settings, clock, mock_factory())
        house = compose.build(
            Loaded(settings, ""), lamp, clock, detector=ScriptedDetector({}), socket=settings.storage.state_dir / "control.sock"
        )
        for job in house.agent.jobs:
            if job.on_failure is not OnFailure.FATAL:
                job.run = bad
        running = asyncio.ensure_future(house.agent.run())
        end = time.monotonic() + 4.0
        while time.monotonic() < end:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            late.append(time.monotonic() - before - 0.01)
        assert not running.done()
        house.agent.stop()
        return await running

    assert asyncio.run(work()) == 0
    assert max(late) < MOST_JITTER_S, "the loop that drives the lamp was held up"


def _burn(until: float) -> None:
    """Work that lets go of the interpreter, as decoding and inference do."""
    import hashlib

    block = bytes(1 << 20)
    while time.monotonic() < until:
        hashlib.sha256(block).digest()


def test_the_watchdog_is_fed_only_while_the_lamp_beats(bench: Callable[..., Path], tmp_path: Path) -> None:
    """A stopped process does not feed; a running one does, and says READY once, when the lamp is under control."""
    import signal

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        heard: list[str] = []

        def hear() -> list[str]:
            while True:
                try:
                    heard.append(systemd.recv(4096).decode())
                except BlockingIOError:
                    return heard

        process = _with_notify(bench(), tmp_path)
        try:
            eventually(lambda: "READY=1" in hear(), within_s=20)
            assert heard.index("READY=1") >= 0
            eventually(lambda: any(line.startswith("STATUS=lamp ") for line in hear()), within_s=20)
            before = hear().count("WATCHDOG=1")
            eventually(lambda: hear().count("WATCHDOG=1") > before + 2, within_s=10)
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.3)
            hear()
            count = heard.count("WATCHDOG=1")
            time.sleep(1.5)
            assert hear().count("WATCHDOG=1") == count
            process.send_signal(signal.SIGCONT)
            eventually(lambda: hear().count("WATCHDOG=1") > count, within_s=10)
            assert heard.count("READY=1") == 1
        finally:
            process.kill()
            process.communicate(timeout=10)


def _with_notify(config: Path, tmp_path: Path) -> Any:
    import subprocess
    import sys

    from tests.conftest import ROOT

    environment = os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000"}
    environment.pop("RUNTIME_DIRECTORY", None)
    return subprocess.Popen(
        [sys.executable, "-m", "pole_agent", "run", "--config", str(config)],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
