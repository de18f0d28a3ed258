"""The agent of the long run: `pole-agent run` with mock pins whose edges are written down, and with how late
its event loop is: `python -m endurance.pole <config> <trace>`.

A line an edge: `pin <monotonic time> <share of full light>`. A line every ten seconds: `loop <monotonic time>
<the latest that a wake-up came, in ms> <blocks of memory that Python holds> <objects that hold others>`.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
import time
from pathlib import Path

from gpiozero.pins.mock import MockFactory, MockPWMPin

from pole_agent import compose
from pole_agent.clock import SystemClock
from pole_agent.commands.run import Daemon
from pole_agent.console.daemon import leave, run_to_end, set_up_logging
from pole_agent.settings.load import load

LAMP = "GPIO18"
NAP_S, EVERY = 0.1, 100  # naps


class Trace:
    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(self, kind: str, *values: float) -> None:
        words = " ".join(f"{value:.4f}" for value in values)
        os.write(self._file, f"{kind} {time.monotonic():.4f} {words}\n".encode())


def factory(trace: Trace) -> MockFactory:
    class TracedPin(MockPWMPin):  # type: ignore[misc]  # gpiozero has no types
        def _change_state(self, value: float) -> bool:
            changed: bool = super()._change_state(value)
            self.clear_states()  # gpiozero's mock keeps every edge it ever had
            if changed and self.info.name == LAMP:
                trace.write("pin", 1 - float(value))  # with the reference wiring low is lit
            return changed

    return MockFactory(pin_class=TracedPin)


async def watch(trace: Trace) -> None:
    while True:
        latest = 0.0
        for _ in range(EVERY):
            due = time.monotonic() + NAP_S
            await asyncio.sleep(NAP_S)
            latest = max(latest, time.monotonic() - due)
        # The agent freezes what stays, so few are left to be listed
        objects = gc.get_freeze_count() + len(gc.get_objects())
        trace.write("loop", latest * 1000, sys.getallocatedblocks(), objects)


def main() -> int:
    set_up_logging("warning")
    clock, path, trace = SystemClock(), Path(sys.argv[1]), Trace(Path(sys.argv[2]))
    loaded = load(path)
    luminaire = compose.open_lamp(loaded.settings, clock, factory(trace))
    daemon = Daemon(path, loaded, luminaire, clock, threading.Event())

    async def beside() -> None:
        watching = asyncio.create_task(watch(trace))
        try:
            await daemon.listen_for_reload()
        finally:
            watching.cancel()

    code = run_to_end(daemon.runtime.agent, beside, daemon.renew)
    daemon.luminaire.close()
    return leave(code)


if __name__ == "__main__":
    sys.exit(main())
