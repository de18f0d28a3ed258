"""The receiver of the documentation, as a program of its own, against a real broker."""

from __future__ import annotations

import importlib.util
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion

from tests.conftest import ROOT, Mosquitto, eventually

EXAMPLE = ROOT / "docs" / "examples" / "receiver.py"
SOURCE = "/smartpole/test/T-1"


def load() -> Any:
    spec = importlib.util.spec_from_file_location("receiver_example", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


example = load()


def event(number: int, kind: str = "incident.closed", **data: object) -> dict[str, Any]:
    return {
        "id": f"id-{number}", "source": SOURCE, "type": f"smartpole.{kind}", "storeid": "store", "sequence": f"{number:012d}", "data": data,
    }  # fmt: skip


@given(st.permutations(range(1, 40)), st.sets(st.integers(1, 39)))
def test_the_books_name_exactly_what_is_missing(order: list[int], missing: set[int]) -> None:
    receiver = example.Receiver(io.StringIO())
    came = [n for n in order if n not in missing]
    for number in [*came, *came]:
        receiver.take(event(number))
    if came:
        gaps = receiver.books[SOURCE, "store"].gaps()
        named = {n for first, last in gaps for n in range(first, last + 1)}
        assert named == {n for n in missing if n < max(came)}


def test_what_is_named_as_dropped_is_not_missing_and_duplicates_are_written_once() -> None:
    out = io.StringIO()
    receiver = example.Receiver(out)
    receiver.take(event(1))
    assert receiver.take(event(5, "outbox.dropped", ranges=[[2, 4]]))
    assert not receiver.take(event(5, "outbox.dropped", ranges=[[2, 4]]))
    assert receiver.books[SOURCE, "store"].gaps() == []
    assert len(out.getvalue().splitlines()) == 2


@pytest.fixture
def program(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(EXAMPLE), "--port", str(mosquitto.port), "--out", str(tmp_path / "events.jsonl"), "--every", "0.2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate(timeout=10)


def test_it_receives_reports_and_survives_nonsense(mosquitto: Mosquitto, program: subprocess.Popen[str], tmp_path: Path) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    topic = "smartpole/test/T-1/events/incident/closed"
    written = tmp_path / "events.jsonl"

    def published() -> bool:
        client.publish(topic, json.dumps(event(1)), qos=1).wait_for_publish(5)
        return written.exists() and bool(written.read_text())

    eventually(published, every_s=0.2)
    client.publish(topic, b"no json", qos=1).wait_for_publish(5)
    for number in (3, 2, 3):
        client.publish(topic, json.dumps(event(number)), qos=1).wait_for_publish(5)
    assert program.stdout is not None
    for line in program.stdout:
        if "1 to 3, complete" in line:
            break
    assert [json.loads(line)["sequence"][-1] for line in written.read_text().splitlines()] == ["1", "3", "2"]
    client.loop_stop()
