"""Commands to the drone room: decisions of an officer, progress of the dispatcher, the stop of all flights.
Read, checked, refused. Pure.

Conditions have a file of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pole_agent.almanac import from_rfc3339
from pole_agent.drone.machine import STATUS, Transition
from pole_agent.errors import CommandRefused
from pole_agent.languages import phrase

DECISIONS: dict[str, Transition] = {"approve": "approve", "deny": "deny", "cancel": "cancel"}
MAX_WORDS = 200


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about a request, or about a patrol by its plan (then `until` ends a standing
    approval).
    """

    transition: Transition
    by: str
    request_id: str = ""
    patrol: str = ""
    until: float | None = None
    reason: str = ""
    signature: Any = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What the dispatcher says of a flight: `step` is where it is, in its own words."""

    request_id: str
    status: str
    transition: Transition
    step: str = ""
    reason: str = ""


def read_decision(payload: Mapping[str, Any]) -> Decision:
    """Read ``drone/approval``. Raises CommandRefused."""
    _only(payload, {"request_id", "patrol", "until", "decision", "by", "reason", "signature"})
    by, decision = _by(payload), payload.get("decision")
    if not isinstance(decision, str) or decision not in DECISIONS:
        raise CommandRefused(phrase("decision-invalid", decisions=", ".join(DECISIONS)))
    transition, reason = DECISIONS[decision], _words(payload, "reason", MAX_WORDS)
    if "patrol" not in payload:
        if "until" in payload:
            raise CommandRefused(phrase("until-without-patrol"))
        return Decision(
            transition, by, request_id=_request_id(payload), reason=reason, signature=payload.get("signature")
        )
    patrol = payload["patrol"]
    if not isinstance(patrol, str) or "request_id" in payload:
        raise CommandRefused(phrase("request-or-patrol"))
    until = None
    if transition == "approve":
        try:
            until = from_rfc3339(payload.get("until"))
        except ValueError:
            raise CommandRefused(phrase("until-required")) from None
    return Decision(
        transition, by, patrol=patrol, until=until, reason=reason, signature=payload.get("signature")
    )


def read_progress(payload: Mapping[str, Any]) -> Progress:
    """Read ``drone/progress``. Raises CommandRefused."""
    status = payload.get("status")
    if not isinstance(status, str) or status not in STATUS:
        raise CommandRefused(phrase("status-invalid", statuses=", ".join(STATUS)))
    return Progress(
        _request_id(payload),
        status,
        STATUS[status],
        _words(payload, "step", 64),
        _words(payload, "reason", MAX_WORDS),
    )


def read_stop(payload: Mapping[str, Any]) -> tuple[bool, str, str]:
    """Read ``drone/stop``: (stopped or let go, by whom, why). Raises CommandRefused."""
    _only(payload, {"stop", "by", "reason"})
    by, stop = _by(payload), payload.get("stop")
    if not isinstance(stop, bool):
        raise CommandRefused(phrase("stop-invalid"))
    return stop, by, _words(payload, "reason", MAX_WORDS)


def stop_whatever(payload: Mapping[str, Any]) -> tuple[bool, str, str, str]:
    """Read ``drone/stop`` so that only a resume can be wrong: (stopped or let go, by whom, why, what was
    malformed).

    Raises CommandRefused for a resume that is not right in every part.
    """
    try:
        return *read_stop(payload), ""
    except CommandRefused as error:
        if payload.get("stop") is False:
            raise
        return True, _whoever(payload), _whatever(payload), str(error)


def decision_whatever(payload: Mapping[str, Any]) -> tuple[Decision, str]:
    """Read ``drone/approval`` so that a denial or cancel counts as long as it says of what: the decision, and
    what was malformed.

    Raises CommandRefused for an approval that is not right in every part, and for what names no request.
    """
    try:
        return read_decision(payload), ""
    except CommandRefused as error:
        decision = payload.get("decision")
        target = {key: payload[key] for key in ("request_id", "patrol") if key in payload}
        if decision not in ("deny", "cancel") or len(target) != 1:
            raise
        named = {"decision": decision, "by": _whoever(payload), "reason": _whatever(payload), **target}
        return read_decision(named), str(error)


def _whoever(payload: Mapping[str, Any]) -> str:
    try:
        return _by(payload)
    except CommandRefused:
        return "unknown"


def _whatever(payload: Mapping[str, Any]) -> str:
    reason = payload.get("reason")
    return reason[:MAX_WORDS] if isinstance(reason, str) else ""


def _by(payload: Mapping[str, Any]) -> str:
    by = payload.get("by")
    if not isinstance(by, str) or not 1 <= len(by) <= 100 or not by.isprintable():
        raise CommandRefused(phrase("by-missing"))
    return by


def _words(payload: Mapping[str, Any], key: str, most: int) -> str:
    value = payload.get(key, "")
    if not isinstance(value, str) or len(value) > most:
        raise CommandRefused(phrase("text-too-long", key=key, most=most))
    return value


def _request_id(payload: Mapping[str, Any]) -> str:
    value = payload.get("request_id")
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        raise CommandRefused(phrase("request-id-required"))
    return value


def _only(payload: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(payload.keys() - known):
        raise CommandRefused(
            phrase("unknown-key-of-command", key=f"{unknown[0]!r}", known=", ".join(sorted(known)))
        )
