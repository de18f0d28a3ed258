"""The real broker: a connection at a time, in the version of MQTT that it knows, with what it grants."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt

from pole_agent.errors import Learned, LinkLost, TakenOver
from pole_agent.languages import phrase
from pole_agent.settings.reading import secret
from pole_agent.uplink.client import CLOSED_EARLY, MAX_IN_FLIGHT, AckClient
from pole_agent.uplink.events import LISTENED, Message
from pole_agent.uplink.filters import Filters
from pole_agent.uplink.many import listened
from pole_agent.uplink.quiet import quiet
from pole_agent.uplink.session import MqttSession, subscribe
from pole_agent.uplink.tls import tls_context
from pole_agent.uplink.versions import Versions

log = quiet(__name__)

KEEPALIVE_S = 20
TIMEOUT_S = 10.0  # for the broker to answer a connect or a subscribe
MAX_INCOMING = 2000  # what may wait while the listener works; beyond that aiomqtt drops the newest

UNSUPPORTED_PROTOCOL = (0x01, 0x84)  # as MQTT 3.1.1 and as MQTT 5 say it
RETAIN_UNSUPPORTED, QOS_UNSUPPORTED = 0x9A, 0x9B
# Else Nagle and delayed acknowledgements cost 40 ms a command
NODELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

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
    groups: tuple[str, ...] = ()  # of poles, whose commands this one takes as well


class MqttBroker:
    """Broker at an address.

    It remembers what this broker bears: the version, the subscriptions, retained messages.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._versions = Versions(address.protocol)
        self._filters = Filters(LISTENED, listened(address.groups))
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
    async def connect(
        self,
        will: Message,
        base: str,
        suffix: str = "",
        born: Callable[[bool], Awaitable[None]] | None = None,
    ) -> AsyncIterator[MqttSession]:
        address = self._address
        modern = self._versions.modern(time.monotonic())
        client = client_for(address, suffix, modern, will._replace(retain=self._retains, qos=self._most_qos))
        client.retains, client.most_qos = self._retains, self._most_qos
        try:
            await client.__aenter__()
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            raise self._refused(error, client) from error
        self._versions.answered(modern)
        jobs = [asyncio.create_task(client.watch(), name="watch the line")]
        if not modern:
            jobs.append(asyncio.create_task(self._ask_for_5(client), name="ask for MQTT 5"))
        try:
            if born is not None:
                await born(modern)
            now = time.monotonic()
            for group in self._filters.groups(now):
                await subscribe(client, base, self._filters, group, anew=True)
            try:
                yield MqttSession(client, base, self._filters)
            except LinkLost as error:
                if client.taken_over:
                    raise TakenOver(
                        phrase("identity-taken", client=address.client_id, suffix=suffix)
                    ) from error
                raise
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            await close(client)

    def _refused(self, error: Exception, client: AckClient) -> LinkLost:
        """Learn from how the broker did not let us in."""
        now, code = time.monotonic(), reason_code(error)
        if client.closed_early:
            if self._versions.closed(client.modern, now):
                other = "3.1.1" if client.modern else "5"
                return Learned(phrase("closed-early-retry", problem=CLOSED_EARLY, version=other))
            if self._versions.deciding:
                return Learned(explain(error, self._address.tls))
        elif code is None:
            self._versions.broken()
        elif code in UNSUPPORTED_PROTOCOL:
            if client.modern and self._versions.unsupported(now):
                return Learned(phrase("retry-with-3"))
        else:
            self._versions.answered(client.modern)
            if code == RETAIN_UNSUPPORTED and self._retains:
                self._retains = False
                return Learned(phrase("retry-without-retained", problem=error))
            if code == QOS_UNSUPPORTED and self._most_qos:
                self._most_qos = 0
                return Learned(phrase("retry-with-qos-0", problem=error))
        return LinkLost(explain(error, self._address.tls))

    async def _ask_for_5(self, client: AckClient) -> None:
        """While we speak 3.1.1 for want of 5: ask every hour, under another name, whether the broker knows
        it; come back then.
        """
        while (at := self._versions.again_at()) != float("inf"):
            await asyncio.sleep(max(1.0, at - time.monotonic()))
            if await visit(client_for(self._address, "-asks", True, None)) in (None, *UNSUPPORTED_PROTOCOL):
                self._versions.postpone(time.monotonic())
            else:
                log.info("uplink: the broker supports MQTT 5 now")
                self._versions.answered(True)
                client.give_up(LinkLost(phrase("mqtt-5-now")))
                return


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
        raise LinkLost(phrase("connection-not-prepared", error=error)) from error
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
    client._client._sock_close()


def reason_code(error: Exception) -> int | None:
    """Of a CONNACK."""
    code: Any = getattr(error, "rc", None)
    code = getattr(code, "value", code)
    return code if isinstance(code, int) else None


def _secret(path: Path | None) -> str | None:
    return None if path is None else secret(path)


class _TlsSocket(ssl.SSLSocket):
    """paho forgets a socket whose handshake failed: against a wrong certificate each attempt would leave one
    open.
    """

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
        return phrase("check-ca-file", error=text)
    if tls and text == CLOSED_EARLY:
        return phrase("check-cert-file", error=text)
    return text
