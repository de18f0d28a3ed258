"""The poles of the demo: their settings, their clock, and several of them in one process."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import time
import tomllib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pole_agent import almanac, compose
from pole_agent.clock import SystemClock
from pole_agent.languages import phrase
from pole_agent.settings import Settings
from pole_agent.settings.load import Loaded

FOLDER = Path(__file__).parent.parent / "demo"
BEFORE_SUNSET_S = 6.0
CLIP_S = 25.0
APART_DEGREES = 0.0004  # about 45 m, as street lamps stand


def settings_for(
    state_dir: str, broker: dict[str, Any] | None, loop: bool, number: int = 1, approval: str = "automatic"
) -> Settings:
    """The demo's pole.toml, with what only this run knows. `number`: which pole of the street it is."""
    return Settings.model_validate(document_for(state_dir, broker, loop, number, approval))


def document_for(
    state_dir: str, broker: dict[str, Any] | None, loop: bool, number: int = 1, approval: str = "automatic"
) -> dict[str, Any]:
    """The same, as it is written."""
    document = tomllib.loads((FOLDER / "pole.toml").read_text())
    document["storage"] = {"state_dir": state_dir}
    document["drone"]["approval"] = approval
    pole = document["pole"]
    pole |= {"id": f"DEMO-{number}", "longitude": round(pole["longitude"] + (number - 1) * APART_DEGREES, 6)}
    pole |= {"name": f"{pole['name']} {number}"} if number > 1 else {}
    document["camera"][0] |= {"source": str(FOLDER / "street.mp4"), "loop": loop}
    if broker:
        document["mqtt"] = broker
    return document


def clock_for(settings: Settings, alone: bool) -> SystemClock:
    """The clock of the demo.

    Alone, the sun sets in a few seconds; with others, whose commands carry a time, it is the real one.
    """
    now = time.time()
    return SystemClock(
        almanac.night_of(now, settings.pole.place).sun["sunset"] - BEFORE_SUNSET_S - now if alone else 0.0
    )


def time_of(settings: Settings, clock: SystemClock) -> str:
    """The clock in words: the pole's local time, and what to expect of the lamp by day."""
    place, wall = settings.pole.place, clock.wall()
    local = datetime.fromtimestamp(wall, place.zone).strftime("%H:%M %Z")
    if clock.shifted:
        return phrase("starts-at-dusk", time=local)
    if almanac.is_dark(wall, place):
        return phrase("real-time", time=local)
    return phrase("real-time-by-day", time=local)


class Fleet:
    """Several agents as one.

    Each starts a while after the one before, so that they are at different places of the clip.
    """

    def __init__(self, runtimes: Sequence[compose.Runtime]) -> None:
        self._runtimes, self._stopped = runtimes, asyncio.Event()

    async def run(self) -> int:
        return max(await asyncio.gather(*(self._run(number) for number in range(len(self._runtimes)))))

    async def _run(self, number: int) -> int:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(number * CLIP_S / len(self._runtimes)):
                await self._stopped.wait()
        return 0 if self._stopped.is_set() else await self._runtimes[number].agent.run()

    def stop(self) -> None:
        self._stopped.set()
        for runtime in self._runtimes:
            runtime.agent.stop()


def neighbours(
    arguments: argparse.Namespace, scratch: Path, broker: dict[str, Any], clock: SystemClock, first: Settings
) -> list[compose.Runtime]:
    """The poles beside the first one. They share its detector: one network serves them all."""
    detector, runtimes = compose.detector_of(first), []
    for number in range(1, arguments.poles + 1):
        folder = scratch / str(number)
        settings = (
            settings_for(str(folder), broker, True, number, arguments.approval) if number > 1 else first
        )
        luminaire = compose.open_lamp(settings, clock)
        socket_path = folder / compose.SOCKET_NAME if number > 1 else scratch / compose.SOCKET_NAME
        runtimes.append(
            compose.build(Loaded(settings, ""), luminaire, clock, detector=detector, socket=socket_path)
        )
    return runtimes
