"""What the pole tells the city of a record that is signed off: made at the pole, read by the agent that tells
it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pole_agent.commissioning.record import Record
from pole_agent.errors import CommandRefused
from pole_agent.languages import phrase
from pole_agent.vocabulary import Severity

HASH = re.compile(r"[0-9a-f]{64}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
MAX_TEXT, MAX_DEFECTS, MAX_NAME = 300, 40, 100
SIGNATURE = ("public_key", "value")
OUTCOMES = {"passed": Severity.INFO, "with_defects": Severity.WARNING}


def notice(record: Record) -> dict[str, Any]:
    """What the pole tells the city of a record that is signed off."""
    done = record.signed_off
    assert done is not None
    return {
        "by": done["by"],
        "outcome": done["outcome"],
        "despite": done["despite"],
        "steps": record.counts(),
        "defects": record.defects(),
        "begun_at": record.about["begun_at"],
        "ended_at": done["at"],
        "version": record.about["version"],
        "config_sha256": record.about["config_sha256"],
        "record_sha256": record.digest(),
        "signature": record.signature,
    }


def read_notice(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The data of the event. Raises CommandRefused."""
    texts = {"by": MAX_NAME, "version": MAX_NAME, "outcome": MAX_NAME}
    signature = payload.get("signature")
    checks = {
        **{key: _text(payload.get(key), most) for key, most in texts.items()},
        "outcome": payload.get("outcome") in OUTCOMES,
        "despite": payload.get("despite") is None or _text(payload["despite"], MAX_TEXT),
        "steps": _counts(payload.get("steps")),
        "defects": isinstance(payload.get("defects"), list)
        and len(payload["defects"]) <= MAX_DEFECTS
        and all(_text(d, MAX_NAME) for d in payload["defects"]),
        **{key: bool(TIME.fullmatch(str(payload.get(key)))) for key in ("begun_at", "ended_at")},
        **{key: bool(HASH.fullmatch(str(payload.get(key)))) for key in ("config_sha256", "record_sha256")},
        "signature": signature is None
        or (isinstance(signature, dict) and all(_text(signature.get(k), MAX_NAME) for k in SIGNATURE)),
    }
    if wrong := [key for key, fine in checks.items() if not fine] or sorted(set(payload) - set(checks)):
        raise CommandRefused(phrase("commission-notice-invalid", key=wrong[0]))
    data = {key: payload.get(key) for key in checks}
    if signature is not None:
        data["signature"] = {key: signature[key] for key in SIGNATURE}
    return data


def _text(value: object, most: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= most


def _counts(value: object) -> bool:
    return isinstance(value, dict) and all(
        type(value.get(state)) is int and 0 <= value[state] < 1000 for state in ("ok", "warn", "fail")
    )
