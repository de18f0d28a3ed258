"""Everything that a whole demo says to its broker, heard from outside: numbers and words only.

No picture, no password.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.conftest import CLIP, ROOT, Mosquitto, eventually, free_port, run_agent
from tests.traced import Traced, nothing_else

SECRET = "a-password-that-nobody-else-uses"
MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"GIF8", b"BM6", b"\x00\x00\x00\x01g", b"ftyp", b"%PDF")
# As long as no identifier, hash or signature is: base64 of something
BLOB = re.compile(rb"[A-Za-z0-9+/=_-]{120,}")
LONG_S = 600
MAX_BYTES = 300_000  # one picture of the clip has 1.3 million


@contextlib.contextmanager
def everything(port: int) -> Iterator[list[tuple[str, bytes]]]:
    """All that a broker is told, as topic and payload. Waits for a broker that starts."""
    heard: list[tuple[str, bytes]] = []
    ready = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _c, _u, message: heard.append((message.topic, bytes(message.payload)))

    def let_in(*_: object) -> None:
        client.subscribe("#", qos=1)

    client.on_connect = let_in

    def connected() -> bool:
        with contextlib.suppress(ConnectionError):
            client.connect("127.0.0.1", port)
            return True
        return False

    eventually(connected)
    client.loop_start()
    try:
        assert ready.wait(60)  # the broker that starts is traced, and slow beside other tests
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


def is_harmless(heard: list[tuple[str, bytes]]) -> None:
    pixels = _rows_of_the_clip()
    for topic, payload in heard:
        assert isinstance(json.loads(payload), dict), topic
        assert SECRET.encode() not in payload
        assert not [m for m in MAGIC if m in payload], topic
        assert not BLOB.search(payload), topic
        assert not [row for row in pixels if row in payload], topic


def demo(port: int, folder: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pole_agent",
            "demo",
            *more,
            "--mqtt",
            f"mqtt://pole:{SECRET}@127.0.0.1:{port}",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin"},
    )


def is_simulated(heard: list[tuple[str, bytes]]) -> None:
    """Every message says so, whatever else it says."""
    assert [
        topic for topic, payload in heard if payload and json.loads(payload).get("simulation") is not True
    ] == []


@pytest.mark.timeout(180)
def test_a_whole_demo_says_numbers_and_words(traced: Traced) -> None:
    """A whole demo says numbers and words only and sums them up.

    Alone: its clock starts at dusk, so its times are called unsynced; it speaks to its own broker only, and
    writes nothing elsewhere.
    """
    port = free_port()
    process = traced.start("demo", "--once", "--port", str(port))
    with everything(port) as heard:
        shown, errors = process.communicate(timeout=150)
    assert process.returncode == 0, errors
    nothing_else(traced, ("127.0.0.1", port))
    assert "its clock starts at dusk, 17:" in shown
    summary = {line[:22].strip(): line[22:].strip() for line in shown.split("summary\n")[1].splitlines()}
    assert int(summary["people seen"].split()[0]) >= 8
    assert int(summary["incidents"].split()[0]) >= 2
    assert int(summary["lamp changes"].split()[0]) >= 1
    assert summary["drone requests"] == "1 (1 ok)"
    assert "blocked (simulation): staying - wind 11.4 m/s, allowed at most 8 m/s" in shown
    assert "in_progress (simulation): staying - on scene" in shown
    assert int(summary["messages delivered"].split()[0]) >= 10
    assert float(summary["peak memory"].split()[0]) <= 200
    topics = {topic.split("/", 3)[-1] for topic, _ in heard}
    assert {
        "status",
        "info",
        "active",
        "lamp/state",
        "drone/request",
        "drone/order",
        "events/incident/opened",
    } <= topics
    is_harmless(heard)
    is_simulated(heard)
    assert {json.loads(p)["timequality"] for t, p in heard if "/events/" in t} == {"unsynced"}
    assert sum(len(payload) for _, payload in heard) < MAX_BYTES


@pytest.mark.timeout(180)
def test_an_order_of_the_demo_is_a_simulation(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """An order of the demo is a simulation also when a person approves.

    With a real broker it keeps real time, and a person decides as on the street: all of it is a simulation
    all the same.
    """
    with everything(mosquitto.port) as heard:
        process = demo(mosquitto.port, tmp_path, "--approval", "required")

        def last(path: str) -> dict[str, Any]:
            return next((json.loads(p) for t, p in reversed(heard) if t.endswith(path)), {})

        try:
            eventually(lambda: last("/drone/request").get("state") == "pending_approval", 60)
            decision = {
                "request_id": last("/drone/request")["request_id"],
                "decision": "approve",
                "by": "officer",
            }
            client = paho.Client(CallbackAPIVersion.VERSION2)
            client.connect("127.0.0.1", mosquitto.port)
            client.publish("smartpole/sumedang/DEMO-1/drone/approval", json.dumps(decision), qos=1)
            client.loop_start()
            eventually(lambda: last("/drone/order"), 20)
            client.disconnect()
            client.loop_stop()
        finally:
            process.terminate()
            shown, _ = process.communicate(timeout=15)
    assert last("/drone/order")["approved_by"] == "officer"
    is_harmless(heard)
    # That one is the officer's
    is_simulated([(topic, payload) for topic, payload in heard if not topic.endswith("/drone/approval")])
    times = [
        (e["timequality"], datetime.fromisoformat(e["time"]))
        for e in (json.loads(p) for t, p in heard if "/events/" in t)
    ]
    assert times
    assert all(
        quality == "synced" and abs((datetime.now(UTC) - time).total_seconds()) < 180
        for quality, time in times
    )
    assert "real time, " in shown


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ten_minutes_of_the_demo_say_numbers(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Ten minutes of the demo say numbers and words only."""
    with everything(mosquitto.port) as heard:
        process = demo(mosquitto.port, tmp_path)
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                process.communicate(timeout=LONG_S)
        finally:
            process.terminate()
            process.communicate(timeout=10)
        eventually(lambda: any(t.endswith("/status") and b"offline" in p for t, p in heard))
    kinds = {topic.rpartition("/events/")[2] for topic, _ in heard if "/events/" in topic}
    assert {"incident/opened", "incident/closed", "traffic/summarized"} <= kinds
    assert sum(topic.endswith("/health") for topic, _ in heard) >= LONG_S / 60 - 1
    is_harmless(heard)
    assert sum(len(payload) for _, payload in heard) < MAX_BYTES * LONG_S / 25


def test_passwords_of_camera_and_broker_stay_on_pole(
    mosquitto: Mosquitto, bench: Callable[..., Path], tmp_path: Path
) -> None:
    """The passwords of camera and broker stay on the pole.

    In no message and in no line of the log, also when neither lets us in.
    """
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    config = bench(
        f'[[camera]]\nsource = "rtsp://127.0.0.1:9/x?password={SECRET}"\nusername = "viewer"\npassword_file ='
        f' "{secret}"\n[[camera]]\nname = "other"\nsource ='
        f' "rtsp://viewer:{SECRET}@127.0.0.1:9/user=a&password={SECRET}"\n[mqtt]\nhost = "127.0.0.1"\nport ='
        f' {mosquitto.port}\ntls = false\nusername = "pole"\npassword_file = "{secret}"\n'
    )
    with everything(mosquitto.port) as heard:
        process = run_agent("run", "--config", str(config), "--log-level", "debug")
        try:
            eventually(
                lambda: sum(t.endswith("health/degraded") and b"camera:" in p for t, p in heard) >= 2, 30
            )
            eventually(lambda: any(t.endswith("/health") for t, _ in heard), 20)
        finally:
            process.terminate()
            shown, log = process.communicate(timeout=10)
    is_harmless(heard)
    assert SECRET not in shown + log


def _rows_of_the_clip() -> list[bytes]:
    """Some pixels of each tenth frame, as they would stand in a raw picture."""
    capture = cv2.VideoCapture(str(CLIP))
    rows: list[bytes] = []
    while True:
        ok, image = capture.read()
        if not ok:
            return rows[::10]
        rows.append(np.ascontiguousarray(image[image.shape[0] // 2, :16]).tobytes())
