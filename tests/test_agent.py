"""The agent itself: what ends it, with which code and how soon; what a stop, a reload and a failure do to
jobs, store and shutdown.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from pole_agent import compose
from pole_agent.agent import Agent
from pole_agent.clock import ManualClock, SystemClock
from pole_agent.errors import LampError
from pole_agent.lamp.mock import mock_factory
from pole_agent.settings.load import Loaded, load
from pole_agent.store.store import Store
from pole_agent.supervise import Job, OnFailure
from pole_agent.uplink.memory import MemoryBroker
from pole_agent.vision.scripted import ScriptedDetector
from tests.cli import call
from tests.conftest import ROOT, eventually


class Shelf:
    """Stands for the store: it notes when it was started, and how long it had for its end."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.had_s = 0.0

    def start(self) -> None:
        self.calls.append("start")

    async def stop(self, within_s: float) -> None:
        self.calls.append("stop")
        self.had_s = within_s


class Yard:
    """An agent of jobs that are told what to do."""

    def __init__(
        self, *, lasting: Sequence[str] = (), adopted: dict[str, asyncio.Task[None]] | None = None
    ) -> None:
        self.shelf = Shelf()
        self.running: set[str] = set()
        self.reports: list[tuple[str, str]] = []
        self.shutdowns: list[bool] = []
        self.fail: dict[str, asyncio.Event] = {name: asyncio.Event() for name in ("lamp", "upload", "watch")}
        self.begun = asyncio.Event()
        self.start: Callable[[], Coroutine[Any, Any, None]] = self._start
        self.say: Callable[[bool], Awaitable[None]] = self._say
        jobs = [self.job("lamp", OnFailure.FATAL), self.job("upload"), self.job("watch")]
        self.agent = Agent(
            jobs,
            cast(Store, self.shelf),
            SystemClock(),
            lambda: 1.0,
            lambda name, why: self.reports.append((name, why)),
            lambda: self.start(),
            lambda keep: self.say(keep),
            lasting=lasting,
            adopted=adopted,
        )

    def job(self, name: str, on_failure: OnFailure = OnFailure.DEGRADE) -> Job:
        async def run() -> None:
            self.running.add(name)
            try:
                await self.fail[name].wait()
                raise RuntimeError(f"{name} is broken")
            finally:
                self.running.discard(name)

        return Job(name, run, on_failure)

    async def _start(self) -> None:
        self.begun.set()

    async def _say(self, keep: bool) -> None:
        self.shutdowns.append(keep)

    async def run(self) -> asyncio.Task[int]:
        task = asyncio.create_task(self.agent.run())
        await asyncio.wait_for(self.begun.wait(), 5)
        assert self.running >= (
            {"lamp", "upload", "watch"} - set(self.agent._lasting if self.agent._adopted else ())
        )
        return task


async def test_a_stop_ends_everything_in_order() -> None:
    """Code 0; the shutdown once, every job ended, the store last and with the rest of the time."""
    yard = Yard()
    task = await yard.run()
    assert yard.shelf.calls == ["start"]
    assert not task.done()
    yard.agent.stop()
    assert await asyncio.wait_for(task, 5) == 0
    assert (yard.shutdowns, yard.running, yard.shelf.calls) == ([False], set(), ["start", "stop"])
    assert 3.5 < yard.shelf.had_s <= 4.2
    assert (yard.agent.kept, yard.agent.reloading) == (None, False)


async def test_a_fatal_job_ends_the_agent_at_once() -> None:
    """Code 1, without a shutdown that could take time; the other jobs end and what is stored is kept."""
    yard = Yard()
    task = await yard.run()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    yard.fail["lamp"].set()
    assert await asyncio.wait_for(task, 5) == 1
    assert loop.time() - begun < 0.5
    assert (yard.shutdowns, yard.running, yard.shelf.calls) == ([], set(), ["start", "stop"])


async def test_a_fatal_job_does_not_wait_for_one_that_hangs() -> None:
    """A job that swallows its cancellation holds the exit up for less than a second."""
    yard = Yard()
    let_go = asyncio.Event()

    async def stubborn() -> None:
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue

    yard.agent.jobs = [*yard.agent.jobs, Job("stubborn", stubborn)]
    task = await yard.run()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    yard.fail["lamp"].set()
    assert await asyncio.wait_for(task, 5) == 1
    assert 0.7 < loop.time() - begun < 2.0
    let_go.set()
    await asyncio.sleep(0)


async def test_any_other_job_that_fails_ends_nothing() -> None:
    """It is reported and tried again; the lamp and the others go on."""
    yard = Yard()
    task = await yard.run()
    for name in ("upload", "watch"):
        yard.fail[name].set()
    while len(yard.reports) < 2:
        await asyncio.sleep(0.001)
    assert sorted(yard.reports) == [
        ("upload", "RuntimeError: upload is broken"),
        ("watch", "RuntimeError: watch is broken"),
    ]
    for name in ("upload", "watch"):
        yard.fail[name].clear()
    while yard.running != {"lamp", "upload", "watch"}:
        await asyncio.sleep(0.01)
    assert not task.done()
    yard.agent.stop()
    assert await asyncio.wait_for(task, 5) == 0


async def test_a_start_that_fails_is_a_mistake_that_shows() -> None:
    """It is not swallowed, and the end is orderly all the same."""
    yard = Yard()

    async def broken() -> None:
        yard.begun.set()
        raise ValueError("a mistake of our own")

    yard.start = broken
    with pytest.raises(ValueError, match="our own"):
        await asyncio.wait_for(yard.agent.run(), 5)
    assert (yard.running, yard.shelf.calls) == (set(), ["start", "stop"])


async def test_a_stop_comes_to_its_end_whatever_hangs() -> None:
    """A shutdown that never ends and a job that does not let go: both are left, and the store has more than
    two seconds.
    """
    yard = Yard()
    let_go = asyncio.Event()

    async def stubborn() -> None:
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue

    async def for_ever(keep: bool) -> None:
        yard.shutdowns.append(keep)
        await asyncio.Event().wait()

    yard.say = for_ever
    yard.agent.jobs = [*yard.agent.jobs, Job("stubborn", stubborn)]
    task = await yard.run()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    yard.agent.stop()
    assert await asyncio.wait_for(task, 5) == 0
    assert loop.time() - begun > 1.5, "each had its time"
    assert 1.9 < yard.shelf.had_s < 2.7
    let_go.set()
    await asyncio.sleep(0)


async def test_the_store_has_a_second_whatever_was_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the shutdown took all the time there was, what waits is written all the same."""
    yard, loop = Yard(), asyncio.get_running_loop()
    now = loop.time

    async def slow(keep: bool) -> None:
        # As a process that was stopped for so long sees it
        monkeypatch.setattr(loop, "time", lambda: now() + 10.0)

    yard.say = slow
    task = await yard.run()
    yard.agent.stop()
    assert await asyncio.wait_for(task, 60) == 0
    assert yard.shelf.had_s == 1.0


async def test_tasks_are_named_as_their_jobs() -> None:
    """Whoever looks at a hanging agent sees which is which."""
    yard, seen = Yard(), asyncio.Event()

    async def start() -> None:
        names = {task.get_name() for task in asyncio.all_tasks()}
        assert names >= {"lamp", "upload", "watch", "start", "stop"}
        seen.set()

    yard.start = start
    task = asyncio.create_task(yard.agent.run())
    await asyncio.wait_for(seen.wait(), 5)
    yard.agent.stop()
    assert await asyncio.wait_for(task, 5) == 0


# --- a reload


async def test_a_reload_that_keeps_hands_on_the_lasting_jobs() -> None:
    """They run on over the change, the others end, the store stays open; the next agent begins neither of
    them anew.
    """
    first = Yard(lasting=("upload", "not there"))
    task = await first.run()
    first.agent.stop(reload=True, keep=True)
    assert first.agent.reloading
    assert await asyncio.wait_for(task, 5) == 0
    assert (first.shutdowns, first.running, first.shelf.calls) == ([True], {"upload"}, ["start"])
    kept = first.agent.kept
    assert kept is not None
    assert list(kept) == ["upload"]
    second = Yard(lasting=("upload",), adopted=kept)
    task = await second.run()
    assert second.running == {"lamp", "watch"}, "upload goes on as it was"
    assert second.shelf.calls == [], "the store is open already"
    second.agent.stop()
    assert await asyncio.wait_for(task, 5) == 0
    assert (first.running, second.running, second.shelf.calls) == (set(), set(), ["stop"])


async def test_a_reload_that_keeps_nothing_ends_everything() -> None:
    """Store and connection have other settings: all of it begins anew."""
    yard = Yard(lasting=("upload",))
    task = await yard.run()
    yard.agent.stop(reload=True)
    assert await asyncio.wait_for(task, 5) == 0
    assert (yard.shutdowns, yard.running, yard.shelf.calls, yard.agent.kept) == (
        [False],
        set(),
        ["start", "stop"],
        None,
    )
    assert yard.agent.reloading


async def test_a_lasting_job_that_is_over_is_not_handed_on() -> None:
    """The next agent begins it itself."""
    yard = Yard(lasting=("brief", "upload"))

    async def brief() -> None: ...

    yard.agent.jobs = [*yard.agent.jobs, Job("brief", brief)]
    task = await yard.run()
    await asyncio.sleep(0.01)
    yard.agent.stop(reload=True, keep=True)
    await asyncio.wait_for(task, 5)
    assert yard.agent.kept is not None
    assert list(yard.agent.kept) == ["upload"]
    yard.agent.kept["upload"].cancel()
    await asyncio.gather(*yard.agent.kept.values(), return_exceptions=True)


async def test_a_stop_during_a_reload_is_a_stop_for_good() -> None:
    """The shutdown is said once more, as one for ever; nothing is handed on and the store is closed."""
    yard = Yard(lasting=("upload",))

    async def say(keep: bool) -> None:
        yard.shutdowns.append(keep)
        if keep:
            yard.agent.stop()

    yard.say = say
    task = await yard.run()
    yard.agent.stop(reload=True, keep=True)
    assert await asyncio.wait_for(task, 5) == 0
    assert (yard.shutdowns, yard.running, yard.shelf.calls) == ([True, False], set(), ["start", "stop"])
    assert (yard.agent.kept, yard.agent.reloading) == (None, False)


@pytest.mark.parametrize(
    ("stops", "reloading", "kept"),
    [
        ([{}], False, False),
        ([{"reload": True}], True, False),
        ([{"reload": True, "keep": True}], True, True),
        ([{}, {"reload": True, "keep": True}], False, False),
        ([{"reload": True, "keep": True}, {}], False, False),
        ([{"reload": True, "keep": True}, {"reload": True}], True, False),
        ([{"reload": True}, {"reload": True, "keep": True}], True, True),
        ([{"reload": True}, {}, {"reload": True, "keep": True}], False, False),
    ],
)
async def test_last_wish_counts_but_stop_for_good_stays(
    stops: list[dict[str, bool]], reloading: bool, kept: bool
) -> None:
    """The last wish counts but a stop for good stays.

    A reload may follow a reload; nothing follows a stop.
    """
    yard = Yard(lasting=("upload",))
    task = await yard.run()
    for stop in stops:
        yard.agent.stop(**stop)
    assert await asyncio.wait_for(task, 5) == 0
    assert (yard.agent.reloading, yard.agent.kept is not None) == (reloading, kept)
    for one in (yard.agent.kept or {}).values():
        one.cancel()
        await asyncio.gather(one, return_exceptions=True)


@pytest.mark.parametrize(("reload", "told"), [(False, "STOPPING=1"), (True, "RELOADING=1\nMONOTONIC_USEC=")])
async def test_systemd_hears_what_is_going_on(
    notified: Callable[[], list[str]], reload: bool, told: str
) -> None:
    """A reload is no stop; its time is that of the monotonic clock in microseconds."""
    yard = Yard()
    task = await yard.run()
    now = SystemClock().monotonic()
    yard.agent.stop(reload=reload)
    await asyncio.wait_for(task, 5)
    (line,) = notified()
    assert line.startswith(told)
    if reload:
        assert now <= int(line.partition("USEC=")[2]) / 1e6 <= now + 5


async def test_a_job_that_promised_to_beat() -> None:
    """A job that promised to beat and does not is told.

    The agent hands on how long each has been silent; who says nothing of beats is never late.
    """
    clock, reports = ManualClock(), []
    asked: list[str] = []

    def since(name: str) -> float:
        asked.append(name)
        return 1000.0

    async def work() -> None:
        await asyncio.Event().wait()

    async def nothing(*_: object) -> None: ...

    def report(name: str, why: str) -> None:
        reports.append((name, why))

    shelf = cast(Store, Shelf())
    jobs = [Job("late", work, beat_within_s=0.5)]
    agent = Agent(jobs, shelf, clock, lambda: 1.0, report, lambda: nothing(), nothing, since_beat=since)
    quiet = Agent(jobs, shelf, clock, lambda: 1.0, report, lambda: nothing(), nothing)
    for one, expected in ((agent, [("late", "Hangs: timed out: no heartbeat for 30 s")]), (quiet, [])):
        reports.clear()
        task = asyncio.create_task(one.run())
        await clock.advance(45.0)
        assert reports == expected
        one.stop()
        assert await asyncio.wait_for(task, 5) == 0
    assert set(asked) == {"late"}


# --- the whole runtime


class Frail:
    """A lamp on a real mock pin that cannot be driven any more once `broken` is set."""

    def __init__(self, lamp: Any) -> None:
        self._lamp, self.broken = lamp, False

    def set(self, duty: float) -> None:
        if self.broken:
            raise LampError("the pin cannot be driven")
        self._lamp.set(duty)

    def close(self) -> None:
        self._lamp.close()


async def test_lamp_that_cannot_be_driven_ends_whole_house(bench: Callable[..., Path]) -> None:
    """A lamp that cannot be driven ends the whole runtime.

    Code 1 within a second of the failed write; the pin stays as it was until it is let go, and then the
    wiring lights the street.
    """
    config = bench('failsafe_level = 0.5\n[mqtt]\nhost = "127.0.0.1"\ntls = false\n')
    config.write_text(config.read_text().replace('trust = "system"', 'trust = "auto"'))
    clock, factory, settings = ManualClock(wall=1000.0), mock_factory(), load(config).settings
    luminaire = compose.open_lamp(settings, clock, factory)
    frail = luminaire.lamp = Frail(luminaire.lamp)
    runtime = compose.build(
        Loaded(settings, ""),
        luminaire,
        clock,
        broker=MemoryBroker(),
        detector=ScriptedDetector({}),
        random=lambda: 0.5,
        socket=config.parent / "control.sock",
        time_server_heard=lambda _: False,
    )
    pin = factory.pin("GPIO18")
    task = asyncio.create_task(runtime.agent.run())
    await clock.advance(3.0)
    assert round(1 - float(pin.state), 2) == 0.5
    frail.broken = True
    await clock.advance(5.0)
    assert not task.done(), "nothing is to be driven: nothing fails"
    answer = await runtime.listen.handle("lamp/set", b'{"level": 0.9, "transition": 0}')
    assert answer is not None
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while not task.done() and loop.time() - begun < 5:
        await clock.advance(0.02)
        await asyncio.sleep(0.005)
    assert task.done()
    assert await task == 1
    assert loop.time() - begun < 2.0
    assert round(1 - float(pin.state), 2) == 0.5, "not dark, not a flash"
    luminaire.close()
    assert pin.function == "input", "let go: the wiring keeps the street lit"


def test_the_process_ends_with_1_when_its_lamp_fails(bench: Callable[..., Path], tmp_path: Path) -> None:
    """The exit code is 1 within two seconds, it says why, and the pin is as it was and then let go."""
    config = bench("failsafe_level = 0.5\n")
    config.write_text(config.read_text().replace('trust = "system"', 'trust = "auto"'))
    command = [sys.executable, "-m", "tests.failing_pole", str(config)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            eventually((tmp_path / "state" / "control.sock").exists, within_s=20)
            call("lamp", "--config", str(config), "set", "0.33", "--fade", "0", "--fixed")
            begun = time.monotonic()
            assert process.wait(10) == 1
            assert time.monotonic() - begun < 2.0
            said, log = process.communicate()
        finally:
            process.kill()
    assert said.strip() == "lit 0.50, then let go"
    assert "light failed, the agent exits" in log


def test_what_a_reload_leaves_is_found() -> None:
    """What is there at the first time stays and is not searched; what came since then is."""
    code = """
import gc, weakref
from pole_agent.console.daemon import _settle

class Node: pass

def cycle():
    one = Node()
    one.itself = one
    return weakref.ref(one)

gc.disable()
before = cycle()
_settle()
frozen, searched = gc.get_freeze_count(), len(gc.get_objects())
left = cycle()
_settle()
print(before() is not None, left() is None, frozen > 5000, gc.get_freeze_count() <= frozen, searched < 500)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["True"] * 5
