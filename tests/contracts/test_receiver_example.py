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
        "id": f"id-{number}",
        "source": SOURCE,
        "type": f"smartpole.{kind}",
        "storeid": "store",
        "sequence": f"{number:012d}",
        "data": data,
    }


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


def test_what_is_named_as_dropped_is_not_missing() -> None:
    """What is named as dropped is not missing and duplicates are written once."""
    out = io.StringIO()
    receiver = example.Receiver(out)
    receiver.take(event(1))
    assert receiver.take(event(5, "outbox.dropped", ranges=[[2, 4]]))
    assert not receiver.take(event(5, "outbox.dropped", ranges=[[2, 4]]))
    assert receiver.books[SOURCE, "store"].gaps() == []
    assert len(out.getvalue().splitlines()) == 2


def test_a_store_that_has_ended_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """A store that has ended is explained and asked for nothing."""
    asked: list[str] = []

    class Client:
        """Notes what is published."""

        def publish(self, topic: str, _payload: str, qos: int) -> None:
            asked.append(topic)

    receiver = example.Receiver(io.StringIO())
    for number in (1, 2, 6):
        receiver.take(event(number))
    new = event(1, "outbox.dropped", ranges=[[4, 6]], storeid="store", count=2, cause="store_went_back") | {
        "id": "n",
        "storeid": "new",
    }
    receiver.take(new)
    for now in (0.0, 61.0):
        receiver.report(Client(), now)
    told = capsys.readouterr().out.splitlines()
    assert told[-2:] == [
        f"{SOURCE} store new: 1 to 1, complete",
        f"{SOURCE} store store: 1 to 6, ended (store_went_back), never came: [(3, 3)]",
    ]
    assert asked == []
    receiver.take(event(3))
    assert "all explained; 1 events came after that" in receiver.books[SOURCE, "store"].words()


@pytest.mark.parametrize(
    "wrong",
    [
        {"sequence": 10**30},
        {"sequence": "0"},
        {"id": "\ud800"},
        {"storeid": "\udfff"},
        {"type": "smartpole.outbox.dropped", "data": []},
        {"type": "smartpole.outbox.dropped", "data": {"ranges": [[1]]}},
        {"type": "smartpole.outbox.dropped", "data": {"ranges": [[1, 1 << 64]]}},
    ],
)
def test_what_is_no_event_is_taken_in_not_even_by_half(wrong: dict[str, Any]) -> None:
    receiver = example.Receiver(io.StringIO())
    with pytest.raises((ValueError, TypeError, AttributeError)):
        receiver.take(event(1) | wrong)
    assert receiver.books == {}
    assert receiver.take(event(1))


def test_lines_that_kill_left_without_books(tmp_path: Path) -> None:
    """Lines that a kill left without their books are removed and come again."""
    path = tmp_path / "events.jsonl"
    with path.open("a") as out:
        receiver = example.Receiver(out, tmp_path / "books")
        with receiver.batch():
            receiver.take(event(1))
        out.write('{"id": "id-2", "cut')
    with path.open("a") as out:
        again = example.Receiver(out, tmp_path / "books")
        with again.batch():
            assert not again.take(event(1))
            assert again.take(event(2))
    assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == ["id-1", "id-2"]


def test_a_batch_that_fails_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with path.open("a") as out:
        receiver = example.Receiver(out, tmp_path / "books")
        with pytest.raises(RuntimeError), receiver.batch():
            receiver.take(event(1))
            raise RuntimeError
        with receiver.batch():
            assert receiver.take(event(1))
    assert len(path.read_text().splitlines()) == 1


def test_killed_again_and_again_it_writes_each_event(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Killed again and again it writes each event once and proves completeness.

    A pole that repeats itself, and a receiver that is killed in the middle: thirty-three came twice once.
    """
    command = [
        sys.executable,
        str(EXAMPLE),
        "--port",
        str(mosquitto.port),
        "--out",
        str(tmp_path / "events.jsonl"),
        "--every",
        "0.2",
    ]
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    number, written = 0, tmp_path / "events.jsonl"

    def send() -> None:
        for again in range(1, number + 1):
            client.publish(
                "smartpole/test/T-1/events/incident/closed", json.dumps(event(again)), qos=1
            ).wait_for_publish(5)

    for _ in range(3):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        before = len(written.read_text().splitlines()) if written.exists() else 0
        number += 40

        def more() -> bool:
            send()
            return written.exists() and len(written.read_text().splitlines()) > before  # noqa: B023

        eventually(more, within_s=20)
        process.kill()
        process.communicate(timeout=10)
    send()
    client.loop_stop()
    client.disconnect()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = any(f"1 to {number}, complete" in line for line in process.stdout)
        process.kill()
    assert found
    names = [json.loads(line)["id"] for line in written.read_text().splitlines()]
    assert sorted(names) == sorted(f"id-{n}" for n in range(1, number + 1))


@pytest.fixture
def program(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [
        sys.executable,
        str(EXAMPLE),
        "--port",
        str(mosquitto.port),
        "--out",
        str(tmp_path / "events.jsonl"),
        "--every",
        "0.2",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate(timeout=10)


def test_it_receives_reports_and_survives_nonsense(
    mosquitto: Mosquitto, program: subprocess.Popen[str], tmp_path: Path
) -> None:
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
