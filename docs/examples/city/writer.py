"""The writer: hears the poles, stores, acknowledges, and asks for what is missing."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from city import store as tables
from city.asking import Asking, Gap
from city.books import Book, Changes
from city.folding import Incident, Request, incident_of, later, merged, request_of
from city.link import Link, LinkError, Message, Wish
from city.reading import Event, Explained, NotAnEvent, document, explained, read_event, rfc3339, split
from city.store import Database, Key, StoreError, StoreRefused

log = logging.getLogger("city.writer")
MOST_AT_ONCE = 1000  # messages in one transaction
MOST_RANGES = 200_000  # of one store; who makes more holes than that is no pole
TICK_S = 0.5
BEAT_S = 5.0
STATES = ("status", "info", "active", "health", "lamp/state")
STATES_S = 1.0  # so often the last words of the poles are stored
AGAIN_S = 2.0  # after the database has failed
CUT = 4096  # characters of what is set aside


def wishes(prefix: str) -> list[Wish]:
    """What the writer listens to. Events are not retained; a retained one is none. States come again by
    themselves: with QoS 1 the broker would keep each of them while we are away, until no event fits any more.
    """
    pole = f"{prefix}/+/+"
    return [
        Wish(f"{pole}/events/#", retained=False),
        Wish(f"{pole}/drone/request", retained=False),
        *(Wish(f"{pole}/{path}", qos=0) for path in STATES),
    ]


@dataclass(slots=True)
class Batch:
    """What some messages say, sorted for the tables."""

    events: list[tuple[Event, str]] = field(default_factory=list)  # with its topic
    explained: list[tuple[str, Explained]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    told: list[tuple[Key, int]] = field(default_factory=list)  # how far a store goes, by its pole
    aside: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    states: dict[tuple[str, str], tuple[str, bool, str]] = field(default_factory=dict)


class Writer:
    """`now`: monotonic seconds; `wall`: wall seconds. The database is its own."""

    def __init__(
        self,
        db: Database,
        link: Link,
        prefix: str,
        asking: Asking | None = None,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._db, self._link, self._prefix, self._now, self._wall = db, link, prefix, now, wall
        self._asking = asking or Asking()
        self._books: dict[Key, Book] | None = None  # None: not known, to be read from the database
        self._states: dict[tuple[str, str], tuple[str, bool, str]] = {}  # not stored yet
        self.current: dict[str, str] = {}  # the store of each pole, by its last word
        self.online: set[str] = set()

    async def run(self) -> None:
        """For ever. A database or a broker that fails is tried again. Raises StoreError where the database
        cannot be read at the start.
        """
        await self.books()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._take_all())
            group.create_task(self._keep_states())
            group.create_task(self._ask())

    async def _take_all(self) -> None:
        messages = self._link.messages
        while True:
            waiting = [await messages.get()]
            while len(waiting) < MOST_AT_ONCE and not messages.empty():
                waiting.append(messages.get_nowait())
            await self._until_stored(waiting)
            for message in waiting:
                self._link.acknowledge(message)

    async def _until_stored(self, waiting: list[Message]) -> None:
        """However long the database is away. What cannot be stored is found, and goes aside alone."""
        while True:
            try:
                await self.take(waiting)
                return
            except StoreRefused as error:
                reason = f"the database refuses it: {error}"
            except StoreError as error:
                log.warning("the database has failed, again in %g s: %s", AGAIN_S, error)
                await asyncio.sleep(AGAIN_S)
                continue
            except Exception as error:
                log.exception("a message could not be taken in")
                reason = f"it could not be taken in: {error!r}"
            if len(waiting) > 1:
                for message in waiting:
                    await self._until_stored([message])
                return
            async with self._db.transaction():
                await tables.put_aside(self._db, [self._aside(waiting[0].topic, reason, waiting[0].payload)])
            return

    async def take(self, messages: list[Message]) -> None:
        """Store what these say: all of it, or StoreError and nothing."""
        batch = self._sorted(messages)
        self._states.update(batch.states)
        if not (batch.events or batch.requests or batch.told or batch.aside):
            return
        came = rfc3339(self._wall())
        try:
            async with self._db.transaction():
                await self._store(batch, came)
        except BaseException:
            self._books = None  # they are ahead of the database
            raise

    def _sorted(self, messages: list[Message]) -> Batch:
        batch = Batch()
        for message in messages:
            try:
                source, path = split(message.topic, self._prefix)
                if path.startswith("events/"):
                    event = read_event(source, message.payload)
                    self._sort_event(batch, event, message.topic)
                elif path == "drone/request":
                    found = request_of(source, document(message.payload), 0, simulation=False)
                    if found is None:
                        raise NotAnEvent("no request of a drone")
                    batch.requests.append(found)
                elif path in STATES:
                    self._sort_state(batch, source, path, message)
                else:
                    raise NotAnEvent("nothing is known of this topic")
            except NotAnEvent as error:
                batch.aside.append(self._aside(message.topic, str(error), message.payload))
        return batch

    def _sort_event(self, batch: Batch, event: Event, topic: str) -> None:
        why = explained(event)
        batch.events.append((event, topic))
        if why is not None:
            batch.explained.append((event.source, why))
        if event.kind == "drone.changed":
            found = request_of(event.source, event.data, event.number, event.simulation)
            batch.requests += [] if found is None else [found]

    def _sort_state(self, batch: Batch, source: str, path: str, message: Message) -> None:
        if not message.payload:  # the topic was cleared
            batch.states[source, path] = rfc3339(self._wall()), message.retained, "{}"
            return
        found = document(message.payload)
        batch.states[source, path] = rfc3339(self._wall()), message.retained, tables.json_text(found)
        if path == "status":
            known, last = found.get("storeid"), found.get("sequence")
            (self.online.add if found.get("state") == "online" else self.online.discard)(source)
            if isinstance(known, str) and 1 <= len(known) <= 64:
                self.current[source] = known
                if type(last) is int and 0 < last < 10**12:
                    batch.told.append(((source, known), last))

    def _aside(self, topic: str, reason: str, payload: bytes) -> tuple[str, str, str, str, str]:
        shown = payload[:CUT].decode(errors="replace").replace("\0", "�")
        name = topic[:500].encode(errors="replace").decode().replace("\0", "�")
        return secrets.token_hex(8), rfc3339(self._wall()), name, reason[:300], shown

    async def books(self) -> dict[Key, Book]:
        if self._books is None:
            loaded = await tables.load_books(self._db)
            self._books = loaded if self._books is None else self._books  # somebody else was faster
        return self._books

    async def _store(self, batch: Batch, came: str) -> None:
        books = await self.books()
        new = await self._db.insert_events([tables.event_row(event, came) for event, _ in batch.events])
        changes: dict[Key, Changes] = {}
        for event, topic in batch.events:
            key = event.source, event.store
            is_new = (*key, event.number) in new
            if not is_new and await self._is_taken(event):
                batch.aside.append(
                    self._aside(topic, "its number was taken by another event", event.id.encode())
                )
                continue
            self._count(books, changes, key, (event.number, event.number))
            if is_new and books[key].ended is not None:
                books[key].after += 1
        for source, why in batch.explained:
            for span in why.ranges:
                self._count(books, changes, (source, why.store), span)
            if why.ended is not None:
                books.setdefault((source, why.store), Book()).ended = why.ended
                changes.setdefault((source, why.store), Changes())
        for key, last in batch.told:
            if last > books.setdefault(key, Book()).last:
                books[key].told = last
                changes.setdefault(key, Changes())
        await tables.save_books(self._db, books, changes)
        await self._fold_incidents(batch, came)
        await self._fold_requests(batch, came)
        await tables.put_aside(self._db, batch.aside)

    def _count(
        self, books: dict[Key, Book], changes: dict[Key, Changes], key: Key, span: tuple[int, int]
    ) -> None:
        book = books.setdefault(key, Book())
        if len(book.ranges) < MOST_RANGES:
            changes.setdefault(key, Changes()).note(book.ranges.add(*span))

    async def _is_taken(self, event: Event) -> bool:
        """Does another event have its number? Else it is the same one again, or came from an older store."""
        sql = "SELECT id FROM events WHERE source = $1 AND store = $2 AND sequence = $3"
        rows = await self._db.fetch(sql, event.source, event.store, event.number)
        return bool(rows) and rows[0]["id"] != event.id

    async def _fold_incidents(self, batch: Batch, came: str) -> None:
        told = [i for event, _ in batch.events if (i := incident_of(event)) is not None]
        known: dict[tuple[str, str], Incident] = await tables.load_incidents(
            self._db, [(i.source, i.incident_id) for i in told]
        )
        for one in told:
            key = one.source, one.incident_id
            known[key] = merged(known.get(key), one)
        await tables.save_incidents(self._db, known.values(), came)

    async def _fold_requests(self, batch: Batch, came: str) -> None:
        known = await tables.load_requests(self._db, [(r.source, r.request_id) for r in batch.requests])
        for one in batch.requests:
            key = one.source, one.request_id
            known[key] = later(known.get(key), one)
        await tables.save_requests(self._db, known.values(), came)

    async def _keep_states(self) -> None:
        """The last words of the poles, and that we live."""
        beaten = float("-inf")
        while True:
            await asyncio.sleep(STATES_S)
            if not self._states and self._now() - beaten < BEAT_S:
                continue
            taken, self._states = self._states, {}
            rows = [(*key, came, int(retained), text) for key, (came, retained, text) in taken.items()]
            try:
                async with self._db.transaction():
                    await tables.save_states(self._db, rows)
                    await tables.set_fact(self._db, "writer", self._beat())
                beaten = self._now()
            except StoreError:
                self._states = taken | self._states  # the next turn tries again

    def _beat(self) -> str:
        link = self._link
        document = {
            "at": rfc3339(self._wall()),
            "connected": link.connected.is_set(),
            "since": rfc3339(link.since),
            "why": link.refused,
        }
        return json.dumps(document)

    async def _ask(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            if not self._link.connected.is_set() or self._books is None:
                continue
            for gap in self._asking.due(self.missing(), self._now()):
                await self._ask_for(gap)

    def missing(self) -> list[Gap]:
        """What can still be had: of stores that the poles have now."""
        return [
            Gap(source, name, span)
            for (source, name), book in (self._books or {}).items()
            if book.ended is None and source in self.online and self.current.get(source, name) == name
            for span in book.gaps()
        ]

    async def _ask_for(self, gap: Gap) -> None:
        first, last = gap.span
        wanted = {"storeid": gap.store, "from": first, "to": last, "by": "city"}
        log.info("%s store %s: asking for %d to %d again", gap.source, gap.store, first, last)
        try:
            await self._link.publish(
                f"{gap.source.removeprefix('/')}/outbox/resend", json.dumps(wanted).encode()
            )
        except LinkError as error:
            log.warning("%s could not be asked: %s", gap.source, error)
