"""The life of a drone request. The table is the machine; a pair that is not in it raises.

Every state that is not final may be denied or cancelled. Up to `sent` the request is ours; what follows mirrors the dispatcher.
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

_OPEN: dict[Happening, State] = {"deny": "denied", "cancel": "canceled"}
_WAITING: dict[Happening, State] = {"expire": "expired", **_OPEN}
# The dispatcher's words may come late, twice or out of order: in the air, a word from before the start changes nothing.
_ORDERED: dict[Happening, State] = {
    "reject": "rejected", "progress": "in_progress", "pause": "paused", "finish": "ok", "finish_partly": "partially_done", "fail": "failed",
    "time_out": "timeout", **_OPEN,
}  # fmt: skip

TABLE: dict[State, dict[Happening, State]] = {
    "detected": {"suppress": "suppressed", "request": "requested", **_OPEN},
    "suppressed": {},
    "requested": {"block": "blocked", "unblock": "pending_approval", **_WAITING},
    "blocked": {"unblock": "pending_approval", **_WAITING},
    "pending_approval": {"block": "blocked", "approve": "approved", **_WAITING},
    "approved": {"block": "blocked", "send": "sent", **_WAITING},
    "denied": {},
    "expired": {},
    "canceled": {},
    "sent": {"accept": "accepted", **_ORDERED},
    "accepted": {"accept": "accepted", **_ORDERED},
    "rejected": {},
    "timeout": {},
    "in_progress": {"accept": "in_progress", **_ORDERED},
    "paused": {"accept": "paused", **_ORDERED},
    "ok": {},
    "partially_done": {},
    "failed": {},
}

OPEN_STATES: frozenset[State] = frozenset(s for s, ways in TABLE.items() if ways)
WAITING_STATES: frozenset[State] = frozenset({"requested", "blocked", "pending_approval", "approved"})  # ours, before `sent`
ORDERED_STATES: frozenset[State] = OPEN_STATES - WAITING_STATES - {"detected"}  # the dispatcher has it, or may have it
# Status words of the dispatcher (as of DJI's dock interface) and what they mean here.
STATUS: dict[str, Happening] = {
    "accepted": "accept", "sent": "accept", "rejected": "reject", "in_progress": "progress", "paused": "pause", "ok": "finish",
    "partially_done": "finish_partly", "failed": "fail", "canceled": "cancel", "timeout": "time_out",
}  # fmt: skip


WORDS: dict[Happening, str] = {"approve": "an approval", "deny": "a denial", "cancel": "a cancel"}


def after(state: State, happening: Happening) -> State:
    """The state that follows. Raises ValueError for a pair that is not in the table."""
    try:
        return TABLE[state][happening]
    except KeyError:
        word = WORDS.get(happening, happening.replace("_", " "))
        raise ValueError(f"a request that is {state} does not take {word} any more") from None


def picture() -> str:
    """The table as a Mermaid state diagram; docs/drone.md shows it. What all states of a group have in common is drawn once."""
    groups = {"waiting": [s for s in TABLE if s in WAITING_STATES], "ordered": [s for s in TABLE if s in ORDERED_STATES]}
    common: set[tuple[State, Happening]] = set()
    lines = ["stateDiagram-v2", "    [*] --> detected"]
    for group, states in groups.items():
        shared = set.intersection(*(set(TABLE[s].items()) for s in states))
        outward = sorted((to, happening) for happening, to in shared if to not in states)
        common |= {(s, happening) for s in states for _, happening in outward}
        lines += [f"    state {group} {{", *(f"        {s}" for s in states), "    }"]
        lines += [f"    {group} --> {to}: {happening.replace('_', ' ')}" for to, happening in outward]
    for state, ways in TABLE.items():
        lines += [
            f"    {state} --> {to}: {happening.replace('_', ' ')}"
            for happening, to in ways.items()
            if to != state and (state, happening) not in common
        ]
        if not ways:
            lines.append(f"    {state} --> [*]")
    return "\n".join(lines) + "\n"
