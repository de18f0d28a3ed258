"""A fleet of an office, made by the command as people call it."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests import cli

PASSPHRASE = "a passphrase of the office"


class Fleet:
    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder, folder / "fleet"
        (folder / "passphrase").write_text(f"{PASSPHRASE}\n")

    def table(self, *ids: str) -> None:
        lines = ["id,site,latitude,longitude,name,groups,camera,camera_username,camera_password"]
        for name in ids:
            n = int(name.rpartition("-")[2])
            lines.append(
                f"{name},sumedang,-6.8586,107.9164,Jl. <Prabu> {n},north east,192.0.2.{n},viewer,geheim{n}"
            )
        (self.folder / "poles.csv").write_text("\n".join(lines) + "\n")

    def call(
        self, *words: str, passphrase: bool = True, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        secret = ["--passphrase-file", str(self.folder / "passphrase")] if passphrase else []
        table = str(self.folder / "poles.csv")
        return cli.call("provision", table, "--out", str(self.out), *secret, *words)

    def provision(self, *words: str, passphrase: bool = True) -> dict[str, Any]:
        done = self.call("--json", *words, passphrase=passphrase)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def retire(self, *ids: str) -> None:
        secret = ("--passphrase-file", str(self.folder / "passphrase"))
        done = cli.call("provision", "retire", *ids, "--out", str(self.out), *secret)
        assert done.returncode == 0, done.stderr

    def files(self) -> dict[Path, bytes]:
        return {p.relative_to(self.out): p.read_bytes() for p in self.out.rglob("*") if p.is_file()}

    def seed(self, name: str) -> Path:
        return self.out / "poles" / name / "pole-agent-seed"

    def drop_seed(self, name: str) -> None:
        shutil.rmtree(self.seed(name))

    def pole(self, name: str) -> dict[str, Any]:
        found = json.loads((self.out / "poles.json").read_text())["poles"]
        return next(p for p in found if p["id"] == name)

    def public(self, name: str, known: dict[str, Any]) -> bool:
        """Is the certificate that is shown the one of the book?"""
        shown = self.out / "poles" / name / "mqtt-cert.pem"
        words = ["openssl", "x509", "-in", str(shown), "-noout", "-serial"]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        return int(said.partition("=")[2], 16) == int(known["certificate"], 16)

    @contextlib.contextmanager
    def tls_server(self) -> Iterator[int]:
        """The broker's certificate behind Python's own ssl, which asks for a pole's."""
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(self.out / "broker/broker.pem", self.out / "broker/broker.key")
        server.load_verify_locations(self.out / "broker/ca.pem")
        server.verify_mode = ssl.CERT_REQUIRED
        server.verify_flags |= ssl.VERIFY_X509_STRICT

        def serve(listener: socket.socket) -> None:
            with server.wrap_socket(listener.accept()[0], server_side=True) as line:
                line.recv(1)

        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=serve, args=(listener,))
            thread.start()
            yield int(listener.getsockname()[1])
            thread.join(10)

    @contextlib.contextmanager
    def connected(self, port: int, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
        with (
            socket.create_connection(("127.0.0.1", port), 10) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as line,
        ):
            line.send(b"x")
            yield line
