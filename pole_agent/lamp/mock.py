"""Pins that exist in memory only, for tests, the demo and machines without GPIO: gpiozero's own mock."""

from __future__ import annotations

from collections import deque
from typing import Any


def mock_factory(most_edges: int | None = None) -> Any:
    """A gpiozero pin factory with PWM pins in memory.

    Each keeps its last `most_edges` edges, or all of them: a test reads them, and a demo that runs for weeks
    must not grow by them.
    """
    from gpiozero.pins.mock import MockFactory, MockPWMPin

    class Pin(MockPWMPin):  # type: ignore[misc]  # gpiozero has no types
        states: Any

        def clear_states(self) -> None:
            super().clear_states()
            self.states = deque(self.states, maxlen=most_edges)

    return MockFactory(pin_class=MockPWMPin if most_edges is None else Pin)
