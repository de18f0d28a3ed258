"""A pole as `pole-agent apply` meets it: a real daemon, started again when it ends, and asked by its
socket.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pole_agent.remote.applying import Standing
from tests.conftest import ROOT, eventually

PAUSE_S = 0.3


class ServedPole:
    """systemd's part: the daemon is started again whenever it ends."""

    def __init__(self, config: Path, control: Path) -> None:
        self._config, self._control = config, control
        self._ended, self._count = threading.Event(), 0
        self.log = config.with_suffix(".log").open("ab")
        self.process = self._start()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "pole_agent", "run", "--config", str(self._config)]
        return subprocess.Popen(command, cwd=ROOT, stdout=self.log, stderr=self.log)

    def _keep(self) -> None:
        while not self._ended.is_set():
            try:
                self.process.wait(PAUSE_S)
            except subprocess.TimeoutExpired:
                continue
            if not self._ended.wait(PAUSE_S):
                self._count += 1
                self.process = self._start()

    def end(self) -> None:
        self._ended.set()
        self._keeper.join()
        self.process.kill()
        self.process.wait()
        self.log.close()

    # --- as apply sees it

    def standing(self) -> Standing | None:
        try:
            found = self.ask("standing")
        except (OSError, ValueError):
            return None
        return Standing(found["config_sha256"], found["acknowledged"], found["degraded"], found["clock"])

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def restarts(self) -> int:
        return self._count

    def ask(self, question: str) -> Any:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(self._control))
            connection.sendall(json.dumps({"question": question}).encode() + b"\n")
            return json.loads(connection.makefile("rb").readline())["answer"]


@contextmanager
def served(config: Path) -> Iterator[ServedPole]:
    pole = ServedPole(config, config.parent / "state" / "control.sock")
    try:
        eventually(lambda: (found := pole.standing()) is not None and found.acknowledged, within_s=30)
        yield pole
    finally:
        pole.end()
