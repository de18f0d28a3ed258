"""One connection over aiomqtt.

aiomqtt drops the reason codes of acknowledgements, and a publish hangs when the link drops. Both matter here:
an event is deleted only after the broker took it. So this client waits for the PUBACK itself and fails what
is pending at a disconnect. A new client is made for each connection: paho keeps unacknowledged messages
inside, and the outbox is the only queue we trust.
"""

from __future__ import annotations

import asyncio
import fcntl
import struct
import termios
import time
from collections.abc import Awaitable
from typing import Any

import aiomqtt
from paho.mqtt.client import CONNACK_ACCEPTED
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from pole_agent.errors import LinkLost, LinkSilent, NotAcknowledged, PublishRefused
from pole_agent.languages import phrase
from pole_agent.uplink.events import Message

MAX_IN_FLIGHT = 40
SILENT_S = (
    # Nothing was acknowledged and nothing moved for so long: the broker is asked whether it is there, and has
    # as long to answer
    10.0
)
UNACKNOWLEDGED_S = 30.0  # it answers, and acknowledges nothing, or leaves one out
CLOSED_EARLY = phrase("closed-early")
SESSION_TAKEN_OVER = 0x8E
KEEPALIVE_TIMEOUT = 0x8D  # paho says so of a broker that does not answer its ping
FAILURE = 0x80  # reason codes from here on mean no


class AckClient(aiomqtt.Client):
    """aiomqtt's client, with acknowledgements that say whether the broker took the message."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # By packet, in the order in which they left: and when
        self._acks: dict[int, tuple[asyncio.Future[int], float]] = {}
        self._progress_at = self._moved_at = self._asked_at = 0.0
        self._overtaken = False  # the oldest is not acknowledged, later ones are
        self._unsent: int | None = None
        self.closed_early = False
        self.retains, self.most_qos = True, 1
        self.modern = kwargs["protocol"] is aiomqtt.ProtocolVersion.V5
        self.largest_packet: int | None = None
        self.taken_over = False
        self.window = MAX_IN_FLIGHT

    async def _wait_for(self, fut: Awaitable[Any], timeout: float | None) -> Any:
        """As aiomqtt's. Before Python 3.12 `wait_for` forgets that its task was cancelled where the answer
        comes in that moment: an agent that stops as it connects would go on for ever.
        """
        answer = await super()._wait_for(fut, timeout)
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
        return answer

    def _on_connect(
        self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None
    ) -> None:
        if reason_code == CONNACK_ACCEPTED:
            self.largest_packet = getattr(properties, "MaximumPacketSize", None)
            self.retains &= bool(getattr(properties, "RetainAvailable", True))
            self.most_qos = min(self.most_qos, getattr(properties, "MaximumQoS", 1))
            # paho does not keep to the broker's receive maximum (Mosquitto: 20), so we do.
            self.window = min(MAX_IN_FLIGHT, getattr(properties, "ReceiveMaximum", MAX_IN_FLIGHT))
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_disconnect(
        self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None
    ) -> None:
        # paho calls a second time when the socket is gone, without the reason.
        code = getattr(reason_code, "value", None)
        self.taken_over |= code == SESSION_TAKEN_OVER
        if code == KEEPALIVE_TIMEOUT:
            self.give_up(LinkSilent(phrase("broker-timed-out")))
        if not self._connected.done():  # aiomqtt would wait for its time out
            self.closed_early = True
            self._connected.set_exception(aiomqtt.MqttError(CLOSED_EARLY))
        super()._on_disconnect(client, userdata, flags, reason_code, properties)
        self._fail(LinkLost(phrase("connection-lost")))

    def _on_socket_register_write(self, client: Any, userdata: Any, sock: Any) -> None:
        # aiomqtt asks for the socket's number before the loop does its work. A broker that says no at once
        # has closed it by then.
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
        waiting = self._acks.pop(mid, None)
        if waiting is None:
            return
        self._progress_at = time.monotonic()
        self._overtaken = bool(self._acks) and next(iter(self._acks.values()))[1] < waiting[1]
        if not waiting[0].done():
            waiting[0].set_result(int(reason_code.value))

    def give_up(self, error: LinkLost) -> None:
        """End the connection for this reason."""
        self._fail(error)
        if not self._disconnected.done():
            self._disconnected.set_exception(error)

    def _fail(self, error: LinkLost) -> None:
        acks, self._acks = self._acks, {}
        for ack, _ in acks.values():
            if not ack.done():
                ack.set_exception(error)

    async def watch(self) -> None:
        """Give the line up when it makes no progress: deadlines run from the last sign of it, not from the
        handing over.
        """
        while True:
            await asyncio.sleep(1.0)
            now = time.monotonic()
            if self._disconnected.done():
                self._fail(LinkLost(phrase("connection-lost")))
                return
            if (error := self._stuck(now)) is not None:
                self.give_up(error)
                return

    def _stuck(self, now: float) -> LinkLost | None:
        if not self._acks:
            self._progress_at = now
            return None
        oldest = next(iter(self._acks.values()))[1]
        waits = now - max(self._progress_at, oldest)
        if self._moved():
            self._asked_at = 0.0
            self._moved_at = now
        # When paho has asked the broker whether it is there; 0 after its answer
        ping = getattr(self._client, "_ping_t", 0.0)
        if now - max(self._progress_at, oldest, self._moved_at) >= SILENT_S:
            if not self._asked_at:
                self._asked_at = now
                if not ping:
                    self._client._send_pingreq()
            elif ping and now - ping >= SILENT_S:
                # paho asks by itself too: a question of this moment is no silence
                return LinkSilent(phrase("broker-timed-out"))
        else:
            self._asked_at = 0.0
        if (waits >= UNACKNOWLEDGED_S and not ping) or (self._overtaken and now - oldest >= UNACKNOWLEDGED_S):
            return NotAcknowledged(phrase("broker-without-acknowledgement"))
        return None

    def _moved(self) -> bool:
        """Has the other end of the line taken bytes since the last look?

        On a slow one that is the only sign for long.
        """
        sock: Any = self._client.socket()
        try:
            (unsent,) = struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))
        except (AttributeError, OSError, ValueError):  # no socket, no Linux
            return False
        moved = self._unsent is not None and unsent < self._unsent
        self._unsent = unsent
        return moved

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
            raise PublishRefused(0x99, phrase("no-expiry-in-mqtt-3"))
        size = len(message.payload) + len(message.topic.encode()) + 200
        if self.largest_packet is not None and size > self.largest_packet:
            raise PublishRefused(0x95, phrase("packet-too-large", bytes=size, most=self.largest_packet))
        qos = min(message.qos, self.most_qos)
        if qos < message.qos and not message.retain:
            raise PublishRefused(0x9B, phrase("qos-1-unsupported"))
        try:
            info = self._client.publish(
                message.topic, message.payload, qos, message.retain and self.retains, properties
            )
        except ValueError as error:  # a topic or a payload that MQTT does not allow
            raise PublishRefused(0x90, str(error)) from error
        if info.rc != 0:
            raise LinkLost(phrase("message-not-sent", error=info.rc))
        if qos == 0:
            return
        # No await since publish(): the callback runs in this loop, so it cannot have come before this line.
        ack = asyncio.get_running_loop().create_future()
        now = time.monotonic()
        if not self._acks:
            self._progress_at = now
        self._acks[info.mid] = ack, now
        try:
            code = await ack
        finally:
            self._acks.pop(info.mid, None)
        if code >= FAILURE:
            raise PublishRefused(code, REASONS.get(code, "refused"))


REASONS = {
    0x80: "unspecified error",
    0x83: "implementation specific error",
    0x87: phrase("not-authorized"),
    0x8F: "topic filter invalid",
    0x90: "topic name invalid",
    0x95: "packet too large",
    0x97: phrase("quota-exceeded"),
    0x99: "payload format invalid",
    0x9E: "shared subscriptions not supported",
    0xA2: "wildcard subscriptions not supported",
}
