"""Runs workers, one process a target, and gathers what they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fuzzing.judge import Finding
from fuzzing.kept import Kept, read_state
from fuzzing.target import ROOT, Target

POLL_S = 0.2
SAY_S = 5.0
START_S = 120.0  # for imports and the corpus, beside the time of fuzzing
LINE = re.compile(r"#(\d+)\s.*?cov: (\d+)")
DONE = re.compile(r"Done (\d+) runs")


@dataclass(slots=True)
class Share:
    """One target in this run. `left` inputs are to come, `until` the monotonic time when it ends."""

    target: Target
    left: int
    seconds: float
    inputs: int = 0  # of processes that have ended
    running: int = 0  # of the one that runs
    coverage: int = 0
    took_s: float = 0.0
    findings: dict[str, str] = field(default_factory=dict)
    trouble: str = ""

    @property
    def count(self) -> int:
        return self.inputs + self.running


class Work:
    """`jobs` targets at a time. `say` gets a line of progress now and then."""

    def __init__(self, kept: Kept, say: Callable[[str], None]) -> None:
        self._kept, self._say = kept, say
        self._running: dict[subprocess.Popen[bytes], tuple[Share, Path, float]] = {}
        self._said = time.monotonic()

    def all(self, shares: Sequence[Share], jobs: int) -> None:
        waiting = list(shares)
        try:
            while waiting or self._running:
                while waiting and len(self._running) < jobs:
                    self._begin(waiting.pop(0))
                time.sleep(POLL_S)
                for process in list(self._running):
                    again = self._look_at(process)
                    waiting = [again, *waiting] if again is not None else waiting
                if time.monotonic() - self._said > SAY_S:
                    self._tell(shares)
        finally:
            for process in self._running:
                process.terminate()
            for process in list(self._running):
                process.wait()
                self._read(process)

    def _begin(self, share: Share) -> None:
        folder = self._kept.folder / share.target.name
        folder.mkdir(parents=True, exist_ok=True)
        for old in (folder / "state.json", *folder.glob("stopped-*")):
            old.unlink(missing_ok=True)
        log = folder / "log.txt"
        command = [sys.executable, "-m", "fuzzing.worker", share.target.name, str(self._kept.folder)]
        command += [str(share.left), str(max(1, round(share.seconds)))]
        environment = os.environ | {"PYTHONPATH": f"{ROOT / 'scripts'}:{ROOT}:{ROOT / 'docs' / 'examples'}"}
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, env=environment, cwd=ROOT)
        self._running[process] = share, log, time.monotonic()

    def _look_at(self, process: subprocess.Popen[bytes]) -> Share | None:
        """Read what it says. The share, when it is to go on in another process."""
        share, log, begun = self._running[process]
        over = time.monotonic() - begun > share.seconds + START_S
        if over:
            process.kill()
        status = process.wait() if over else process.poll()
        self._read(process)
        if status is None:
            return None
        del self._running[process]
        took = time.monotonic() - begun
        share.inputs, share.running, share.took_s = share.count, 0, share.took_s + took
        share.left, share.seconds = share.left - share.inputs, share.seconds - took
        stopped = self._stopped(share, log, status)
        return share if stopped and share.left > 0 and share.seconds > 1 else None

    def _stopped(self, share: Share, log: Path, status: int) -> bool:
        """Did an input end the process? That is a finding, too, and the rest goes on."""
        found = sorted((self._kept.folder / share.target.name).glob("stopped-*"))
        for file in found:
            kind = file.name.split("-")[1]
            finding = Finding(kind="stopped", where=f"stopped by {kind}", text=f"{kind}: see {log}")
            self._kept.keep(share.target.name, finding, file.read_bytes())
            share.findings[finding.where] = finding.text
            file.unlink()
        if not found and status != 0 and not share.inputs:
            share.trouble = f"did not start, see {log}"
        return bool(found)

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        share, log, _ = self._running[process]
        state = read_state(log.with_name("state.json"))
        text = log.read_text(errors="replace")
        lines, done = LINE.findall(text), DONE.findall(text)
        counts = [int(n) for n, _ in lines] + [int(n) for n in done] + [int(state.get("inputs", 0))]
        share.running = max(counts)
        share.coverage = int(lines[-1][1]) if lines else 0
        share.findings |= state.get("findings", {})

    def _tell(self, shares: Sequence[Share]) -> None:
        now = time.monotonic()
        self._said = now
        for share, _, begun in self._running.values():
            rate = share.running / max(now - begun, 0.1)
            findings = sum(len(s.findings) for s in shares)
            self._say(
                f"  {share.target.name}: {share.count:,} inputs, {rate:,.0f} a second,"
                f" coverage {share.coverage}; in all {sum(s.count for s in shares):,} inputs,"
                f" {findings} findings"
            )
