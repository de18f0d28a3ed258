"""The notice board -> broker over one connection.

A notice whose topic waits is not carried; the board keeps the newest meanwhile.
"""

from __future__ import annotations

import asyncio

from pole_agent.clock import Clock
from pole_agent.errors import LinkLost, PublishRefused
from pole_agent.languages import phrase
from pole_agent.uplink.board import Board
from pole_agent.uplink.broker import Session
from pole_agent.uplink.events import ORDERS, Letter, Message
from pole_agent.uplink.quarantine import Key, Quarantine
from pole_agent.uplink.quiet import quiet

log = quiet(__name__)


class Carry:
    """`in_flight`: what was sent and is not known to have arrived, key -> topic."""

    def __init__(
        self, session: Session, board: Board, quarantine: Quarantine, clock: Clock, base: str
    ) -> None:
        self._session, self._board, self._quarantine, self._clock = session, board, quarantine, clock
        self._orders = f"{base}/{ORDERS}"
        self.closed = False  # the last word was said
        self.alone = asyncio.Lock()  # held by whoever sends a notice, or tries something alone
        self.in_flight: dict[Key, str] = {}
        self._accepted: set[str] = set()  # topics that the broker took on this connection
        self._unconfirmed: dict[Key, str] = {}  # without acknowledgement (QoS 0), until a later one comes

    async def run(self) -> None:
        """Until the connection is lost. Raises LinkLost."""
        while True:
            await self._board.changed.wait()
            self._board.changed.clear()
            while not self.closed and (notice := self._board.take()) is not None:
                key, message = notice
                try:
                    async with self.alone:
                        await self.send(key, message)
                except PublishRefused:
                    continue
                except BaseException:
                    self._board.put_back(key)
                    raise

    async def send(self, key: str, message: Message, *, tried: bool = False) -> None:
        """Send a notice, unless its topic waits.

        Raises LinkLost; PublishRefused when it was refused, and is told, or waits.
        """
        topic = message.topic
        hold = self._quarantine.topics.get(topic)
        if hold is not None and not tried and (hold.hung or topic != self._orders):
            raise PublishRefused(0x97, phrase("topic-waits"))
        if message.qos == 0 and (tried or topic not in self._accepted):
            # Only an acknowledgement tells whether it is taken: once a connection
            message = message._replace(qos=1)
        self.in_flight[key] = topic
        try:
            await self._session.publish(message)
        except PublishRefused as error:
            self._drop(key)
            if self._quarantine.refused(topic, None, str(error), self._clock.monotonic()):
                log.error("uplink: %s: %s; retrying later", topic, error)
            raise
        if message.qos == 0:
            self._unconfirmed[key] = topic
            return
        self._accepted.add(topic)
        self.confirmed(key, topic)
        self._board.carried(key, message)

    def confirmed(self, key: Key, topic: str) -> None:
        """The broker acknowledged this, so it has also seen what left before."""
        for earlier in self._unconfirmed:
            self._quarantine.pass_over(earlier)
            self._drop(earlier)
        self._unconfirmed.clear()
        self._drop(key)
        if not self._quarantine.empty and self._quarantine.accepted(topic, key):
            log.info("uplink: %s: the broker accepts it again", topic)
            self._board.again(topic)

    async def live(self, letter: Letter) -> None:
        """Send now: a reply, an order. Orders are never held back, and nobody is suspected for them."""
        if callable(letter) or letter.topic == self._orders:
            await self._session.publish(letter)
            return
        topic, key = letter.topic, f"live/{letter.topic}"
        if (
            (hold := self._quarantine.topics.get(topic)) is not None
            and hold.hung
            and hold.until > self._clock.monotonic()
        ):
            raise PublishRefused(0x97, phrase("topic-waits-because", reason=hold.reason))
        self.in_flight[key] = topic
        try:
            await self._session.publish(letter)
        except PublishRefused:
            self._drop(key)
            raise
        except LinkLost:
            raise
        except BaseException:
            self._drop(key)
            raise
        self.confirmed(key, topic)

    def _drop(self, key: Key) -> None:
        self.in_flight.pop(key, None)
