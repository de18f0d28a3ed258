"""A broker to talk to: of a URL, or a Mosquitto of our own on loopback; and a client that listens.

Used by demo, dispatcher and bench.
"""

from __future__ import annotations

import contextlib
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pole_agent.errors import ConfigError, Problem, UplinkError
from pole_agent.languages import phrase
from pole_agent.settings.host import plain_host

BROKER_START_S = 5.0
MOSQUITTO_PLACES = ("/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto")


def broker_of_url(address: str, ca_file: Path | None, scratch: Path) -> dict[str, Any]:
    """[mqtt] for mqtt://[user:password@]host:port or mqtts://.

    A password goes into a file in `scratch`. Raises ConfigError.
    """
    try:
        url = urlsplit(address if "://" in address else f"mqtt://{address}")
        usable = url.scheme in ("mqtt", "mqtts") and url.port != 0 and bool(plain_host(url.hostname or ""))
    except ValueError:  # a port that is no number, brackets around half of an address
        usable = False
    if not usable:
        shown = "this" if "@" in address else repr(address)  # it may hold a password
        raise ConfigError([Problem("--mqtt", phrase("broker-url-invalid", given=shown))])
    tls = url.scheme == "mqtts"
    broker: dict[str, Any] = {
        "host": str(url.hostname),
        "port": url.port or (8883 if tls else 1883),
        "tls": tls,
    }
    if ca_file:
        if not tls:
            raise ConfigError([Problem("--ca-file", phrase("only-with-mqtts"))])
        broker["ca_file"] = str(ca_file.absolute())
    if url.username:
        broker["username"] = unquote(url.username)
    if url.password:
        secret = scratch / "password"
        secret.touch(0o600)
        secret.write_text(unquote(url.password))
        broker["password_file"] = str(secret)
    return broker


def client_in_words(program: str, broker: dict[str, Any]) -> str:
    """mosquitto_sub or mosquitto_pub for a broker of `broker_of_url`, as it can be pasted.

    The password stays in its file.
    """
    words = [program, "-h", broker["host"], "-p", str(broker["port"])]
    if broker["tls"]:
        words += ["--cafile", broker["ca_file"]] if "ca_file" in broker else ["--tls-use-os-certs"]
    words += ["-u", broker["username"]] if "username" in broker else []
    secret = f' -P "$(cat {shlex.quote(broker["password_file"])})"' if "password_file" in broker else ""
    return shlex.join(words) + secret


@contextlib.asynccontextmanager
async def client_of(broker: dict[str, Any]) -> AsyncIterator[Any]:
    """An aiomqtt client at a broker of `broker_of_url`. Raises aiomqtt.MqttError."""
    import asyncio

    import aiomqtt

    password = (
        await asyncio.to_thread(Path(broker["password_file"]).read_text)
        if "password_file" in broker
        else None
    )
    tls = aiomqtt.TLSParameters(ca_certs=broker.get("ca_file")) if broker["tls"] else None
    async with aiomqtt.Client(
        broker["host"], broker["port"], username=broker.get("username"), password=password, tls_params=tls
    ) as client:
        yield client


def mosquitto_program() -> str | None:
    """Where Mosquitto is installed, None when it is not."""
    return shutil.which("mosquitto") or next((p for p in MOSQUITTO_PLACES if Path(p).exists()), None)


@contextlib.contextmanager
def mosquitto_on_loopback(program: str, scratch: Path, port: int | None) -> Iterator[int]:
    """A Mosquitto of our own on loopback, without persistence. Where Linux has setpriv, it ends with us, also
    when we are killed.
    """
    if port is None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    config = scratch / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay"
        " true\nsys_interval 1\nuser root\n"
    )
    leash = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    process = subprocess.Popen(
        [*leash, program, "-c", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + BROKER_START_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.2):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise UplinkError(phrase("mosquitto-not-started", port=port))
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=5)
