"""A process that stores events and says which are stored, until it is killed.

Not a test; see test_kill.py.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path

from pole_agent.store.database import Database
from pole_agent.store.store import Store
from pole_agent.vocabulary import RecordEvent, Severity, Stamp


async def main(folder: Path) -> None:
    number = 0

    def new_id() -> str:
        nonlocal number
        number += 1
        return f"e{number}"

    store = Store(folder, 16, lambda at: Stamp(at, "boot", at, "synced"), new_id, batch_s=0.01)
    store.start()
    while True:
        severity = Severity(number % 3)
        for _ in range(number % 4):
            store.record(RecordEvent("traffic.summarized", Severity.INFO, {"n": number}, 0.0))
        await store.write(
            lambda db: db.set("state", str(number)),
            RecordEvent("incident.opened", severity, {"n": number}, 0.0),
        )
        stats = await store.read(lambda db: db.stats())
        print(stats["last_sequence"], flush=True)  # told as stored
        if number % 7 == 0:
            batch = await store.read(lambda db: db.waiting(5, frozenset()))
            await store.write(partial(Database.mark_delivered, seqs=[s.seq for s in batch], wall=0.0))


asyncio.run(main(Path(sys.argv[1])))
