"""Connected is not healthy: whatever a broker does, what can arrive arrives, and the pole says what is
missing and why.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pole_agent.clock import SystemClock
from pole_agent.context import Context
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.languages import in_language
from pole_agent.loops.upload import Upload
from pole_agent.store.database import Database
from pole_agent.store.rows import Entry
from pole_agent.store.schema import FILE_NAME
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board
from pole_agent.uplink.events import Incoming, Message
from pole_agent.uplink.mqtt import Address, MqttBroker
from pole_agent.vocabulary import RecordEvent, Severity, Stamp
from tests.cli import call
from tests.conftest import ROOT, eventually
from tests.faults.odd_broker import OddBroker, Oddity

BASE = "smartpole/test/T-1"
GOOD, BAD = 200, 30
MARK = b'"mark":"good"'
ENGLISH = re.compile(
    r"\b(the|broker (refused|hangs|does|grants|keeps|knows|closes)|orders|this|are|is|not)\b"
)  # what doctor must not say in Indonesian


@dataclass(frozen=True)
class Case:
    """How the broker is odd, which part of the pole says so, and a word of what it says.

    `lost`: events that cannot arrive.
    """

    oddity: Callable[[], Oddity]
    part: str
    words: str
    slow: bool = False
    many: bool = False  # what is said to many poles is not heard either, and told by the part `groups`


def on(*ends: str) -> Callable[[str, bytes], bool]:
    return lambda topic, payload: topic.endswith(ends)


CASES = {
    "hangs up at one kind of event": Case(
        lambda: Oddity(closes_at=on("command/refused")), "events", "command/refused"
    ),
    "says no, and hangs up": Case(
        lambda: Oddity(closes_at=on("command/refused"), says_no_first=True), "events", "command/refused"
    ),
    "hangs up at one event": Case(
        lambda: Oddity(closes_at=lambda _, p: b'"n":7,' in p and b"bad" in p), "events", "command/refused"
    ),
    "hangs up at two kinds": Case(
        lambda: Oddity(closes_at=on("command/refused", "lamp/fault_opened")), "events", "lamp/fault_opened"
    ),
    "hangs up at a state": Case(lambda: Oddity(closes_at=on("/info")), "states", "info"),
    "hangs up at a state of QoS 0": Case(lambda: Oddity(closes_at=on("/health")), "states", "health"),
    "hangs up at the status": Case(lambda: Oddity(closes_at=on("/status")), "states", "status"),
    "refuses one kind of event": Case(
        lambda: Oddity(refuses=on("command/refused")), "events", "not authorized"
    ),
    "refuses states": Case(lambda: Oddity(refuses=on("/info", "/status", "/active")), "states", "info"),
    "refuses a state of QoS 0": Case(lambda: Oddity(refuses=on("/health")), "states", "health"),
    "bears three subscriptions, else closes": Case(
        lambda: Oddity(most_filters=3), "commands", "status", many=True
    ),
    "grants three subscriptions": Case(
        lambda: Oddity(most_filters=3, grants_quota=True), "commands", "quota exceeded", many=True
    ),
    "closes at one SUBSCRIBE with many": Case(lambda: Oddity(bulk=False), "", ""),
    "closes at one topic to listen to": Case(
        lambda: Oddity(forbidden_filter="diagnose"), "commands", "diagnose", many=True
    ),
    "closes on MQTT 5 without a word": Case(
        lambda: Oddity(versions=(4,), silent_about_versions=True), "mqtt", "orders to fly"
    ),
    "knows no MQTT 5": Case(lambda: Oddity(versions=(4,)), "mqtt", "MQTT 3.1.1"),
    "keeps nothing": Case(lambda: Oddity(retains=False), "mqtt", "retained"),
    "swallows one kind of event": Case(
        lambda: Oddity(swallows=on("command/refused")), "events", "does not acknowledge", slow=True
    ),
    "delivers nothing": Case(lambda: Oddity(delivers=False), "commands", "does not come back", slow=True),
}


def fill(folder: Path, good: int = GOOD, bad: int = BAD) -> None:
    """Graver events of two kinds stand before the others."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = iter(range(10**9))
    database = Database(folder / FILE_NAME, 256, lambda: f"id-{next(numbers)}")
    stamp = Stamp(0.0, "earlier", time.time() - 3600, "synced")  # younger than any keep_days
    for start in range(0, good + bad, 500):
        with database.transaction():
            database.append([_entry(n, bad, stamp) for n in range(start, min(start + 500, good + bad))])
    database.close()


def _entry(n: int, bad: int, stamp: Stamp) -> Entry:
    if n < bad:
        kind = "command.refused" if n % 2 == 0 or n == 7 else "lamp.fault_opened"
        return Entry(f"e-{n}", RecordEvent(kind, Severity.WARNING, {"n": n, "mark": "bad"}, 0.0), stamp)
    return Entry(
        f"e-{n}",
        RecordEvent("incident.summarized", Severity.INFO, {"n": n, "mark": "good", "x": "x" * 250}, 0.0),
        stamp,
    )


class Pole:
    """The uplink of one, with states on its board."""

    def __init__(
        self, folder: Path, port: int, *, username: str | None = None, password_file: Path | None = None
    ) -> None:
        clock = SystemClock()
        keeper = TimeKeeper(clock, "system", "boot-1")
        numbers = iter(range(10**9))
        self.store = Store(folder, 256, keeper.stamp, lambda: f"new-{next(numbers)}", 0.1)
        self.parts, self.board = Parts(self.store.record, clock.monotonic), Board()
        self.broker = MqttBroker(
            Address("127.0.0.1", port, "smartpole-test-T-1", False, username, password_file)
        )
        self.inbox: asyncio.Queue[Incoming] = asyncio.Queue()
        context = Context(
            base=BASE, clock=clock, keeper=keeper, store=self.store, board=self.board, parts=self.parts
        )
        self.upload = Upload(context, self.broker, self.inbox, random=lambda: 0.0, spread_s=0.1, version="0")
        for path in ("info", "active", "lamp/state"):
            self.board.post(f"{BASE}/{path}", Message(f"{BASE}/{path}", b"{}", retain=True))
        self.board.post(f"{BASE}/health", Message(f"{BASE}/health", b"{}", qos=0, retain=True))

    def reason(self, part: str) -> str:
        return str(self.parts.report().get(part, {}).get("reason", ""))


@contextlib.asynccontextmanager
async def running(pole: Pole) -> AsyncIterator[Pole]:
    pole.store.start()
    job = asyncio.ensure_future(pole.upload.run())
    try:
        yield pole
    finally:
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
        await pole.store.stop(5)


async def until(
    condition: Callable[[], object], within_s: float, told: Callable[[], object] = lambda: None
) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, told()
        await asyncio.sleep(0.02)


@pytest.fixture
def odd() -> Iterator[OddBroker]:
    broker = OddBroker()
    yield broker
    broker.close()


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] if c.slow else []) for n, c in CASES.items()]
)
async def test_others_arrive_and_it_is_said_what_does_not(
    name: str, odd: OddBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The others arrive and it is said what does not."""
    case = CASES[name]
    odd.oddity = case.oddity()
    fill(tmp_path / "state")
    caplog.set_level(logging.INFO)

    async def work() -> None:
        async with running(Pole(tmp_path / "state", odd.port)) as pole:

            def told() -> Any:
                return odd.count(MARK), pole.parts.report(), [r.getMessage() for r in caplog.records][-20:]

            await until(lambda: odd.count(MARK) == GOOD, 300 if case.slow else 60, told)
            if case.part:
                await until(lambda: case.words in pole.reason(case.part), 90 if case.slow else 30, told)
                said = in_language(pole.reason(case.part), "id")
                # In brackets: the words of the broker
                assert not ENGLISH.search(re.sub(r" \(.*?\)", "", said)), said
            ill = {part for part, state in pole.parts.report().items() if state["state"] != "ok"}
            assert ill == {case.part, "groups" if case.many else ""} - {""}, told()

    await asyncio.wait_for(work(), 390)
    assert len([r for r in caplog.records if r.name.startswith("pole_agent")]) <= 40
    assert len(odd.connects) <= 30


class Agent:
    """A whole agent as a process: what it takes, and what it says."""

    def __init__(self, process: subprocess.Popen[bytes], config: Path, log_file: Path) -> None:
        self.process, self.config, self.log_file = process, config, log_file

    def memory_kb(self) -> int:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def lines_a_minute(self) -> int:
        """The most lines of the uplink in any minute."""
        found = [line for line in self.log_file.read_text().splitlines() if " uplink: " in line]
        times = [datetime.fromisoformat(line[:23].replace(",", ".")).timestamp() for line in found]
        return max((sum(t <= other < t + 60 for other in times) for t in times), default=0)

    def doctor(self) -> str:
        done = call("doctor", "--quick", "--json", "--config", str(self.config))
        found = [f for f in json.loads(done.stdout)["findings"] if f["check"] in ("agent", "broker")]
        return "; ".join(f["words"] for f in found if f["state"] != "ok")


@pytest.fixture
def agent_at(bench: Callable[..., Path], tmp_path: Path) -> Iterator[Callable[[int], Agent]]:
    started = []

    def start(port: int) -> Agent:
        config = bench(f'[mqtt]\nhost = "127.0.0.1"\nport = {port}\ntls = false\n')
        log_file = tmp_path / "log"
        command = [sys.executable, "-m", "pole_agent", "run", "--config", str(config)]
        with log_file.open("w") as log:
            process = subprocess.Popen(command, stderr=log, cwd=ROOT)
        started.append(process)
        return Agent(process, config, log_file)

    yield start
    for process in started:
        process.kill()
        process.wait(10)


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.parametrize("name", CASES)
def test_a_whole_agent_bears_it(
    name: str, odd: OddBroker, agent_at: Callable[[int], Agent], tmp_path: Path
) -> None:
    """200 events arrive, memory and log stay small, and the doctor names the cause."""
    case = CASES[name]
    odd.oddity = case.oddity()
    fill(tmp_path / "state")
    agent = agent_at(odd.port)
    eventually(lambda: odd.connects, 30)
    time.sleep(3)  # imports, and the first pages of the store
    before = agent.memory_kb()
    eventually(lambda: odd.count(MARK) == GOOD, 300)
    if case.words:
        eventually(lambda: case.words in agent.doctor(), 100, 1.0)
    time.sleep(5)
    assert agent.memory_kb() - before <= 10_000
    assert agent.lines_a_minute() <= 20, agent.log_file.read_text()


def of_events(topic: str, _: bytes) -> bool:
    return "/events/" in topic


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.parametrize(
    "oddity", [Oddity(refuses=of_events), Oddity(closes_at=of_events)], ids=["refuses", "closes_at"]
)
def test_120000_events_that_nobody_takes(
    oddity: Oddity, odd: OddBroker, agent_at: Callable[[int], Agent], tmp_path: Path
) -> None:
    odd.oddity = oddity
    fill(tmp_path / "state", good=119_970)
    agent = agent_at(odd.port)
    eventually(lambda: odd.connects, 30)
    time.sleep(5)
    before, cpu_s, publishes, most = agent.memory_kb(), agent.cpu_s(), odd.publishes, 0
    for _ in range(60):
        time.sleep(1)
        most = max(most, agent.memory_kb())
    print(
        f"{most - before} KB more, {agent.cpu_s() - cpu_s:.1f} s of a core, {odd.publishes - publishes}"
        " tried",
        agent.lines_a_minute(),
    )
    assert most - before <= 10_000
    assert agent.lines_a_minute() <= 20, agent.log_file.read_text()
    assert agent.cpu_s() - cpu_s <= 6.0, "a tenth of a core"
    assert odd.publishes - publishes <= 200, "few are tried"
    assert "events/incident/summarized" in agent.doctor()
    odd.oddity = Oddity()  # somebody has mended the rights
    eventually(lambda: len(odd.taken) > 1000, 300, 1.0)
