"""What a city starts: a Mosquitto, a PostgreSQL, the writer, the board. Ctrl-C ends all of them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from city import cluster
from city.cluster import dies_with_us
from city.settings import BOARD_PORT, BROKER_PORT, FILE, FIRST, NATS_FILE, Settings

START_S = 10.0
AGAIN_S = 2.0  # before what ended is started again
END_S = 10.0
# On loopback without passwords: to try it. For poles on a network see docs/examples/mosquitto
MOSQUITTO = """\
listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
persistence true
persistence_location {folder}/
# What waits for a client that is away is on the disk after five seconds; the default is half an hour
autosave_interval 5
max_queued_messages 1000000
max_inflight_messages 1000
"""


class Child:
    """A process of ours. `lasting`: it is started again when it ends."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, *, lasting: bool = True) -> None:
        self.name, self.lasting, self.started = name, lasting, time.monotonic()
        self._command, self._folder = list(command), folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = (self._folder / f"{self.name}.log").open("ab")
        with log:
            # In a session of its own: Ctrl-C is for us, who end all in order
            self._process = subprocess.Popen(
                [*dies_with_us(signal.SIGTERM), *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started = time.monotonic()

    @property
    def ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def end(self) -> None:
        if self._process is None or self.ended:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        if not self.ended:
            self._process.kill()
            self._process.wait()


class Services:
    """`start` all, `watch` until it is told to stop, `stop` all, the last one first."""

    def __init__(self, settings: Settings, extra: Sequence[Child] = ()) -> None:
        self._settings, self._extra = settings, extra
        self._children: list[Child] = []
        self._cluster: cluster.Cluster | None = None
        self._over = threading.Event()

    def start(self) -> None:
        """Raises OSError with what is missing, and what to do."""
        settings, folder = self._settings, self._settings.folder
        for port in [*(b.port for b in settings.shards if settings.own_broker), settings.port]:
            if not is_free(port):
                raise OSError(
                    f"port {port} is in use, by another city or broker; choose another in {folder / FILE}"
                )
        if settings.own_broker and settings.large:
            self._start_large()
        else:
            self._start_database()
        if settings.own_broker and not settings.large:
            self._start_mosquitto("mosquitto", settings.broker.port, "")
        writers = ["writer", *(f"writer-{number}" for number in range(2, settings.writers + 1))]
        for name in (*writers, "board"):
            words = name.partition("-")[0], "--folder", str(folder), *(["--large"] if settings.large else [])
            self._start(Child(name, [sys.executable, "-m", "city", *words], folder))
        self._wait_for_port(settings.port)
        for child in self._extra:
            self._start(child)

    def _start(self, child: Child) -> None:
        self._children.append(child)
        child.start()

    def _start_database(self) -> None:
        if self._settings.database is not None:
            return
        found = cluster.usable()
        if found is not None:
            self._cluster = cluster.Cluster(found, self._settings.folder / "postgresql")
            self._cluster.start()
        elif self._settings.large:
            raise OSError("the large form needs PostgreSQL: sudo apt install postgresql")

    def _start_large(self) -> None:
        """In this order: NATS throws away what comes before its consumer is there."""
        from city import large

        folder, brokers = self._settings.folder, self._settings.shards
        print("starting three NATS servers, some ten seconds", flush=True)
        ports = large.free_ports()
        for number in range(len(ports)):
            name = f"nats-{number + 1}"
            file = _file(folder / name, "nats.conf", large.server(number, folder / name, ports))
            self._start(Child(name, [large.program(), "-c", str(file)], folder))
        self._start_database()  # while they elect their leaders
        servers = [f"nats://127.0.0.1:{client}" for client, _, _ in ports]
        bridges = [mqtt for _, _, mqtt in ports]
        large.wait(servers, bridges[0], brokers[0].prefix)
        (folder / NATS_FILE).write_text("\n".join(servers) + "\n")
        print(f"starting {len(brokers)} shards", flush=True)
        for number, broker in enumerate(brokers):
            text = large.shard(broker, number, bridges)
            self._start_mosquitto(f"shard-{number + 1}", broker.port, text)

    def _start_mosquitto(self, name: str, port: int, text: str) -> None:
        folder = self._settings.folder / name
        user = "user root\n" if os.geteuid() == 0 else ""  # else it could not write its own folder
        file = _file(folder, "mosquitto.conf", MOSQUITTO.format(port=port, folder=folder) + user + text)
        self._start(Child(name, [_mosquitto(), "-c", str(file)], self._settings.folder))
        self._wait_for_port(port)

    def _wait_for_port(self, port: int) -> None:
        deadline, child = time.monotonic() + START_S, self._children[-1]
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                return
            if child.ended or time.monotonic() > deadline:
                log = self._settings.folder / f"{child.name}.log"
                raise OSError(f"{child.name} does not start; it says: {log.read_text()[-400:].strip()}")
            time.sleep(0.05)

    def watch(self) -> None:
        """Until SIGINT, SIGTERM or the end of the terminal: what ends is started again."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._over.set())
        while not self._over.wait(0.5):
            for child in self._children:
                if child.ended and child.lasting and time.monotonic() - child.started > AGAIN_S:
                    print(f"{child.name} has ended; starting it again ({child.name}.log)", flush=True)
                    child.start()
            if self._cluster is not None and self._cluster.ended:
                print("PostgreSQL has ended; starting it again (postgresql/log)", flush=True)
                with contextlib.suppress(OSError):  # the next turn tries again
                    self._cluster.start()

    def stop(self) -> None:
        for child in reversed(self._children):
            child.end()
        if self._cluster is not None:
            self._cluster.stop()


def _file(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True, mode=0o700)
    file = folder / name
    file.write_text(text)
    return file


def prepare(folder: Path) -> None:
    """The folder, for its owner. That of root lets others pass: PostgreSQL runs as `postgres`."""
    os.umask(0o077)  # events are personal data: what we write is ours
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    file = folder / FILE
    if not file.exists():
        text = FIRST.read_text()
        for port in (BROKER_PORT, BOARD_PORT):  # Debian's Mosquitto runs once it is installed
            free = next((p for p in range(port, port + 100) if is_free(p)), port)
            text = text.replace(f"port = {port}\n", f"port = {free}\n")
        file.write_text(text)


def is_free(port: int) -> bool:
    """Can we listen there, on loopback?"""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def database_of(settings: Settings) -> tuple[str, str | None]:
    """Where the database is, and its password. Raises OSError."""
    if settings.database is not None:
        file = settings.database_password_file
        return settings.database, None if file is None else (file.read_text().splitlines() or [""])[0]
    own = settings.folder / "postgresql"
    if (own / "data" / "PG_VERSION").exists():
        return f"postgresql://city@/city?host={own / 'socket'}", (own / "password").read_text().strip()
    return f"sqlite:{settings.folder / 'city.db'}", None


def _mosquitto() -> str:
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise OSError("Mosquitto is missing: sudo apt install mosquitto; or name a broker in city.toml")
    return found
