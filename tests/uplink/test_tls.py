"""TLS with a pinned authority and client certificates, and the example access rules, at a real Mosquitto."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
import trustme

from pole_agent.errors import LinkLost, PublishRefused
from pole_agent.health.certificates import DAY_S, Certificates, authority_ends, own_ends
from pole_agent.health.parts import Parts
from pole_agent.uplink.events import Message
from pole_agent.uplink.many import FOR_MANY
from pole_agent.uplink.mqtt import Address, MqttBroker
from pole_agent.vocabulary import RecordEvent, Severity
from tests.conftest import ROOT, Mosquitto, free_port

EXAMPLES = ROOT / "docs" / "examples" / "mosquitto"
BASE = "smartpole/sumedang/SMD-0042"
WILL = Message(f"{BASE}/status", b'{"state":"offline"}', retain=True)


@dataclass
class Authority:
    """A certificate authority of the test, and what it issues."""

    folder: Path
    ca: trustme.CA

    @classmethod
    def new(cls, folder: Path) -> Authority:
        folder.mkdir(exist_ok=True)
        made = cls(folder, trustme.CA())
        made.ca.cert_pem.write_to_path(folder / "ca.pem")
        return made

    @property
    def file(self) -> Path:
        return self.folder / "ca.pem"

    def issue(
        self, *names: str, name: str = "", days: float = 365, begun_days: float = 1
    ) -> tuple[Path, Path]:
        now = datetime.now(UTC)
        issued = self.ca.issue_cert(
            *names,
            common_name=name or None,
            not_after=now + timedelta(days=days),
            not_before=now - timedelta(days=begun_days),
        )
        stem = name or names[0]
        cert, key = self.folder / f"{stem}.pem", self.folder / f"{stem}.key"
        cert.unlink(missing_ok=True)
        for blob in issued.cert_chain_pems:
            blob.write_to_path(cert, append=True)
        issued.private_key_pem.write_to_path(key)
        return cert, key


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.new(tmp_path / "authority")


def tls_listener(authority: Authority, port: int, more: str = "", **validity: Any) -> str:
    cert, key = authority.issue("127.0.0.1", **validity)
    return f"listener {port} 127.0.0.1\ncafile {authority.file}\ncertfile {cert}\nkeyfile {key}\n{more}\n"


async def attempt(address: Address) -> float | None:
    """Connect; returns when the broker's certificate ends. Raises LinkLost."""

    async def work() -> float | None:
        async with MqttBroker(address).connect(WILL, BASE) as session:
            await session.publish(Message(f"{BASE}/events/a/b", b"{}"))
            return session.certificate_ends

    return await asyncio.wait_for(work(), 20)


async def test_the_pinned_authority_is_believed_and_no_other(
    authority: Authority, mosquitto_with: Callable[[str], Mosquitto], tmp_path: Path
) -> None:
    port = free_port()
    mosquitto_with(tls_listener(authority, port, days=100))
    address = Address("127.0.0.1", port, "pole", True, ca_file=authority.file)
    ends = await attempt(address)
    assert ends is not None
    assert abs(ends - datetime.now(UTC).timestamp() - 100 * DAY_S) < 60
    other = Authority.new(tmp_path / "other")
    with pytest.raises(LinkLost, match=r"CERTIFICATE_VERIFY_FAILED.*check ca_file"):
        await attempt(replace(address, ca_file=other.file))
    with pytest.raises(LinkLost, match="CERTIFICATE_VERIFY_FAILED"):
        await attempt(replace(address, ca_file=None))  # the system's authorities
    with pytest.raises(LinkLost, match=r"hostname|IP address|CERTIFICATE_VERIFY_FAILED"):
        await attempt(replace(address, host="localhost"))  # the certificate is for 127.0.0.1


async def test_broker_whose_certificate_has_ended(
    authority: Authority, mosquitto_with: Callable[[str], Mosquitto]
) -> None:
    """A broker whose certificate has ended is not believed and the clock is named."""
    port = free_port()
    mosquitto_with(tls_listener(authority, port, days=-1, begun_days=30))
    with pytest.raises(LinkLost, match=r"expired.*the clock of this pole"):
        await attempt(Address("127.0.0.1", port, "pole", True, ca_file=authority.file))


async def test_the_client_certificate_opens_the_door(
    authority: Authority, mosquitto_with: Callable[[str], Mosquitto], tmp_path: Path
) -> None:
    """A client certificate opens and without one it stays shut."""
    port = free_port()
    mosquitto_with(tls_listener(authority, port, "require_certificate true"))
    cert, key = authority.issue("SMD-0042.poles", name="SMD-0042")
    address = Address("127.0.0.1", port, "pole", True, ca_file=authority.file)
    await attempt(replace(address, cert_file=cert, key_file=key))
    with pytest.raises(LinkLost, match=r"closed the connection.*check cert_file"):
        await attempt(address)
    cert, key = Authority.new(tmp_path / "other").issue("SMD-0042.poles", name="SMD-0042")
    with pytest.raises(LinkLost, match=r"closed the connection.*check cert_file"):
        await attempt(replace(address, cert_file=cert, key_file=key))
    with pytest.raises(LinkLost, match="cannot prepare"):
        await attempt(replace(address, cert_file=tmp_path / "missing.pem", key_file=key))


# --- when they end


class Told:
    """The parts of a pole, and what they told."""

    def __init__(self) -> None:
        self.events: list[RecordEvent] = []
        self.parts = Parts(self.events.append, lambda: 0.0)


def test_the_ends_are_read_with_what_python_brings(authority: Authority) -> None:
    now = datetime.now(UTC).timestamp()
    cert, key = authority.issue("SMD-0042.poles", name="SMD-0042", days=20)
    assert abs(own_ends(cert, key) - now - 20 * DAY_S) < 60
    assert authority_ends(authority.file) > now + 365 * DAY_S
    expired, expired_key = authority.issue("old.poles", name="old", days=-1, begun_days=30)
    with pytest.raises(OSError, match="expired"):
        own_ends(expired, expired_key)
    with pytest.raises(OSError):
        own_ends(cert, expired_key)  # somebody else's key
    with pytest.raises(OSError):
        own_ends(authority.folder / "missing.pem", key)
    empty = authority.folder / "empty.pem"
    empty.write_text("")
    with pytest.raises((OSError, ValueError)):
        authority_ends(empty)


def test_a_certificate_is_told_thirty_days_ahead() -> None:
    """A certificate is told thirty days ahead and again when it has ended."""
    told, end = Told(), 100 * DAY_S
    watch = Certificates({"broker": lambda: end}, told.parts)
    for day in range(102):
        watch.look(day * DAY_S)
    first, second = told.events
    assert (first.kind, first.severity) == ("health.degraded", Severity.WARNING)
    assert "expires in 30 days, on 1970-04-11" in first.data["reason"]
    assert (second.kind, second.severity) == ("health.degraded", Severity.ALARM)
    end = 500 * DAY_S
    watch.look(102 * DAY_S)
    assert told.events[-1].kind == "health.recovered"
    assert told.parts.report()["certificate:broker"] == {
        "state": "ok",
        "ends": "1971-05-16T00:00:00.000Z",
        "days_left": 398.0,
    }


def test_a_certificate_that_cannot_be_read_is_told() -> None:
    """A certificate that cannot be read is told and an unknown one is not."""
    told = Told()

    def broken() -> float:
        raise OSError(2, "No such file or directory")

    Certificates({"mqtt.cert_file": broken, "broker": lambda: None}, told.parts).look(0.0)
    assert [e.data for e in told.events] == [
        {"part": "certificate:mqtt.cert_file", "reason": "mqtt.cert_file: No such file or directory"}
    ]


# --- the example for a regency's broker


class Regency:
    """Mosquitto with the example's own lines; only paths and ports are changed."""

    def __init__(self, authority: Authority, start: Callable[[str], Mosquitto], folder: Path) -> None:
        self.port, self.pole_port = free_port(), free_port()
        self.authority = authority
        passwords = folder / "passwords"
        passwords.touch(0o600)
        for name in (
            "dashboard", "command-center", "duty-officer", "dispatcher", "homeassistant", "city", "city-desk",
        ):  # fmt: skip
            subprocess.run(
                ["mosquitto_passwd", "-b", str(passwords), name, f"secret-of-{name}"],
                check=True,
                capture_output=True,
            )
        cert, key = authority.issue("127.0.0.1")
        lines = (EXAMPLES / "mosquitto.conf").read_text()
        for old, new in {
            "listener 8883": f"listener {self.port} 127.0.0.1",
            "listener 8884": f"listener {self.pole_port} 127.0.0.1",
            "/etc/mosquitto/passwords": str(passwords),
            "/etc/mosquitto/acl": str(EXAMPLES / "acl"),
            "/etc/mosquitto/ca.pem": str(authority.file),
            "/etc/mosquitto/broker.pem": str(cert),
            "/etc/mosquitto/broker.key": str(key),
            "persistence true\n": "",
            "autosave_interval 5\n": "",
            "max_queued_messages 1000000\n": "",
        }.items():
            assert old in lines
            lines = lines.replace(old, new)
        start(lines)

    def pole(self, name: str) -> Address:
        cert, key = self.authority.issue(f"{name}.poles", name=name)
        return Address(
            "127.0.0.1", self.pole_port, name, True, ca_file=self.authority.file, cert_file=cert, key_file=key
        )

    async def may(self, name: str, path: str, pole: str = "SMD-0042") -> bool:
        """Does the broker take this message of a person?"""

        async def work() -> bool:
            secret = self.authority.folder / f"{name}.secret"
            secret.write_text(f"secret-of-{name}\n")
            address = Address("127.0.0.1", self.port, f"{name}-1", True, name, secret, self.authority.file)
            async with MqttBroker(address).connect(Message("nothing", b""), "nothing") as session:
                try:
                    await session.publish(Message(f"smartpole/sumedang/{pole}/{path}", b"{}"))
                    return True
                except PublishRefused as error:
                    assert error.reason_code == 0x87
                    return False

        return await asyncio.wait_for(work(), 20)


@pytest.fixture
def regency(authority: Authority, mosquitto_with: Callable[[str], Mosquitto], tmp_path: Path) -> Regency:
    return Regency(authority, mosquitto_with, tmp_path)


MANY = ("_all", "_group/north")  # in place of a pole
COMMANDS = (
    "lamp/set",
    "drone/approval",
    "drone/progress",
    "drone/conditions",
    "drone/stop",
    "outbox/resend",
    "incident/feedback",
    "diagnose",
    "sync",
)
OWN = (
    "status",
    "info",
    "active",
    "health",
    "config",
    "version",
    "reply",
    "events/incident/opened",
    "lamp/state",
    "drone/request",
    "drone/order",
    "drone/cancel",
    "diagnosis",
)


async def test_a_pole_speaks_for_itself_only(regency: Regency) -> None:
    async def work() -> None:
        async with MqttBroker(regency.pole("SMD-0042")).connect(WILL, BASE) as session:
            for path in OWN:
                await session.publish(Message(f"{BASE}/{path}", b"{}"))
            for path in OWN + COMMANDS:
                with pytest.raises(PublishRefused):
                    await session.publish(Message(f"smartpole/sumedang/SMD-0043/{path}", b"{}"))
            for path in COMMANDS:
                for to in (BASE, *(f"smartpole/sumedang/{many}" for many in MANY)):  # not even to itself
                    with pytest.raises(PublishRefused):
                        await session.publish(Message(f"{to}/{path}", b"{}"))

    await asyncio.wait_for(work(), 20)


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("dashboard", ()),
        ("command-center", ("lamp/set", "outbox/resend", "incident/feedback", "diagnose", "sync")),
        ("duty-officer", ("drone/approval", "drone/stop")),
        ("dispatcher", ("drone/progress", "drone/conditions")),
        ("homeassistant", ("lamp/set",)),
        ("city", ("outbox/resend",)),
        ("city-desk", ("drone/approval", "drone/stop", "incident/feedback")),
    ],
)
async def test_each_role_commands_what_is_its_own(
    regency: Regency, name: str, allowed: tuple[str, ...]
) -> None:
    assert {path for path in COMMANDS + OWN if await regency.may(name, path)} == set(allowed)


@pytest.mark.parametrize(
    ("name", "allowed"), [("command-center", FOR_MANY), ("homeassistant", ()), ("city-desk", ())]
)
async def test_who_commands_many(regency: Regency, name: str, allowed: tuple[str, ...]) -> None:
    """The command center all poles and groups; an automation of Home Assistant single ones only."""
    for to in MANY:
        assert {path for path in FOR_MANY if await regency.may(name, path, to)} == set(allowed)


async def test_a_pole_hears_what_is_said_to_many(regency: Regency) -> None:
    """Behind the rights of the example; nothing of a group that is not its own."""

    async def work() -> list[str]:
        address = replace(regency.pole("SMD-0042"), groups=("north",))
        async with MqttBroker(address).connect(WILL, BASE) as session:
            for to in ("_group/south", "_group/north", "_all"):
                for path in FOR_MANY:
                    assert await regency.may("command-center", path, to)
            heard = []
            async for message in session.incoming():
                heard.append(message.path)
                if len(heard) == 2 * len(FOR_MANY):
                    return heard
        raise AssertionError

    assert await asyncio.wait_for(work(), 30) == [
        f"{to}/{path}" for to in ("_group/north", "_all") for path in FOR_MANY
    ]


async def test_a_whole_pole_lives_behind_the_example(
    regency: Regency,
    agent: Callable[..., Any],
    tmp_path: Path,
    bench: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Client certificate from systemd's credentials; commands reach it; its certificates stand in health."""
    cert, key = regency.authority.issue("T-1.poles", name="T-1", days=10)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    os.link(cert, credentials / "pole-cert")
    os.link(key, credentials / "pole-key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))  # as systemd sets it, for the process below
    config = bench(
        f"""
[mqtt]
host = "127.0.0.1"
port = {regency.pole_port}
ca_file = "{regency.authority.file}"
cert_file = "$CREDENTIALS_DIRECTORY/pole-cert"
key_file = "$CREDENTIALS_DIRECTORY/pole-key"
"""
    )
    config.write_text(config.read_text().replace('site = "test"', 'site = "sumedang"'))
    heard: dict[str, Any] = {}

    async def city() -> None:
        params = aiomqtt.TLSParameters(ca_certs=str(regency.authority.file))
        async with aiomqtt.Client(
            "127.0.0.1",
            regency.port,
            username="command-center",
            password="secret-of-command-center",
            tls_params=params,
        ) as client:
            await client.subscribe("smartpole/sumedang/#", qos=1)
            async for message in client.messages:
                path = str(message.topic).removeprefix("smartpole/sumedang/T-1/")
                heard[path] = json.loads(message.payload)
                if path == "status":
                    order = {"level": 0.7, "duration_s": 60, "by": "command-center"}
                    await client.publish("smartpole/sumedang/T-1/lamp/set", json.dumps(order), qos=1)
                parts = heard.get("health", {}).get("parts", {})
                overridden = heard.get("lamp/state", {}).get("reason") == "override"
                if "certificate:mqtt.cert_file" in parts and heard.get("reply", {}).get("ok") and overridden:
                    return

    agent("run", "--config", str(config))
    await asyncio.wait_for(city(), 90)
    parts = heard["health"]["parts"]
    assert parts["certificate:mqtt.cert_file"]["state"] == "degraded"
    assert "expires in 10 days" in parts["certificate:mqtt.cert_file"]["reason"]
    assert parts["certificate:mqtt.ca_file"]["state"] == "ok"
    assert heard["lamp/state"]["level"] == 0.7
