"""What is to change, put down in `staging` until enough people have signed it."""

from __future__ import annotations

import hashlib
import shutil
import tomllib
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tuf.api.metadata import DelegatedRole, Delegations, Key, Metadata, Root, TargetFile, Targets

from pole_agent.errors import RemoteError
from pole_agent.languages import phrase
from pole_agent.remote.keys import Ed25519Key
from pole_agent.remote.names import kind_of
from pole_agent.remote.repository.folder import Repository, names
from pole_agent.remote.repository.roles import DELEGATED, KEYED, ROLE_OF, ROLES, expiry

TEXTS = ("full", "light")  # TOML: who adds one that cannot be read hears it now, not from the poles


def begin(repository: Repository, keys: Mapping[str, list[Ed25519Key]], now: datetime) -> None:
    """The first root and its roles, unsigned. Raises RemoteError."""
    if repository.staging.exists() or repository.public.exists():
        raise RemoteError(phrase("repository-exists", folder=repository.folder))
    for role in KEYED:
        distinct = {key.keyval["public"] for key in keys[role]}
        if len(distinct) < max(ROLES[role].threshold, 1) or len(distinct) < len(keys[role]):
            raise RemoteError(phrase("repository-keys-few", role=role, least=ROLES[role].threshold))
    root = Root(expires=expiry("root", now), consistent_snapshot=True)
    for role in ("root", "targets", "snapshot", "timestamp"):
        for key in keys["root" if role == "targets" else role]:
            root.add_key(key, role)
        root.roles[role].threshold = ROLES[role].threshold
    delegated = {
        name: DelegatedRole(name, [k.keyid for k in keys[name]], role.threshold, True, list(role.paths))
        for name, role in DELEGATED.items()
    }
    known: dict[str, Key] = {key.keyid: key for name in DELEGATED for key in keys[name]}
    top = Targets(expires=expiry("targets", now), delegations=Delegations(known, delegated))
    repository.folder.mkdir(parents=True, exist_ok=True)
    repository.stage("root", Metadata(root))
    repository.stage("targets", Metadata(top))
    for role in DELEGATED:
        repository.stage(role, Metadata(Targets(expires=expiry(role, now))))


def add(
    repository: Repository, name: str, file: Path | None, custom: Mapping[str, Any], now: datetime
) -> str:
    """Stage a file under this name, or other fields for the one that is there; the role that signs it."""
    kind = kind_of(name)
    if kind is None:
        raise RemoteError(phrase("target-name-invalid", name=name))
    role = ROLE_OF[kind]
    metadata = repository.change(role, expiry(role, now))
    before = metadata.signed.targets.get(name)
    if file is None:
        if before is None:
            raise RemoteError(phrase("target-unknown", name=name))
        target = before
    else:
        target = _copied(repository, name, kind, file)
    merged = {**((before and before.custom) or {}), **custom}
    if kind == "release" and not merged.get("version"):
        raise RemoteError(phrase("release-without-version", name=name))
    target.unrecognized_fields = {"custom": merged} if merged else {}
    metadata.signed.targets[name] = target
    repository.stage(role, metadata)
    return role


def _copied(repository: Repository, name: str, kind: str, file: Path) -> TargetFile:
    if kind in TEXTS:
        try:
            tomllib.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise RemoteError(phrase("at-key", key=file, problem=error)) from error
    with file.open("rb") as reading:
        sha256 = hashlib.file_digest(reading, "sha256").hexdigest()
    place = repository.staging / "targets" / repository.place_of(name, sha256)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, place)
    return TargetFile(place.stat().st_size, {"sha256": sha256}, name)


def remove(repository: Repository, name: str, now: datetime) -> str:
    kind = kind_of(name)
    role = ROLE_OF[kind] if kind else "light"
    metadata = repository.change(role, expiry(role, now))
    if metadata.signed.targets.pop(name, None) is None:
        raise RemoteError(phrase("target-unknown", name=name))
    repository.stage(role, metadata)
    return role


def renew(repository: Repository, roles: Iterable[str], now: datetime) -> None:
    """The same again, for another year."""
    for role in roles:
        repository.stage(role, repository.change(role, expiry(role, now)))


def rotate(repository: Repository, role: str, out: str | None, new: Ed25519Key | None, now: datetime) -> None:
    """Another key for a role. What it signed is signed anew, by those who stay and who come."""
    keys = repository.keys(role)
    gone = [keyid for keyid, key in keys.items() if out in (getattr(key, "holder", ""), keyid)]
    if out and not gone:
        raise RemoteError(phrase("key-not-of-role", holder=out, role=role, known=", ".join(names(keys))))
    if len(keys) - len(gone) + (new is not None) < ROLES[role].threshold:
        raise RemoteError(phrase("repository-keys-few", role=role, least=ROLES[role].threshold))
    delegator = "targets" if role in DELEGATED else "root"
    metadata = repository.change(delegator, expiry(delegator, now))
    for name in ("root", "targets") if role == "root" else (role,):
        for keyid in gone:
            metadata.signed.revoke_key(keyid, name)
        if new is not None:
            metadata.signed.add_key(new, name)
    repository.stage(delegator, metadata)
    renew(repository, ["targets"] if role == "root" else [role] if role in DELEGATED else [], now)
