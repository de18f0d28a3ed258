"""The keeper: one of the writers' processes, however many there are. It takes what all writers heard over
into the books, asks the poles for what is missing, stores their last words, and says that it lives.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from city import heard
from city import store as tables
from city.asking import Asking, Gap
from city.books import Book, Changes
from city.heard import Key
from city.link import LinkError
from city.reading import rfc3339
from city.store import Database, StoreError

log = logging.getLogger("city.keeper")
TICK_S = 0.5
BEAT_S = 5.0
MOST_AT_ONCE = 500  # rows of `heard` in one transaction
STATES = ("status", "info", "active", "health", "lamp/state")


@dataclass(frozen=True, slots=True)
class LastWord:
    """What a pole said on one of STATES. `came`: RFC 3339; `retained`: it was there before us."""

    source: str
    path: str
    came: str
    retained: bool
    document: Mapping[str, Any]


class Poles(Protocol):
    """The way to the poles. `since`: wall seconds of when we began to hear; `refused`: why we do not;
    `caught_up`: we hear some, and little of what reached a broker is still on its way to us.
    """

    @property
    def hears(self) -> bool: ...

    @property
    def since(self) -> float: ...

    @property
    def refused(self) -> str: ...

    @property
    def caught_up(self) -> bool: ...

    async def publish(self, topic: str, payload: bytes) -> None:
        """Raises LinkError."""
        ...


class Keeper:
    """`now`: monotonic seconds; `wall`: wall seconds. `on_duty` while it is the one."""

    def __init__(
        self,
        db: Database,
        poles: Poles,
        asking: Asking | None = None,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._db, self._poles, self._asking, self._now, self._wall = db, poles, asking or Asking(), now, wall
        self._books: dict[Key, Book] | None = None  # None: not known, to be read from the database
        self._words: dict[tuple[str, str], LastWord] = {}  # not stored yet
        self._beaten = float("-inf")
        self.on_duty = asyncio.Event()
        self.current: dict[str, str] = {}  # the store of each pole, by its last word
        self.online: set[str] = set()

    def keep(self, word: LastWord) -> None:
        """The last word of a pole."""
        self._words[word.source, word.path] = word
        if word.path != "status":
            return
        (self.online.add if word.document.get("state") == "online" else self.online.discard)(word.source)
        store = word.document.get("storeid")
        if isinstance(store, str) and 1 <= len(store) <= 64:
            self.current[word.source] = store

    async def run(self) -> None:
        """For ever. A database that fails is tried again."""
        while True:
            try:
                await self.tick()
            except StoreError as error:
                log.warning("the database has failed: %s", error)
            await asyncio.sleep(TICK_S)

    async def tick(self) -> None:
        """Raises StoreError."""
        if not await self.take_over():
            self.on_duty.clear()
            return
        self.on_duty.set()
        await self._store_words()
        if self._poles.caught_up:
            for gap in self._asking.due(self.missing(), self._now()):
                await self._ask_for(gap)

    async def take_over(self) -> bool:
        """What writers heard, into the books. False where another one keeps them. Raises StoreError."""
        try:
            while True:
                async with self._db.transaction():
                    if not await self._db.is_keeper():
                        self._books = None
                        return False
                    if self._books is None:
                        self._books = await tables.load_books(self._db)
                    count = await self._take_over(self._books)
                if count < MOST_AT_ONCE:
                    return True
        except BaseException:
            self._books = None  # they are ahead of the database
            raise

    async def _take_over(self, books: dict[Key, Book]) -> int:
        rows = await self._db.fetch(f"SELECT id, document FROM heard ORDER BY id LIMIT {MOST_AT_ONCE}")
        if rows:
            changes: dict[Key, Changes] = {}
            for row in rows:
                heard.take_over(books, heard.load(row["document"]), changes)
            await tables.save_books(self._db, books, changes)
            await self._db.many("DELETE FROM heard WHERE id = $1", [(row["id"],) for row in rows])
        return len(rows)

    async def books(self) -> Mapping[Key, Book]:
        """As they are now. Raises StoreError."""
        await self.take_over()
        return self._books or {}

    async def _store_words(self) -> None:
        if not self._words and self._now() - self._beaten < BEAT_S:
            return
        taken, self._words = self._words, {}
        rows = [(*key, w.came, int(w.retained), tables.json_text(w.document)) for key, w in taken.items()]
        try:
            async with self._db.transaction():
                await tables.save_states(self._db, rows)
                await tables.set_fact(self._db, "writer", self._beat())
            self._beaten = self._now()
        except StoreError:
            self._words = taken | self._words  # the next turn tries again
            raise

    def _beat(self) -> str:
        poles = self._poles
        document = {
            "at": rfc3339(self._wall()),
            "connected": poles.hears,
            "since": rfc3339(poles.since),
            "why": poles.refused,
        }
        return json.dumps(document)

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
            await self._poles.publish(
                f"{gap.source.removeprefix('/')}/outbox/resend", json.dumps(wanted).encode()
            )
        except LinkError as error:
            log.warning("%s could not be asked: %s", gap.source, error)
