"""What a reload carries over of the uplink: which changes it lives through, and what it then still knows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pole_agent import compose
from pole_agent.clock import ManualClock, settle
from pole_agent.lamp.mock import mock_factory
from pole_agent.settings import Settings
from pole_agent.settings.load import load
from pole_agent.uplink.events import Message
from pole_agent.uplink.memory import MemoryBroker
from pole_agent.vocabulary import RecordEvent, Severity

NIGHT = 1_793_883_600.0
BASE = "smartpole/test/T-1"
MQTT = '[mqtt]\nhost = "127.0.0.1"\ntls = false\n'
DOCUMENT: dict[str, Any] = {
    "pole": {"id": "P", "site": "s", "latitude": 0.0, "longitude": 0.0},
    "mqtt": {"host": "a"},
    "camera": [{"source": "rtsp://x"}],
}
ANEW: dict[str, dict[str, Any]] = {  # a change of these ends the connection, and the store is opened anew
    "pole": {"id": "Q", "site": "t", "groups": ["north"]},
    "storage": {
        "state_dir": "/x",
        "max_mb": 64,
        "batch_s": 1.0,
        "keep_days": {"lamp": 1.0},
        "trajectory_days": 7,
    },
    "clock": {"trust": "system", "rtc": True},
    "mqtt": {
        "host": "b",
        "port": 1,
        "protocol": "5",
        "prefix": "p",
        "username": "u",
        "password_file": "/p",
        "ca_file": "/c",
        "tls": False,
        "cert_file": "/c",
        "key_file": "/k",
        "homeassistant": True,
        "reconnect_spread_s": 2.0,
    },
}
ON: dict[str, Any] = {  # through a change of these both go on
    "pole": {
        "name": "n",
        "operator": "o",
        "contact": "c",
        "sign": "0123abcd",
        "latitude": 1.0,
        "longitude": 1.0,
        "timezone": "Asia/Jakarta",
        "supply": "night",
        "area_code": "32",
    },
    "camera": [{"source": "rtsp://y"}],
    "detector": {"threads": 1},
    "zone": [{"name": "z", "polygon": [[0, 0], [1, 0], [1, 1]]}],
    "line": [{"name": "n", "from": [0, 0], "to": [1, 1]}],
    "rule": [{"name": "r", "kind": "presence"}],
    "lamp": {"pin": 4},
    "drone": {"enabled": True},
    "metrics": {"enabled": True},
    "page": {"port": 81},
}


def changed(section: str, change: dict[str, Any] | list[Any]) -> Settings:
    table = change if isinstance(change, list) else DOCUMENT.get(section, {}) | change
    return Settings.model_validate({**DOCUMENT, section: table})


BEFORE = Settings.model_validate(DOCUMENT)


@pytest.mark.parametrize(("section", "key"), [(s, k) for s, keys in ANEW.items() for k in keys])
def test_a_change_that_connects_anew(section: str, key: str) -> None:
    """Who we are, where things are kept, which clock is believed, and the broker: with another one of these
    nothing may go on.
    """
    change = {key: ANEW[section][key]}
    if key in ("cert_file", "key_file"):
        change = {"cert_file": "/c", "key_file": "/k"}
    assert compose.lasts(BEFORE, BEFORE)
    assert not compose.lasts(BEFORE, changed(section, change))
    assert not compose.lasts(changed(section, change), BEFORE)


@pytest.mark.parametrize("section", ON)
def test_a_change_that_everything_goes_on_through(section: str) -> None:
    """A zone, a rule, the lamp or the name on the map are no reason to be away."""
    changes = [{k: v} for k, v in ON[section].items()] if section == "pole" else [ON[section]]
    for change in changes:
        assert compose.lasts(BEFORE, changed(section, change)), change


def test_no_broker_is_another_broker() -> None:
    """As is one where there was none."""
    without = Settings.model_validate({k: v for k, v in DOCUMENT.items() if k != "mqtt"})
    assert not compose.lasts(BEFORE, without)
    assert not compose.lasts(without, BEFORE)
    assert compose.lasts(without, without)


def test_each_key_stands_in_one_of_the_two_tables() -> None:
    """A key that comes later has to be thought of."""
    fields = Settings.model_fields
    assert {info.alias or name for name, info in fields.items()} == {*ANEW, *ON}
    for section in ("storage", "clock"):
        assert set(getattr(BEFORE, section).model_dump()) == ANEW[section].keys()
    assert BEFORE.mqtt is not None
    assert set(BEFORE.mqtt.model_dump()) == ANEW["mqtt"].keys()
    assert set(BEFORE.pole.model_dump()) == ANEW["pole"].keys() | ON["pole"].keys()


async def reach(clock: ManualClock, condition: Callable[[], object]) -> None:
    """Let time and threads work until it is so."""
    for _ in range(600):
        if condition():
            return
        await clock.advance(0.1)
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come")


def house_of(
    config: Path, clock: ManualClock, broker: MemoryBroker, before: compose.Runtime | None
) -> compose.Runtime:
    loaded = load(config)
    lamp = (
        before.light._luminaire
        if before is not None
        else compose.open_lamp(loaded.settings, clock, mock_factory())
    )
    return compose.build(
        loaded, lamp, clock, broker=broker, before=before, for_real=True, socket=config.parent / "socket"
    )


PARTS = (
    "uplink",
    "mqtt",
    "events",
    "states",
    "commands",
    "identity",
    "store",
    "clock",
    "lamp",
    "camera:street",
    "drone",
    "local",
)
STAY = {"uplink", "mqtt", "events", "states", "commands", "identity", "store", "clock"}


async def test_through_a_reload_the_line_stays(bench: Callable[..., Path]) -> None:
    """Through a reload the line stays and what is known of it.

    One connection, one birth; counts, what waits, commands that came, and the trouble of the line go on. What
    was of the old configuration is forgotten, and said anew.
    """
    clock, broker = ManualClock(wall=NIGHT), MemoryBroker()
    first = house_of(bench(MQTT), clock, broker, None)
    running = asyncio.ensure_future(first.agent.run())
    assert first.upload is not None
    await reach(clock, lambda: broker.retained.get(f"{BASE}/info") and broker.retained.get(f"{BASE}/health"))
    first.store.record(RecordEvent("incident.opened", Severity.ALARM, {"n": 1}, clock.monotonic()))
    await reach(clock, lambda: first.upload and first.upload.sent_events)
    events = first.upload.sent_events
    first.upload._quarantine.refused(f"{BASE}/events/a/b", None, "no", clock.monotonic())
    first.board.post("kept", Message(f"{BASE}/kept", b"1", retain=True))
    first.agent.stop(reload=True, keep=True)
    await reach(clock, running.done)
    assert running.result() == 0
    assert first.agent.kept is not None
    assert set(first.agent.kept) == {"upload"}

    for part in PARTS:
        first.parts.degrade(part, "trouble")
    config = bench(MQTT)
    config.write_text(config.read_text().replace("[pole]\n", '[pole]\nname = "second"\n', 1))
    second = house_of(config, clock, broker, first)
    for name in ("store", "parts", "board", "inbox", "upload", "keeper"):
        assert getattr(second, name) is getattr(first, name), name
    for name in ("light", "dispatch", "listen", "report", "agent"):
        assert getattr(second, name) is not getattr(first, name), name
    ill = {part for part in PARTS if second.parts.is_degraded(part)}
    assert ill == STAY
    running = asyncio.ensure_future(second.agent.run())
    await reach(clock, lambda: json.loads(broker.retained[f"{BASE}/info"].payload)["name"] == "second")
    assert broker.connections == 1
    said = [json.loads(m.payload) for m in broker.published if m.topic == f"{BASE}/status"]
    assert [(s["state"], s["birth"]) for s in said] == [("online", 1)], (
        "it was never away, and says nothing of it"
    )
    assert second.upload is not None
    assert second.upload.sent_events >= events
    assert list(second.upload._quarantine.topics) == [f"{BASE}/events/a/b"]
    assert second.board.standing("kept") is not None
    numbers = [json.loads(m.payload)["sequence"] for m in broker.published if "/events/" in m.topic]
    assert len(numbers) == len(set(numbers)), "nothing is sent again"
    second.agent.stop()
    await reach(clock, running.done)
    await settle()
    assert [json.loads(m.payload)["reason"] for m in broker.published if m.topic == f"{BASE}/status"] == [
        "connected",
        "stopped",
    ]


async def test_reload_to_another_broker_leaves(bench: Callable[..., Path]) -> None:
    """A reload to another broker leaves the first in order.

    The first is told goodbye and nothing that comes later, the second gets all that the first has not, under
    the next birth.
    """
    clock, here, there = ManualClock(wall=NIGHT), MemoryBroker(), MemoryBroker()
    here.refused_topics.add(f"{BASE}/events/incident/opened")
    first = house_of(bench(MQTT), clock, here, None)
    running = asyncio.ensure_future(first.agent.run())
    await reach(clock, lambda: f"{BASE}/info" in here.retained)
    first.store.record(RecordEvent("incident.opened", Severity.ALARM, {"n": 1}, clock.monotonic()))
    await reach(clock, lambda: first.upload and first.upload._quarantine.events)
    first.agent.stop(reload=True, keep=False)
    await reach(clock, running.done)
    assert first.agent.kept is None
    last = json.loads(here.retained[f"{BASE}/status"].payload)
    assert (last["state"], last["reason"], last["birth"]) == ("offline", "stopped", 1)
    count = len(here.published)
    second = house_of(bench(MQTT.replace("127.0.0.1", "127.0.0.2")), clock, there, first)
    for name in ("store", "parts", "board", "upload"):
        assert getattr(second, name) is not getattr(first, name), name
    running = asyncio.ensure_future(second.agent.run())
    await reach(clock, lambda: any("/events/incident/" in m.topic for m in there.published))
    [event] = [json.loads(m.payload) for m in there.published if "/events/incident/" in m.topic]
    assert event["data"] == {"n": 1}
    assert json.loads(there.retained[f"{BASE}/status"].payload)["birth"] == 2
    earlier = {json.loads(m.payload)["sequence"] for m in here.published if "/events/" in m.topic}
    assert not earlier & {json.loads(m.payload)["sequence"] for m in there.published if "/events/" in m.topic}
    assert len(here.published) == count
    second.agent.stop()
    await reach(clock, running.done)
