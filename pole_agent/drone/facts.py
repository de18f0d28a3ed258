"""What the controller is told from outside. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The moment at which something is decided, on every clock, and what holds then."""

    now: float  # monotonic seconds
    wall: float  # seconds
    latest_wall: float  # what was stored with a later wall time was stored by a clock that was ahead
    trusted: bool  # is the wall clock right?
    boot_id: str
    connected: bool  # to the broker

    def since(self, boot_id: str, wall: float, at: float) -> float:
        """Seconds since a moment: by the monotonic clock within a boot, else by the wall clock."""
        return self.now - at if boot_id == self.boot_id else self.wall - wall


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRows:
    """What an earlier run left in the store, as text: the requests, and the values of `stored.KEYS`."""

    requests: tuple[str, ...]
    values: Mapping[str, str | None]
