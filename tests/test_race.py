"""Waiting for the first of several things: what begins with the wait ends with it."""

from __future__ import annotations

import asyncio

import pytest

from pole_agent.race import race


async def test_the_first_is_done_and_the_others_end() -> None:
    """The block runs when one is done; coroutines that still run are cancelled, and have ended, after it."""
    ended: list[str] = []

    async def runner(name: str, event: asyncio.Event) -> str:
        try:
            await event.wait()
            return name
        finally:
            await asyncio.sleep(0)
            ended.append(name)

    soon, never = asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().call_soon(soon.set)
    async with race(runner("slow", never), runner("fast", soon)) as (slow, fast):
        assert fast.done() and fast.result() == "fast"
        assert not slow.done()
        assert ended == ["fast"]
    assert slow.cancelled()
    assert ended == ["fast", "slow"]


async def test_a_future_that_is_handed_in_goes_on() -> None:
    """It is waited for and not cancelled; done already, nothing is waited for."""
    future = asyncio.get_running_loop().create_future()
    async with race(future, asyncio.sleep(0)) as (same, slept):
        assert same is future and slept.done()
    assert not future.cancelled()
    future.set_result(1)
    async with race(future, asyncio.Event().wait()) as (same, waited):
        assert same.result() == 1 and not waited.done()
    assert waited.cancelled()


async def test_an_error_in_the_block_ends_the_runners() -> None:
    """So does a cancellation from outside; errors of runners are for those who ask for them."""

    async def fails() -> None:
        raise ValueError("of a runner")

    with pytest.raises(KeyError):
        async with race(fails(), asyncio.Event().wait()) as (failed, waited):
            assert isinstance(failed.exception(), ValueError)
            raise KeyError
    assert waited.cancelled()

    runners: list[asyncio.Future[object]] = []

    async def waits() -> None:
        runners.append(asyncio.current_task())  # type: ignore[arg-type]
        await asyncio.Event().wait()

    async def whole() -> None:
        async with race(waits()):
            pass

    task = asyncio.create_task(whole())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled() and runners[0].cancelled()
