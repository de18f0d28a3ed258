"""The life of a drone request. The table is the machine; a pair that is not in it raises.

requested -> blocked <-> pending_approval -> approved -> sent -> accepted -> in_progress <-> paused -> ok …
Every state up to `sent` may expire or be cancelled; what follows `sent` mirrors the dispatcher.
"""

from __future__ import annotations

from typing import Literal

State = Literal[
    "detected", "suppressed", "requested", "blocked", "pending_approval", "approved", "denied", "expired", "canceled",
    "sent", "accepted", "rejected", "timeout", "in_progress", "paused", "ok", "partially_done", "failed",
]  # fmt: skip
Happening = Literal[
    "suppress", "request", "block", "unblock", "approve", "deny", "cancel", "expire", "send",
    "accept", "reject", "time_out", "progress", "pause", "finish", "finish_partly", "fail",
]  # fmt: skip

_OPEN: dict[Happening, State] = {"cancel": "canceled", "expire": "expired", "deny": "denied"}
_FLYING: dict[Happening, State] = {
    "progress": "in_progress", "pause": "paused", "finish": "ok", "finish_partly": "partially_done", "fail": "failed",
    "cancel": "canceled", "time_out": "timeout",
}  # fmt: skip

TABLE: dict[State, dict[Happening, State]] = {
    "detected": {"suppress": "suppressed", "request": "requested"},
    "suppressed": {},
    "requested": {"block": "blocked", "unblock": "pending_approval", **_OPEN},
    "blocked": {"unblock": "pending_approval", **_OPEN},
    "pending_approval": {"block": "blocked", "approve": "approved", **_OPEN},
    "approved": {"block": "blocked", "send": "sent", **_OPEN},
    "denied": {},
    "expired": {},
    "canceled": {},
    "sent": {"accept": "accepted", "reject": "rejected", **_FLYING},
    "accepted": _FLYING,
    "rejected": {},
    "timeout": {},
    "in_progress": _FLYING,
    "paused": _FLYING,
    "ok": {},
    "partially_done": {},
    "failed": {},
}

OPEN_STATES: frozenset[State] = frozenset(s for s, ways in TABLE.items() if ways)
WAITING_STATES: frozenset[State] = frozenset({"requested", "blocked", "pending_approval", "approved"})  # ours, before `sent`
# Status words of the dispatcher (as of DJI's dock interface) and what they mean here.
STATUS: dict[str, Happening] = {
    "accepted": "accept", "sent": "accept", "rejected": "reject", "in_progress": "progress", "paused": "pause", "ok": "finish",
    "partially_done": "finish_partly", "failed": "fail", "canceled": "cancel", "timeout": "time_out",
}  # fmt: skip


def after(state: State, happening: Happening) -> State:
    """The state that follows. Raises ValueError for a pair that is not in the table."""
    try:
        return TABLE[state][happening]
    except KeyError:
        raise ValueError(f"a request that is {state} does not {happening.replace('_', ' ')}") from None
