"""The writer on both databases: each event once, and a proof that outlasts restarts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import pytest
from city import archive
from city import store as tables
from city.link import Message
from city.store import Database, StoreError, connect

from tests.city.conftest import ID, SOURCE, City, event
from tests.city.test_folding import NAME, OPENED

KEY = SOURCE, "store-1"


def message(found: Any, topic: str = "") -> Message:
    payload = found if isinstance(found, bytes) else json.dumps(found).encode()
    if not topic:
        topic = f"{found['source'][1:]}/events/{found['type'].removeprefix('smartpole.').replace('.', '/')}"
    return Message(topic, payload, False, 1, 1, 0)


def status(number: int, store: str = "store-1", state: str = "online") -> Message:
    return message({"state": state, "storeid": store, "sequence": number}, f"{SOURCE[1:]}/status")


async def take(db: Database, *found: dict[str, Any]) -> City:
    city = City(db)
    await city.take([message(one) for one in found])
    return city


async def ids(db: Database) -> list[str]:
    return [row["id"][-2:] for row in await db.fetch("SELECT id FROM events ORDER BY store, sequence")]


def numbers(spans: Iterable[tuple[int, int]]) -> list[int]:
    return [n for first, last in spans for n in range(first, last + 1)]


async def test_each_event_is_stored_once_and_gaps_are_named(db: Database) -> None:
    city = await take(db, event(1), event(5), event(2), event(5), event(2))
    await city.take([message(event(5))])
    assert await ids(db) == ["01", "02", "05"]
    assert (await city.books())[KEY].gaps() == [(3, 4)]
    rows = await db.fetch("SELECT * FROM events WHERE sequence = 1")
    assert (rows[0]["kind"], rows[0]["source"], json.loads(rows[0]["data"])) == ("lamp.resumed", SOURCE, {})


async def test_the_proof_outlasts_a_restart_and_heals(db: Database, place: tuple[str, str | None]) -> None:
    await take(db, event(1), event(4), event(7))
    other = await connect(*place)
    again = City(other)
    assert (await again.books())[KEY].gaps() == [(2, 3), (5, 6)]
    await again.take([message(event(n, replayed=True)) for n in (3, 2)])
    assert (await again.books())[KEY].gaps() == [(5, 6)]
    await again.take([message(event(n, replayed=True)) for n in (5, 6)])
    await other.close()
    book = (await tables.known_books(db))[KEY]
    assert book.ranges.spans == [(1, 7)]
    assert book.gaps() == []


async def test_dropped_events_explain_their_numbers(db: Database) -> None:
    city = await take(
        db, event(9), event(10, "outbox.dropped", ranges=[[1, 4], [6, 8]], count=7, cause="full")
    )
    assert (await city.books())[KEY].gaps() == [(5, 5)]


async def test_a_store_that_ended_is_asked_for_nothing(db: Database) -> None:
    """Its successor says so, and what waited comes under new numbers with its old id, stored once."""
    city = await take(db, event(1), event(3))
    await city.take([status(3)])
    assert [gap.span for gap in await city.missing()] == [(2, 2)]
    ended = event(1, "outbox.dropped", "store-2", ranges=[], count=None, cause="corrupt", storeid="store-1",
                  id="other")  # fmt: skip
    moved = event(3, "lamp.resumed", "store-2") | {"sequence": "000000000002"}
    await city.take([message(ended), message(moved), status(2, "store-2")])
    books = await city.books()
    assert (books[KEY].ended, books[KEY].gaps()) == ("corrupt", [(2, 2)])
    assert books[SOURCE, "store-2"].gaps() == []
    assert await city.missing() == []
    assert await ids(db) == ["01", "03", "er"]
    await city.take([message(event(2))])
    assert (await tables.known_books(db))[KEY].after == 1


async def test_the_status_shows_a_missing_end(db: Database) -> None:
    city = await take(db, event(1))
    await city.take([status(4)])
    assert [gap.span for gap in await city.missing()] == [(2, 4)]
    assert (await tables.known_books(db))[KEY].told == 4
    await city.take([status(3, state="offline")])
    assert await city.missing() == []
    assert (await tables.known_books(db))[KEY].gaps() == [(2, 4)]


@pytest.mark.parametrize("payload", [b"", b"{", b'{"id": 1}', b"\xff\x00", b'"\\u0000"'])
async def test_what_is_no_event_goes_aside(db: Database, payload: bytes) -> None:
    city = City(db)
    topic = "smartpole/test/T-1/events/lamp/resumed"
    await city.take([message(payload, topic), message(event(1)), message(b"{}", "smartpole/x")])
    assert await ids(db) == ["01"]
    aside = await db.fetch("SELECT topic, reason FROM aside ORDER BY topic")
    assert [row["topic"] for row in aside] == [topic, "smartpole/x"]
    assert all(row["reason"] for row in aside)


@pytest.mark.parametrize(
    "data", [{}, {"request_id": "r", "state": "flying"}, {"request_id": 7, "state": "sent"}]
)
async def test_a_request_that_cannot_be_read_goes_aside(db: Database, data: dict[str, Any]) -> None:
    city = City(db)
    await city.take([message(data, f"{SOURCE[1:]}/drone/request")])
    assert [row["reason"] for row in await db.fetch("SELECT reason FROM aside")] == ["no request of a drone"]


async def test_whatever_topic_it_has_it_is_not_lost(db: Database) -> None:
    """`events/#` is also `events` itself."""
    await City(db).take([message(event(1), f"{SOURCE[1:]}/events")])
    assert [row["topic"] for row in await db.fetch("SELECT topic FROM aside")] == [f"{SOURCE[1:]}/events"]


async def test_a_number_that_another_event_has_is_told(db: Database) -> None:
    """Two poles with one identity: nothing is overwritten, and it is not silent."""
    city = await take(db, event(1))
    await city.take([message(event(1, id="another"))])
    assert await ids(db) == ["01"]
    assert [row["reason"] for row in await db.fetch("SELECT reason FROM aside")] == [
        "its number was taken by another event"
    ]


async def test_incidents_and_requests_are_folded(db: Database) -> None:
    closed = event(3, "incident.closed", **OPENED, duration_s=2.0, end_reason="ended")
    city = await take(db, closed, event(1, "incident.opened", **OPENED, severity="alarm"))
    rows = await db.fetch("SELECT * FROM incidents")
    assert len(rows) == 1
    found = tables.incident_from(rows[0])
    assert (found.severity, found.duration_s, found.notify, found.rule) == ("alarm", 2.0, ("112",), "staying")
    live = {"request_id": NAME, "state": "pending_approval", "gates": []}
    await city.take([message(live, "smartpole/test/T-1/drone/request")])
    await city.take([message(event(8, "drone.changed", request_id=NAME, state="denied"))])
    await city.take([message(live, "smartpole/test/T-1/drone/request")])
    requests = [tables.request_from(row) for row in await db.fetch("SELECT * FROM requests")]
    assert [(r.request_id, r.state) for r in requests] == [(NAME, "denied")]


async def test_what_fails_half_way_leaves_nothing(db: Database) -> None:
    """The books go back too: nothing is proven that is not stored."""
    city = await take(db, event(1))
    await db.many("ALTER TABLE aside RENAME TO away", [()])
    with pytest.raises(StoreError):
        await city.take([message(event(2)), message(b"{", "smartpole/test/T-1/events/a/b")])
    await db.many("ALTER TABLE away RENAME TO aside", [()])
    assert await ids(db) == ["01"]
    assert (await city.books())[KEY].ranges.spans == [(1, 1)]
    await city.take([message(event(2)), message(b"{", "smartpole/test/T-1/events/a/b")])
    assert await ids(db) == ["01", "02"]


async def test_texts_come_back_as_they_were(db: Database) -> None:
    words = "Jl. Prabu — 'drop table' \"x\" \\ $1 😀"
    await take(db, event(1, "lamp.overridden", reason=words))
    rows = await db.fetch("SELECT data FROM events WHERE data LIKE $1", "%Prabu%")
    assert json.loads(rows[0]["data"])["reason"] == words


async def test_a_statement_outlasts_the_end(place: tuple[str, str | None]) -> None:
    """Closed while another thread works in it, SQLite ended the process."""
    for _ in range(20):
        database = await connect(*place)
        looking = [asyncio.ensure_future(database.fetch("SELECT count(*) FROM events")) for _ in range(5)]
        await asyncio.sleep(0)
        await database.close()
        for found in await asyncio.gather(*looking, return_exceptions=True):
            assert not isinstance(found, BaseException) or isinstance(found, StoreError)


async def test_many_who_write_at_once_wait_for_each_other(db: Database) -> None:
    """A cursor that died in one thread had reset the statement that another was running."""

    async def write(name: str) -> None:
        for number in range(60):
            await tables.set_fact(db, f"{name}-{number}", "x" * 200)
            await db.fetch("SELECT * FROM facts WHERE name = $1", name)

    async with asyncio.TaskGroup() as group:
        for name in "abcdef":
            group.create_task(write(name))
    assert (await db.fetch("SELECT count(*) AS n FROM facts"))[0]["n"] == 360


async def test_who_reads_one_moment_writes_nothing(db: Database, place: tuple[str, str | None]) -> None:
    other = await connect(*place)
    async with db.snapshot():
        assert (await db.fetch("SELECT count(*) AS n FROM facts"))[0]["n"] == 0
        await tables.set_fact(other, "a", "1")  # who writes need not wait
        assert (await db.fetch("SELECT count(*) AS n FROM facts"))[0]["n"] == 0
    with pytest.raises(StoreError):
        async with db.snapshot():
            await tables.set_fact(db, "b", "1")
    await tables.set_fact(db, "c", "1")
    assert [row["name"] for row in await db.fetch("SELECT name FROM facts ORDER BY name")] == ["a", "c"]
    await other.close()


async def test_many_rows_are_all_or_none(db: Database) -> None:
    row = ("a", "1")
    with pytest.raises(StoreError):
        await db.many("INSERT INTO facts (name, value) VALUES ($1, $2)", [row, ("b", "2"), row])
    assert await db.fetch("SELECT * FROM facts") == []
    await db.many("INSERT INTO facts (name, value) VALUES ($1, $2)", [(f"{n}", "x") for n in range(5000)])
    assert (await db.fetch("SELECT count(*) AS n FROM facts"))[0]["n"] == 5000


async def test_tables_are_made_once(place: tuple[str, str | None]) -> None:
    """Writer and board start together; on a new PostgreSQL one of them had failed."""
    first = await connect(*place)
    for table in reversed(archive.TABLES):
        await first.many(f"DROP TABLE {table}{' CASCADE' if 'postgres' in place[0] else ''}", [()])
    found = await asyncio.gather(*(connect(*place) for _ in range(6)))
    assert await found[-1].fetch("SELECT * FROM events") == []
    for database in (first, *found):
        await database.close()


async def test_one_that_cannot_be_stored_goes_aside_alone(db: Database) -> None:
    """Else it would come again for ever, and everything behind it would wait."""
    await db.many("CREATE UNIQUE INDEX poison ON incidents (rule)", [()])
    try:
        found = [event(n, "incident.opened", **OPENED | {"incident_id": f"i{n}"}) for n in (1, 2)]
        city = City(db)
        await city.writer._until_stored([message(one) for one in (*found, event(3))])
    finally:
        await db.many("DROP INDEX poison", [()])
    assert await ids(db) == ["01", "03"]
    assert (await tables.known_books(db))[KEY].gaps() == [(2, 2)]
    rows = await db.fetch("SELECT reason, payload FROM aside")
    assert [row["reason"].startswith("the database refuses it") for row in rows] == [True]
    assert ID.format(2) in rows[0]["payload"]
