"""What the controller drives and reads: Lamp and Contact; and Luminaire, all that hangs on one pole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from pole_agent.lamp.faults import Feedback


class Lamp(Protocol):
    """The LED driver of the pole. Lit when nobody drives it."""

    def set(self, duty: float) -> None:
        """Shine with this share of full light, 0 to 1. Raises LampError."""
        ...

    def close(self) -> None:
        """Let go of the pin; with the reference wiring the street is lit then. May be called twice."""
        ...


class Contact(Protocol):
    """The relay in the supply of the driver. Closed when nobody drives it."""

    def set(self, closed: bool) -> None:
        """Raises LampError."""
        ...

    def close(self) -> None:
        """Let go of the pin. May be called twice."""
        ...


class Input(Protocol):
    """A sensor that is read without waiting."""

    def close(self) -> None: ...


@dataclass(slots=True)
class Luminaire:
    """The lamp and what belongs to it.

    Sensors are optional: one that is missing or broken reads None, and `troubles` says why.
    """

    lamp: Lamp
    relay: Contact | None = None
    lux: Callable[[], float | None] = lambda: None
    feedback: Callable[[], Feedback | None] = lambda: None
    # The button; calls from a thread of its own
    on_press: Callable[[Callable[[], None]], None] = lambda _: None
    inputs: list[Input] = field(default_factory=list)
    troubles: dict[str, str] = field(default_factory=dict)
    factory: Any = None  # of the pins

    def detach(self) -> None:
        """Let go of relay and sensors, and forget them."""
        for part in self.inputs:
            part.close()
        if self.relay is not None:
            self.relay.close()
        bare = Luminaire(self.lamp)
        self.relay, self.lux, self.feedback, self.on_press = None, bare.lux, bare.feedback, bare.on_press
        self.inputs, self.troubles = [], {}

    def close(self) -> None:
        """Let go of everything; the lamp last."""
        self.detach()
        self.lamp.close()
