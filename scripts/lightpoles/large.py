"""The large city as scripts/city --large starts it, in a folder of its own and on free ports. Its processes
may be killed, frozen and kept away. The tests of the city and scripts/flood.py use it too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from city import large
from city.cluster import dies_with_us, usable
from city.services import is_free

from pole_agent.simulator.broker import mosquitto_program

ROOT = Path(__file__).resolve().parents[2]
START_S, END_S, NATS_S = 120.0, 60.0, 120.0
ENDED = r"(\d+) events of (\d+) stores; (\d+) missing"
ASKED = r"asking for (\d+) to (\d+) again"


def lacking() -> str:
    """What is not installed here, and how to get it; empty where nothing is."""
    if mosquitto_program() is None:
        return "needs Mosquitto: sudo apt install mosquitto"
    if usable() is None:
        return "needs PostgreSQL: sudo apt install postgresql"
    try:
        large.program()
    except OSError as error:
        return f"needs NATS. {error}"
    return ""


T = TypeVar("T")


class City:
    """`ports`: of its shards. Raises OSError with its last words where it does not start."""

    def __init__(self, folder: Path, port: int, board: int, writers: int = 2) -> None:
        self.folder, self.ports = folder, (port, port + 1)
        (folder / "city.toml").write_text(
            f"[mqtt]\nport = {port}\n[board]\nport = {board}\n[large]\nwriters = {writers}\n"
        )
        self._process = self._run("run", "--large")
        deadline = time.monotonic() + START_S
        while "Ctrl-C ends it" not in self.words:
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.end()
                raise OSError(f"the city does not start: {self.words[-600:].strip()}")
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def words(self) -> str:
        return (self.folder / "out").read_text()

    def _run(self, *arguments: str, name: str = "out") -> subprocess.Popen[bytes]:
        with (self.folder / name).open("ab") as out:
            return subprocess.Popen(
                [
                    *dies_with_us(signal.SIGTERM),
                    *(sys.executable, "-m", "city", *arguments, "--folder", str(self.folder)),
                ],
                env=os.environ | {"PYTHONPATH": str(ROOT / "docs" / "examples")},
                stdout=out,
                stderr=out,
            )

    def ask(self, question: str) -> list[dict[str, Any]]:
        """The rows; none while the database is away."""
        found = subprocess.run(
            [sys.executable, "-m", "city", "sql", question, "--folder", str(self.folder)],
            env=os.environ | {"PYTHONPATH": str(ROOT / "docs" / "examples")},
            capture_output=True,
            text=True,
            check=False,
        )
        return [json.loads(line) for line in found.stdout.splitlines()]

    def is_proven(self) -> bool:
        return self._run("verify").wait(30) == 0

    def proof(self) -> int | None:
        """How many events are missing by the city's own books; None where it does not say."""
        file = self.folder / "proof"
        file.unlink(missing_ok=True)
        self._run("verify", name=file.name).wait(60)
        return missing_by(file.read_text())

    def asked(self) -> int:
        """How many events the city has asked poles for again."""
        return sum(asked_by(log.read_text()) for log in self.folder.glob("writer*.log"))

    def database(self) -> tuple[str, str]:
        """Its address and password."""
        own = self.folder / "postgresql"
        return f"postgresql://city@/city?host={own / 'socket'}", (own / "password").read_text().strip()

    def leader(self) -> str:
        """The name of the server that leads the stream. They may have to elect one first. Raises OSError."""
        return self._nats(leader, bool)

    def wait_for_pending(self, count: int) -> None:
        """Until so many events wait in NATS for writers. Raises OSError."""
        self._nats(pending, lambda found: found >= count)

    def _nats(self, question: Callable[[Any], Awaitable[T]], enough: Callable[[T], bool]) -> T:
        """What NATS answers, as soon as it is enough."""
        deadline = time.monotonic() + NATS_S
        while time.monotonic() < deadline:
            found = asyncio.run(_answer((self.folder / "nats.txt").read_text().split(), question))
            if found is not None and enough(found):
                return found
            time.sleep(0.2)
        raise OSError(f"NATS does not answer, or has not taken what it should, for {NATS_S:g} s")

    def pids(self, name: str) -> list[int]:
        """Of processes with this word, or folder, in their command."""
        return sorted(
            int(process.name)
            for process in Path("/proc").iterdir()
            if str(self.folder) in (told := _command(process)) and name in told.replace("/", "\0").split("\0")
        )

    def signal(self, number: signal.Signals, name: str, which: int = 0) -> float:
        """Returns when."""
        at = time.monotonic()
        os.kill(self.pids(name)[which], number)
        return at

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """What ends meanwhile is started again only afterwards."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def answered(self, shard: int, within_s: float = 30.0) -> float:
        """When this shard is there. Raises OSError."""
        deadline = time.monotonic() + within_s
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.ports[shard]), timeout=0.2):
                    return time.monotonic()
            except OSError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.02)

    def kill_database(self) -> None:
        file = self.folder / "postgresql" / "data" / "postmaster.pid"
        os.kill(int(file.read_text().split()[0]), signal.SIGKILL)

    def end(self) -> int | None:
        """All of it. Returns the exit status; None where it had to be killed."""
        self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            return None
        finally:
            self._process.kill()
            self._process.wait()


C = TypeVar("C", bound=City)


@contextlib.contextmanager
def own_city(kind: type[C], writers: int = 2) -> Iterator[C]:
    """In a folder that PostgreSQL's user can reach. Raises OSError."""
    folder = Path(tempfile.mkdtemp(prefix="city-", dir="/tmp"))
    try:
        city = kind(folder, *free_together(), writers=writers)
        try:
            yield city
        finally:
            city.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_together() -> tuple[int, int]:
    """A port whose follower is free too, and another one."""
    while True:
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            other.bind(("127.0.0.1", 0))
            port, board = int(one.getsockname()[1]), int(other.getsockname()[1])
        if port < 65535 and board != port + 1 and is_free(port + 1):
            return port, board


def missing_by(words: str) -> int | None:
    """What `scripts/city verify` says at its end. Pure."""
    found = re.search(ENDED, words)
    return None if found is None else int(found[3])


def asked_by(log: str) -> int:
    """How many events this log of a writer says that it asked for. Pure."""
    return sum(int(last) - int(first) + 1 for first, last in re.findall(ASKED, log))


async def _answer(servers: list[str], question: Callable[[Any], Awaitable[T]]) -> T | None:
    from city.stream import FAILED, connected

    with contextlib.suppress(*FAILED):
        async with connected(servers) as client:
            return await question(client)
    return None


async def pending(client: Any) -> int:
    """Events that wait in NATS for a writer, or for its word that they are stored. `client`: of NATS."""
    from city.stream import CONSUMER, STREAM

    info = await client.jetstream().consumer_info(STREAM, CONSUMER)
    return (info.num_pending or 0) + (info.num_ack_pending or 0)


async def leader(client: Any) -> str:
    """The name of the server that leads the stream; empty while they elect one."""
    from city.stream import STREAM

    info = await client.jetstream().stream_info(STREAM)
    return (info.cluster.leader if info.cluster else None) or ""


def _command(process: Path) -> str:
    with contextlib.suppress(OSError):
        return (process / "cmdline").read_bytes().decode() if process.name.isdigit() else ""
    return ""
