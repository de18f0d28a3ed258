"""SIGHUP with a real Mosquitto: the connection goes on, the new configuration counts, a bad file changes nothing."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Mosquitto, eventually
from tests.contracts.test_payload_contract import BASE, City


@pytest.fixture
def city(mosquitto: Mosquitto) -> Iterator[City]:
    made = City(mosquitto.port)
    yield made
    made.close()


def _config(bench: Callable[..., Path], port: int, name: str, more: str = "") -> Path:
    path = bench(f'failsafe_level = 0.8\n[mqtt]\nhost = "127.0.0.1"\nport = {port}\ntls = false\n{more}')
    path.write_text(path.read_text().replace("[pole]\n", f'[pole]\nname = "{name}"\n', 1))
    return path


def test_a_reload_keeps_the_connection_and_the_store(
    mosquitto: Mosquitto, city: City, agent: Callable[..., Any], bench: Callable[..., Path]
) -> None:
    process = agent("run", "--config", str(_config(bench, mosquitto.port, "first")))
    eventually(lambda: city.got("info"), within_s=20)
    city.send("lamp/set", level=0.6, duration_s=600, by="x")
    eventually(lambda: city.got("lamp/state")[-1]["reason"] == "override")
    for number in range(5):
        name = f"name-{number}"
        _config(bench, mosquitto.port, name)
        process.send_signal(signal.SIGHUP)
        eventually(lambda name=name: city.got("info")[-1]["name"] == name, within_s=20)
        city.send("lamp/set", level=0.6 + number / 100, duration_s=600, by="x", command_id=f"c-{number}")
        eventually(lambda number=number: any(r["command_id"] == f"c-{number}" and r["ok"] for r in city.got("reply")))
    assert len(city.got("status")) == 1, "it was never away"
    events = [json.loads(p) for t, p in city.heard if t.startswith(f"{BASE}/events/")]
    sequences = sorted({int(e["sequence"]) for e in events})
    assert sequences == list(range(1, len(sequences) + 1))
    assert len({e["storeid"] for e in events}) == 1
    process.terminate()
    assert process.wait(10) == 0
    assert city.got("status")[-1]["reason"] == "stopped"


def test_a_bad_file_is_refused_and_a_change_of_the_broker_connects_anew(
    mosquitto: Mosquitto, city: City, agent: Callable[..., Any], bench: Callable[..., Path]
) -> None:
    config = _config(bench, mosquitto.port, "first")
    process = agent("run", "--config", str(config))
    eventually(lambda: city.got("info"), within_s=20)
    good = config.read_text()
    config.write_text(good + "[nonsense]\n")
    process.send_signal(signal.SIGHUP)
    eventually(lambda: any(e["data"].get("part") == "configuration" for e in city.got("events/health/degraded")))
    assert process.poll() is None
    assert len(city.got("info")) == 1
    config.write_text(good.replace("tls = false", "tls = false\nhomeassistant = true"))
    process.send_signal(signal.SIGHUP)
    eventually(lambda: len(city.got("status")) >= 3, within_s=20)
    assert [s["state"] for s in city.got("status")][:3] == ["online", "offline", "online"]


def test_without_a_broker_the_store_goes_on_too(agent: Callable[..., Any], bench: Callable[..., Path], tmp_path: Path) -> None:
    from tests.commands.test_commands import call

    config = bench()
    process = agent("run", "--config", str(config))
    eventually(lambda: (tmp_path / "state" / "control.sock").exists())
    for _ in range(5):
        assert call("lamp", "--config", str(config), "set", "0.6", "--for", "600").returncode == 0
        process.send_signal(signal.SIGHUP)
        eventually(lambda: call("lamp", "--config", str(config), "--json").returncode == 0)
    stats = json.loads(call("outbox", "--config", str(config), "--json", "stats").stdout)
    assert stats["last_sequence"] >= 5
    assert len(list((tmp_path / "state").glob("pole.db*"))) <= 3
