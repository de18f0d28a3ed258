"""Is a saved change kept? Only when the pole comes up well with it; else the former one comes back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from pole_agent.clock import Clock
from pole_agent.languages import phrase, together
from pole_agent.page.house import House
from pole_agent.page.setup import account_of
from pole_agent.settings import overlay as overlays

log = logging.getLogger(__name__)

TRIAL_S = 15.0  # a camera opens and the detector has looked by then
CONCERNED = ("camera:", "watch ", "detector", "configuration")  # parts that a zone, rule or mask can harm


class Trial:
    """`before` are the parts that were degraded before the change: they say nothing of it."""

    def __init__(self, house: House, clock: Clock, before: Mapping[str, str]) -> None:
        self._house, self._desk, self._clock, self._before = house, house.workshop, clock, before
        self._under_way = False

    def former(self) -> Mapping[str, str]:
        """What was degraded before the change that is on trial, also one that a reload has cut short; without
        a trial, what is degraded now.
        """
        return self._before if self._under_way else self._desk.troubles()

    async def run(self) -> None:
        """Returns once the change is confirmed, or taken back. A disk that refuses is told: then the next
        start takes it back.
        """
        try:
            await self._judge()
        except OSError as error:
            reason = phrase("at-key", key=error.filename or self._desk.state_dir, problem=error.strerror)
            log.error("the change made on the page is still on trial: %s", reason)
            self._desk.tell(reason)

    async def _judge(self) -> None:
        """Raises OSError."""
        desk = self._desk
        if not await asyncio.to_thread(overlays.on_trial, desk.state_dir):
            return
        self._under_way = True
        await self._clock.sleep(TRIAL_S)
        self._under_way = False
        found = {
            part: reason
            for part, reason in desk.troubles().items()
            if part.startswith(CONCERNED) and part not in self._before
        }
        if not found:
            await asyncio.to_thread(overlays.confirm, desk.state_dir)
            self._house.audit("configuration.changed", account_of(desk.loaded, "", "kept"))
            log.info("the change made on the page is kept")
            return
        reason = together(phrase("at-key", key=part, problem=why) for part, why in found.items())
        log.error("the change made on the page is taken back: %s", reason)
        await asyncio.to_thread(overlays.take_back, desk.state_dir)
        self._house.audit("configuration.changed", account_of(desk.plain, "", "taken_back"))
        desk.tell(phrase("overlay-taken-back", reason=reason))
        if desk.reload is not None:
            desk.reload()
