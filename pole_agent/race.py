"""Waiting for the first of several things."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from typing import Any


@contextlib.asynccontextmanager
async def race(*runners: Awaitable[Any]) -> AsyncIterator[tuple[asyncio.Future[Any], ...]]:
    """Wait until one of them is done; yields a future for each, in their order.

    Coroutines begin here and are ended with the block. A future that is handed in goes on.
    """
    futures = tuple(map(_begun, runners))
    ours = [future for future, runner in zip(futures, runners, strict=True) if future is not runner]
    try:
        await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
        yield futures
    finally:
        for future in ours:
            future.cancel()
        await asyncio.gather(*ours, return_exceptions=True)


def _begun(runner: Awaitable[Any]) -> asyncio.Future[Any]:
    """A task that is named after what it does, so that a dump of the tasks can be read."""
    if asyncio.iscoroutine(runner):
        return asyncio.create_task(runner, name=getattr(runner, "__qualname__", None))
    return asyncio.ensure_future(runner)
