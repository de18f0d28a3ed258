"""What is done to a large city behind a fleet, in order: its parts are killed and frozen while poles send
events, and after each PostgreSQL must hold every one of them once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import signal
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from city.store import Database, connect

from lightpoles.crowd import Crowd
from lightpoles.figures import Return, a_second, returned
from lightpoles.large import City, free_together
from lightpoles.pole import SITE
from lightpoles.report import Report
from lightpoles.stored import HELD, Compared, Store, compared, drained

START_S, SETTLE_S, DRAIN_S, PROOF_S = 90.0, 180.0, 300.0, 30.0
EACH = 2  # events of each pole before something is done, and while it lasts
FROZEN_S = 20.0  # at least
LOOK_S, TELL_S = 0.25, 10.0
GATHER_S = 20.0  # of the backlog
# Poles of a process that write to their disks at once: a thousand that do it together hold their loops up,
# and what they tried meanwhile comes in one second that is ours, not theirs
GENTLY, TOGETHER = 8, 1000


class Trial:
    """`say` is told what goes on. Raises OSError where the city does not start."""

    def __init__(self, arguments: argparse.Namespace, folder: Path, say: Callable[[str], None]) -> None:
        self._arguments, self._say = arguments, say
        own = folder / "city"
        own.mkdir()
        if os.geteuid() == 0:
            folder.chmod(0o711)  # PostgreSQL runs as another user, who must pass
        say("starting the city: three NATS servers, PostgreSQL, shards, writers, the board")
        self._city = City(own, *free_together())
        self._loop = asyncio.new_event_loop()
        self._db: Database = self._loop.run_until_complete(connect(*self._city.database()))
        self.report = Report(
            f"{arguments.poles} light poles and a large city of {len(self._city.ports)} shards (they have no"
            f" TLS), {os.cpu_count()} cores, {platform.machine()}"
        )
        names = [f"L-{n:05d}" for n in range(arguments.poles)]
        lines = [
            {"host": "127.0.0.1", "port": port, "tls": False, "reconnect_spread_s": arguments.spread}
            for port in self._city.ports
        ]
        blocks = -(-(arguments.processes or arguments.blocks) // len(lines)) * len(lines)
        self._crowd = Crowd(names, blocks, folder / "poles", lines)
        self._wanted: dict[Store, int] = {}

    def run(self) -> None:
        self.start()
        for seconds in self._arguments.outages:
            self.shard(seconds)
        self.nats_killed()
        self.nats_frozen()
        self.writers()
        self.drain()
        self.drain_nats()
        self.account()

    def close(self) -> None:
        self._crowd.end()
        self._loop.run_until_complete(self._db.close())
        self._loop.close()
        self._city.end()

    def start(self) -> None:
        poles, begun = self._arguments.poles, time.monotonic()
        self._crowd.started(
            lambda n: self._say(f"{n} of {poles} poles started") if n % 100 == 0 or n == poles else None
        )
        entered = self._crowd.entered(self._say, START_S)
        last = max(entered.values()) - begun if len(entered) == poles else None
        self.report.add("start: all poles connected after", last, "s")
        self._record(EACH)
        self._settle("start", begun, begun)

    def shard(self, seconds: float) -> None:
        """The city starts it again as soon as it is let."""
        name = f"a shard killed, away for {seconds:g} s"
        self._begin(name)
        with self._city.held():
            gone = self._city.signal(signal.SIGKILL, "shard-1")
            time.sleep(seconds / 2)
            self._crowd.record(EACH)
            time.sleep(max(0.0, gone + seconds - time.monotonic()))
        back = self._city.answered(0)
        self._record(0)
        self._settle(name, gone, back, self._crowd.on(0, len(self._city.ports)))

    def nats_killed(self) -> None:
        """That which leads the stream. The city starts it again at once."""
        name = "a NATS server killed, the leader"
        self._begin(name)
        gone = self._city.signal(signal.SIGKILL, self._city.leader())
        self._record(EACH)
        self._settle(name, gone, gone)

    def nats_frozen(self) -> None:
        """It keeps its connections and answers nothing."""
        name = "a NATS server frozen, the leader"
        self._begin(name)
        frozen = self._city.leader()
        gone = self._city.signal(signal.SIGSTOP, frozen)
        try:
            self._record(EACH)
            self._settle(f"{name}, while it hangs", gone, gone)
            time.sleep(max(0.0, gone + FROZEN_S - time.monotonic()))
            self._begin(name := "the frozen one goes on")
        finally:
            back = self._city.signal(signal.SIGCONT, frozen)
        self._record(EACH)
        self._settle(name, back, back)

    def writers(self) -> None:
        """One after the other: so also the one that keeps the books. The city starts each again at once."""
        for n, pid in enumerate(self._city.pids("writer")):
            name = f"{('a writer', 'the other writer')[min(n, 1)]} killed"
            self._begin(name)
            gone = time.monotonic()
            os.kill(pid, signal.SIGKILL)
            self._record(EACH)
            self._settle(name, gone, gone)

    def drain(self) -> None:
        """What gathered in the poles while all shards were away, until it is in PostgreSQL. How fast is
        decided by the poles, which come back one after the other.
        """
        name, shards = f"backlog of {self._arguments.backlog} events each in the poles", self._city.ports
        self._begin(name)
        self._settle(None, 0.0, 0.0)
        with self._city.held():
            gone = time.monotonic()
            for shard in range(len(shards)):
                self._city.signal(signal.SIGTERM, f"shard-{shard + 1}")
            self._gather()
        back = max(self._city.answered(shard) for shard in range(len(shards)))
        self._drained(name, self._settle(name, gone, back, self._crowd.names, DRAIN_S))

    def drain_nats(self) -> None:
        """What went through shards and bridges and gathered in NATS while all writers were away."""
        each = self._arguments.backlog
        name = f"backlog of {each} events each in NATS"
        self._begin(name)
        self._settle(None, 0.0, 0.0)
        with self._city.held():
            gone = time.monotonic()
            for pid in self._city.pids("writer"):
                os.kill(pid, signal.SIGKILL)
            self._gather()
            self._city.wait_for_pending(each * self._arguments.poles)
        back = time.monotonic()
        self._drained(name, self._settle(name, gone, back, within_s=DRAIN_S))

    def _gather(self) -> None:
        for _ in range(self._arguments.backlog):
            self._crowd.record(1)
            time.sleep(GATHER_S / self._arguments.backlog)
        self._record(0)

    def _drained(self, name: str, counts: Sequence[tuple[float, int]]) -> None:
        found = drained(counts)
        if found is not None:
            self.report.add(f"{name}: from the first stored to the last", found.seconds, "s")
            self.report.add(f"{name}: stored, mean", found.mean, "events/s")
            self.report.add(f"{name}: stored in the best second", found.best, "events/s")

    def account(self) -> None:
        found = self._compare()
        self.report.add("events recorded in all", found.recorded)
        self.report.add("in the end: missing in PostgreSQL", found.missing, most=0)
        self.report.add("in the end: twice in PostgreSQL", found.twice, most=0)
        self.report.add(
            "in the end: messages set aside", self._fetch("SELECT count(*) AS n FROM aside")[0]["n"]
        )

    def _begin(self, name: str) -> None:
        """Something is on its way when it happens."""
        self._say(name)
        self._crowd.take()
        self._asked = self._city.asked()
        self._record(EACH, TOGETHER)

    def _record(self, each: int, at_once: int = GENTLY) -> None:
        """It is on the disk of each pole, and so must come."""
        self._crowd.record(each)
        kept = self._crowd.kept(at_once)
        self._wanted = {(f"/smartpole/{SITE}/{pole}", store): last for pole, (store, last) in kept.items()}

    def _settle(
        self,
        name: str | None,
        gone: float,
        back: float,
        left: Collection[str] = (),
        within_s: float = SETTLE_S,
    ) -> list[tuple[float, int]]:
        """Until all is stored and every pole is in; then the report. `left`: who must come back, beside those
        that do. Returns how many events were stored at which times. Without a name nothing is reported.
        """
        deadline, told, counts = time.monotonic() + within_s, time.monotonic(), list[tuple[float, int]]()
        tries, entered, all_at, lag_s = list[float](), dict[str, float](), None, 0.0
        while True:
            noted = self._crowd.take()
            tries += noted.tries
            lag_s = max(lag_s, noted.lag_p99_s)
            entered |= {pole: at for pole, at in noted.entries.items() if at >= back - 0.05}
            counts.append((time.monotonic(), self._fetch("SELECT count(*) AS n FROM events")[0]["n"]))
            away = set(noted.away) | set(left) - entered.keys()
            if all_at is None and counts[-1][1] >= sum(self._wanted.values()) and not self._compare().missing:
                all_at = counts[-1][0]
            if (all_at is not None and not away) or time.monotonic() > deadline:
                break
            if time.monotonic() - told > TELL_S:
                told = time.monotonic()
                self._say(
                    f"{counts[-1][1]} of {sum(self._wanted.values())} events stored, {len(away)} poles away"
                )
            time.sleep(LOOK_S)
        if name is not None:
            poles = self._arguments.poles
            found = returned(tries, entered, back, poles, len(entered.keys() | away))
            self._tell(name, found, None if all_at is None else all_at - back)
            self.report.add(f"{name}: loop lag p99 of the worst process of poles", 1000 * lag_s, "ms")
            if name != "start":
                self.report.attempts[name] = a_second(tries, gone, int(counts[-1][0] - gone) + 1)
        return counts

    def _tell(self, name: str, found: Return, stored_s: float | None) -> None:
        if name != "start":
            self.report.add_return(name, found)
        self.report.add(f"{name}: everything is stored after", stored_s, "s")
        held = self._compare()
        self.report.add(f"{name}: missing in PostgreSQL", held.missing, most=0)
        self.report.add(f"{name}: twice in PostgreSQL", held.twice, most=0)
        self.report.add(f"{name}: missing by the city's own proof", self._proof(), most=0)
        if name != "start":
            self.report.add(f"{name}: asked of the poles again", self._city.asked() - self._asked)

    def _proof(self) -> int | None:
        """What a pole has just told of is stored a moment later."""
        deadline = time.monotonic() + PROOF_S
        while (found := self._city.proof()) != 0 and time.monotonic() < deadline:
            time.sleep(1)
        return found

    def _compare(self) -> Compared:
        return compared(self._wanted, self._fetch(HELD))

    def _fetch(self, sql: str) -> Sequence[Any]:
        return self._loop.run_until_complete(self._db.fetch(sql))
