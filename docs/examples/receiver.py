"""Receive the events of all poles, each once, and prove that none is missing. An example to copy: it needs paho-mqtt only.

    python receiver.py --host broker.example.go.id --port 8883 --out events.jsonl

Events are written one JSON object a line. Every minute each store of each pole is told as complete, or its gaps are; a gap that
stays is asked for again with ``outbox/resend`` (the pole keeps delivered events for 72 hours).
"""

from __future__ import annotations

import argparse
import json
import time
from collections import deque
from pathlib import Path
from typing import Any, TextIO

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

REMEMBERED_IDS = 100_000  # duplicates come soon after the original, or are marked "replayed"
PATIENCE_S = 60.0  # an alarm overtakes older events: a gap is not a loss at once


class Books:
    """What has come from one store of one pole: sequence numbers as ranges, kept sorted and apart."""

    def __init__(self) -> None:
        self.ranges: list[list[int]] = []
        self.asked: dict[tuple[int, int], float] = {}

    def add(self, first: int, last: int) -> None:
        """These numbers came, or are named as dropped."""
        merged = [first, last]
        rest = []
        for low, high in self.ranges:
            if high + 1 < merged[0] or low > merged[1] + 1:
                rest.append([low, high])
            else:
                merged = [min(low, merged[0]), max(high, merged[1])]
        self.ranges = sorted([*rest, merged])

    def gaps(self) -> list[tuple[int, int]]:
        """What is missing between 1 and the highest number that was seen."""
        found, expected = [], 1
        for low, high in self.ranges:
            if low > expected:
                found.append((expected, low - 1))
            expected = high + 1
        return found


class Receiver:
    """Deduplicates by `id`, keeps books by (source, storeid)."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._ids: set[str] = set()
        self._order: deque[str] = deque()
        self.books: dict[tuple[str, str], Books] = {}

    def take(self, event: dict[str, Any]) -> bool:
        """Take an event in; False when it was here before. Its number counts in any case."""
        books = self.books.setdefault((event["source"], event["storeid"]), Books())
        number = int(event["sequence"])
        books.add(number, number)
        if event["type"] == "smartpole.outbox.dropped":
            for first, last in event["data"]["ranges"]:
                books.add(first, last)
        if event["id"] in self._ids:
            return False
        self._ids.add(event["id"])
        self._order.append(event["id"])
        if len(self._order) > REMEMBERED_IDS:
            self._ids.discard(self._order.popleft())
        print(json.dumps(event), file=self._out, flush=True)
        return True

    def report(self, client: mqtt.Client, now: float) -> None:
        """Tell how complete each store is; ask once a minute for what stays missing."""
        for (source, store), books in sorted(self.books.items()):
            gaps = books.gaps()
            highest = books.ranges[-1][1]
            print(f"{source} store {store}: 1 to {highest}, " + (f"missing {gaps}" if gaps else "complete"), flush=True)
            books.asked = {gap: at for gap, at in books.asked.items() if gap in gaps}
            for gap in gaps:
                if now - books.asked.setdefault(gap, now) >= PATIENCE_S:
                    books.asked[gap] = now
                    request = {"storeid": store, "from": gap[0], "to": gap[1], "by": "receiver"}
                    client.publish(f"{source.removeprefix('/')}/outbox/resend", json.dumps(request), qos=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--prefix", default="smartpole")
    parser.add_argument("--username")
    parser.add_argument("--password-file", type=Path)
    parser.add_argument("--ca-file", help="turns TLS on")
    parser.add_argument("--out", type=Path, default=Path("events.jsonl"))
    parser.add_argument("--every", type=float, default=60.0, metavar="SECONDS", help="how often to report; default 60")
    arguments = parser.parse_args()
    with arguments.out.open("a") as out:
        receiver = Receiver(out)

        # A persistent session: what comes while this program is down waits at the broker.
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="receiver", clean_session=False, protocol=mqtt.MQTTv311)

        def on_message(_client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
            try:
                receiver.take(json.loads(message.payload))
            except (ValueError, KeyError, TypeError) as error:
                print(f"{message.topic}: no event: {error!r}", flush=True)

        client.on_message = on_message
        client.on_connect = lambda c, *_: c.subscribe(f"{arguments.prefix}/+/+/events/#", qos=1)
        if arguments.username:
            client.username_pw_set(arguments.username, arguments.password_file.read_text().strip())
        if arguments.ca_file:
            client.tls_set(arguments.ca_file)
        client.connect(arguments.host, arguments.port)
        client.loop_start()
        while True:
            time.sleep(arguments.every)
            receiver.report(client, time.monotonic())


if __name__ == "__main__":
    main()
