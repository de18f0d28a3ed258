"""Mosquitto with the folder that provision makes: who comes in, what they may say, and when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from pole_agent.errors import PublishRefused, UplinkError
from pole_agent.uplink.events import Message
from pole_agent.uplink.mqtt import Address, MqttBroker
from tests.conftest import Mosquitto, free_port
from tests.remote.fleets import Fleet

pytestmark = pytest.mark.mosquitto


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    made = Fleet(tmp_path)
    made.table("SMD-0001", "SMD-0002")
    made.provision("--broker", "localhost")
    return made


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def broker(fleet: Fleet, port: int, mosquitto_with: Callable[[str], Mosquitto]) -> Mosquitto:
    """The folder's own configuration; only places and ports are those of this test."""
    lines = (fleet.out / "broker/mosquitto.conf").read_text()
    for old, new in {
        "listener 8883": f"listener {free_port()} 127.0.0.1",
        "listener 8884": f"listener {port} 127.0.0.1",
        "/etc/mosquitto/": f"{fleet.out}/broker/",
        "persistence true\n": "",
        "autosave_interval 5\n": "",
        "max_queued_messages 1000000\n": "",
    }.items():
        assert old in lines
        lines = lines.replace(old, new)
    return mosquitto_with(lines)


def address(port: int, fleet: Fleet, name: str, credentials: Path | None = None) -> Address:
    held = credentials or fleet.seed(name) / "credentials"
    ca = fleet.out / "authority/ca.pem"
    return Address(
        "localhost", port, name, True, ca_file=ca, cert_file=held / "mqtt-cert", key_file=held / "mqtt-key"
    )


async def speak(where: Address, about: str) -> None:
    base = f"smartpole/sumedang/{about}"
    async with asyncio.timeout(20):
        async with MqttBroker(where).connect(Message(f"{base}/status", b"{}", retain=True), base) as session:
            await session.publish(Message(f"{base}/health", b"{}"))
            assert dict(session.unheard) == {}, "the pole may listen to all that it needs"


async def test_a_pole_says_its_own_and_no_more(fleet: Fleet, broker: Mosquitto, port: int) -> None:
    where = address(port, fleet, "SMD-0001")
    await speak(where, "SMD-0001")
    base = "smartpole/sumedang/SMD-0001"
    async with (
        asyncio.timeout(20),
        MqttBroker(where).connect(Message(f"{base}/status", b"{}", retain=True), base) as session,
    ):
        for topic in (
            "smartpole/sumedang/SMD-0002/health",
            f"{base}/lamp/set",
            "smartpole/sumedang/_all/sync",
        ):
            with pytest.raises(PublishRefused):
                await session.publish(Message(topic, b"{}"))


async def test_without_or_with_another_certificate(
    fleet: Fleet, broker: Mosquitto, port: int, tmp_path: Path
) -> None:
    """No certificate, or one of another authority: no connection."""
    (tmp_path / "other").mkdir()
    other = Fleet(tmp_path / "other")
    other.table("SMD-0001")
    other.provision("--broker", "localhost")
    foreign = address(port, fleet, "SMD-0001", other.seed("SMD-0001") / "credentials")
    bare = Address("localhost", port, "SMD-0001", True, ca_file=fleet.out / "authority/ca.pem")
    for where in (foreign, bare):
        with pytest.raises(UplinkError):
            await speak(where, "SMD-0001")
    await speak(address(port, fleet, "SMD-0001"), "SMD-0001")


@pytest.mark.parametrize("anew", [True, False], ids=["restarted", "reloaded"])
async def test_a_retired_pole_is_refused(
    fleet: Fleet, broker: Mosquitto, port: int, tmp_path: Path, anew: bool
) -> None:
    """A reload (SIGHUP) is enough: rights end on an open line too, the certificate at the next one."""
    held = tmp_path / "stolen"
    (fleet.seed("SMD-0001") / "credentials").rename(held)
    stolen, base = address(port, fleet, "SMD-0001", held), "smartpole/sumedang/SMD-0001"
    async with MqttBroker(stolen).connect(Message(f"{base}/status", b"{}", retain=True), base) as session:
        await session.publish(Message(f"{base}/health", b"{}"))
        fleet.retire("SMD-0001")
        assert not fleet.seed("SMD-0001").exists()
        if not anew:
            broker.reload()
            with pytest.raises(PublishRefused):
                async with asyncio.timeout(20):
                    while True:  # until the broker has read its files
                        await session.publish(Message(f"{base}/health", b"{}"))
                        await asyncio.sleep(0.05)
    if anew:
        broker.stop()
        broker.start()
    with pytest.raises(UplinkError):
        await speak(stolen, "SMD-0001")
    await speak(address(port, fleet, "SMD-0002"), "SMD-0002")
