"""Now, on every clock that the lamp is told of. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pole_agent.almanac import rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """`now` is monotonic, in seconds since this boot; `offset` is wall minus monotonic, as the clock says.

    `trusted`: the wall clock is right. `kind` and `reason` say what the trust rests on, or why there is none.
    """

    now: float
    offset: float
    trusted: bool
    kind: str
    reason: str
    boot_id: str

    @property
    def wall(self) -> float:
        """By the clock, trusted or not."""
        return self.wall_at(self.now)

    @property
    def trusted_wall(self) -> float | None:
        return self.wall if self.trusted else None

    def wall_at(self, monotonic: float) -> float:
        return monotonic + self.offset

    def text_of(self, monotonic: float | None) -> str | None:
        """RFC 3339 in UTC; None where the time is not known."""
        return rfc3339(self.wall_at(monotonic)) if monotonic is not None and self.trusted else None
