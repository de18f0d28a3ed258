"""The same pole at three real brokers: Mosquitto, RabbitMQ and NATS, as Debian has them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from tests.conftest import Mosquitto, mosquitto_program
from tests.faults.test_a_broker_misbehaves import GOOD, MARK, Pole, fill, running, until
from tests.uplink.real_brokers import BASE, CITY, PASSWORD, POLE, Real, nats, rabbitmq

pytestmark = [pytest.mark.brokers, pytest.mark.timeout(240)]
NAMES = ("Mosquitto", "RabbitMQ", "NATS")


def mosquitto(folder: Path) -> Iterator[Real]:
    program = mosquitto_program()
    if program is None:
        pytest.skip("needs Mosquitto: sudo apt install mosquitto")
    (folder / "acl").write_text(
        f"user {CITY}\ntopic readwrite #\nuser {POLE}\ntopic readwrite {BASE}/#\ntopic deny"
        f" {BASE}/events/command/#\n"
    )
    passwords = folder / "passwords"
    passwords.write_text(f"{CITY}:{PASSWORD}\n{POLE}:{PASSWORD}\n")
    passwords.chmod(0o600)
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    broker = Mosquitto(program, folder, f"acl_file {folder}/acl\npassword_file {passwords}")
    broker.start()
    yield Real("Mosquitto", broker.port, True)
    broker.stop()


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Real]]:
    """Those that were asked for so far; one of each for all tests, because RabbitMQ takes long to start."""
    with contextlib.ExitStack() as stack:
        yield _Started(stack, tmp_path_factory)
        # the stack stops them


class _Started(dict[str, Real]):
    def __init__(self, stack: contextlib.ExitStack, folders: pytest.TempPathFactory) -> None:
        super().__init__()
        self._stack, self._folders = stack, folders

    def __missing__(self, name: str) -> Real:
        start = contextlib.contextmanager({"Mosquitto": mosquitto, "RabbitMQ": rabbitmq, "NATS": nats}[name])
        self[name] = self._stack.enter_context(start(self._folders.mktemp(name)))
        return self[name]


class Ear:
    """Hears all of the pole, as the city, and can say something."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv311)
        self._client.username_pw_set(CITY, PASSWORD)
        self._client.on_message = lambda c, u, m: self.heard.append((m.topic, bytes(m.payload), m.retain))
        self._client.on_connect = self._let_in
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _let_in(self, *_: object) -> None:
        self._client.subscribe(f"{BASE}/#", 1)

    def good(self) -> list[str]:
        return [json.loads(p)["id"] for t, p, _ in list(self.heard) if MARK in p]

    def last(self, path: str) -> dict[str, Any] | None:
        return next((json.loads(p) for t, p, _ in reversed(self.heard) if t == f"{BASE}/{path}" and p), None)

    def say(self, path: str, payload: bytes) -> None:
        self._client.publish(f"{BASE}/{path}", payload, 1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def pole_at(real: Real, folder: Path) -> Pole:
    password = folder / "password"
    password.write_text(PASSWORD)
    return Pole(folder / "state", real.port, username=POLE, password_file=password)


@pytest.mark.parametrize("name", NAMES)
async def test_everything_arrives_and_commands_are_heard(
    name: str, brokers: dict[str, Real], tmp_path: Path
) -> None:
    real = brokers[name]
    fill(tmp_path / "state", bad=0)
    ear = Ear(real.port)

    async def work() -> None:
        async with running(pole_at(real, tmp_path)) as pole:

            def told() -> Any:
                return len(ear.good()), pole.parts.report()

            await until(lambda: len(set(ear.good())) == GOOD, 60, told)
            await until(lambda: pole.upload._presence.heard_ourselves, 10, told)
            assert (ear.last("status") or {})["state"] == "online"
            ear.say("lamp/set", b'{"level":0.5}')
            command = await asyncio.wait_for(pole.inbox.get(), 10)
            assert (command.path, command.payload) == ("lamp/set", b'{"level":0.5}')
            assert bool(pole.reason("mqtt")) is not real.modern, told()
            assert {n for n, p in pole.parts.report().items() if p["state"] != "ok"} == (
                set() if real.modern else {"mqtt"}
            )
            await pole.upload.shutdown()
            await until(lambda: (ear.last("status") or {})["reason"] == "stopped", 10)

    try:
        await asyncio.wait_for(work(), 120)
        assert len(ear.good()) == GOOD, "each once"
    finally:
        ear.close()


@pytest.mark.parametrize("name", NAMES)
async def test_a_topic_without_rights_blocks_nobody(
    name: str, brokers: dict[str, Real], tmp_path: Path
) -> None:
    """Mosquitto refuses, RabbitMQ hangs up, NATS says nothing and throws away: what can be known of it is
    told.
    """
    real = brokers[name]
    fill(tmp_path / "state")
    ear = Ear(real.port)

    async def work() -> None:
        async with running(pole_at(real, tmp_path)) as pole:

            def told() -> Any:
                return len(ear.good()), pole.parts.report()

            await until(lambda: len(set(ear.good())) == GOOD, 60, told)
            if name != "NATS":
                await until(lambda: "events/command/refused" in pole.reason("events"), 30, told)

    try:
        await asyncio.wait_for(work(), 120)
        assert not [t for t, p, _ in ear.heard if t.endswith("command/refused")]
    finally:
        ear.close()


@pytest.mark.parametrize("name", NAMES)
def test_the_doctor_is_let_in(name: str, brokers: dict[str, Real], tmp_path: Path) -> None:
    from pole_agent.doctor import link
    from pole_agent.settings import Settings

    (tmp_path / "password").write_text(PASSWORD)
    mqtt = {
        "host": "127.0.0.1",
        "port": brokers[name].port,
        "tls": False,
        "username": POLE,
        "password_file": tmp_path / "password",
    }
    pole = {"id": "T-1", "site": "test", "latitude": 0, "longitude": 0}
    (found,) = link.broker(Settings.model_validate({"pole": pole, "mqtt": mqtt}))
    assert (found.state, "MQTT 5" in found.words) == (
        "ok" if brokers[name].modern else "warn",
        True,
    ), found
    (tmp_path / "password").write_text("wrong")
    (found,) = link.broker(Settings.model_validate({"pole": pole, "mqtt": mqtt}))
    assert (found.state, "refused the login" in found.words) == ("fail", True), found
