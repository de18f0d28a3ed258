"""The same pole on another board: what it needs of the old one, as one archive.

The archive is a tar with copies of the files, and a manifest with their hashes. The store in it goes on under
a new storeid: numbers of the old one are given to nobody any more, whether the old board comes back or the
archive is taken twice. What waits gets new numbers and keeps its identifiers, and an `outbox.dropped` tells
of both.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import tarfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pole_agent.languages import phrase
from pole_agent.store import witness
from pole_agent.store.continuity import Ended
from pole_agent.store.recovery import Recovery
from pole_agent.store.schema import FILE_NAME
from pole_agent.store.succession import SIGNED_OFF
from pole_agent.vocabulary import Stamp

FORMAT = 1
MANIFEST, CONFIGURATION, PART = "manifest.json", "pole.toml", "replacing.part"
STORE = (FILE_NAME, f"{FILE_NAME}-wal", witness.FILE_NAME)
BESIDE = re.compile(r"picture-[\w-]{1,64}\.json|overlay\.json|page-accounts\.json")  # of the state directory
MAX_BYTES = 2_000_000_000
PRIVATE = 0o600


class NoArchive(Exception):
    """It is none of ours, or damaged. Its text is for people."""


@dataclass(frozen=True, slots=True)
class Archive:
    """`pole`: base topic; `files`: by their names."""

    pole: str
    version: str
    files: Mapping[str, bytes]

    @property
    def configuration(self) -> str:
        return self.files[CONFIGURATION].decode()


def pack(state_dir: Path, configuration: str, pole: str, version: str) -> bytes:
    """The archive of a pole whose agent has stopped. Nothing is changed. Raises OSError."""
    files = {CONFIGURATION: configuration.encode()}
    for path in sorted(state_dir.iterdir()):
        if path.name in STORE or BESIDE.fullmatch(path.name):
            files[path.name] = path.read_bytes()
    if FILE_NAME not in files:
        raise FileNotFoundError(2, phrase("replace-no-store"), str(state_dir))
    hashes = {name: hashlib.sha256(blob).hexdigest() for name, blob in files.items()}
    manifest = {"format": FORMAT, "pole": pole, "version": version, "files": hashes}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, blob in {MANIFEST: json.dumps(manifest, indent=1).encode(), **files}.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(blob), PRIVATE, int(time.time())
            tar.addfile(entry, io.BytesIO(blob))
    return out.getvalue()


def unpack(blob: bytes) -> Archive:
    """What an archive holds. Raises NoArchive."""
    try:
        with tarfile.open(fileobj=io.BytesIO(blob), mode="r:gz") as tar:
            found = {entry.name: _content(tar, entry) for entry in tar}
        manifest = json.loads(found.pop(MANIFEST))
        whole = {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}
        if manifest["format"] != FORMAT or manifest["files"] != whole:
            raise NoArchive(phrase("replace-archive-damaged"))
        if not {CONFIGURATION, FILE_NAME} <= set(found) or not all(map(_is_ours, found)):
            raise NoArchive(phrase("replace-no-archive"))
        found[CONFIGURATION].decode()
        return Archive(str(manifest["pole"]), str(manifest["version"]), found)
    except (tarfile.TarError, OSError, EOFError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise NoArchive(phrase("replace-no-archive")) from error


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(entry) if entry.isreg() and entry.size <= MAX_BYTES else None
    if file is None:
        raise NoArchive(phrase("replace-no-archive"))
    return file.read()


def _is_ours(name: str) -> bool:
    return name == CONFIGURATION or name in STORE or BESIDE.fullmatch(name) is not None


def take(
    archive: Archive, state_dir: Path, max_mb: int, stamp: Callable[[float], Stamp], new_id: Callable[[], str]
) -> dict[str, Any]:
    """Make the store of this archive that of this board: the last step puts it in its place, so that a power
    cut before leaves none. Returns the storeid before and now, and how many events go on.

    Raises OSError, sqlite3.Error, FileExistsError where a store is there.
    """
    if (state_dir / FILE_NAME).exists():
        raise FileExistsError(17, phrase("replace-store-there"), str(state_dir / FILE_NAME))
    part = state_dir / PART
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    for name, blob in archive.files.items():
        if name != CONFIGURATION:
            with os.fdopen(os.open(part / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
                file.write(blob)
    told = _succeed(part / FILE_NAME, max_mb, stamp, new_id)
    # Each is whole: the store is the last that somebody looks for, its witness tells of nothing older.
    for path in sorted(part.iterdir(), key=lambda p: (p.name == witness.FILE_NAME, p.name == FILE_NAME)):
        if path.name.endswith(("-wal", "-shm")):
            continue
        path.replace(state_dir / path.name)
    shutil.rmtree(part, ignore_errors=True)
    return told


def _succeed(
    path: Path, max_mb: int, stamp: Callable[[float], Stamp], new_id: Callable[[], str]
) -> dict[str, Any]:
    """The store goes on under a new storeid, and says so."""
    recovery = Recovery(path, max_mb, stamp, new_id)
    database = recovery.open()
    try:
        recovery.take_up(database)
        before = database.store_id
        with database.transaction():
            database.end(Ended(before, "board_replaced", count=0, exact=True), stamp(time.monotonic()))
            database.set(SIGNED_OFF, None)
        told = {"before": before, "storeid": database.store_id, "waiting": database.witness(True).waiting}
        database.settle_log()
        witness.write(path.with_name(witness.FILE_NAME), database.witness(closed=True))
    finally:
        database.close()
    return told
