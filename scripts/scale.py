"""What many poles cost, and what batches, compression and summaries would save. See docs/scale.md.

    .venv-dev/bin/python scripts/scale.py gain FILE        measured, on events that were recorded
    .venv-dev/bin/python scripts/scale.py day FILE         which messages a recorded day is made of
    .venv-dev/bin/python scripts/scale.py fleet --poles N  drawn at random, from the cost of a pole

FILE: the lines of `mosquitto_sub -F %J -t 'smartpole/#'`, or of docs/examples/receiver.py.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
SIZES = (1, 10, 100)  # events in a batch
# MQTT 5 at QoS 1 around topic and payload (fixed header, length of the topic, packet id, properties), PUBACK
AROUND = 8 + 4
# IPv4, TCP with timestamps, and a TLS 1.3 record; both ways, when nothing shares a segment
PACKET = 2 * (20 + 32 + 22)
# Share of the day's objects by hour, as pole_agent.bench.day draws them
HOURS = (1, 1, 1, 1, 2, 4, 7, 8, 7, 5, 5, 5, 5, 5, 5, 6, 8, 8, 6, 4, 3, 2, 1, 1)
OUTAGES_S = (30, 600, 3600)
# Payload and topic, measured on a busy day: of an object (event and `active`), of a pole that sees nobody
OBJECT_BYTES, POLE_BYTES = 1_300, 2_600_000

Message = tuple[str, bytes]  # topic and payload
Event = dict[str, Any]
Pack = Callable[[Sequence[Event]], bytes]


def messages(path: Path) -> Iterator[Message]:
    """What was recorded, with payloads as the pole writes them: JSON without blanks."""
    for line in path.read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        if "topic" in document:
            payload = document["payload"]
            yield document["topic"], payload.encode() if isinstance(payload, str) else dense(payload)
        else:
            noun, verb = document["type"].split(".")[1:]
            yield f"{document['source'].strip('/')}/events/{noun}/{verb}", dense(document)


def dense(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def columns(events: Sequence[Event]) -> Any:
    """What all events of a batch share is said once; the rest is a table. `data` is taken apart in the same
    way for each type.
    """
    said: dict[str, Any] = {"shared": {}, "rows": []}
    for key in dict.fromkeys(key for event in events for key in event):
        values = [event.get(key) for event in events]
        if all(value == values[0] for value in values):
            said["shared"][key] = values[0]
    by_type: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        rest = {key: value for key, value in event.items() if key not in said["shared"] and key != "data"}
        by_type[event["type"]].append(rest | event["data"])
    for kind, rows in by_type.items():
        keys = list(dict.fromkeys(key for row in rows for key in row))
        said["rows"].append([kind, keys, [[row.get(key) for key in keys] for row in rows]])
    return said


def dictionary() -> bytes:
    """The samples of the contract, which both ends have: what a compressor may take as said."""
    folder = ROOT / "docs" / "samples"
    paths = [path for path in sorted(folder.glob("*.json")) if not path.name.startswith(("drone", "home"))]
    return b"".join(dense(json.loads(path.read_text())) for path in paths)[-32_000:]


def deflated(text: bytes, known: bytes = b"") -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 15, 9, zlib.Z_DEFAULT_STRATEGY, known)
    return packer.compress(text) + packer.flush()


def packings() -> dict[str, Pack]:
    """Name and function; zstd only where it is installed."""
    known = dictionary()
    found: dict[str, Pack] = {
        "JSON": dense,
        "shared fields once": lambda events: dense(columns(events)),
        "zlib": lambda events: deflated(dense(events)),
        "zlib, the samples as dictionary": lambda events: deflated(dense(events), known),
        "shared fields once, zlib": lambda events: deflated(dense(columns(events))),
    }
    try:
        zstd = importlib.import_module("zstandard")
    except ImportError:
        return found
    plain = zstd.ZstdCompressor(level=3)
    primed = zstd.ZstdCompressor(level=3, dict_data=zstd.ZstdCompressionDict(known))
    return found | {
        "zstd": lambda events: bytes(plain.compress(dense(events))),
        "zstd, the samples as dictionary": lambda events: bytes(primed.compress(dense(events))),
        "shared fields once, zstd": lambda events: bytes(plain.compress(dense(columns(events)))),
    }


def gain(path: Path) -> None:
    """Bytes an event with each packing and batch: payload, and all that the wire carries."""
    by_pole: dict[str, list[Event]] = defaultdict(list)
    topic = 0
    for name, payload in messages(path):
        if "/events/" in name:
            event = json.loads(payload)
            by_pole[event["source"]].append(event)
            topic += len(name)
    number = sum(map(len, by_pole.values()))
    topic //= number
    print(f"{number} events of {len(by_pole)} poles, topic {topic} bytes\n")
    print(
        "| payload, bytes an event | "
        + " | ".join(f"{size} in a batch" for size in SIZES)
        + " | µs an event |"
    )
    print("|---|" + "---|" * (len(SIZES) + 1))
    for name, pack in packings().items():
        cells, spent = [], 0.0
        for size in SIZES:
            begun = time.process_time()
            payload_bytes = sum(
                len(pack(events[at : at + size] if size > 1 else events[at : at + 1]))
                for events in by_pole.values()
                for at in range(0, len(events), size)
            )
            spent = (time.process_time() - begun) / number * 1e6
            wire = payload_bytes / number + (topic + AROUND + PACKET) / size
            cells.append(f"{payload_bytes / number:.0f} ({wire:.0f})")
        print(f"| {name} | {' | '.join(cells)} | {spent:.0f} |")
    around = topic + AROUND + PACKET
    print(f"\nIn brackets with topic, MQTT, TLS, TCP and IP, both ways: {around} bytes a message.")


def made_of(path: Path) -> None:
    """Messages and bytes (payload and topic) by topic and severity, as they are and each compressed."""
    count: Counter[str] = Counter()
    size: Counter[str] = Counter()
    packed: Counter[str] = Counter()
    known = dictionary()
    for topic, payload in messages(path):
        kind = "/".join(topic.split("/")[3:])
        if kind.startswith("events/"):
            kind += f" ({json.loads(payload)['severity']})"
        count[kind] += 1
        size[kind] += len(topic) + len(payload)
        packed[kind] += len(topic) + len(deflated(payload, known))
    total = sum(size.values())
    print("| message | number | bytes each | MB | share | MB, each compressed with the samples |")
    print("|---|---|---|---|---|---|")
    for kind, number in count.most_common():
        each, less = size[kind], packed[kind] / 1e6
        share = f"{each / 1e6:.2f} | {each / total:.1%} | {less:.2f}"
        print(f"| {kind} | {number} | {each // number} | {share} |")
    print(f"| all | {sum(count.values())} | | {total / 1e6:.2f} | | {sum(packed.values()) / 1e6:.2f} |")


def fleet(poles: int, objects: int, taken: float) -> None:
    """A day of `poles` poles, second by second: the sum of many independent streets is a Poisson process."""
    chance = np.random.default_rng(1)
    rate = np.repeat(np.array(HOURS) / sum(HOURS) * objects * poles / 3600, 3600)
    seconds = chance.poisson(rate)
    events, busiest = int(seconds.sum()), int(seconds.max())
    hour = seconds.reshape(24, 3600).sum(axis=1).max() / 3600
    size = events * OBJECT_BYTES + poles * POLE_BYTES
    writers = int(np.ceil(hour / taken))
    spare = 2 * writers * taken - hour
    print(f"{poles:,} poles, {objects:,} objects a day each")
    print(f"  events a day           {events:,}")
    print(f"  a second, mean         {events / 86400:,.1f}")
    print(f"  a second, busiest hour {hour:,.1f}, busiest second {busiest:,}")
    print(f"  bytes a day            {size / 1e9:,.1f} GB, mean {size * 8 / 86400 / 1e6:,.1f} Mbit/s")
    print(
        f"  writers of {taken:.0f}/s     {writers} for the busiest hour, {2 * writers} to clear a backlog too"
    )
    for outage in OUTAGES_S:  # that end when the busiest hour ends
        waiting = int(seconds[8 * 3600 - outage : 8 * 3600].sum())
        print(f"  after {outage:5d} s cut off  {waiting:,} events wait, gone after {waiting / spare:,.0f} s")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    for name, words in (("gain", "what packing saves"), ("day", "what a recorded day is made of")):
        kinds.add_parser(name, help=words).add_argument("file", type=Path)
    drawn = kinds.add_parser("fleet", help="a day of many poles")
    drawn.add_argument("--poles", type=int, default=10_000)
    drawn.add_argument(
        "--objects", type=int, default=10_000, help="that pass a pole a day; default: a busy one"
    )
    drawn.add_argument("--writer", type=float, default=3_000, help="events a second that one writer stores")
    arguments = parser.parse_args()
    if arguments.kind == "gain":
        gain(arguments.file)
    elif arguments.kind == "day":
        made_of(arguments.file)
    else:
        fleet(arguments.poles, arguments.objects, arguments.writer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
