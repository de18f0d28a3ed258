"""What the pole of a long run meets: commands over MQTT, and a person at the page."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

PATIENCE_S = 10.0
LOOKS_S, PICTURES = 20.0, 10


class City:
    """Sends commands, and counts what it hears: events by number, each once."""

    def __init__(self, port: int, base: str) -> None:
        self._base, self._lock = base, threading.Lock()
        self.numbers: set[int] = set()
        self.twice = self.replayed = 0
        self.store = ""
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="city", clean_session=False)
        self._client.on_connect = lambda client, *_: client.subscribe(f"{base}/events/#", qos=1)
        self._client.on_message = self._hear
        self._client.reconnect_delay_set(1, 2)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _hear(self, _client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        event = json.loads(message.payload)
        number = int(event["sequence"])
        with self._lock:
            self.store = event["storeid"]
            if event.get("replayed"):
                self.replayed += 1
            else:
                self.twice += number in self.numbers
            self.numbers.add(number)

    @property
    def connected(self) -> bool:
        return self._client.is_connected()

    def send(self, path: str, payload: dict[str, Any]) -> float:
        """Returns when it went."""
        at = time.monotonic()
        self._client.publish(f"{self._base}/{path}", json.dumps(payload), qos=1)
        return at

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Visitor(threading.Thread):
    """Logs in, follows the stream, takes some pictures, goes, and comes back after a while."""

    def __init__(self, port: int, name: str, password: str, every_s: float) -> None:
        super().__init__(daemon=True)
        self._port, self._login, self._every_s = port, {"name": name, "password": password}, every_s
        self._ended = threading.Event()
        self.visits = self.failed = 0

    def run(self) -> None:
        while not self._ended.wait(self._every_s * random.uniform(0.5, 1.5)):
            try:
                self._visit()
                self.visits += 1
            except (OSError, http.client.HTTPException):  # a reload restarts the page
                self.failed += 1

    def _visit(self) -> None:
        origin = f"http://127.0.0.1:{self._port}"
        with self._asked("POST", "/api/login", {"Origin": origin}, json.dumps(self._login)) as answer:
            cookies = [value.split(";")[0] for value in answer.headers.get_all("Set-Cookie", ())]
        if not cookies:
            raise http.client.HTTPException(f"the login was answered with {answer.status}")
        cookie = {"Cookie": "; ".join(cookies)}
        number, end = "0", time.monotonic() + LOOKS_S
        with self._asked("GET", "/api/live", cookie) as live:
            for _ in range(PICTURES):
                live.readline()
                with self._asked("GET", f"/api/picture/street?after={number}", cookie) as picture:
                    picture.read()
                    number = picture.headers.get("X-Number", number)
            while time.monotonic() < end and not self._ended.is_set():
                live.readline()

    def _asked(
        self, method: str, path: str, headers: dict[str, str], body: str | None = None
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        headers = {"Connection": "close", "Content-Type": "application/json"} | headers
        connection.request(method, path, body, headers)
        return connection.getresponse()

    def end(self) -> None:
        self._ended.set()
        self.join(LOOKS_S + PATIENCE_S)
