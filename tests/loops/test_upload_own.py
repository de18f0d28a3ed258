"""What the pole says of itself, held against what it knows; and the names that it had before.

Over a real store.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from pole_agent.clock import ManualClock
from pole_agent.context import Context
from pole_agent.errors import LinkLost, TakenOver
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.loops.upload.carry import Carry
from pole_agent.loops.upload.former import FORMER, NAME, Former
from pole_agent.loops.upload.own import Own
from pole_agent.store.succession import ANNOUNCED, BIRTHS
from pole_agent.uplink.board import Board
from pole_agent.uplink.broker import Session
from pole_agent.uplink.events import Letter, Message
from pole_agent.uplink.own_words import Known
from pole_agent.uplink.quarantine import Quarantine
from pole_agent.vocabulary import RecordEvent, Severity
from tests.loops.dispatching import SwitchedStore
from tests.loops.test_upload import BASE, NOON


@dataclass
class Desk:
    """One Own with its store; `told` is what health says."""

    folder: Path
    clock_is_right: bool = True
    broken: set[str] = field(default_factory=set)

    def open(self) -> None:
        self.clock = ManualClock(wall=NOON)
        self.keeper = TimeKeeper(self.clock, "auto", "boot-1", lambda _after: self.clock_is_right)
        numbers = iter(range(10**6))
        self.store = SwitchedStore(
            self.broken, self.folder, 16, self.keeper.stamp, lambda: f"id-{next(numbers)}", 5.0
        )
        self.store.start()
        self.told: list[RecordEvent] = []
        self.parts = Parts(self.told.append, self.clock.monotonic)
        self.own = Own(
            Context(
                base=BASE,
                clock=self.clock,
                keeper=self.keeper,
                store=self.store,
                board=Board(),
                parts=self.parts,
            ),
            "1.2",
        )

    async def kept(self, key: str) -> str | None:
        found: str | None = await self.store.read(lambda db: db.get(key))
        return found

    async def store_id(self) -> str:
        return str(await self.store.read(lambda db: db.store_id))

    async def writes(self) -> int:
        """How many there were since this was asked last."""
        before, self.store.writes_left = self.store.writes_left, 1000
        return 0 if before is None else 1000 - before


@contextlib.asynccontextmanager
async def desk(folder: Path, **more: Any) -> AsyncIterator[Desk]:
    d = Desk(folder, **more)
    d.open()
    try:
        yield d
    finally:
        await d.store.stop(5)


# --- what is said


async def test_a_status_says_what_is_known(tmp_path: Path) -> None:
    """Of this connection, or of that which it is about; with store and number where the store answers, else
    without.
    """
    async with desk(tmp_path) as d:
        d.own.births = 4
        bare = json.loads(d.own.status("offline", "lost").payload)
        assert bare == {
            "state": "offline",
            "birth": 4,
            "boot_id": "boot-1",
            "version": "1.2",
            "since": "2026-11-18T11:06:40.000Z",
            "reason": "lost",
        }
        d.store.record(RecordEvent("incident.opened", Severity.ALARM, {}, 0.0))
        await d.store.flush()
        await d.own.look_at_the_store()
        message = d.own.status("offline", "lost", 0)
        assert json.loads(message.payload) == bare | {
            "birth": 0,
            "storeid": await d.store_id(),
            "sequence": 1,
        }
        assert (message.topic, message.retain, message.qos) == (f"{BASE}/status", True, 1)
        first = d.own.online()
        assert (json.loads(first.payload)["state"], json.loads(first.payload)["reason"]) == (
            "online",
            "connected",
        )
        await d.clock.advance(60)
        assert d.own.online() == first, "the same word, said again"
        await d.own.prepare("b")
        assert d.own.online() != first, "of another connection"


@pytest.mark.parametrize(
    ("trusted", "event", "since_s"),
    [(True, True, 90.0), (True, False, None), (False, True, None), (False, False, None)],
)
async def test_what_is_looked_up_in_the_store(
    trusted: bool, event: bool, since_s: float | None, tmp_path: Path
) -> None:
    """Store, last number, births of the next connection or of this one, and how long the newest event is ago
    by a trusted clock.
    """
    async with desk(tmp_path) as d:
        if event:
            d.store.record(RecordEvent("incident.opened", Severity.ALARM, {}, d.clock.monotonic()))
            await d.store.flush()
        await d.clock.advance(90)
        await d.store.write(lambda db: db.set(BIRTHS, "7"))
        if not trusted:
            d.clock_is_right = False
            d.keeper = TimeKeeper(d.clock, "auto", "boot-1", lambda _after: False)
            d.own = Own(
                Context(
                    base=BASE, clock=d.clock, keeper=d.keeper, store=d.store, board=Board(), parts=d.parts
                ),
                "0",
            )
        d.own.births = 3
        expected = Known(await d.store_id(), int(event), 0, 3, "boot-1", (), False, since_s)
        assert await d.own.look_at_the_store() is False
        assert d.own._known == expected
        assert await d.own.prepare("b") == (8, False)
        assert d.own._known == replace(expected, birth=8)
        await d.own.born(8, "b", modern=True)
        await d.store.write(lambda db: db.set(ANNOUNCED, "1"))
        assert [(await d.own.prepare(name))[1] for name in ("b", "other")] == [True, False]
        assert d.own._known == replace(expected, birth=9, announced=True)
        d.broken.add("read")
        assert await d.own.prepare("b") == (9, False), "one more than ours"
        assert d.own._known is None


# --- what the broker has kept


def kept(**fields: Any) -> bytes:
    return json.dumps(
        {"state": "online", "boot_id": "earlier", "reason": "connected", "birth": 0} | fields
    ).encode()


async def test_only_our_own_word_ends_the_comparing(tmp_path: Path) -> None:
    """Once it is back nothing else is looked at, until the store is another one, or does not answer."""
    async with desk(tmp_path) as d:
        await d.store.write(lambda db: db.set(BIRTHS, "5"))
        await d.own.prepare("b")
        await d.own.born(1, "b", modern=True)
        word = d.own.online().payload
        assert not d.own.compared.is_set()
        assert await d.own.compare(kept(birth=0)) is False
        assert not d.own.compared.is_set()
        assert await d.kept(ANNOUNCED) is None
        assert await d.own.compare(word) is False
        assert d.own.compared.is_set()
        assert await d.kept(ANNOUNCED) == "1"
        assert await d.own.compare(kept(birth=5)) is False, "it is too late for that"
        await d.own.look_at_the_store()
        assert d.own.compared.is_set(), "the same store"
        await d.writes()
        await d.own.prepare("b")
        assert await d.own.compare(d.own.online().payload) is False
        assert await d.writes() == 0, "it was announced before"
        d.broken.add("read")
        await d.own.look_at_the_store()
        assert not d.own.compared.is_set()
        assert await d.own.compare(kept(birth=9)) is False, "without a store nothing is concluded"
        d.broken.clear()
        d.own.compared.set()
        await d.own.look_at_the_store()
        assert not d.own.compared.is_set(), "the first look after that"
        d.own.compared.set()
        await d.store.write(lambda db: db.begin_anew())
        await d.own.look_at_the_store()
        assert not d.own.compared.is_set(), "another store"


async def test_the_last_eight_words_are_known_as_ours(tmp_path: Path) -> None:
    """An old will of ours that comes late is no evidence; of words before the last eight nobody knows that
    they are ours.
    """
    async with desk(tmp_path) as d:
        d.own.births = 30
        words = [d.own.status("offline", f"word {n}").payload for n in range(9)]
        await d.own.prepare("b")
        await d.store.write(lambda db: db.set(BIRTHS, "1"))
        await d.own.look_at_the_store("b")
        assert await d.own.compare(words[1]) is False
        assert await d.own.compare(words[0]) is True
        assert d.own.births == 31


@pytest.mark.parametrize(("has", "birth", "births"), [(3, 30, 31), (3, 4, 5), (50, 60, 61)])
async def test_a_count_that_is_ahead_is_gone_on_with(
    has: int, birth: int, births: int, tmp_path: Path
) -> None:
    """Ours is one more than the city has heard, on the disk too; our word is another one then."""
    async with desk(tmp_path) as d:
        await d.store.write(lambda db: db.set(BIRTHS, str(has)))
        await d.own.prepare("b")
        await d.own.born(1, "b", modern=True)
        before = d.own.online()
        assert await d.own.compare(kept(birth=birth)) is True
        assert (d.own.births, json.loads(d.own.online().payload)["birth"]) == (births, births)
        assert before != d.own.online()
        assert await d.kept(BIRTHS) == str(births)
        assert d.told == []
        assert await d.own.compare(kept(birth=1)) is False


async def test_the_store_of_a_card_that_went_back(tmp_path: Path) -> None:
    """An alarm, the end of the store, its births gone on with, and a new connection."""
    async with desk(tmp_path) as d:
        await d.own.prepare("b")
        await d.own.born(1, "b", modern=True)
        store = await d.store_id()
        with pytest.raises(LinkLost, match="the store that the broker knows has ended"):
            await d.own.compare(kept(storeid=store, sequence=9, birth=40))
        assert await d.store_id() != store
        assert await d.kept(BIRTHS) == "40"
        assert [(e.data["part"], e.severity) for e in d.told] == [("identity", Severity.ALARM)]


async def test_a_store_that_is_missing(tmp_path: Path) -> None:
    """This one is new and goes on under its name; it follows the one that the city has heard of, and so do
    its births.
    """
    async with desk(tmp_path) as d:
        await d.own.prepare("b")
        await d.own.born(1, "b", modern=True)
        store = await d.store_id()
        with pytest.raises(LinkLost):
            await d.own.compare(kept(storeid="a1", sequence=9, birth=40))
        assert (await d.store_id(), await d.kept(BIRTHS)) == (store, "40")
        assert await d.store.read(lambda db: db.formers()) == ("a1",)


async def test_a_strange_status_is_told_and_changes_nothing(tmp_path: Path) -> None:
    """A store that is not ours under our name: an alarm, no end, no write."""
    async with desk(tmp_path) as d:
        await d.store.write(lambda db: db.set(ANNOUNCED, "1"))
        await d.own.prepare("b")
        await d.own.born(1, "b", modern=True)
        store = await d.store_id()
        await d.writes()
        assert await d.own.compare(kept(storeid="stranger", birth=9)) is False
        assert d.parts.reason("identity").startswith(
            "the broker's status of this pole names a store that is not its own"
        )
        assert [e.severity for e in d.told] == [Severity.ALARM]
        assert (await d.writes(), await d.store_id(), d.own.births) == (0, store, 1)


# --- a twin


async def test_a_twin_ends_the_common_store_once(tmp_path: Path) -> None:
    """Only then, only the store that we came with, nothing is lost by it, and a disk that fails is tried
    again.
    """
    async with desk(tmp_path) as d:
        for _ in range(3):
            await d.own.prepare("b")
        common = await d.store_id()
        assert d.own._known is not None
        assert d.own._known.storeid == common, "nobody else is there"
        d.own.met_a_twin(TakenOver("another client"))
        d.broken.add("write")
        await d.own.prepare("b")
        assert await d.store_id() == common
        d.broken.clear()
        await d.own.prepare("b")
        ours = await d.store_id()
        assert ours != common
        await d.writes()
        await d.own.prepare("b")
        assert (await d.store_id(), await d.writes()) == (ours, 0)
        [told] = [
            json.loads(e.data)
            for e in await d.store.read(lambda db: db.list_events(10))
            if e.kind == "outbox.dropped"
        ]
        assert (told["storeid"], told["cause"], told["count"], told["exact"]) == (
            common,
            "two_poles_one_identity",
            0,
            True,
        )


async def test_a_store_that_is_ours_alone_is_not_ended(tmp_path: Path) -> None:
    """It was replaced since we came: the twin does not have that one."""
    async with desk(tmp_path) as d:
        await d.own.prepare("b")
        await d.store.write(lambda db: db.begin_anew())
        ours = await d.store_id()
        d.own.met_a_twin(TakenOver("another client"))
        await d.own.prepare("b")
        assert await d.store_id() == ours


# --- the names of before

OFFLINE = {"state": "offline"}


class Line:
    """The session of one, as far as names of before are concerned."""

    def __init__(self, keeps: dict[str, bytes]) -> None:
        self.keeps, self.looks, self.sent = keeps, list[str](), list[Message]()

    async def look_at(self, topic: str) -> bytes | None:
        self.looks.append(topic)
        return self.keeps.get(topic)

    async def publish(self, message: Letter, *, waits: bool = False) -> None:
        self.sent.append(cast(Message, message))


async def clear(d: Desk, former: Former, keeps: dict[str, bytes] | None = None) -> Line:
    line = Line(keeps or {})
    session = cast(Session, line)
    await former.clear(session, Carry(session, Board(), Quarantine(), d.clock, BASE))
    return line


async def test_a_first_start_has_no_name_of_before(tmp_path: Path) -> None:
    """It looks at nothing, keeps its name, and writes nothing at the next start."""
    async with desk(tmp_path) as d:
        assert (await clear(d, Former(d.store, "a"))).looks == []
        assert (await d.kept(NAME), await d.kept(FORMER)) == ("a", None)
        await d.writes()
        assert (await clear(d, Former(d.store, "a"))).looks == []
        assert await d.writes() == 0


async def test_names_of_before_are_looked_at_once(tmp_path: Path) -> None:
    """The last six, the oldest first; what nothing is kept of is forgotten, and a process looks once."""
    async with desk(tmp_path) as d:
        await d.store.write(lambda db: db.set(NAME, "now"))
        await d.store.write(lambda db: db.set(FORMER, json.dumps([f"n{n}" for n in range(7)])))
        former = Former(d.store, "next")
        assert (await clear(d, former)).looks == [
            f"{name}/status" for name in ("n2", "n3", "n4", "n5", "n6", "now")
        ]
        assert (await d.kept(NAME), await d.kept(FORMER)) == ("next", None)
        await d.store.write(lambda db: db.set(FORMER, '["again"]'))
        assert (await clear(d, former)).looks == []
        assert (await clear(d, Former(d.store, "next"))).looks == ["again/status"]


@pytest.mark.parametrize("damaged", ["{", "5", "[1]"])
async def test_damaged_names_are_none(damaged: str, tmp_path: Path) -> None:
    """What cannot be read is not looked at; a number is a name like any other."""
    async with desk(tmp_path) as d:
        await d.store.write(lambda db: db.set(FORMER, damaged))
        assert (await clear(d, Former(d.store, "a"))).looks == (["1/status"] if damaged == "[1]" else [])


async def test_a_disk_that_fails_is_asked_again(tmp_path: Path) -> None:
    """At the next connection of this process."""
    async with desk(tmp_path) as d:
        await d.store.write(lambda db: db.set(NAME, "old"))
        former = Former(d.store, "new")
        d.broken.add("read")
        assert (await clear(d, former)).looks == []
        d.broken.clear()
        assert (await clear(d, former)).looks == ["old/status"]


async def test_what_is_cleared_of_a_former_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Seven states, the status last; the announcement only where we announced it. What stays is told."""
    async with desk(tmp_path) as d:
        await d.store.write(lambda db: db.set(NAME, "s/p/old"))
        await d.store.write(lambda db: db.set(FORMER, '["s/p/other"]'))
        ours = json.dumps(OFFLINE | {"storeid": await d.store_id()}).encode()
        line = await clear(
            d,
            Former(d.store, "s/p/new"),
            {"s/p/old/status": ours, "s/p/other/status": json.dumps(OFFLINE).encode()},
        )
        assert [m.topic for m in line.sent] == [
            f"s/p/old/{path}"
            for path in ("info", "active", "config", "version", "lamp/state", "health", "status")
        ]
        assert {(m.payload, m.retain, m.qos) for m in line.sent} == {(b"", True, 1)}
        assert "this pole was s/p/other; another one may live there" in caplog.text
        assert "this pole was s/p/old" not in caplog.text
        caplog.clear()
        await d.store.write(lambda db: db.set(NAME, "s/p/gone"))
        assert (await clear(d, Former(d.store, "s/p/new"))).sent == []
        assert "another one may live there" not in caplog.text, "nothing is kept there"
