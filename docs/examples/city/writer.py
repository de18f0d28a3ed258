"""The writer: takes what the poles say, stores it, and acknowledges it. As many as are wanted may compete."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from city import store as tables
from city.folding import Incident, Request, incident_of, later, merged, request_of
from city.heard import Heard
from city.keeper import STATES, LastWord
from city.link import Channel, Message, Wish
from city.reading import Event, Explained, NotAnEvent, document, explained, read_event, rfc3339, split
from city.store import Database, StoreError, StoreRefused

log = logging.getLogger("city.writer")
MOST_AT_ONCE = 1000  # messages in one transaction
AGAIN_S = 2.0  # after the database has failed
CUT = 4096  # characters of what is set aside


def wishes(prefix: str) -> list[Wish]:
    """All that is to be stored. Events are not retained; a retained one is none."""
    return [Wish(f"{prefix}/+/+/events/#", retained=False), *words(prefix)]


def words(prefix: str) -> list[Wish]:
    """Without the events. States come again by themselves: with QoS 1 the broker would keep each of them
    while we are away, until no event fits any more.
    """
    pole = f"{prefix}/+/+"
    return [
        Wish(f"{pole}/drone/request", retained=False),
        *(Wish(f"{pole}/{path}", qos=0) for path in STATES),
    ]


@dataclass(slots=True)
class Batch:
    """What some messages say, sorted for the tables."""

    events: list[tuple[Event, str]] = field(default_factory=list)  # with its topic
    requests: list[Request] = field(default_factory=list)
    heard: Heard = field(default_factory=Heard)
    aside: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    words: list[LastWord] = field(default_factory=list)  # the last ones of the poles


class Writer:
    """One of those that take messages from a link; any number may. `keep` is told the last words of the
    poles. `wall`: wall seconds.
    """

    def __init__(
        self,
        db: Database,
        link: Channel,
        prefix: str,
        keep: Callable[[LastWord], None] = lambda _: None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._db, self._link, self._prefix, self._keep, self._wall = db, link, prefix, keep, wall

    async def run(self) -> None:
        """For ever. A database or a broker that fails is tried again."""
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
        for word in batch.words:
            self._keep(word)
        if batch.events or batch.requests or batch.heard or batch.aside:
            async with self._db.transaction():
                await self._store(batch, rfc3339(self._wall()))

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
            self._sort_explained(batch, event.source, why)
        if event.kind == "drone.changed":
            found = request_of(event.source, event.data, event.number, event.simulation)
            batch.requests += [] if found is None else [found]

    def _sort_explained(self, batch: Batch, source: str, why: Explained) -> None:
        for span in why.ranges:
            batch.heard.note((source, why.store), span)
        if why.ended is not None:
            batch.heard.ended[source, why.store] = why.ended

    def _sort_state(self, batch: Batch, source: str, path: str, message: Message) -> None:
        """An empty one clears its topic."""
        found = document(message.payload) if message.payload else {}
        batch.words.append(LastWord(source, path, rfc3339(self._wall()), message.retained, found))
        if path == "status":
            known, last = found.get("storeid"), found.get("sequence")
            if isinstance(known, str) and 1 <= len(known) <= 64 and type(last) is int and 0 < last < 10**12:
                batch.heard.told[source, known] = last

    def _aside(self, topic: str, reason: str, payload: bytes) -> tuple[str, str, str, str, str]:
        shown = payload[:CUT].decode(errors="replace").replace("\0", "�")
        name = topic[:500].encode(errors="replace").decode().replace("\0", "�")
        return secrets.token_hex(8), rfc3339(self._wall()), name, reason[:300], shown

    async def _store(self, batch: Batch, came: str) -> None:
        new = await self._db.insert_events([tables.event_row(event, came) for event, _ in batch.events])
        heard = batch.heard
        for event, topic in batch.events:
            key = event.source, event.store
            number = *key, event.number
            if number not in new and await self._is_taken(event):
                batch.aside.append(
                    self._aside(topic, "its number was taken by another event", event.id.encode())
                )
                continue
            heard.note(key, (event.number, event.number), int(number in new))
            new.discard(number)  # a second one with it is not the one that was stored
        await tables.put_heard(self._db, heard, came)
        await self._fold_incidents(batch, came)
        await self._fold_requests(batch, came)
        await tables.put_aside(self._db, batch.aside)

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
