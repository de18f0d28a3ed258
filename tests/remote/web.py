"""A web server on loopback that offers a folder as any does, and misbehaves where a test says so."""

from __future__ import annotations

import contextlib
import http.server
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

Mischief = Callable[["Handler"], None]


@dataclass
class Site:
    """What the server offers. `mischief` answers instead, by a pattern of the path."""

    folder: Path
    address: str = ""
    mischief: dict[str, Mischief] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)  # path, Range
    over: threading.Event = field(default_factory=threading.Event)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    site: Site

    def do_GET(self) -> None:
        self.site.asked.append((self.path, self.headers.get("Range", "")))
        for pattern, mischief in self.site.mischief.items():
            if re.search(pattern, self.path):
                mischief(self)
                return
        self.offer()

    def offer(self) -> None:
        file = self.site.folder / self.path.lstrip("/")
        if not file.is_file():
            self.say(404, b"not found")
            return
        blob = file.read_bytes()
        if found := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            start = int(found[1])
            self.say(206, blob[start:], {"Content-Range": f"bytes {start}-{len(blob) - 1}/{len(blob)}"})
        else:
            self.say(200, blob)

    def say(self, status: int, blob: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(blob)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(blob)

    def drip(self, first: bytes, each: bytes, every_s: float) -> None:
        """Something, and then a little for ever."""
        with contextlib.suppress(OSError):
            self.wfile.write(first)
            while not self.site.over.wait(every_s):
                self.wfile.write(each)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def served(folder: Path, context: ssl.SSLContext | None = None) -> Iterator[Site]:
    site = Site(folder)
    handler = type("Handler", (Handler,), {"site": site})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        site.address = f"http{'s' if context else ''}://127.0.0.1:{server.server_port}"
        try:
            yield site
        finally:
            site.over.set()
            server.shutdown()
            thread.join()
