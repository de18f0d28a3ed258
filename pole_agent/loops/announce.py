"""The announcement to Home Assistant, and what is left of earlier ones: the broker keeps them for ever, so
the store remembers them too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from functools import partial
from typing import Any

from pole_agent.errors import OutboxError
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board
from pole_agent.uplink.events import Message, encode
from pole_agent.uplink.homeassistant import KEPT, platforms, withdrawing


class Announce:
    """`topic` and `document` of the announcement."""

    def __init__(
        self, store: Store, board: Board, topic: str, document: dict[str, Any], *, enabled: bool
    ) -> None:
        self._store, self._board = store, board
        self._topic, self._document, self._enabled = topic, document, enabled
        self._known: dict[str, dict[str, str]] = {}
        self._writes: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Announce, and withdraw what is gone.

        Written down before it is said, and forgotten once the broker has it.
        """
        with contextlib.suppress(OutboxError):
            self._known = _read(await self._store.read(lambda db: db.get(KEPT)))
        if not self._enabled:
            if self._topic in self._known:
                withdrawal = Message(self._topic, b"", retain=True)
                self._board.post(
                    self._topic, withdrawal, at_birth=False, carried=partial(self._settled, self._topic, {})
                )
            return
        entities, before = platforms(self._document), self._known.get(self._topic, {})
        if before | entities != before:
            await self._keep(self._topic, before | entities)
        document = withdrawing(self._document, before)
        self._board.post(
            self._topic,
            Message(self._topic, encode(document), retain=True),
            carried=partial(self._settled, self._topic, entities),
        )

    def _settled(self, topic: str, entities: dict[str, str]) -> None:
        """The broker has this, and nothing older."""
        if self._known.get(topic, {}) != entities:
            job = asyncio.create_task(self._keep(topic, entities), name="keep the announcement")
            self._writes.add(job)
            job.add_done_callback(self._writes.discard)

    async def _keep(self, topic: str, entities: dict[str, str]) -> None:
        self._known.pop(topic, None)
        if entities:
            self._known[topic] = entities
        text = json.dumps(self._known) if self._known else None
        with contextlib.suppress(OutboxError):
            await self._store.write(lambda db: db.set(KEPT, text))


def _read(text: str | None) -> dict[str, dict[str, str]]:
    try:
        known = json.loads(text or "{}")
        return {
            str(topic): {str(k): str(p) for k, p in entities.items()} for topic, entities in known.items()
        }
    except (ValueError, AttributeError):
        return {}
