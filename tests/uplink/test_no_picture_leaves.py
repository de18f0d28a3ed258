"""Everything that a whole demo says to its broker, heard from outside: numbers and words only. No picture, no password."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.conftest import CLIP, ROOT, Mosquitto, eventually

SECRET = "a-password-that-nobody-else-uses"
MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"GIF8", b"BM6", b"\x00\x00\x00\x01g", b"ftyp", b"%PDF")
BLOB = re.compile(rb"[A-Za-z0-9+/=_-]{120,}")  # as long as no identifier, hash or signature is: base64 of something
MOST_BYTES = 300_000  # one picture of the clip has 1.3 million


@pytest.mark.timeout(120)
def test_a_whole_demo_says_numbers_and_words_only_and_sums_them_up(mosquitto: Mosquitto, tmp_path: Path) -> None:
    heard: list[tuple[str, bytes]] = []
    ready = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _c, _u, message: heard.append((message.topic, message.payload))
    client.connect("127.0.0.1", mosquitto.port)
    client.subscribe("#", qos=1)
    client.loop_start()
    try:
        assert ready.wait(10)
        done = subprocess.run(
            [sys.executable, "-m", "pole_agent", "demo", "--once", "--mqtt", f"mqtt://pole:{SECRET}@127.0.0.1:{mosquitto.port}"],
            capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin"}, timeout=100, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        eventually(lambda: any(t.endswith("/status") and b"offline" in p for t, p in heard))
    finally:
        client.loop_stop()
    summary = {line[:22].strip(): line[22:].strip() for line in done.stdout.split("summary\n")[1].splitlines()}
    assert int(summary["people seen"].split()[0]) >= 8
    assert int(summary["incidents"].split()[0]) >= 2
    assert int(summary["lamp changes"].split()[0]) >= 1
    assert summary["drone requests"] == "1 (1 ok)"
    assert "blocked (simulation): staying - wind 11.4 m/s, allowed at most 8 m/s" in done.stdout
    assert "in_progress (simulation): staying - on scene" in done.stdout
    assert int(summary["messages delivered"].split()[0]) >= 10
    assert float(summary["peak memory"].split()[0]) <= 200
    topics = {topic.split("/", 3)[-1] for topic, _ in heard}
    assert {"status", "info", "active", "lamp/state", "drone/request", "drone/order", "events/incident/opened"} <= topics
    pixels = _rows_of_the_clip()
    for topic, payload in heard:
        assert isinstance(json.loads(payload), dict), topic
        assert SECRET.encode() not in payload
        assert not [m for m in MAGIC if m in payload], topic
        assert not BLOB.search(payload), topic
        assert not [row for row in pixels if row in payload], topic
    assert sum(len(payload) for _, payload in heard) < MOST_BYTES


def _rows_of_the_clip() -> list[bytes]:
    """Some pixels of each tenth frame, as they would stand in a raw picture."""
    capture, rows = cv2.VideoCapture(str(CLIP)), []
    while True:
        ok, image = capture.read()
        if not ok:
            return rows[::10]
        rows.append(np.ascontiguousarray(image[image.shape[0] // 2, :16]).tobytes())
