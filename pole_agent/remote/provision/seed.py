"""The seed of a pole: what its card carries to the first start, where a service puts it in place.

SHA256SUMS comes last: without it, or with a file that differs, the pole takes nothing.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from pole_agent.remote.provision.book import SECRET, keep

FOLDER = "pole-agent-seed"  # as it is called on the card
SUMS = "SHA256SUMS"
CREDENTIALS = "credentials/"
KEY, CERTIFICATE, AUTHORITY = (f"{CREDENTIALS}mqtt-{name}" for name in ("key", "cert", "ca"))
CAMERA = f"{CREDENTIALS}camera-password"
SEALING = "sealing.key"  # beside the credentials: the service of the agent gets those, and has no use for it
POLE, REMOTE, ROOT = "pole.toml", "remote.toml", "root.json"


def write(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Exactly these files; did anything change?"""
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()
    there = {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir()}
    stale = sorted(there - set(files) - {SUMS})
    for name in stale:
        (folder / name).unlink()
    changed = [keep(folder / name, blob, SECRET) for name, blob in files.items()]
    return keep(folder / SUMS, sums, SECRET) or any(changed) or bool(stale)


def remove(folder: Path) -> None:
    """Also what a run that was cut off has left of it."""
    if folder.is_dir():
        shutil.rmtree(folder)


def remote(repository: str) -> bytes:
    """remote.toml."""
    return f"# Made by pole-agent provision.\nrepository = {json.dumps(repository)}\n".encode()
