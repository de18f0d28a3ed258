"""The life of an incident. The table is the machine; a pair that is not in it is a mistake and raises.

forming --matured--> open --lost--> closing --expired--> closed
   |                  |  <--met-----   |
   +------lost------> closed <--ended--+   (ended: its rule went off, its camera went blind, the agent stops)
"""

from __future__ import annotations

from typing import Literal

State = Literal["forming", "open", "closing", "closed"]
Transition = Literal["met", "matured", "lost", "expired", "ended"]

TABLE: dict[State, dict[Transition, State]] = {
    "forming": {"met": "forming", "matured": "open", "lost": "closed", "ended": "closed"},
    "open": {"met": "open", "lost": "closing", "ended": "closed"},
    "closing": {"met": "open", "lost": "closing", "expired": "closed", "ended": "closed"},
    "closed": {},
}


def after(state: State, transition: Transition) -> State:
    """The state that follows. Raises ValueError for a pair that is not in the table."""
    try:
        return TABLE[state][transition]
    except KeyError:
        raise ValueError(f"an incident that is {state} cannot be {transition}") from None
