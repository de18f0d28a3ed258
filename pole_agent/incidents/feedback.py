"""What people say of an incident afterwards, and what that makes of its rule. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pole_agent.errors import CommandRefused
from pole_agent.languages import phrase

LATELY_NIGHTS = 7  # over which false alarms are counted a night
ID = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Was it what the rule said?"""

    incident_id: str
    false: bool
    by: str


def read_feedback(payload: Mapping[str, Any], by: str) -> Verdict:
    """Read ``incident/feedback``. Raises CommandRefused."""
    if surplus := set(payload) - {"incident_id", "verdict"}:
        raise CommandRefused(
            phrase("unknown-key-of-command", key=min(surplus), known="incident_id, verdict, by")
        )
    incident_id, verdict = payload.get("incident_id"), payload.get("verdict")
    if not (isinstance(incident_id, str) and ID.fullmatch(incident_id)):
        raise CommandRefused(phrase("incident-id-invalid"))
    if verdict not in ("true", "false"):
        raise CommandRefused(phrase("verdict-invalid"))
    if not by:
        raise CommandRefused(phrase("verdict-by-required"))
    return Verdict(incident_id, verdict == "false", by)


def rates(verdicts: Mapping[str, tuple[int, int]], lately: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """Of each rule that was judged: true and false incidents, the share of false ones, and how many a night.

    `lately`: incidents that were called false within LATELY_NIGHTS. What nobody judged is in no figure, so
    the number a night is a lower bound.
    """
    return {
        rule: {
            "true": true,
            "false": false,
            "false_alarm_rate": round(false / (true + false), 3),
            "false_per_night": round(lately.get(rule, 0) / LATELY_NIGHTS, 2),
        }
        for rule, (true, false) in verdicts.items()
    }
