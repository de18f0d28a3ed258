"""Does the agent grow? It runs for long, is watched, and growth fails it.

  scripts/longrun --hours 2                    real hours of the whole agent, as a process of its own: camera,
                                               page, Mosquitto with outages, commands, reloads
  scripts/longrun --days 60                    two months on the manual clock, some ten minutes
  scripts/longrun --hours 2 --out report       where longrun.md, longrun.svg and samples.csv go
  scripts/longrun --judge report               of a run that was cut short, too

Sampled are memory, handles, threads, disk, the time from a command to the pin and how late the event loop is
(in simulated time: what a simulated hour costs). The rule: the first quarter of the time is left out; the
rest is cut into sixteen blocks, each block stands for its median, and a line through them may not rise by
more than a small floor and the noise (scripts/endurance/growth.py). Of less than half an hour, or of
forty days, the floors are larger: much fills at the begin. The exit status is 1 when something grows.
--hours needs Mosquitto.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from endurance import hours, months
from endurance.growth import Verdict
from endurance.hours import Hours
from endurance.months import Months
from endurance.report import Report, markdown, read, verdicts
from pole_agent.simulator.broker import mosquitto_program

MACHINE = f"{os.cpu_count()} cores, {platform.machine()}"


def main() -> int:
    chosen = arguments()
    if chosen.judge:
        samples = read(chosen.judge)
        lasted_h = (samples[-1]["t"] or 0.0) / 3600
        known = months.measures(lasted_h / 24) if "step_ms" in samples[0] else hours.measures(lasted_h)
        found = verdicts(samples, [measure for measure in known if measure.name in samples[0]])
        return told(f"{chosen.judge}, judged once more", found, [])
    logging.basicConfig(level=logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="pole-agent-longrun-", dir="/var/tmp") as scratch:
        if chosen.days:
            return live_days(chosen, Path(scratch))
        return live_hours(chosen, Path(scratch))


def teller() -> Callable[[str], None]:
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {text}", file=sys.stderr, flush=True)

    return say


def live_hours(chosen: argparse.Namespace, scratch: Path) -> int:
    program = mosquitto_program()
    if program is None:
        print("scripts/longrun --hours needs Mosquitto: sudo apt install mosquitto", file=sys.stderr)
        return 2
    say, title = teller(), f"{chosen.hours:g} hours of the whole agent, {MACHINE}"
    report = Report(chosen.out, title, hours.measures(chosen.hours))
    say(f"{chosen.hours:g} hours begin; the samples are in {chosen.out}/samples.csv")
    facts = Hours(scratch, program, chosen.fps, say).run(chosen.hours * 3600, report)
    return told(title, report.finish(facts), facts)


def live_days(chosen: argparse.Namespace, scratch: Path) -> int:
    say, title = teller(), f"{chosen.days} days on the manual clock, {MACHINE}"
    report = Report(chosen.out, title, months.measures(chosen.days))
    say(f"{chosen.days} days begin; the samples are in {chosen.out}/samples.csv")
    facts = asyncio.run(Months(scratch, chosen.days, chosen.seed, say).run(report))
    return told(title, report.finish(facts), facts)


def told(title: str, found: Sequence[Verdict], facts: Sequence[str]) -> int:
    print(markdown(title, found, facts))
    return 0 if all(one.ok for one in found) else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/longrun", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=2.0, metavar="H", help="real hours; default 2")
    parser.add_argument("--days", type=int, metavar="D", help="simulated days, in place of hours")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of what happens in the days")
    parser.add_argument("--fps", type=float, default=5.0, metavar="F", help="of the camera; default 5")
    parser.add_argument(
        "--out", type=Path, default=Path("longrun-report"), metavar="D", help="default: longrun-report"
    )
    parser.add_argument(
        "--judge", type=Path, metavar="D", help="measure nothing: judge the samples of a run before"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
