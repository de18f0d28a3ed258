"""A repository on a web server, by the standard library: small, and nothing happens that is not written here.

No redirect is followed, no proxy is taken from the environment, TLS is verified, and nothing is waited for
without an end. How long a file may be says its reader; how long an answer may take is said here (`Patience`).
"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pole_agent import __version__
from pole_agent.errors import ConfigError, Problem, RemoteError
from pole_agent.languages import phrase
from pole_agent.remote.sources import CHUNK, NotThere

ABSENT = (403, 404, 410)
SMALL = 16_384  # bytes of an error page that are read, so that the connection can be used again
RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
# What beside the body goes over the line, roughly: of a request with its answer, of a connection with TLS.
EXCHANGE, HANDSHAKE = 800, 6_000
FAULTS = (OSError, http.client.HTTPException, ValueError)  # ValueError: the length of a chunk


@dataclass(frozen=True, slots=True)
class Patience:
    """How slow an answer may be: GPRS at its worst is faster."""

    silence_s: float = 30.0  # without a byte
    answer_s: float = 60.0  # for the connection and the head of the answer
    floor: int = 500  # bytes a second of the whole, from then on


class Web:
    """The files below one address. Blocks on the network; raises NotThere, RemoteError."""

    def __init__(
        self,
        address: str,
        ca_file: Path | None = None,
        spend: Callable[[int], None] = lambda _: None,
        patience: Patience = Patience(),
    ) -> None:
        """`spend` is told the bytes of each step, and may raise RemoteError. Raises ConfigError."""
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query:
            raise ConfigError([Problem("repository", phrase("web-address-invalid", address=address))])
        self.where = address
        self._base = parts.path.rstrip("/")
        self._spend, self._patience = spend, patience
        self._answering: socket.socket | None = None
        if parts.scheme == "https":
            try:
                trusted = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
            except OSError as error:
                told = phrase("at-key", key=ca_file, problem=error)
                raise ConfigError([Problem("ca_file", told)]) from error
            self._connection: http.client.HTTPConnection = _Tls(
                parts.hostname, parts.port, timeout=patience.silence_s, context=trusted
            )
        else:
            self._connection = http.client.HTTPConnection(
                parts.hostname, parts.port, timeout=patience.silence_s
            )

    def metadata(self, name: str) -> Iterator[bytes]:
        return self._get(f"metadata/{name}", 0)[1]

    def target(self, name: str, start: int) -> tuple[int, Iterator[bytes]]:
        return self._get(f"targets/{name}", start)

    def close(self) -> None:
        self._connection.close()

    def _get(self, name: str, start: int) -> tuple[int, Iterator[bytes]]:
        watch = _Watch(self._patience, self._cut)
        try:
            answer = self._ask(name, start)
            if answer.status == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
                self._finish(answer)
                start, answer = 0, self._ask(name, 0)
            begins = self._begins(answer, name, start)
        except FAULTS as error:
            watch.stop()
            self.close()
            raise self._failed(watch, error) from error
        except BaseException:
            watch.stop()
            raise
        return begins, self._body(answer, watch)

    def _ask(self, name: str, start: int) -> http.client.HTTPResponse:
        """The head of the answer. A connection that the server closed meanwhile is opened again, once."""
        headers = {"User-Agent": f"pole-agent/{__version__}", "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        for again in (self._connection.sock is not None, False):
            self._spend(EXCHANGE)
            if self._connection.sock is None and isinstance(self._connection, _Tls):
                self._spend(HANDSHAKE)
            try:
                self._connection.request("GET", f"{self._base}/{name}", headers=headers)
                self._answering = self._connection.sock
                return self._connection.getresponse()
            except (ConnectionError, http.client.BadStatusLine):
                self.close()
                if not again:
                    raise
        raise AssertionError("one of the two returns or raises")

    def _begins(self, answer: http.client.HTTPResponse, name: str, start: int) -> int:
        """The byte with which the body begins."""
        if answer.status == http.HTTPStatus.OK:
            return 0
        if answer.status == http.HTTPStatus.PARTIAL_CONTENT:
            found = RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            if found and int(found[1]) == start:
                return start
        self._finish(answer)
        if answer.status in ABSENT:
            raise NotThere(name)
        if 300 <= answer.status < 400:
            to = answer.headers.get("Location", "")
            raise RemoteError(phrase("web-redirect", where=self.where, to=to[:200]))
        told = f"{answer.status} {answer.reason}"
        raise RemoteError(phrase("web-status", where=self.where, file=name, status=told[:200]))

    def _finish(self, answer: http.client.HTTPResponse) -> None:
        """Read a short error page, or give the connection up."""
        got = answer.read(SMALL)
        self._spend(len(got))
        if not answer.isclosed():
            self.close()

    def _body(self, answer: http.client.HTTPResponse, watch: _Watch) -> Iterator[bytes]:
        whole = False
        try:
            while chunk := answer.read1(CHUNK):
                watch.moved(len(chunk))
                self._spend(len(chunk))
                yield chunk
            if watch.expired or answer.length:
                raise http.client.IncompleteRead(b"", answer.length)
            whole = True
            answer.close()
        except FAULTS as error:
            raise self._failed(watch, error) from error
        finally:
            watch.stop()
            if not whole:  # its reader has enough, or the line broke: the rest of this answer is in the way
                answer.close()
                self.close()

    def _failed(self, watch: _Watch, error: Exception) -> RemoteError:
        if watch.expired:
            return RemoteError(phrase("web-too-slow", where=self.where, floor=self._patience.floor))
        told = str(error) or type(error).__name__
        return RemoteError(phrase("web-unreachable", where=self.where, error=told))

    def _cut(self) -> None:
        """Whoever waits on the connection comes back at once."""
        for sock in (self._connection.sock, self._answering):  # the one, where an answer ends with the line
            if sock is not None:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)  # under TLS too: no goodbye is said


class _Tls(http.client.HTTPSConnection):
    """Can be cut during the handshake too: http.client has no socket to show until it is over."""

    def __init__(self, host: str, port: int | None, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self._trusted = context

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._trusted.wrap_socket(
            self.sock, server_hostname=self.host, do_handshake_on_connect=False
        )
        self.sock.do_handshake()


class _Watch:
    """Cuts what is slower than the patience allows, whatever it waits for: heads, chunks, trailers."""

    def __init__(self, patience: Patience, cut: Callable[[], None]) -> None:
        self.expired = False
        self._patience, self._cut = patience, cut
        self._until = time.monotonic() + patience.answer_s
        self._over = threading.Event()
        threading.Thread(target=self._watch, name="slow", daemon=True).start()

    def moved(self, count: int) -> None:
        self._until += count / self._patience.floor

    def stop(self) -> None:
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(max(0.1, self._until - time.monotonic())):
            if time.monotonic() >= self._until:
                self.expired = True
                self._cut()  # again, until it is over: there may have been no socket yet
