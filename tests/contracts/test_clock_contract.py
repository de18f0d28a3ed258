"""Clock: what the machine's clock and the manual one both keep."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from pole_agent.clock import Clock, ManualClock, SystemClock


@pytest.fixture(params=[SystemClock, ManualClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    made: Clock = request.param()
    return made


async def play(clock: Clock, story: Coroutine[Any, Any, Any]) -> Any:
    """Run the story; a manual clock is moved along beside it."""

    async def whole() -> Any:
        task = asyncio.ensure_future(story)
        while not task.done():
            if isinstance(clock, ManualClock):
                await clock.advance(0.01)
            await asyncio.sleep(0)
        return task.result()

    return await whole()


async def test_a_sleep_takes_its_time_on_the_monotonic_clock(clock: Clock) -> None:
    before, wall_before = clock.monotonic(), clock.wall()
    await play(clock, clock.sleep(0.05))
    assert clock.monotonic() - before >= 0.05 - 1e-6  # the manual clock adds up steps
    assert clock.wall() - wall_before > 0


async def test_a_wait_ends_by_its_event_or_by_its_time(clock: Clock) -> None:
    """A wait ends by its event or by its time and clears the event."""

    async def story() -> None:
        event = asyncio.Event()
        assert await clock.wait(event, 0.02) is False
        event.set()
        assert await clock.wait(event, 1e6) is True
        assert not event.is_set()
        waiting = asyncio.ensure_future(clock.wait(event, 1e6))
        await asyncio.sleep(0)
        event.set()
        assert await waiting is True

    await play(clock, story())


async def test_manual_clock_wakes_sleepers_in_order() -> None:
    """A manual clock wakes sleepers in order each at its moment."""

    async def story() -> list[float]:
        clock, woken = ManualClock(), []
        start = clock.monotonic()

        async def sleeper(seconds: float) -> None:
            await clock.sleep(seconds)
            woken.append(round(clock.monotonic() - start, 6))

        tasks = [asyncio.ensure_future(sleeper(s)) for s in (3.0, 1.0, 2.0, 9.0)]
        await clock.advance(5.0)
        tasks[-1].cancel()
        return woken

    assert await story() == [1.0, 2.0, 3.0]
