"""The folder of the office, and what is in it.

public/     what poles fetch: copy it to any web server, or onto a USB stick. Nothing in it is secret
staging/    what waits for signatures; the files travel to whoever signs
root.json   the first root: /etc/pole-agent/root.json of each pole
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Key, Metadata, Root, Targets

from pole_agent.errors import RemoteError
from pole_agent.languages import phrase
from pole_agent.remote.keys import only_ed25519
from pole_agent.remote.repository.roles import DELEGATED, OFFICE, STAGED
from pole_agent.replacing import replace_file

KEPT = 3  # versions of each file but of the roots: a pole may be in the middle of a pass
Signed = Metadata[Any]


@dataclass(frozen=True, slots=True)
class Signatures:
    """Of one role file: whose hold, and whose would."""

    role: str
    threshold: int
    have: tuple[str, ...]
    may: tuple[str, ...]

    @property
    def missing(self) -> int:
        return max(0, self.threshold - len(self.have))


class Repository:
    """Blocks on the disk. Raises RemoteError, OSError."""

    def __init__(self, folder: Path) -> None:
        only_ed25519()
        self.folder = folder
        self.public, self.staging = folder / "public", folder / "staging"

    def published(self, role: str) -> Signed | None:
        if role == "timestamp":
            return read(self.public / "metadata" / "timestamp.json")
        versions = self.versions(role)
        return read(versions[-1]) if versions else None

    def versions(self, role: str) -> list[Path]:
        """The published files of a role, the newest last."""
        files = (self.public / "metadata").glob(f"*.{role}.json")
        return sorted(files, key=lambda file: int(file.name.split(".")[0]))

    def staged(self, role: str) -> Signed | None:
        return read(self.staging / f"{role}.json")

    def newest(self, role: str) -> Signed:
        found = self.staged(role) or self.published(role)
        if found is None:
            raise RemoteError(phrase("repository-empty", folder=self.folder))
        return found

    def change(self, role: str, expires: Any) -> Signed:
        """The staged file of the role without its signatures, or the next version of the published one."""
        found = self.newest(role)
        before = self.published(role)
        found.signed.version = before.signed.version + 1 if before else 1
        found.signed.expires = expires
        found.signatures.clear()
        return found

    def stage(self, role: str, metadata: Signed) -> None:
        self.staging.mkdir(exist_ok=True)
        replace_file(self.staging / f"{role}.json", metadata.to_bytes(), 0o644)

    def waiting(self) -> list[str]:
        return [role for role in STAGED if (self.staging / f"{role}.json").exists()]

    def signatures(self, role: str, metadata: Signed) -> list[Signatures]:
        """Of a root there are two lists: it is signed by those before it too."""
        roots = [self.newest("root").signed]
        if role == "root":
            before = self.published("root")
            roots = [metadata.signed] + ([before.signed] if before else [])
        delegators: list[Root | Targets] = [*roots]
        if role in DELEGATED:
            delegators = [self.newest("targets").signed]
        found = []
        for delegator in delegators:
            result = delegator.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
            may = (*result.signed.values(), *result.unsigned.values())
            found.append(
                Signatures(role, result.threshold, names(result.signed), names({k.keyid: k for k in may}))
            )
        return found

    def keys(self, role: str) -> dict[str, Key]:
        """Who may sign this role from the next publishing on."""
        delegator = self.newest("targets" if role in DELEGATED else "root").signed
        known: Mapping[str, Key] = delegator.delegations.keys if role in DELEGATED else delegator.keys
        return {keyid: known[keyid] for keyid in delegator.get_delegated_role(role).keyids}

    def targets(self) -> Iterator[tuple[str, Signed]]:
        for role in DELEGATED:
            yield role, self.newest(role)

    def place_of(self, path: str, sha256: str) -> str:
        folder, _, name = path.rpartition("/")
        return f"{folder}/{sha256}.{name}"

    def prune(self) -> None:
        """Take away what no pole can ask for any more: old versions, and files that only those name."""
        named = set()
        for role in (*STAGED, *OFFICE):
            versions = self.versions(role)
            for file in versions[:-KEPT] if role != "root" else ():
                file.unlink()
            for file in versions[-KEPT:] if role in DELEGATED else ():
                found = read(file)
                assert found is not None
                named |= {self.place_of(p, t.hashes["sha256"]) for p, t in found.signed.targets.items()}
        for place in (self.public / "targets").rglob("*"):
            if place.is_file() and str(place.relative_to(self.public / "targets")) not in named:
                place.unlink()


def names(keys: Mapping[str, Key]) -> tuple[str, ...]:
    return tuple(sorted(getattr(key, "holder", key.keyid) for key in keys.values()))


def read(file: Path) -> Signed | None:
    try:
        return Metadata[Any].from_bytes(file.read_bytes())
    except FileNotFoundError:
        return None
    except RepositoryError as error:
        raise RemoteError(phrase("at-key", key=file, problem=error)) from error
