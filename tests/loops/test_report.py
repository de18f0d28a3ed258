"""What the pole says of itself: times are corrected as soon as the clock is trusted, and the last known time
is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from pole_agent.almanac import rfc3339
from pole_agent.clock import ManualClock
from pole_agent.context import Context
from pole_agent.health.certificates import Certificates
from pole_agent.health.clock_memory import last_known, load
from pole_agent.health.parts import Parts
from pole_agent.health.trust import KEEP_S, TimeKeeper
from pole_agent.loops.records import Records
from pole_agent.loops.report import Report, Sources
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board
from pole_agent.vocabulary import RecordEvent, Severity, TimeQuality
from tests.loops.dispatching import SwitchedStore

NOW = 1_793_883_600.0
SECONDS = 15


async def living(
    state: Path, clock: ManualClock, heard: Callable[[float], bool]
) -> list[tuple[float, TimeQuality]]:
    """One process of boot "b" for a quarter of a minute.

    Returns wall time and quality of what its store holds then.
    """

    async def work() -> list[tuple[float, TimeQuality]]:
        keeper = TimeKeeper(clock, "auto", "b", heard, memory=load(state))
        store = Store(state, 16, keeper.stamp, lambda: "e", 5.0)
        store.start()
        parts = Parts(lambda _: None, clock.monotonic)
        context = Context(base="base", clock=clock, keeper=keeper, store=store, board=Board(), parts=parts)
        sources = Sources(present=dict, rates=Records(store, clock).rates)
        report = Report(context, sources, Certificates({}, parts), state, {})
        running = asyncio.ensure_future(report.run())
        for _ in range(SECONDS):
            await clock.advance(1.0)
            await store.flush()
            await asyncio.sleep(0.01)
        store.record(RecordEvent("incident.opened", Severity.ALARM, {}, clock.monotonic()))
        await store.flush()
        assert parts.is_degraded("clock") is not keeper.trusted
        told = (await report.health())["clock"]["last_known"]
        assert told == (rfc3339(last_known(state)) if last_known(state) else None)
        rows = await store.read(lambda db: [(e.wall, e.quality) for e in db.list_events(10)])
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await store.stop(5)
        return rows

    return await work()


async def test_times_are_corrected_by_the_next_process(tmp_path: Path) -> None:
    """The times of a process that knew no time are corrected by the next of the same boot."""
    clock = ManualClock(wall=1000.0)
    ((wall, quality),) = await living(tmp_path, clock, lambda _: False)
    assert (round(wall), quality) == (1000 + SECONDS, "unsynced")
    assert last_known(tmp_path) == 0.0
    happened = clock.monotonic()
    clock.set_wall(NOW)
    offset = clock.wall() - clock.monotonic()
    rows = await living(tmp_path, clock, lambda _: True)  # trusted from its first moment on
    assert rows[0] == (happened + offset, "corrected")
    assert rows[1][1] == "synced"


async def test_the_last_known_time_is_kept_now_and_then(tmp_path: Path) -> None:
    """The last known time is kept now and then and a clock behind it is not believed."""
    clock = ManualClock(wall=NOW)
    await living(tmp_path, clock, lambda _: True)
    first = last_known(tmp_path)
    assert NOW <= first <= NOW + SECONDS
    clock.set_wall(first + KEEP_S)
    await living(tmp_path, clock, lambda _: False)
    assert last_known(tmp_path) <= first + 2 * SECONDS, (
        "a clock that jumped is not written down, only the time that has passed since"
    )
    clock.set_wall(first + 3 * SECONDS)
    await living(tmp_path, clock, lambda _: True)
    assert first + 3 * SECONDS <= last_known(tmp_path) <= first + 4 * SECONDS
    clock.set_wall(NOW - 8 * 3600)
    rows = await living(tmp_path, clock, lambda _: True)
    assert rows[-1][1] == "unsynced", "whoever vouches for it"
    assert last_known(tmp_path) >= first + 3 * SECONDS


async def test_a_clock_that_was_accepted_over_a_reload(tmp_path: Path) -> None:
    """What a person said of the clock is carried into the store once the disk works, also by the report after
    a reload: else what a fast clock has stored speaks against the right one at the next start.
    """
    clock, broken = ManualClock(wall=NOW + 9000.0), set[str]()
    keeper = TimeKeeper(clock, "system", "b", lambda _: False)
    store = SwitchedStore(broken, tmp_path, 16, keeper.stamp, lambda: "e", 5.0)
    store.start()
    parts = Parts(lambda _: None, clock.monotonic)
    context = Context(base="base", clock=clock, keeper=keeper, store=store, board=Board(), parts=parts)
    sources = Sources(present=dict, rates=Records(store, clock).rates)

    def report() -> Report:
        return Report(context, sources, Certificates({}, parts), tmp_path, {})

    store.record(RecordEvent("incident.opened", Severity.ALARM, {}, clock.monotonic()))
    await store.flush()
    before = report()
    await before._ask_clock()
    clock.set_wall(NOW)
    broken.add("write")
    assert (await before.accept())["trusted"] is True
    after = report()
    for works in (False, True):
        if works:
            broken.clear()
        await after._ask_clock()
        assert keeper.trusted
        assert await store.read(lambda db: db.newest_time()) == (NOW if works else NOW + 9000.0)
    await store.stop(5)
