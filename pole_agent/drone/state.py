"""What dispatch knows of its requests. A reload hands it on as it is; all else is configuration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pole_agent.drone.approval import StandingBook
from pole_agent.drone.commands import Decision
from pole_agent.drone.conditions import Conditions
from pole_agent.drone.request import Request, first_and_newest
from pole_agent.drone.stored import LastOrder
from pole_agent.vocabulary import RequestDrone

Key = tuple[str, str, str]  # RequestDrone.incident_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggers:
    """Triggers about one incident that wait to be taken: the first, the incidents to name, how many."""

    first: RequestDrone
    ids: tuple[str, ...]
    count: int

    def followed_by(self, later: Triggers | None) -> Triggers:
        """These and `later` ones about the same incident."""
        if later is None:
            return self
        ids = first_and_newest((*self.ids, *later.ids))
        return Triggers(first=self.first, ids=ids, count=self.count + later.count)


@dataclass(slots=True, kw_only=True)
class DroneState:
    """Only the controller changes it. Times named `…_at` are monotonic seconds, by request id."""

    restored: bool = False  # were the requests of earlier runs read?
    store_id: str = ""  # of the store that all this is kept in
    requests: dict[str, Request] = field(default_factory=dict)
    heard_at: dict[str, float] = field(default_factory=dict)  # when anything was last heard of each request
    deadlines: dict[str, float] = field(default_factory=dict)  # of requests of an earlier boot
    # When the broker could hear of a call-back that goes on; None: not yet
    called_back_at: dict[str, float | None] = field(default_factory=dict)
    last_order: LastOrder | None = None
    stop: Mapping[str, Any] | None = None  # of all flights: by whom, why, since when
    dock_stop: float | None = None  # wall time at which the dispatcher's dock was stopped
    standing: StandingBook = field(default_factory=StandingBook)
    conditions: Conditions = field(default_factory=Conditions)
    triggers: dict[Key, Triggers] = field(default_factory=dict)
    # What was denied or cancelled before the requests could be read, by request id or patrol
    early: dict[str, Decision] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)  # approvals that did not count, by cause
    unsaved: dict[str, None] = field(
        default_factory=dict
    )  # ids of requests that changed since they were saved
    unsaved_values: dict[str, str] = field(default_factory=dict)
    saved_at: float = float("-inf")
