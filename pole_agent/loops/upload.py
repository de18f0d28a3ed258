"""store -> broker, and the notice board. Offline is a state: connect, drain, and when the link is lost wait and connect again, for ever."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from pole_agent.almanac import rfc3339
from pole_agent.clock import Clock, wait
from pole_agent.errors import LinkLost, OutboxError, PublishRefused, TakenOver
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.store.continuity import Ended
from pole_agent.store.database import ANNOUNCED, BIRTHS, Database, Outbound
from pole_agent.store.store import Store
from pole_agent.uplink.backoff import Backoff
from pole_agent.uplink.board import Board
from pole_agent.uplink.broker import Broker, Session
from pole_agent.uplink.events import (
    CONTENT_TYPE,
    DOCUMENT_SQL,
    STATUS,
    TYPE_PREFIX,
    Incoming,
    Message,
    encode,
    event_topic,
)
from pole_agent.uplink.outgoing import Outgoing
from pole_agent.uplink.own_words import Known, judge
from pole_agent.vocabulary import Severity

log = logging.getLogger(__name__)

WINDOW = 40  # messages in flight; the session keeps to the broker's receive maximum below that
# Few long visits to the store instead of many short ones: each makes the two threads wait for each other.
MARK_ROWS, MARK_S = 4000, 0.5  # acknowledged events are marked when so many are, or after so long …
FEW_ROWS = 50  # … and so few go along with what is written next: a commit of their own would double the wear of a quiet day
IDLE_S = 30.0
REFUSED_AGAIN_S = 600.0  # a message that the broker refused is tried again then; meanwhile it blocks nobody
OFFLINE_IS_NEWS_S = 60.0
STEADY_S = 30.0  # a session that lasted this long starts the backoff anew
ECHO_S = 5.0  # for our own status to come back: before that, what the broker has kept of this pole may still come


class Upload:
    """One connection at a time."""

    def __init__(
        self,
        broker: Broker,
        store: Store,
        board: Board,
        inbox: asyncio.Queue[Incoming],
        parts: Parts,
        keeper: TimeKeeper,
        clock: Clock,
        random: Callable[[], float],
        base: str,
        version: str,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._beat = beat
        self._broker, self._store, self._board, self._inbox, self._parts = broker, store, board, inbox, parts
        self._keeper, self._clock, self._base, self._version = keeper, clock, base, version
        self._backoff = Backoff(random)
        self._births = 0
        self._sent: dict[str, list[int]] = {}  # type -> events, bytes
        self._session: Session | None = None
        self._offline_since: float | None = None
        self._takeovers, self._suffix = 0, ""
        self._brought: str | None = None  # the store that we came with: of a copied card, a twin gives out the same numbers
        self._heard_ourselves = False
        self._known: Known | None = None  # of the store at this connection; None when it does not answer
        self._compared = asyncio.Event()  # with what the broker has kept of this pole
        self._said: deque[bytes] = deque(maxlen=8)  # our own words, also wills of connections that are gone
        self._draining = ""  # the store whose events are on their way
        self._marks: set[asyncio.Future[None]] = set()
        self.delivered = 0
        self.certificate_ends: float | None = None  # wall time, of the broker's, as it was last seen

    async def run(self) -> None:
        self._offline_since = self._clock.monotonic()
        while True:
            self._beat()
            started = self._clock.monotonic()
            try:
                await self._connect()
            except LinkLost as error:
                now = self._clock.monotonic()
                if self._offline_since is None:
                    self._offline_since = now
                    log.warning("uplink: lost %s: %s", self._broker.name, error)
                if now - self._offline_since >= OFFLINE_IS_NEWS_S:
                    self._parts.ill("uplink", f"{self._broker.name}: {error}", Severity.INFO)
                if isinstance(error, TakenOver) and error.__cause__ is not None:  # the broker said so
                    self._met_a_twin(error)
                if now - started >= STEADY_S:
                    self._backoff.reset()
                pause = self._backoff.next()
                log.info("uplink: %s: %s; next attempt in %.1f s", self._broker.name, error, pause)
                await self._clock.sleep(pause)

    def _met_a_twin(self, error: TakenOver) -> None:
        """Two poles with one identity, as after a copied SD card. Both shall tell, and neither shall fight for the name.

        Once we come back under our name: that throws the other out, so that it knows as well. Whoever is thrown out twice takes another.
        """
        self._takeovers += 1
        log.error("uplink: %s; is there a copy of this pole's SD card?", error)
        reason = f"{error}: two poles have one identity; give one of them another [pole] id"
        self._parts.ill("identity", reason, Severity.ALARM)
        if self._takeovers > 1 and not self._suffix:
            self._suffix = f"-twin-{self._keeper.boot_id[:4]}{int(self._keeper.clock.monotonic() * 1000) % 10_000:04d}"

    def status(self, state: str, reason: str) -> Message:
        document = {
            "state": state,
            "birth": self._births,
            "boot_id": self._keeper.boot_id,
            "version": self._version,
            "since": rfc3339(self._clock.wall()),
            "reason": reason,
        }
        if self._known is not None:
            document |= {"storeid": self._known.storeid, "sequence": self._known.sequence}
        self._said.append(encode(document))
        return Message(f"{self._base}/status", self._said[-1], retain=True)

    async def farewell(self) -> None:
        """Say that we stop, if there is somebody to say it to."""
        if self._session is not None:
            with contextlib.suppress(LinkLost, PublishRefused):
                await self._look_at_the_store()
                await self._session.publish(self.status("offline", "stopped"))

    @property
    def sent_events(self) -> int:
        """How many were acknowledged since the start."""
        return sum(events for events, _ in self._sent.values())

    def sent(self) -> dict[str, Any]:
        """Bytes and events by type since the start, for ``health``."""
        return {"bytes": {kind: n for kind, (_, n) in self._sent.items()}, "events": {kind: n for kind, (n, _) in self._sent.items()}}

    async def _connect(self) -> None:
        self._births = await self._next_birth()
        async with self._broker.connect(self.status("offline", "lost"), self._base, self._suffix) as session:
            try:
                await session.publish(self.status("online", "connected"))
            except PublishRefused as error:
                raise LinkLost(f"the status was refused: {error}; check the access rules for {self._base}/#") from error
            log.info("uplink: connected to %s (birth %d)", self._broker.name, self._births)
            self._offline_since = None
            self._parts.note("uplink", births=self._births)
            self._parts.well("uplink")
            if session.missing:
                self._parts.ill("mqtt", session.missing)
            else:
                self._parts.well("mqtt")
            self.certificate_ends = session.certificate_ends
            self._session = session
            self._board.birth(session.publish)
            jobs = [
                asyncio.ensure_future(self._drain(session)),
                asyncio.ensure_future(self._carry(session)),
                asyncio.ensure_future(self._hear(session)),
            ]
            try:
                done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
                for job in done:
                    job.result()
                raise LinkLost("the session ended")
            finally:
                self._session = None
                self._board.lost()
                for job in jobs:
                    job.cancel()
                await asyncio.gather(*jobs, return_exceptions=True)

    async def _next_birth(self) -> int:
        stamp = self._keeper.stamp(self._clock.monotonic())

        def count(db: Database) -> int:
            if self._takeovers and db.store_id == self._brought:
                db.end(Ended(self._brought, "two_poles_one_identity", count=0, exact=True), stamp)
            births = int(db.number(BIRTHS)) + 1
            db.set(BIRTHS, str(births))
            return births

        try:
            births = await self._store.write(count)
        except OutboxError:
            self._known = None
            return self._births + 1
        await self._look_at_the_store(births)
        return births

    async def _look_at_the_store(self, births: int | None = None) -> None:
        """For the status: which store this is, and how far it has come."""
        boot, wall = self._keeper.boot_id, self._clock.wall() if self._keeper.trusted else None
        birth = self._births if births is None else births

        def look(db: Database) -> Known:
            newest = db.newest_synced_wall()
            since = None if wall is None or newest is None else wall - newest
            return Known(
                db.store_id, db.last_sequence(), self._store.began, birth, boot, db.formers(), db.get(ANNOUNCED) is not None, since
            )

        try:
            known = await self._store.read(look)
        except OutboxError:
            known = None
        if known is not None and self._brought is None:
            self._brought = known.storeid
        if known is None or self._known is None or known.storeid != self._known.storeid:
            self._compared.clear()
        self._known = known

    async def _drain(self, session: Session) -> None:
        """Send what waits, severity first, then age; mark it delivered when the broker has acknowledged it."""
        await wait(self._clock, self._compared, ECHO_S)
        self._compared.set()
        out: Outgoing[Outbound] = Outgoing()
        ready, room, taken = asyncio.Event(), asyncio.Event(), asyncio.Event()
        jobs = [asyncio.ensure_future(self._send(session, out, ready, room, taken)) for _ in range(WINDOW)]
        jobs += [asyncio.ensure_future(self._read(out, ready, room)), asyncio.ensure_future(self._mark_taken(out, taken))]
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                job.result()
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            await self._mark(out, out.to_mark(), self._store.write)  # takes along what waits for the next commit
            self._draining = ""

    async def _read(self, out: Outgoing[Outbound], ready: asyncio.Event, room: asyncio.Event) -> None:
        """Keep some events at hand."""
        committed = self._store.committed
        while True:
            if committed.is_set() or out.due(self._clock.monotonic()):
                committed.clear()
                out.rewind()
            if out.wants():
                limit, position = out.limit(), out.position
                try:
                    store_id, rows = await self._store.read(lambda db: self._following(db, position, limit))  # noqa: B023 - awaited at once
                except OutboxError:
                    store_id, rows = self._draining, []
                if self._draining not in ("", store_id):
                    raise LinkLost("the store was replaced; its numbers begin anew")
                self._draining = store_id
                if committed.is_set():
                    continue
                out.offer([Outbound.read(row) for row in rows], limit)
                ready.set()
            await self._stirred(committed, room)

    def _following(self, db: Database, position: tuple[int, int] | None, limit: int) -> tuple[str, list[str]]:
        values = {"source": f"/{self._base}", "prefix": TYPE_PREFIX, "storeid": db.store_id}
        return db.store_id, db.following(position, limit, DOCUMENT_SQL, **values)

    async def _stirred(self, *events: asyncio.Event) -> None:
        """Until one of the events is set, or it is time to look at the store anyway. `committed` is left set."""
        self._beat()
        if any(e.is_set() for e in events):
            events[-1].clear()
            return
        waits = [asyncio.ensure_future(e.wait()) for e in events] + [asyncio.ensure_future(self._clock.sleep(IDLE_S))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for w in waits:
                w.cancel()
        events[-1].clear()

    async def _send(
        self, session: Session, out: Outgoing[Outbound], ready: asyncio.Event, room: asyncio.Event, taken: asyncio.Event
    ) -> None:
        """One of the window: send, wait for the acknowledgement, send the next. Raises LinkLost. The innermost loop of a drain."""
        topics: dict[str, str] = {}
        while True:
            stored = out.take()
            if out.wants():
                room.set()
            if stored is None:
                ready.clear()
                await ready.wait()
                continue
            kind = stored.kind
            if (topic := topics.get(kind)) is None:
                topic = topics[kind] = event_topic(self._base, kind)
            payload = stored.text.encode()
            message = Message(topic, payload, 1, False, None, None, CONTENT_TYPE)
            try:
                await session.publish(message)
            except PublishRefused as error:
                out.refused(stored.seq, self._clock.monotonic() + REFUSED_AGAIN_S)
                log.error("uplink: event %d (%s): %s; it is kept and tried again later", stored.seq, kind, error)
                self._parts.ill("events", f"{topic}: {error}")
                continue
            tally = self._sent.setdefault(kind, [0, 0])
            tally[0] += 1
            tally[1] += len(payload) + len(topic)
            if out.acknowledged(stored.seq) in (1, MARK_ROWS):
                taken.set()

    async def _mark_taken(self, out: Outgoing[Outbound], taken: asyncio.Event) -> None:
        """Mark in batches: a commit for each acknowledgement would wear the card out."""
        while True:
            await taken.wait()
            taken.clear()
            await wait(self._clock, taken, MARK_S)
            seqs = out.to_mark()
            if len(seqs) > FEW_ROWS:
                await self._mark(out, seqs, self._store.write)
            elif seqs:
                job = asyncio.ensure_future(self._mark(out, seqs, self._store.later))
                self._marks.add(job)
                job.add_done_callback(self._marks.discard)

    async def _mark(self, out: Outgoing[Outbound], seqs: list[int], how: Callable[[Callable[[Database], None]], Awaitable[None]]) -> None:
        self.delivered += len(seqs)
        if seqs and not out.set_aside:
            self._parts.well("events")
        wall, store_id = self._clock.wall(), self._draining
        with contextlib.suppress(OutboxError):  # then they are sent again: receivers know them by their id
            await how(lambda db: db.mark_delivered(seqs, wall, store_id))
        out.marked(seqs)

    async def _carry(self, session: Session) -> None:
        """Carry notices."""
        while True:
            await self._board.changed.wait()
            self._board.changed.clear()
            while (notice := self._board.take()) is not None:
                key, message = notice
                try:
                    await session.publish(message)
                except PublishRefused as error:
                    log.error("uplink: %s: %s", message.topic, error)
                except BaseException:
                    self._board.put_back(key)
                    raise

    async def _hear(self, session: Session) -> None:
        """Pass commands on. It waits for room: behind a flood of bad commands may stand a cancel."""
        async for message in session.incoming():
            if message.path == STATUS:
                if not self._compared.is_set():
                    await self._compare(session, message.payload)
                self._look_for_a_twin(message.payload)
            else:
                await self._inbox.put(message)

    async def _compare(self, session: Session, payload: bytes) -> None:
        """Hold the status that the broker has kept against the store, until our own comes back. Raises LinkLost when it begins anew."""
        known = self._known
        if payload == self._said[-1]:
            if known is not None and not known.announced:
                with contextlib.suppress(OutboxError):
                    await self._store.write(lambda db: db.set(ANNOUNCED, "1"))
            self._compared.set()
            return
        finding = None if known is None or payload in self._said else judge(payload, known)
        if finding is None:
            return
        stamp = self._keeper.stamp(self._clock.monotonic())
        if finding.alarm:
            log.error("uplink: %s", finding.alarm)
            self._parts.ill("identity", finding.alarm, Severity.ALARM)

        def follow(db: Database) -> None:
            if finding.ends:
                db.end(Ended(finding.storeid, finding.ends, finding.ranges), stamp, anew=finding.anew)
            db.set(BIRTHS, str(max(db.number(BIRTHS), finding.births + (not finding.ends))))

        if finding.ends or finding.births:
            with contextlib.suppress(OutboxError):
                await self._store.write(follow)
        if finding.ends:
            raise LinkLost("the store that the broker knows has ended; connecting again")
        if finding.births:
            self._births = finding.births + 1
            await session.publish(self.status("online", "connected"))

    def _look_for_a_twin(self, payload: bytes) -> None:
        """Our own status, as the broker has it. Raises TakenOver when somebody else has written it since we did.

        Not every broker says why it let go of a client (Mosquitto 2.0 does not), so this is how two poles with one identity notice.
        """
        try:
            boot = json.loads(payload)["boot_id"]
        except (ValueError, RecursionError, KeyError, TypeError):
            return
        if boot == self._keeper.boot_id:
            self._heard_ourselves = True
            return
        if not self._heard_ourselves:
            return  # kept by the broker since our own last boot: it comes before the echo of our first word
        error = TakenOver("another client writes the status of this pole")
        named = self._suffix
        self._met_a_twin(error)
        if self._suffix != named:
            raise error  # come back under the other name
