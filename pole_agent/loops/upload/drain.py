"""store -> broker over one connection: what waits, severity first, then age; marked as delivered when the
broker has acknowledged it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial

from pole_agent.clock import Clock
from pole_agent.errors import LinkLost, OutboxError, PublishRefused, Withdrawn
from pole_agent.languages import phrase
from pole_agent.race import race
from pole_agent.store.database import Database
from pole_agent.store.rows import Outbound
from pole_agent.store.store import Store
from pole_agent.uplink.broker import Session
from pole_agent.uplink.events import CONTENT_TYPE, DOCUMENT_SQL, TYPE_PREFIX, Message, event_kind, event_topic
from pole_agent.uplink.outgoing import Outgoing
from pole_agent.uplink.quarantine import Quarantine
from pole_agent.uplink.quiet import quiet

log = quiet(__name__)

WINDOW = 40  # messages in flight; the session keeps to the broker's receive maximum below that
# Few long visits to the store instead of many short ones: each makes the two threads wait for each other.
MARK_ROWS, MARK_S = 4000, 0.5  # acknowledged events are marked when there are so many, or after so long
# So few are marked along with the next write: a commit of their own would double the wear of a quiet day.
FEW_ROWS = 50
IDLE_S = 30.0


class Drain:
    """`sent` counts events and bytes by type, over all connections; `beat` says that the loop lives."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        base: str,
        quarantine: Quarantine,
        sent: dict[str, list[int]],
        beat: Callable[[], None],
    ) -> None:
        self._store, self._clock, self._base, self._quarantine = store, clock, base, quarantine
        self._sent, self._beat = sent, beat
        self.out: Outgoing[Outbound] = Outgoing(quarantine.events.keys())
        self._ready, self._room, self._taken = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._store_id = ""  # whose events are on their way
        self._marks: set[asyncio.Future[None]] = set()

    async def run(self, session: Session) -> None:
        """Until the connection is lost. Raises LinkLost."""
        try:
            async with race(self._send_all(session), self._read(), self._mark_taken()) as jobs:
                for job in jobs:
                    if job.done():
                        job.result()
        finally:
            # Takes along what waits for the next commit
            await self._mark(self.out.to_mark(), self._store.write)

    def look_again(self) -> None:
        """Something else may go now: read from the top."""
        self.out.rewind()
        self._room.set()
        self._ready.set()

    async def find(self, seq: int | None = None, kind: str = "", *, newest: bool = False) -> Outbound | None:
        """An event that waits: that number, or the oldest or newest of a kind. Raises OutboxError."""

        def one(db: Database) -> tuple[str, str | None]:
            return db.store_id, db.one_waiting(DOCUMENT_SQL, seq, kind, newest=newest, **self._values(db))

        store_id, row = await self._store.read(one)
        self._keep_to(store_id)
        return None if row is None else Outbound.read(row)

    def message(self, stored: Outbound) -> Message:
        return Message(
            event_topic(self._base, stored.kind), stored.text.encode(), 1, False, None, None, CONTENT_TYPE
        )

    def taken(self, stored: Outbound, message: Message) -> None:
        """The broker acknowledged it."""
        tally = self._sent.setdefault(stored.kind, [0, 0])
        tally[0] += 1
        tally[1] += len(message.payload) + len(message.topic)
        if self.out.acknowledged(stored.seq) in (1, MARK_ROWS):
            self._taken.set()

    def refused(self, stored: Outbound, topic: str, error: PublishRefused) -> None:
        self.out.refused(stored.seq)
        news = self._quarantine.refused(topic, stored.seq, str(error), self._clock.monotonic())
        if topic in self._quarantine.topics:
            self.look_again()  # the others of its kind are passed over from now on
        if news:
            log.error("uplink: event %d (%s): %s; kept, retrying later", stored.seq, stored.kind, error)

    async def _read(self) -> None:
        """Keep some events at hand."""
        committed, out = self._store.committed, self.out
        while True:
            if committed.is_set():
                committed.clear()
                out.rewind()
            if out.wants():
                limit, position, begun = out.limit(), out.position, out.round
                without = [event_kind(self._base, topic) for topic in self._quarantine.topics]
                try:
                    read = partial(self._following, position=position, limit=limit, without=without)
                    store_id, rows = await self._store.read(read)
                except OutboxError:
                    store_id, rows = self._store_id, []
                self._keep_to(store_id)
                if committed.is_set() or begun != out.round:
                    continue
                out.offer([Outbound.read(row) for row in rows], limit)
                self._ready.set()
            await self._stirred(committed, self._room)

    def _keep_to(self, store_id: str) -> None:
        if self._store_id not in ("", store_id):
            self._quarantine.start_over()
            raise LinkLost(phrase("store-replaced"))
        self._store_id = store_id

    def _values(self, db: Database) -> dict[str, str]:
        return {"source": f"/{self._base}", "prefix": TYPE_PREFIX, "storeid": db.store_id}

    def _following(
        self, db: Database, position: tuple[int, int] | None, limit: int, without: list[str]
    ) -> tuple[str, list[str]]:
        return db.store_id, db.following(position, limit, DOCUMENT_SQL, without, **self._values(db))

    async def _stirred(self, *events: asyncio.Event) -> None:
        """Until one of the events is set, or it is time to look at the store anyway.

        `committed` is left set.
        """
        self._beat()
        if any(e.is_set() for e in events):
            events[-1].clear()
            return
        async with race(*(e.wait() for e in events), self._clock.sleep(IDLE_S)):
            pass
        events[-1].clear()

    async def _send_all(self, session: Session) -> None:
        """One sender, and while something is left for another, more of them, up to the window: a fleet that
        comes back would start and end forty tasks for each pole that has nothing to send. Raises LinkLost.
        """
        senders: set[asyncio.Task[None]] = set()
        lost = asyncio.Event()

        def more() -> None:
            if len(senders) < WINDOW and not lost.is_set():
                task = asyncio.create_task(self._send(session, more), name="send")
                senders.add(task)
                task.add_done_callback(lambda _: lost.set())

        more()
        try:
            await lost.wait()
            for sender in senders:
                if sender.done():
                    sender.result()
        finally:
            lost.set()
            for sender in senders:
                sender.cancel()
            await asyncio.gather(*senders, return_exceptions=True)

    async def _send(self, session: Session, more: Callable[[], None]) -> None:
        """One of the window: when there is room on the line, send what is next by then; wait for the
        acknowledgement, send the next. `more` is called when something is left for another.

        Raises LinkLost. The innermost loop of a drain.
        """
        out, quarantine, ready = self.out, self._quarantine, self._ready
        stored: Outbound | None = None
        message = Message("", b"")

        def leave() -> Message:
            nonlocal stored, message
            stored = out.take()
            if out.wants():
                self._room.set()
            if not out.idle:
                more()
            if stored is None:
                raise Withdrawn(phrase("taken-by-another"))
            message = self.message(stored)
            return message

        while True:
            if out.idle:
                ready.clear()
                await ready.wait()
                continue
            try:
                await session.publish(leave, waits=True)
            except Withdrawn:
                continue
            except PublishRefused as error:
                assert stored is not None
                self.refused(stored, message.topic, error)
                continue
            assert stored is not None
            if not quarantine.empty and quarantine.accepted(message.topic, stored.seq):
                self.look_again()
            self.taken(stored, message)

    async def _mark_taken(self) -> None:
        """Mark in batches: a commit for each acknowledgement would wear the card out."""
        while True:
            await self._taken.wait()
            self._taken.clear()
            await self._clock.wait(self._taken, MARK_S)
            seqs = self.out.to_mark()
            if len(seqs) > FEW_ROWS:
                await self._mark(seqs, self._store.write)
            elif seqs:
                job = asyncio.create_task(self._mark(seqs, self._store.later), name="mark events")
                self._marks.add(job)
                job.add_done_callback(self._marks.discard)

    async def _mark(
        self, seqs: list[int], how: Callable[[Callable[[Database], None]], Awaitable[None]]
    ) -> None:
        wall, store_id = self._clock.wall(), self._store_id
        with contextlib.suppress(OutboxError):  # then they are sent again: receivers know them by their id
            await how(lambda db: db.mark_delivered(seqs, wall, store_id))
        self.out.marked(seqs)
