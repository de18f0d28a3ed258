"""What the store keeps of the lamp over a restart: to text and back. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from pole_agent.errors import CommandRefused
from pole_agent.lamp import commands
from pole_agent.lamp.commands import Lasting
from pole_agent.lamp.decide import Override
from pole_agent.lamp.moment import Moment

KEYS = OVERRIDE, LASTING, LEDGER = "override", "lamp.default_duration_s", "lamp.ledger"
ENDED = json.dumps({"ended": True})  # in the log of reasons
MAX_BY = 100  # characters
# What reading a damaged row can raise
DAMAGED = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, CommandRefused)


def override_text(override: Override, moment: Moment) -> str:
    """With its end on the monotonic clock of this boot and on the wall clock."""
    ends = {"boot_id": moment.boot_id, "wall_until": moment.wall_at(override.until)}
    return json.dumps(asdict(override) | ends)


def read_override(row: Mapping[str, Any], moment: Moment) -> Override | None:
    """The override as if it were commanded now, for the time that is left; None where there is none, or
    nobody knows how long it still lasts.

    What another version did not write has its default. Raises DAMAGED.
    """
    if row.get("boot_id") == moment.boot_id and "until" in row:
        left = float(row["until"]) - moment.now
    elif moment.trusted:
        left = float(row["wall_until"]) - moment.wall
    else:
        return None  # the program is the safe answer
    if left <= 0:
        return None
    payload = {
        "level": row["level"],
        "duration_s": max(1.0, left),
        "mode": "fixed" if row.get("fixed") is True else "adaptive",
        "reason": row.get("reason", ""),
    }
    override = commands.read(payload, moment.now, local=row.get("local") is True)
    if not isinstance(override, Override):
        return None
    return replace(override, by=str(row.get("by", ""))[:MAX_BY])


def read_lasting(row: Any) -> float:
    """How long an override lasts that names no duration, in seconds. Raises DAMAGED."""
    command = commands.read({"default_duration_s": row}, 0.0)
    return command.seconds if isinstance(command, Lasting) else commands.DEFAULT_S
