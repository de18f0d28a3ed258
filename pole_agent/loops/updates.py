"""The daemon's side of updates: it tells what `apply` says of them, and passes on the word that there is
something to fetch. It fetches nothing itself.

No loop of its own: the report looks after it each ten seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pole_agent.context import Context
from pole_agent.errors import CommandRefused
from pole_agent.languages import phrase
from pole_agent.remote.telling import Places, Running, Told, told, unreadable
from pole_agent.uplink.events import Message, encode

log = logging.getLogger(__name__)

PART = "updates"
APART_S = 60.0
# A fleet that is told to look does so within this, at random: not all ask the repository in one second
SPREAD_S = 60.0


class Updates:
    """`nudge`: the file for which a unit of systemd waits. `random` gives 0 to 1."""

    def __init__(
        self,
        context: Context,
        running: Running,
        nudge: Path,
        places: Places,
        *,
        random: Callable[[], float],
        before: Updates | None = None,
    ) -> None:
        self._board, self._parts, self._clock = context.board, context.parts, context.clock
        self._base, self._running = context.base, running
        self._nudge, self._places, self._random = nudge, places, random
        self._set_up = False
        self._asked_at, self._due_at = float("-inf"), float("inf")  # last, and when the nudge is to follow
        if before is not None:
            self._asked_at, self._due_at = before._asked_at, before._due_at

    async def look(self) -> None:
        """Has the file changed? Then tell. At the first look in any case."""
        self._set_up, found = await asyncio.to_thread(self._see)
        if found is not None:
            self._tell(found)
        if self._clock.monotonic() >= self._due_at:
            try:
                self._touch()
            except CommandRefused as error:
                log.warning("sync: %s", error)

    def _see(self) -> tuple[bool, Told | None]:
        set_up = self._places.set_up()
        if not self._places.changed():
            return set_up, None
        try:
            return set_up, told(self._places.read(), self._running)
        except OSError as error:
            why = phrase("updates-status-unreadable", error=error.strerror)
        except ValueError as error:
            why = phrase("updates-status-unreadable", error=error)
        return set_up, unreadable(why, self._running)

    def _tell(self, found: Told) -> None:
        for path, document in (("config", found.config), ("version", found.version)):
            topic = f"{self._base}/{path}"
            self._board.post(topic, Message(topic, encode(document), retain=True))
        if found.trouble:
            self._parts.degrade(PART, found.trouble)
        elif self._parts.is_degraded(PART):
            self._parts.recover(PART)

    def sync(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """The command ``sync``. Raises CommandRefused."""
        if self._asks_again(payload):
            return {"already_asked": True}
        self._touch()
        self._asked_at = self._clock.monotonic()
        return {"already_asked": False}

    def sync_soon(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """The same, sent to many poles. Raises CommandRefused."""
        if self._asks_again(payload):
            return {"already_asked": True}
        self._asked_at = self._clock.monotonic()
        self._due_at = self._asked_at + self._random() * SPREAD_S
        return {"already_asked": False, "within_s": SPREAD_S}

    def _asks_again(self, payload: Mapping[str, Any]) -> bool:
        """Within a minute of the last one that was taken."""
        if surplus := sorted(payload):
            raise CommandRefused(phrase("unknown-key-of-command", key=f"{surplus[0]!r}", known="by"))
        if not self._set_up:
            raise CommandRefused(phrase("sync-not-set-up", file=self._places.setup))
        return self._clock.monotonic() - self._asked_at < APART_S

    def _touch(self) -> None:
        """Written anew, so that whoever waits for the file wakes up. In memory: no disk is waited for."""
        self._due_at = float("inf")
        try:
            self._nudge.write_text("")
        except OSError as error:
            why = phrase("sync-not-passed-on", file=self._nudge, error=error.strerror)
            raise CommandRefused(why) from None
