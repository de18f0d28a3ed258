"""The real broker, over aiomqtt.

aiomqtt drops the reason codes of acknowledgements, and a publish hangs when the link drops. Both matter here: an event is
deleted only after the broker took it. So this client waits for the PUBACK itself and fails what is pending at a disconnect. A new
client is made for each connection: paho keeps unacknowledged messages inside, and the outbox is the only queue we trust.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
from paho.mqtt.client import CONNACK_ACCEPTED
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from pole_agent.errors import LinkLost, PublishRefused, TakenOver
from pole_agent.settings.reading import secret
from pole_agent.uplink.events import PATHS, STATUS, Incoming, Letter, Message
from pole_agent.uplink.tls import tls_context

log = logging.getLogger(__name__)

KEEPALIVE_S = 20
TIMEOUT_S = 10.0  # for the broker to answer a connect, a subscribe or a publish
MAX_IN_FLIGHT = 40
MAX_INCOMING = 2000  # what may wait while the listener works; beyond that aiomqtt drops the newest
MAX_COMMAND_BYTES = 64 * 1024
OLD_FOR_S = 86_400.0  # a broker that knew no MQTT 5 is asked again after a day
CLOSED_EARLY = "the broker closed the connection before it let us in"
UNSUPPORTED_PROTOCOL = (0x01, 0x84)  # as MQTT 3.1.1 and as MQTT 5 say it
SESSION_TAKEN_OVER = 0x8E
FAILURE = 0x80  # reason codes from here on mean no
NODELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else Nagle and delayed acknowledgements cost 40 ms a command


@dataclass(frozen=True, slots=True)
class Address:
    """Where the broker is and how to enter. Secrets come from files, read at each connect."""

    host: str
    port: int
    client_id: str
    tls: bool
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    protocol: str = "auto"  # "5", "3.1.1", or 5 until the broker says that it knows no 5


class AckClient(aiomqtt.Client):
    """aiomqtt's client, with acknowledgements that say whether the broker took the message."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._acks: dict[int, asyncio.Future[int]] = {}
        self.modern = kwargs["protocol"] is aiomqtt.ProtocolVersion.V5
        self.largest_packet: int | None = None
        self.taken_over = False
        self.window = MAX_IN_FLIGHT

    def _on_connect(self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None) -> None:
        if reason_code == CONNACK_ACCEPTED:
            self.largest_packet = getattr(properties, "MaximumPacketSize", None)
            # paho does not keep to the broker's receive maximum (Mosquitto: 20), so we do.
            self.window = min(MAX_IN_FLIGHT, getattr(properties, "ReceiveMaximum", MAX_IN_FLIGHT))
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_disconnect(self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None) -> None:
        # paho calls a second time when the socket is gone, without the reason.
        self.taken_over |= getattr(reason_code, "value", None) == SESSION_TAKEN_OVER
        if not self._connected.done():  # aiomqtt would wait for its time out
            self._connected.set_exception(aiomqtt.MqttError(CLOSED_EARLY))
        super()._on_disconnect(client, userdata, flags, reason_code, properties)

    def _on_socket_register_write(self, client: Any, userdata: Any, sock: Any) -> None:
        # aiomqtt asks for the socket's number before the loop does its work. A broker that says no at once has closed it by then.
        def write() -> None:
            try:
                self._client.loop_write()
            except Exception as error:  # noqa: BLE001 - as aiomqtt does it: whatever it is, the line is broken
                if not self._disconnected.done():
                    self._disconnected.set_exception(error)

        def register() -> None:
            if sock.fileno() >= 0:
                self._loop.add_writer(sock.fileno(), write)

        self._loop.call_soon_threadsafe(register)

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any) -> None:
        ack = self._acks.get(mid)
        if ack is not None and not ack.done():
            ack.set_result(int(reason_code.value))

    async def publish_acknowledged(self, message: Message) -> None:
        """Raises PublishRefused, LinkLost."""
        properties: Any = None
        if self.modern:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.ContentType = message.content_type
            if message.expiry_s is not None:
                properties.MessageExpiryInterval = message.expiry_s
            if message.correlation is not None:
                properties.CorrelationData = message.correlation
        elif message.expiry_s is not None:
            raise PublishRefused(0x99, "MQTT 3.1.1 cannot let a message expire, and this one must")
        size = len(message.payload) + len(message.topic.encode()) + 200
        if self.largest_packet is not None and size > self.largest_packet:
            raise PublishRefused(0x95, f"packet too large: {size} bytes, the broker takes {self.largest_packet}")
        try:
            info = self._client.publish(message.topic, message.payload, message.qos, message.retain, properties)
        except ValueError as error:  # a topic or a payload that MQTT does not allow
            raise PublishRefused(0x90, str(error)) from error
        if info.rc != 0:
            raise LinkLost(f"the message could not be sent (paho error {info.rc})")
        if message.qos == 0:
            return
        # No await since publish(): the callback runs in this loop, so it cannot have come before this line.
        ack = self._acks[info.mid] = asyncio.get_running_loop().create_future()
        try:
            done, _ = await asyncio.wait((ack, self._disconnected), timeout=TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._acks[info.mid]
        if ack not in done:
            raise LinkLost("the broker did not acknowledge in time" if not done else "the connection was lost before the acknowledgement")
        if ack.result() >= FAILURE:
            raise PublishRefused(ack.result(), _REASONS.get(ack.result(), "refused"))


_REASONS = {
    0x87: "not authorized",
    0x90: "topic name invalid",
    0x95: "packet too large",
    0x97: "quota exceeded",
    0x99: "payload format invalid",
}


MISSING = (
    "the broker speaks MQTT 3.1.1: a message that it refuses looks delivered; a command that is published retained while we listen "
    "looks ordinary; orders to fly are not sent, because they could not expire; no response topics; no pacing"
)


class MqttSession:
    """Session over one AckClient."""

    def __init__(self, client: AckClient, base: str) -> None:
        self._client, self._base = client, base
        self.missing = "" if client.modern else MISSING
        shown: Any = getattr(client._client.socket(), "getpeercert", dict)()
        self.certificate_ends = float(ssl.cert_time_to_seconds(shown["notAfter"])) if shown else None
        self._window = asyncio.Semaphore(client.window)

    async def publish(self, message: Letter) -> None:
        async with self._window:
            await self._client.publish_acknowledged(message() if callable(message) else message)

    async def incoming(self) -> AsyncIterator[Incoming]:
        try:
            async for message in self._client.messages:
                payload = message.payload if isinstance(message.payload, bytes) else str(message.payload or "").encode()
                properties = message.properties
                yield Incoming(
                    str(message.topic).removeprefix(self._base + "/"),
                    payload[: MAX_COMMAND_BYTES + 1],
                    bool(message.retain),
                    getattr(properties, "ResponseTopic", None),
                    getattr(properties, "CorrelationData", None),
                )
        except aiomqtt.MqttError as error:
            raise LinkLost(str(error)) from error


class MqttBroker:
    """Broker at an address: MQTT 5, or 3.1.1 where there is no 5."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._modern_from = float("inf") if address.protocol == "3.1.1" else 0.0

    @property
    def name(self) -> str:
        return f"{self._address.host}:{self._address.port}"

    @contextlib.asynccontextmanager
    async def connect(self, will: Message, base: str, suffix: str = "") -> AsyncIterator[MqttSession]:
        address, modern = self._address, time.monotonic() >= self._modern_from
        try:
            client = AckClient(
                address.host,
                address.port,
                identifier=address.client_id + suffix,
                username=address.username,
                password=_secret(address.password_file),
                protocol=aiomqtt.ProtocolVersion.V5 if modern else aiomqtt.ProtocolVersion.V311,
                **({"clean_start": True} if modern else {"clean_session": True}),
                keepalive=KEEPALIVE_S,
                timeout=TIMEOUT_S,
                will=aiomqtt.Will(will.topic, will.payload, will.qos, will.retain),
                tls_context=_tls(address) if address.tls else None,
                max_queued_incoming_messages=MAX_INCOMING,
                max_queued_outgoing_messages=MAX_IN_FLIGHT * 4,
                max_inflight_messages=MAX_IN_FLIGHT,
                socket_options=[NODELAY],
                logger=logging.getLogger("pole_agent.uplink.paho"),
            )
        except (OSError, ValueError) as error:
            raise LinkLost(f"cannot prepare the connection: {error}") from error
        client.pending_calls_threshold = MAX_IN_FLIGHT * 4
        client._client.connect_timeout = TIMEOUT_S / 2
        try:
            await client.__aenter__()
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            if modern and address.protocol == "auto" and _knows_no_5(error):
                self._modern_from = time.monotonic() + OLD_FOR_S
                raise LinkLost("the broker knows no MQTT 5; the next attempt is with 3.1.1") from error
            raise LinkLost(_explain(error, address.tls)) from error
        try:
            # Retain As Published: else a command that was published retained looks like an ordinary one.
            options: Any = SubscribeOptions(qos=1, retainAsPublished=True) if modern else 1
            try:
                codes: Any = await client.subscribe([(f"{base}/{path}", options) for path in (*PATHS, STATUS)])
            except aiomqtt.MqttError as error:
                raise LinkLost(f"cannot subscribe: {error}") from error
            for path, code in zip((*PATHS, STATUS), codes, strict=False):
                if int(getattr(code, "value", code)) >= FAILURE:
                    log.warning("uplink: the broker does not let us listen to %s/%s; check its access rules", base, path)
            try:
                yield MqttSession(client, base)
            except LinkLost as error:
                if client.taken_over:
                    raise TakenOver(f"another client came as {address.client_id}{suffix}") from error
                raise
        finally:
            with contextlib.suppress(aiomqtt.MqttError, OSError, ValueError):
                await client.__aexit__(None, None, None)
            if client._disconnected.done() and not client._disconnected.cancelled():
                client._disconnected.exception()


def _secret(path: Path | None) -> str | None:
    return None if path is None else secret(path)


class _TlsSocket(ssl.SSLSocket):
    """paho forgets a socket whose handshake failed: against a wrong certificate each attempt would leave one open."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def _tls(address: Address) -> ssl.SSLContext:
    context = tls_context(address.ca_file, address.cert_file, address.key_file)
    context.sslsocket_class = _TlsSocket
    return context


def _knows_no_5(error: Exception) -> bool:
    code: Any = getattr(error, "rc", None)
    return getattr(code, "value", code) in UNSUPPORTED_PROTOCOL


def _explain(error: Exception, tls: bool) -> str:
    text = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return f"{text}; check ca_file, and the clock of this pole"
    if tls and text == CLOSED_EARLY:
        return f"{text}; check cert_file: it may want a certificate that it knows, and that has not ended"
    return text
