"""What is wrong with the machine itself: heat, its supply, and threads that hang."""

from __future__ import annotations

import logging
from collections.abc import Callable

from pole_agent.health.heat import Heat
from pole_agent.languages import phrase
from pole_agent.threads import hanging

log = logging.getLogger(__name__)

MAX_HANGING = 32  # threads; each may hold a picture and a connection


class Machine:
    """`under_voltage`: is the supply too weak now?

    None: unknown. `restart` is called before threads that hang fill the memory.
    """

    def __init__(
        self, heat: Heat, under_voltage: Callable[[], bool | None], restart: Callable[[], None]
    ) -> None:
        self._heat, self._under_voltage, self._restart = heat, under_voltage, restart

    def troubles(self) -> dict[str, str]:
        """By part; empty where all is well."""
        self._heat.pace()
        left = hanging()
        if len(left) >= MAX_HANGING:
            log.critical("%d threads hang: the agent restarts before memory runs out", len(left))
            self._restart()
        return {
            "temperature": self._heat.why,
            "voltage": phrase("voltage-low") if self._under_voltage() else "",
            "threads": phrase("threads-hang", count=len(left), last=left[-1]) if left else "",
        }
