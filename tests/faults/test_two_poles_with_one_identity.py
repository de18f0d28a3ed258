"""Field failure 9: a cloned SD card.

Two agents with one identity at a real broker: an alert on both, and no loop.
"""

from __future__ import annotations

import asyncio
import json
import random
import shutil
from pathlib import Path

from pole_agent.clock import SystemClock
from pole_agent.context import Context
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.loops.upload import Upload
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board
from pole_agent.uplink.mqtt import Address, MqttBroker
from tests.conftest import Mosquitto

BASE = "smartpole/test/T-1"


class Twin:
    """The uplink of one of the two."""

    def __init__(self, folder: Path, port: int, boot: str) -> None:
        clock = SystemClock()
        keeper = TimeKeeper(clock, "system", boot)
        numbers = iter(range(1, 100_000))
        self.store = Store(folder, 16, keeper.stamp, lambda: f"{boot}-{next(numbers)}", 0.1)
        self.parts = Parts(self.store.record, clock.monotonic)
        broker = MqttBroker(Address("127.0.0.1", port, "smartpole-test-T-1", False))
        context = Context(
            base=BASE, clock=clock, keeper=keeper, store=self.store, board=Board(), parts=self.parts
        )
        self.upload = Upload(
            context, broker, asyncio.Queue(), random=random.random, spread_s=1.0, version="0"
        )

    @property
    def births(self) -> int:
        return self.upload._own.births

    def delivered(self) -> int:
        """Alarms that the broker took.

        Not read from the store, which forgets what was delivered when it begins anew.
        """
        return int(self.upload.sent()["events"].get("health.degraded", 0))


async def test_both_tell_and_neither_fights(mosquitto: Mosquitto, tmp_path: Path) -> None:
    twins = [Twin(tmp_path / name, mosquitto.port, name) for name in ("aaaa", "bbbb")]
    jobs = []
    for twin in twins:
        twin.store.start()
        jobs.append(asyncio.ensure_future(twin.upload.run()))
        await asyncio.sleep(0.3)
    deadline = asyncio.get_running_loop().time() + 30
    while not all(t.parts.is_degraded("identity") and t.delivered() for t in twins):
        assert asyncio.get_running_loop().time() < deadline, [t.births for t in twins]
        await asyncio.sleep(0.1)
    steady_since, births = asyncio.get_running_loop().time(), [t.births for t in twins]
    while asyncio.get_running_loop().time() < steady_since + 5:
        assert asyncio.get_running_loop().time() < deadline + 20, "they fight for the name"
        await asyncio.sleep(0.1)
        if births != (births := [t.births for t in twins]):
            steady_since = asyncio.get_running_loop().time()
    assert sum(births) <= 10, "a handful of takeovers until both know; then both stay, under different names"
    for job in jobs:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)
    for twin in twins:
        await twin.store.stop(5)


async def test_copied_card_gives_out_no_numbers_of_other(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """A copied card gives out no numbers of the other.

    Whoever connects again after they met goes on under a storeid of its own, and says that the common one has
    ended.

    One that stays connected may keep the common store: then it is alone with it.
    """

    first = Twin(tmp_path / "aaaa", mosquitto.port, "first")
    first.store.start()
    common = await first.store.read(lambda db: db.store_id)
    lived = asyncio.ensure_future(first.upload.run())
    while await first.store.read(lambda db: db.get("announced")) is None:
        await asyncio.sleep(0.05)
    lived.cancel()
    await asyncio.gather(lived, return_exceptions=True)
    await first.store.stop(5)
    shutil.copytree(tmp_path / "aaaa", tmp_path / "bbbb")
    twins = [Twin(tmp_path / name, mosquitto.port, name) for name in ("aaaa", "bbbb")]
    for twin in twins:
        twin.store.start()
    jobs = [asyncio.ensure_future(twin.upload.run()) for twin in twins]
    deadline = asyncio.get_running_loop().time() + 30
    names = [common, common]
    while names[0] == names[1]:
        assert asyncio.get_running_loop().time() < deadline, names
        await asyncio.sleep(0.1)
        names = [await twin.store.read(lambda db: db.store_id) for twin in twins]
    for twin in twins:
        stored = await twin.store.read(lambda db: db.list_events(100))
        reports = [json.loads(s.data) for s in stored if s.kind == "outbox.dropped"]
        assert [(r["storeid"], r["count"]) for r in reports] in ([], [(common, 0)], [(common, None)])
    for job in jobs:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)
    for twin in twins:
        await twin.store.stop(5)


async def test_a_reboot_is_no_twin(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The status that the broker keeps is that of the last boot: it is heard before our own, and is nobody
    else's.
    """

    async def boot(name: str) -> None:
        pole = Twin(tmp_path / "state", mosquitto.port, name)
        pole.store.start()
        running = asyncio.ensure_future(pole.upload.run())
        deadline = asyncio.get_running_loop().time() + 20
        # Everything that the broker had kept for us has come when our own first word has made the round.
        while not pole.upload._presence.heard_ourselves:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.05)
        assert not pole.parts.is_degraded("identity"), name
        running.cancel()  # power is cut: no shutdown
        await asyncio.gather(running, return_exceptions=True)
        await pole.store.stop(5)

    for name in ("aaaa", "bbbb", "cccc"):
        await boot(name)
