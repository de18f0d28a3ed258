"""Motion JPEG over HTTP (multipart/x-mixed-replace), read part by part: one that is broken is left out, and
is not the end.

FFmpeg ends such a stream at the first part that it does not like. Here a part is looked for by its boundary,
whatever its length claims to be, and counts when it is a whole JPEG. Silence is measured from the last byte.
"""

from __future__ import annotations

import http.client
import math
import re
import ssl
import time
import urllib.error
import urllib.request
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np

from pole_agent.errors import CameraError
from pole_agent.languages import phrase

SILENCE_S = 8.0  # without one byte
BROKEN_S = 10.0  # nothing but broken parts
MAX_BYTES = 1 << 24  # of one part
MAX_HEAD = 1 << 14
AT_ONCE = 1 << 16
FIRST_HEAD = re.compile(
    rb"(?:\A|\n)[ \t]*([^\s:][^\r\n:]{0,199}?)[ \t]*\r?\n(?:[A-Za-z-]+:[^\r\n]*\r?\n)*?Content-",
    re.IGNORECASE,
)
BEGINS, ENDS = b"\xff\xd8", b"\xff\xd9"
MJPG = float(cv2.VideoWriter.fourcc(*"MJPG"))


class Multipart:
    """An open stream of JPEG parts. Read by one thread."""

    transport = ""
    patience_s = SILENCE_S + 2

    def __init__(self, answer: Any, boundary: str, name: str) -> None:
        self._answer, self._name = answer, name
        # Some cameras count the dashes as part of it, some do not
        core = boundary.strip().strip('"').lstrip("-")
        self._mark = b"--" + core.encode() if core else b""
        self._bytes = bytearray()
        self._begun = False
        self._data: bytes = b""
        self._stamp: float | None = None
        self._good_at = time.monotonic()
        self.heard_at = self._good_at
        self.again = False
        self.broken = 0  # parts that were left out

    def grab(self) -> bool:
        """The next whole JPEG. False when the stream has ended. Raises CameraError."""
        try:
            while (part := self._part()) is not None:
                head, data = part
                if _whole(data):
                    self.again, self._data = data == self._data, data
                    self._stamp = _stamp(head)
                    self._good_at = time.monotonic()
                    return True
                if head.get_content_maintype() == "image" or data.startswith(BEGINS):
                    self.broken += 1
                    if time.monotonic() - self._good_at > BROKEN_S:
                        raise CameraError(phrase("stream-without-picture", source=self._name))
        except TimeoutError:
            raise CameraError(
                phrase("stream-timed-out", source=self._name, seconds=f"{SILENCE_S:.0f}")
            ) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CameraError(phrase("stream-broke-off", source=self._name)) from error
        return False

    def retrieve(self) -> tuple[bool, Any]:
        try:
            image = cv2.imdecode(np.frombuffer(self._data, np.uint8), cv2.IMREAD_COLOR)
        except cv2.error:
            image = None
        return (True, image) if image is not None and image.size else (False, None)

    def read(self) -> tuple[bool, Any]:
        return self.retrieve() if self.grab() else (False, None)

    def stamp(self) -> float | None:
        return self._stamp

    def get(self, what: int) -> float:
        return MJPG if what == cv2.CAP_PROP_FOURCC else 0.0

    def release(self) -> None:
        self._answer.close()

    def _more(self) -> bool:
        data = self._answer.read1(AT_ONCE)
        self.heard_at = time.monotonic()
        self._bytes += data
        return bool(data)

    def _find(self, what: bytes, start: int, most: int) -> int:
        """Where `what` begins in the bytes, reading more as needed; -1 at the end of the stream, or when it
        is too far.
        """
        while (at := self._bytes.find(what, max(0, start))) < 0:
            start = max(start, len(self._bytes) - len(what) + 1)
            if len(self._bytes) > most or not self._more():
                return -1
        return at

    def _part(self) -> tuple[Message, bytes] | None:
        """Headers and data of the next part; None at the end of the stream."""
        if not self._begun:
            self._begun = True
            self._compare()
        if not self._mark and not self._guess():
            return None
        while (at := self._find(self._mark, 0, MAX_BYTES)) < 0:
            if len(self._bytes) <= MAX_BYTES:
                return None
            del self._bytes[: -len(self._mark)]
        del self._bytes[: at + len(self._mark)]
        if (line := self._find(b"\n", 0, MAX_HEAD)) < 0:
            return None if len(self._bytes) <= MAX_HEAD else (Message(), b"")
        del self._bytes[: line + 1]
        head = self._head()
        length = head.get("Content-Length", "").strip()
        wanted = int(length) if length.isascii() and length.isdigit() and len(length) < 9 else 0
        if 0 < wanted <= MAX_BYTES:
            while len(self._bytes) < wanted and self._more():
                continue
            inside = self._bytes.find(self._mark, 0, wanted)
            data = bytes(self._bytes[: wanted if inside < 0 else inside])
            if inside >= 0 or _whole(data):  # else the length is wrong, or the data are
                del self._bytes[: len(data)]
                return head, data
        end = self._find(self._mark, 0, MAX_BYTES)
        if end < 0 and not self._bytes:
            return None
        data = bytes(self._bytes if end < 0 else self._bytes[:end])
        del self._bytes[: len(data)]
        return head, data

    def _head(self) -> Message:
        """The headers of a part, up to an empty line; a part may have none."""
        head, used = Message(), 0
        while used < MAX_HEAD:
            end = self._find(b"\n", used, used + MAX_HEAD)
            line = bytes(self._bytes[used : max(end, used)]).strip()
            if end < 0 or line.startswith(BEGINS):
                break
            used = end + 1
            if not line:
                break
            name, _, value = line.decode("latin-1").partition(":")
            head[name.strip()] = value.strip()
        del self._bytes[:used]
        return head

    def _compare(self) -> None:
        """The line before the headers of the first part is the boundary, also where the answer announces
        another.
        """
        while not (first := FIRST_HEAD.search(self._bytes)) and len(self._bytes) <= MAX_HEAD and self._more():
            continue
        if first and not (self._mark and self._mark in first[1]):
            self._mark = bytes(first[1])

    def _guess(self) -> bool:
        """The answer names no boundary: take the first line that looks like one."""
        at = self._find(b"--", 0, MAX_HEAD)
        end = self._find(b"\n", at, at + MAX_HEAD) if at >= 0 else -1
        self._mark = bytes(self._bytes[at:end]).strip() if end >= 0 else b""
        return bool(self._mark.strip(b"-"))


def _whole(data: bytes) -> bool:
    """Is it a JPEG from its first to its last byte? What cameras add behind is left out of account."""
    return data.startswith(BEGINS) and data.rstrip(b"\r\n\0 ").endswith(ENDS)


def _stamp(head: Message) -> float | None:
    """Some cameras write the time of the picture (X-Timestamp, in seconds)."""
    try:
        at = float(head.get("X-Timestamp", ""))
    except ValueError:
        return None
    return at if math.isfinite(at) and at > 0 else None


class _SameHost(urllib.request.HTTPRedirectHandler):
    """A camera may send us to another path, not to somebody else."""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).hostname != urlsplit(req.full_url).hostname:
            raise CameraError(phrase("camera-redirects", camera=self.name))
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def __init__(self, name: str) -> None:
        self.name = name


class _Digest(urllib.request.HTTPDigestAuthHandler):
    """Lets go of the connection that was refused before it asks again: the camera may allow one."""

    def http_error_401(self, req: Any, fp: Any, *rest: Any) -> Any:
        fp.close()
        return super().http_error_401(req, fp, *rest)


class _Basic(urllib.request.HTTPBasicAuthHandler):
    """As above."""

    def http_error_401(self, req: Any, fp: Any, *rest: Any) -> Any:
        fp.close()
        return super().http_error_401(req, fp, *rest)


def open_multipart(source: str, name: str, username: str | None, password: str | None) -> Multipart | None:
    """Ask for `source` (http or https, without credentials); None when it is something else that FFmpeg may
    know. Raises CameraError.

    `name` is what people call it. The answer that says what it is, is the stream that is then read.
    """
    tls = ssl.create_default_context()
    # Cameras sign their own, and FFmpeg does not look either
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    handlers: list[Any] = [
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=tls),
        _SameHost(name),
    ]
    if username is not None:
        logins = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        logins.add_password(None, source, username, password or "")
        handlers += [_Digest(logins), _Basic(logins)]
    request = urllib.request.Request(source, headers={"User-Agent": "pole-agent"})
    try:
        answer = urllib.request.build_opener(*handlers).open(request, timeout=SILENCE_S)
    except urllib.error.HTTPError as error:
        error.close()
        raise CameraError(phrase("at-key", key=name, problem=_refusal(error.code))) from None
    except TimeoutError:
        raise CameraError(phrase("camera-no-answer", camera=name, seconds=f"{SILENCE_S:.0f}")) from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise CameraError(phrase("camera-no-answer", camera=name, seconds=f"{SILENCE_S:.0f}")) from None
        why = getattr(error.reason, "strerror", None) or error.reason
        raise CameraError(phrase("camera-unreachable", camera=name, error=why)) from error
    except (OSError, http.client.HTTPException, ValueError):
        raise CameraError(phrase("camera-wrong-protocol", camera=name, protocol="HTTP")) from None
    kind = answer.headers.get_content_type()
    if kind.startswith("multipart/"):
        return Multipart(answer, str(answer.headers.get_param("boundary") or ""), name)
    answer.close()
    if kind == "image/jpeg":
        raise CameraError(phrase("address-of-one-picture", camera=name))
    return None


def _refusal(code: int) -> str:
    if code in (401, 403):
        return phrase("camera-login-refused")
    if code == 404:
        return phrase("stream-unknown")
    return phrase("camera-refused-http", code=code)
