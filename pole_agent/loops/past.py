"""What was: incidents, traffic, commands and the light of a night, as far as the store still has them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from pole_agent.almanac import night_of, rfc3339
from pole_agent.context import Context
from pole_agent.lamp.chain import lamp_chain
from pole_agent.lamp.program import Plan
from pole_agent.store.rows import Stored

DAY_S = 86400.0
MOST_DAYS = 7.0
MOST_EVENTS, MOST_CHANGES = 500, 2000
INCIDENTS = ("incident.opened", "incident.closed")
COMMANDS = ("command.accepted", "command.refused", "configuration.changed", "page.viewed", "drone.changed")


class Past:
    """Answers to questions; each takes arguments as they came."""

    def __init__(self, context: Context, plan: Plan, rated_w: float | None, floor: float) -> None:
        self._clock, self._store, self._plan = context.clock, context.store, plan
        self._rated_w, self._floor = rated_w, floor

    async def incidents(self, arguments: Mapping[str, Any]) -> Any:
        """The newest first."""
        return await self._events(INCIDENTS, arguments)

    async def traffic(self, arguments: Mapping[str, Any]) -> Any:
        return await self._events(("traffic.summarized",), arguments)

    async def commands(self, arguments: Mapping[str, Any]) -> Any:
        return await self._events(COMMANDS, arguments)

    async def night(self, _: Mapping[str, Any]) -> Any:
        """The night of now as it is planned, and the changes of the lamp in it."""
        wall = self._clock.wall()
        night = night_of(wall, self._plan.place)
        await self._store.flush()
        happened = await self._store.read(
            lambda db: [
                _change(at, json.loads(text))
                for at, text in db.lamp_changes(night.start, min(night.end, wall), MOST_CHANGES)
            ]  # there, so that the lamp does not wait for it
        )
        return {
            "evening": str(night.date),
            "from": rfc3339(night.start),
            "to": rfc3339(night.end),
            "now": rfc3339(wall),
            "rated_w": self._rated_w,
            "floor": self._floor,
            "sun": {name: rfc3339(at) for name, at in night.sun.items() if math.isfinite(at)},
            "program": self._plan.program_of(night.date),
            "planned": [
                {"from": rfc3339(s.start), "to": rfc3339(s.end), "level": s.level, "dark": s.dark}
                for s in self._plan.stretches(night)
            ],
            "happened": happened,
        }

    async def light(self, _: Mapping[str, Any]) -> Any:
        """Why the lamp is as it is now; None when nothing is kept."""
        await self._store.flush()
        (last, _next) = await self._store.read(lambda db: db.lamp_log(self._clock.wall()))
        if last is None:
            return None
        since, _quality, text = last
        reasons = json.loads(text)
        if reasons.get("ended"):
            return None
        chain = [{"name": name, "words": words} for name, words in lamp_chain(reasons)]
        return {
            "since": rfc3339(since), "level": reasons["level"], "reason": reasons["reason"], "chain": chain
        }  # fmt: skip

    async def _events(self, kinds: Sequence[str], arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Raises ValueError for days that are no number."""
        days = min(MOST_DAYS, max(0.0, float(arguments.get("days", MOST_DAYS))))
        since = self._clock.wall() - days * DAY_S
        await self._store.flush()
        return await self._store.read(lambda db: [_event(e) for e in db.latest(kinds, since, MOST_EVENTS)])


def _event(event: Stored) -> dict[str, Any]:
    return {
        "id": event.event_id,
        "kind": event.kind,
        "at": rfc3339(event.wall),
        "quality": event.quality,
        "sequence": event.seq,
        "severity": event.severity.word,
        "delivered": event.delivered is not None,
        "data": json.loads(event.data),
    }


def _change(at: float, reasons: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "at": rfc3339(at),
        "level": reasons.get("level"),
        "reason": reasons.get("reason"),
        "ended": bool(reasons.get("ended")),
        "began": bool(reasons.get("began")),
    }
