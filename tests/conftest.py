"""Fixtures: real parts. A Mosquitto on loopback, and clips made on the spot."""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import numpy as np
import pytest

from pole_agent.frame import Image
from pole_agent.uplink.quiet import QUIET
from tests.traced import Traced

if TYPE_CHECKING:
    from tests.world import World, Worlds

hypothesis.settings.register_profile("steady", deadline=None)  # speed is measured in benchmarks, not in tests
hypothesis.settings.load_profile("steady")

os.environ["LC_ALL"] = "C.UTF-8"  # what the tests expect is English, whoever runs them

ROOT = Path(__file__).resolve().parents[1]
CLIP = ROOT / "pole_agent" / "demo" / "street.mp4"
START_S = 10.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Mosquitto:
    """A broker that can be stopped and started, with persistence in `folder`."""

    def __init__(self, program: str, folder: Path, extra: str = "") -> None:
        self.port = free_port()
        self._program, self._folder = program, folder
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nuser"
            f" root\npersistence true\npersistence_location {folder}/\nautosave_interval"
            f" 1\nmax_queued_messages 100000\n{extra}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self._folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen([self._program, "-c", str(self._config)], stdout=log, stderr=log)
        deadline = time.monotonic() + START_S
        closed = re.findall(r"^listener (\d+)", self._config.read_text(), re.MULTILINE)
        while closed:  # it opens one after the other
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self._folder / "mosquitto.log").read_text())
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(closed[0])), 0.2):
                closed.pop(0)
                continue
            time.sleep(0.02)

    def kill(self) -> None:
        """As a power cut does it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def reload(self) -> None:
        """As `systemctl reload mosquitto` does it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


def mosquitto_program() -> str | None:
    return shutil.which("mosquitto") or next(
        (p for p in ("/usr/sbin/mosquitto",) if os.access(p, os.X_OK)), None
    )


@pytest.fixture(autouse=True)
def _unbounded_log() -> None:
    """The uplink says only so much a minute: what other tests let it say is forgotten."""
    QUIET.__init__()  # type: ignore[misc]


@pytest.fixture
def mosquitto_with(tmp_path: Path) -> Iterator[Callable[[str], Mosquitto]]:
    """Start a Mosquitto with extra lines of configuration."""
    program = mosquitto_program()
    if program is None:
        pytest.skip("needs Mosquitto: sudo apt install mosquitto")
    started: list[Mosquitto] = []
    numbers = itertools.count()

    def start(extra: str = "") -> Mosquitto:
        folder = tmp_path / f"mosquitto-{next(numbers)}"
        folder.mkdir()
        broker = Mosquitto(program, folder, extra)
        broker.start()
        started.append(broker)
        return broker

    yield start
    for broker in started:
        broker.stop()


@pytest.fixture
def mosquitto(mosquitto_with: Callable[[str], Mosquitto]) -> Mosquitto:
    return mosquitto_with("")


@pytest.fixture
def data() -> Path:
    """Labelled clips and a second model, for measuring; they are not part of the project.

    POLE_AGENT_DATA says where they are.
    """
    folder = Path(os.environ.get("POLE_AGENT_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("needs the labelled clips: set POLE_AGENT_DATA to their folder")
    return folder


@pytest.fixture
def street_clip() -> Path:
    return CLIP


def first_picture(clip: Path) -> Image:
    import cv2

    ok, image = cv2.VideoCapture(str(clip)).read()
    assert ok
    return np.asarray(image, np.uint8)


@pytest.fixture
def square_clip(tmp_path: Path) -> Path:
    """40 frames at 10 a second, 320 x 240: grey, and from frame 10 on a white square that walks
    to the right.
    """
    import cv2

    path = tmp_path / "square.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (320, 240))
    for index in range(40):
        image = np.full((240, 320, 3), 90, np.uint8)
        if index >= 10:
            left = (index - 10) * 8
            image[100:160, left : left + 40] = 255
        writer.write(image)
    writer.release()
    return path


def run_agent(*arguments: str, **kwargs: object) -> subprocess.Popen[str]:
    """Start pole-agent as a process of its own."""
    environment = {
        k: v
        for k, v in os.environ.items()
        if k not in ("RUNTIME_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_USEC")
    }
    process: subprocess.Popen[str] = subprocess.Popen(
        [sys.executable, "-m", "pole_agent", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
        **kwargs,  # type: ignore[call-overload]
    )
    return process


@pytest.fixture
def traced(tmp_path: Path) -> Traced:
    """pole-agent under strace, in a folder of its own."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace: sudo apt install strace")
    probe = subprocess.run(
        ["strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    if probe.returncode:
        pytest.skip(f"this machine does not let strace work: {probe.stderr.strip()[-200:]}")
    folder = tmp_path / "traced"
    folder.mkdir()
    return Traced(folder)


@pytest.fixture
def agent() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`run_agent`, with everything killed at the end of the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **kwargs: object) -> subprocess.Popen[str]:
        process = run_agent(*arguments, **kwargs)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=10)


def eventually(condition: Callable[[], object], within_s: float = 10.0, every_s: float = 0.02) -> None:
    """Wait for something of another process; fails when it does not come."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"did not come within {within_s} s: {condition}")
        time.sleep(every_s)


@contextlib.contextmanager
def settled() -> Iterator[None]:
    """As in the daemon: the garbage collector leaves alone what was there before.

    Here, that is all of pytest too.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextlib.contextmanager
def no_file_left() -> Iterator[None]:
    """Inside, this process can open nothing more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 1, hard))
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open("/dev/null", os.O_RDONLY))
        yield
    finally:
        for number in taken:
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def notified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """What this process and its children have told systemd so far."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        heard: list[str] = []

        def hear() -> list[str]:
            with contextlib.suppress(BlockingIOError):
                while True:
                    heard.append(systemd.recv(4096).decode())
            return heard

        yield hear


BENCH = """
[pole]
id = "T-1"
site = "test"
latitude = -6.8586
longitude = 107.9164
timezone = "Asia/Jakarta"
[clock]
trust = "system"
[storage]
state_dir = "{state}"
[lamp]
backend = "mock"
"""


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., Path]:
    """Write a pole.toml for a bench with `more` sections; returns its path.

    The state is in `tmp_path`/state.
    """

    def write(more: str = "", name: str = "pole.toml") -> Path:
        path = tmp_path / name
        path.write_text(BENCH.format(state=tmp_path / "state") + more)
        return path

    return write


@pytest.fixture
def world(bench: Callable[..., Path]) -> Worlds:
    """A whole agent, `async with world(settings of the lamp and more sections, wall time) as w`;
    tests/world.py has what else can be said.

    A file that is written already comes as its path. `trust`: of its clock.
    """

    from tests.world import EVENING, MQTT, World  # an agent takes long to import: only where it is needed

    def make(config: str | Path = "", wall: float = EVENING, *, trust: str = "system", **more: Any) -> World:
        path = config if isinstance(config, Path) else bench(config if "[mqtt]" in config else config + MQTT)
        path.write_text(path.read_text().replace('trust = "system"', f'trust = "{trust}"'))
        return World(path, wall, **more)

    return make


@pytest.fixture
def town(world: Worlds, square_clip: Path) -> Worlds:
    """A whole agent with a camera, before which somebody walks by, and with drones."""

    from tests.world import NIGHT, STREET, WALKER

    def make(wall: float = NIGHT, **more: Any) -> World:
        # The clip does not wait
        return world(STREET.format(clip=square_clip), wall, **({"sees": WALKER, "waits": False} | more))

    return make
