"""The whole agent for real hours: its camera is the bundled clip in a loop, its broker a Mosquitto on
loopback that restarts now and then, its configuration is read again now and then, and people give commands
and look at the page.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from lightpoles.broker import Mosquitto

from endurance import sample
from endurance.city import City, Visitor
from endurance.growth import Measure
from endurance.report import Report
from pole_agent.page import accounts as book
from pole_agent.simulator.demo_pole import free_port
from pole_agent.simulator.poles import FOLDER
from pole_agent.store.database import Database

SAMPLE_S = 10.0
START_S, PATIENCE_S = 15.0, 5.0  # from when on commands are measured; how long an edge may take
COMMANDS_S, RESEND_S, DIAGNOSE_S = 8.0, 400.0, 900.0
RELOAD_S, RESTART_S, VISIT_S = 600.0, 900.0, 120.0
AWAY_S = (0.5, 60.0)
CALM_S = 5.0  # after the broker is back
DRAIN_S = 60.0
PASSWORD = "a password of the long run"
STORE_MB = 16
SHORT_H = 0.5  # a start takes minutes: what a shorter run rises by says little
MEASURES = (
    Measure(name="own_mb", unit="MB that no file is behind", floor=2.0),
    Measure(name="rss_mb", unit="MB resident", floor=4.0),
    # It falls and rises with other processes that use the same libraries
    Measure(name="pss_mb", unit="MB, what is shared in parts", floor=4.0, judged=False),
    Measure(name="objects", unit="objects of Python that hold others", floor=1500.0, share=0.01),
    # CPython keeps up to 2000 freed tuples of each of 19 lengths until it searches all for garbage, which an
    # agent that has frozen what stays seldom does
    Measure(name="blocks", unit="blocks of memory of Python", floor=38_000.0),
    Measure(name="handles", unit="open files and sockets", floor=1.0),
    Measure(name="threads", unit="threads", floor=1.0),
    # What was delivered stays for three days: it grows for so long, up to the cap
    Measure(name="disk_kb", unit="KB of the state folder", floor=STORE_MB * 1024.0, most=STORE_MB * 1200.0),
    Measure(name="pin_ms", unit="ms from a command to the pin", floor=10.0),
    Measure(name="loop_ms", unit="ms that the event loop was late, at most in 10 s", floor=20.0),
    Measure(name="cpu", unit="% of a core", floor=5.0),
    Measure(name="waiting", unit="events that wait", floor=50.0, judged=False),
)
CONFIG = """
[pole]
id = "L-1"
site = "longrun"
name = "reload {number}"
latitude = -6.8586
longitude = 107.9164
timezone = "Asia/Jakarta"
[clock]
trust = "system"
[storage]
state_dir = "{state}"
max_mb = {store_mb}
trajectory_days = 1
[[camera]]
name = "street"
source = "{clip}"
fps = {fps}
loop = true
[[zone]]
name = "road"
polygon = [[0.0, 0.3], [0.45, 0.3], [0.75, 0.1], [1.0, 0.2], [1.0, 0.75], [0.6, 0.6], [0.0, 0.45]]
[[line]]
name = "post"
from = [0.55, 0.2]
to = [0.55, 0.8]
[[rule]]
name = "somebody"
kind = "presence"
zone = "road"
lamp = {{ level = 1.0, hold_s = 5 }}
[[rule]]
name = "passing"
kind = "crossing"
line = "post"
severity = "warning"
[[rule]]
name = "staying"
kind = "loitering"
zone = "road"
dwell_s = 2
severity = "alarm"
notify = ["112"]
drone = true
[lamp]
backend = "mock"
boost_in_daylight = true
program = [{{ at = "sunset", level = 0.4 }}, {{ at = "sunrise", level = 0.0 }}]
[drone]
enabled = true
night_permit = true
geofence = [[-6.87, 107.90], [-6.87, 107.93], [-6.85, 107.93], [-6.85, 107.90]]
[page]
enabled = true
port = {page}
[mqtt]
host = "127.0.0.1"
port = {broker}
tls = false
"""


def measures(hours: float) -> tuple[Measure, ...]:
    """What is judged of a run of so many hours."""
    if hours >= SHORT_H:
        return MEASURES
    looser = {
        "own_mb": 30.0,
        "rss_mb": 40.0,
        "objects": 20_000.0,
        "blocks": 80_000.0,
        "threads": 4.0,
        "handles": 8.0,
    }
    return tuple(replace(m, floor=looser.get(m.name, m.floor)) for m in MEASURES)


@dataclass(slots=True)
class Trace:
    """What the pole has written since the last look."""

    path: Path
    pins: list[tuple[float, float]] = field(default_factory=list)
    late_ms: float | None = None
    blocks: float | None = None
    objects: float | None = None
    _read: int = 0

    def look(self) -> None:
        self.pins, self.late_ms, self.blocks, self.objects = [], None, None, None
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        text = text[: text.rfind(b"\n") + 1]
        self._read += len(text)
        for line in text.decode().splitlines():
            kind, at, *values = line.split()
            if kind == "pin":
                self.pins.append((float(at), float(values[0])))
            else:
                self.late_ms = max(self.late_ms or 0.0, float(values[0]))
                self.blocks, self.objects = float(values[1]), float(values[2])


class Every:
    """Something that is due now and then, not always at the same pace."""

    def __init__(self, seconds: float, do: Callable[[], None]) -> None:
        self._seconds, self._do = seconds, do
        self._due = time.monotonic() + seconds * random.uniform(0.5, 1.0)
        self.count = 0

    def look(self) -> None:
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + self._seconds * random.uniform(0.7, 1.3)
            self._do()
            self.count += 1


class Hours:
    """`say` tells what happens."""

    def __init__(self, folder: Path, program: str, fps: float, say: Callable[[str], None]) -> None:
        self._folder, self._fps, self._say = folder, fps, say
        self._state = folder / "state"
        self._state.mkdir()
        (folder / "broker").mkdir()
        self._broker = Mosquitto(program, folder / "broker", tls=False)
        self._page = free_port(8080)
        self._reloads = 0
        self._back_at: float | None = None  # when the broker is to start again
        self._ready_at = 0.0  # from when on commands are measured
        self._sent: list[tuple[float, float]] = []
        self._lost = self._commands = 0
        self._trace = Trace(folder / "trace")
        book.write(self._state, {"longrun": book.made("technician", PASSWORD)})

    def run(self, seconds: float, report: Report) -> list[str]:
        """Returns what happened. Raises RuntimeError when the agent ended."""
        self._broker.start()
        self._city = City(self._broker.port, "smartpole/longrun/L-1")
        self._configure()
        pole = self._start()
        visitor = Visitor(self._page, "longrun", PASSWORD, VISIT_S)
        visitor.start()
        try:
            reloads, restarts = self._live(pole, seconds, report)
            visitor.end()
            whole = self._drained()
        finally:
            pole.terminate()
            code = pole.wait(10)
            self._city.close()
            self._broker.end()
        return [
            f"{self._commands} commands, {self._lost} of them did not reach the pin",
            f"{reloads} reloads, {restarts} restarts of the broker",
            f"{visitor.visits} visits of the page, {visitor.failed} cut short",
            f"{whole}; {self._city.twice} came twice",
            f"the agent ended with {code}",
        ]

    def _live(self, pole: subprocess.Popen[bytes], seconds: float, report: Report) -> tuple[int, int]:
        begun = sampled = time.monotonic()
        self._ready_at = begun + START_S
        scale = min(1.0, seconds / 3600)  # a short run has everything too
        reload = Every(RELOAD_S * scale, lambda: self._reload(pole))
        restart = Every(RESTART_S * scale, lambda: self._cut(scale))
        tasks = [
            Every(COMMANDS_S, self._command),
            Every(RESEND_S * scale, self._resend),
            Every(DIAGNOSE_S * scale, lambda: self._ask("diagnose", {})),
            reload,
            restart,
        ]
        processor: float | None = None
        while (now := time.monotonic()) < begun + seconds:
            if pole.poll() is not None:
                raise RuntimeError(f"the agent ended with {pole.returncode}")
            if self._back_at is not None and now >= self._back_at:
                self._back_at, self._ready_at = None, self._broker.start() + CALM_S
            for task in tasks:
                task.look()
            if now >= sampled + SAMPLE_S:
                taken: dict[str, float | None] = dict(self._sample(pole.pid))
                used = taken.pop("cpu_s")
                if processor is not None and used is not None:
                    taken["cpu"] = 100 * (used - processor) / (now - sampled)
                processor, sampled = used, now
                report.add({"t": now - begun, **taken})
            time.sleep(0.2)
        return reload.count, restart.count

    def _sample(self, pid: int) -> dict[str, float | None]:
        self._trace.look()
        waits, under_way = [], []
        for at, level in self._sent:
            found = (
                edge - at for edge, light in self._trace.pins if edge >= at and abs(light - level) < 0.002
            )
            wait = next(found, None)
            if wait is None and time.monotonic() < at + PATIENCE_S:
                under_way.append((at, level))
            else:
                waits.append(wait)
        self._lost += waits.count(None)
        self._sent = under_way
        known = [wait * 1000 for wait in waits if wait is not None]
        return {
            **sample.process(pid),
            "disk_kb": sample.disk_kb(self._state),
            "pin_ms": max(known, default=None),
            "loop_ms": self._trace.late_ms,
            "blocks": self._trace.blocks,
            "objects": self._trace.objects,
            "waiting": self._waiting(),
        }

    # --- what happens to it

    def _configure(self) -> None:
        clip = FOLDER / "street.mp4"
        text = CONFIG.format(
            number=self._reloads, state=self._state, store_mb=STORE_MB, clip=clip, fps=self._fps,
            page=self._page, broker=self._broker.port,
        )  # fmt: skip
        (self._folder / "pole.toml").write_text(text)

    def _start(self) -> subprocess.Popen[bytes]:
        config, trace = self._folder / "pole.toml", self._folder / "trace"
        hidden = ("RUNTIME_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_USEC")
        with (self._folder / "agent.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "endurance.pole", str(config), str(trace)],
                stdout=log,
                stderr=log,
                env={k: v for k, v in os.environ.items() if k not in hidden},
            )

    def _command(self) -> None:
        if self._back_at is not None or time.monotonic() < self._ready_at or not self._city.connected:
            return
        self._commands += 1
        level = random.randrange(20, 90) / 100
        order = {"level": level, "duration_s": 5, "transition": 0, "mode": "fixed", "by": "longrun"}
        self._sent.append((self._city.send("lamp/set", order), level))

    def _resend(self) -> None:
        if self._city.store and self._city.numbers:
            first = max(1, max(self._city.numbers) - 20)
            asked = {"storeid": self._city.store, "from": first, "to": first + 19}
            self._ask("outbox/resend", asked)

    def _ask(self, path: str, payload: dict[str, object]) -> None:
        self._city.send(path, {**payload, "by": "longrun"})

    def _reload(self, pole: subprocess.Popen[bytes]) -> None:
        self._reloads += 1
        self._configure()
        pole.send_signal(signal.SIGHUP)
        self._say(f"reload {self._reloads}")

    def _cut(self, scale: float) -> None:
        if self._back_at is None:
            low, high = AWAY_S
            away = random.uniform(low, max(2 * low, high * scale))
            self._broker.end(kill=random.random() < 0.5)
            self._back_at = time.monotonic() + away
            self._say(f"the broker is away for {away:.0f} s")

    def _stored(self) -> tuple[int, int]:
        """The last number, and how many events wait."""
        if not (self._state / "pole.db").exists():
            return 0, 0
        database = Database(self._state / "pole.db", STORE_MB, str, read_only=True)
        try:
            stats = database.stats()
            return int(stats["last_sequence"]), sum(stats["waiting"].values())
        finally:
            database.close()

    def _waiting(self) -> float | None:
        try:
            return float(self._stored()[1])
        except sqlite3.Error:  # its tables are being made
            return None

    def _drained(self) -> str:
        """Has the city everything that is stored now? The clip goes on meanwhile."""
        if self._back_at is not None:
            self._broker.start()
        last, deadline = self._stored()[0], time.monotonic() + DRAIN_S
        while (missing := set(range(1, last + 1)) - self._city.numbers) and time.monotonic() < deadline:
            time.sleep(0.5)
        return f"{last} events stored, {len(missing)} missing in the city"
