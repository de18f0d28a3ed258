"""The watchdog is fed by what the lamp does; and READY waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pole_agent.clock import ManualClock
from pole_agent.loops.beat import Beat, Beats
from tests.conftest import no_file_left


def test_the_watchdog_is_fed_while_the_lamp_beats_and_not_when_it_is_late(notified: Callable[[], list[str]]) -> None:
    async def work() -> None:
        clock = ManualClock()
        beats = Beats(clock.monotonic)
        beat = beats.promise("light", 5.0)
        running = asyncio.ensure_future(Beat(beats, clock, lambda: "lamp 80%").run())
        await clock.advance(3.0)
        assert "READY=1" not in notified(), "nobody has driven the lamp yet"
        beat()
        await clock.advance(4.0)
        assert notified().count("READY=1") == 1
        assert notified().count("STATUS=lamp 80%") == 1
        fed = notified().count("WATCHDOG=1")
        assert fed >= 7
        await clock.advance(10.0)  # it has not beaten for longer than five seconds
        stopped = notified().count("WATCHDOG=1")
        assert fed < stopped <= fed + 2
        await clock.advance(10.0)
        assert notified().count("WATCHDOG=1") == stopped
        beat()
        with no_file_left():
            await clock.advance(2.0)
        assert notified().count("WATCHDOG=1") > stopped
        assert notified().count("READY=1") == 1
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(work())
