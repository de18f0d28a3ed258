"""A fleet from its table: what is made, what a second run leaves alone, and what is said of a wrong table."""

from __future__ import annotations

import json
import ssl
import subprocess
from pathlib import Path

import pytest

from pole_agent.errors import ConfigError, RemoteError
from pole_agent.remote import setup
from pole_agent.remote.provision import book, broker, label, locking, sealing, table, template
from pole_agent.settings.load import load
from tests import cli
from tests.remote.fleets import PASSPHRASE, Fleet

HEADER = "id,site,latitude,longitude"


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path)


def test_one_run_makes_everything_a_second_nothing(fleet: Fleet) -> None:
    fleet.table("SMD-0001", "SMD-0002")
    done = fleet.provision("--broker", "localhost")
    assert done["new"] == ["SMD-0001", "SMD-0002"]
    before = fleet.files()
    again = fleet.provision(passphrase=False)  # nothing is to be signed, so nobody is asked
    assert (again["new"], again["changed"], again["broker"]) == ([], [], False)
    assert fleet.files() == before
    for path in before:
        mode = (fleet.out / path).stat().st_mode & 0o777
        secret = "key" in path.name or "password" in path.name or "pole-agent-seed" in path.parts
        assert mode == 0o600 if secret else mode in (0o600, 0o644), path
    assert all(p.stat().st_mode & 0o777 == 0o700 for p in fleet.out.rglob("*") if p.is_dir())


def test_a_new_row_adds_a_pole(fleet: Fleet) -> None:
    fleet.table("SMD-0001")
    fleet.provision("--broker", "localhost")
    before = fleet.files()
    fleet.table("SMD-0001", "SMD-0002")
    assert fleet.provision()["new"] == ["SMD-0002"]
    after = fleet.files()
    assert {p for p in before if before[p] != after[p]} == {Path("poles.json"), Path("broker/acl")}


def test_a_row_that_is_gone_keeps_its_rights(fleet: Fleet) -> None:
    fleet.table("SMD-0001", "SMD-0002")
    fleet.provision("--broker", "localhost")
    fleet.table("SMD-0001")
    assert fleet.provision()["absent"] == ["SMD-0002"]
    assert "user SMD-0002" in (fleet.out / "broker/acl").read_text()


def test_the_configuration_is_that_of_its_row(fleet: Fleet) -> None:
    fleet.table("SMD-0001", "SMD-0002")
    fleet.provision("--broker", "broker.example.go.id", "10.0.0.1")
    settings = load(fleet.seed("SMD-0002") / "pole.toml").settings
    assert settings.pole.id == "SMD-0002"
    assert settings.pole.groups == ("north", "east")
    assert settings.cameras[0].source == "rtsp://192.0.2.2/stream2"
    assert settings.mqtt is not None
    assert (settings.mqtt.host, settings.mqtt.port) == ("broker.example.go.id", 8884)
    assert str(settings.mqtt.key_file) == "$CREDENTIALS_DIRECTORY/pole_mqtt-key"
    assert "geheim" not in (fleet.seed("SMD-0002") / "pole.toml").read_text()
    assert (fleet.seed("SMD-0002") / "credentials/camera-password").read_text() == "geheim2\n"


def test_nothing_secret_beside_the_seed(fleet: Fleet) -> None:
    """The table of the office, the label, the broker's folder and the output hold no secret of a pole."""
    fleet.table("SMD-0001")
    fleet.provision("--broker", "localhost")
    secrets = [p.read_bytes() for p in fleet.seed("SMD-0001").rglob("*key")]
    secrets.append(b"geheim1")
    assert len(secrets) == 3
    for path, blob in fleet.files().items():
        if "pole-agent-seed" not in path.parts:
            assert not [s for s in secrets if s.strip() in blob], path
    authority = (fleet.out / "authority/ca.key").read_bytes()
    assert b"PRIVATE KEY" not in authority
    assert b"PRIVATE KEY" in locking.unlocked(authority, PASSPHRASE, "ca.key")
    with pytest.raises(RemoteError):
        locking.unlocked(authority, "another passphrase", "ca.key")


def test_the_seed_says_whether_it_is_whole(fleet: Fleet) -> None:
    fleet.table("SMD-0001")
    fleet.provision("--broker", "localhost")
    check = ["sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS"]
    assert subprocess.run(check, cwd=fleet.seed("SMD-0001"), check=False).returncode == 0
    (fleet.seed("SMD-0001") / "pole.toml").write_text("half")
    assert subprocess.run(check, cwd=fleet.seed("SMD-0001"), capture_output=True).returncode != 0


def test_the_repository_comes_with_the_seed(fleet: Fleet) -> None:
    fleet.table("SMD-0001")
    fleet.provision("--broker", "localhost")
    refused = fleet.call("--repository", "https://updates.example.go.id/poles")
    assert refused.returncode == 2
    assert "--root" in refused.stderr
    root = fleet.folder / "root.json"
    root.write_text('{"signed": {}}')
    fleet.provision("--repository", "https://updates.example.go.id/poles", "--root", str(root))
    seed = fleet.seed("SMD-0001")
    assert setup.read(seed / "remote.toml").repository == "https://updates.example.go.id/poles"
    assert (seed / "root.json").read_bytes() == root.read_bytes()
    before = fleet.files()
    fleet.provision(passphrase=False)
    assert fleet.files() == before, "it is remembered"


def test_a_seed_that_was_used_may_be_deleted(fleet: Fleet) -> None:
    """The keys are at the pole only then; a renewal needs the certificate alone."""
    fleet.table("SMD-0001")
    fleet.provision("--broker", "localhost")
    first = fleet.pole("SMD-0001")
    fleet.drop_seed("SMD-0001")
    assert fleet.provision(passphrase=False)["changed"] == []
    assert not fleet.seed("SMD-0001").exists()
    assert fleet.provision("--renew", "900")["renewed"] == ["SMD-0001"]
    renewed = fleet.pole("SMD-0001")
    assert renewed["certificate"] != first["certificate"]
    assert renewed["former"] == [first["certificate"]]
    assert fleet.public("SMD-0001", renewed) and renewed["sealing_key"] == first["sealing_key"]


def test_reissued_keys_revoke_the_former(fleet: Fleet) -> None:
    fleet.table("SMD-0001")
    fleet.provision("--broker", "localhost")
    first = fleet.pole("SMD-0001")
    fleet.drop_seed("SMD-0001")
    fleet.provision("--reissue", "SMD-0001")
    second = fleet.pole("SMD-0001")
    assert second["revoked"] == [first["certificate"]]
    assert second["sealing_key"] != first["sealing_key"]
    assert fleet.seed("SMD-0001").is_dir()


def test_a_run_that_was_cut_off_is_repaired(fleet: Fleet) -> None:
    """The certificate is in the book and its key was never written: it counts no more."""
    fleet.table("SMD-0001")
    fleet.provision("--broker", "localhost")
    lost = fleet.pole("SMD-0001")["certificate"]
    (fleet.seed("SMD-0001") / "credentials/mqtt-key").unlink()
    fleet.provision()
    assert fleet.pole("SMD-0001")["revoked"] == [lost]
    assert (fleet.seed("SMD-0001") / "credentials/mqtt-key").exists()


def test_python_takes_the_chain_strictly(fleet: Fleet) -> None:
    """As Python 3.13 does by default, and OpenSSL at its strictest."""
    fleet.table("SMD-0001")
    fleet.provision("--broker", "localhost", "127.0.0.1", "broker.example.go.id")
    context = ssl.create_default_context(cafile=str(fleet.out / "authority/ca.pem"))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    seed = fleet.seed("SMD-0001") / "credentials"
    context.load_cert_chain(seed / "mqtt-cert", seed / "mqtt-key")
    with fleet.tls_server() as port, fleet.connected(port, context) as line:
        names = dict(line.getpeercert() or {})["subjectAltName"]
    assert set(names) == {("DNS", "localhost"), ("DNS", "broker.example.go.id"), ("IP Address", "127.0.0.1")}
    for file, purpose in (
        (fleet.out / "broker/broker.pem", "sslserver"),
        (seed / "mqtt-cert", "sslclient"),
    ):
        words = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-crl_check"]
        words += [
            "-CRLfile",
            str(fleet.out / "broker/crl.pem"),
            "-CAfile",
            str(fleet.out / "authority/ca.pem"),
        ]
        done = subprocess.run([*words, str(file)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_every_problem_is_told_with_its_line(fleet: Fleet) -> None:
    (fleet.folder / "poles.csv").write_text(
        f"{HEADER},timezone,pin\n"
        "SMD-0001,sumedang,-6.8,107.9,Asia/Jakarta,18\n"
        "SMD-0002,,95,107.9,Asia/Jakarta,18\n"
        "smd-0001,sumedang,x,107.9,Asia/Jakarta,18\n"
        "_all,sumedang,-6.8,107.9,Asia/Bandung,eighteen\n"
    )
    done = fleet.call("--broker", "localhost")
    assert done.returncode == 2
    told = [line.split("poles.csv:")[1].split(": ")[0] for line in done.stderr.splitlines()]
    assert set(told) == {"3:site", "3:latitude", "4:id", "4:latitude", "5:id", "5:timezone", "5:pin"}
    assert len(told) == len(set(told)), "each once"
    assert {p.name for p in fleet.out.iterdir()} == {book.LOCK}, "nothing was made"


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (f"{HEADER},latitud", "latitude"),
        (f"{HEADER},id", "twice"),
        ("id,site,latitude", "missing"),
        ("", "first line"),
        (f"{HEADER},xyzzy", "camera_password"),
    ],
)
def test_a_header_that_cannot_be_used(head: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        table.rows(f"{head}\n" if head else "")
    assert says in str(refused.value)


def test_as_a_spreadsheet_saves_it(tmp_path: Path) -> None:
    """A mark at the front, semicolons, decimal commas, a cell with a line end, empty rows."""
    file = tmp_path / "poles.csv"
    file.write_bytes(
        "\ufeffID;Site;Latitude;Longitude;Name\r\n"
        'A-1;s;-6,85;107,9;"Jl.\nPrabu"\r\n'
        ";;;;\r\n"
        "A-2;s;-6.85;107.9;\r\n".encode()
    )
    rows, problems = table.read(file)
    assert not problems
    assert [(row.line, row.id) for row in rows] == [(2, "A-1"), (5, "A-2")]
    assert table.value("latitude", rows[0].values["latitude"]) == -6.85


def test_what_is_in_a_cell_stays_text() -> None:
    """No cell can add a key to pole.toml."""
    row = table.Row(2, {"id": "A-1", "site": "s", "latitude": "1", "longitude": "2"})
    row.values["name"] = 'x"\nfloor = 0\n[drone]\nenabled = true #{id}'
    _, settings = template.pole(template.read(template.SHIPPED), row, template.Broker("b", 8884))
    assert settings.pole.name == row.values["name"]
    assert not settings.drone.enabled
    assert not settings.cameras, "a pole without the address of a camera has none"


def test_a_template_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[pole]\noperator = "Dinas {site}"\n[lamp]\nbackend = "mock"\n[mqtt]\nprefix = "poles"\n')
    row = table.Row(2, {"id": "A-1", "site": "s", "latitude": "1", "longitude": "2"})
    _, settings = template.pole(template.read(own), row, template.Broker("b", 8884))
    assert (settings.pole.operator, settings.prefix) == ("Dinas s", "poles")
    own.write_text('[pole]\nname = "{nam}"\n')
    with pytest.raises(ConfigError, match="name"):
        template.read(own)
    own.write_text('[pole]\nname = "{camera_password}"\n')
    with pytest.raises(ConfigError):
        template.read(own)


def test_rights_follow_the_example() -> None:
    """Each pole has what the example's patterns give it, for its own name and place."""
    made = broker.rights([broker.Named("A-1", "blora", "poles"), broker.Named("B-2", "rembang", "poles")])
    block = made.split("user A-1\n")[1].split("\nuser ")[0]
    patterns = [line for line in broker.example("acl").splitlines() if line.startswith("pattern ")]
    assert len(block.strip().splitlines()) == len(patterns)
    assert "topic write poles/blora/A-1/events/#" in block
    assert "rembang" not in block and "sumedang" not in made and "%u" not in made and "pattern" not in made
    assert made.count("topic read poles/rembang/#") == made.count("topic read poles/blora/#") > 0


def test_the_label_has_public_facts_only(fleet: Fleet) -> None:
    fleet.table("SMD-0001")
    fleet.provision("--broker", "localhost")
    settings = load(fleet.seed("SMD-0001") / "pole.toml").settings
    assert label.facts(settings) == ["SMD-0001", "sumedang", "Jl. <Prabu> 1"]
    page = (fleet.out / "poles/SMD-0001/label.html").read_text()
    assert "<svg" in page and "Jl. &lt;Prabu&gt; 1" in page
    assert "192.0.2" not in page


def test_only_the_pole_opens_its_secret() -> None:
    mine, other = sealing.new_key(), sealing.new_key()
    blob = sealing.sealed(sealing.public_of(mine), "A-1", "camera-password", b"two\nlines\0")
    assert sealing.opened(mine, blob) == sealing.Opened("A-1", "camera-password", b"two\nlines\0")
    assert "lines" not in repr(sealing.opened(mine, blob)), "it stays out of logs"
    for key, wrong in ((other, blob), (mine, blob[:-1]), (mine, b""), (mine, blob[:50] + b"x" + blob[51:])):
        with pytest.raises(RemoteError):
            sealing.opened(key, wrong)
    for key in ("", "zz", "00" * 31):
        with pytest.raises(RemoteError):
            sealing.sealed(key, "A-1", "x", b"")


def test_a_secret_is_sealed_at_the_office(fleet: Fleet) -> None:
    fleet.table("SMD-0001")
    fleet.provision("--broker", "localhost")
    words = ("provision", "seal", "camera-password", "--pole", "SMD-0001", "--out", str(fleet.out), "--json")
    done = cli.call(*words, stdin="geheim")
    assert done.returncode == 0, done.stderr
    blob = Path(json.loads(done.stdout)["sealed"]).read_bytes()
    key = (fleet.seed("SMD-0001") / "sealing.key").read_text()
    assert sealing.opened(key, blob) == sealing.Opened("SMD-0001", "camera-password", b"geheim")
    assert (
        cli.call("provision", "seal", "../x", "--pole", "SMD-0001", "--out", str(fleet.out)).returncode == 2
    )
    assert cli.call("provision", "seal", "x", "--pole", "SMD-9", "--out", str(fleet.out)).returncode == 2


def test_one_run_at_a_time(fleet: Fleet) -> None:
    """A second run neither waits nor writes over the book of the first."""
    fleet.table("SMD-0001")
    with book.alone(fleet.out):
        done = fleet.call("--broker", "localhost")
    assert done.returncode == 1
    assert "another provision" in done.stderr
    assert [p.name for p in fleet.out.iterdir()] == [book.LOCK]


def test_it_speaks_indonesian(fleet: Fleet) -> None:
    fleet.table("SMD-0001")
    done = fleet.call("--broker", "localhost", "--lang", "id")
    assert done.returncode == 0, done.stderr
    assert "1 tiang: 1 baru" in done.stdout


def test_a_short_passphrase_is_refused(fleet: Fleet) -> None:
    fleet.table("SMD-0001")
    words = ("provision", str(fleet.folder / "poles.csv"), "--out", str(fleet.out), "--broker", "localhost")
    done = cli.call(*words, stdin="short\n")
    assert done.returncode == 1
    assert "12 characters" in done.stderr
    assert not (fleet.out / "authority/ca.key").exists()


def test_twenty_poles_in_a_minute(fleet: Fleet) -> None:
    """And it is told how far it is. The limit is the target; a small computer takes some seconds."""
    fleet.table(*(f"SMD-{n:04}" for n in range(1, 21)))
    done = fleet.call("--broker", "localhost", timeout=60)
    assert done.returncode == 0, done.stderr
    assert "20 of 20" in done.stderr
    assert done.stdout.startswith("20 poles: 20 new")
