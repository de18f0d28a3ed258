"""How soon a pole is lit and sees, and what a still street costs.

Used by bench; each is a process of its own, as on a pole.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from pole_agent.errors import PoleAgentError
from pole_agent.languages import phrase

STILL_S, SETTLE_S, WATCHED_S = 12, 6.0, 20.0
WIDTH, HEIGHT, FPS = 768, 576, 5
PATIENCE_S = 30.0
CONFIG = """
[pole]
id = "bench"
site = "bench"
latitude = 0
longitude = 0
[clock]
trust = "system"
[storage]
state_dir = "{state}"
[lamp]
backend = "mock"
[[camera]]
source = "{clip}"
fps = {fps}
loop = true
[[rule]]
name = "somebody"
kind = "presence"
lamp = {{ level = 1.0 }}
"""
DECODE = """
import sys, time, cv2
clip, fps = sys.argv[1], float(sys.argv[2])
cv2.setNumThreads(1)
capture, due = cv2.VideoCapture(clip), time.monotonic()
while True:
    if not capture.read()[0]:
        capture = cv2.VideoCapture(clip)
    due += 1 / fps
    time.sleep(max(0.0, due - time.monotonic()))
"""


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from the start of the process."""

    lit_s: float
    sees_s: float


def start(clip: Path) -> Start:
    """Start the daemon on a clip, and wait until it says that the lamp is lit, and that the detector has
    looked.
    """
    with (
        tempfile.TemporaryDirectory(prefix="pole-agent-bench-") as scratch,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd,
    ):
        systemd.bind(f"{scratch}/notify")
        systemd.settimeout(PATIENCE_S)
        config = Path(scratch) / "pole.toml"
        config.write_text(CONFIG.format(state=f"{scratch}/state", clip=clip, fps=FPS))
        begun = time.monotonic()
        process = _daemon(config, NOTIFY_SOCKET=f"{scratch}/notify")
        try:
            while not systemd.recv(4096).startswith(b"STATUS=the lamp is lit"):
                pass
            lit_s = time.monotonic() - begun
            assert process.stderr is not None
            impatience = threading.Timer(PATIENCE_S, process.kill)
            impatience.start()
            try:
                if not any(b"ran for the first time" in line for line in process.stderr):
                    raise PoleAgentError(phrase("bench-timed-out", seconds=f"{PATIENCE_S:.0f}"))
            finally:
                impatience.cancel()
            return Start(lit_s, time.monotonic() - begun)
        finally:
            process.kill()
            process.wait()


def still_street(picture: Path) -> tuple[float, float]:
    """Shares of one core that the whole agent takes, and decoding alone, on a still scene of 768 x 576 at 5
    frames a second.
    """
    with tempfile.TemporaryDirectory(prefix="pole-agent-bench-") as scratch:
        clip = Path(scratch) / "still.avi"
        _draw(picture, clip)
        config = Path(scratch) / "pole.toml"
        config.write_text(CONFIG.format(state=f"{scratch}/state", clip=clip, fps=FPS))
        decoding = subprocess.Popen(
            [sys.executable, "-c", DECODE, str(clip), str(FPS)], stderr=subprocess.DEVNULL
        )
        agent = _daemon(config)
        try:
            time.sleep(SETTLE_S)
            before = _cpu_s(agent.pid), _cpu_s(decoding.pid), time.monotonic()
            time.sleep(WATCHED_S)
            lasted = time.monotonic() - before[2]
            return (_cpu_s(agent.pid) - before[0]) / lasted, (_cpu_s(decoding.pid) - before[1]) / lasted
        finally:
            for process in (agent, decoding):
                process.kill()
                process.wait()


def _daemon(config: Path, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "pole_agent", "run", "--config", str(config)],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if environment else subprocess.DEVNULL,
    )


def _draw(picture: Path, clip: Path) -> None:
    """A street in which nothing moves but the noise of a sensor."""
    import cv2
    import numpy as np

    capture = cv2.VideoCapture(str(picture))
    ok, image = capture.read()
    still = cv2.resize(image if ok else np.full((HEIGHT, WIDTH, 3), 90, np.uint8), (WIDTH, HEIGHT)).astype(
        np.int16
    )
    random = np.random.default_rng(1)
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    for _ in range(STILL_S * FPS):
        noisy = still + np.round(random.normal(0, 1.5, still.shape)).astype(np.int16)
        writer.write(np.clip(noisy, 0, 255).astype(np.uint8))
    writer.release()


def _cpu_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
