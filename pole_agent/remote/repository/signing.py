"""Signatures: what a key may sign, what it would say by that, and what is still missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tuf.api.metadata import Root, Targets

from pole_agent.errors import RemoteError
from pole_agent.languages import phrase
from pole_agent.remote.repository.folder import Repository, Signatures, Signed, names, read
from pole_agent.remote.repository.keys import NaclSigner


def may_sign(repository: Repository, signer: NaclSigner) -> list[str]:
    """The waiting roles to which this key belongs, now or from the next publishing on."""
    holder = signer.public_key
    found = []
    for role in repository.waiting():
        keys = set(repository.keys(role))
        before = repository.published("root")
        if role == "root" and before:
            keys |= set(before.signed.roles["root"].keyids)
        if holder.keyid in keys:
            found.append(role)
    return found


def sign(repository: Repository, role: str, signer: NaclSigner) -> list[Signatures]:
    """Add one signature; the state of all."""
    metadata = repository.staged(role)
    assert metadata is not None
    metadata.sign(signer, append=True)
    repository.stage(role, metadata)
    return repository.signatures(role, metadata)


def collect(repository: Repository, file: Path) -> str:
    """Take the signatures of a file that came back; its role. Raises RemoteError."""
    came = read(file)
    role = file.stem
    if came is None or role not in repository.waiting():
        raise RemoteError(phrase("nothing-staged", role=role))
    here = repository.staged(role)
    assert here is not None
    if came.signed_bytes != here.signed_bytes:
        raise RemoteError(phrase("signature-of-another", file=file, role=role))
    here.signatures.update(came.signatures)
    repository.stage(role, here)
    return role


def lacking(repository: Repository, roles: list[str]) -> list[Signatures]:
    """Where signatures are missing."""
    found = []
    for role in roles:
        metadata = repository.newest(role)
        found += [s for s in repository.signatures(role, metadata) if s.missing]
    return found


def changes(repository: Repository, role: str) -> Iterator[str]:
    """What a signature under the staged file would say that the published one does not."""
    staged, before = repository.staged(role), repository.published(role)
    assert staged is not None
    yield phrase(
        "sign-head", role=role, version=staged.signed.version, until=f"{staged.signed.expires:%Y-%m-%d}"
    )
    if isinstance(staged.signed, Root):
        yield from _keys(staged.signed, before.signed if before else None)
    elif isinstance(staged.signed, Targets):
        if staged.signed.delegations:
            yield from _keys(staged.signed, before.signed if before else None)
        yield from _files(staged, before)


def _keys(now: Root | Targets, before: Root | Targets | None) -> Iterator[str]:
    for role, keys in _holders(now).items():
        former = _holders(before).get(role, ()) if before else ()
        if keys != former:
            yield phrase("sign-keys", role=role, threshold=keys[0], holders=", ".join(keys[1:]))


def _holders(signed: Root | Targets) -> dict[str, tuple[str, ...]]:
    """Of each role, how many of whom."""
    if isinstance(signed, Root):
        roles, known = signed.roles, signed.keys
    else:
        assert signed.delegations and signed.delegations.roles is not None
        roles, known = dict(signed.delegations.roles), signed.delegations.keys
    return {
        name: (str(role.threshold), *names({keyid: known[keyid] for keyid in role.keyids}))
        for name, role in roles.items()
    }


def _files(staged: Signed, before: Signed | None) -> Iterator[str]:
    now, former = staged.signed.targets, before.signed.targets if before else {}
    for name in sorted(now.keys() | former.keys()):
        target = now.get(name)
        if target is None:
            yield phrase("sign-removes", name=name)
        elif name not in former or former[name].hashes != target.hashes:
            yield phrase("sign-file", name=name, length=target.length, sha256=target.hashes["sha256"])
        if (
            target is not None
            and target.custom
            and (name not in former or former[name].custom != target.custom)
        ):
            told = ", ".join(
                f"{key} {json.dumps(value, ensure_ascii=False)}" for key, value in target.custom.items()
            )
            yield phrase("sign-fields", name=name, fields=told)


def sign_file(file: Path, signer: NaclSigner) -> None:
    """One staged file that travelled alone: whether the key fits, `collect` and `publish` say."""
    metadata = read(file)
    if metadata is None or not isinstance(metadata.signed, Root | Targets):
        raise RemoteError(phrase("nothing-staged", role=file.stem))
    metadata.sign(signer, append=True)
    file.write_bytes(metadata.to_bytes())
