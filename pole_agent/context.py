"""What almost every loop works with."""

from __future__ import annotations

from dataclasses import dataclass

from pole_agent.clock import Clock
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One of these is made for each configuration; store, board and parts may be those of the one before."""

    base: str  # of all topics: smartpole/{site}/{id}
    clock: Clock
    keeper: TimeKeeper  # is the clock right?
    store: Store
    board: Board  # states for the broker
    parts: Parts  # which part works, and which does not
