"""store -> broker, and the notice board. Offline is a state: connect, drain, and when the link is lost wait and connect again, for ever."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from pole_agent.almanac import rfc3339
from pole_agent.clock import Clock, wait
from pole_agent.errors import LinkLost, OutboxError, PublishRefused
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.store.database import Stored
from pole_agent.store.store import Store
from pole_agent.uplink.backoff import Backoff
from pole_agent.uplink.board import Board
from pole_agent.uplink.broker import Broker, Session
from pole_agent.uplink.events import Incoming, Message, encode, event_message
from pole_agent.vocabulary import Severity

log = logging.getLogger(__name__)

BATCH = 20  # two batches are under way at most, so that 40 messages are in flight
IDLE_S = 30.0
REFUSED_AGAIN_S = 600.0  # a message that the broker refused is tried again then; meanwhile it blocks nobody
OFFLINE_IS_NEWS_S = 60.0
STEADY_S = 30.0  # a session that lasted this long starts the backoff anew
BIRTHS = "births"


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
    ) -> None:
        self._broker, self._store, self._board, self._inbox, self._parts = broker, store, board, inbox, parts
        self._keeper, self._clock, self._base, self._version = keeper, clock, base, version
        self._backoff = Backoff(random)
        self._births = 0
        self._refused: dict[int, float] = {}  # sequence -> when to try again
        self._sent_bytes: dict[str, int] = {}
        self._sent_events: dict[str, int] = {}
        self._session: Session | None = None
        self._offline_since: float | None = None
        self.delivered = 0

    async def run(self) -> None:
        self._offline_since = self._clock.monotonic()
        while True:
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
                if now - started >= STEADY_S:
                    self._backoff.reset()
                pause = self._backoff.next()
                log.info("uplink: %s: %s; next attempt in %.1f s", self._broker.name, error, pause)
                await self._clock.sleep(pause)

    def status(self, state: str, reason: str) -> Message:
        document = {
            "state": state,
            "birth": self._births,
            "boot_id": self._keeper.boot_id,
            "version": self._version,
            "since": rfc3339(self._clock.wall()),
            "reason": reason,
        }
        return Message(f"{self._base}/status", encode(document), retain=True)

    async def farewell(self) -> None:
        """Say that we stop, if there is somebody to say it to."""
        if self._session is not None:
            with contextlib.suppress(LinkLost, PublishRefused):
                await self._session.publish(self.status("offline", "stopped"))

    def sent(self) -> dict[str, Any]:
        """Bytes and events by type since the start, for ``health``."""
        return {"bytes": dict(self._sent_bytes), "events": dict(self._sent_events)}

    async def _connect(self) -> None:
        self._births = await self._next_birth()
        async with self._broker.connect(self.status("offline", "lost"), self._base) as session:
            try:
                await session.publish(self.status("online", "connected"))
            except PublishRefused as error:
                raise LinkLost(f"the status was refused: {error}; check the access rules for {self._base}/#") from error
            log.info("uplink: connected to %s (birth %d)", self._broker.name, self._births)
            self._offline_since = None
            self._parts.note("uplink", births=self._births)
            self._parts.well("uplink")
            self._session = session
            self._board.birth(session.publish)
            self._refused.clear()
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
        def count(db: Any) -> int:
            births = int(db.get(BIRTHS) or 0) + 1
            db.set(BIRTHS, str(births))
            return births

        try:
            return await self._store.write(count)
        except OutboxError:
            return self._births + 1

    async def _drain(self, session: Session) -> None:
        """Send what waits, severity first, then age; mark it delivered when the broker has acknowledged it."""
        under_way: asyncio.Task[list[int]] | None = None
        flying: frozenset[int] = frozenset()
        try:
            while True:
                now = self._clock.monotonic()
                self._refused = {s: again for s, again in self._refused.items() if again > now}
                skip = flying | frozenset(self._refused)
                try:
                    batch = await self._store.read(lambda db, skip=skip: db.waiting(BATCH, skip))  # type: ignore[misc]
                except OutboxError:
                    batch = []
                task = asyncio.ensure_future(self._send(session, batch)) if batch else None
                if under_way is not None:
                    finished, under_way = under_way, None
                    await self._mark(await finished)
                under_way, flying = task, frozenset(s.seq for s in batch)
                if task is None:
                    await wait(self._clock, self._store.committed, IDLE_S)
        finally:
            if under_way is not None:
                under_way.cancel()
                await asyncio.gather(under_way, return_exceptions=True)

    async def _send(self, session: Session, batch: list[Stored]) -> list[int]:
        """Publish a batch at once; return the sequence numbers that were acknowledged. Raises LinkLost."""
        messages = [event_message(self._base, self._store.store_id, stored) for stored in batch]
        results = await asyncio.gather(*(session.publish(m) for m in messages), return_exceptions=True)
        taken, lost = [], None
        for stored, message, result in zip(batch, messages, results, strict=True):
            if result is None:
                taken.append(stored.seq)
                size = len(message.payload) + len(message.topic)
                self._sent_bytes[stored.kind] = self._sent_bytes.get(stored.kind, 0) + size
                self._sent_events[stored.kind] = self._sent_events.get(stored.kind, 0) + 1
            elif isinstance(result, PublishRefused):
                self._refused[stored.seq] = self._clock.monotonic() + REFUSED_AGAIN_S
                log.error("uplink: event %d (%s): %s; it is kept and tried again later", stored.seq, stored.kind, result)
                self._parts.ill("events", f"{message.topic}: {result}")
            elif isinstance(result, LinkLost):
                lost = result
            else:
                raise result
        if lost is not None:
            await self._mark(taken)
            raise lost
        return taken

    async def _mark(self, seqs: list[int]) -> None:
        self.delivered += len(seqs)
        if not seqs:
            return
        if not self._refused:
            self._parts.well("events")
        wall = self._clock.wall()
        with contextlib.suppress(OutboxError):  # then they are sent again: receivers know them by their id
            await self._store.write(lambda db: db.mark_delivered(seqs, wall))

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
            await self._inbox.put(message)
