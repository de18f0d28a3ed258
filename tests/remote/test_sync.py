"""`pole-agent sync`: one pass, as the timer's unit does it and as a hand does it with a stick."""

from __future__ import annotations

import fcntl
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pole_agent import __version__
from pole_agent.errors import RemoteError
from pole_agent.remote import names, wants
from pole_agent.remote.sources import Folder
from pole_agent.remote.trust import Trust
from tests.cli import call
from tests.remote.office import LIGHT, TEXT, Office
from tests.remote.web import Site

RELEASE = "release/aarch64-py3.11.tar.gz"
BUNDLE = bytes(range(256)) * 8192  # 2 MB


class Pole:
    def __init__(self, folder: Path, office: Office, site: Site) -> None:
        self.folder, self.state = folder, folder / "state"
        (folder / "root.json").write_bytes(office.first_root.read_bytes())
        self.configure(f'repository = "{site.address}"\n')
        wants.write(folder / "wants.json", [LIGHT, "full/SMD-0042.toml", RELEASE], {})

    def configure(self, text: str) -> None:
        (self.folder / "remote.toml").write_text(text)

    def sync(self, *more: str, status: int = 0, lang: str = "en") -> str:
        files = (
            w
            for n in ("remote.toml", "root.json", "wants.json")
            for w in (f"--{n[:-5]}", str(self.folder / n))
        )
        done = call("sync", *files, "--state-dir", str(self.state), "--lang", lang, *more)
        assert done.returncode == status, done.stderr
        assert len((done.stdout + done.stderr).splitlines()) == 1, done.stderr
        return done.stdout + done.stderr

    def told(self, *more: str, status: int = 0) -> dict[str, Any]:
        found = json.loads(self.sync("--json", *more, status=status))
        assert isinstance(found, dict)
        return found

    @property
    def ready(self) -> dict[str, Any]:
        found = json.loads((self.state / "ready").read_bytes())["targets"]
        assert isinstance(found, dict)
        return found


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """The command reads the clock of the system: what is signed today is valid today."""
    made = Office(tmp_path / "public", datetime.now(UTC))
    made.add(LIGHT, TEXT)
    made.publish("light")
    return made


@pytest.fixture
def pole(office: Office, site: Site, tmp_path: Path) -> Pole:
    return Pole(tmp_path, office, site)


def test_what_is_new_is_handed_over(pole: Pole, office: Office) -> None:
    """New, then nothing new, then another: `ready` changes only with what is in it; `apply` can verify it."""
    assert f"new and verified: {LIGHT}" in pole.sync()
    assert pole.ready.keys() == {LIGHT}
    stamp = (pole.state / "ready").stat().st_mtime_ns
    assert "nothing new" in pole.sync()
    assert "tidak ada yang baru" in pole.sync(lang="id")
    assert (pole.state / "ready").stat().st_mtime_ns == stamp
    office.add(RELEASE, BUNDLE, {"version": "99.0.0", "wave": {"percent": 10}})
    office.publish("release")
    told = pole.told()
    assert (told["state"], told["problem"], told["new"]) == ("ok", None, [RELEASE])
    assert len(BUNDLE) < told["bytes_today"] < len(BUNDLE) + 60_000
    office.add(RELEASE, BUNDLE, {"version": "99.0.0", "wave": {"percent": 50}})
    office.publish("release")
    assert pole.told()["new"] == [], "only the wave went on"
    assert pole.ready[RELEASE]["custom"]["wave"] == {"percent": 50}
    trust = Trust(pole.folder / "apply", office.first_root, Folder(pole.state))
    trust.refresh()
    target = trust.find(RELEASE)
    assert target is not None
    assert trust.fetch(target, pole.folder / "bundle")


def test_what_runs_is_not_fetched(pole: Pole, office: Office, site: Site) -> None:
    """Neither the release whose version runs, nor what the pole says it has."""
    office.add(RELEASE, BUNDLE, {"version": __version__})
    office.publish("release")
    pole.sync()
    assert pole.ready.keys() == {LIGHT}
    office.add(RELEASE, BUNDLE, {"version": "99.0.0"})
    office.publish("release")
    sha256 = office.roles["release"].targets[RELEASE].hashes["sha256"]
    wants.write(pole.folder / "wants.json", [RELEASE], {RELEASE: sha256})
    assert pole.told()["new"] == []
    assert pole.ready == {}
    assert not [path for path, _ in site.asked if "release/" in path]


def test_old_files_go(pole: Pole, office: Office) -> None:
    pole.sync()
    office.add(LIGHT, TEXT + b"# new\n")
    office.publish("light")
    pole.sync()
    assert len(list((pole.state / "targets" / "light").iterdir())) == 1


def test_from_a_stick(pole: Pole, office: Office, site: Site) -> None:
    """The same folder that the web server offers, without a network; a folder as address is as good."""
    assert LIGHT in pole.sync("--from", str(office.folder))
    assert not site.asked
    pole.configure(f'repository = "{office.folder}"\n')
    assert "nothing new" in pole.sync()


def test_the_budget_stops_and_the_next_day_goes_on(pole: Pole, office: Office, site: Site) -> None:
    """A bundle larger than a day: small files come at once, and the bundle from where it stopped."""
    pole.configure(f'repository = "{site.address}"\nbudget_mb_a_day = 1\n')
    office.add(RELEASE, BUNDLE, {"version": "99.0.0"})
    office.publish("release")
    told = pole.told(status=1)
    assert (told["state"], told["new"]) == ("failed", [LIGHT])
    assert "1 MB of today are spent" in told["problem"]
    assert told["last_ok"] is None
    assert pole.ready.keys() == {LIGHT}
    (pole.state / "budget.json").write_text('{"day": "2026-01-01", "bytes": 1}')  # a day goes by
    pole.sync(status=1)
    (pole.state / "budget.json").write_text('{"day": "2026-01-01", "bytes": 1}')
    assert pole.told()["new"] == [RELEASE]
    ranges = [asked for path, asked in site.asked if "tar.gz" in path]
    assert ranges[0] == ""
    assert all(r.startswith("bytes=") for r in ranges[1:])
    (stored,) = (pole.state / "targets" / "release").iterdir()
    assert stored.read_bytes() == BUNDLE


def test_frozen_and_failed_are_told(pole: Pole, office: Office, site: Site) -> None:
    """What is known stays, the last success stays, and the state says which of both it is."""
    ok = pole.told()["last_ok"]
    office.timestamp.expires = datetime.now(UTC) - timedelta(seconds=1)
    office.publish_snapshot()
    told = pole.told(status=1)
    assert (told["state"], told["last_ok"]) == ("frozen", ok)
    assert "repository publish" in told["problem"]
    site.mischief["timestamp"] = lambda h: h.say(500, b"")
    told = pole.told(status=1)
    assert (told["state"], told["last_ok"]) == ("failed", ok)
    assert json.loads((pole.state / "sync.json").read_bytes())["state"] == "failed"
    assert pole.ready.keys() == {LIGHT}
    assert "tidak" in pole.sync(status=1, lang="id") or "menjawab" in pole.sync(status=1, lang="id")


def test_thirty_days_are_told(pole: Pole) -> None:
    """When what is signed ends stands in the state, for who tells it."""
    days = (pole.told()["expires"] - datetime.now(UTC).timestamp()) / 86_400
    assert 89 < days < 90.1


def test_what_is_missing_is_said(pole: Pole) -> None:
    (pole.folder / "wants.json").write_text("[]")
    assert "pole-agent-apply" in pole.sync(status=1)
    (pole.folder / "root.json").unlink()
    assert "put there by hand" in pole.sync(status=2)
    (pole.folder / "remote.toml").unlink()
    assert "remote.toml" in pole.sync(status=2)


def test_one_at_a_time(pole: Pole) -> None:
    pole.sync()
    with (pole.state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another sync" in pole.sync(status=1)


def test_the_credentials_of_the_unit(pole: Pole) -> None:
    """The unit's own user cannot enter /etc/pole-agent: systemd hands both files over."""
    environment = dict(os.environ, CREDENTIALS_DIRECTORY=str(pole.folder))
    done = call(
        "sync", "--wants", str(pole.folder / "wants.json"), "--state-dir", str(pole.state), env=environment
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", ["", "[]", '{"names": 1}', '{"names": [], "have": []}', "[" * 9999, "\x00"])
def test_wants_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "wants.json").write_text(text)
    with pytest.raises(RemoteError, match="does not say what this pole wants"):
        wants.read(tmp_path / "wants.json")


def test_names_of_a_pole() -> None:
    """By name, small files first; what is no name is not asked for."""
    asked = names.names_of("SMD-0042", "aarch64", 11, ["north", "../x"], ["model/a.onnx", "fence/f.geojson"])
    assert asked == [
        "full/SMD-0042.toml",
        "light/group/north.toml",
        "light/SMD-0042.toml",
        "model/a.onnx",
        "fence/f.geojson",
        "release/aarch64-py3.11.tar.gz",
    ]


def test_wants_are_written_once(tmp_path: Path) -> None:
    file = tmp_path / "wants.json"
    assert wants.write(file, [LIGHT, "etc/passwd"], {LIGHT: "x"})
    assert not wants.write(file, [LIGHT, "etc/passwd"], {LIGHT: "x"})
    assert wants.read(file) == wants.Wants((LIGHT,), {LIGHT: "x"})
