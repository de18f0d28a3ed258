"""What the desk sends to a pole, and what the pole answers."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from typing import Any

from city.link import LinkError, Talk, Wish
from city.reading import NotAnEvent, document

ANSWER_S = 10.0


def wishes(client: str) -> list[Wish]:
    """Answers come to `reply/<pole id>/<client>`: a broker may let a pole write below its own name only."""
    return [Wish(f"reply/+/{client}", retained=False)]


class Orders:
    """`link` listens to `wishes(client)`."""

    def __init__(self, link: Talk, client: str) -> None:
        self._link, self._client = link, client
        self._waiting: dict[bytes, asyncio.Future[dict[str, Any]]] = {}

    async def run(self) -> None:
        """Hand out the answers, for ever."""
        while True:
            message = await self._link.messages.get()
            self._link.acknowledge(message)
            waiting = self._waiting.pop(message.correlation, None)
            if waiting is not None and not waiting.done():
                try:
                    waiting.set_result(document(message.payload))
                except NotAnEvent as error:
                    waiting.set_result({"ok": False, "error": str(error)})

    async def send(
        self, source: str, path: str, payload: Mapping[str, Any], *, patient: bool = False
    ) -> dict[str, Any] | None:
        """The answer of the pole; None where the broker or the pole gives none. `patient`: a person waits for
        it, and a broker that restarts is back within seconds.
        """
        ticket = secrets.token_bytes(12)
        topic = f"reply/{source.rpartition('/')[2]}/{self._client}"
        waiting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[ticket] = waiting
        # A number of its own: a broker that hands it over twice has it done once
        told = json.dumps({**payload, "command_id": ticket.hex()}).encode()
        there = f"{source.removeprefix('/')}/{path}"
        said = asyncio.create_task(self._link.publish(there, told, (topic, ticket), patient=patient))
        try:
            async with asyncio.timeout(ANSWER_S):
                # The answer may be faster: of several brokers another one may be away
                ends: list[asyncio.Future[Any]] = [said, waiting]
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                if not waiting.done():
                    await said
                return await waiting
        except (LinkError, TimeoutError):
            return None
        finally:
            self._waiting.pop(ticket, None)
            said.cancel()
