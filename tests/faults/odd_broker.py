"""A small MQTT broker that misbehaves as told: what no real one does on demand. MQTT 5 and 3.1.1, QoS 0 and
1, in a thread of its own.

It keeps what it acknowledged, in order, and retained messages. `Oddity` says how it is odd.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

Topic = Callable[[str, bytes], bool]  # of a topic and a payload


def never(topic: str, payload: bytes) -> bool:
    return False


@dataclass(slots=True)
class Oddity:
    """How it is odd. `closes_at`: it hangs up at such a publish, `refuses`: it says no (with `code`),
    `swallows`: it says nothing.

    `says_no_first`: it acknowledges with a refusal, and hangs up then. `most_filters`: subscriptions of a
    client, at the next one it closes (or refuses, with `grants_quota`). `delivers`: what it grants. `ack_s`:
    seconds for each acknowledgement, one after the other. `bulk_code`: it refuses a SUBSCRIBE with many as a
    whole. `most_qos`, `receive_maximum` and `largest_packet`: what it says of itself as it lets a client in,
    as it does with `retains`.
    """

    closes_at: Topic = never
    refuses: Topic = never
    swallows: Topic = never
    says_no_first: bool = False
    code: int = 0x87
    most_filters: int = 1000
    forbidden_filter: str = ""
    grants_quota: bool = False
    quota_code: int = 0x97
    bulk: bool = True
    bulk_code: int = 0
    delivers: bool = True
    ack_s: float = 0.0
    versions: tuple[int, ...] = (4, 5)
    silent_about_versions: bool = False
    retains: bool = True
    connack: int = 0
    refuses_will: bool = True  # where it keeps nothing
    most_qos: int = 1
    receive_maximum: int | None = None
    largest_packet: int | None = None


@dataclass(slots=True, eq=False)
class Client:
    modern: bool
    writer: asyncio.StreamWriter
    filters: list[str] = field(default_factory=list)


class OddBroker:
    """Listens on `port` of loopback."""

    def __init__(self, oddity: Oddity | None = None) -> None:
        self.oddity = oddity or Oddity()
        self.taken: list[tuple[str, bytes]] = []
        self.retained: dict[str, bytes] = {}
        self.connects: list[int] = []  # protocol levels
        self.names: list[str] = []  # of the clients that came
        self.publishes = 0
        self.open = self.most_open = 0  # messages that wait for their acknowledgement
        self._clients: list[Client] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._ask(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def count(self, word: bytes) -> int:
        """Acknowledged messages with this in their payload, each once."""
        return len({payload for _, payload in list(self.taken) if word in payload})

    def say(self, topic: str, payload: bytes) -> None:
        """Publish retained, as somebody else."""

        async def work() -> None:
            self._keep(topic, payload)
            self._deliver(topic, payload)

        self._ask(work())

    @property
    def filters(self) -> list[str]:
        """What is listened to, in the order in which it was asked for."""
        return [topic for client in list(self._clients) for topic in client.filters]

    def send_away(self, code: int) -> None:
        """Say why (MQTT 5), and close every connection."""

        async def work() -> None:
            for client in list(self._clients):
                client.writer.write(bytes([0xE0, 2, code, 0]))
                await client.writer.drain()
                client.writer.close()

        self._ask(work())

    def close(self) -> None:
        async def work() -> None:
            self._server.close()
            for client in list(self._clients):
                client.writer.transport.abort()
            tasks = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self._ask(work())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _ask(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kind, _, body = await _packet(reader)
        level = body[6]
        self.connects.append(level)
        modern = level == 5
        at = 10 + (1 + body[10] if modern else 0)  # properties of less than 128 bytes
        self.names.append(body[at + 2 : at + 2 + struct.unpack(">H", body[at : at + 2])[0]].decode())
        if level not in self.oddity.versions:
            if not self.oddity.silent_about_versions:
                writer.write(b"\x20\x02\x00\x01")
                await writer.drain()
            return
        if self.oddity.connack or (not self.oddity.retains and self.oddity.refuses_will and body[7] & 0x20):
            code = self.oddity.connack or 0x9A
            writer.write(bytes([0x20, 3, 0, code, 0]) if modern else bytes([0x20, 2, 0, 5]))
            await writer.drain()
            return
        properties = self._properties()
        writer.write(
            bytes([0x20, 3 + len(properties), 0, 0, len(properties)]) + properties
            if modern
            else b"\x20\x02\x00\x00"
        )
        client = Client(modern, writer)
        self._clients.append(client)
        acks: asyncio.Queue[bytes] = asyncio.Queue()
        acking = asyncio.ensure_future(self._ack(acks, writer))
        try:
            while True:
                kind, flags, body = await _packet(reader)
                if kind == 3 and not await self._publish(client, flags, body, acks):
                    return
                if kind == 8 and not self._subscribe(client, body):
                    return
                if kind == 12:
                    writer.write(b"\xd0\x00")
                if kind == 14:
                    return
                await writer.drain()
        finally:
            acking.cancel()
            self._clients.remove(client)

    def _properties(self) -> bytes:
        """Of a CONNACK."""
        odd, told = self.oddity, b"" if self.oddity.retains else b"\x25\x00"
        if odd.most_qos < 1:
            told += b"\x24\x00"
        if odd.receive_maximum is not None:
            told += b"\x21" + struct.pack(">H", odd.receive_maximum)
        if odd.largest_packet is not None:
            told += b"\x27" + struct.pack(">I", odd.largest_packet)
        return told

    async def _ack(self, acks: asyncio.Queue[bytes], writer: asyncio.StreamWriter) -> None:
        while True:
            packet = await acks.get()
            if self.oddity.ack_s:
                await asyncio.sleep(self.oddity.ack_s)
            self.open -= 1
            writer.write(packet)

    async def _publish(self, client: Client, flags: int, body: bytes, acks: asyncio.Queue[bytes]) -> bool:
        self.publishes += 1
        self.open += bool(flags & 0x06)
        self.most_open = max(self.most_open, self.open)
        length = struct.unpack(">H", body[:2])[0]
        topic, at, number = body[2 : 2 + length].decode(), 2 + length, b""
        if flags & 0x06:
            number, at = body[at : at + 2], at + 2
        if client.modern:
            at += 1 + body[at]  # properties of less than 128 bytes
        payload = body[at:]
        if self.oddity.closes_at(topic, payload):
            if self.oddity.says_no_first and number:
                client.writer.write(bytes([0x40, 3]) + number + bytes([0x87]))
                await client.writer.drain()
            return False
        if self.oddity.swallows(topic, payload):
            return True
        if self.oddity.refuses(topic, payload):
            if number:
                acks.put_nowait(bytes([0x40, 3]) + number + bytes([self.oddity.code]))
            return True
        self.taken.append((topic, payload))
        if flags & 1:
            self._keep(topic, payload)
        if number:
            acks.put_nowait(b"\x40\x02" + number)
        self._deliver(topic, payload)
        return True

    def _subscribe(self, client: Client, body: bytes) -> bool:
        number, at, wanted = body[:2], 2, []
        if client.modern:
            at += 1 + body[at]
        while at < len(body):
            length = struct.unpack(">H", body[at : at + 2])[0]
            wanted.append(body[at + 2 : at + 2 + length].decode())
            at += 3 + length
        odd, codes = self.oddity, []
        if len(wanted) > 1 and not odd.bulk:
            return False
        if len(wanted) > 1 and odd.bulk_code:
            head = number + (b"\x00" if client.modern else b"")
            client.writer.write(
                bytes([0x90, len(head) + len(wanted)]) + head + bytes([odd.bulk_code] * len(wanted))
            )
            return True
        for topic in wanted:
            full = len(client.filters) >= odd.most_filters
            if (full and not odd.grants_quota) or (
                odd.forbidden_filter and topic.endswith(odd.forbidden_filter)
            ):
                return False
            codes.append(odd.quota_code if full else 1)
            if not full and topic not in client.filters:
                client.filters.append(topic)
        head = number + (b"\x00" if client.modern else b"")
        client.writer.write(bytes([0x90, len(head) + len(codes)]) + head + bytes(codes))
        for topic in wanted:
            if topic in self.retained and topic in client.filters and odd.delivers:
                client.writer.write(_message(topic, self.retained[topic], client.modern, True))
        return True

    def _keep(self, topic: str, payload: bytes) -> None:
        if self.oddity.retains:
            self.retained[topic] = payload
            if not payload:
                del self.retained[topic]

    def _deliver(self, topic: str, payload: bytes) -> None:
        for client in self._clients:
            if self.oddity.delivers and topic in client.filters:
                client.writer.write(_message(topic, payload, client.modern, False))


def _message(topic: str, payload: bytes, modern: bool, retained: bool) -> bytes:
    name = topic.encode()
    body = struct.pack(">H", len(name)) + name + (b"\x00" if modern else b"") + payload
    length, size = b"", len(body)
    while True:
        length += bytes([size % 128 | (128 if size > 127 else 0)])
        size //= 128
        if not size:
            break
    return bytes([0x30 | retained]) + length + body


async def _packet(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    head = (await reader.readexactly(1))[0]
    size = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        size |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            break
    return head >> 4, head & 15, await reader.readexactly(size) if size else b""
