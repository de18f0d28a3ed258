"""Lamp: something that shines at a level."""

from __future__ import annotations

from typing import Protocol


class Lamp(Protocol):
    """The LED driver of the pole. Lit when nobody drives it."""

    def set(self, duty: float) -> None:
        """Shine with this share of full light, 0 to 1. Raises LampError."""
        ...

    def close(self) -> None:
        """Let go of the pin; with the reference wiring the street is lit then. May be called twice."""
        ...
