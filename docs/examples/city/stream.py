"""The events of all shards, from NATS: one durable pull consumer, for which any number of writers compete.

It stands on `$MQTT_msgs`, the stream in which NATS keeps what it acknowledges to a bridge. A stream of our
own beside it would be filled after that acknowledgement, and lose what is between when its leader dies. NATS
keeps a message there as long as a consumer wants it: so the consumer must be there before the first event.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from city.link import Message

log = logging.getLogger("city.stream")
STREAM, CONSUMER, BEFORE = "$MQTT_msgs", "city", "$MQTT.msgs."
NEXT = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{CONSUMER}"
AT_ONCE, WINDOW = 1000, 3000  # messages asked for together; that wait here
UNACKNOWLEDGED = 50_000  # of all writers
ACK_WAIT_S = 30.0  # after which what a writer took and did not acknowledge is given to another
EXPIRES_S, BEAT_S, SILENT_S = 5.0, 1.0, 3.0  # of a request; between two signs of life; without any
CONNECT_S = 2.0
AGAIN_S = 0.5
LOOK_S = 2.0
FAILED = NatsError, OSError, TimeoutError


class Stream:
    """`servers`: addresses as nats://host:port. `behind`: events that wait for a writer; None: not known."""

    def __init__(self, servers: Sequence[str], prefix: str) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self.behind: int | None = None
        self.since = 0.0
        self.refused = "NATS: not yet connected"
        self._servers, self._prefix = list(servers), prefix
        self._stored: asyncio.Queue[str] = asyncio.Queue()  # where acknowledgements go
        self._left = 0  # of the last request
        self._came = asyncio.Event()

    @property
    def hears(self) -> bool:
        return not self.refused

    @property
    def caught_up(self) -> bool:
        return self.behind is not None and self.behind < AT_ONCE

    def acknowledge(self, message: Message) -> None:
        """It is stored. Where NATS does not hear it, the message comes again, and is known."""
        self._stored.put_nowait(message.reply)

    async def run(self) -> None:
        """For ever. What fails is tried again, perhaps with another server."""
        while True:
            try:
                async with connected(self._servers) as client, asyncio.TaskGroup() as group:
                    await made_consumer(client, self._prefix)
                    self.refused, self.since = "", time.time()
                    for work in (self._take(client), self._acknowledge(client), self._look(client)):
                        group.create_task(work)
            except* FAILED as errors:
                self._lost(errors.exceptions[0])
            await asyncio.sleep(AGAIN_S)

    async def _take(self, client: Client) -> None:
        """Ask for more whenever there is room. NATS sends signs of life while a request waits."""
        inbox = client.new_inbox()
        await client.subscribe(inbox, cb=self._on_message)
        request = {"batch": AT_ONCE, "expires": int(EXPIRES_S * 1e9), "idle_heartbeat": int(BEAT_S * 1e9)}
        while True:
            while self.messages.qsize() > WINDOW - AT_ONCE:
                await asyncio.sleep(0.01)
            self._left = AT_ONCE
            await client.publish(NEXT, json.dumps(request).encode(), reply=inbox)
            while self._left > 0:
                self._came.clear()
                async with asyncio.timeout(SILENT_S):
                    await self._came.wait()

    async def _on_message(self, message: Msg) -> None:
        self._came.set()
        status = (message.headers or {}).get("Status")
        if status is None:
            self._left -= 1
            topic = message.subject.removeprefix(BEFORE).replace(".", "/")
            self.messages.put_nowait(Message(topic, message.data, False, 1, 0, 0, reply=message.reply))
        elif status != "100":  # the request is over: it expired, or its server is no longer the leader
            self._left = 0

    async def _acknowledge(self, client: Client) -> None:
        while True:
            await client.publish(await self._stored.get(), b"+ACK")

    async def _look(self, client: Client) -> None:
        while True:
            info = await client.jetstream().consumer_info(STREAM, CONSUMER)
            self.behind = (info.num_pending or 0) + (info.num_ack_pending or 0)
            await asyncio.sleep(LOOK_S)

    def _lost(self, error: BaseException) -> None:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        self.refused, self.behind = f"NATS: {type(error).__name__} {error}".strip(), None
        log.warning("%s", self.refused)


@asynccontextmanager
async def connected(servers: Sequence[str]) -> AsyncIterator[Client]:
    """To any of them that answers. When the connection breaks, all that is done with it fails: who uses it
    begins again. Raises one of FAILED.
    """
    client = await _first(servers)
    try:
        yield client
    finally:
        with contextlib.suppress(*FAILED):
            async with asyncio.timeout(CONNECT_S):
                await client.close()


async def _first(servers: Sequence[str]) -> Client:
    failed: BaseException = OSError("no server is named")
    for server in random.sample(list(servers), len(servers)):
        try:
            return await nats.connect(
                server, allow_reconnect=False, connect_timeout=CONNECT_S, ping_interval=2, error_cb=_quiet
            )
        except FAILED as error:
            failed = error
    raise failed


async def _quiet(_: Exception) -> None:
    """Whoever uses the connection meets the error and says it."""


async def made_consumer(client: Client, prefix: str) -> None:
    """All writers make the same one; it outlasts them. Raises one of FAILED."""
    await client.jetstream().add_consumer(
        STREAM,
        ConsumerConfig(
            durable_name=CONSUMER,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_S,
            max_ack_pending=UNACKNOWLEDGED,
            filter_subject=f"{BEFORE}{prefix}.*.*.events.>",
        ),
    )
