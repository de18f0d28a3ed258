"""store -> broker, and the notice board. Offline is a state: connect, drain, and when the link is lost wait
and connect again, for ever.

A connection is not yet a success. What counts is what it achieves: events acknowledged (`drain`), states
accepted (`carry`), the own words heard back (`hear`). What the broker does not take is set aside and
tried again (`trials`), and health says which of these is missing. What decides is pure and in the uplink's
room: `attempts`, `outgoing`, `quarantine`, `presence`, `own_words`, `twin`, `calm`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from pole_agent.context import Context
from pole_agent.errors import Learned, LinkLost, LinkSilent, NotAcknowledged, PublishRefused, TakenOver
from pole_agent.languages import phrase
from pole_agent.loops.upload.carry import Carry
from pole_agent.loops.upload.drain import WINDOW, Drain
from pole_agent.loops.upload.former import Former
from pole_agent.loops.upload.hear import Hear
from pole_agent.loops.upload.own import Own
from pole_agent.loops.upload.trials import Trials
from pole_agent.race import race
from pole_agent.uplink.attempts import Attempts
from pole_agent.uplink.broker import Broker, Session
from pole_agent.uplink.calm import Calm
from pole_agent.uplink.events import STATUS, Incoming, Message, event_kind
from pole_agent.uplink.presence import Presence
from pole_agent.uplink.quarantine import Key, Quarantine
from pole_agent.uplink.quiet import quiet
from pole_agent.vocabulary import Severity

__all__ = ["WINDOW", "Upload"]

log = quiet(__name__)

# For our own status to come back: before that, what the broker has kept of this pole may still come
ECHO_S = 5.0


class Upload:
    """One connection at a time."""

    def __init__(
        self,
        context: Context,
        broker: Broker,
        inbox: asyncio.Queue[Incoming],
        *,
        random: Callable[[], float],
        spread_s: float,
        version: str,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        """`inbox` gets the commands; `random` gives 0 to 1 for the pauses between attempts, `spread_s` the
        longest of the first; `version` is the agent's own.
        """
        self._beat = beat
        self._broker, self._inbox = broker, inbox
        self._context, self._store, self._board = context, context.store, context.board
        self._parts, self._clock, self._base = context.parts, context.clock, context.base
        self._own = Own(context, version)
        self._random, self._spread_s = random, spread_s
        self._sent: dict[str, list[int]] = {}  # type -> events, bytes
        self._session: Session | None = None
        self._carry: Carry | None = None
        self._presence, self._quarantine, self._calm = Presence(context.keeper.boot_id), Quarantine(), Calm()
        self._former = Former(context.store, context.base)
        self._leaving = asyncio.Event()  # we said goodbye: nothing is said any more
        self.certificate_ends: float | None = None  # wall time, of the broker's, as it was last seen

    async def run(self) -> None:
        attempts = Attempts(self._random, self._clock.monotonic(), self._spread_s)
        while True:
            self._beat()
            attempts.begin(self._clock.monotonic(), self.sent_events, len(self._quarantine.topics))
            try:
                await self._connect(attempts)
            except LinkLost as error:
                lost = attempts.lost(
                    self._clock.monotonic(),
                    self.sent_events,
                    len(self._quarantine.topics),
                    silent=isinstance(error, LinkSilent),
                    learned=isinstance(error, Learned),
                )
                if lost.first:
                    log.warning("uplink: lost %s: %s", self._broker.name, error)
                if lost.news:
                    self._parts.degrade("uplink", f"{self._broker.name}: {error}", Severity.INFO)
                if isinstance(error, TakenOver) and error.__cause__ is not None:  # the broker said so
                    self._own.met_a_twin(error)
                log.info("uplink: %s: %s; retrying in %.1f s", self._broker.name, error, lost.pause_s)
                await self._clock.sleep(lost.pause_s)

    async def shutdown(self, last: Sequence[Message] = ()) -> None:
        """Say `last`, and that we stop, if there is somebody to say it to."""
        self._leaving.set()
        if self._session is not None and self._carry is not None:
            self._carry.closed = True
            async with self._carry.alone:  # nothing that is on its way comes behind it
                await self._own.look_at_the_store()
                for message in (*last, self._own.status("offline", "stopped")):
                    with contextlib.suppress(LinkLost, PublishRefused):
                        await self._session.publish(message)

    @property
    def sent_events(self) -> int:
        """How many were acknowledged since the start."""
        return sum(events for events, _ in self._sent.values())

    def sent(self) -> dict[str, Any]:
        """Bytes and events by type since the start, for ``health``."""
        return {
            "bytes": {kind: n for kind, (_, n) in self._sent.items()},
            "events": {kind: n for kind, (n, _) in self._sent.items()},
        }

    async def _connect(self, attempts: Attempts) -> None:
        own, name = self._own, self._broker.name
        birth, knows_5 = await own.prepare(name)
        self._broker.knows_5 |= knows_5

        async def born(modern: bool) -> None:
            await own.born(birth, name, modern=modern)

        async with self._broker.connect(
            own.status("offline", "lost", birth), self._base, own.twin.suffix, born
        ) as session:
            carry = Carry(session, self._board, self._quarantine, self._clock, self._base)
            drain = Drain(self._store, self._clock, self._base, self._quarantine, self._sent, self._beat)
            trials = Trials(session, drain, carry, self._board, self._quarantine, self._clock, self._base)
            hear = self._hear(session, carry)
            self._quarantine.hurry()
            drain.out.paused = bool(self._quarantine.suspects)
            self._presence.begin(own.births)
            try:
                await hear.say()
                attempts.connected()
                self._begun(session, carry)
                self._board.birth(carry.live)
                await self._while_it_lasts(
                    self._drain(drain, session),
                    carry.run(),
                    trials.run(),
                    hear.run(),
                    self._attend(hear, session, carry),
                    self._examine(),
                )
            except LinkLost as error:
                self._suspect(drain, carry, trials, error)
                raise
            finally:
                self._session = self._carry = None
                self._board.lost()

    async def _while_it_lasts(self, *work: Any) -> None:
        async with race(*work) as jobs:
            for job in jobs:
                if job.done():
                    job.result()
            raise LinkLost(phrase("session-ended"))

    def _begun(self, session: Session, carry: Carry) -> None:
        log.info("uplink: connected to %s (birth %d)", self._broker.name, self._own.births)
        self._parts.note("uplink", births=self._own.births)
        self._parts.recover("uplink")
        if session.missing:
            self._parts.degrade("mqtt", session.missing)
        else:
            self._parts.recover("mqtt")
        self.certificate_ends = session.certificate_ends
        self._session, self._carry = session, carry

    def _hear(self, session: Session, carry: Carry) -> Hear:
        return Hear(
            self._context,
            session,
            carry,
            self._own,
            self._presence,
            quarantine=self._quarantine,
            inbox=self._inbox,
            leaving=self._leaving,
        )

    async def _attend(self, hear: Hear, session: Session, carry: Carry) -> None:
        await self._former.clear(session, carry)
        await hear.attend()

    async def _drain(self, drain: Drain, session: Session) -> None:
        """Once it is known that the numbers are still those of this store."""
        if STATUS not in session.unheard:
            await self._clock.wait(self._own.compared, ECHO_S)
        self._own.compared.set()
        await drain.run(session)

    def _suspect(self, drain: Drain, carry: Carry, trials: Trials, error: LinkLost) -> None:
        """Whatever was in flight when the connection went may be why."""
        in_flight: dict[Key, str] = {trials.trying[0]: trials.trying[1]} if trials.trying else {}
        in_flight |= carry.in_flight
        in_flight |= {row.seq: drain.message(row).topic for row in drain.out.flying}
        if not in_flight:
            return
        reason, sure = phrase("broker-closes-at-topic"), isinstance(error, NotAcknowledged)
        if sure:
            reason = phrase("broker-silent-at-topic")
        for topic in self._quarantine.lost(
            in_flight, reason, self._clock.monotonic(), tried=trials.trying is not None, sure=sure
        ):
            log.error("uplink: %s: %s; its messages are kept and retried", topic, reason)
        self._tell_what_waits()

    async def _examine(self) -> None:
        while True:
            self._tell_what_waits()
            await self._clock.sleep(1.0)

    def _is_event(self, yes: bool, topic: str) -> bool:
        return bool(event_kind(self._base, topic)) is yes

    def _tell_what_waits(self) -> None:
        """Which topics the broker does not take: of events, and of states."""
        now = self._clock.monotonic()
        for part, events in (("events", True), ("states", False)):
            why = self._quarantine.why(self._base, partial(self._is_event, events))
            if why:
                self._calm.trouble(part, now)
                self._parts.degrade(part, why)
            elif self._calm.over(part, now) and (self.sent_events or not events):
                self._parts.recover(part)
