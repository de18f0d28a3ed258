"""Run a house on a manual clock, and stop it whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from pole_agent.clock import ManualClock
from pole_agent.compose import House


@contextlib.asynccontextmanager
async def running(house: House, clock: ManualClock) -> AsyncIterator[asyncio.Future[int]]:
    """The agent runs inside; after it, the future has its exit code."""
    agent = asyncio.ensure_future(house.agent.run())
    try:
        yield agent
    finally:
        house.agent.stop()
        for _ in range(300):
            if agent.done():
                break
            await clock.advance(0.1)
            await asyncio.sleep(0.01)
