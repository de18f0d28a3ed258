"""Does the agent grow? It runs for hours, is watched from outside, and growth fails it.

  scripts/longrun --hours 2                    the whole agent: camera, page, broker, commands, reloads
  scripts/longrun --hours 0.05                 three minutes of it
  scripts/longrun --hours 2 --out report       where longrun.md, longrun.svg and samples.csv go
  scripts/longrun --judge report               of a run that was cut short, too

Memory, handles, threads, disk, the time from a command to the pin and how late the event loop is are sampled
every ten seconds. The rule: the first quarter of the time is left out; the rest is cut into sixteen blocks,
each block stands for its median, and a line through them may not rise by more than a small floor and the
noise (scripts/endurance/growth.py). The exit status is 1 when something grows. Needs Mosquitto.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from endurance import hours
from endurance.growth import Verdict
from endurance.hours import Hours
from endurance.report import Report, markdown, read, verdicts
from pole_agent.simulator.broker import mosquitto_program


def main() -> int:
    chosen = arguments()
    program = mosquitto_program()
    if program is None:
        print("scripts/longrun needs Mosquitto: sudo apt install mosquitto", file=sys.stderr)
        return 2
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {text}", file=sys.stderr, flush=True)

    if chosen.judge:
        found = verdicts(read(chosen.judge), hours.MEASURES)
        return told(f"{chosen.judge}, judged once more", found, [])
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    title = f"{chosen.hours:g} hours of the whole agent, {machine}"
    report = Report(chosen.out, title, hours.MEASURES)
    say(f"{chosen.hours:g} hours begin; the samples are in {chosen.out}/samples.csv")
    with tempfile.TemporaryDirectory(prefix="pole-agent-longrun-", dir="/var/tmp") as scratch:
        facts = Hours(Path(scratch), program, chosen.fps, say).run(chosen.hours * 3600, report)
    return told(title, report.finish(facts), facts)


def told(title: str, found: Sequence[Verdict], facts: Sequence[str]) -> int:
    print(markdown(title, found, facts))
    return 0 if all(one.ok for one in found) else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/longrun", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=2.0, metavar="H", help="real hours; default 2")
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
