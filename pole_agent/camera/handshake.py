"""Is there a camera at this address at all? Asked with a short timeout, before OpenCV is let in.

OpenCV opens one FFmpeg stream at a time in a process (opencv issue 17057): one silent camera would keep all
others closed for as long as the timeout of opening. It also cannot say why something did not open; this can.
"""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

from pole_agent.errors import CameraError
from pole_agent.languages import phrase

KNOCK_S = 4.0
PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
SECURE = ("rtsps", "https")
HEAD_BYTES = 64


def handshake(source: str, name: str) -> None:
    """Ask the server of `source` (a URL without credentials) for a sign of life; `name` is what people call
    it. Raises CameraError.

    RTSP is asked for its OPTIONS, HTTP for the resource itself. Other schemes are not asked anything.
    """
    try:
        parts = urlsplit(source)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        raise CameraError(phrase("camera-address-invalid", camera=name)) from None
    if parts.scheme not in PORTS or port is None or parts.hostname is None:
        return None
    try:
        with socket.create_connection((parts.hostname, port), KNOCK_S) as connection:
            if parts.scheme in SECURE:
                return _greet(connection, parts.hostname)
            connection.sendall(_question(source, parts.scheme, parts.netloc, parts.path, parts.query))
            answer = connection.recv(HEAD_BYTES)
    except TimeoutError:
        raise CameraError(phrase("camera-no-answer", camera=name, seconds=f"{KNOCK_S:.0f}")) from None
    except OSError as error:
        raise CameraError(phrase("camera-unreachable", camera=name, error=error.strerror or error)) from error
    return judge(answer, parts.scheme, name)


def judge(answer: bytes, scheme: str, name: str) -> None:
    """Is this the beginning of an answer of a server of this scheme? Raises CameraError."""
    word = b"RTSP/" if scheme == "rtsp" else b"HTTP/"
    if not answer.startswith(word):
        raise CameraError(phrase("camera-wrong-protocol", camera=name, protocol=word[:-1].decode()))
    status = answer.split(maxsplit=2)[1:2]
    if status == [b"404"]:
        raise CameraError(phrase("camera-stream-unknown", camera=name))


def _question(source: str, scheme: str, host: str, path: str, query: str) -> bytes:
    if scheme == "rtsp":
        return f"OPTIONS {source} RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: pole-agent\r\n\r\n".encode()
    target = (path or "/") + (f"?{query}" if query else "")
    return f"GET {target} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: pole-agent\r\n\r\n".encode()


def _greet(connection: socket.socket, host: str) -> None:
    """A TLS handshake, without judging the certificate: cameras sign their own, and FFmpeg decides for
    itself.
    """
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(connection, server_hostname=host):
        return
