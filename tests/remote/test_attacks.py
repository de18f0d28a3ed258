"""The attacks of the TUF papers, by a real web server, with whatever keys the attacker has.

Nothing is taken, the words are one line, and the honest repository is understood afterwards by the same pole.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from tuf.api.metadata import MetaFile, TargetFile, Targets

from pole_agent.errors import Frozen, RemoteError
from pole_agent.remote.fetching import Patience
from pole_agent.remote.repository.keys import NaclSigner, new_signer
from pole_agent.remote.trust import Trust
from tests.remote.conftest import HASTY, PATIENT, Look
from tests.remote.office import KEYS, LIGHT, NOW, TEXT, Office
from tests.remote.web import Handler, Site

EVIL = b"[lamp]\nactive_low = true\n"
DAY_S = 86_400.0
FULL = "full/SMD-0042.toml"
RELEASE = "release/aarch64-py3.11.tar.gz"


def taken(trust: Trust, folder: Path, path: str = LIGHT) -> bytes | None:
    target = trust.find(path)
    if target is None:
        return None
    file = folder / target.sha256
    file.unlink(missing_ok=True)
    trust.fetch(target, file)
    return file.read_bytes()


@pytest.fixture
def refused(look: Look, site: Site, office: Office, tmp_path: Path) -> Callable[..., str]:
    """Poles look: one that has seen the honest repository before, and a fresh one. What they are told."""
    assert taken(look("known"), tmp_path) == TEXT

    def check(path: str = LIGHT, patience: Patience = PATIENT) -> str:
        told = ""
        for store in ("known", "fresh"):
            with pytest.raises(RemoteError) as error:
                taken(look(store, patience=patience), tmp_path, path)
            told = str(error.value)
            assert "\n" not in told
        site.folder, site.mischief = office.folder, {}
        office.mend()
        assert taken(look("known"), tmp_path) == TEXT, "the honest one is understood again"
        return told

    return check


def stored(office: Office, path: str = LIGHT) -> str:
    (file,) = (office.folder / "targets").rglob(f"*.{Path(path).name}")
    return str(file.relative_to(office.folder))


def test_arbitrary_software(office: Office, refused: Callable[..., str]) -> None:
    """Another file under the name of a signed one."""
    office.write(stored(office), EVIL)
    assert "bytes came" in refused()
    office.write(stored(office), EVIL.ljust(len(TEXT), b"\n"))
    assert "not what was signed" in refused()


def test_arbitrary_software_with_its_own_keys(
    office: Office, refused: Callable[..., str], tmp_path: Path, site: Site
) -> None:
    """A whole repository that is right in itself, of somebody else."""
    other = Office(tmp_path / "other")
    other.add(LIGHT, EVIL)
    for _ in range(5):  # newer than the honest one
        other.publish("light")
    site.folder = other.folder
    assert "nothing was taken" in refused()


@pytest.mark.parametrize("file", ["timestamp", "snapshot", r"\.targets", r"\.light", "2.root", "SMD-0042"])
def test_endless_data(office: Office, refused: Callable[..., str], site: Site, file: str) -> None:
    """A file that never ends is cut at its limit: the one that was signed, or that of its kind."""
    sent = 0

    def endless(handler: Handler) -> None:
        nonlocal sent
        handler.close_connection = True
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while not site.over.is_set():
                handler.wfile.write(b" " * 65536)
                sent += 65536
        except OSError:
            pass

    office.publish("light", "targets")  # so that the pole that knows the former ones asks for each
    office.add(LIGHT, TEXT + b"# new\n")
    office.publish("light")
    site.mischief[file] = endless
    refused()
    assert sent < 20_000_000, "what the system's buffers take, and the limits: some MB, twice"


def test_extraneous_dependencies(
    office: Office, refused: Callable[..., str], look: Look, tmp_path: Path
) -> None:
    """More than a role may sign: its names are not looked for there; roles nobody delegated are not read."""
    office.add(FULL, EVIL, role="light")
    office.add(RELEASE, EVIL, role="light")
    office.snapshot.meta["evil.json"] = MetaFile(1)
    office.publish("light")
    trust = look()
    assert trust.find(FULL) is None
    assert trust.find(RELEASE) is None
    assert trust.find("evil/x.toml") is None
    assert taken(trust, tmp_path) == TEXT
    assert not list((tmp_path / "store").glob("evil*"))


def test_fast_forward(office: Office, look: Look, tmp_path: Path) -> None:
    """With the two keys of the office somebody signs the highest versions.

    New keys in the root, by two of three, and every pole follows again.
    """
    honest = (office.snapshot.version, office.timestamp.version)
    office.snapshot.version = office.timestamp.version = 2**53
    office.publish_snapshot()
    assert taken(look(), tmp_path) == TEXT
    office.snapshot.version, office.timestamp.version = honest
    office.publish_snapshot()
    with pytest.raises(RemoteError, match="version"):
        look()
    for role in ("snapshot", "timestamp"):
        office.root.revoke_key(office.keys[role][0].public_key.keyid, role)
        office.keys[role] = [new_signer(f"new-{role}")]
        office.root.add_key(office.keys[role][0].public_key, role)
    office.publish_root()
    office.publish_snapshot()
    assert taken(look(), tmp_path) == TEXT
    assert office.timestamp.version < 100


def test_freeze(office: Office, refused: Callable[..., str], look: Look, site: Site, tmp_path: Path) -> None:
    """Who holds the web server can show the past, for as long as the office signed it; not longer."""
    past = tmp_path / "past"
    shutil.copytree(office.folder, past)
    office.timestamp.expires = office.snapshot.expires = NOW + timedelta(days=200)
    office.publish("light")
    site.folder = past
    look("a", 89 * DAY_S)
    with pytest.raises(Frozen, match="publish"):
        look("a", 91 * DAY_S)
    site.folder = office.folder
    assert taken(look("a", 91 * DAY_S), tmp_path) == TEXT


@pytest.mark.parametrize("expired", ["root", "targets", "light", "snapshot"])
def test_freeze_by_any_role(office: Office, look: Look, tmp_path: Path, expired: str) -> None:
    """Whatever is too old freezes; a pole that took it before keeps what it has."""
    signed = {"root": office.root, "snapshot": office.snapshot}.get(expired) or office.of(expired)
    signed.expires = NOW - timedelta(seconds=1)
    if expired == "root":
        office.publish_root()
    else:
        office.publish("targets", "light")
    with pytest.raises(Frozen):
        taken(look(), tmp_path)


@pytest.mark.parametrize("back", ["timestamp", "snapshot", "light", "targets", "all"])
def test_rollback(office: Office, refused: Callable[..., str], look: Look, tmp_path: Path, back: str) -> None:
    """Old signed files, alone or together, after the pole has seen newer ones, and also where the two keys of
    the office are stolen."""
    past = tmp_path / "past"
    shutil.copytree(office.folder, past)
    office.add(LIGHT, TEXT + b"# newer\n")
    office.publish("light", "targets")
    assert taken(look("known"), tmp_path) == TEXT + b"# newer\n"
    if back == "all":
        shutil.rmtree(office.folder)
        shutil.copytree(past, office.folder)
    elif back == "timestamp":
        shutil.copy(past / "metadata" / "timestamp.json", office.folder / "metadata")
    elif back == "snapshot":
        office.publish_timestamp(office.snapshot.version - 1)
    else:
        office.snapshot.meta[f"{back}.json"] = MetaFile(office.of(back).version - 1)
        office.publish_snapshot()
    with pytest.raises(RemoteError):
        taken(look("known"), tmp_path)


@pytest.mark.parametrize("role", ["light", "targets", "snapshot"])
def test_mix_and_match(office: Office, refused: Callable[..., str], role: str) -> None:
    """A file of another moment, signed as it should be, under the name of this one."""
    version = {"snapshot": office.snapshot.version}.get(role) or office.of(role).version
    old = office.read(f"metadata/{version}.{role}.json")
    office.add(LIGHT, TEXT + b"# newer\n")
    office.publish("light", "targets")
    office.write(f"metadata/{version + 1}.{role}.json", old)
    assert "nothing was taken" in refused()


def test_slow_retrieval(office: Office, refused: Callable[..., str], site: Site) -> None:
    """A byte now and then: the pass ends, and says so."""
    office.publish("light", "targets")
    drip = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"
    site.mischief[r"\.light"] = lambda h: h.drip(drip, b"{", 0.05)
    assert "less than 2000 bytes a second" in refused(patience=HASTY)


@pytest.mark.parametrize("role", ["root", "targets", "snapshot", "timestamp", "light"])
def test_wrong_key(office: Office, refused: Callable[..., str], role: str) -> None:
    """Signed by a key that the role does not have, once and often, under its own name and under theirs."""
    rightful = office.keys.get(role, office.keys["root"])
    wrong = [new_signer(f"wrong{n}") for n in range(3)]
    sign_again(office, role, wrong)
    assert "nothing was taken" in refused()
    for signer, key in zip(wrong, rightful, strict=False):
        signer.public_key.keyid = key.public_key.keyid
    sign_again(office, role, wrong)
    assert "nothing was taken" in refused()


def sign_again(office: Office, role: str, signers: list[NaclSigner]) -> None:
    """The next version of this role, with something else in it, by these keys."""
    kept = dict(office.keys)
    office.keys = kept | {("root" if role == "targets" else role): signers}
    if role == "root":
        office.root.roles["timestamp"].keyids = [k.public_key.keyid for k in kept["light"]]
        for key in kept["light"]:
            office.root.keys[key.public_key.keyid] = key.public_key
        office.publish_root()
    elif role == "snapshot":
        office.publish_snapshot()
    elif role == "timestamp":
        office.publish_timestamp(office.snapshot.version)
    else:
        if role == "targets":
            office.targets.targets[LIGHT] = TargetFile.from_data(LIGHT, EVIL, ["sha256"])
        office.publish(role)
    office.keys = kept


SIGNED = ("root", "targets", "release", "full", "light")


@pytest.mark.parametrize("attacked", SIGNED)
@pytest.mark.parametrize("stolen", KEYS)
def test_one_stolen_key(office: Office, look: Look, tmp_path: Path, stolen: str, attacked: str) -> None:
    """One key of a role, the web server and both keys of the office: nothing changes by that.

    The exception is what one signature may change: files of `light`, by a key of `light`.
    """
    names = {"release": RELEASE, "full": FULL}
    for role, path in names.items():
        office.add(path, TEXT)
        office.publish(role)
    known = look()
    for path in (*names.values(), LIGHT):
        assert taken(known, tmp_path, path) == TEXT
    path = names.get(attacked, LIGHT)
    if attacked in ("release", "full", "light"):
        office.add(path, EVIL)
    sign_again(office, attacked, office.keys[stolen][:1])
    for store in ("store", "fresh"):
        if stolen == attacked == "light":
            assert taken(look(store), tmp_path, path) == EVIL
        else:
            with pytest.raises(RemoteError, match="nothing was taken"):
                taken(look(store), tmp_path, path)


def test_roles_nobody_delegated(office: Office, look: Look, tmp_path: Path) -> None:
    """A light key that delegates on, to itself or to another, reaches no other name by that."""
    light: Targets = office.roles["light"]
    light.delegations = office.targets.delegations
    office.add(FULL, EVIL, role="light")
    office.publish("light")
    assert look().find(FULL) is None
    assert look().find("light/nobody.toml") is None
