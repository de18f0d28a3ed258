"""The real broker: a connection at a time, in the version of MQTT that it knows, with what it grants."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
from paho.mqtt.subscribeoptions import SubscribeOptions

from pole_agent.errors import LinkLost, TakenOver
from pole_agent.settings.reading import secret
from pole_agent.uplink.client import CLOSED_EARLY, FAILURE, MAX_IN_FLIGHT, REASONS, AckClient
from pole_agent.uplink.events import LISTENED, Incoming, Letter, Message
from pole_agent.uplink.filters import Filters
from pole_agent.uplink.pace import Pace
from pole_agent.uplink.quiet import quiet
from pole_agent.uplink.tls import tls_context
from pole_agent.uplink.versions import Versions

log = quiet(__name__)

KEEPALIVE_S = 20
TIMEOUT_S = 10.0  # for the broker to answer a connect or a subscribe
MAX_INCOMING = 2000  # what may wait while the listener works; beyond that aiomqtt drops the newest
MAX_COMMAND_BYTES = 64 * 1024
UNSUPPORTED_PROTOCOL = (0x01, 0x84)  # as MQTT 3.1.1 and as MQTT 5 say it
RETAIN_UNSUPPORTED, QOS_UNSUPPORTED = 0x9A, 0x9B
NODELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else Nagle and delayed acknowledgements cost 40 ms a command

PAHO = logging.getLogger("pole_agent.uplink.paho")
PAHO.setLevel(logging.CRITICAL)  # what it says of a lost line, the upload loop says in words


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


OLD = (
    "the broker speaks MQTT 3.1.1: a message that it refuses looks delivered; a command that is published retained while we listen "
    "looks ordinary; orders to fly are not sent, because they could not expire; no response topics; no pacing"
)


NOT_RETAINED = "the broker keeps no retained messages: who connects later sees neither status nor lamp until they change"
NO_QOS_1 = "the broker allows QoS 0 only and acknowledges nothing: events wait on the pole"


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
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def unheard(self) -> Mapping[str, str]:
        return self._filters.missing

    async def publish(self, message: Letter) -> None:
        if self._in_flight >= self._pace.window:
            await self._room(first=callable(message))
        self._in_flight += 1
        begun = time.monotonic()
        try:
            await self._client.publish_acknowledged(message() if callable(message) else message)
            self._pace.acknowledged(time.monotonic() - begun)
        finally:
            self._in_flight -= 1
            self._let_in()

    async def _room(self, *, first: bool) -> None:
        """Wait for room in the window; what is live goes first."""
        while self._in_flight >= self._pace.window:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            (self._waiting.appendleft if first else self._waiting.append)(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._let_in()  # the turn was ours: the next one takes it
                raise

    def _let_in(self) -> None:
        room = self._pace.window - self._in_flight
        while room > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                room -= 1

    async def listen(self, *, anew: bool = False) -> None:
        now = time.monotonic()
        for path in LISTENED if anew else self._filters.again(now):
            await _subscribe(self._client, self._base, self._filters, [path], anew=False)

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
            raise LinkLost(str(error.__cause__ or error)) from error


class MqttBroker:
    """Broker at an address. It remembers what this broker bears: the version, the subscriptions, retained messages."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._versions = Versions(address.protocol)
        self._filters = Filters(LISTENED)
        self._retains, self._most_qos = True, 1

    @property
    def name(self) -> str:
        return f"{self._address.host}:{self._address.port}"

    @property
    def knows_5(self) -> bool:
        return self._versions.knows_5

    @knows_5.setter
    def knows_5(self, known: bool) -> None:
        self._versions.knows_5 = known

    @contextlib.asynccontextmanager
    async def connect(self, will: Message, base: str, suffix: str = "") -> AsyncIterator[MqttSession]:
        address = self._address
        modern = self._versions.modern(time.monotonic())
        client = client_for(address, suffix, modern, will._replace(retain=self._retains, qos=self._most_qos))
        client.retains, client.most_qos = self._retains, self._most_qos
        try:
            await client.__aenter__()
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            raise LinkLost(self._refused(error, client)) from error
        self._versions.answered(modern)
        jobs = [asyncio.ensure_future(client.watch())]
        if not modern:
            jobs.append(asyncio.ensure_future(self._ask_for_5(client)))
        try:
            now = time.monotonic()
            for group in self._filters.groups(now):
                await _subscribe(client, base, self._filters, group, anew=True)
            try:
                yield MqttSession(client, base, self._filters)
            except LinkLost as error:
                if client.taken_over:
                    raise TakenOver(f"another client came as {address.client_id}{suffix}") from error
                raise
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            await close(client)

    def _refused(self, error: Exception, client: AckClient) -> str:
        """Learn from how the broker did not let us in; in words."""
        now, code = time.monotonic(), reason_code(error)
        if client.closed_early:
            if self._versions.closed(client.modern, now):
                other = "3.1.1" if client.modern else "5"
                return f"{CLOSED_EARLY}, five times without a word; the next attempt is with MQTT {other}"
        elif code is None:
            self._versions.broken()
        elif code in UNSUPPORTED_PROTOCOL:
            if client.modern and self._versions.unsupported(now):
                return "the broker knows no MQTT 5; the next attempt is with 3.1.1"
        else:
            self._versions.answered(client.modern)
            if code == RETAIN_UNSUPPORTED and self._retains:
                self._retains = False
                return f"{error}; the next attempt is without retained messages"
            if code == QOS_UNSUPPORTED and self._most_qos:
                self._most_qos = 0
                return f"{error}; the next attempt is with QoS 0"
        return explain(error, self._address.tls)

    async def _ask_for_5(self, client: AckClient) -> None:
        """While we speak 3.1.1 for want of 5: ask every hour, under another name, whether the broker knows it; come back then."""
        while (at := self._versions.again_at()) != float("inf"):
            await asyncio.sleep(max(1.0, at - time.monotonic()))
            if await visit(client_for(self._address, "-asks", True, None)) in (None, *UNSUPPORTED_PROTOCOL):
                self._versions.postpone(time.monotonic())
            else:
                log.info("uplink: the broker knows MQTT 5 now")
                self._versions.answered(True)
                client.give_up(LinkLost("the broker knows MQTT 5 now; coming back in 5"))
                return


async def _subscribe(client: AckClient, base: str, filters: Filters, group: list[str], *, anew: bool) -> None:
    """Ask for these in one SUBSCRIBE, and learn what the broker grants. Raises LinkLost when it closes at that."""
    # Retain As Published: else a command that was published retained looks like an ordinary one. Asked again, it is not sent again.
    options: Any = SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=0 if anew else 1) if client.modern else 1
    try:
        codes: Any = await client.subscribe([(f"{base}/{path}", options) for path in group])
    except aiomqtt.MqttError as error:
        filters.closed(group, time.monotonic())
        if len(group) == 1 and not client._disconnected.done() and client._client.is_connected():
            return  # it does not answer to this one
        raise LinkLost(f"cannot subscribe: {error}") from error
    codes = [int(getattr(code, "value", code)) for code in codes]
    if len(group) > 1 and min(codes) >= FAILURE:
        filters.split()
        for path in group:
            await _subscribe(client, base, filters, [path], anew=anew)
        return
    for path, code in zip(group, codes, strict=False):
        if code < FAILURE:
            filters.granted(path)
        else:
            filters.refused(path, REASONS.get(code, "refused"), time.monotonic())


def client_for(address: Address, suffix: str, modern: bool, will: Message | None) -> AckClient:
    """A client that is not connected yet. Raises LinkLost."""
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
            will=aiomqtt.Will(will.topic, will.payload, will.qos, will.retain) if will is not None else None,
            tls_context=_tls(address) if address.tls else None,
            max_queued_incoming_messages=MAX_INCOMING,
            max_queued_outgoing_messages=MAX_IN_FLIGHT * 4,
            max_inflight_messages=MAX_IN_FLIGHT,
            socket_options=[NODELAY],
            logger=PAHO,
        )
    except (OSError, ValueError) as error:
        raise LinkLost(f"cannot prepare the connection: {error}") from error
    client.pending_calls_threshold = MAX_IN_FLIGHT * 4
    client._client.connect_timeout = TIMEOUT_S / 2
    return client


async def visit(client: AckClient) -> int | None:
    """Come in and leave. Returns the broker's reason code, 0 when it let us in; None when it did not say."""
    try:
        await client.__aenter__()
    except (aiomqtt.MqttError, OSError, ValueError) as error:
        return reason_code(error)
    await close(client)
    return 0


async def close(client: AckClient) -> None:
    """Leave, however the connection is."""
    with contextlib.suppress(aiomqtt.MqttError, OSError, ValueError):
        await client.__aexit__(None, None, None)
    if client._disconnected.done() and not client._disconnected.cancelled():
        client._disconnected.exception()
    if client._client.socket() is not None:
        client._client.disconnect()
        client._client._sock_close()


def reason_code(error: Exception) -> int | None:
    """Of a CONNACK."""
    code: Any = getattr(error, "rc", None)
    code = getattr(code, "value", code)
    return code if isinstance(code, int) else None


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


def explain(error: Exception, tls: bool) -> str:
    text = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return f"{text}; check ca_file, and the clock of this pole"
    if tls and text == CLOSED_EARLY:
        return f"{text}; check cert_file: it may want a certificate that it knows, and that has not ended"
    return text
