"""What was set aside is tried again: suspects alone, with nothing else in flight, and one message of each
topic that waits.
"""

from __future__ import annotations

import asyncio
import contextlib

from pole_agent.clock import Clock
from pole_agent.errors import OutboxError, PublishRefused
from pole_agent.languages import phrase
from pole_agent.loops.upload.carry import Carry
from pole_agent.loops.upload.drain import IDLE_S, Drain
from pole_agent.store.rows import Outbound
from pole_agent.uplink.board import Board
from pole_agent.uplink.broker import Session
from pole_agent.uplink.events import event_kind
from pole_agent.uplink.quarantine import AFTERMATH_S, Key, Quarantine
from pole_agent.uplink.quiet import quiet

log = quiet(__name__)

LANDED_S = 0.02
MIN_S = 0.5


class Trials:
    """Of one connection. `trying`: what is in flight alone."""

    def __init__(
        self,
        session: Session,
        drain: Drain,
        carry: Carry,
        board: Board,
        quarantine: Quarantine,
        clock: Clock,
        base: str,
    ) -> None:
        self._session, self._drain, self._carry = session, drain, carry
        self._board, self._quarantine, self._clock, self._base = board, quarantine, clock, base
        self.trying: tuple[Key, str] | None = None

    async def suspects(self) -> None:
        """Try each alone. Raises LinkLost, and then it was the one that is tried."""
        for key, topic in list(self._quarantine.suspects.items()):
            if key not in self._quarantine.suspects:
                continue  # its topic waits by now
            if isinstance(key, int):
                row = await self._find(seq=key)
                if row is None:
                    self._quarantine.pass_over(key)
                else:
                    await self._event(row, topic, alone=True)
            elif (notice := self._board.standing(key)) is not None:
                await self._notice(key, notice.topic, alone=True)
            elif key.startswith("live/"):
                # a reply that three connections have ended with: the next ones are not sent for a while
                self._quarantine.refused(
                    topic, None, phrase("broker-closes-at-topic"), self._clock.monotonic(), hung=True
                )
            else:
                self._quarantine.pass_over(key)

    async def run(self) -> None:
        """From time to time. Raises LinkLost."""
        never = asyncio.Event()
        await self.suspects()
        self._drain.out.paused = False
        self._drain.look_again()
        while True:
            now = self._clock.monotonic()
            await self._clock.wait(never, min(IDLE_S, max(MIN_S, self._quarantine.next_at() - now)))
            now = self._clock.monotonic()
            if self._quarantine.release(now):
                self._drain.look_again()
            await self.suspects()
            for topic in self._quarantine.due(now):
                await self._one_of(topic)

    async def _one_of(self, topic: str) -> None:
        """One message of a topic that waits: by turns the oldest and the newest, because a single bad one
        must not speak for all.
        """
        hold = self._quarantine.topics.get(topic)
        if hold is None:
            return
        if kind := event_kind(self._base, topic):
            row = await self._find(kind=kind, newest=hold.tries % 2 == 0)
            if row is not None:
                await self._event(row, topic, alone=hold.hung)
                return
        elif (notice := self._board.on(topic)) is not None:
            await self._notice(topic, notice.topic, alone=hold.hung)
            return
        self._quarantine.accepted(topic)  # nothing of it is there any more: the next will show

    async def _find(self, seq: int | None = None, kind: str = "", *, newest: bool = False) -> Outbound | None:
        with contextlib.suppress(OutboxError):
            return await self._drain.find(seq, kind, newest=newest)
        return None

    async def _event(self, row: Outbound, topic: str, *, alone: bool) -> None:
        async with self._with_nothing_else(row.seq, topic, alone):
            if not self._drain.out.depart(row):
                return
            message = self._drain.message(row)
            try:
                await self._session.publish(message)
            except PublishRefused as error:
                self._drain.refused(row, topic, error)
                if alone:
                    await self._clock.sleep(AFTERMATH_S)  # some brokers hang up after their no
                return
            if self._quarantine.accepted(topic, row.seq):
                log.info("uplink: %s: the broker accepts it again", topic)
            self._drain.taken(row, message)
            self._drain.look_again()

    async def _notice(self, key: str, topic: str, *, alone: bool) -> None:
        async with self._with_nothing_else(key, topic, alone):
            if (notice := self._board.on(topic)) is not None:
                with contextlib.suppress(PublishRefused):
                    await self._carry.send(key, notice, tried=True)

    @contextlib.asynccontextmanager
    async def _with_nothing_else(self, key: Key, topic: str, alone: bool):  # type: ignore[no-untyped-def]
        if not alone:
            yield
            return
        out = self._drain.out
        paused, out.paused = out.paused, True
        try:
            async with self._carry.alone:
                while out.flying:
                    await asyncio.sleep(LANDED_S)
                self.trying = key, topic
                yield
                self.trying = None
        finally:
            out.paused = paused
            self._drain.look_again()
