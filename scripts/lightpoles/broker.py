"""The Mosquitto of a fleet, on loopback: started, stopped and killed. It keeps what it has taken."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

START_S = 20.0
CONFIG = """listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_interval 5
max_queued_messages 0
set_tcp_nodelay true
user root
"""
TLS = """cafile {folder}/ca.pem
certfile {folder}/broker.pem
keyfile {folder}/broker.key
"""


class Mosquitto:
    """`mqtt` is what the poles are told of it. The port stays the same."""

    def __init__(self, program: str, folder: Path, *, tls: bool) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._program, self._folder = program, folder
        self._process: subprocess.Popen[bytes] | None = None
        self.mqtt: dict[str, Any] = {"host": "127.0.0.1", "port": self.port, "tls": tls}
        if tls:
            certify(folder)
            self.mqtt["ca_file"] = str(folder / "ca.pem")
        text = CONFIG.format(port=self.port, folder=folder) + (TLS.format(folder=folder) if tls else "")
        (folder / "mosquitto.conf").write_text(text)

    def start(self) -> float:
        """Returns when it answered."""
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._folder / "mosquitto.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_S
        while True:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), timeout=0.2),
            ):
                return time.monotonic()
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("Mosquitto did not start")
            time.sleep(0.01)

    def end(self, *, kill: bool = False) -> float:
        """Stop it, or `kill` it with signal 9; returns when."""
        at = time.monotonic()
        if self._process is not None:
            self._process.kill() if kill else self._process.terminate()
            self._process.wait(timeout=30)
            self._process = None
        return at


def certify(folder: Path) -> None:
    """An authority and the broker's certificate, for a day."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(
        "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "1", "-subj", "/CN=fleet",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    )  # fmt: skip
    openssl("req", *key, "-keyout", "broker.key", "-out", "broker.csr", "-subj", "/CN=127.0.0.1")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl(
        "x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
        "-out", "broker.pem", "-days", "1", "-extfile", "names",
    )  # fmt: skip
