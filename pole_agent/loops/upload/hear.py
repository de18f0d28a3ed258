"""What comes over one connection: commands for the inbox, and the pole's own status, which is said, heard
back and repaired.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from pole_agent.context import Context
from pole_agent.errors import PublishRefused, TakenOver
from pole_agent.languages import phrase
from pole_agent.loops.upload.carry import Carry
from pole_agent.loops.upload.drain import IDLE_S
from pole_agent.loops.upload.own import Own
from pole_agent.uplink.broker import Session
from pole_agent.uplink.events import STATUS, Incoming
from pole_agent.uplink.many import parted, site_of
from pole_agent.uplink.presence import Heard, Presence
from pole_agent.uplink.quarantine import Quarantine
from pole_agent.uplink.quiet import quiet
from pole_agent.vocabulary import Severity

log = quiet(__name__)

MIN_S = 0.05
NO_ECHO = phrase("broker-without-echo")


class Hear:
    """Of one connection. `leaving` is set when we said goodbye: nothing is said any more."""

    def __init__(
        self,
        context: Context,
        session: Session,
        carry: Carry,
        own: Own,
        presence: Presence,
        *,
        quarantine: Quarantine,
        inbox: asyncio.Queue[Incoming],
        leaving: asyncio.Event,
    ) -> None:
        self._parts, self._clock, self._base = context.parts, context.clock, context.base
        self._session, self._carry, self._own, self._presence = session, carry, own, presence
        self._quarantine, self._inbox, self._leaving = quarantine, inbox, leaving
        self._stir = asyncio.Event()

    async def say(self) -> None:
        """Say that we are online, unless the broker does not take that."""
        message = self._own.online()
        hold, now = self._quarantine.topics.get(message.topic), self._clock.monotonic()
        if hold is not None and hold.until > now:
            return
        try:
            await self._carry.send(STATUS, message, tried=True)
        except PublishRefused:
            return
        self._presence.said(self._clock.monotonic(), echo=STATUS not in self._session.unheard)

    async def attend(self) -> None:
        """Are our own words heard back? Is what the broker has of us true? Does it let us listen?"""
        while True:
            if not self._leaving.is_set() and self._presence.look(self._clock.monotonic()):
                if self._presence.unheard:
                    await self._session.listen(anew=True)
                async with self._carry.alone:
                    await self.say()
            await self._session.listen()
            self._tell()
            await self._clock.wait(
                self._stir,
                max(MIN_S, min(IDLE_S, self._presence.next_at() - self._clock.monotonic())),
            )

    async def run(self) -> None:
        """Pass commands on. It waits for room: behind a flood of bad commands may stand a cancel."""
        async for message in self._session.incoming():
            if message.path == STATUS:
                if await self._own.compare(message.payload):
                    self._presence.say_again(self._own.births, self._clock.monotonic())
                self._hear_of_ourselves(message.payload)
            else:
                await self._inbox.put(message)

    def _tell(self) -> None:
        """Do commands arrive? Nothing is told before it is known."""
        unheard = self._session.unheard
        self._tell_of_many({parted(p)[0]: reason for p, reason in unheard.items() if parted(p)[0]})
        if own := {p: reason for p, reason in unheard.items() if not parted(p)[0]}:
            missing = ", ".join(f"{path} ({reason})" for path, reason in own.items())
            self._parts.degrade("commands", phrase("broker-refuses-subscription", topics=missing))
        elif self._presence.unheard:
            self._parts.degrade("commands", NO_ECHO)
        elif self._presence.heard_ourselves:
            self._parts.recover("commands")

    def _tell_of_many(self, missing: Mapping[str, str]) -> None:
        """A note, not a warning: the pole hears what is said to it alone."""
        if missing:
            listed = ", ".join(f"{address} ({reason})" for address, reason in missing.items())
            words = phrase("broker-refuses-many", addresses=listed, site=site_of(self._base))
            self._parts.degrade("groups", words, Severity.INFO)
        elif self._parts.is_degraded("groups"):
            self._parts.recover("groups")

    def _hear_of_ourselves(self, payload: bytes) -> None:
        """Our own status, as the broker has it. Raises TakenOver when somebody else has written it since we
        did.

        Not every broker says why it let go of a client (Mosquitto 2.0 does not), so this is how two poles
        with one identity notice.
        """
        if self._leaving.is_set():
            return
        heard = self._presence.heard(payload, self._clock.monotonic())
        self._stir.set()
        if heard is Heard.WRONG:
            log.warning(
                "uplink: the broker has a wrong status of this pole: %s; publishing it again",
                payload[:200].decode(errors="replace") or "(cleared)",
            )
        if heard is not Heard.TWIN:
            return
        error = TakenOver(phrase("status-written-by-another"))
        named = self._own.twin.suffix
        self._own.met_a_twin(error)
        if self._own.twin.suffix != named:
            raise error  # come back under the other name
