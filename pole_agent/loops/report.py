"""The pole looks after itself and says how it is: the clock is asked, the machine looked at; ``health`` and
``active`` go on the board.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import platform
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pole_agent import __version__
from pole_agent.almanac import rfc3339
from pole_agent.context import Context
from pole_agent.errors import CommandRefused, OutboxError
from pole_agent.health.certificates import Certificates
from pole_agent.health.clock_memory import Memory, last_known, save
from pole_agent.health.evidence import STORED
from pole_agent.health.link import link
from pole_agent.health.patches import patches_told
from pole_agent.health.trust import CHECK_S, KEEP_S
from pole_agent.health.vitals import vitals
from pole_agent.languages import phrase
from pole_agent.uplink.events import Message, encode
from pole_agent.vocabulary import Severity

log = logging.getLogger(__name__)

TICK_S = 1.0
HEALTH_S = 60.0
PURGE_S = 3600.0
LOOK_S = 10.0  # so often the store is read although nothing was written: so it is seen that it failed
# OpenSSL's words, once the chain up to an authority that we know is whole
NOT_YET = "certificate is not yet valid"
VERSIONS = {
    "agent": __version__,
    "python": platform.python_version(),
    "kernel": platform.release(),
    "machine": platform.machine(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the other rooms tell of themselves."""

    present: Callable[[], dict[str, Any]]  # the counts and requests of now
    sent: Callable[[], dict[str, Any]] = dict  # the traffic of the uplink
    # The verdicts by rule; None when the store does not answer
    rates: Callable[[], Awaitable[dict[str, Any] | None]]
    drone: Callable[[], dict[str, Any]] = dict  # who stopped flights, and which approvals did not count
    # What is wrong with the machine itself, by part; empty where it is well
    troubles: Callable[[], Mapping[str, str]] = dict
    look: Callable[[], Awaitable[None]] | None = None  # what else is looked after each ten seconds


class Report:
    """The loop. `ttl_s`: how long events are kept, by type."""

    def __init__(
        self,
        context: Context,
        sources: Sources,
        certificates: Certificates,
        state_dir: Path,
        ttl_s: Mapping[str, float],
        *,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._keeper, self._store, self._board, self._parts = (
            context.keeper,
            context.store,
            context.board,
            context.parts,
        )
        self._clock, self._base, self._state_dir = context.clock, context.base, state_dir
        self._sources, self._certificates, self._ttl_s, self._beat = sources, certificates, ttl_s, beat
        self._active = b""
        self.open_incidents: list[dict[str, Any]] | None = []  # at the last look; None: the store is silent
        self._changes, self._looked_at = -1, float("-inf")  # of the store, and when, at that look
        self._health_at = self._purge_at = self._trust_at = float("-inf")
        # The times of this boot, also those that a process before this one has stored
        self._corrected = False
        self._known: float | None = None  # the last known time on the disk; None: not looked yet
        # Not at once: while the agent starts, others wait for the disk.
        self._kept_at, self._kept_as = self._clock.monotonic() - KEEP_S + CHECK_S / 2, self._keeper.kind

    async def run(self) -> None:
        while True:
            now = self._clock.monotonic()
            if now - self._trust_at >= CHECK_S:
                self._trust_at = now
                await self._ask_clock()
                await self.keep_time()
                self._look_at_the_machine()
                if self._sources.look is not None:
                    await self._sources.look()
            await self._show_store()
            if now - self._health_at >= HEALTH_S:
                self._health_at = now
                if self._keeper.trusted:
                    await asyncio.to_thread(self._certificates.look, self._clock.wall())
                await self._show_health()
            self._beat()
            if now - self._purge_at >= PURGE_S and self._keeper.trusted:
                self._purge_at = now
                await self._purge()
            await self._clock.sleep(TICK_S)

    def _look_at_the_machine(self) -> None:
        for part, trouble in self._sources.troubles().items():
            if trouble:
                self._parts.degrade(part, trouble)
            elif self._parts.is_degraded(part):
                self._parts.recover(part)

    async def _ask_clock(self) -> None:
        await self._give_up()
        # What was given up is no evidence any more, although it is still stored.
        if self._known is None and self._keeper.released == self._keeper.settled:
            with contextlib.suppress(OutboxError):  # the store tells of it
                self._known, stored = await self._store.read(
                    lambda db: (last_known(self._state_dir), db.newest_time())
                )
                self._keeper.remember(STORED, stored)
        uplink = self._parts.reason("uplink")
        if not uplink or NOT_YET in uplink:  # no network says nothing of the clock
            self._keeper.broker_says(too_early=bool(uplink))
        await asyncio.to_thread(self._keeper.check)
        await self._give_up()
        if not self._keeper.trusted:
            kind = self._keeper.kind
            unheard = kind in ("unheard", "release")  # usual for a while after a boot
            reason = phrase("times-are-provisional", reason=self._keeper.reason)
            if not unheard and kind != "late":
                reason = phrase("times-provisional-accept", reason=self._keeper.reason)
            self._parts.degrade("clock", reason, Severity.INFO if unheard else Severity.WARNING)
            self._corrected = False
            return
        self._parts.recover("clock")
        if not self._corrected and self._keeper.tells_time:
            offset, boot = self._keeper.offset, self._keeper.boot_id
            with contextlib.suppress(OutboxError):  # tried again at the next look
                count = await self._store.write(lambda db: db.correct_times(boot, offset))
                self._corrected = True
                if count:
                    log.info("the clock is trusted; the times of %d waiting events were corrected", count)

    async def _give_up(self) -> None:
        """What was stored by a clock that was ahead of the one that is accepted now has no known time any
        more.
        """
        released, wall = self._keeper.released, self._clock.wall()
        if released != self._keeper.settled:
            with contextlib.suppress(OutboxError):  # tried again at the next look
                count = await self._store.write(lambda db: db.doubt_after(wall))
                log.warning(
                    "the clock is accepted; %d stored events are later than it and count as without a time",
                    count,
                )
                self._keeper.settled, self._corrected = released, False

    async def accept(self) -> dict[str, Any]:
        """A person at the pole says that the clock is right. Raises CommandRefused."""
        if why := await asyncio.to_thread(self._keeper.accept):
            raise CommandRefused(why)
        await self._ask_clock()
        await self.keep_time(now=True)
        return {"trusted": self._keeper.trusted, "reason": self._keeper.reason}

    async def keep_time(self, *, now: bool = False) -> None:
        """Now and then, and when the trust changes.

        Through the store's thread: it is the one that may wait for a disk.
        """
        due = now or self._keeper.kind != self._kept_as or self._clock.monotonic() - self._kept_at >= KEEP_S
        if not due or self._known is None or self._clock.shifted:
            return
        memory, kind = self._keeper.memory(), self._keeper.kind

        def keep(_: object) -> Memory:
            save(self._state_dir, memory)
            return memory

        with contextlib.suppress(OutboxError):
            self._known = (await self._store.read(keep)).known or self._known
            self._kept_at, self._kept_as = self._clock.monotonic(), kind

    async def _show_store(self) -> None:
        """``active``: what is now, when it changed, at most once a second."""
        if self._store.problem:
            self._parts.degrade("store", self._store.problem)
            self.open_incidents = None
        elif self._may_have_changed():
            try:
                self.open_incidents = await self._store.read(lambda db: db.open_incidents())
                self._parts.recover("store")
            except OutboxError as error:
                self._parts.degrade("store", str(error))
                self.open_incidents = None
        payload = encode({"incidents": self.open_incidents, **self._sources.present()})
        if payload != self._active:
            self._active = payload
            topic = f"{self._base}/active"
            self._board.post(topic, Message(topic, payload, retain=True))

    def _may_have_changed(self) -> bool:
        """To read each second is a fifth of what an idle pole costs."""
        changes, now = self._store.changes, self._clock.monotonic()
        if self.open_incidents is not None and changes == self._changes and now - self._looked_at < LOOK_S:
            return False
        self._changes, self._looked_at = changes, now
        return True

    def nothing_now(self) -> Message:
        """What ``active`` says of a pole that stopped: nothing is open any more, because nobody looks."""
        return Message(
            f"{self._base}/active",
            encode({"state": "stopped", "incidents": [], "requests": [], "counts": {}}),
            retain=True,
        )

    async def health(self) -> dict[str, Any]:
        """The payload of ``health``."""
        try:
            stats: dict[str, Any] | None = await self._store.read(lambda db: db.stats())
        except OutboxError:
            stats = None
        return {
            "at": rfc3339(self._clock.wall()),
            "uptime_s": round(self._clock.monotonic(), 1),
            "clock": {
                "trusted": self._keeper.trusted,
                "boot_id": self._keeper.boot_id,
                "reason": None if self._keeper.trusted else self._keeper.reason,
                "against": []
                if self._keeper.trusted
                else [{"kind": a.kind, "words": a.words} for a in self._keeper.evidence()],
                "last_known": rfc3339(self._known) if self._known else None,
            },
            "versions": VERSIONS,
            "parts": self._parts.report(),
            "outbox": stats,
            "sent": self._sources.sent(),
            "rules": await self._sources.rates(),
            "drone": self._sources.drone(),
            "link": link(),
            # In a thread: it looks at the disk
            "patches": await asyncio.to_thread(patches_told, wall=self._clock.wall()),
            **vitals(self._state_dir),
        }

    async def _show_health(self) -> None:
        topic = f"{self._base}/health"
        document = json.loads(encode(await self.health()))
        self._board.post(topic, Message(topic, encode(document), qos=0, retain=True))

    async def _purge(self) -> None:
        wall = self._clock.wall()
        try:
            await self._store.tidy(wall, self._ttl_s)
        except OutboxError:
            return
