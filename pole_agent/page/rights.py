"""Who may do what on the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Rights. look: see it all. light: override the lamp. stop: deny, cancel and stop flights. approve: let one
# fly. setup: zones, lines, rules, masks, and rehearsals over kept trajectories. judge: was an incident one?
LOOK, LIGHT, STOP, APPROVE, SETUP, JUDGE = "look", "light", "stop", "approve", "setup", "judge"
ROLES: Mapping[str, frozenset[str]] = {
    "viewer": frozenset({LOOK}),
    "technician": frozenset({LOOK, LIGHT, STOP, SETUP, JUDGE}),
    "officer": frozenset({LOOK, LIGHT, STOP, APPROVE, JUDGE}),
}
EVERYTHING = frozenset().union(*ROLES.values())  # of the demo, where nothing is real
STOPPING = ("deny", "cancel")


def right_for(path: str, payload: Mapping[str, Any]) -> str | None:
    """The right that a command needs; None for one that the page does not offer."""
    match path:
        case "lamp/set":
            return LIGHT
        case "drone/approval":
            return STOP if payload.get("decision") in STOPPING else APPROVE
        case "drone/stop":
            return APPROVE if payload.get("stop") is False else STOP
        case "incident/feedback":
            return JUDGE
    return None
