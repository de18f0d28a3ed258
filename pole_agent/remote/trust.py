"""What a pole trusts: the client of The Update Framework (python-tuf) around a source of files.

    trust = Trust(store, Path("/etc/pole-agent/root.json"), Folder(stick))
    trust.refresh()
    if target := trust.find("light/SMD-0042.toml"):
        trust.fetch(target, folder / "light.toml")

`refresh` brings roots, timestamp, snapshot and targets up to date, `find` what this one name needs, and
`fetch` writes a file only when its length and hash are those that were signed. The store keeps what was
verified last: it is what a rollback is measured against, so it belongs to the process that decides, and to
nobody else. Everything that goes wrong is a RemoteError; Frozen is the one where all is signed, and too old.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from tuf.api import exceptions
from tuf.api.metadata import Signed
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from pole_agent.errors import Frozen, RemoteError
from pole_agent.languages import phrase
from pole_agent.remote.keys import only_ed25519
from pole_agent.remote.sources import CHUNK, NotThere, Source

# More than a regency needs, and little enough for a mobile contract. 2 MB are some ten thousand targets.
LIMITS = UpdaterConfig(
    max_root_rotations=64,
    max_delegations=8,
    root_max_length=65_536,
    timestamp_max_length=16_384,
    snapshot_max_length=65_536,
    targets_max_length=2_000_000,
)
PATH = re.compile(r"[a-z]+(/[A-Za-z0-9][A-Za-z0-9._-]*)+")
SHA256 = re.compile("[0-9a-f]{64}")
NEW = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
METADATA = "metadata/"  # python-tuf wants an address; our sources want the name behind it
FAULTS = (
    exceptions.RepositoryError,
    exceptions.DownloadError,
    NotThere,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Target:
    """A file that was signed: its name in the repository, and what its signers said of it."""

    path: str
    length: int
    sha256: str
    custom: Mapping[str, Any]

    @property
    def stored_as(self) -> str:
        """Its name below `targets/`, with the hash: so the former file stays for who still needs it."""
        folder, _, name = self.path.rpartition("/")
        return f"{folder}/{self.sha256}.{name}"


class Expiry(NamedTuple):
    role: str
    at: float  # Unix time, seconds


class Trust:
    """Blocks on the disk and on the source. Every method raises RemoteError."""

    def __init__(self, store: Path, root: Path | bytes, source: Source) -> None:
        """`root` is the first root that is trusted, put there by hand: its file, or what is in it."""
        only_ed25519()
        self._source = source
        self._store = store
        with self._explained():
            store.mkdir(parents=True, exist_ok=True)
            first = root if isinstance(root, bytes) else root.read_bytes()
            self._client = Updater(
                str(store), METADATA, fetcher=_Fetcher(source), config=LIMITS, bootstrap=first
            )

    def refresh(self, now: float | None = None) -> None:
        """Once for each instance, and first. `now` is Unix time; without it, the clock of the system."""
        if now is not None:
            self._client._trusted_set.reference_time = datetime.fromtimestamp(now, UTC)
        with self._explained():
            self._client.refresh()
            self._keep()

    def find(self, path: str) -> Target | None:
        """What is signed under this name, by a role that may sign it; None where nothing is."""
        with self._explained():
            if not PATH.fullmatch(path):
                raise ValueError(f"{path!r} cannot be the name of a target")
            found = self._client.get_targetinfo(path)
            self._keep()
            if found is None:
                return None
            sha256 = found.hashes.get("sha256", "")
            if not SHA256.fullmatch(sha256):  # it becomes part of a file's name
                raise ValueError(f"{path} has no SHA-256")
            custom = found.custom
            return Target(path, found.length, sha256, custom if isinstance(custom, dict) else {})

    def fetch(self, target: Target, file: Path) -> bool:
        """The target as this file, whole and verified, or the file as it was. False: it was there already.

        What a broken line left is gone on with the next time.
        """
        with self._explained():
            if matches(file, target):
                return False
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_name(f"{target.sha256}.part")
            if not (self._download(target, part) or self._download(target, part)):
                raise RemoteError(
                    phrase("target-not-as-signed", target=target.path, where=self._source.where)
                )
            part.replace(file)
            _sync(file.parent)
            return True

    @property
    def expiries(self) -> list[Expiry]:
        """When what was verified ends, the first first."""
        loaded = self._client._trusted_set._trusted_set.items()
        return sorted((Expiry(role, _expiry(signed)) for role, signed in loaded), key=lambda e: e.at)

    def _download(self, target: Target, part: Path) -> bool:
        """Go on with the part, or begin. False: the whole is something else, and the part is gone."""
        had = _size(part)
        try:
            start, chunks = self._source.target(target.stored_as, had if had < target.length else 0)
        except NotThere as error:
            raise _not_there(self._source, target.path) from error
        if start not in (0, had):
            raise RemoteError(phrase("target-not-as-signed", target=target.path, where=self._source.where))
        with os.fdopen(os.open(part, NEW, 0o644), "ab") as writing:
            writing.truncate(start)
            got = start
            for chunk in chunks:
                got += len(chunk)
                if got > target.length:  # endless, or longer than what was signed
                    break
                writing.write(chunk)
            writing.flush()
            os.fsync(writing.fileno())
        if got < target.length:
            raise RemoteError(phrase("target-cut-short", target=target.path, got=got, length=target.length))
        if matches(part, target):
            return True
        part.unlink()
        if start == 0:
            raise RemoteError(phrase("target-not-as-signed", target=target.path, where=self._source.where))
        return False

    def _keep(self) -> None:
        """python-tuf renames without syncing: a power cut would take back what a rollback is measured by."""
        for file in self._store.glob("*.json"):
            if not file.is_symlink():
                _sync(file)
        _sync(self._store)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except RemoteError:
            raise
        except exceptions.ExpiredMetadataError as error:
            raise Frozen(phrase("repository-frozen", where=self._source.where, error=error)) from error
        except FAULTS as error:
            known = next((e for e in _causes(error) if isinstance(e, RemoteError)), None)
            if known is not None:
                raise known from error
            if any(isinstance(e, exceptions.DownloadHTTPError) for e in _causes(error)):
                raise _not_there(self._source, str(error)) from error
            told = f"{type(error).__name__}: {error}"
            raise RemoteError(phrase("repository-untrusted", where=self._source.where, error=told)) from error


class _Fetcher(FetcherInterface):
    def __init__(self, source: Source) -> None:
        self._source = source

    def _fetch(self, url: str) -> Iterator[bytes]:
        name = url.removeprefix(METADATA)
        try:
            yield from self._source.metadata(name)
        except NotThere as error:
            raise exceptions.DownloadHTTPError(name, 404) from error


def matches(file: Path, target: Target) -> bool:
    """Is the file what was signed?"""
    if _size(file) != target.length:
        return False
    seen = hashlib.sha256()
    with file.open("rb") as reading:
        while chunk := reading.read(CHUNK):
            seen.update(chunk)
    return seen.hexdigest() == target.sha256


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except FileNotFoundError:
        return 0


def _expiry(signed: Signed) -> float:
    return float(signed.expires.timestamp())


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _not_there(source: Source, name: str) -> RemoteError:
    return RemoteError(phrase("repository-lacks", where=source.where, file=name))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
