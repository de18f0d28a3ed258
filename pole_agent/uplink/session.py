"""One session with the broker: what it grants, what comes in, and how much is in flight."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiomqtt
from paho.mqtt.subscribeoptions import SubscribeOptions

from pole_agent.errors import Learned, LinkLost
from pole_agent.languages import phrase
from pole_agent.race import race
from pole_agent.uplink.client import FAILURE, REASONS, AckClient
from pole_agent.uplink.events import Incoming, Letter
from pole_agent.uplink.filters import Filters
from pole_agent.uplink.many import path_of, topic_of
from pole_agent.uplink.pace import Pace

MAX_COMMAND_BYTES = 64 * 1024
LOOK_S = 5.0
OLD = phrase("broker-mqtt-3")


NOT_RETAINED = phrase("broker-without-retained")
NO_QOS_1 = phrase("broker-qos-0")


class MqttSession:
    """Session over one AckClient."""

    def __init__(self, client: AckClient, base: str, filters: Filters) -> None:
        self._client, self._base, self._filters = client, base, filters
        lacks = (not client.modern, OLD), (not client.retains, NOT_RETAINED), (client.most_qos < 1, NO_QOS_1)
        self.missing = "; ".join(words for lacking, words in lacks if lacking)
        self.modern = client.modern
        shown: Any = getattr(client._client.socket(), "getpeercert", dict)()
        self.certificate_ends = float(ssl.cert_time_to_seconds(shown["notAfter"])) if shown else None
        self._pace = Pace(client.window)
        self._in_flight = 0
        self._looks: dict[str, asyncio.Future[bytes]] = {}
        self._live: deque[asyncio.Future[None]] = deque()  # who waits for a place, the first that came first
        self._patient: deque[asyncio.Future[None]] = deque()  # and who lets the others go first

    @property
    def unheard(self) -> Mapping[str, str]:
        return self._filters.missing

    async def publish(self, message: Letter, *, waits: bool = False) -> None:
        await self._place(self._patient if waits else self._live)
        begun = time.monotonic()
        try:
            await self._client.publish_acknowledged(message() if callable(message) else message)
            self._pace.acknowledged(time.monotonic() - begun)
        finally:
            self._leave()

    async def _place(self, queue: deque[asyncio.Future[None]]) -> None:
        """Take a place in the window.

        Who waits for one gets it from hand to hand: nobody who comes later, and none of those who had one,
        takes it away.
        """
        if self._in_flight < self._pace.window:
            self._in_flight += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # the place was ours: the next one takes it
            raise

    def _leave(self) -> None:
        self._in_flight -= 1
        while self._in_flight < self._pace.window and (queue := self._live or self._patient):
            turn = queue.popleft()
            if not turn.done():
                self._in_flight += 1
                turn.set_result(None)

    async def listen(self, *, anew: bool = False) -> None:
        now = time.monotonic()
        for group in self._filters.anew() if anew else self._filters.again(now):
            await subscribe(self._client, self._base, self._filters, group, anew=False)

    async def look_at(self, topic: str) -> bytes | None:
        look = self._looks[topic] = asyncio.get_running_loop().create_future()
        try:
            await self._client.subscribe(topic, 1)
            done, _ = await asyncio.wait(
                (look, self._client._disconnected), timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED
            )
            await self._client.unsubscribe(topic)
        except aiomqtt.MqttError as error:
            raise _lost(error, f"cannot look at {topic}: ") from None
        finally:
            del self._looks[topic]
        return look.result() if look in done else None

    async def incoming(self) -> AsyncIterator[Incoming]:
        try:
            async for message in self._client.messages:
                payload = (
                    message.payload
                    if isinstance(message.payload, bytes)
                    else str(message.payload or "").encode()
                )
                if (look := self._looks.get(str(message.topic))) is not None:
                    if not look.done():
                        look.set_result(payload)
                    continue
                properties = message.properties
                yield Incoming(
                    path_of(self._base, str(message.topic)),
                    payload[: MAX_COMMAND_BYTES + 1],
                    bool(message.retain),
                    getattr(properties, "ResponseTopic", None),
                    getattr(properties, "CorrelationData", None),
                )
        except aiomqtt.MqttError as error:
            raise _lost(error) from None


def _lost(error: aiomqtt.MqttError, doing: str = "") -> LinkLost:
    """Why the line is gone: the reason for which we gave it up ourselves, else what aiomqtt says."""
    cause = error.__cause__
    return cause if isinstance(cause, LinkLost) else LinkLost(f"{doing}{cause or error}")


async def subscribe(client: AckClient, base: str, filters: Filters, group: list[str], *, anew: bool) -> None:
    """Ask for these in one SUBSCRIBE, and learn what the broker grants.

    Raises LinkLost when it closes at that.
    """
    # Retain As Published: else a command that was published retained looks like an ordinary one. Asked again,
    # it is not sent again.
    options: Any = (
        SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=0 if anew else 1)
        if client.modern
        else 1
    )
    try:
        request = client.subscribe([(topic_of(base, path), options) for path in group])
        async with race(request, client._disconnected) as (asking, _):
            if not asking.done():
                raise aiomqtt.MqttError("the broker closed the connection")
            codes: Any = asking.result()
    except aiomqtt.MqttError as error:
        filters.closed(group, time.monotonic())
        if len(group) == 1 and not client._disconnected.done() and client._client.is_connected():
            return  # it does not answer to this one
        raise Learned(f"cannot subscribe: {_lost(error)}") from None
    codes = [int(getattr(code, "value", code)) for code in codes]
    if len(group) > 1 and min(codes) >= FAILURE:
        if not filters.is_of_many(group):  # these may be refused, where the others may be asked for together
            filters.split()
        for path in group:
            await subscribe(client, base, filters, [path], anew=anew)
        return
    for path, code in zip(group, codes, strict=False):
        if code < FAILURE:
            filters.granted(path)
        else:
            filters.refused(path, REASONS.get(code, "refused"), time.monotonic())
