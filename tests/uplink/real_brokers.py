"""RabbitMQ and NATS of Debian, each on ports and in a folder of its own.

Two people may talk to them: the city, and a pole that may not publish events of commands.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import free_port

BASE = "smartpole/test/T-1"
CITY, POLE, PASSWORD = "city", "pole", "secret"
RABBIT_START_S, NATS_START_S = 110.0, 20.0


@dataclass(frozen=True)
class Real:
    """A broker that runs. `modern`: it knows MQTT 5."""

    name: str
    port: int
    modern: bool


def rabbitmq(folder: Path) -> Iterator[Real]:
    """As the distribution has it, but nothing of the system's service: node, ports, data and the port mapper
    are of the test.
    """
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    if not found:
        pytest.skip("needs RabbitMQ: sudo apt install rabbitmq-server")
    port, distribution, mapper = free_port(), free_port(), free_port()
    topics = "^smartpole\\.test\\.T-1\\.(?!events\\.command\\.)"
    people = [{"name": n, "password": PASSWORD, "tags": []} for n in (CITY, POLE)]
    rights = [{"user": n, "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"} for n in (CITY, POLE)]
    definitions = {
        "users": people,
        "vhosts": [{"name": "/"}],
        "permissions": rights,
        "exchanges": [],
        "queues": [],
        "bindings": [],
        "topic_permissions": [
            {"user": POLE, "vhost": "/", "exchange": "amq.topic", "write": topics, "read": ".*"}
        ],
    }
    (folder / "definitions.json").write_text(json.dumps(definitions))
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp = none\nmqtt.listeners.tcp.1 = 127.0.0.1:{port}\nmqtt.allow_anonymous = false\n"
        f"load_definitions = {folder}/definitions.json\nlog.console = true\n"
    )
    (folder / "enabled_plugins").write_text("[rabbitmq_mqtt].\n")
    environment = {
        **os.environ,
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"t{port}@localhost",
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_GENERIC_CONFIG_PATH": f"{folder}/",
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "ERL_EPMD_PORT": str(mapper),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_RELAXED_COMMAND_CHECK": "1",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1",
    }
    environment.pop("NOTIFY_SOCKET", None)
    with _running([str(found[-1])], folder, environment):
        try:
            _until_it_answers(port, RABBIT_START_S, folder, CITY)
            yield Real("RabbitMQ", port, False)
        finally:
            subprocess.run(["epmd", "-kill"], env=environment, check=False, capture_output=True)


def nats(folder: Path) -> Iterator[Real]:
    program = shutil.which("nats-server") or "/usr/sbin/nats-server"
    if not os.access(program, os.X_OK):
        pytest.skip("needs NATS: sudo apt install nats-server")
    port = free_port()
    denied = '{ publish: { deny: "smartpole.test.T-1.events.command.>" } }'
    (folder / "nats.conf").write_text(
        f'listen: "127.0.0.1:{free_port()}"\nserver_name: "test"\njetstream {{ store_dir: "{folder}/data"'
        f' }}\nmqtt {{ listen: "127.0.0.1:{port}" }}\nauthorization {{ users: [ {{ user: "{CITY}", password:'
        f' "{PASSWORD}" }}, {{ user: "{POLE}", password: "{PASSWORD}", permissions: {denied} }} ] }}\n'
    )
    with _running([program, "-c", str(folder / "nats.conf")], folder, dict(os.environ)):
        _until_it_answers(port, NATS_START_S, folder, CITY)
        yield Real("NATS", port, False)


@contextlib.contextmanager
def _running(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _until_it_answers(port: int, within_s: float, folder: Path, user: str) -> None:
    """It lets somebody in: an open port comes before that."""
    from paho.mqtt.client import Client, MQTTv311
    from paho.mqtt.enums import CallbackAPIVersion

    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv311)
        client.username_pw_set(user, PASSWORD)
        with contextlib.suppress(OSError):
            client.connect("127.0.0.1", port)
            client.loop(0.5)
            client.loop(0.5)
            if client.is_connected():
                client.disconnect()
                return
        time.sleep(0.2)
    raise RuntimeError((folder / "output").read_text()[-3000:])
