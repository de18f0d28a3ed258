"""How many events a second the large city stores, with one writer and with more.

  .venv-dev/bin/python scripts/flood.py --events 30000 --writers 1,2

Starts scripts/city --large for each number of writers, on free ports and in a folder of its own, and sends
it incidents of a thousand poles over both shards, as fast as the brokers acknowledge them. Measured are the
way from end to end, what the bridges bring into NATS while there is no writer, and what the writers drain
when they find all of it waiting. Needs Mosquitto and PostgreSQL.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts"), str(ROOT / "docs" / "examples")]

from city.store import connect  # noqa: E402
from city.stream import connected  # noqa: E402
from lightpoles.large import City, lacking, own_city, pending  # noqa: E402

POLES, WINDOW = 1000, 500  # events on their way to a shard without an acknowledgement
SAMPLE = json.loads((ROOT / "docs" / "samples" / "events-incident-closed.json").read_text())
PERIOD_S = 0.05


def packets(store: str, events: int, shard: int, shards: int) -> Iterator[bytes]:
    """MQTT packets of this shard's part. Each event is an incident of its own, as on a busy street."""
    for number in range(events):
        pole, sequence = number % POLES, number // POLES + 1
        if pole % shards != shard:
            continue
        name = f"0192f0e2-0000-7000-8000-{number:012d}"
        found = SAMPLE | {
            "id": f"{store}-{number}", "source": f"/smartpole/flood/P-{pole}", "storeid": store,
            "sequence": f"{sequence:012d}", "data": SAMPLE["data"] | {"incident_id": f"{store}{name}"[:64]},
        }  # fmt: skip
        topic = f"smartpole/flood/P-{pole}/events/incident/closed".encode()
        body = len(topic).to_bytes(2, "big") + topic + (number // shards % 60_000 + 1).to_bytes(2, "big")
        body += json.dumps(found, separators=(",", ":")).encode()
        yield b"\x32" + length(len(body)) + body


def length(size: int) -> bytes:
    """As MQTT writes it."""
    found = bytearray()
    while True:
        size, low = divmod(size, 128)
        found.append(low | (0x80 if size else 0))
        if not size:
            return bytes(found)


async def send(port: int, name: str, waiting: list[bytes]) -> None:
    """With QoS 1 and MQTT 3.1.1; returns when all are acknowledged."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = b"\x00\x04MQTT\x04\x02\x00\x00" + len(name).to_bytes(2, "big") + name.encode()
    writer.write(b"\x10" + length(len(body)) + body)
    await reader.readexactly(4)
    sent = done = 0
    while done < len(waiting):
        part = waiting[sent : min(len(waiting), done + WINDOW)]
        writer.writelines(part)
        sent += len(part)
        await writer.drain()
        await reader.readexactly(4)
        done += 1
        while len(reader._buffer) >= 4:  # type: ignore[attr-defined]
            await reader.readexactly(4)
            done += 1
    writer.close()


async def flood(city: City, store: str, events: int) -> float:
    """Seconds until the brokers have acknowledged all."""
    shards = len(city.ports)
    parts = [list(packets(store, events, shard, shards)) for shard in range(shards)]
    begun = time.monotonic()
    await asyncio.gather(*(send(port, f"{store}-{n}", parts[n]) for n, port in enumerate(city.ports)))
    return time.monotonic() - begun


async def stored(city: City, store: str, events: int) -> tuple[float, float]:
    """When the first and the last of them are in the database: monotonic seconds."""
    first = 0.0
    db = await connect(*city.database())
    try:
        while True:
            rows = await db.fetch("SELECT count(*) AS n FROM keys WHERE store = $1", store)
            first = first or (time.monotonic() if rows[0]["n"] else 0.0)
            if rows[0]["n"] == events:
                return first, time.monotonic()
            await asyncio.sleep(0.05)
    finally:
        await db.close()


def processor_s(city: City) -> dict[str, float]:
    """Seconds of a core that each kind of process has used."""
    kinds = {"writer": "writers", "postgres": "PostgreSQL", "nats": "NATS", "mosquitto": "Mosquitto"}
    found = dict.fromkeys(kinds.values(), 0.0)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes().decode().replace("\0", " ")
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        mine = str(city.folder) in told or told.startswith("postgres: ")
        kind = next((k for k in kinds if k in told), None)
        if mine and kind is not None:
            found[kinds[kind]] += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


async def measure(city: City, events: int, writers: int, share: float) -> None:
    before, begun = processor_s(city), time.monotonic()
    acknowledged = await flood(city, "through", events)
    took = (await stored(city, "through", events))[1] - begun
    used = {kind: s - before[kind] for kind, s in processor_s(city).items()}
    print(f"  end to end      {events / took:6.0f} events/s ({events / acknowledged:.0f} acknowledged)")
    print("  of a core       " + ", ".join(f"{kind} {s / took:.2f}" for kind, s in used.items()))
    # Without writers: who would start them again is frozen meanwhile
    os.kill(city.pid, signal.SIGSTOP)
    for pid in city.pids("writer"):
        os.kill(pid, signal.SIGKILL)
    begun = time.monotonic()
    await flood(city, "waiting", events)
    await waits(city, events)
    print(
        f"  into NATS       {events / (time.monotonic() - begun):6.0f} events/s, by {len(city.ports)} bridges"
    )
    os.kill(city.pid, signal.SIGCONT)
    before = processor_s(city)
    while len(city.pids("writer")) < writers:
        await asyncio.sleep(0.1)
    with slowed(city.pids("writer"), share):
        first, last = await stored(city, "waiting", events)
    used = {kind: s - before[kind] for kind, s in processor_s(city).items()}
    print(f"  drained         {events / (last - first):6.0f} events/s")
    print("  of a core       " + ", ".join(f"{kind} {s / (last - first):.2f}" for kind, s in used.items()))


@contextlib.contextmanager
def slowed(pids: list[int], share: float) -> Iterator[None]:
    """These processes run only this share of the time, each in its own rhythm."""
    over = threading.Event()

    def slow(pid: int) -> None:
        while not over.wait(PERIOD_S * share * random.uniform(0.5, 1.5)):
            os.kill(pid, signal.SIGSTOP)
            over.wait(PERIOD_S * (1 - share) * random.uniform(0.5, 1.5))
            os.kill(pid, signal.SIGCONT)

    threads = [threading.Thread(target=slow, args=(pid,)) for pid in pids if share < 1]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


async def waits(city: City, events: int) -> None:
    """Until so many wait in NATS."""
    async with connected((city.folder / "nats.txt").read_text().split()) as client:
        while True:
            if await pending(client) >= events:
                return
            await asyncio.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=30_000)
    parser.add_argument("--writers", default="1,2", help="comma between numbers; default: 1,2")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the time in which a writer may run while it drains"
    )
    arguments = parser.parse_args()
    if lacking():
        sys.exit(lacking())
    for writers in map(int, arguments.writers.split(",")):
        with own_city(City, writers) as city:
            print(f"{writers} writers, {arguments.events} events of {POLES} poles", flush=True)
            asyncio.run(measure(city, arguments.events, writers, arguments.share))


if __name__ == "__main__":
    main()
