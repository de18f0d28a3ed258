"""A pole that only dispatches, for the tests of this folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.loops.dispatching import Bench

Story = Callable[[Bench], Coroutine[Any, Any, None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    """Play a story on a bench that is started before and stopped after it; `more` are fields of the bench."""

    def run(story: Story, **more: Any) -> None:
        async def whole() -> None:
            bench = Bench(tmp_path / "state", **more)
            await bench.start()
            try:
                await story(bench)
            finally:
                await bench.stop()

        asyncio.run(whole())

    return run
