"""The watchdog is fed by what the lamp does; and READY waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from pole_agent.clock import ManualClock
from pole_agent.loops.beat import Beat, Beats
from tests.conftest import no_file_left


async def test_the_watchdog_is_fed_while_the_lamp_beats(notified: Callable[[], list[str]]) -> None:
    """The watchdog is fed while the lamp beats and not when it is late."""
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


@pytest.mark.parametrize(
    ("at", "late"), [(5.0, []), (5.1, ["light"]), (9.0, ["light"]), (9.1, ["light", "watch"])]
)
def test_who_is_late(at: float, late: list[str]) -> None:
    """Beyond what was promised, each for itself; a beat of one says nothing of the other."""
    now = [0.0]
    beats = Beats(lambda: now[0])
    light, watch = beats.promise("light", 5.0), beats.promise("watch", 9.0)
    assert not beats.all_began
    light()
    assert not beats.all_began
    watch()
    assert beats.all_began
    now[0] = at
    assert beats.late() == late
    assert (beats.since("light"), beats.since("nobody")) == (at, 0.0)
    light()
    assert beats.late() == [name for name in late if name == "watch"]
    assert beats.since("light") == 0.0


@pytest.mark.parametrize(("microseconds", "pause_s"), [("800000", 0.4), ("20000000", 1.0), ("", 1.0)])
async def test_it_beats_as_often_as_systemd_wants(
    notified: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch, microseconds: str, pause_s: float
) -> None:
    """Twice within its limit, and each second at least; a line for people is told when it changes."""
    monkeypatch.setenv("WATCHDOG_USEC", microseconds)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    clock, line = ManualClock(), ["dark"]
    beats = Beats(clock.monotonic)
    beats.promise("light", 1e9)()
    running = asyncio.ensure_future(Beat(beats, clock, lambda: line[0]).run())
    for _ in range(4):
        await clock.advance(1.0)
        notified()  # systemd's socket holds few
    assert notified().count("WATCHDOG=1") == pytest.approx(4.0 / pause_s + 1, abs=1.01)
    line[0] = "lit"
    await clock.advance(4.0)
    assert [word for word in notified() if word.startswith("STATUS")] == ["STATUS=dark", "STATUS=lit"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
