"""The certificates of the manual: made by its script, taken by openssl and Python at their strictest, and by
the Mosquitto shown there.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pole_agent.errors import PublishRefused
from pole_agent.uplink.events import Message
from pole_agent.uplink.mqtt import Address, MqttBroker
from tests.conftest import ROOT, Mosquitto, free_port

EXAMPLES = ROOT / "docs" / "examples" / "mosquitto"
pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="needs openssl: sudo apt install openssl"
)


def make(folder: Path, *words: str, says: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(EXAMPLES / "certificates"), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        input=says,
    )


@pytest.fixture
def made(tmp_path: Path) -> Path:
    for words in (("ca",), ("broker", "localhost", "127.0.0.1"), ("pole", "SMD-0042")):
        done = make(tmp_path, *words)
        assert done.returncode == 0, done.stderr
    return tmp_path


def test_openssl_takes_them_strictly(made: Path) -> None:
    for file, purpose in (("broker.pem", "sslserver"), ("SMD-0042.pem", "sslclient")):
        done = subprocess.run(
            [
                "openssl",
                "verify",
                "-x509_strict",
                "-purpose",
                purpose,
                "-CAfile",
                str(made / "ca.pem"),
                str(made / file),
            ],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    wrong = subprocess.run(
        [
            "openssl",
            "verify",
            "-purpose",
            "sslserver",
            "-CAfile",
            str(made / "ca.pem"),
            str(made / "SMD-0042.pem"),
        ],
        capture_output=True,
    )
    assert wrong.returncode != 0, "the certificate of a pole makes no broker"
    assert {p.name for p in made.iterdir()} == {
        "ca.pem",
        "ca.key",
        "broker.pem",
        "broker.key",
        "SMD-0042.pem",
        "SMD-0042.key",
    }
    assert all(p.stat().st_mode & 0o077 == 0 for p in made.glob("*.key"))


@pytest.mark.parametrize("called", ["localhost", "127.0.0.1"])
def test_python_takes_them_strictly(made: Path, called: str) -> None:
    """As Python 3.13 does by default: VERIFY_X509_STRICT."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made / "broker.pem", made / "broker.key")
    server.load_verify_locations(made / "ca.pem")
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=str(made / "ca.pem"))
    client.load_cert_chain(made / "SMD-0042.pem", made / "SMD-0042.key")
    for context in (server, client):
        context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    names: list[object] = []

    def serve(listener: socket.socket) -> None:
        with server.wrap_socket(listener.accept()[0], server_side=True) as accepted:
            names.append(accepted.getpeercert())
            accepted.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        with (
            socket.create_connection(listener.getsockname()) as plain,
            client.wrap_socket(plain, server_hostname=called) as wrapped,
        ):
            wrapped.send(b"x")
        thread.join(10)
    assert "SMD-0042" in str(names)


def test_nothing_is_overwritten_and_nonsense(made: Path) -> None:
    """Nothing is overwritten and nonsense is refused."""
    before = {p.name: p.read_bytes() for p in made.iterdir()}
    for words in (
        ("ca",),
        ("broker", "localhost"),
        ("pole", "SMD-0042"),
        ("pole",),
        ("pole", "a/b"),
        ("pole", "x\ny"),
        ("nonsense",),
        (),
    ):
        assert make(made, *words).returncode != 0, words
    assert {p.name: p.read_bytes() for p in made.iterdir()} == before


async def test_the_broker_of_the_manual_takes_the_pole(
    made: Path, mosquitto_with: Callable[[str], Mosquitto]
) -> None:
    """mosquitto.conf and acl as they are shown, with these files and a password that the script asked for."""
    if shutil.which("mosquitto_passwd") is None:
        pytest.skip("needs mosquitto_passwd: sudo apt install mosquitto")
    subprocess.run(
        ["mosquitto_passwd", "-c", "-b", str(made / "passwords"), "dashboard", "secret"],
        check=True,
        capture_output=True,
    )
    (made / "passwords").chmod(0o600)
    port = free_port()
    lines = (EXAMPLES / "mosquitto.conf").read_text()
    for old, new in {
        "listener 8883": f"listener {free_port()} 127.0.0.1",
        "listener 8884": f"listener {port} 127.0.0.1",
        "/etc/mosquitto/acl": str(EXAMPLES / "acl"),
        "/etc/mosquitto/": f"{made}/",
        "persistence true\n": "",
        "autosave_interval 5\n": "",
        "max_queued_messages 1000000\n": "",
    }.items():
        lines = lines.replace(old, new)
    mosquitto_with(lines)
    base = "smartpole/sumedang/SMD-0042"
    pole = Address(
        "localhost",
        port,
        "SMD-0042",
        True,
        ca_file=made / "ca.pem",
        cert_file=made / "SMD-0042.pem",
        key_file=made / "SMD-0042.key",
    )

    async def speak() -> None:
        async with MqttBroker(pole).connect(Message(f"{base}/status", b"{}", retain=True), base) as session:
            await session.publish(Message(f"{base}/health", b"{}"))
            assert session.missing == ""
            assert dict(session.unheard) == {}, "the pole may listen to all that it needs"
            with pytest.raises(PublishRefused):
                await session.publish(Message("smartpole/sumedang/SMD-0043/health", b"{}"))

    await asyncio.wait_for(speak(), 20)
