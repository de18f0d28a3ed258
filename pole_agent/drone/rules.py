"""Everything that [drone] says, as the dispatch loop uses it.

Plain values, made from the settings by compose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pole_agent.almanac import Place
from pole_agent.drone.approval import Office
from pole_agent.drone.gates import DroneLimits
from pole_agent.drone.patrol import Patrol
from pole_agent.drone.target import View
from pole_agent.drone.triage import Triage


@dataclass(frozen=True, slots=True)
class DroneRules:
    """`views` by the name of the camera; `trouble`: why an area could not be read, then nothing flies.

    `for_real`: orders of this agent may let a real drone fly. Without it, and without a person who approves,
    all is a simulation.
    """

    enabled: bool
    place: Place
    office: Office
    limits: DroneLimits = field(default_factory=DroneLimits)
    triage: Triage = field(default_factory=Triage)
    views: Mapping[str, View] | None = None
    patrols: tuple[Patrol, ...] = ()
    altitude_m: float = 60
    automatic: bool = False
    answer_s: float = 120
    silence_s: float = 1800
    trouble: str = ""
    for_real: bool = False

    @property
    def simulation(self) -> bool:
        return self.automatic or not self.for_real
