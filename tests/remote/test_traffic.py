"""What a pole costs that looks and finds nothing: bytes on the line, and memory."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import trustme

from pole_agent.remote import wants
from tests.conftest import ROOT
from tests.remote.office import LIGHT, TEXT, Office
from tests.remote.web import served

MONTH_S = 30 * 86_400
MOST = 2_000_000  # bytes a month
HEADER = 52  # bytes of IP and TCP with time stamps
MEMORY_MB = 64  # the unit ends what takes 96
HERE = "127.0.0.1"


class Relay:
    """Passes a connection on, and counts what goes over it."""

    def __init__(self, to: int) -> None:
        self._to = to
        self.bytes = self.pieces = self.connections = 0
        self._server = socket.create_server((HERE, 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                came, _ = self._server.accept()
                gone = socket.create_connection((HERE, self._to))
                self.connections += 1
                for a, b in ((came, gone), (gone, came)):
                    threading.Thread(target=self._pass_on, args=(a, b), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while blob := source.recv(1400):
                self.bytes, self.pieces = self.bytes + len(blob), self.pieces + 1
                sink.sendall(blob)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
        source.close()

    def close(self) -> None:
        self._server.close()

    @property
    def on_the_line(self) -> int:
        """Each piece is a packet, with one that acknowledges it; a connection begins and ends with seven."""
        return self.bytes + HEADER * (2 * self.pieces + 7 * self.connections)


@contextlib.contextmanager
def relayed(office: Office, folder: Path) -> Iterator[Relay]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.create_child_ca().issue_cert(HERE).configure_cert(context)
    with served(office.folder, context) as site:
        relay = Relay(int(site.address.rpartition(":")[2]))
        with contextlib.closing(relay):
            yield relay


def sync(folder: Path) -> int:
    """A pass in a process of its own; its largest memory in kilobytes."""
    code = (
        "import re, sys; from pole_agent.cli import main\n"
        f"code = main(['sync', '--remote', '{folder}/remote.toml', '--root', '{folder}/root.json', '--wants',"
        f" '{folder}/wants.json', '--state-dir', '{folder}/state'])\n"
        "print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


def test_a_month_of_looking(tmp_path: Path) -> None:
    """By TLS with an intermediate authority, a fleet of 200 poles, nothing new: below 2 MB a month."""
    office = Office(tmp_path / "public", datetime.now(UTC))
    for number in range(200):
        office.add(f"light/SMD-{number:04}.toml", TEXT + b"# %d\n" % number)
    office.publish("light")
    with relayed(office, tmp_path) as relay:
        (tmp_path / "root.json").write_bytes(office.first_root.read_bytes())
        (tmp_path / "remote.toml").write_text(
            f'repository = "https://{HERE}:{relay.port}"\nca_file = "{tmp_path}/ca.pem"\n'
        )
        wants.write(tmp_path / "wants.json", [LIGHT, "full/SMD-0042.toml"], {})
        sync(tmp_path)
        first = relay.on_the_line
        memory = sync(tmp_path)
        idle = relay.on_the_line - first
    timer = (ROOT / "systemd" / "pole-agent-sync.timer").read_text()
    hours = re.search(r"OnUnitInactiveSec=(\d+)h", timer)
    assert hours
    month = idle * MONTH_S / (int(hours[1]) * 3600)
    print(f"first {first} bytes, idle {idle}; a month {month / 1e6:.2f} MB, memory {memory / 1e3:.0f} MB")
    assert month <= MOST
    assert memory < MEMORY_MB * 1000
