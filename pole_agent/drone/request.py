"""A drone request as a value, and what changes it. Pure: each function returns the new request."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from pole_agent.almanac import rfc3339
from pole_agent.drone.approval import LATEST
from pole_agent.drone.gates import Gate
from pole_agent.drone.machine import (
    OPEN_STATES,
    ORDERED_STATES,
    TABLE,
    WAITING_STATES,
    State,
    Transition,
    after,
)
from pole_agent.drone.target import Target
from pole_agent.languages import phrase
from pole_agent.vocabulary import Severity

MAX_INCIDENTS, MAX_STEPS = 8, 32
# The dispatcher said that the flight is over
LANDED: frozenset[State] = frozenset({"rejected", "ok", "partially_done", "failed"})


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the request's history. `at` is wall time."""

    at: float
    state: State
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Request:
    """One trigger for a look from above. `created`, `expires`, `changed` are wall times; `…_at` monotonic
    times of the boot `boot_id`.

    `rule` is the rule of the incident, or the name of the patrol; `place` the zone or line, or the moment of
    the patrol.
    """

    request_id: str
    state: State
    origin: Literal["incident", "patrol"]
    rule: str
    place: str
    camera: str
    severity: str
    score: float
    target: Target
    created: float
    expires: float
    created_at: float
    expires_at: float
    boot_id: str
    simulation: bool = False
    incident_ids: tuple[str, ...] = ()
    count: int = 1
    path: tuple[tuple[float, float], ...] = ()
    by: str = ""
    reason: str = ""
    approved_by: str = ""
    approval_key: str = ""  # the public key that signed the approval
    standing: bool = False  # approved by the standing approval of its patrol
    timed: bool = True  # `created` and `expires` are of a trusted clock
    ordered: bool = False
    call_back: bool = False  # the flight is called back until the dispatcher says that it is over
    changed: float = 0.0
    changed_at: float = 0.0
    step: str = ""  # where the flight is, in the dispatcher's words
    gates: tuple[Gate, ...] = ()
    nonces: tuple[str, ...] = ()  # of the approvals that were signed for it
    history: tuple[Step, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def is_waiting(self) -> bool:
        return self.state in WAITING_STATES

    @property
    def is_ordered(self) -> bool:
        return self.state in ORDERED_STATES

    @property
    def incident_key(self) -> tuple[str, str, str]:
        """What the request is about: a repeat of it joins."""
        return self.camera, self.rule, self.place

    @property
    def may_fly(self) -> bool:
        """It was ordered, and the dispatcher has not said that it is over."""
        return self.ordered and self.state not in LANDED

    def moved(
        self, transition: Transition, wall: float, now: float, *, by: str = "", reason: str = ""
    ) -> Request:
        """The request after something happened. Raises ValueError for what the table does not allow."""
        state = after(self.state, transition)
        step = Step(wall, state, by, reason)
        moved = replace(self, state=state, by=by or self.by, reason=reason, changed=wall, changed_at=now)
        moved = replace(moved, history=(*self.history, step)[-MAX_STEPS:])
        match transition:
            case "approve":
                return replace(moved, approved_by=by)
            case "block":
                # What was approved before is to be approved again.
                return replace(moved, approved_by="", approval_key="", standing=False)
            case "send":
                return replace(moved, ordered=True)
        return moved

    def joined(self, incident_ids: Sequence[str], count: int) -> Request:
        """Repeats join this request: the count rises. The first incident and the newest ones are named."""
        return replace(
            self, count=self.count + count, incident_ids=first_and_newest((*self.incident_ids, *incident_ids))
        )

    def retimed(self, wall: float, now: float) -> Request:
        """The wall times computed again from the monotonic ones: the clock was set, or it jumped.

        For a request of this boot.
        """
        return replace(
            self, created=wall - (now - self.created_at), expires=wall + (self.expires_at - now), timed=True
        )

    def message(self, pole: str) -> dict[str, Any]:
        """The payload of ``drone/request`` and the data of ``drone.changed``."""
        return {
            "request_id": self.request_id,
            "pole": pole,
            "state": self.state,
            "simulation": self.simulation,
            "origin": self.origin,
            "rule": self.rule,
            "camera": self.camera,
            "place": self.place,
            "severity": self.severity,
            "score": self.score,
            "incident_ids": list(self.incident_ids),
            "count": self.count,
            "gates": [g.as_data() for g in self.gates],
            "target": self.target.as_data("radius_m" if self.origin == "patrol" else "uncertainty_m"),
            "path": [list(p) for p in self.path],
            "created_at": rfc3339(self.created),
            "expires_at": rfc3339(self.expires),
            "by": self.by,
            "reason": self.reason,
            "step": self.step,
        }

    def order(self, pole: str) -> dict[str, Any]:
        """The payload of ``drone/order``."""
        return {k: v for k, v in self.message(pole).items() if k not in ("state", "count", "step")} | {
            "approved_by": self.approved_by
        }

    def dump(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Request:
        """Read what `dump` wrote, of this version or another: what is unknown here is left out, what came
        later has its default.

        Raises one of UNREADABLE for anything else: one damaged row must not stop the others.
        """
        known = cls.__dataclass_fields__
        fields = {"origin": "incident", "place": "", "score": 0.0} | {
            k: v for k, v in json.loads(text).items() if k in known
        }
        fields["target"] = Target(
            *(_number(fields["target"][k]) for k in ("latitude", "longitude", "altitude_m", "radius_m"))
        )
        fields["gates"] = tuple(_gate(g) for g in fields.get("gates", ()))
        fields["history"] = tuple(
            Step(_number(s["at"]), s["state"], str(s.get("by", "")), str(s.get("reason", "")))
            for s in fields.get("history", ())
        )
        fields["path"] = tuple((_number(x), _number(y)) for x, y in fields.get("path", ()))
        for name in ("incident_ids", "nonces"):
            fields[name] = tuple(map(str, fields.get(name, ())))
        request = cls(**fields)
        for name in NUMBERS:
            _number(getattr(request, name))
        texts = all(isinstance(getattr(request, name), str) for name in TEXTS)
        if (
            not texts
            or request.state not in TABLE
            or request.origin not in ("incident", "patrol")
            or not isinstance(request.count, int)
        ):
            raise ValueError(phrase("request-damaged"))
        Severity.of(request.severity)
        request.message("")
        request.dump()
        return request


NUMBERS = ("score", "created", "expires", "created_at", "expires_at", "changed", "changed_at")
TEXTS = (
    "request_id",
    "rule",
    "place",
    "camera",
    "severity",
    "boot_id",
    "by",
    "reason",
    "approved_by",
    "approval_key",
    "step",
)


def first_and_newest(ids: Iterable[str]) -> tuple[str, ...]:
    """The first one, and the newest of the others: so many are named."""
    unique = tuple(dict.fromkeys(ids))
    return (*unique[:1], *unique[1:][-(MAX_INCIDENTS - 1) :])


def _gate(kept: dict[str, Any]) -> Gate:
    age_s, source = kept.get("age_s"), str(kept.get("source", "pole"))
    return Gate(
        str(kept["name"]),
        kept.get("value"),
        kept.get("limit"),
        kept.get("ok") is True,
        source,
        age_s,
        str(kept.get("why", "")),
    )


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LATEST:
        raise ValueError(phrase("stored-number-invalid", value=f"{value!r}"))
    return float(value)
