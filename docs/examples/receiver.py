"""Receive the events of all poles, each once, and prove that none is missing. An example to copy: it needs
paho-mqtt only.

    python receiver.py --host broker.example.go.id --port 8883 --out events.jsonl

Events are written one JSON object a line. Every minute each store of each pole is told as complete, or its
gaps are; a gap that stays is asked for again with ``outbox/resend`` (the pole keeps delivered events for 72
hours). A store that has ended, because its card was lost or restored, is told as ended, with what did not
come of it: nobody is asked for that any more.

What came is remembered in a small SQLite file beside the events (``events.jsonl.books``), so that a restart,
a kill or a power cut changes nothing: the broker is told that a message has come only when its line and its
entry in the books are on the disk.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import queue
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

REMEMBERED_IDS = 100_000  # duplicates come soon after the original, or are marked "replayed"
PATIENCE_S = 60.0  # an alarm overtakes older events: a gap is not a loss at once
MOST_AT_ONCE = 500  # messages in one transaction
TABLES = """
CREATE TABLE IF NOT EXISTS ids (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS came (
  source TEXT, store TEXT, first INTEGER, last INTEGER, PRIMARY KEY (source, store, first)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stores (
  source TEXT, store TEXT, ended TEXT, after INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (source, store)
)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS file (bytes INTEGER NOT NULL);
"""


class Books:
    """What has come from one store of one pole: sequence numbers as ranges, sorted and apart."""

    def __init__(self, ranges: Iterable[tuple[int, int]], ended: str | None, after: int) -> None:
        self.ranges = sorted(map(list, ranges))
        self.ended = ended  # the cause, when its pole has said that nothing more comes of it
        self.after = after  # events that came all the same

    def gaps(self) -> list[tuple[int, int]]:
        """What is missing between 1 and the highest number that was seen or named."""
        found, expected = [], 1
        for low, high in self.ranges:
            if low > expected:
                found.append((expected, low - 1))
            expected = max(expected, high + 1)
        return found

    def words(self) -> str:
        """How complete it is, for people."""
        gaps = self.gaps()
        told = f"1 to {self.ranges[-1][1]}, " if self.ranges else ""
        if self.ended is None:
            return told + (f"missing {gaps}" if gaps else "complete")
        lost = f"never came: {gaps}" if gaps else "all explained"
        strange = (
            f"; {self.after} events came after that: do two poles have one identity?" if self.after else ""
        )
        return f"{told}ended ({self.ended}), {lost}{strange}"


class Receiver:
    """Deduplicates by `id`, keeps books by (source, storeid).

    `take` inside `batch`: then all of it is kept, or nothing.
    """

    def __init__(self, out: TextIO, books: str | Path = ":memory:") -> None:
        """`out` is open for appending.

        What stands in it beyond the books was cut off by a kill, and comes again: it is removed.
        """
        self._out = out
        self._db = sqlite3.connect(books, isolation_level=None)
        self._db.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {TABLES}")
        known = self._db.execute("SELECT bytes FROM file").fetchone()
        if known is None:
            self._db.execute("INSERT INTO file VALUES (?)", (out.tell(),))
        elif out.tell() > known[0]:
            out.truncate(known[0])
            out.seek(0, os.SEEK_END)
        self._asked: dict[tuple[str, str, int, int], float] = {}

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """First the lines are on the disk, then the books that say so."""
        begun = self._out.tell()
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._out.flush()
            with contextlib.suppress(io.UnsupportedOperation):  # what is no file has no disk
                os.fsync(self._out.fileno())
            self._db.execute("UPDATE file SET bytes = ?", (self._out.tell(),))
            self._db.execute(
                "DELETE FROM ids WHERE number <= (SELECT max(number) FROM ids) - ?", (REMEMBERED_IDS,)
            )
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            self._out.truncate(begun)
            self._out.seek(begun)
            raise

    def take(self, event: dict[str, Any]) -> bool:
        """Take an event in; False when it was here before. Its number counts in any case."""
        source, store, number, name = (
            str(event["source"]),
            str(event["storeid"]),
            _number(event["sequence"]),
            str(event["id"]),
        )
        dropped = event["data"] if event["type"] == "smartpole.outbox.dropped" else {}
        of = str(dropped.get("storeid", store))
        named = [(_number(first), _number(last)) for first, last in dropped.get("ranges", ())]
        cause, line = str(dropped.get("cause", "")), json.dumps(event)
        f"{source}{store}{of}{name}{cause}".encode()
        # All of it could be read: from here on nothing is left half taken in.
        new = self._db.execute("INSERT OR IGNORE INTO ids (id) VALUES (?)", (name,)).rowcount == 1
        self._db.execute("INSERT OR IGNORE INTO stores (source, store) VALUES (?, ?)", (source, store))
        self._add(source, store, number, number)
        if new:
            self._db.execute(
                "UPDATE stores SET after = after + 1 WHERE source = ? AND store = ? AND ended IS NOT NULL",
                (source, store),
            )
        for first, last in named:
            self._add(source, of, first, last)
        if of != store:
            self._db.execute(
                "INSERT INTO stores (source, store, ended) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET ended ="
                " excluded.ended",
                (source, of, cause),
            )
        if new:
            self._out.write(line + "\n")
        return new

    def _add(self, source: str, store: str, first: int, last: int) -> None:
        """These numbers came, or are named as dropped: joined with the ranges that they touch."""
        key = (source, store)
        touching = "source = ? AND store = ? AND first <= ? AND last >= ?"
        span = (*key, last + 1, first - 1)
        low, high = self._db.execute(
            f"SELECT min(first), max(last) FROM came WHERE {touching}", span
        ).fetchone()
        if low is not None:
            self._db.execute(f"DELETE FROM came WHERE {touching}", span)
            first, last = min(first, low), max(last, high)
        self._db.execute("INSERT INTO came VALUES (?, ?, ?, ?)", (*key, first, last))

    @property
    def books(self) -> dict[tuple[str, str], Books]:
        """By source and store."""
        found = self._db.execute(
            "SELECT source, store, ended, after FROM stores ORDER BY source, store"
        ).fetchall()
        ranges = "SELECT first, last FROM came WHERE source = ? AND store = ?"
        return {
            (source, store): Books(self._db.execute(ranges, (source, store)), ended, after)
            for source, store, ended, after in found
        }

    def report(self, client: mqtt.Client, now: float) -> None:
        """Tell how complete each store is; ask once a minute for what stays missing."""
        missing = set()
        for (source, store), books in self.books.items():
            print(f"{source} store {store}: {books.words()}", flush=True)
            for gap in books.gaps() if books.ended is None else ():
                missing.add(key := (source, store, *gap))
                if now - self._asked.setdefault(key, now) >= PATIENCE_S:
                    self._asked[key] = now
                    request = {"storeid": store, "from": gap[0], "to": gap[1], "by": "receiver"}
                    client.publish(f"{source.removeprefix('/')}/outbox/resend", json.dumps(request), qos=1)
        self._asked = {key: at for key, at in self._asked.items() if key in missing}


def _number(value: object) -> int:
    """A sequence number. Raises ValueError, TypeError."""
    number = int(value)  # type: ignore[call-overload]
    if not 1 <= number < 1 << 63:
        raise ValueError(f"{value!r} is no sequence number")
    return int(number)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--prefix", default="smartpole")
    parser.add_argument("--username")
    parser.add_argument("--password-file", type=Path)
    parser.add_argument("--ca-file", help="turns TLS on")
    parser.add_argument(
        "--client-id", default="receiver", help="each receiver needs its own; default: receiver"
    )
    parser.add_argument("--out", type=Path, default=Path("events.jsonl"))
    parser.add_argument(
        "--every", type=float, default=60.0, metavar="SECONDS", help="how often to report; default 60"
    )
    arguments = parser.parse_args()
    try:
        with arguments.out.open("a") as out:
            return receive(arguments, Receiver(out, arguments.out.with_name(arguments.out.name + ".books")))
    except (OSError, sqlite3.Error) as error:  # what was not acknowledged comes again
        print(f"receiver: {error}", file=sys.stderr)
        return 1


def receive(arguments: argparse.Namespace, receiver: Receiver) -> int:
    """For ever. Raises OSError and sqlite3.Error when something cannot be kept."""
    # A persistent session: what comes while this program is down waits at the broker. Acknowledged is what is
    # on the disk.
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=arguments.client_id,
        clean_session=False,
        protocol=mqtt.MQTTv311,
        manual_ack=True,
    )
    messages: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
    client.on_message = lambda _client, _data, message: messages.put(message)
    client.on_connect = lambda c, *_: c.subscribe(f"{arguments.prefix}/+/+/events/#", qos=1)
    if arguments.username:
        client.username_pw_set(arguments.username, arguments.password_file.read_text().strip())
    if arguments.ca_file:
        client.tls_set(arguments.ca_file)
    client.connect(arguments.host, arguments.port)
    client.loop_start()
    report_at = time.monotonic() + arguments.every
    while True:
        waiting: list[mqtt.MQTTMessage] = []
        with contextlib.suppress(queue.Empty):
            waiting.append(messages.get(timeout=max(0.0, report_at - time.monotonic())))
            while len(waiting) < MOST_AT_ONCE:
                waiting.append(messages.get_nowait())
        if waiting:
            with receiver.batch():
                for message in waiting:
                    try:
                        receiver.take(json.loads(message.payload))
                    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                        print(f"{message.topic}: no event: {error!r}", flush=True)
            for message in waiting:
                client.ack(message.mid, message.qos)
        if time.monotonic() >= report_at:
            report_at = time.monotonic() + arguments.every
            receiver.report(client, time.monotonic())


if __name__ == "__main__":
    sys.exit(main())
