"""What a pole takes from a folder, and what it does not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pole_agent.errors import Frozen, RemoteError
from pole_agent.remote.sources import Folder
from pole_agent.remote.trust import Target, Trust
from tests.remote.office import LIGHT, NOW, TEXT, Office

DAY_S = 86_400.0


def pole(office: Office, store: Path, later_s: float = 0) -> Trust:
    """A pole that has just looked, this long after everything was signed."""
    trust = Trust(store, office.first_root, Folder(office.folder))
    trust.refresh(NOW.timestamp() + later_s)
    return trust


def found(trust: Trust, path: str) -> Target:
    target = trust.find(path)
    assert target is not None
    return target


def test_what_was_signed_is_taken(office: Office, tmp_path: Path) -> None:
    """The file comes whole, with what its signers said of it, and once."""
    trust = pole(office, tmp_path / "store")
    target = found(trust, LIGHT)
    file = tmp_path / "taken" / "light.toml"
    assert target.custom == {"why": "a darker street"}
    assert trust.fetch(target, file)
    assert not trust.fetch(target, file), "it is there"
    assert file.read_bytes() == TEXT
    assert [p.name for p in file.parent.iterdir()] == ["light.toml"]


def test_what_is_not_signed_is_not_there(office: Office, tmp_path: Path) -> None:
    assert pole(office, tmp_path / "store").find("light/SMD-0043.toml") is None


def test_a_store_serves_the_next_client(office: Office, tmp_path: Path) -> None:
    """What one client kept is a source for another: `apply` reads what `sync` left."""
    office.root.version = 1
    office.publish_root()
    kept = tmp_path / "sync"
    first = pole(office, kept / "metadata")
    target = found(first, LIGHT)
    first.fetch(target, kept / "targets" / target.stored_as)
    second = Trust(tmp_path / "apply", office.first_root, Folder(kept))
    second.refresh(NOW.timestamp())
    assert second.find(LIGHT) == target
    assert second.fetch(target, tmp_path / "light.toml")
    assert (tmp_path / "light.toml").read_bytes() == TEXT


def test_a_file_that_was_changed_is_left(office: Office, tmp_path: Path) -> None:
    """One bit, one byte more, one less: nothing of it is taken, and the former file stays."""
    trust = pole(office, tmp_path / "store")
    target = found(trust, LIGHT)
    file = tmp_path / "light.toml"
    file.write_bytes(b"the former")
    for changed in (b"X" + TEXT[1:], TEXT + b"\n", TEXT[:-1], b""):
        office.write(f"targets/{target.stored_as}", changed)
        with pytest.raises(RemoteError):
            trust.fetch(target, file)
        assert file.read_bytes() == b"the former"


def test_a_cut_download_goes_on(office: Office, tmp_path: Path) -> None:
    """The part of a broken line is used, and one of something else does not spoil the file."""
    trust = pole(office, tmp_path / "store")
    target = found(trust, LIGHT)
    part = tmp_path / f"{target.sha256}.part"
    asked = []

    class Watched(Folder):
        def target(self, name: str, start: int) -> tuple[int, Iterator[bytes]]:
            asked.append(start)
            return super().target(name, start)

    trust._source = Watched(office.folder)
    for left, starts in ((TEXT[:7], [7]), (b"rubbish", [7, 0]), (TEXT + b"more", [0])):
        part.write_bytes(left)
        asked.clear()
        assert trust.fetch(target, tmp_path / "light.toml")
        assert (tmp_path / "light.toml").read_bytes() == TEXT
        assert asked == starts
        (tmp_path / "light.toml").unlink()


def test_an_old_timestamp_freezes(office: Office, tmp_path: Path) -> None:
    """91 days without a new timestamp: nothing changes, and the words say what to do. 89 are fine."""
    pole(office, tmp_path / "store", 89 * DAY_S)
    with pytest.raises(Frozen, match=r"timestamp.json is expired; .*repository publish"):
        pole(office, tmp_path / "store", 91 * DAY_S)
    office.timestamp.expires = office.snapshot.expires = NOW.replace(year=2028)
    office.publish_snapshot()
    pole(office, tmp_path / "store", 91 * DAY_S)


def test_when_it_ends_is_known(office: Office, tmp_path: Path) -> None:
    trust = pole(office, tmp_path / "store")
    trust.find(LIGHT)
    ends = trust.expiries
    assert {e.role for e in ends} == {"root", "targets", "snapshot", "timestamp", "light"}
    assert ends[0].at == NOW.timestamp() + 90 * DAY_S


def test_other_files_are_not_read(office: Office, tmp_path: Path) -> None:
    """A link, a pipe or a device in the folder ends in a sentence, at once."""
    trust = pole(office, tmp_path / "store")
    target = found(trust, LIGHT)
    place = office.folder / "targets" / target.stored_as
    place.unlink()
    makes: tuple[Callable[[], None], ...] = (
        lambda: place.symlink_to("/etc/hostname"),
        lambda: place.symlink_to("/dev/zero"),
        lambda: os.mkfifo(place),
        place.mkdir,
    )
    for make in makes:
        make()
        with pytest.raises(RemoteError):
            trust.fetch(target, tmp_path / "light.toml")
        place.rmdir() if place.is_dir() and not place.is_symlink() else place.unlink()
    with pytest.raises(RemoteError, match="publish it again"):
        trust.fetch(target, tmp_path / "light.toml")


def test_a_hash_is_no_path(office: Office, tmp_path: Path) -> None:
    """A signed hash that would lead out of the folder is refused before anything is opened."""
    office.roles["light"].targets[LIGHT].hashes = {"sha256": "../../../etc/x"}
    office.publish("light")
    with pytest.raises(RemoteError, match="no SHA-256"):
        pole(office, tmp_path / "store").find(LIGHT)
    with pytest.raises(RemoteError):
        pole(office, tmp_path / "other").find("light/../../etc/passwd")


@pytest.mark.parametrize("spoiled", [b"", b"{}", b"\0" * 400, b"[" * 100_000])
def test_a_spoiled_store_mends_itself(office: Office, tmp_path: Path, spoiled: bytes) -> None:
    """After a power cut each file of the store may be anything: the next look brings it back."""
    store = tmp_path / "store"
    pole(office, store).find(LIGHT)
    for file in store.rglob("*.json"):
        file.write_bytes(spoiled)
        assert pole(office, store).find(LIGHT) is not None, file


def test_other_keys_are_not_known(office: Office, tmp_path: Path) -> None:
    """A root that names an RSA key is not read, whoever signed it."""
    key = office.keys["light"][0].public_key
    key.keytype, key.scheme = "rsa", "rsassa-pss-sha256"
    office.publish("targets")
    with pytest.raises(RemoteError, match="nothing was taken"):
        pole(office, tmp_path / "store").find(LIGHT)
