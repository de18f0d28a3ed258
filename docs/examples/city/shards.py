"""Several brokers that share the poles, as one link: a pole is at one of them, we are at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from city.link import Broker, Link, LinkError, Message, Wish


class Shards:
    """The same wishes at each. What is said to a pole is said at every broker: no table of who is where can
    be wrong then, and a broker at which the pole is not throws it away.
    """

    def __init__(
        self, brokers: Sequence[Broker], client_id: str, wishes: Sequence[Wish], *, session: bool
    ) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self._links = [
            Link(broker, client_id, wishes, session=session, messages=self.messages) for broker in brokers
        ]

    def start(self) -> None:
        for link in self._links:
            link.start()

    def stop(self) -> None:
        for link in self._links:
            link.stop()

    @property
    def hears(self) -> bool:
        """Every one of them: else some poles are silent because of us."""
        return all(link.hears for link in self._links)

    @property
    def since(self) -> float:
        return max(link.since for link in self._links)

    @property
    def refused(self) -> str:
        return "; ".join(f"{link.name}: {link.refused}" for link in self._links if link.refused)

    @property
    def caught_up(self) -> bool:
        """One that is down keeps nobody from asking the poles of the others."""
        return any(link.caught_up for link in self._links)

    def acknowledge(self, message: Message) -> None:
        if message.link is not None:
            message.link.acknowledge(message)

    async def publish(
        self,
        topic: str,
        payload: bytes,
        response: tuple[str, bytes] | None = None,
        *,
        patient: bool = False,
    ) -> None:
        """Returns when all that are there have taken it; with `patient`, when all have. Raises LinkError
        where none has.
        """
        done = await asyncio.gather(
            *(link.publish(topic, payload, response, patient=patient) for link in self._links),
            return_exceptions=True,
        )
        failed = [error for error in done if isinstance(error, BaseException)]
        for error in failed:
            if not isinstance(error, LinkError):
                raise error
        if len(failed) == len(done):
            raise LinkError(str(failed[0]))
