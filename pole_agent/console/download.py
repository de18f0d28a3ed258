"""Fetch a file whose size and hash are known before: it is whole and the right one, or it is not there."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from pole_agent.errors import ModelError
from pole_agent.languages import phrase

TIMEOUT_S = 20.0  # without a byte
CHUNK = 64 * 1024
LOOPBACK = ("127.0.0.1", "localhost", "::1")
Report = Callable[[int, int], None]  # bytes so far, bytes in all


def fetch(source: str, target: Path, size: int, sha256: str, report: Report) -> None:
    """Bring `source`, an https address or a file, to `target`. What an earlier attempt left beside it as
    ``.part`` is continued.

    Blocks. Raises ModelError: not reachable, another size or hash, not writable.
    """
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if "://" in source:
            _download(source, part, size, report)
        else:
            _copy(Path(source), part, size)
        _verify(part, source, size, sha256)
        part.replace(target)
    except (OSError, http.client.HTTPException, urllib.error.URLError) as error:
        raise ModelError(phrase("download-failed", source=source, error=_reason(error))) from error


def _download(url: str, part: Path, size: int, report: Report) -> None:
    _https_only(url)
    have = part.stat().st_size if part.exists() else 0
    if have >= size:
        part.unlink()  # of another version, or too long: begin again
        have = 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        _https_only(answer.url)  # where it was sent on to
        if have and answer.status != http.HTTPStatus.PARTIAL_CONTENT:
            have = 0  # the server sends all of it
        with part.open("ab" if have else "wb") as file:
            while chunk := answer.read(min(CHUNK, size + 1 - have)):
                file.write(chunk)
                have += len(chunk)
                report(have, size)
                if have > size:
                    return  # `_verify` says so; a server cannot fill the disk
            file.flush()
            os.fsync(file.fileno())


def _https_only(url: str) -> None:
    parsed = urllib.parse.urlsplit(url)
    if parsed.scheme != "https" and not (parsed.scheme == "http" and parsed.hostname in LOOPBACK):
        raise ModelError(phrase("download-not-https", url=url))


def _copy(source: Path, part: Path, size: int) -> None:
    if source.stat().st_size != size:
        raise ModelError(phrase("download-size", source=source, size=source.stat().st_size, expected=size))
    shutil.copyfile(source, part)


def _verify(part: Path, source: str, size: int, sha256: str) -> None:
    found = part.stat().st_size
    if found < size:
        raise ModelError(phrase("download-broke-off", source=source, size=found, expected=size))
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if found > size or digest != sha256:
        part.unlink()
        raise ModelError(
            phrase("download-other-file", source=source, found=digest[:12], expected=sha256[:12])
        )


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return str(error.reason)
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
