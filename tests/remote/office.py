"""A repository as an office makes it, and as somebody else would like to: any of its keys signs anything."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Key,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    T,
    TargetFile,
    Targets,
    Timestamp,
)

from pole_agent.remote.keys import only_ed25519
from pole_agent.remote.repository.keys import NaclSigner, new_signer

LIGHT = "light/SMD-0042.toml"
TEXT = b'[lamp]\nprogram = [{ at = "sunset", level = 0.8 }]\n'
NOW = datetime(2027, 3, 1, tzinfo=UTC)
YEAR = timedelta(days=400)
DELEGATED = {
    "release": (2, ["release/*", "model/*"]),
    "full": (2, ["full/*", "fence/*"]),
    "light": (1, ["light/*", "light/group/*"]),
}
KEYS = {"root": 3, "release": 3, "full": 3, "light": 2, "snapshot": 1, "timestamp": 1}


class Office:
    """`publish` writes what stands in `root`, `targets` and `roles`; each may be changed before."""

    def __init__(self, folder: Path, now: datetime = NOW) -> None:
        only_ed25519()
        self.folder, self.now = folder, now
        self.keys = {role: [new_signer(f"{role}{n}") for n in range(count)] for role, count in KEYS.items()}
        self.thresholds = dict.fromkeys(KEYS, 1) | {"root": 2, "release": 2, "full": 2, "targets": 2}
        self.root = Root(expires=self.now + YEAR, consistent_snapshot=True)
        for role in ("root", "targets", "snapshot", "timestamp"):
            for key in self.keys["root" if role == "targets" else role]:
                self.root.add_key(key.public_key, role)
            self.root.roles[role].threshold = self.thresholds[role]
        self.delegate()
        self.roles = {role: Targets(expires=self.now + YEAR) for role in DELEGATED}
        self.snapshot = Snapshot(expires=self.now + timedelta(days=90))
        self.timestamp = Timestamp(expires=self.now + timedelta(days=90))
        for signed in (self.root, *self.roles.values(), self.snapshot, self.timestamp):
            signed.version = 0
        self.publish_root()
        self.publish(*DELEGATED, "targets")

    def delegate(self) -> None:
        roles = {
            name: DelegatedRole(name, [k.public_key.keyid for k in self.keys[name]], threshold, True, paths)
            for name, (threshold, paths) in DELEGATED.items()
        }
        keys: dict[str, Key] = {
            k.public_key.keyid: k.public_key for name in DELEGATED for k in self.keys[name]
        }
        self.targets = Targets(expires=self.now + YEAR, delegations=Delegations(keys, roles))
        self.targets.version = 0

    def add(self, path: str, blob: bytes, custom: dict[str, object] | None = None, role: str = "") -> None:
        """Put a file into the role whose path it is, or into another one."""
        sha256 = hashlib.sha256(blob).hexdigest()
        folder, _, name = path.rpartition("/")
        self.write(f"targets/{folder}/{sha256}.{name}", blob)
        role = role or {"release": "release", "model": "release", "light": "light"}.get(
            folder.split("/")[0], "full"
        )
        target = TargetFile(len(blob), {"sha256": sha256}, path, {"custom": custom} if custom else None)
        self.of(role).targets[path] = target

    def of(self, role: str) -> Targets:
        return self.targets if role == "targets" else self.roles[role]

    def publish_root(self, *signers: NaclSigner) -> None:
        self.root.version += 1
        self.write_signed(f"{self.root.version}.root", self.root, signers or self.keys["root"])

    def publish(self, *roles: str) -> None:
        for role in roles:
            signed = self.of(role)
            signed.version += 1
            self.write_signed(
                f"{signed.version}.{role}", signed, self.keys["root" if role == "targets" else role]
            )
            self.snapshot.meta[f"{role}.json"] = MetaFile(signed.version)
        self.publish_snapshot()

    def publish_snapshot(self) -> None:
        self.snapshot.version += 1
        self.write_signed(f"{self.snapshot.version}.snapshot", self.snapshot, self.keys["snapshot"])
        self.publish_timestamp(self.snapshot.version)

    def publish_timestamp(self, snapshot: int) -> None:
        self.timestamp.version += 1
        self.timestamp.snapshot_meta = MetaFile(snapshot)
        self.write_signed("timestamp", self.timestamp, self.keys["timestamp"])

    def mend(self) -> None:
        """Sign everything anew, as it was before somebody else did: nothing but one file of `light`."""
        for file in (self.folder / "metadata").glob("*.root.json"):
            if file != self.first_root:
                file.unlink()
        self.root = Metadata[Root].from_file(str(self.first_root)).signed
        version = self.targets.version
        self.delegate()
        self.targets.version = version
        self.add(LIGHT, TEXT)
        self.publish(*DELEGATED, "targets")

    def write_signed(self, name: str, signed: T, signers: Iterable[NaclSigner]) -> None:
        made = Metadata(signed)
        for signer in signers:
            made.sign(signer, append=True)
        self.write(f"metadata/{name}.json", made.to_bytes())

    def write(self, name: str, blob: bytes) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(blob)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def change(self, name: str, change: Callable[[bytes], bytes]) -> None:
        self.write(name, change(self.read(name)))

    @property
    def first_root(self) -> Path:
        return self.folder / "metadata" / "1.root.json"
