"""What a fleet costs, and how it comes back.

  scripts/fleet --poles 100                    a few minutes
  scripts/fleet --poles 1000 --tls             as on the road: TLS on every connection
  scripts/fleet --poles 300 --outages 2,30     only these outages, in seconds
  scripts/fleet --poles 1000 --cut 60          also: the line of every second pole passes nothing for a minute
  scripts/fleet --poles 1000 --out report      where fleet.md, fleet.json and fleet.svg go

Poles without a camera run their real uplink, store, lamp and dispatch code, some hundred in a process,
against a Mosquitto on loopback that is restarted and killed. The first outage is an orderly restart, the
others are kills. The exit status is 1 when a limit is missed; its row says so. Needs Mosquitto, and for
--tls openssl.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from lightpoles.broker import Mosquitto
from lightpoles.crowd import Crowd
from lightpoles.ear import Ear
from lightpoles.figures import a_second, quantile, returned
from lightpoles.relay import Relay
from lightpoles.report import Report
from pole_agent.simulator.broker import mosquitto_program

BLOCK = 250  # poles in a process: one of a thousand has a third of a second of loop lag
RETURN_S = 90.0
BACKLOG = 20  # events of each pole
COMMAND_S, DRAIN_S = 15.0, 120.0


class Trial:
    def __init__(self, arguments: argparse.Namespace, folder: Path, program: str) -> None:
        self._arguments = arguments
        self._begun = time.monotonic()
        tls = " with TLS" if arguments.tls else ""
        self.report = Report(
            f"{arguments.poles} light poles{tls}, {os.cpu_count()} cores, {platform.machine()}"
        )
        self._broker = Mosquitto(program, folder, tls=arguments.tls)
        self._broker.start()
        self._ear = Ear(self._broker.mqtt)
        names = [f"L-{n:05d}" for n in range(arguments.poles)]
        blocks = arguments.processes or -(-arguments.poles // BLOCK)
        lines = [self._broker.mqtt | {"reconnect_spread_s": arguments.spread}]
        self._relay = Relay(self._broker.port) if arguments.cut else None
        if self._relay is not None:
            blocks, lines = max(2, blocks), [*lines, lines[0] | {"port": self._relay.port}]
        self._crowd = Crowd(names, blocks, folder / "poles", lines)

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self._begun:6.0f} s  {text}", file=sys.stderr, flush=True)

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
        entries = self._entered(RETURN_S)
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
        entered = self._entered(RETURN_S, tries, after=back - 0.05)
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
        entered = self._entered(RETURN_S, tries, after=back, of=cut_off)
        self.report.add_return(name, returned(tries, entered, back, self._arguments.poles, len(cut_off)))
        self.report.attempts[name] = a_second(tries, begun, int(seconds + RETURN_S))
        time.sleep(5)

    def drain(self) -> None:
        """What gathered while the broker was away is told afterwards, by all at once."""
        self.say(f"{BACKLOG} events of each pole wait while the broker is away")
        self._broker.end()
        waiting = self._crowd.record(BACKLOG)
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

    def _entered(
        self,
        within_s: float,
        tries: list[float] | None = None,
        after: float = 0.0,
        of: Collection[str] | None = None,
    ) -> dict[str, float]:
        """When each pole was in, after this moment. `of`: these; all of them without."""
        wanted, entered = set(of or self._crowd.names), dict[str, float]()
        deadline, told = time.monotonic() + within_s, 0
        while len(entered) < len(wanted) and time.monotonic() < deadline:
            time.sleep(0.5)
            noted = self._crowd.take()
            entered |= {pole: at for pole, at in noted.entries.items() if at >= after and pole in wanted}
            if tries is not None:
                tries += noted.tries
            if len(entered) - told >= len(wanted) / 5:
                told = len(entered)
                self.say(f"{told} of {len(wanted)} poles are connected")
        return entered


def main() -> int:
    arguments = _arguments()
    program = mosquitto_program()
    if program is None:
        print("needs Mosquitto: sudo apt install mosquitto", file=sys.stderr)
        return 2
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(
        prefix="pole-agent-fleet-", dir=os.environ.get("TMPDIR", "/var/tmp")
    ) as scratch:
        trial = Trial(arguments, Path(scratch), program)
        try:
            trial.run()
        finally:
            trial.close()
    facts: dict[str, Any] = vars(arguments) | {"out": str(arguments.out), "python": platform.python_version()}
    trial.report.write(arguments.out, facts)
    print(trial.report.markdown())
    print(f"{arguments.out}/fleet.md, fleet.json, fleet.svg", file=sys.stderr)
    return 1 if trial.report.missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "scripts/fleet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--poles", type=int, default=100, metavar="N", help="how many (100)")
    parser.add_argument(
        "--processes", type=int, default=0, metavar="N", help=f"how many share them (one for {BLOCK} poles)"
    )
    parser.add_argument("--tls", action="store_true", help="TLS on every connection")
    parser.add_argument(
        "--outages",
        type=_seconds,
        default=[2.0, 5.0, 30.0, 120.0],
        metavar="S,S,…",
        help="how long the broker is away (2,5,30,120)",
    )
    parser.add_argument(
        "--cut",
        type=float,
        default=0.0,
        metavar="S",
        help="for how long half the fleet is cut off (not at all); its poles then have a relay on their line",
    )
    parser.add_argument(
        "--idle", type=float, default=60.0, metavar="S", help="how long the idle cost is measured (60)"
    )
    parser.add_argument(
        "--spread",
        type=float,
        default=9.0,
        metavar="S",
        help="reconnect_spread_s of the poles (9, as for a broker that is not on the pole)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(".cache/fleet"),
        metavar="FOLDER",
        help="where the report goes (.cache/fleet)",
    )
    return parser.parse_args()


def _seconds(text: str) -> list[float]:
    return [float(part) for part in text.split(",") if part]


if __name__ == "__main__":
    sys.exit(main())
