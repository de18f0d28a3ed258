"""What is stored, and what people want of it: events sent again, verdicts on incidents, a sign-off, incidents
that a crash left open.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pole_agent.clock import Clock
from pole_agent.commissioning.notice import OUTCOMES, read_notice
from pole_agent.errors import CommandRefused, OutboxError
from pole_agent.health.board import board_id
from pole_agent.incidents.feedback import LATELY_NIGHTS, rates, read_feedback
from pole_agent.languages import phrase
from pole_agent.store.database import Database
from pole_agent.store.store import Store
from pole_agent.store.succession import SIGNED_OFF
from pole_agent.vocabulary import RecordEvent, Severity

DAY_S = 86400.0


class Records:
    """The commands ``outbox/resend`` and ``incident/feedback``, and the start after a crash."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def close_left_over(self) -> None:
        """Incidents that were open when the agent went down are closed now: nobody knows when they ended."""
        try:
            left = await self._store.read(lambda db: db.open_incidents())
        except OutboxError:
            return  # the store says so itself
        now = self._clock.monotonic()
        for incident in left:
            severity = Severity.of(incident.pop("severity"))
            del incident["silent"]
            data = incident | {"duration_s": None, "end_reason": "restart"}
            self._store.record(
                RecordEvent("incident.closed", severity, data, now, closes=incident["incident_id"])
            )

    async def resend(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Carry out ``outbox/resend``. Raises CommandRefused."""
        if payload.get("storeid") != self._store.store_id:
            raise CommandRefused(phrase("store-is-another", store=self._store.store_id))
        first, last = payload.get("from"), payload.get("to")
        if not (type(first) is int and type(last) is int and 1 <= first <= last < 1 << 63):
            raise CommandRefused(phrase("range-invalid"))
        try:
            count = await self._store.write(lambda db: db.resend(first, last))
        except OutboxError as error:
            raise CommandRefused(str(error)) from error
        self._store.committed.set()
        return {"count": count}

    async def feedback(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Carry out ``incident/feedback``. Raises CommandRefused."""
        verdict, wall = read_feedback(payload, by), self._clock.wall()

        def keep(db: Database) -> str | None:
            rule = db.rule_of(verdict.incident_id)
            if rule is not None:
                db.judge(verdict.incident_id, rule, false=verdict.false, by=verdict.by, wall=wall)
            return rule

        try:
            rule = await self._store.write(keep)
        except OutboxError as error:
            raise CommandRefused(str(error)) from error
        if rule is None:
            raise CommandRefused(phrase("incident-unknown", incident=verdict.incident_id))
        return {"rule": rule}

    async def commissioned(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """A person has signed off the pole on this board. Raises CommandRefused."""
        data = read_notice({**payload, "by": by})
        kept = json.dumps(
            {"board": board_id(), "record_sha256": data["record_sha256"], "at": data["ended_at"]}
        )
        event = RecordEvent("pole.commissioned", OUTCOMES[data["outcome"]], data, self._clock.monotonic())
        try:
            await self._store.write(lambda db: db.set(SIGNED_OFF, kept), event)
        except OutboxError as error:
            raise CommandRefused(str(error)) from error
        return {"record_sha256": data["record_sha256"]}

    async def signed_off_on(self) -> str | None:
        """The board on which the pole was signed off last; None: never, or the store does not answer."""
        try:
            kept = await self._store.read(lambda db: db.get(SIGNED_OFF))
            return None if kept is None else str(json.loads(kept)["board"])
        except (OutboxError, ValueError, KeyError, TypeError):
            return None

    async def rates(self) -> dict[str, dict[str, float]] | None:
        """By rule: what people said of its incidents; None when the store does not answer."""
        since = self._clock.wall() - LATELY_NIGHTS * DAY_S
        try:
            return rates(*await self._store.read(lambda db: (db.verdicts(), db.false_since(since))))
        except OutboxError:
            return None
