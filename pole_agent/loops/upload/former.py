"""What the broker keeps of this pole under a name that it had before: cleared, once it is certain that nobody
lives there.
"""

from __future__ import annotations

import contextlib
import json

from pole_agent.errors import OutboxError, PublishRefused
from pole_agent.loops.upload.carry import Carry
from pole_agent.store.database import Database
from pole_agent.store.store import Store
from pole_agent.uplink import homeassistant
from pole_agent.uplink.broker import Session
from pole_agent.uplink.events import RETAINED, STATUS, Message
from pole_agent.uplink.own_words import last_words_of
from pole_agent.uplink.quiet import quiet

log = quiet(__name__)

# In the store: the base topic, and those before it that are to be cleared
NAME, FORMER = "base", "former bases"
MAX_FORMER = 5


class Former:
    """`base` is the pole's topic now."""

    def __init__(self, store: Store, base: str) -> None:
        self._store, self._base = store, base
        self._done = False

    async def clear(self, session: Session, carry: Carry) -> None:
        """Once in a process. A card that was copied for another pole and renamed must not clear the words of
        the first one: so only where the last word is an offline of a store of ours. Raises LinkLost.
        """
        if self._done:
            return
        try:
            former, now, stores = await self._store.read(self._remembered)
            left = [base for base in (*former, *([now] if now else [])) if base != self._base]
            if now != self._base:
                await self._store.write(lambda db: _keep(db, self._base, left))
        except OutboxError:
            return
        for base in list(left):
            kept = await session.look_at(f"{base}/{STATUS}")
            if kept is not None and last_words_of(kept, stores):
                with contextlib.suppress(PublishRefused, OutboxError):
                    await self._clear(base, carry)
                    log.info("uplink: what the broker had kept of this pole as %s is cleared", base)
            elif kept is not None:
                log.warning(
                    "uplink: this pole was %s; another one may live there, so what the broker keeps of it"
                    " stays",
                    base,
                )
            left.remove(base)
            with contextlib.suppress(OutboxError):
                await self._store.write(lambda db: _keep(db, self._base, left))
        self._done = True

    async def _clear(self, base: str, carry: Carry) -> None:
        announcement = homeassistant.topic(base.replace("/", "-"))
        announced = (
            [announcement]
            if announcement in await self._store.read(lambda db: db.get(homeassistant.KEPT) or "")
            else []
        )
        for topic in (*announced, *(f"{base}/{path}" for path in RETAINED)):
            async with carry.alone:
                await carry.send(topic, Message(topic, b"", retain=True))

    def _remembered(self, db: Database) -> tuple[list[str], str | None, frozenset[str]]:
        """The base topics of this store, those of before and the last one; and the stores that are ours."""
        try:
            former = [str(base) for base in json.loads(db.get(FORMER) or "[]")]
        except (ValueError, TypeError):
            former = []
        return former[-MAX_FORMER:], db.get(NAME), frozenset({db.store_id, *db.formers()})


def _keep(db: Database, base: str, former: list[str]) -> None:
    db.set(NAME, base)
    db.set(FORMER, json.dumps(former) if former else None)
