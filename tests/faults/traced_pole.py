"""pole-agent run, with every edge of the lamp's pin written to a file: `traced_pole.py <config> <trace>`. A
helper of the tests.

One line an edge: the monotonic time, and the share of full light that the wire asks for with the reference
wiring (low = lit).
"""

from __future__ import annotations

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

TRACE = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
LAMP = 18


class TracedPin(MockPWMPin):  # type: ignore[misc]  # gpiozero has no types
    def _change_state(self, value: float) -> bool:
        changed: bool = super()._change_state(value)
        if changed and self.info.name == f"GPIO{LAMP}":
            os.write(TRACE, f"{time.monotonic():.4f} {1 - float(value):.4f}\n".encode())
        return changed


def main() -> int:
    set_up_logging("info")
    clock, path = SystemClock(), Path(sys.argv[1])
    loaded = load(path)
    os.write(TRACE, f"{time.monotonic():.4f} start\n".encode())
    luminaire = compose.open_lamp(loaded.settings, clock, MockFactory(pin_class=TracedPin))
    daemon = Daemon(path, loaded, luminaire, clock, threading.Event())
    code = run_to_end(daemon.runtime.agent, daemon.listen_for_reload, daemon.renew)
    daemon.luminaire.close()
    return leave(code)


if __name__ == "__main__":
    sys.exit(main())
