"""The command ``diagnose``: the doctor's report over MQTT.

It runs in a thread of its own; no other command waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from pole_agent.almanac import rfc3339
from pole_agent.clock import Clock
from pole_agent.doctor.finding import Finding
from pole_agent.errors import CommandRefused, UplinkError
from pole_agent.languages import LANGUAGES, phrase
from pole_agent.threads import Thread
from pole_agent.uplink.board import Board
from pole_agent.uplink.events import Message, encode

log = logging.getLogger(__name__)

APART_S = 60.0
MAX_BYTES = 8 * 1024 - 512  # of the findings; the rest is the envelope


class Diagnose:
    """`examine(language, most_bytes)` blocks and returns the findings."""

    def __init__(
        self, examine: Callable[[str, int], list[dict[str, Any]]], board: Board, clock: Clock, base: str
    ) -> None:
        self._examine, self._board, self._clock, self._base = examine, board, clock, base
        self._busy = False
        self._last = float("-inf")
        self._telling: asyncio.Task[None] | None = None

    async def command(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Start an examination; the report follows on ``diagnosis``. Raises CommandRefused."""
        if surplus := sorted(set(payload) - {"lang"}):
            raise CommandRefused(phrase("unknown-key-of-command", key=f"{surplus[0]!r}", known="lang, by"))
        language = payload.get("lang", "en")
        if language not in LANGUAGES:
            raise CommandRefused(phrase("lang-invalid", languages=", ".join(LANGUAGES)))
        now = self._clock.monotonic()
        if self._busy:
            raise CommandRefused(phrase("examination-under-way"))
        if now - self._last < APART_S:
            ago = now - self._last
            raise CommandRefused(
                phrase("examination-too-soon", ago=f"{ago:.0f}", wait=f"{APART_S - ago:.0f}")
            )
        self._busy, self._last = True, now
        loop = asyncio.get_running_loop()

        def work() -> None:
            try:
                found = self._examine(language, MAX_BYTES)
            except Exception as error:  # whatever it is, it is told, and the next examination is possible
                log.exception("the examination failed")
                words = phrase("examination-failed", error=type(error).__name__)
                found = [Finding("examination", "unknown", words).as_data(language)]
            loop.call_soon_threadsafe(self._done, found, by)

        Thread("diagnose", work)
        return {"topic": f"{self._base}/diagnosis"}

    def _done(self, found: list[dict[str, Any]], by: str) -> None:
        self._busy = False
        self._telling = asyncio.create_task(self._tell(found, by), name="send the diagnosis")

    async def _tell(self, found: list[dict[str, Any]], by: str) -> None:
        document = {"at": rfc3339(self._clock.wall()), "asked_by": by, "findings": found}
        try:
            await self._board.send_live(Message(f"{self._base}/diagnosis", encode(document)))
        except UplinkError as error:
            log.warning("the report of the examination could not be sent: %s", error)
