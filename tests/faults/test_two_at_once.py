"""Two failures at once: what each alone leaves whole, both together must leave whole too."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pole_agent.bench.backlog import fill
from pole_agent.store.database import Database
from pole_agent.vocabulary import RecordEvent, Severity
from tests.conftest import CLIP, Mosquitto, eventually, free_port
from tests.faults.kills import CONFIG, City
from tests.faults.local import ask
from tests.world import EVENING, PROGRAM, World, Worlds

BACKLOG = 3000
HOUR_S, YEAR_S = 3600.0, 365 * 86_400.0


def last(folder: Path) -> tuple[str, int]:
    database = Database(folder / "state" / "pole.db", 64, str, read_only=True)
    try:
        return database.store_id, int(database.stats()["last_sequence"])
    finally:
        database.close()


def stored(folder: Path, least: int) -> bool:
    try:
        return (folder / "state" / "pole.db").exists() and last(folder)[1] >= least
    except sqlite3.OperationalError:  # its tables are being made
        return False


def complete(city: City, folder: Path, numbers: int) -> bool:
    store, _ = last(folder)
    return city.has(store) >= set(range(1, numbers + 1))


def named(config: Path, number: int) -> None:
    """Something to reload for."""
    config.write_text(config.read_text().replace("[pole]\n", f'[pole]\nname = "n-{number}"\n', 1))


@pytest.fixture
def city(mosquitto: Mosquitto) -> Iterator[City]:
    made = City(mosquitto.port)
    yield made
    made.stop()
    assert not made.contradictions


def test_another_broker_with_a_backlog(
    mosquitto: Mosquitto, city: City, agent: Callable[..., Any], bench: Callable[..., Path], tmp_path: Path
) -> None:
    """What gathered for a broker that is away goes to the one that a reload names."""
    config = bench(CONFIG.format(clip=CLIP, port=free_port()))
    process = agent("run", "--config", str(config), "--log-level", "error")
    eventually(lambda: stored(tmp_path, 10), 40)
    bench(CONFIG.format(clip=CLIP, port=mosquitto.port))
    process.send_signal(signal.SIGHUP)
    waiting = last(tmp_path)[1]
    eventually(lambda: complete(city, tmp_path, waiting), 60, 0.1)


def test_reloads_while_a_backlog_drains(
    mosquitto: Mosquitto, city: City, agent: Callable[..., Any], bench: Callable[..., Path], tmp_path: Path
) -> None:
    """A reload in the middle of it, then the line cut by a kill of the process, then the rest."""
    (tmp_path / "state").mkdir()
    fill(tmp_path / "state", BACKLOG)
    mqtt = CONFIG[CONFIG.index("[mqtt]") :].format(port=mosquitto.port)
    config = bench(mqtt)
    process = agent("run", "--config", str(config), "--log-level", "error")
    store = last(tmp_path)[0]
    for number in range(3):
        eventually(lambda n=number: city.count(store) > n * 200, 40)  # type: ignore[misc]
        named(bench(mqtt), number)
        process.send_signal(signal.SIGHUP)
    process.kill()
    process.wait()
    agent("run", "--config", str(config), "--log-level", "error")
    eventually(lambda: complete(city, tmp_path, BACKLOG), 60, 0.1)


def test_a_camera_hangs_during_reloads(
    agent: Callable[..., Any], bench: Callable[..., Path], tmp_path: Path
) -> None:
    """A camera that takes the connection and says nothing: each reload leaves it, and the lamp obeys."""
    control = tmp_path / "state" / "control.sock"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        camera = f'[[camera]]\nname = "mute"\nsource = "rtsp://127.0.0.1:{port}/live"\n'
        config = bench(camera)
        process = agent("run", "--config", str(config), "--log-level", "error")
        for number in range(5):
            order = {"level": 0.5 + number / 10, "duration_s": 60, "by": "test"}
            eventually(lambda order=order: ask(control, path="lamp/set", payload=order).get("ok"), 20, 0.2)  # type: ignore[misc]
            named(bench(camera), number)
            process.send_signal(signal.SIGHUP)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.parametrize(
    "jump",
    [
        2 * YEAR_S,
        -12 * HOUR_S,
        *(pytest.param(s, marks=pytest.mark.slow) for s in (12 * HOUR_S, -2 * YEAR_S)),
    ],
)
async def test_a_clock_jumps_during_an_outage(world: Worlds, jump: float) -> None:
    """What waits for the broker does not grow too old by it, and comes with the time at which it happened."""
    async with world(PROGRAM, EVENING, trust="auto") as w:
        await w.until(lambda: w.runtime.keeper.trusted)
        truth = w.clock.wall() - w.clock.monotonic()
        happened: dict[str, float] = {}
        w.broker.down = True
        w.broker.drop()
        await w.until(lambda: not w.runtime.board.connected)
        record(w, "before", happened)
        await w.pass_time(60)
        w.clock.set_wall(w.clock.wall() + jump)
        w.time_server = False
        await w.pass_time(30)
        record(w, "during", happened)
        await w.pass_time(1.1 * HOUR_S, 5)  # what is too old is looked for each hour
        assert not w.runtime.keeper.trusted
        assert w.light >= 0.6
        w.clock.set_wall(truth + w.clock.monotonic())
        w.time_server = True
        await w.pass_time(1000, 5)  # after a jump nothing is believed for a quarter of an hour
        await w.until(lambda: w.runtime.keeper.trusted)
        record(w, "after", happened)
        await w.pass_time(60)
        w.broker.down = False
        await w.until(lambda: {e["data"].get("part") for e in w.events()} >= set(happened), within_s=200)
        came = {e["data"]["part"]: e for e in w.events("health.degraded") if e["data"]["part"] in happened}
        for part, at in happened.items():
            shown = datetime.fromisoformat(came[part]["time"]).timestamp()
            assert shown == pytest.approx(truth + at, abs=2), part
        assert came["during"]["timequality"] == "corrected"
        await w.runtime.store.flush()
        last = int((await w.runtime.store.read(lambda db: db.stats()))["last_sequence"])
        await w.until(lambda: {int(e["sequence"]) for e in w.events()} >= set(range(1, last + 1)))
        assert not w.events("outbox.dropped")


def record(w: World, part: str, happened: dict[str, float]) -> None:
    """An event of the least weight, which may expire."""
    happened[part] = w.clock.monotonic()
    what = {"part": part, "reason": "made for the test"}
    w.runtime.store.record(RecordEvent("health.degraded", Severity.INFO, what, happened[part]))
