"""What the broker has kept of this pole, and of the name that it had before; what is set aside, and tried
again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pole_agent.clock import settle
from pole_agent.context import Context
from pole_agent.errors import PublishRefused
from pole_agent.loops.upload.own import KNOWS_5, Own
from pole_agent.store.continuity import Ended
from pole_agent.store.succession import ANNOUNCED, BIRTHS
from pole_agent.uplink.events import Message
from pole_agent.uplink.homeassistant import KEPT
from pole_agent.vocabulary import Severity
from tests.loops.dispatching import SwitchedStore
from tests.loops.test_upload import BASE, STATUS, City, Pole, running

OLD = "smartpole/test/OLD"


def kept(**fields: Any) -> Message:
    return Message(
        STATUS,
        json.dumps({"state": "online", "boot_id": "earlier", "reason": "connected"} | fields).encode(),
        retain=True,
    )


async def store_of(pole: Pole) -> str:
    return await pole.store.read(lambda db: db.store_id)


async def again(pole: Pole) -> None:
    """The line breaks, and the next one is there a moment later."""
    before = len(pole.city.attempts)
    pole.city.drop()
    await pole.between()
    for _ in range(60):
        if len(pole.city.attempts) > before and pole.city.line is not None:
            return
        await pole.pass_time(1, 0.25)
    raise AssertionError("it does not come back")


# --- the own words


async def test_our_own_echo_is_remembered(tmp_path: Path) -> None:
    """Once the first word came back, the city has heard of this store; before it, nothing says so."""
    pole = Pole(tmp_path)
    pole.city.echoes = False
    async with running(pole):
        await pole.until(lambda: pole.city.on("status"))
        assert await pole.store.read(lambda db: db.get(ANNOUNCED)) is None
        assert pole.city.line is not None
        pole.city.say("status", pole.city.taken[-1].payload)
        await pole.until(lambda: pole.upload._own.compared.is_set())
        assert await pole.store.read(lambda db: db.get(ANNOUNCED)) == "1"


async def test_a_kept_status_that_is_ahead_ends_the_store(tmp_path: Path) -> None:
    """The card was restored from an older image: an alarm, another store, and the loss is told under the old
    name.
    """
    first = Pole(tmp_path)
    async with running(first):
        await first.online()
        store = await store_of(first)
    second = Pole(tmp_path, "boot-2", draw=0.0)
    second.city.retained[STATUS] = kept(storeid=store, sequence=40, birth=9)
    async with running(second):
        await second.until(lambda: len(second.city.attempts) == 1 and second.parts.is_degraded("identity"))
        assert second.reason("identity").startswith(
            "the broker's last status of this pole is ahead of its store"
        )
        [alarm] = [e for e in second.told if e.data["part"] == "identity"]
        assert alarm.severity is Severity.ALARM
        await second.between()
        await second.pass_time(1)
        await second.online(2)
        assert await store_of(second) != store
        said = second.city.on("status")[-1]
        assert (said["storeid"], said["birth"]) == (await store_of(second), 10)
        await second.until(lambda: any(m.topic.endswith("/outbox/dropped") for m in second.city.taken))
        [end] = [
            json.loads(m.payload)["data"] for m in second.city.taken if m.topic.endswith("/outbox/dropped")
        ]
        assert (end["storeid"], end["cause"]) == (store, "store_went_back")


async def test_births_are_never_fewer_than_the_city_has_seen(tmp_path: Path) -> None:
    """A status of an agent that named no store counts further on, and is said again with the next number."""
    first = Pole(tmp_path)
    async with running(first):
        await first.online()
    second = Pole(tmp_path, "boot-2")
    second.city.retained[STATUS] = kept(birth=30)
    async with running(second):
        await second.until(lambda: len(second.city.on("status")) == 2)
        assert [s["birth"] for s in second.city.on("status")] == [2, 31]
        await second.until(lambda: second.upload._own.compared.is_set())
        assert await second.store.read(lambda db: int(db.number(BIRTHS))) == 31
        assert second.city.on("status")[-1]["storeid"] == await store_of(second)
        assert not second.parts.is_degraded("identity")
        await again(second)
        await second.until(lambda: second.city.on("status")[-1]["birth"] == 32)


@pytest.mark.parametrize(("sequence", "birth"), [(0, 1), (0, 0)])
async def test_a_kept_status_of_before_says_nothing(tmp_path: Path, sequence: int, birth: int) -> None:
    """Our own, of an earlier connection: no alarm, no other store, one word."""
    first = Pole(tmp_path)
    async with running(first):
        await first.online()
        store = await store_of(first)
    second = Pole(tmp_path, "boot-2")
    second.city.retained[STATUS] = kept(storeid=store, sequence=sequence, birth=birth)
    async with running(second):
        await second.online()
        assert (await store_of(second), len(second.city.attempts), len(second.city.on("status"))) == (
            store,
            1,
            1,
        )
        assert not second.parts.is_degraded("identity")


async def test_store_that_is_replaced_starts_new_connection(tmp_path: Path) -> None:
    """A store that is replaced starts a new connection.

    Its numbers begin anew: nothing that is known of the old ones may be held against them.
    """
    pole = Pole(tmp_path, draw=0.0)
    pole.city.refuses = lambda message: b'"n":1}' in message.payload
    async with running(pole):
        await pole.online()
        pole.record(1)
        await pole.until(lambda: pole.upload._quarantine.events)
        store, stamp = await store_of(pole), pole.keeper.stamp(pole.clock.monotonic())
        pole.city.refuses = lambda message: False
        await pole.store.write(lambda db: db.end(Ended(store, "store_went_back", ()), stamp, anew=True))
        pole.record(7)
        await pole.between()
        assert pole.upload._quarantine.events == {}
        await pole.pass_time(1)
        await pole.online(2)
        await pole.until(lambda: 7 in pole.city.numbers())
        assert pole.city.on("status")[-1]["storeid"] == await store_of(pole) != store


@pytest.mark.parametrize(
    ("stored", "birth", "reads", "births", "then"),
    [(5, 1, True, 6, 7), (5, 9, True, 9, 10), (5, 6, True, 6, 7), (5, 3, False, 3, 4), (5, 0, False, 1, 2)],
)
async def test_births_only_rise(
    tmp_path: Path, stored: int, birth: int, reads: bool, births: int, then: int
) -> None:
    """Whatever was meant before the connection: what the store has counted goes on, and without a store what
    we know.
    """
    pole = Pole(tmp_path)
    broken: set[str] = set()
    store = SwitchedStore(broken, tmp_path, 16, pole.keeper.stamp, lambda: "e", 5.0)
    store.start()
    await store.write(lambda db: db.set(BIRTHS, str(stored)))
    context = Context(
        base=BASE, clock=pole.clock, keeper=pole.keeper, store=store, board=pole.board, parts=pole.parts
    )
    own = Own(context, "0")
    if not reads:
        broken.add("write")
    await own.born(birth, "b", modern=True)
    assert own.births == births
    await own.born(0, "b", modern=False)
    assert own.births == then
    broken.clear()
    assert await store.read(lambda db: int(db.number(BIRTHS))) == (then if reads else stored)
    assert await store.read(lambda db: db.get(KNOWS_5)) == ("b" if reads else None)
    await store.stop(5)


# --- the name of before


def named(folder: Path, base: str, city: City | None = None, boot: str = "boot-2") -> Pole:
    """A pole of this folder under another name, at a broker that remembers."""
    pole = Pole(folder, boot, base=base)
    if city is not None:
        pole.city.retained = city.retained
    return pole


async def live(pole: Pole, *, shutdown: bool = True) -> None:
    async with running(pole):
        await pole.until(lambda: any(m.topic == f"{pole.base}/status" for m in pole.city.taken))
        for path in ("info", "lamp/state"):
            topic = f"{pole.base}/{path}"
            pole.board.post(topic, Message(topic, b"{}", retain=True))
        await pole.until(lambda: f"{pole.base}/lamp/state" in pole.city.retained)
        await pole.pass_time(2)
        if shutdown:
            await pole.upload.shutdown()


def there(city: City, base: str) -> set[str]:
    """What the broker keeps below this name."""
    return {
        topic.removeprefix(f"{base}/")
        for topic, message in city.retained.items()
        if topic.startswith(f"{base}/") and message.payload
    }


async def test_what_is_kept_under_the_former_name_is_cleared(tmp_path: Path) -> None:
    """Where the last word is an offline of ours, the announcement too; the status last, and once."""
    first = named(tmp_path, OLD, boot="boot-1")
    await live(first)
    assert there(first.city, OLD) == {"status", "info", "lamp/state"}
    announced = "homeassistant/device/smartpole-test-OLD/config"
    second = named(tmp_path, BASE, first.city)
    second.city.retained[announced] = Message(announced, b"{}", retain=True)
    second.store.start()
    await second.store.write(lambda db: db.set(KEPT, json.dumps({announced: {"lamp": "light"}})))
    await second.store.stop(5)
    second = named(tmp_path, BASE, first.city)
    await live(second)
    assert there(second.city, OLD) == set()
    cleared = [m for m in second.city.taken if not m.payload]
    assert [m.topic for m in cleared] == [
        announced,
        f"{OLD}/info",
        f"{OLD}/active",
        f"{OLD}/config",
        f"{OLD}/version",
        f"{OLD}/lamp/state",
        f"{OLD}/health",
        f"{OLD}/status",
    ]
    assert {(m.retain, m.qos) for m in cleared} == {(True, 1)}
    assert there(second.city, BASE) == {"status", "info", "lamp/state"}
    third = named(tmp_path, BASE, second.city, "boot-3")
    await live(third)
    assert [m for m in third.city.taken if not m.payload] == [], "once"


@pytest.mark.parametrize(
    "word",
    [
        {"state": "online"},
        {"state": "offline", "storeid": "another"},
        {"state": "offline", "storeid": None},
    ],
)
async def test_what_may_be_another_poles_stays(tmp_path: Path, word: dict[str, Any]) -> None:
    """A card that was copied and renamed must not silence the first pole; it looks once, and not again at the
    next start.
    """
    first = named(tmp_path, OLD, boot="boot-1")
    await live(first)
    kept = json.loads(first.city.retained[f"{OLD}/status"].payload)
    first.city.retained[f"{OLD}/status"] = Message(
        f"{OLD}/status", json.dumps(kept | word).encode(), retain=True
    )
    second = named(tmp_path, BASE, first.city)
    await live(second)
    assert there(second.city, OLD) == {"status", "info", "lamp/state"}
    first.city.retained[f"{OLD}/status"] = Message(f"{OLD}/status", json.dumps(kept).encode(), retain=True)
    third = named(tmp_path, BASE, first.city, "boot-3")
    await live(third)
    assert there(third.city, OLD) == {"status", "info", "lamp/state"}


async def test_a_name_of_which_nothing_is_kept_is_forgotten(tmp_path: Path) -> None:
    """And coming back to a name clears nothing of it."""
    await live(named(tmp_path, OLD, boot="boot-1"))
    second = named(tmp_path, BASE)  # another broker: it keeps nothing
    await live(second)
    assert [m for m in second.city.taken if not m.payload] == []
    third = named(tmp_path, OLD, second.city, "boot-3")
    await live(third)
    assert there(third.city, OLD) == {"status", "info", "lamp/state"}
    assert there(third.city, BASE) == set(), "that was ours"


# --- set aside, and tried again


async def test_a_state_that_is_hung_up_at_is_tried_alone(tmp_path: Path) -> None:
    """Three connections end with it in flight, the trial is the fourth; from then on the others go, and it
    does at its time.
    """
    pole = Pole(tmp_path, draw=0.0)
    holds = True
    pole.city.holds = lambda message: holds and message.topic.endswith("/info")
    pole.board.post("info", Message(f"{BASE}/info", b"{}", retain=True))
    async with running(pole):
        await pole.online()
        for _ in range(3):
            await pole.until(
                lambda: (
                    pole.city.line is not None and any(m.topic.endswith("/info") for m in pole.city.line.open)
                )
            )
            await again(pole)
        await pole.pass_time(1)
        assert pole.reason("states") == "info: the broker closes the connection at this topic"
        pole.board.post("active", Message(f"{BASE}/active", b"{}", retain=True))
        await pole.until(lambda: pole.city.on("active"))
        assert pole.city.line is not None
        assert not pole.city.line.open
        holds = False
        await pole.pass_time(50, 1)
        assert pole.city.on("info") == []
        await pole.pass_time(45, 1)
        assert pole.city.on("info"), "after a minute it is tried again, and taken"
        await pole.pass_time(62, 1)
        assert not pole.parts.is_degraded("states")


async def test_event_that_is_hung_up_at_is_found_among(tmp_path: Path) -> None:
    """An event that is hung up at is found among others.

    It alone waits; those that were in flight with it are delivered, each once.
    """
    pole = Pole(tmp_path, draw=0.0)
    pole.city.holds = lambda message: b'"n":3}' in message.payload
    async with running(pole):
        await pole.online()
        for n in range(5):
            pole.record(n)
        for _ in range(12):
            if pole.upload._quarantine.events:
                break
            await pole.until(
                lambda: (
                    pole.city.line is not None and any(b'"n":3}' in m.payload for m in pole.city.line.open)
                )
            )
            await again(pole)
            await pole.pass_time(1, 0.25)
        assert [hold.hung for hold in pole.upload._quarantine.events.values()] == [True]
        await pole.until(lambda: len(pole.city.numbers()) == 4)
        assert sorted(pole.city.numbers()) == [0, 1, 2, 4]


async def test_two_that_are_hung_up_at_are_told_apart_alone(tmp_path: Path) -> None:
    """In flight together each time: tried one by one, each is found, and neither its topic nor another event
    waits for it.
    """
    pole = Pole(tmp_path, draw=0.0)
    bad = (b'"n":1}', b'"n":3}')
    pole.city.holds = lambda message: message.payload.rstrip(b"}").endswith((b'"n":1', b'"n":3'))
    async with running(pole):
        await pole.online()
        for n in range(5):
            pole.record(n, kind="command.refused" if n == 3 else "incident.opened")
        for _ in range(12):
            if len(pole.upload._quarantine.events) == 2:
                break
            await pole.until(
                lambda: (
                    pole.city.line is not None
                    and any(b in m.payload for m in pole.city.line.open for b in bad)
                )
            )
            await settle()
            await again(pole)
            await pole.pass_time(1, 0.25)
        waiting = pole.upload._quarantine
        assert sorted(hold.topic.rpartition("/events/")[2] for hold in waiting.events.values()) == [
            "command/refused",
            "incident/opened",
        ]
        assert [hold.hung for hold in waiting.events.values()] == [True, True]
        assert (waiting.topics, waiting.suspects) == ({}, {})
        assert set(waiting.events) == {2, 4}
        await pole.until(lambda: len(pole.city.numbers()) == 3)
        assert sorted(pole.city.numbers()) == [0, 2, 4]


async def test_orders_are_never_held_back(tmp_path: Path) -> None:
    """Neither is the topic suspected that they go by; a reply that is hung up at waits."""
    pole = Pole(tmp_path, draw=0.0)
    async with running(pole):
        await pole.online()
        pole.upload._quarantine.refused(
            f"{BASE}/drone/order", None, "gone", pole.clock.monotonic(), hung=True
        )
        pole.upload._quarantine.refused(f"{BASE}/reply", None, "gone", pole.clock.monotonic(), hung=True)
        await pole.board.send_live(lambda: Message(f"{BASE}/drone/order", b"{}", expiry_s=5))
        await pole.board.send_live(Message(f"{BASE}/drone/order", b"{}"))
        assert len(pole.city.on("drone/order")) == 2
        with pytest.raises(PublishRefused, match="its topic waits: gone") as refused:
            await pole.board.send_live(Message(f"{BASE}/reply", b"{}"))
        assert refused.value.reason_code == 0x97
        await pole.pass_time(61, 1)
        await pole.board.send_live(Message(f"{BASE}/reply", b"{}"))
        assert pole.city.on("reply") == [{}]
        pole.city.refuses = lambda message: message.topic.endswith("/reply")
        with pytest.raises(PublishRefused, match="not authorized"):
            await pole.board.send_live(Message(f"{BASE}/reply", b"{}"))
        assert f"{BASE}/reply" not in pole.upload._quarantine.topics, "the next one is tried"


async def test_refused_state_is_tried_again_with_newest(tmp_path: Path) -> None:
    """A refused state is tried again with the newest.

    It waits for its pause, and what is carried then is what is posted by then.
    """
    pole = Pole(tmp_path)
    forbidden = True
    tried: list[bytes] = []

    def refuse(message: Message) -> bool:
        if message.topic.endswith("/info"):
            tried.append(message.payload)
        return forbidden and message.topic.endswith("/info")

    pole.city.refuses = refuse
    pole.board.post("info", Message(f"{BASE}/info", b"1", retain=True))
    async with running(pole):
        await pole.until(lambda: tried)
        pole.board.post("info", Message(f"{BASE}/info", b"2", retain=True))
        await pole.pass_time(3)
        assert tried == [b"1"], "it waits"
        assert pole.parts.is_degraded("states")
        forbidden = False
        await pole.pass_time(40)
        assert tried[1] == b"2"
        assert pole.city.on("info")[-1] == 2
        assert pole.upload._quarantine.topics == {}
