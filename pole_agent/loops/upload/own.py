"""What the pole says of itself (its retained ``status``), and what the broker has kept of that, held against
the store.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

from pole_agent.almanac import rfc3339
from pole_agent.context import Context
from pole_agent.errors import LinkLost, OutboxError, TakenOver
from pole_agent.languages import phrase
from pole_agent.store.continuity import Ended
from pole_agent.store.database import Database
from pole_agent.store.succession import ANNOUNCED, BIRTHS
from pole_agent.uplink.events import STATUS, Message, encode
from pole_agent.uplink.own_words import Known, judge
from pole_agent.uplink.quiet import quiet
from pole_agent.uplink.twin import Twin
from pole_agent.vocabulary import Severity

log = quiet(__name__)

KNOWS_5 = "mqtt 5"  # in the store: the broker that was seen in MQTT 5


class Own:
    """`births` counts connections, of this store; `compared` is set once the broker's words are known to be
    ours.
    """

    def __init__(self, context: Context, version: str) -> None:
        self._store, self._parts, self._keeper = context.store, context.parts, context.keeper
        self._clock, self._version = context.clock, version
        self.topic = f"{context.base}/{STATUS}"
        self.births = 0
        self.compared = asyncio.Event()  # with what the broker has kept of this pole
        self._known: Known | None = None  # of the store at this connection; None when it does not answer
        # The store that we came with: of a copied card, a twin gives out the same numbers
        self._brought: str | None = None
        self.twin = Twin(self._keeper.boot_id)
        self._said: deque[bytes] = deque(maxlen=8)  # our own words, also wills of connections that are gone
        self._online = b""

    def status(self, state: str, reason: str, birth: int | None = None) -> Message:
        """`birth`: of the connection that it is about, None: this one."""
        document = {
            "state": state,
            "birth": self.births if birth is None else birth,
            "boot_id": self._keeper.boot_id,
            "version": self._version,
            "since": rfc3339(self._clock.wall()),
            "reason": reason,
        }
        if self._known is not None:
            document |= {"storeid": self._known.storeid, "sequence": self._known.sequence}
        self._said.append(encode(document))
        return Message(self.topic, self._said[-1], retain=True)

    def online(self) -> Message:
        """The status of this connection, to be said, and said again."""
        message = (
            self.status("online", "connected")
            if not self._online
            else Message(self.topic, self._online, retain=True)
        )
        self._online = message.payload
        return message

    def met_a_twin(self, error: TakenOver) -> None:
        """Another pole has our identity: tell it, here and in health."""
        self.twin.met(self._clock.monotonic())
        log.error("uplink: %s; is there a copy of this pole's SD card?", error)
        reason = f"{error}: two poles have one identity; give one of them another [pole] id"
        self._parts.degrade("identity", reason, Severity.ALARM)

    async def prepare(self, broker: str) -> tuple[int, bool]:
        """Before an attempt: the birth that it would be, and whether this broker was seen in MQTT 5.

        Writes nothing, but when a twin has the numbers of this store too: then it ends.
        """
        self._online = b""
        stamp, brought = self._keeper.stamp(self._clock.monotonic()), self._brought

        def end(db: Database) -> None:
            if db.store_id == brought:
                db.end(Ended(brought, "two_poles_one_identity", count=0, exact=True), stamp)

        if self.twin.to_part:
            with contextlib.suppress(OutboxError):
                await self._store.write(end)
                self.twin.parted = True
        knows_5 = await self.look_at_the_store(broker)
        return self.births + 1 if self._known is None else self._known.birth, knows_5

    async def born(self, birth: int, broker: str, *, modern: bool) -> None:
        """The broker let us in: a connection is counted then, not at the attempt, and before anybody is told
        of it.
        """

        def count(db: Database) -> int:
            births = max(birth, int(db.number(BIRTHS)) + 1)
            db.set(BIRTHS, str(births))
            if modern:
                db.set(KNOWS_5, broker)
            return births

        try:
            self.births = await self._store.write(count)
        except OutboxError:
            self.births = max(birth, self.births + 1)

    async def look_at_the_store(self, next_at: str = "") -> bool:
        """For the status: which store this is, and how far it has come.

        `next_at`: for the next connection, to this broker; was it seen in MQTT 5?
        """
        boot, wall = self._keeper.boot_id, self._clock.wall() if self._keeper.trusted else None

        def look(db: Database) -> tuple[Known, bool]:
            newest = db.newest_synced_wall()
            since = None if wall is None or newest is None else wall - newest
            began, announced = self._store.began, db.get(ANNOUNCED) is not None
            birth = int(db.number(BIRTHS)) + 1 if next_at else self.births
            return Known(
                db.store_id, db.last_sequence(), began, birth, boot, db.formers(), announced, since
            ), db.get(KNOWS_5) == next_at

        known, knows_5 = None, False
        with contextlib.suppress(OutboxError):
            known, knows_5 = await self._store.read(look)
        if known is not None and self._brought is None:
            self._brought = known.storeid
        if known is None or self._known is None or known.storeid != self._known.storeid:
            self.compared.clear()
        self._known = known
        return knows_5

    async def compare(self, payload: bytes) -> bool:
        """Hold the status that the broker has kept against the store, until our own comes back. True: ours is
        another one now, to be said.

        Raises LinkLost when the store has ended.
        """
        if self.compared.is_set():
            return False
        known = self._known
        if payload == self._online:
            if known is not None and not known.announced:
                with contextlib.suppress(OutboxError):
                    await self._store.write(lambda db: db.set(ANNOUNCED, "1"))
            self.compared.set()
            return False
        finding = None if known is None or payload in self._said else judge(payload, known)
        if finding is None:
            return False
        stamp = self._keeper.stamp(self._clock.monotonic())
        if finding.alarm:
            log.error("uplink: %s", finding.alarm)
            self._parts.degrade("identity", finding.alarm, Severity.ALARM)

        def follow(db: Database) -> None:
            if finding.ends:
                db.end(Ended(finding.storeid, finding.ends, finding.ranges), stamp, anew=finding.anew)
            db.set(BIRTHS, str(max(db.number(BIRTHS), finding.births + (not finding.ends))))

        if finding.ends or finding.births:
            with contextlib.suppress(OutboxError):
                await self._store.write(follow)
        if finding.ends:
            raise LinkLost(phrase("store-of-broker-ended"))
        if not finding.births:
            return False
        self.births, self._online = finding.births + 1, b""
        return True
