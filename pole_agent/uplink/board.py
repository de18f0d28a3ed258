"""The notice board: what the city should know now. Newest wins; put up again at each birth.

Loops post; the upload loop carries. A notice that was not carried before the next one with its key is
replaced, never queued: states are not events. Live messages (replies, orders to fly) are sent now or not at
all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from pole_agent.errors import LinkLost
from pole_agent.languages import phrase
from pole_agent.uplink.events import Letter, Message


class Board:
    """Notices by key (mostly the topic). `at_birth` notices are carried again after each connect."""

    def __init__(self) -> None:
        self._notices: dict[str, tuple[Message, bool]] = {}
        self._due: dict[str, None] = {}  # ordered
        self._when_carried: dict[str, Callable[[], None]] = {}
        self.changed = asyncio.Event()
        self._send: Callable[[Letter], Awaitable[None]] | None = None

    @property
    def connected(self) -> bool:
        return self._send is not None

    def post(
        self, key: str, message: Message, *, at_birth: bool = True, carried: Callable[[], None] | None = None
    ) -> None:
        """Put up a notice; callable at any time, connected or not.

        `carried` is called once, when the broker has it.
        """
        self._notices[key] = (message, at_birth)
        self._when_carried.pop(key, None)
        if carried is not None:
            self._when_carried[key] = carried
        self._due.pop(key, None)
        self._due[key] = None
        self.changed.set()

    def remove(self, key: str) -> None:
        """Take a notice down: it is not carried at the next birth."""
        self._notices.pop(key, None)
        self._due.pop(key, None)

    def birth(self, send: Callable[[Letter], Awaitable[None]]) -> None:
        """A connection is up: everything is due again."""
        self._send = send
        for key in [k for k, (_, at_birth) in self._notices.items() if not at_birth and k not in self._due]:
            del self._notices[key]
        self._due = dict.fromkeys(self._notices)
        self.changed.set()

    def lost(self) -> None:
        self._send = None

    def take(self) -> tuple[str, Message] | None:
        """The next notice to carry, None when all are carried."""
        while self._due:
            key = next(iter(self._due))
            del self._due[key]
            if key in self._notices:
                return key, self._notices[key][0]
        return None

    def put_back(self, key: str) -> None:
        """It could not be carried."""
        if key in self._notices:
            self._due.setdefault(key, None)

    def carried(self, key: str, message: Message) -> None:
        """The broker has it."""
        if self.standing(key) is message and (told := self._when_carried.pop(key, None)) is not None:
            told()

    def standing(self, key: str) -> Message | None:
        """The notice with this key."""
        return self._notices[key][0] if key in self._notices else None

    def on(self, topic: str) -> Message | None:
        """The notice on this topic, one of them where there are several."""
        return next((message for message, _ in self._notices.values() if message.topic == topic), None)

    def again(self, topic: str) -> None:
        """What stands on this topic is due again."""
        for key in [key for key, (message, _) in self._notices.items() if message.topic == topic]:
            self._due.setdefault(key, None)
        self.changed.set()

    async def send_live(self, message: Letter) -> None:
        """Send now. Raises LinkLost when there is no connection, PublishRefused when the broker says no."""
        if self._send is None:
            raise LinkLost(phrase("no-connection"))
        await self._send(message)
