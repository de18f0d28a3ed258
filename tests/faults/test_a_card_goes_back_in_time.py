"""A card is restored from an image, wiped, or copied, and everything beside the store with it: only the
broker remembers. A real one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from pole_agent.clock import SystemClock
from pole_agent.context import Context
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.loops.upload import Upload
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board
from pole_agent.uplink.mqtt import Address, MqttBroker
from pole_agent.uuid7 import uuid7
from pole_agent.vocabulary import RecordEvent, Severity
from tests.conftest import Mosquitto

BASE = "smartpole/test/T-1"
BOOT = "11111111-boot"


class City:
    """Hears everything that the pole says, and can write in its name."""

    def __init__(self, port: int) -> None:
        self.numbers: dict[tuple[str, str], set[str]] = defaultdict(set)  # (store, sequence) -> identifiers
        self.dropped: list[dict[str, Any]] = []
        self.status: dict[str, Any] = {}
        self.births: list[int] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._take
        self._client.connect("127.0.0.1", port)
        self._client.subscribe([(f"{BASE}/events/#", 1), (f"{BASE}/status", 1)])
        self._client.loop_start()

    def _take(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
            document = json.loads(message.payload)
            if message.topic.endswith("/status"):
                self.status = document
                self.births.append(document["birth"])
                return
            self.numbers[document["storeid"], document["sequence"]].add(document["id"])
            if document["type"] == "smartpole.outbox.dropped":
                self.dropped.append(document["data"])

    def says(self, payload: bytes) -> None:
        self._client.publish(f"{BASE}/status", payload, 1, retain=True).wait_for_publish(5)

    @property
    def twice(self) -> list[tuple[str, str]]:
        return [number for number, names in self.numbers.items() if len(names) > 1]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Life:
    """What one life of the agent came to."""

    def __init__(self) -> None:
        self.store_id, self.alarm = "", ""


async def live(folder: Path, port: int, events: int, boot: str = BOOT) -> Life:
    """From start to stop: so many events, all of them delivered."""
    life = Life()

    async def work() -> None:
        clock = SystemClock()
        keeper = TimeKeeper(clock, "system", boot)
        store = Store(folder, 16, keeper.stamp, lambda: uuid7(clock.wall(), os.urandom), 0.05)
        parts = Parts(store.record, clock.monotonic)
        broker = MqttBroker(Address("127.0.0.1", port, "smartpole-test-T-1", False))
        context = Context(base=BASE, clock=clock, keeper=keeper, store=store, board=Board(), parts=parts)
        upload = Upload(context, broker, asyncio.Queue(), random=lambda: 0.1, spread_s=1.0, version="0")
        store.start()
        running = asyncio.ensure_future(upload.run())
        for number in range(events):
            store.record(
                RecordEvent("incident.summarized", Severity.WARNING, {"n": number}, clock.monotonic())
            )
        deadline = clock.monotonic() + 20
        while not upload._own.compared.is_set() or sum(
            (await store.read(lambda db: db.stats()))["waiting"].values()
        ):
            assert clock.monotonic() < deadline, await store.read(lambda db: db.stats())
            await asyncio.sleep(0.02)
        life.store_id = store.store_id
        life.alarm = parts.report().get("identity", {}).get("reason", "")
        await upload.shutdown()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await store.stop(5)

    await work()
    return life


@pytest.fixture
def city(mosquitto: Mosquitto) -> Any:
    ears = City(mosquitto.port)
    yield ears
    ears.close()


async def test_a_card_restored_with_everything_on_it(
    mosquitto: Mosquitto, city: City, tmp_path: Path
) -> None:
    state, image = tmp_path / "state", tmp_path / "image"
    first = await live(state, mosquitto.port, 3)
    shutil.copytree(state, image)
    await live(state, mosquitto.port, 4)
    shutil.rmtree(state)
    shutil.copytree(image, state)
    last = await live(state, mosquitto.port, 4)
    assert city.twice == []
    assert last.store_id != first.store_id
    (report,) = city.dropped
    assert (report["storeid"], report["cause"], report["count"]) == (first.store_id, "store_went_back", None)
    assert report["ranges"] == [[4, 8]], (
        "what this boot said itself, to 7, and what was stored before the broker was heard"
    )
    assert "restored from an older image, or copied" in last.alarm
    assert city.births == sorted(city.births)
    again = await live(state, mosquitto.port, 1)
    assert (again.store_id, again.alarm, len(city.dropped)) == (last.store_id, "", 1), "once"


async def test_image_of_before_connection_without_event(
    mosquitto: Mosquitto, city: City, tmp_path: Path
) -> None:
    """An image of before a connection without an event.

    The count of births tells, where the numbers do not.
    """
    state, image = tmp_path / "state", tmp_path / "image"
    first = await live(state, mosquitto.port, 3)
    shutil.copytree(state, image)
    await live(state, mosquitto.port, 0)
    shutil.rmtree(state)
    shutil.copytree(image, state)
    assert (await live(state, mosquitto.port, 2)).store_id != first.store_id
    assert [(d["storeid"], d["ranges"]) for d in city.dropped] == [(first.store_id, [[4, 6]])], (
        "only what goes on as 1 to 3"
    )
    assert city.births == sorted(city.births)


async def test_a_state_that_is_wiped_as_a_whole(mosquitto: Mosquitto, city: City, tmp_path: Path) -> None:
    first = await live(tmp_path / "state", mosquitto.port, 5)
    shutil.rmtree(tmp_path / "state")
    last = await live(tmp_path / "state", mosquitto.port, 2)
    assert (last.alarm, last.store_id != first.store_id) == ("", True)
    (report,) = city.dropped
    assert report == {
        "ranges": [[1, 5]],
        "count": None,
        "cause": "store_missing",
        "exact": False,
        "storeid": first.store_id,
    }
    assert city.births == sorted(city.births)
    await live(tmp_path / "state", mosquitto.port, 2)
    assert len(city.dropped) == 1


async def test_witness_tells_it_first_and_broker_not_again(
    mosquitto: Mosquitto, city: City, tmp_path: Path
) -> None:
    """The witness tells it first and the broker not again."""
    first = await live(tmp_path / "state", mosquitto.port, 5)
    (tmp_path / "state" / "pole.db").unlink()
    life = await live(tmp_path / "state", mosquitto.port, 2)
    assert [(d["storeid"], d["count"], d["exact"]) for d in city.dropped] == [(first.store_id, 0, True)]
    assert life.alarm == ""
    assert city.births == sorted(city.births)


async def test_ordinary_restart_and_power_cut_tell_nothing(
    mosquitto: Mosquitto, city: City, tmp_path: Path
) -> None:
    """An ordinary restart and a power cut tell nothing."""
    lives = [
        await live(tmp_path / "state", mosquitto.port, 2, boot)
        for boot in (BOOT, BOOT, "another-boot", "a-third")
    ]
    assert len({life.store_id for life in lives}) == 1
    assert [life.alarm for life in lives] == [""] * 4
    assert city.dropped == []


def forged(city: City, **changes: object) -> bytes:
    return json.dumps(city.status | changes).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"sequence": 999_999_999_999},
        {"birth": 10**9},
        {"storeid": "feedfeedfeedfeed", "sequence": 40, "birth": 99, "boot_id": "another"},
    ],
    ids=str,
)
async def test_a_forged_status_raises_the_alarm(
    mosquitto: Mosquitto, city: City, tmp_path: Path, changes: dict[str, object]
) -> None:
    """A forged status raises the alarm and invents no loss."""
    first = await live(tmp_path / "state", mosquitto.port, 3)
    city.says(forged(city, **changes))
    life = await live(tmp_path / "state", mosquitto.port, 1)
    assert "another client writes it" in life.alarm
    assert (life.store_id, city.dropped) == (first.store_id, [])


async def test_a_status_of_another_boot_ends_the_store(
    mosquitto: Mosquitto, city: City, tmp_path: Path
) -> None:
    """A status of another boot ends the store and names no range.

    Restored and started anew, a copy of the card, or forged: nobody can tell. No number is used twice, and no
    loss is made up.
    """
    first = await live(tmp_path / "state", mosquitto.port, 3)
    city.says(forged(city, sequence=city.status["sequence"] + 50, boot_id="another"))
    life = await live(tmp_path / "state", mosquitto.port, 1)
    assert "restored from an older image, or copied" in life.alarm
    assert life.store_id != first.store_id
    (report,) = city.dropped
    assert report["ranges"] == [[4, 5]], "only what goes on as 1 and 2"
    assert (report["storeid"], report["count"], report["moved"]) == (first.store_id, None, 2)


async def test_a_status_that_is_none_says_nothing(mosquitto: Mosquitto, city: City, tmp_path: Path) -> None:
    first = await live(tmp_path / "state", mosquitto.port, 3)
    for payload in (b"", b"[" * 3000):
        city.says(payload)
        life = await live(tmp_path / "state", mosquitto.port, 1)
        assert (life.store_id, life.alarm, city.dropped) == (first.store_id, "", [])
