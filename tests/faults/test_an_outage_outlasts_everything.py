"""Field failures 5 and 6: days offline and a full store.

Only age and the cap drop anything, and every number is accounted for.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pole_agent.store.database import Database
from pole_agent.store.rows import Entry
from pole_agent.vocabulary import RecordEvent, Severity, Stamp
from tests.conftest import Mosquitto, eventually
from tests.faults.kills import City
from tests.faults.local import health

DAY_S = 86_400.0
TTL_S = {"traffic": 2 * DAY_S, "health": DAY_S, "incident": 30 * DAY_S}
KINDS = (
    ("traffic.summarized", Severity.INFO),
    ("health.degraded", Severity.WARNING),
    ("incident.opened", Severity.ALARM),
    ("incident.closed", Severity.INFO),
)


def accounted(database: Database) -> tuple[set[int], set[int]]:
    """The numbers that wait, and those that a report names as dropped."""
    waiting, dropped = set(), set()
    for stored in database.list_events(1_000_000):
        waiting.add(stored.seq)
        if stored.kind == "outbox.dropped":
            for first, last in json.loads(stored.data)["ranges"]:
                dropped |= set(range(first, last + 1))
    return waiting, dropped


def test_seven_days_offline_drop_by_age(tmp_path: Path) -> None:
    """Seven days offline drop by age only and count it."""
    numbers = iter(range(1, 1_000_000))
    database = Database(tmp_path / "pole.db", 256, lambda: f"e{next(numbers)}")
    for hour in range(7 * 24):
        wall = 1.79e9 + hour * 3600.0
        entries = [
            Entry(
                f"x{next(numbers)}",
                RecordEvent(kind, severity, {"hour": hour}, float(hour)),
                Stamp(float(hour), "boot", wall, "synced"),
            )
            for kind, severity in KINDS
        ]
        with database.transaction():
            database.append(entries)
            database.expire(wall, TTL_S, Stamp(float(hour), "boot", wall, "synced"))
    waiting, dropped = accounted(database)
    last = database.stats()["last_sequence"]
    assert waiting | dropped == set(range(1, last + 1)), "every number waits or is named"
    assert not waiting & dropped
    left = [(s.kind, json.loads(s.data)) for s in database.list_events(1_000_000)]
    assert {d["hour"] for k, d in left if k == "traffic.summarized"} == set(range(7 * 24 - 49, 7 * 24))
    assert sum(k == "incident.opened" for k, _ in left) == 7 * 24, "an alarm waits for ever"
    assert all(d["cause"] == "expired" for k, d in left if k == "outbox.dropped")


def test_what_has_no_known_time_does_not_expire(tmp_path: Path) -> None:
    """Of a boot without a clock nobody knows how old an event is: only the cap drops it."""
    database = Database(tmp_path / "pole.db", 256, lambda: "r")
    event = RecordEvent("traffic.summarized", Severity.INFO, {}, 1.0)
    with database.transaction():
        database.append([Entry("a", event, Stamp(1.0, "boot", 1000.0, "unsynced"))])
        assert database.expire(1.8e9, TTL_S, Stamp(1.0, "boot", 1.8e9, "synced")) == 0


def test_the_file_shrinks_when_the_backlog_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "pole.db"
    numbers = iter(range(1, 1_000_000))
    database = Database(path, 256, lambda: f"e{next(numbers)}")
    stamp = Stamp(1.0, "boot", 1.79e9, "synced")
    for _ in range(20):
        with database.transaction():
            database.append(
                [
                    Entry(
                        f"x{next(numbers)}",
                        RecordEvent("incident.closed", Severity.INFO, {"t": "x" * 500}, 1.0),
                        stamp,
                    )
                    for _ in range(500)
                ]
            )
    full = path.stat().st_size
    assert full > 3_000_000
    with database.transaction():
        database.mark_delivered(list(range(1, 10_001)), 1.79e9)
        assert database.purge_delivered(1.79e9 + 73 * 3600) == 10_000
    assert database.give_back() > 1000
    assert path.stat().st_size < full / 10
    assert database.give_back() == 0, "and is left alone then"


@pytest.mark.timeout(120)
def test_pole_that_comes_back_after_seven_days(
    mosquitto: Mosquitto, agent: Callable[..., Any], bench: Callable[..., Path], tmp_path: Path
) -> None:
    """A pole that comes back after seven days accounts for every number.

    A real process, a real broker: what waited too long is named as dropped, all else arrives, alarms first.
    """
    state = tmp_path / "state"
    state.mkdir()
    numbers = iter(range(1, 1_000_000))
    database = Database(state / "pole.db", 256, lambda: f"e{next(numbers)}")
    for hour in range(7 * 24):
        stamp = Stamp(float(hour), "boot", time.time() - (7 * 24 - hour) * 3600.0, "synced")
        with database.transaction():
            database.append(
                [
                    Entry(f"x{next(numbers)}", RecordEvent(kind, level, {"hour": hour}, 0.0), stamp)
                    for kind, level in KINDS
                ]
            )
    store, last = database.store_id, database.stats()["last_sequence"]
    database.close()
    city = City(mosquitto.port)
    mosquitto.stop()
    keep = "keep_days = { traffic = 2, health = 1, incident = 30 }\n"
    config = bench(f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\ntls = false\n')
    config.write_text(config.read_text().replace("[lamp]", keep + "[lamp]", 1))
    try:
        agent("run", "--config", str(config), "--log-level", "error")
        eventually(lambda: health(state / "control.sock"), 20)
        mosquitto.start()
        eventually(lambda: city.has(store) >= set(range(1, last + 1)), 60)
        expired = {s for s in city.dropped[store] if s <= last}
        # Of four a hour: what is told of the traffic goes after two days, health after one. Alarms and
        # incidents stay.
        assert len(expired) == pytest.approx(5 * 24 + 6 * 24, abs=4)
        assert not expired & city.sequences[store]
        kinds = {KINDS[(number - 1) % len(KINDS)][0] for number in expired}
        assert kinds == {"traffic.summarized", "health.degraded"}
    finally:
        city.stop()
