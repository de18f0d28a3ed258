"""A camera over HTTP for the tests: sends what a function yields, to one viewer or to many."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np

HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"


def picture(number: int) -> bytes:
    """A JPEG, 64 x 48, whose mean level is about `number`."""
    noise = np.random.default_rng(number).integers(-5, 6, (48, 64, 3))
    return bytes(cv2.imencode(".jpg", np.clip(number + noise, 0, 255).astype(np.uint8))[1].tobytes())


def part(data: bytes, length: int | None = None, kind: str = "image/jpeg") -> bytes:
    size = len(data) if length is None else length
    return f"--frame\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n".encode() + data + b"\r\n"


class HttpCamera:
    """Answers each viewer with what `talk(request)` yields; keeps the requests.

    With `one_viewer` it turns away a second one.
    """

    def __init__(self, talk: Callable[[bytes], Iterator[bytes]], one_viewer: bool = False) -> None:
        self._talk, self._one_viewer = talk, one_viewer
        self._busy = threading.Lock()
        self.requests: list[bytes] = []
        self.turned_away = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}/video"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection: Any = self._server.accept()[0]
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            if self._one_viewer and not self._busy.acquire(blocking=False):
                self.turned_away += 1
                return
            try:
                request = connection.recv(4000)
                self.requests.append(request)
                for data in self._talk(request):
                    connection.sendall(data)
            finally:
                if self._one_viewer:
                    self._busy.release()

    def close(self) -> None:
        self._server.close()
