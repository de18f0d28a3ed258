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
    futures = tuple(asyncio.ensure_future(runner) for runner in runners)
    ours = [future for future, runner in zip(futures, runners, strict=True) if future is not runner]
    try:
        await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
        yield futures
    finally:
        for future in ours:
            future.cancel()
        await asyncio.gather(*ours, return_exceptions=True)
