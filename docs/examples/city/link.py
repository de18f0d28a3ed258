"""The broker: MQTT 5 by paho, whose thread hands over to the loop. We acknowledge what is stored."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

SESSION_S = 7 * 86_400  # so long the broker keeps what comes while we are down
WINDOW = 1000  # messages that wait here for their acknowledgement
MOST_WAITING = 20_000  # beyond the window, where the database does not answer
KEEPALIVE_S = 15
CONNECT_S = 10.0
PUBLISH_S = 10.0


class LinkError(Exception):
    """The broker does not take it now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where it is, and who we are there. `ca_file` turns TLS on."""

    host: str = "127.0.0.1"
    port: int = 1883
    prefix: str = "smartpole"
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """`link`, `turn` and `mid`: the broker and the connection on which it came, and its number there.
    `reply`: where NATS waits for the acknowledgement. `correlation`: of an answer.
    """

    topic: str
    payload: bytes
    retained: bool
    qos: int
    mid: int
    turn: int
    correlation: bytes = b""
    reply: str = ""
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A topic to listen to. States come again at each connection; events are wanted once."""

    topic: str
    qos: int = 1
    retained: bool = True


class Channel(Protocol):
    """Where messages come from. Each is acknowledged when it is stored."""

    @property
    def messages(self) -> asyncio.Queue[Message]: ...

    def acknowledge(self, message: Message) -> None: ...


class Talk(Channel, Protocol):
    """A channel on which we can also speak."""

    async def publish(
        self,
        topic: str,
        payload: bytes,
        response: tuple[str, bytes] | None = None,
        *,
        patient: bool = False,
    ) -> None: ...


class Link:
    """`session`: the broker keeps what comes while this program is down, for `client_id`. `messages`: where
    they go, when several links share it.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        wishes: Sequence[Wish],
        *,
        session: bool,
        messages: asyncio.Queue[Message] | None = None,
    ) -> None:
        self.messages = asyncio.Queue() if messages is None else messages
        self.connected = asyncio.Event()
        self.refused: str = ""  # why the last connection or subscription failed
        self.turn = 0
        self.since = 0.0  # wall seconds of the last connection
        self._broker, self._wishes, self._session = broker, wishes, session
        self._loop = asyncio.get_running_loop()
        self._client = client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5, manual_ack=True
        )
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_message, client.on_subscribe = self._on_message, self._on_subscribe
        client.reconnect_delay_set(1, 15)
        if broker.username:
            client.username_pw_set(broker.username, _password(broker.password_file))
        if broker.ca_file:
            client.tls_set_context(ssl.create_default_context(cafile=str(broker.ca_file)))

    def start(self) -> None:
        """Connect, now and for ever, in paho's thread."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.ReceiveMaximum = WINDOW
        if self._session:
            properties.SessionExpiryInterval = SESSION_S
        self._client.connect_async(
            self._broker.host,
            self._broker.port,
            KEEPALIVE_S,
            clean_start=not self._session,
            properties=properties,
        )
        self._client.loop_start()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def name(self) -> str:
        return f"{self._broker.host}:{self._broker.port}"

    @property
    def hears(self) -> bool:
        return self.connected.is_set()

    @property
    def caught_up(self) -> bool:
        return self.hears and self.messages.qsize() < WINDOW // 2

    def acknowledge(self, message: Message) -> None:
        """It is stored. On another connection its number may mean another message, and it comes again."""
        if message.qos and message.turn == self.turn:
            self._client.ack(message.mid, message.qos)

    async def publish(
        self,
        topic: str,
        payload: bytes,
        response: tuple[str, bytes] | None = None,
        *,
        patient: bool = False,
    ) -> None:
        """Returns when the broker has taken it. `response`: the topic for an answer, and what comes back
        with it. `patient`: first waits until the broker is there. Raises LinkError.
        """
        if patient:
            await self.connected.wait()
        if not self.connected.is_set():
            raise LinkError("not connected to the broker")
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = 60  # a command that comes late is no command
        if response is not None:
            properties.ResponseTopic, properties.CorrelationData = response
        info = self._client.publish(topic, payload, qos=1, properties=properties)
        try:
            await asyncio.to_thread(info.wait_for_publish, PUBLISH_S)
            if not info.is_published():
                raise LinkError("the broker has not acknowledged it")
        except (ValueError, RuntimeError) as error:
            raise LinkError(str(error)) from error

    # In paho's thread from here on.

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, *_: object
    ) -> None:
        if reason.is_failure:
            self._tell(lambda: self._lost(str(reason)))
            return
        self.turn += 1
        for wish in self._wishes:
            handling = (
                SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE
                if wish.retained
                else SubscribeOptions.RETAIN_DO_NOT_SEND
            )
            client.subscribe(wish.topic, options=SubscribeOptions(qos=wish.qos, retainHandling=handling))
        self._tell(self._came)

    def _on_subscribe(
        self, _client: object, _data: object, _mid: int, reasons: Sequence[ReasonCode], *_: object
    ) -> None:
        failed = [str(reason) for reason in reasons if reason.is_failure]
        if failed:
            self._tell(lambda: self._lost(f"a subscription was refused: {failed[0]}"))

    def _on_disconnect(
        self, _client: object, _data: object, _flags: object, reason: ReasonCode, *_: object
    ) -> None:
        self._tell(lambda: self._lost(str(reason)))

    def _on_message(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        correlation = bytes(getattr(message.properties, "CorrelationData", b""))
        found = Message(
            message.topic,
            bytes(message.payload),
            bool(message.retain),
            message.qos,
            message.mid,
            self.turn,
            correlation,
            link=self,
        )
        self._tell(lambda: self._put(found))

    def _tell(self, what: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what)

    # In the loop.

    def _put(self, message: Message) -> None:
        """What has no acknowledgement is told again anyway: it must not fill the memory."""
        if message.qos or self.messages.qsize() < MOST_WAITING:
            self.messages.put_nowait(message)

    def _came(self) -> None:
        self.refused, self.since = "", time.time()
        self.connected.set()

    def _lost(self, why: str) -> None:
        self.refused = why
        self.connected.clear()


def _password(file: Path | None) -> str | None:
    """The first line of a file that only its owner may read. Raises OSError, PermissionError."""
    if file is None:
        return None
    if file.stat().st_mode & 0o077:
        raise PermissionError(f"{file}: others may read it; chmod 600 {file}")
    return (file.read_text().splitlines() or [""])[0]
