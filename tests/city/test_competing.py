"""Several writers on one PostgreSQL, each with a part of the events, and one keeper of the books."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from city import store as tables
from city.asking import Asking
from city.keeper import Keeper, LastWord
from city.link import Broker, Link
from city.reading import rfc3339
from city.retention import DAYS, purge
from city.store import Database, StoreRefused, opened
from city.writer import Writer

from tests.city.conftest import ID, SOURCE, City, emptied, event
from tests.city.test_folding import OPENED
from tests.city.test_writer import message

pytestmark = pytest.mark.postgres
KEY = SOURCE, "store-1"
DAY_S = 86_400.0


@pytest.fixture
async def dbs(request: pytest.FixtureRequest) -> AsyncIterator[list[Database]]:
    """Four connections to one empty database."""
    cluster = request.getfixturevalue("cluster")
    async with AsyncExitStack() as stack:
        found = [await stack.enter_async_context(opened(cluster.url, cluster.password)) for _ in range(4)]
        await emptied(found[0])
        yield found


async def test_a_gap_that_the_other_writer_stores_is_none(dbs: list[Database]) -> None:
    """Odd numbers here, even ones there, all at once, and the same ones again: one unbroken range."""
    parts = [[message(event(n)) for n in range(1, 401) if n % 2 == odd] for odd in (0, 1)]
    cities = [City(db) for db in dbs[:2]]
    for _ in range(2):
        await asyncio.gather(*(city.take(part) for city, part in zip(cities, parts, strict=True)))
        parts.reverse()
    keeper = City(dbs[2])
    assert (await keeper.books())[KEY].ranges.spans == [(1, 400)]
    rows = await dbs[3].fetch("SELECT count(*) AS n, count(DISTINCT id) AS ids FROM events")
    assert (rows[0]["n"], rows[0]["ids"]) == (400, 400)
    assert await dbs[3].fetch("SELECT * FROM heard") == []


async def test_an_incident_of_two_writers_is_whole(dbs: list[Database]) -> None:
    """What opened it comes to one and what closed it to the other, at the same time: neither word is lost."""
    for turn in range(10):
        names = [ID.format(100 * turn + n) for n in range(20)]
        opened_, closed = [], []
        for n, name in enumerate(names):
            number = 2 * (20 * turn + n) + 1
            data = OPENED | {"incident_id": name}
            opened_.append(message(event(number, "incident.opened", **data, severity="alarm")))
            ended = data | {"duration_s": 2.0, "end_reason": "ended"}
            closed.append(message(event(number + 1, "incident.closed", **ended)))
        closed.reverse()  # in another order: they must not wait for each other for ever
        await asyncio.gather(City(dbs[0]).take(opened_), City(dbs[1]).take(closed))
    rows = await dbs[2].fetch("SELECT opened_at, closed_at, severity, duration_s FROM incidents")
    assert len(rows) == 200
    assert all(row["opened_at"] and row["closed_at"] and row["duration_s"] == 2.0 for row in rows)
    assert {row["severity"] for row in rows} == {"alarm"}


async def test_one_keeps_the_books_and_another_takes_over(dbs: list[Database]) -> None:
    first, second = City(dbs[0]), City(dbs[1])
    writer = City(dbs[2])
    await writer.take([message(event(1)), message(event(3))])
    await first.keeper.tick()
    await second.keeper.tick()
    assert (first.keeper.on_duty.is_set(), second.keeper.on_duty.is_set()) == (True, False)
    await dbs[0].close()
    await writer.take([message(event(2))])

    async with asyncio.timeout(10):
        while not second.keeper.on_duty.is_set():
            await second.keeper.tick()
    assert (await second.books())[KEY].ranges.spans == [(1, 3)]


class Poles:
    """Who hears everything, or says that something is on its way."""

    hears, since, refused, caught_up = True, 0.0, "", True

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def publish(self, topic: str, payload: bytes) -> None:
        self.asked.append(topic)


async def test_what_is_on_its_way_is_not_asked_for(dbs: list[Database]) -> None:
    """A pole says how far it is before its events have come through NATS."""
    poles, now = Poles(), [0.0]
    keeper = Keeper(dbs[0], poles, Asking(patience_s=60.0), now=lambda: now[0])
    await City(dbs[1]).take([message(event(1)), message(event(4))])
    keeper.keep(LastWord(SOURCE, "status", rfc3339(0), False, {"state": "online", "storeid": "store-1"}))
    poles.caught_up = False
    for now[0] in (0.0, 100.0, 200.0):
        await keeper.tick()
    assert poles.asked == []
    poles.caught_up = True
    for now[0] in (300.0, 330.0, 361.0):
        await keeper.tick()
    assert poles.asked == [f"{SOURCE[1:]}/outbox/resend"]


async def test_days_are_dropped_and_numbers_forgotten(dbs: list[Database]) -> None:
    """Each event is in the table of the day on which it came; the books stay."""
    db, now = dbs[0], [1_795_000_000.0]
    link = Link(Broker(port=1), "city-test", [], session=False)
    writer = Writer(db, link, "smartpole", wall=lambda: now[0])
    for number in range(1, 4):
        await writer.take([message(event(number, id=f"day-{number}"))])
        now[0] += DAY_S

    async def days() -> list[str]:
        rows = await db.fetch(
            "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid JOIN events ON tableoid = oid"
            " WHERE inhparent = 'events'::regclass ORDER BY relname"
        )
        return [row["relname"] for row in rows]

    made = [f"events_{rfc3339(now[0] - n * DAY_S)[:10].replace('-', '_')}" for n in (3, 2, 1)]
    assert await days() == made
    await writer.take([message(event(1, id="day-1"))])
    assert await days() == made  # known, though it came on another day
    await purge(db, DAYS, now[0] + 31 * DAY_S)
    assert await db.fetch("SELECT * FROM keys") == []
    assert await days() == made
    await purge(db, DAYS, now[0] + 731 * DAY_S)
    assert await days() == []  # longest kept are 730 days
    rows = await db.fetch("SELECT to_regclass($1) AS kept", made[0])
    assert rows[0]["kept"] is None
    assert (await tables.known_books(db))[KEY].ranges.spans == [(1, 3)]


async def test_a_day_that_is_none_is_refused(dbs: list[Database]) -> None:
    row = (SOURCE, "s", 1, "i", "lamp.resumed", "t", "synced", "info", 0, 0, "2026-13-01'); DROP", "{}")
    with pytest.raises(StoreRefused):
        async with dbs[0].transaction():
            await dbs[0].insert_events([row])
