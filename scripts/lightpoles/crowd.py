"""All blocks of poles, from outside: started, asked, measured and ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Noted:
    """What all blocks noted together since the last time."""

    tries: list[float] = field(default_factory=list)
    entries: dict[str, float] = field(default_factory=dict)
    pins: dict[str, tuple[float, float]] = field(default_factory=dict)
    away: list[str] = field(default_factory=list)  # not connected now
    stored: int = 0
    lag_p50_s: float = 0.0
    lag_p99_s: float = 0.0

    def add(self, told: dict[str, Any]) -> None:
        """Lags are those of the worst block."""
        self.away += told["away"]
        self.tries += told["tries"]
        self.entries |= told["entries"]
        self.pins |= {pole: (at, duty) for pole, (at, duty) in told["pins"].items()}
        self.stored += told["stored"]
        self.lag_p50_s = max(self.lag_p50_s, told["lag_p50_s"] or 0.0)
        self.lag_p99_s = max(self.lag_p99_s, told["lag_p99_s"] or 0.0)


class Crowd:
    """`lines`: how the poles reach their broker, by turns from block to block."""

    def __init__(
        self, names: Sequence[str], blocks: int, folder: Path, lines: Sequence[dict[str, Any]]
    ) -> None:
        self.names = names
        self._parts = [list(names[n::blocks]) for n in range(blocks)]
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "lightpoles.block"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in self._parts
        ]
        for n, (part, process) in enumerate(zip(self._parts, self._processes, strict=True)):
            assert process.stdin is not None
            told = {"names": part, "folder": str(folder), "mqtt": lines[n % len(lines)]}
            process.stdin.write(json.dumps(told) + "\n")
            process.stdin.flush()

    def on(self, line: int, of: int) -> list[str]:
        """The poles of this line of so many."""
        return [name for part in self._parts[line::of] for name in part]

    def started(self, progress: Callable[[int], None]) -> None:
        """Wait until all are built and run."""
        counts = [0] * len(self._parts)
        self._first_kb = 0
        while sum(counts) < len(self.names):
            for n, process in enumerate(self._processes):
                if counts[n] < len(self._parts[n]):
                    told = self._answer(process)
                    counts[n] = told["started"]
                    self._first_kb += told["resident_kb"] * (counts[n] == 1)
            progress(sum(counts))

    def take(self) -> Noted:
        noted = Noted()
        for told in self._ask({"do": "take"}):
            noted.add(told)
        return noted

    def record(self, count: int) -> int:
        """Each pole records so many events; returns how many that are."""
        return sum(told["recorded"] for told in self._ask({"do": "record", "n": count}))

    def kept(self, at_once: int) -> dict[str, tuple[str, int]]:
        """All that was recorded is on the disk of its pole, by so many of a process at once: its storeid, and
        the last number.
        """
        found = [told["kept"] for told in self._ask({"do": "keep", "at_once": at_once})]
        return {pole: (store, last) for part in found for pole, (store, last) in part.items()}

    def entered(
        self,
        say: Callable[[str], None],
        within_s: float,
        tries: list[float] | None = None,
        after: float = 0.0,
        of: Collection[str] | None = None,
    ) -> dict[str, float]:
        """When each pole was in, after this moment. `of`: these; all of them without."""
        wanted, entered = set(of or self.names), dict[str, float]()
        deadline, told = time.monotonic() + within_s, 0
        while len(entered) < len(wanted) and time.monotonic() < deadline:
            time.sleep(0.5)
            noted = self.take()
            entered |= {pole: at for pole, at in noted.entries.items() if at >= after and pole in wanted}
            if tries is not None:
                tries += noted.tries
            if len(entered) - told >= len(wanted) / 5:
                told = len(entered)
                say(f"{told} of {len(wanted)} poles are connected")
        return entered

    def resident_mb(self) -> tuple[float, float]:
        """Of all, and of one more pole: what a process with one pole takes is not counted for the others."""
        all_kb = sum(_resident_kb(p.pid) for p in self._processes)
        others = len(self.names) - len(self._processes)
        return all_kb / 1024, (all_kb - self._first_kb) / 1024 / others if others else float("nan")

    def processor_s(self) -> float:
        return sum(_processor_s(p.pid) for p in self._processes)

    def end(self) -> None:
        for process in self._processes:
            if process.stdin is not None and process.poll() is None:
                process.stdin.write('{"do": "stop"}\n')
                process.stdin.flush()
        deadline = time.monotonic() + 60
        for process in self._processes:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _ask(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
        return [self._answer(process) for process in self._processes]

    def _answer(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"a process of poles ended: exit {process.wait()}")
        return dict(json.loads(line))


def _resident_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def _processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
