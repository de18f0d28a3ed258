"""A drone request as a value, and what changes it. Pure: each function returns the new request."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pole_agent.almanac import rfc3339
from pole_agent.drone.gates import Gate
from pole_agent.drone.machine import OPEN_STATES, WAITING_STATES, Happening, State, after


@dataclass(frozen=True, slots=True)
class Request:
    """One wish for a look from above. `created` and `expires` are wall times, `boot_id` says of which boot's monotonic clock."""

    request_id: str
    state: State
    rule: str
    camera: str
    severity: str
    incident_ids: tuple[str, ...]
    count: int
    target: tuple[float, float]  # latitude, longitude
    altitude_m: float
    created: float
    expires: float
    created_at: float  # monotonic
    expires_at: float
    boot_id: str
    by: str = ""
    reason: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def is_waiting(self) -> bool:
        return self.state in WAITING_STATES

    def moved(self, happening: Happening, *, by: str = "", reason: str = "") -> Request:
        """The request after something happened. Raises ValueError for what the table does not allow."""
        return replace(self, state=after(self.state, happening), by=by or self.by, reason=reason)

    def joined(self, incident_id: str) -> Request:
        """A repeat joins this request: the count rises, nothing else changes."""
        ids = tuple(dict.fromkeys((*self.incident_ids, incident_id)))[-8:]
        return replace(self, count=self.count + 1, incident_ids=ids)

    def message(self, gates: Sequence[Gate]) -> dict[str, Any]:
        """The payload of ``drone/request`` and the data of ``drone.changed``."""
        return {
            "request_id": self.request_id,
            "state": self.state,
            "rule": self.rule,
            "camera": self.camera,
            "severity": self.severity,
            "incident_ids": list(self.incident_ids),
            "count": self.count,
            "gates": [g.as_data() for g in gates],
            "target": {"latitude": self.target[0], "longitude": self.target[1], "altitude_agl_m": self.altitude_m},
            "created_at": rfc3339(self.created),
            "expires_at": rfc3339(self.expires),
            "by": self.by,
            "reason": self.reason,
        }

    def dump(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Request:
        """Read what `dump` wrote. Raises ValueError or TypeError for anything else."""
        fields = json.loads(text)
        fields["incident_ids"] = tuple(fields["incident_ids"])
        fields["target"] = tuple(fields["target"])
        return cls(**fields)
