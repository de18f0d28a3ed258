"""The states of a drone request and its transitions, as one table. A pair that is not in it raises.

Every state that is not final may be denied or cancelled. Up to `sent` the pole decides; later states mirror
what the dispatcher reports.
"""

from __future__ import annotations

from typing import Literal

from pole_agent.languages import phrase

State = Literal[
    "detected",
    "suppressed",
    "requested",
    "blocked",
    "pending_approval",
    "approved",
    "denied",
    "expired",
    "canceled",
    "sent",
    "accepted",
    "rejected",
    "timeout",
    "in_progress",
    "paused",
    "ok",
    "partially_done",
    "failed",
]
Transition = Literal[
    "suppress",
    "request",
    "block",
    "unblock",
    "approve",
    "deny",
    "cancel",
    "expire",
    "send",
    "accept",
    "reject",
    "time_out",
    "progress",
    "pause",
    "finish",
    "finish_partly",
    "fail",
]

_OPEN: dict[Transition, State] = {"deny": "denied", "cancel": "canceled"}
_WAITING: dict[Transition, State] = {"expire": "expired", **_OPEN}
# The dispatcher's reports may come late, twice or out of order: in the air, "accepted" changes nothing.
_ORDERED: dict[Transition, State] = {
    "reject": "rejected",
    "progress": "in_progress",
    "pause": "paused",
    "finish": "ok",
    "finish_partly": "partially_done",
    "fail": "failed",
    "time_out": "timeout",
    **_OPEN,
}

TABLE: dict[State, dict[Transition, State]] = {
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
# Not ordered yet
WAITING_STATES: frozenset[State] = frozenset({"requested", "blocked", "pending_approval", "approved"})
# The dispatcher has the order, or may have it
ORDERED_STATES: frozenset[State] = OPEN_STATES - WAITING_STATES - {"detected"}
# Status words of the dispatcher (as of DJI's dock interface) and what they mean here.
STATUS: dict[str, Transition] = {
    "accepted": "accept",
    "sent": "accept",
    "rejected": "reject",
    "in_progress": "progress",
    "paused": "pause",
    "ok": "finish",
    "partially_done": "finish_partly",
    "failed": "fail",
    "canceled": "cancel",
    "timeout": "time_out",
}


WORDS: dict[Transition, str] = {
    "approve": phrase("an-approval"),
    "deny": phrase("a-denial"),
    "cancel": phrase("a-cancel"),
}


def after(state: State, transition: Transition) -> State:
    """The state that follows. Raises ValueError for a pair that is not in the table."""
    try:
        return TABLE[state][transition]
    except KeyError:
        word = WORDS.get(transition, transition.replace("_", " "))
        raise ValueError(phrase("state-refuses", state=state, what=word)) from None


def picture() -> str:
    """The table as a Mermaid state diagram; docs/drone.md shows it.

    What all states of a group have in common is drawn once.
    """
    groups = {
        "waiting": [s for s in TABLE if s in WAITING_STATES],
        "ordered": [s for s in TABLE if s in ORDERED_STATES],
    }
    common: set[tuple[State, Transition]] = set()
    lines = ["stateDiagram-v2", "    [*] --> detected"]
    for group, states in groups.items():
        shared = set.intersection(*(set(TABLE[s].items()) for s in states))
        outward = sorted((to, transition) for transition, to in shared if to not in states)
        common |= {(s, transition) for s in states for _, transition in outward}
        lines += [f"    state {group} {{", *(f"        {s}" for s in states), "    }"]
        lines += [f"    {group} --> {to}: {transition.replace('_', ' ')}" for to, transition in outward]
    for state, ways in TABLE.items():
        lines += [
            f"    {state} --> {to}: {transition.replace('_', ' ')}"
            for transition, to in ways.items()
            if to != state and (state, transition) not in common
        ]
        if not ways:
            lines.append(f"    {state} --> [*]")
    return "\n".join(lines) + "\n"
