"""The doctor logs in, and names what keeps the pole out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pole_agent.doctor import link
from pole_agent.doctor.finding import Finding
from pole_agent.languages import in_language
from pole_agent.settings import Settings
from tests.cli import call
from tests.conftest import Mosquitto
from tests.faults.odd_broker import OddBroker, Oddity

POLE = {"id": "T-1", "site": "test", "latitude": 0, "longitude": 0}


def look(port: int, **more: object) -> Finding:
    settings = Settings.model_validate(
        {"pole": POLE, "mqtt": {"host": "127.0.0.1", "port": port, "tls": False, **more}}
    )
    (finding,) = link.broker(settings)
    return finding


@pytest.fixture
def odd() -> Iterator[OddBroker]:
    broker = OddBroker()
    yield broker
    broker.close()


@pytest.mark.parametrize(
    ("oddity", "state", "words"),
    [
        (Oddity(), "ok", "accepts this pole with MQTT 5"),
        (Oddity(connack=0x86), "fail", "wrong username or password"),
        (Oddity(connack=0x87), "fail", "not authorized"),
        (Oddity(connack=0x85), "unknown", "client identifier"),
        (Oddity(connack=0x88), "fail", "refused the login"),
        (Oddity(retains=False), "fail", "no retained messages"),
        (Oddity(versions=(4,)), "warn", "orders to fly are off"),
        (Oddity(versions=(4,), silent_about_versions=True), "warn", "orders to fly are off"),
        (Oddity(versions=(), silent_about_versions=True), "fail", "without an answer, in MQTT 5, MQTT 3.1.1"),
        (Oddity(most_filters=3, grants_quota=True), "warn", "quota exceeded"),
        (Oddity(forbidden_filter="drone/stop"), "warn", "drone/stop (the broker closed"),
    ],
)
def test_what_keeps_the_pole_out_is_named(odd: OddBroker, oddity: Oddity, state: str, words: str) -> None:
    odd.oddity = oddity
    found = look(odd.port)
    assert (found.state, words in found.words) == (state, True), found
    assert found.words != in_language(found.words, "id")
    assert (not found.fix) == (state == "ok")
    assert not odd.taken, "it says nothing there"


def test_a_real_broker_without_retained_messages(
    mosquitto_with: Callable[[str], Mosquitto], bench: Callable[..., Path]
) -> None:
    server = mosquitto_with("retain_available false")
    assert "retained" in look(server.port).words
    config = bench(f'[mqtt]\nhost = "127.0.0.1"\nport = {server.port}\ntls = false\n')
    done = call("doctor", "--quick", "--json", "--config", str(config))
    assert done.returncode == 1
    assert [f["state"] for f in json.loads(done.stdout)["findings"] if f["check"] == "broker"] == ["fail"]
