"""store -> broker, and the notice board. Offline is a state: connect, drain, and when the link is lost wait
and connect again, for ever.

A connection is not yet a success. What counts is what it achieves: events acknowledged (`drain`), states
accepted (`carry`), the own words heard back (`presence`). What the broker does not take is set aside and
tried again (`trials`), and health says which of these is missing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from pole_agent.clock import wait
from pole_agent.context import Context
from pole_agent.errors import LinkLost, NotAcknowledged, PublishRefused, TakenOver
from pole_agent.loops.upload.carry import Carry
from pole_agent.loops.upload.drain import IDLE_S, WINDOW, Drain
from pole_agent.loops.upload.former import Former
from pole_agent.loops.upload.own import Own
from pole_agent.loops.upload.trials import Trials
from pole_agent.race import race
from pole_agent.uplink.backoff import Backoff
from pole_agent.uplink.broker import Broker, Session
from pole_agent.uplink.events import STATUS, Incoming, Message, event_kind
from pole_agent.uplink.presence import Heard, Presence
from pole_agent.uplink.quarantine import Key, Quarantine
from pole_agent.uplink.quiet import quiet
from pole_agent.vocabulary import Severity

__all__ = ["WINDOW", "Upload"]

log = quiet(__name__)

OFFLINE_IS_NEWS_S = 60.0
STEADY_S = 30.0  # a session that lasted this long starts the backoff anew
CALM_S = 60.0  # without a refusal for so long, all is well again: each change is an event
MIN_S = 0.05
# For our own status to come back: before that, what the broker has kept of this pole may still come
ECHO_S = 5.0
NO_ECHO = (
    "the broker grants what we ask for and delivers nothing: our own status does not come back, so commands"
    " may not arrive either"
)


class Upload:
    """One connection at a time."""

    def __init__(
        self,
        context: Context,
        broker: Broker,
        inbox: asyncio.Queue[Incoming],
        *,
        random: Callable[[], float],
        version: str,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        """`inbox` gets the commands; `random` gives 0 to 1 for the pauses between attempts; `version` is the
        agent's own.
        """
        self._beat = beat
        self._broker, self._inbox = broker, inbox
        self._store, self._board, self._parts = context.store, context.board, context.parts
        self._keeper, self._clock, self._base = context.keeper, context.clock, context.base
        self._own = Own(context, version)
        self._backoff = Backoff(random)
        self._sent: dict[str, list[int]] = {}  # type -> events, bytes
        self._session: Session | None = None
        self._carry: Carry | None = None
        self._offline_since: float | None = None
        self._takeovers, self._suffix = 0, ""
        self._presence, self._stir = Presence(self._keeper.boot_id), asyncio.Event()
        self._quarantine, self._former = Quarantine(), Former(context.store, context.base)
        self._leaving = False  # we said goodbye: nothing is said any more
        self._trouble_at: dict[str, float] = {}  # part -> when something of it last waited
        self.certificate_ends: float | None = None  # wall time, of the broker's, as it was last seen

    async def run(self) -> None:
        self._offline_since = self._clock.monotonic()
        while True:
            self._beat()
            started, delivered = self._clock.monotonic(), self.sent_events
            known = len(self._quarantine.topics)
            try:
                await self._connect()
            except LinkLost as error:
                now = self._clock.monotonic()
                if self._offline_since is None:
                    self._offline_since = now
                    log.warning("uplink: lost %s: %s", self._broker.name, error)
                if now - self._offline_since >= OFFLINE_IS_NEWS_S:
                    self._parts.degrade("uplink", f"{self._broker.name}: {error}", Severity.INFO)
                if isinstance(error, TakenOver) and error.__cause__ is not None:  # the broker said so
                    self._met_a_twin(error)
                if now - started >= STEADY_S or len(self._quarantine.topics) > known:
                    self._backoff.reset()
                elif self.sent_events > delivered:
                    self._backoff.ease()
                pause = self._backoff.next()
                log.info("uplink: %s: %s; next attempt in %.1f s", self._broker.name, error, pause)
                await self._clock.sleep(pause)

    def _met_a_twin(self, error: TakenOver) -> None:
        """Two poles with one identity, as after a copied SD card. Both shall tell, and neither shall fight
        for the name.

        Once we come back under our name: that throws the other out, so that it knows as well. Whoever is
        thrown out twice takes another.
        """
        self._takeovers += 1
        self._own.met_a_twin()
        log.error("uplink: %s; is there a copy of this pole's SD card?", error)
        reason = f"{error}: two poles have one identity; give one of them another [pole] id"
        self._parts.degrade("identity", reason, Severity.ALARM)
        if self._takeovers > 1 and not self._suffix:
            self._suffix = (
                f"-twin-{self._keeper.boot_id[:4]}{int(self._keeper.clock.monotonic() * 1000) % 10_000:04d}"
            )

    async def shutdown(self, last: Sequence[Message] = ()) -> None:
        """Say `last`, and that we stop, if there is somebody to say it to."""
        self._leaving = True
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

    async def _connect(self) -> None:
        own, name = self._own, self._broker.name
        birth, knows_5 = await own.prepare(name)
        self._broker.knows_5 |= knows_5

        async def born(modern: bool) -> None:
            await own.born(birth, name, modern=modern)

        async with self._broker.connect(
            own.status("offline", "lost", birth), self._base, self._suffix, born
        ) as session:
            carry = Carry(session, self._board, self._quarantine, self._clock, self._base)
            drain = Drain(self._store, self._clock, self._base, self._quarantine, self._sent, self._beat)
            trials = Trials(session, drain, carry, self._board, self._quarantine, self._clock, self._base)
            self._quarantine.hurry()
            drain.out.paused = bool(self._quarantine.suspects)
            self._presence.begin(own.births)
            try:
                await self._say(session, carry)
                self._begun(session, carry)
                self._board.birth(carry.live)
                await self._while_it_lasts(
                    self._drain(drain, session),
                    carry.run(),
                    trials.run(),
                    self._hear(session),
                    self._attend(session, carry),
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
            raise LinkLost("the session ended")

    def _begun(self, session: Session, carry: Carry) -> None:
        log.info("uplink: connected to %s (birth %d)", self._broker.name, self._own.births)
        self._offline_since = None
        self._parts.note("uplink", births=self._own.births)
        self._parts.recover("uplink")
        if session.missing:
            self._parts.degrade("mqtt", session.missing)
        else:
            self._parts.recover("mqtt")
        self.certificate_ends = session.certificate_ends
        self._session, self._carry = session, carry

    async def _say(self, session: Session, carry: Carry) -> None:
        """Say that we are online, unless the broker does not take that."""
        message = self._own.online()
        hold, now = self._quarantine.topics.get(message.topic), self._clock.monotonic()
        if hold is not None and hold.until > now:
            return
        try:
            await carry.send(STATUS, message, tried=True)
        except PublishRefused:
            return
        self._presence.said(self._clock.monotonic(), echo=STATUS not in session.unheard)

    async def _drain(self, drain: Drain, session: Session) -> None:
        """Once it is known that the numbers are still those of this store."""
        if STATUS not in session.unheard:
            await wait(self._clock, self._own.compared, ECHO_S)
        self._own.compared.set()
        await drain.run(session)

    def _suspect(self, drain: Drain, carry: Carry, trials: Trials, error: LinkLost) -> None:
        """Whatever was in flight when the connection went may be why."""
        in_flight: dict[Key, str] = {trials.trying[0]: trials.trying[1]} if trials.trying else {}
        in_flight |= carry.in_flight
        in_flight |= {row.seq: drain.message(row).topic for row in drain.out.flying}
        if not in_flight:
            return
        reason, sure = "the broker hangs up at this topic", isinstance(error, NotAcknowledged)
        if sure:
            reason = "the broker does not acknowledge this topic"
        for topic in self._quarantine.lost(
            in_flight, reason, self._clock.monotonic(), tried=trials.trying is not None, sure=sure
        ):
            log.error(
                "uplink: %s: %s; what belongs there is kept and tried again now and then", topic, reason
            )
        self._tell_what_waits()

    async def _attend(self, session: Session, carry: Carry) -> None:
        """Are our own words heard back? Is what the broker has of us true? Does it let us listen?"""
        await self._former.clear(session, carry)
        while True:
            if not self._leaving and self._presence.look(self._clock.monotonic()):
                if self._presence.unheard:
                    await session.listen(anew=True)
                async with carry.alone:
                    await self._say(session, carry)
            await session.listen()
            self._tell_what_is_heard(session)
            await wait(
                self._clock,
                self._stir,
                max(MIN_S, min(IDLE_S, self._presence.next_at() - self._clock.monotonic())),
            )

    def _tell_what_is_heard(self, session: Session) -> None:
        if session.unheard:
            missing = ", ".join(f"{path} ({reason})" for path, reason in session.unheard.items())
            self._parts.degrade("commands", f"the broker does not let us listen to {missing}")
        elif self._presence.unheard:
            self._parts.degrade("commands", NO_ECHO)
        elif self._presence.heard_ourselves:
            self._parts.recover("commands")

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
                self._trouble_at[part] = now
                self._parts.degrade(part, why)
            elif now - self._trouble_at.get(part, now - CALM_S) >= CALM_S and (
                self.sent_events or not events
            ):
                self._parts.recover(part)

    async def _hear(self, session: Session) -> None:
        """Pass commands on. It waits for room: behind a flood of bad commands may stand a cancel."""
        async for message in session.incoming():
            if message.path == STATUS:
                if await self._own.compare(message.payload):
                    self._presence.say_again(self._own.births, self._clock.monotonic())
                self._hear_of_ourselves(message.payload)
            else:
                await self._inbox.put(message)

    def _hear_of_ourselves(self, payload: bytes) -> None:
        """Our own status, as the broker has it. Raises TakenOver when somebody else has written it since we
        did.

        Not every broker says why it let go of a client (Mosquitto 2.0 does not), so this is how two poles
        with one identity notice.
        """
        if self._leaving:
            return
        heard = self._presence.heard(payload, self._clock.monotonic())
        self._stir.set()
        if heard is Heard.WRONG:
            log.warning(
                "uplink: the broker has a status of ours that is not true: %s; saying it again",
                payload[:200].decode(errors="replace") or "(cleared)",
            )
        if heard is not Heard.TWIN:
            return
        error = TakenOver("another client writes the status of this pole")
        named = self._suffix
        self._met_a_twin(error)
        if self._suffix != named:
            raise error  # come back under the other name
