"""What is said to many poles: the topics, who hears them at a real broker, and a broker that does not know
them yet.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from pole_agent.clock import SystemClock
from pole_agent.context import Context
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.loops.upload import Upload
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board
from pole_agent.uplink.events import LISTENED, PATHS, Incoming
from pole_agent.uplink.many import FOR_MANY, addresses, listened, parted, path_of, site_of, topic_of
from pole_agent.uplink.mqtt import Address, MqttBroker
from tests.conftest import Mosquitto
from tests.contracts.test_payload_contract import check
from tests.faults.odd_broker import OddBroker, Oddity

SITE = "smartpole/test"
BASE = f"{SITE}/T-1"
OWN = len(LISTENED)


@pytest.mark.parametrize(
    ("path", "address", "command", "topic"),
    [
        ("lamp/set", "", "lamp/set", f"{BASE}/lamp/set"),
        ("_all/lamp/set", "_all", "lamp/set", f"{SITE}/_all/lamp/set"),
        ("_group/north/lamp/set", "_group/north", "lamp/set", f"{SITE}/_group/north/lamp/set"),
        ("_group/_all/diagnose", "_group/_all", "diagnose", f"{SITE}/_group/_all/diagnose"),
        ("_all", "_all", "", f"{SITE}/_all"),
        ("_group/", "_group/", "", f"{SITE}/_group/"),
        ("_allx/lamp/set", "", "_allx/lamp/set", f"{BASE}/_allx/lamp/set"),
    ],
)
def test_a_path_has_one_topic(path: str, address: str, command: str, topic: str) -> None:
    """And the topic has that path."""
    assert parted(path) == (address, command)
    assert topic_of(BASE, path) == topic
    assert path_of(BASE, topic) == path


@pytest.mark.parametrize(
    "topic", [f"{SITE}/T-2/lamp/set", "else/where/_all/lamp/set", "smartpole/other/_all/x", ""]
)
def test_a_topic_of_others_is_no_path_of_ours(topic: str) -> None:
    """It stays as it is, and no room answers to it."""
    assert path_of(BASE, topic) == topic
    assert site_of(BASE) == SITE


def test_only_harmless_things_are_said_to_many() -> None:
    """No decision about a flight, no events sent again, no verdict."""
    assert set(FOR_MANY) <= set(PATHS)
    assert not [path for path in FOR_MANY if path.startswith(("drone", "outbox", "incident"))]
    assert addresses(["a", "b"]) == ["_all", "_group/a", "_group/b"]
    assert listened(["a"]) == [[f"{to}/{path}" for path in FOR_MANY] for to in ("_all", "_group/a")]


# --- at a real Mosquitto

POLE = """
[mqtt]
host = "127.0.0.1"
port = {port}
tls = false
"""


class Hall:
    """Some poles, each a process, and the city."""

    def __init__(self, port: int, agent: Callable[..., Any], bench: Callable[..., Any]) -> None:
        self.port, self._agent, self._bench = port, agent, bench

    def pole(self, name: str, groups: list[str]) -> None:
        path = self._bench(POLE.format(port=self.port), f"{name}.toml")
        text = path.read_text().replace('id = "T-1"', f'id = "{name}"\ngroups = {json.dumps(groups)}')
        path.write_text(text.replace("/state", f"/state-{name}"))
        folder = path.parent / f"run-{name}"
        folder.mkdir()
        self._agent("run", "--config", str(path))


@pytest.fixture
def hall(mosquitto: Mosquitto, agent: Callable[..., Any], bench: Callable[..., Any]) -> Hall:
    return Hall(mosquitto.port, agent, bench)


async def heard(
    port: int, wanted: Callable[[dict[str, Any]], bool], say: list[tuple[str, bytes]]
) -> dict[str, Any]:
    """What the city heard on each topic, once that is as wanted; `say` is published when both are there."""
    found: dict[str, Any] = {}
    async with (
        asyncio.timeout(30),
        aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as city,
    ):
        await city.subscribe(f"{SITE}/#", 1)
        async for message in city.messages:
            found.setdefault(str(message.topic), []).append(json.loads(bytes(message.payload)))
            if say and len([t for t in found if t.endswith("/lamp/state")]) == 2:
                for topic, payload in say:
                    await city.publish(topic, payload, 1)
                say = []
            if not say and wanted(found):
                return found
    raise AssertionError


async def test_each_pole_answers_for_itself(hall: Hall) -> None:
    """Two poles, one of them in the group: a command to all reaches both, one to the group one; each replies
    on its own topic, says who it is and whom it was said to, and records it.
    """
    hall.pole("A", ["north", "market"])
    hall.pole("B", ["south"])
    all_, group = {"level": 0.5, "command_id": "1", "by": "x"}, {"level": 0.7, "command_id": "2", "by": "x"}
    say = [
        (f"{SITE}/_all/lamp/set", json.dumps(all_).encode()),
        (f"{SITE}/_group/north/lamp/set", json.dumps(group).encode()),
        (f"{SITE}/_group/east/lamp/set", json.dumps(group | {"command_id": "3"}).encode()),
        (f"{SITE}/A/lamp/set", json.dumps(group).encode()),
    ]

    def done(found: dict[str, Any]) -> bool:
        records = [e["data"] for p in "AB" for e in found.get(f"{SITE}/{p}/events/command/accepted", [])]
        return len(found.get(f"{SITE}/A/reply", [])) == 3 and len(records) == 3

    found = await heard(hall.port, done, say)
    reply = {"ok": True, "error": None}
    assert [
        {k: v for k, v in r.items() if k in ("command_id", "ok", "error", "pole", "to", "duplicate")}
        for r in found[f"{SITE}/A/reply"]
    ] == [
        reply | {"command_id": "1", "pole": f"{SITE}/A", "to": "_all"},
        reply | {"command_id": "2", "pole": f"{SITE}/A", "to": "_group/north"},
        reply | {"command_id": "2", "duplicate": True},
    ]
    assert [(r["command_id"], r["pole"], r["to"]) for r in found[f"{SITE}/B/reply"]] == [
        ("1", f"{SITE}/B", "_all")
    ]
    assert found[f"{SITE}/A/lamp/state"][-1]["level"] == 0.7
    assert found[f"{SITE}/B/lamp/state"][-1]["level"] == 0.5
    for topic in (f"{SITE}/A/reply", f"{SITE}/A/info", f"{SITE}/A/events/command/accepted"):
        for document in found[topic]:
            check(topic, document)
    assert found[f"{SITE}/A/info"][-1]["groups"] == ["north", "market"]
    accepted = [e["data"] for e in found[f"{SITE}/A/events/command/accepted"]]
    assert [(d["path"], d["command_id"], d["to"]) for d in accepted] == [
        ("lamp/set", "1", "_all"),
        ("lamp/set", "2", "_group/north"),
    ]


# --- a broker whose rights are older than these topics


class Uplink:
    """Of a pole that belongs to a group, and what is told of it."""

    def __init__(self, folder: Path, port: int) -> None:
        clock = SystemClock()
        keeper = TimeKeeper(clock, "system", "boot-1")
        self.store = Store(folder, 16, keeper.stamp, lambda: "e-1", 0.1)
        self.parts, self.inbox = Parts(self.store.record, clock.monotonic), asyncio.Queue[Incoming]()
        context = Context(
            base=BASE, clock=clock, keeper=keeper, store=self.store, board=Board(), parts=self.parts
        )
        broker = MqttBroker(Address("127.0.0.1", port, "x", False, groups=("north",)))
        self.upload = Upload(context, broker, self.inbox, random=lambda: 0.0, spread_s=0.1, version="0")

    def part(self, name: str) -> tuple[str, str]:
        found = self.parts.report().get(name, {"state": "not told"})
        return found["state"], found.get("reason", "")


@pytest.mark.parametrize("oddity", [Oddity(most_filters=OWN), Oddity(most_filters=OWN, grants_quota=True)])
async def test_an_older_broker_takes_no_uplink_down(oddity: Oddity, tmp_path: Path) -> None:
    """Whether it closes at topics that it does not allow, or refuses them: the pole comes back by itself,
    hears what is said to it alone, and says what to do.
    """
    odd = OddBroker(oddity)
    uplink = Uplink(tmp_path, odd.port)
    uplink.store.start()
    job = asyncio.ensure_future(uplink.upload.run())
    try:
        async with asyncio.timeout(20):
            while uplink.part("commands")[0] != "ok" or uplink.part("groups")[0] == "not told":
                await asyncio.sleep(0.02)
            odd.say(f"{BASE}/lamp/set", b"{}")
            assert (await uplink.inbox.get()).path == "lamp/set"
        state, reason = uplink.part("groups")
        assert state == "degraded"
        assert f"read {SITE}/_all/# and {SITE}/_group/#: _all (" in reason
        assert "_group/north (" in reason
        assert uplink.part("uplink")[0] == "ok"
        assert len(odd.connects) == (1 if oddity.grants_quota else 3)
    finally:
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
        await uplink.store.stop(5)
        odd.close()
