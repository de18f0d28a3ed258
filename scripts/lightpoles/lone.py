"""What is done to a fleet and its lone Mosquitto, in order."""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

from lightpoles.broker import Mosquitto
from lightpoles.crowd import Crowd
from lightpoles.ear import Ear
from lightpoles.figures import a_second, quantile, returned
from lightpoles.relay import Relay
from lightpoles.report import Report

RETURN_S = 90.0
COMMAND_S, DRAIN_S = 15.0, 120.0


class Trial:
    def __init__(
        self, arguments: argparse.Namespace, folder: Path, program: str, say: Callable[[str], None]
    ) -> None:
        self._arguments, self.say = arguments, say
        tls = " with TLS" if arguments.tls else ""
        self.report = Report(
            f"{arguments.poles} light poles{tls}, {os.cpu_count()} cores, {platform.machine()}"
        )
        self._broker = Mosquitto(program, folder, tls=arguments.tls)
        self._broker.start()
        self._ear = Ear(self._broker.mqtt)
        names = [f"L-{n:05d}" for n in range(arguments.poles)]
        blocks = arguments.processes or arguments.blocks
        lines = [self._broker.mqtt | {"reconnect_spread_s": arguments.spread}]
        self._relay = Relay(self._broker.port) if arguments.cut else None
        if self._relay is not None:
            blocks, lines = max(2, blocks), [*lines, lines[0] | {"port": self._relay.port}]
        self._crowd = Crowd(names, blocks, folder / "poles", lines)

    def run(self) -> None:
        self.start()
        self.idle()
        self.command()
        for number, outage_s in enumerate(self._arguments.outages):
            self.outage(outage_s, kill=number > 0)
        if self._relay is not None:
            self.cut(self._relay, self._arguments.cut)
        self.drain()
        self.account()

    def close(self) -> None:
        self._crowd.end()
        if self._relay is not None:
            self._relay.end()
        self._ear.close()
        self._broker.end()

    def start(self) -> None:
        poles, begun = self._arguments.poles, time.monotonic()
        self._crowd.started(
            lambda n: self.say(f"{n} of {poles} poles started") if n % 100 == 0 or n == poles else None
        )
        entries = self._crowd.entered(self.say, RETURN_S)
        self.report.add(
            "start: all poles connected after",
            max(entries.values()) - begun if len(entries) == poles else None,
            "s",
        )

    def idle(self) -> None:
        poles, seconds = self._arguments.poles, self._arguments.idle
        self.say(f"idle for {seconds:.0f} s")
        self._crowd.take()
        time.sleep(5)  # the start is over
        self._crowd.take()
        before, heard = self._crowd.processor_s(), self._ear.bytes
        time.sleep(seconds)
        used, noted = self._crowd.processor_s() - before, self._crowd.take()
        in_all, one = self._crowd.resident_mb()
        self.report.add("memory of one more pole", one, "MB", most=1.0)
        self.report.add("memory of all, interpreters too", in_all, "MB")
        self.report.add("idle: of a core for each pole", 100 * used / seconds / poles, "%", most=0.06)
        self.report.add("idle: loop lag p99 of the worst process", 1000 * noted.lag_p99_s, "ms", most=50)
        self.report.add(
            "idle: bytes of events of a pole in an hour",
            (self._ear.bytes - heard) / poles / seconds * 3600,
            "B",
        )

    def command(self) -> None:
        """A lamp command to each pole by its own topic: when is it at the pins?"""
        self.say("a lamp command to all")
        self._crowd.take()
        sent = {
            pole: self._ear.send(
                pole, "lamp/set", {"level": 0.77, "duration_s": 600, "mode": "fixed", "by": "fleet"}
            )
            for pole in self._crowd.names
        }
        deadline, pins = time.monotonic() + COMMAND_S, dict[str, tuple[float, float]]()
        while len(pins) < len(sent) and time.monotonic() < deadline:
            time.sleep(0.5)
            pins = self._crowd.take().pins | pins
        begun = min(sent.values())
        late = [at - begun for at, _ in pins.values()]
        self.report.add("command to all: pins that moved", 100 * len(pins) / len(sent), "%", least=100)
        self.report.add(
            "command to all: at the pins p50, from the first one sent", quantile(late, 0.5), "s", most=0.5
        )
        self.report.add("command to all: at the pins p99", quantile(late, 0.99), "s", most=1.5)

    def outage(self, seconds: float, *, kill: bool) -> None:
        poles = self._arguments.poles
        name = f"broker {'killed' if kill else 'restarted'}, away for {seconds:g} s"
        self.say(name)
        self._crowd.take()
        gone = self._broker.end(kill=kill)
        time.sleep(max(0.0, gone + seconds - time.monotonic()))
        back = self._broker.start()
        tries: list[float] = []
        entered = self._crowd.entered(self.say, RETURN_S, tries, after=back - 0.05)
        found = returned(tries, entered, back, poles)
        self.report.add_return(name, found)
        if seconds <= 2:
            self.report.add(f"{name}: back within 5 s", 100 * found.soon_share, "%", least=50)
        self.report.attempts[name] = a_second(tries, gone, int(seconds + RETURN_S))
        time.sleep(5)

    def cut(self, relay: Relay, seconds: float) -> None:
        """Half the fleet is cut off, and hears nothing of it. Each records events meanwhile."""
        name = f"half the fleet cut off for {seconds:g} s"
        self.say(name)
        self._crowd.take()
        begun, cut_off = time.monotonic(), self._crowd.on(1, 2)
        relay.cut()
        time.sleep(seconds / 2)
        self._crowd.record(1)
        time.sleep(seconds / 2)
        tries = self._crowd.take().tries
        relay.mend()
        back = time.monotonic()
        entered = self._crowd.entered(self.say, RETURN_S, tries, after=back, of=cut_off)
        self.report.add_return(name, returned(tries, entered, back, self._arguments.poles, len(cut_off)))
        self.report.attempts[name] = a_second(tries, begun, int(seconds + RETURN_S))
        time.sleep(5)

    def drain(self) -> None:
        """What gathered while the broker was away is told afterwards, by all at once."""
        self.say(f"{self._arguments.backlog} events of each pole wait while the broker is away")
        self._broker.end()
        waiting = self._crowd.record(self._arguments.backlog)
        time.sleep(12)  # for the batches to be stored
        before = self._ear.events
        self._broker.start()
        back, deadline = time.monotonic(), time.monotonic() + DRAIN_S
        while self._ear.events - before < waiting and time.monotonic() < deadline:
            time.sleep(0.2)
        times = [at for at in self._ear.times if at >= back]
        took = times[-1] - times[0] if len(times) > 1 else float("nan")
        busiest = max(a_second(times, times[0], int(took) + 1)) if times else 0
        self.report.add("backlog: waiting events that came", 100 * (self._ear.events - before) / waiting, "%")
        self.report.add("backlog: from the first to the last", took, "s")
        self.report.add("backlog: events in the best second", busiest, "1/s")

    def account(self) -> None:
        time.sleep(3)
        self.report.add("events heard in all", self._ear.events)
        self.report.add("events that never came", self._ear.missing, most=0)
        self.report.add("events that came more than once", self._ear.repeated)
