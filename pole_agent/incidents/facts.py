"""What the judge finds: the facts from which responses follow."""

from __future__ import annotations

from dataclasses import dataclass

from pole_agent.incidents.rules import Incident, Rule


@dataclass(frozen=True, slots=True)
class Noticed:
    """Somebody may be about to open an incident of this rule: light first, certainty second."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class Opened:
    incident: Incident


@dataclass(frozen=True, slots=True)
class Ongoing:
    """The condition holds at this frame."""

    incident: Incident


@dataclass(frozen=True, slots=True)
class Closed:
    incident: Incident


@dataclass(frozen=True, slots=True)
class Summarized:
    data: dict[str, object]
