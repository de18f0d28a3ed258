"""pole-agent run with a lamp that cannot be driven to a third: `failing_pole.py <config>`. A helper of the
tests.

It ends as `run` does, and says on the way out what the pin was like when the lamp failed and after it was let
go.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from pole_agent import compose
from pole_agent.clock import SystemClock
from pole_agent.commands.run import Daemon
from pole_agent.console.daemon import leave, run_to_end, set_up_logging
from pole_agent.errors import LampError
from pole_agent.lamp.lamp import Lamp
from pole_agent.lamp.mock import mock_factory
from pole_agent.settings.load import load


class Frail:
    """The lamp, and what it cannot do."""

    def __init__(self, lamp: Lamp) -> None:
        self._lamp = lamp
        self.close = lamp.close

    def set(self, duty: float) -> None:
        if 0.3 < duty < 0.4:
            raise LampError("the pin cannot be driven")
        self._lamp.set(duty)


def main() -> int:
    set_up_logging("info")
    clock, path, factory = SystemClock(), Path(sys.argv[1]), mock_factory()
    loaded = load(path)
    luminaire = compose.open_lamp(loaded.settings, clock, factory)
    luminaire.lamp = Frail(luminaire.lamp)
    daemon = Daemon(path, loaded, luminaire, clock, threading.Event())
    code = run_to_end(daemon.runtime.agent, daemon.listen_for_reload, daemon.renew)
    pin = factory.pin("GPIO18")
    failed_at = 1 - float(pin.state)
    daemon.luminaire.close()
    print(f"lit {failed_at:.2f}, then {'let go' if pin.function == 'input' else 'held'}")
    return leave(code)


if __name__ == "__main__":
    sys.exit(main())
