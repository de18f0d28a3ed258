"""A moment for tests."""

from __future__ import annotations

from pole_agent.lamp.moment import Moment


def moment(wall: float, now: float, *, trusted: bool = True, boot: str = "boot", reason: str = "") -> Moment:
    """`now` on the monotonic clock, when the wall clock reads `wall` + `now`."""
    kind = "trusted" if trusted else "unheard"
    return Moment(now=now, offset=wall, trusted=trusted, kind=kind, reason=reason, boot_id=boot)
