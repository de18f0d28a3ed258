"""The office: what waits, who signs, what is published, and what poles make of it."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nacl import pwhash

from pole_agent.errors import Frozen, RemoteError
from pole_agent.remote.passphrase import Effort
from pole_agent.remote.repository import calendar, keys, publishing, signing, staging
from pole_agent.remote.repository.folder import Repository, names
from pole_agent.remote.repository.keys import NaclSigner, new_signer
from pole_agent.remote.repository.roles import KEYED, STAGED
from pole_agent.remote.sources import Folder
from pole_agent.remote.trust import Trust
from tests.cli import call
from tests.remote.office import LIGHT, TEXT

NOW = datetime(2027, 3, 1, tzinfo=UTC)
QUICK = Effort(pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN)
RELEASE = "release/aarch64-py3.11.tar.gz"
PEOPLE = ("dewi", "budi", "sari", "agus", "office")


class Regency:
    """Three people for what needs two, one for the light, and the key of the office."""

    def __init__(self, folder: Path) -> None:
        self.people = {name: new_signer(name) for name in PEOPLE}
        three = [self.people[name].public_key for name in ("dewi", "budi", "sari")]
        given = dict.fromkeys(KEYED, three) | {
            "light": [self.people["agus"].public_key],
            "snapshot": [self.people["office"].public_key],
            "timestamp": [self.people["office"].public_key],
        }
        self.folder = folder
        self.repository = Repository(folder / "regency")
        staging.begin(self.repository, given, NOW)

    def sign(self, *names: str) -> None:
        for name in names:
            for role in signing.may_sign(self.repository, self.people[name]):
                signing.sign(self.repository, role, self.people[name])

    def publish(self, *names: str, now: datetime = NOW) -> None:
        self.sign(*names)
        publishing.publish(self.repository, [self.people["office"]], now)

    def add(self, path: str, blob: bytes, **custom: object) -> str:
        file = self.folder / "file"
        file.write_bytes(blob)
        return staging.add(self.repository, path, file, custom, NOW)

    def look(self, store: str = "store", now: datetime = NOW) -> Trust:
        trust = Trust(
            self.folder / store, self.repository.folder / "root.json", Folder(self.repository.public)
        )
        trust.refresh(now.timestamp())
        return trust

    def taken(self, path: str, store: str = "store") -> bytes | None:
        trust = self.look(store)
        target = trust.find(path)
        if target is None:
            return None
        trust.fetch(target, self.folder / "taken" / target.sha256)
        return (self.folder / "taken" / target.sha256).read_bytes()


@pytest.fixture
def regency(tmp_path: Path) -> Regency:
    made = Regency(tmp_path)
    made.publish("dewi", "budi", "agus")
    return made


def test_from_the_office_to_the_pole(regency: Regency) -> None:
    """A configuration by one signature, a release by two, and a wave that goes on without a new file."""
    regency.add(LIGHT, TEXT)
    regency.publish("agus")
    assert regency.taken(LIGHT) == TEXT
    assert regency.taken(RELEASE) is None
    regency.add(RELEASE, b"bundle", version="0.2.0", wave={"canary": ["SMD-0001"]})
    regency.publish("dewi", "sari")
    assert regency.taken(RELEASE) == b"bundle"
    staging.add(regency.repository, RELEASE, None, {"wave": {"percent": 50}}, NOW)
    regency.publish("dewi", "budi")
    target = regency.look().find(RELEASE)
    assert target is not None
    assert target.custom == {"version": "0.2.0", "wave": {"percent": 50}}
    staging.remove(regency.repository, LIGHT, NOW)
    regency.publish("agus")
    assert regency.taken(LIGHT) is None


@pytest.mark.parametrize("signers", [(), ("dewi",), ("dewi", "dewi"), ("dewi", "agus", "office")])
def test_nothing_is_published_below_the_threshold(regency: Regency, signers: tuple[str, ...]) -> None:
    """One of two, one twice, or one with people of other roles is not enough: no file changes."""
    regency.add(RELEASE, b"bundle", version="0.2.0")
    before = {file: file.read_bytes() for file in regency.repository.public.rglob("*.json")}
    with pytest.raises(RemoteError, match=r"release: \d of 2 signatures missing; who may sign: .*budi"):
        regency.publish(*signers)
    assert before == {file: file.read_bytes() for file in regency.repository.public.rglob("*.json")}
    regency.publish("dewi", "budi")
    assert regency.taken(RELEASE) == b"bundle"


def test_a_change_takes_the_signatures_away(regency: Regency) -> None:
    """Who signed, signed what was there: another file under the name is signed anew."""
    regency.add(RELEASE, b"bundle", version="0.2.0")
    regency.sign("dewi", "budi")
    regency.add(RELEASE, b"other", version="0.2.0")
    with pytest.raises(RemoteError, match="2 of 2 signatures missing"):
        regency.publish()


def test_the_office_key_is_needed(regency: Regency) -> None:
    with pytest.raises(RemoteError, match="snapshot is signed with the key of: office"):
        publishing.publish(regency.repository, [regency.people["dewi"]], NOW)


def test_a_staged_file_travels_alone(regency: Regency, tmp_path: Path) -> None:
    """Mailed, signed elsewhere, taken back; a file of something else is refused."""
    regency.add(RELEASE, b"bundle", version="0.2.0")
    for name in ("dewi", "sari"):
        mailed = tmp_path / name / "release.json"
        mailed.parent.mkdir()
        mailed.write_bytes((regency.repository.staging / "release.json").read_bytes())
        signing.sign_file(mailed, regency.people[name])
    signing.collect(regency.repository, tmp_path / "dewi" / "release.json")
    signing.collect(regency.repository, tmp_path / "sari" / "release.json")
    regency.publish()
    assert regency.taken(RELEASE) == b"bundle"
    regency.add(RELEASE, b"other", version="0.3.0")
    with pytest.raises(RemoteError, match="is not the release that waits"):
        signing.collect(regency.repository, tmp_path / "dewi" / "release.json")


def test_who_signs_sees_what(regency: Regency) -> None:
    regency.add(LIGHT, TEXT, note="as the school asked")
    head, file, fields = signing.changes(regency.repository, "light")
    assert head == "light, version 2, holds until 2028-04-04"
    assert file.startswith(f"  {LIGHT}: {len(TEXT)} bytes, SHA-256 ")
    assert fields == f'  {LIGHT}: note "as the school asked"'
    regency.publish("agus")
    regency.people["new"] = new_signer("new")
    staging.rotate(regency.repository, "light", "agus", regency.people["new"].public_key, NOW)
    assert "  who signs light: 1 of new" in list(signing.changes(regency.repository, "targets"))
    assert list(signing.changes(regency.repository, "light"))[1:] == []


def test_a_stolen_light_key(regency: Regency) -> None:
    """The steps of the manual: what the thief signs later is refused, and everything else goes on."""
    regency.add(LIGHT, TEXT)
    regency.publish("agus")
    assert regency.taken(LIGHT) == TEXT
    regency.people["new"] = new_signer("new")
    staging.rotate(regency.repository, "light", "agus", regency.people["new"].public_key, NOW)
    with pytest.raises(RemoteError, match="light: 1 of 1 signatures missing; who may sign: new"):
        regency.publish("dewi", "budi", "agus")
    regency.publish("new")
    assert regency.taken(LIGHT) == TEXT
    regency.add(LIGHT, b"# the thief\n")
    thief = regency.repository.staged("light")
    assert thief is not None
    thief.sign(regency.people["agus"])
    name = f"{thief.signed.version}.light.json"
    (regency.repository.public / "metadata" / name).write_bytes(thief.to_bytes())
    with pytest.raises(RemoteError, match="light: 1 of 1 signatures missing"):
        regency.publish("agus")


@pytest.mark.parametrize("role", ["root", "release", "full", "snapshot", "timestamp"])
def test_a_lost_or_stolen_key(regency: Regency, role: str) -> None:
    """Another key comes for one that went; a pole that knows only the first root follows, and so does a fresh
    one.
    """
    regency.look()
    new = regency.people["new"] = new_signer("new")
    out = "office" if role in ("snapshot", "timestamp") else "sari"
    staging.rotate(regency.repository, role, out, new.public_key, NOW)
    regency.sign("dewi", "budi")
    publishing.publish(regency.repository, [new, regency.people["office"]], NOW)
    regency.add(LIGHT, TEXT)
    regency.sign("agus")
    publishing.publish(regency.repository, [new, regency.people["office"]], NOW)
    assert regency.taken(LIGHT) == regency.taken(LIGHT, "fresh") == TEXT
    regency.add(RELEASE, b"bundle", version="0.2.0")
    regency.sign("dewi", "new" if role == "release" else "budi")
    publishing.publish(regency.repository, [new, regency.people["office"]], NOW)
    assert regency.taken(RELEASE) == b"bundle"


def test_root_changes_hands(regency: Regency) -> None:
    """One after the other, all three holders of root change; a pole from the first day follows each step."""
    for number, name in enumerate(("dewi", "budi", "sari")):
        new = f"new{number}"
        regency.people[new] = new_signer(new)
        staging.rotate(regency.repository, "root", name, regency.people[new].public_key, NOW)
        regency.publish(*regency.people)
    assert set(names(regency.repository.keys("root"))) == {"new0", "new1", "new2"}
    regency.look("a pole of the first day")


def test_too_few_keys(regency: Regency, tmp_path: Path) -> None:
    """A role never gets fewer keys than have to sign, and one key is not counted twice."""
    with pytest.raises(RemoteError, match="light needs 1"):
        staging.rotate(regency.repository, "light", "agus", None, NOW)
    with pytest.raises(RemoteError, match="nobody has no key"):
        staging.rotate(regency.repository, "light", "nobody", None, NOW)
    key = new_signer("twice").public_key
    with pytest.raises(RemoteError, match="root needs 2"):
        staging.begin(Repository(tmp_path / "x"), {role: [key, key] for role in KEYED}, NOW)


@pytest.mark.parametrize(
    "name",
    ["light/../x.toml", "light/x.txt", "etc/passwd", "/light/x.toml", "light/.toml", "", "release/x.tar.gz",
     "light/group/a/b.toml", "full/group/x.toml", f"light/{'x' * 120}.toml"],
)  # fmt: skip
def test_names_that_no_pole_asks_for(regency: Regency, name: str) -> None:
    with pytest.raises(RemoteError, match="not a name that poles ask for"):
        regency.add(name, TEXT)


def test_a_file_that_is_no_toml(regency: Regency) -> None:
    with pytest.raises(RemoteError, match="file: "):
        regency.add(LIGHT, b"[lamp\n")


def test_poles_look_while_the_office_publishes(regency: Regency) -> None:
    """Whenever a pole looks, everything fits together."""
    over, failed, looks = threading.Event(), [], 0

    def pole() -> None:
        nonlocal looks
        while not over.is_set():
            try:
                regency.taken(LIGHT, "busy")
                looks += 1
            except RemoteError as error:
                failed.append(str(error))

    regency.add(LIGHT, TEXT)
    regency.publish("agus")
    looking = threading.Thread(target=pole)
    looking.start()
    for number in range(12):
        regency.add(LIGHT, TEXT + b"# %d\n" % number)
        regency.publish("agus")
    over.set()
    looking.join()
    assert looks > 2
    assert not failed
    kept = list((regency.repository.public / "targets" / "light").iterdir())
    assert len(kept) == 3, "what only older versions name is taken away"


def test_the_calendar(regency: Regency) -> None:
    """Whoever ends first stands first; thirty days before the end it is told, and poles freeze at the end."""
    found = calendar.entries(regency.repository)
    assert {e.role for e in found[:2]} == {"snapshot", "timestamp"}
    assert [e.role for e in found if e.warns(NOW + timedelta(days=59))] == []
    assert {e.role for e in found if e.warns(NOW + timedelta(days=61))} == {"snapshot", "timestamp"}
    lines = list(calendar.lines(found, NOW))
    assert any("By 2027-04-30: repository publish, with the key of office" in line for line in lines)
    assert any("repository renew full, then 2 of budi, dewi, sari sign" in line for line in lines)
    with pytest.raises(Frozen):
        regency.look(now=NOW + timedelta(days=91))
    regency.publish(now=NOW + timedelta(days=91))
    regency.look(now=NOW + timedelta(days=91))
    year = NOW + timedelta(days=380)
    assert {e.role for e in calendar.entries(regency.repository) if e.warns(year)} >= set(STAGED)
    staging.renew(regency.repository, STAGED, year)
    regency.publish("dewi", "budi", "agus", now=year)
    assert not [e for e in calendar.entries(regency.repository) if e.warns(year)]
    regency.look(now=year)


def written(folder: Path, names: tuple[str, ...]) -> dict[str, NaclSigner]:
    made = {name: new_signer(name) for name in names}
    for name, signer in made.items():
        keys.write_key(folder / f"{name}.key", signer, "a long passphrase", QUICK)
    return made


def test_keys_are_sealed(tmp_path: Path) -> None:
    """Only the passphrase opens; nothing of the private key is in either file; none is overwritten."""
    signer = written(tmp_path, ("dewi",))["dewi"]
    again = keys.read_key(tmp_path / "dewi.key", "a long passphrase")
    assert again.public_key.to_dict() == keys.read_public(tmp_path / "dewi.pub").to_dict()
    assert again.sign(b"x").signature == signer.sign(b"x").signature
    private = bytes(signer._private)
    for file in ("dewi.key", "dewi.pub"):
        assert private.hex() not in (tmp_path / file).read_text()
    assert (tmp_path / "dewi.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(RemoteError, match="wrong passphrase"):
        keys.read_key(tmp_path / "dewi.key", "another passphrase")
    with pytest.raises(RemoteError, match="12 characters"):
        keys.write_key(tmp_path / "x.key", signer, "short", QUICK)
    with pytest.raises(FileExistsError):
        keys.write_key(tmp_path / "dewi.key", signer, "a long passphrase", QUICK)


@pytest.mark.parametrize("spoiled", ["", "{}", "[]", "null", '{"kind": 1}', "[" * 3000, '{"argon2id": []}'])
def test_a_file_that_is_no_key(tmp_path: Path, spoiled: str) -> None:
    file = tmp_path / "x.key"
    file.write_text(spoiled)
    for read in (keys.read_public, lambda f: keys.read_key(f, "a long passphrase")):
        with pytest.raises(RemoteError, match="is not a key"):
            read(file)
    written(tmp_path, ("dewi",))
    found = json.loads((tmp_path / "dewi.key").read_text())
    found["argon2id"]["memory"] = 2**40
    file.write_text(json.dumps(found))
    with pytest.raises(RemoteError, match="asks for too much"):
        keys.read_key(file, "a long passphrase")


def test_the_commands(tmp_path: Path) -> None:
    """Every command once, as processes: from keys to a published release, in both languages."""
    written(tmp_path, PEOPLE)
    (tmp_path / "word").write_text("a long passphrase\n")
    (tmp_path / "brighter.toml").write_bytes(TEXT)
    (tmp_path / "bundle").write_bytes(b"bundle")

    def command(action: str, *more: str, status: int = 0, lang: str = "en") -> str:
        key = ("--passphrase-file", "word") if action in ("key", "sign", "publish") else ()
        done = call("repository", action, *more, *key, "--lang", lang, cwd=tmp_path)
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    assert "is not a repository" in command("status", "regency", status=1)
    assert "bukan repositori" in command("status", "regency", status=1, lang="id")
    pubs = [f"{name}.pub" for name in ("dewi", "budi", "sari")]
    given = [word for role in ("root", "release", "full") for word in (f"--{role}", *pubs)]
    given += ["--light", "agus.pub", "--snapshot", "office.pub", "--timestamp", "office.pub"]
    assert "root: 2 of 2 signatures missing" in command("init", "regency", *given)
    assert "who signs root: 2 of budi, dewi, sari" in command(
        "sign", "regency", "--key", "dewi.key", "--key", "budi.key", "--yes"
    )
    assert "light: 1 of 1 signatures missing" in command(
        "publish", "regency", "--key", "office.key", status=1
    )
    command("sign", "regency", "--key", "agus.key", "--yes")
    command("publish", "regency", "--key", "office.key")
    command("add", "regency", LIGHT, "brighter.toml", "--note", "the school asked")
    command("add", "regency", RELEASE, "bundle", "--version", "0.2.0", "--canary", "SMD-0001,SMD-0002")
    assert LIGHT not in command("sign", "regency", "--key", "dewi.key", status=1), "not asked for, not shown"
    for name in ("agus", "dewi"):
        command("sign", "regency", "--key", f"{name}.key", "--yes")
    waits = json.loads(command("collect", "regency", "regency/staging/release.json", "--json"))
    assert waits == {"waiting": ["release", "light"], "missing": {"release": 1}}
    command("sign", "regency/staging/release.json", "--key", "budi.key")
    assert json.loads(command("publish", "regency", "--key", "office.key", "--json"))["changed"] == [
        "release",
        "light",
    ]
    command("add", "regency", RELEASE, "--percent", "50")
    command("remove", "regency", LIGHT)
    command("renew", "regency", "full")
    command("rotate", "regency", "light", "--new", "dewi.pub")
    assert "give --out" in command("rotate", "regency", "light", status=2)
    assert "0 to 100" in command("add", "regency", RELEASE, "--percent", "101", status=2)
    assert "only a release" in command("add", "regency", LIGHT, "--percent", "10", status=2)
    command("sign", "regency", "--yes", *(w for n in ("dewi", "budi", "agus") for w in ("--key", f"{n}.key")))
    command("publish", "regency", "--key", "office.key")
    roles = {r["role"]: r for r in json.loads(command("status", "regency", "--json"))["roles"]}
    assert roles["light"]["holders"] == ["agus", "dewi"]
    assert roles["timestamp"]["days"] == 89
    assert "Paling lambat" in command("status", "regency", lang="id")
    trust = Trust(
        tmp_path / "store", tmp_path / "regency" / "root.json", Folder(tmp_path / "regency" / "public")
    )
    trust.refresh()
    target = trust.find(RELEASE)
    assert target is not None
    assert target.custom == {
        "version": "0.2.0",
        "wave": {"canary": ["SMD-0001", "SMD-0002"], "percent": 50, "hold": False},
    }
    assert trust.find(LIGHT) is None


def test_a_key_by_the_command(tmp_path: Path) -> None:
    """At its full effort, once: by the passphrase of a file."""
    (tmp_path / "word").write_text("a long passphrase\n")
    done = call("repository", "key", "dewi", "--passphrase-file", "word", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    signer = keys.read_key(tmp_path / "dewi.key", "a long passphrase")
    assert signer.public_key.keyid == json.loads(done.stdout)["keyid"]
