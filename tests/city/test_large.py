"""The large form with its real processes: any single one may be killed or frozen amid the events."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator

import pytest
from city import large

from tests.city.poles import City, large_city, poles_at, stream
from tests.conftest import ROOT, eventually

pytestmark = [pytest.mark.brokers, pytest.mark.postgres]
EACH = 300  # events of each pole


def test_a_bridge_forwards_each_event_of_the_contract() -> None:
    samples = (ROOT / "docs" / "samples").glob("events-*.json")
    kinds = {json.loads(file.read_text())["type"].removeprefix("smartpole.") for file in samples}
    assert sorted(kind.replace(".", "/") for kind in kinds) == sorted(large.EVENTS)


def test_two_writers_share_the_events_and_one_dies() -> None:
    """In twenty seconds: each of them, so also the one that keeps the books, is killed. What is no event
    stands in nobody's way.
    """
    with large_city() as city, poles_at(city, "quick") as poles:
        poles[0].publish("events/no event", b"{}")  # a blank, for which NATS would cut the bridge off
        poles[0].publish("events/lamp/resumed", b"{")
        stream(poles, 30)
        eventually(lambda: city.has_all(poles), 30)
        city.signal(signal.SIGKILL, "writer")
        eventually(lambda: "has ended" in city.words, 10)  # what it was just given would wait half a minute
        stream(poles, 30)
        eventually(lambda: city.has_all(poles), 30)
        eventually(city.is_proven, 10)
        assert [row["reason"] for row in city.ask("SELECT reason FROM aside")] == ["no JSON: JSONDecodeError"]
        states = city.ask("SELECT source FROM states WHERE path = 'status'")
        assert {row["source"] for row in states} == {pole.source for pole in poles}


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    with large_city() as found:
        yield found


def killed(city: City, what: str) -> None:
    match what:
        case "database":
            city.kill_database()
        case "leader":
            city.signal(signal.SIGKILL, city.leader())
        case _:
            city.signal(signal.SIGKILL, what)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("what", ["leader", "nats-1", "writer", "database", "shard-1"])
def test_any_one_may_be_killed(city: City, what: str) -> None:
    """None is missing and none is there twice. Only a shard may lose what it had not handed on, and its poles
    are asked for it.
    """
    with poles_at(city, f"killed-{what}") as poles:
        stream(poles, EACH // 2)
        killed(city, what)
        stream(poles, EACH // 2)
        for pole in poles:
            pole.say_how_far()
        eventually(lambda: city.has_all(poles), 200)
        asked = sum(len(pole.asked) for pole in poles)
        print(f"{what}: {asked} asked for")
        assert asked == 0 or what == "shard-1"
        eventually(city.is_proven, 30)


SERVERS = "nats-1", "nats-2", "nats-3"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_leader_that_hangs_holds_up_nothing(city: City) -> None:
    """Frozen, it keeps its connections. The others elect another one, and it comes back as one of them."""
    with poles_at(city, "frozen") as poles:
        stream(poles, EACH // 2)
        frozen = city.leader()
        city.signal(signal.SIGSTOP, frozen)
        try:
            stream(poles, EACH // 2)
            eventually(lambda: city.has_all(poles), 100)  # while it hangs
        finally:
            city.signal(signal.SIGCONT, frozen)
        stream(poles, EACH // 2)
        eventually(lambda: city.has_all(poles), 100)
        assert [len(pole.asked) for pole in poles] == [0] * len(poles)
        eventually(city.is_proven, 30)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_a_queue_lost_is_found_and_healed(city: City) -> None:
    """All of NATS hangs until the bridges give up, so the shards queue; then one is killed before it has
    written the last of it down.
    """
    with poles_at(city, "lost") as poles:
        stream(poles, EACH // 2)
        eventually(lambda: city.has_all(poles), 60)
        for server in SERVERS:
            city.signal(signal.SIGSTOP, server)
        try:
            stream(poles, 4 * EACH)
            city.signal(signal.SIGKILL, "shard-1")
            eventually(lambda: "shard-1 has ended" in city.words, 20)
        finally:
            for server in SERVERS:
                city.signal(signal.SIGCONT, server)
        for pole in poles:
            pole.say_how_far()
        eventually(lambda: city.has_all(poles), 200)
        asked = sum(len(pole.asked) for pole in poles)
        print(f"lost with its queue, asked for and healed: {asked}")
        assert asked > 0
        eventually(city.is_proven, 30)
