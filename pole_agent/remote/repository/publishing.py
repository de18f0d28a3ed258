"""From `staging` to `public`: static files, the timestamp last: a pole sees the old state or the new one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from tuf.api.metadata import Metadata, MetaFile, Snapshot, Timestamp

from pole_agent.errors import RemoteError
from pole_agent.languages import phrase, together
from pole_agent.remote.repository.folder import Repository, Signatures
from pole_agent.remote.repository.keys import NaclSigner
from pole_agent.remote.repository.roles import DELEGATED, OFFICE, STAGED, expiry
from pole_agent.remote.repository.signing import lacking
from pole_agent.replacing import replace_file

READABLE = 0o644


def publish(repository: Repository, signers: Iterable[NaclSigner], now: datetime) -> list[str]:
    """The roles that changed. Refuses where one signature is missing, and changes nothing then."""
    if missing := lacking(repository, list(STAGED)):
        raise RemoteError(together([told_missing(found) for found in missing]))
    office = {role: _signer_of(repository, role, list(signers)) for role in OFFICE}
    waiting = repository.waiting()
    metadata = repository.public / "metadata"
    metadata.mkdir(parents=True, exist_ok=True)
    _copy_targets(repository)
    for role in waiting:
        staged = repository.staged(role)
        assert staged is not None
        replace_file(metadata / f"{staged.signed.version}.{role}.json", staged.to_bytes(), READABLE)
    if "root" in waiting and not (repository.folder / "root.json").exists():
        replace_file(repository.folder / "root.json", (metadata / "1.root.json").read_bytes(), READABLE)
    snapshot = _snapshot(repository, now)
    snapshot.sign(office["snapshot"])
    replace_file(metadata / f"{snapshot.signed.version}.snapshot.json", snapshot.to_bytes(), READABLE)
    timestamp = _timestamp(repository, snapshot.signed.version, now)
    timestamp.sign(office["timestamp"])
    replace_file(metadata / "timestamp.json", timestamp.to_bytes(), READABLE)
    if repository.staging.exists():
        shutil.rmtree(repository.staging)
    repository.prune()
    return waiting


def told_missing(found: Signatures) -> str:
    return phrase(
        "signatures-missing",
        role=found.role,
        missing=found.missing,
        threshold=found.threshold,
        holders=", ".join(sorted(set(found.may) - set(found.have))),
    )


def _signer_of(repository: Repository, role: str, signers: list[NaclSigner]) -> NaclSigner:
    keys = repository.keys(role)
    for signer in signers:
        if signer.public_key.keyid in keys:
            return signer
    holders = ", ".join(sorted(getattr(key, "holder", "") for key in keys.values()))
    raise RemoteError(phrase("key-of-role-needed", role=role, holders=holders))


def _copy_targets(repository: Repository) -> None:
    """Whole files only: what is there under a hash is that file."""
    staged = repository.staging / "targets"
    for file in staged.rglob("*") if staged.exists() else ():
        if file.is_file():
            place = repository.public / "targets" / file.relative_to(staged)
            place.parent.mkdir(parents=True, exist_ok=True)
            part = place.with_name(place.name + ".part")
            shutil.copyfile(file, part)
            _sync(part)
            part.replace(place)


def _sync(file: Path) -> None:
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _snapshot(repository: Repository, now: datetime) -> Metadata[Snapshot]:
    before = repository.published("snapshot")
    version = before.signed.version + 1 if before else 1
    files = {}
    for role in ("targets", *DELEGATED):
        found = repository.published(role)
        assert found is not None
        files[f"{role}.json"] = MetaFile(found.signed.version)
    return Metadata(Snapshot(version=version, expires=expiry("snapshot", now), meta=files))


def _timestamp(repository: Repository, snapshot: int, now: datetime) -> Metadata[Timestamp]:
    before = repository.published("timestamp")
    version = before.signed.version + 1 if before else 1
    return Metadata(
        Timestamp(version=version, expires=expiry("timestamp", now), snapshot_meta=MetaFile(snapshot))
    )
