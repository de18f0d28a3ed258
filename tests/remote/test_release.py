"""A new version: whose turn it is, and the installer of a signed bundle."""

from __future__ import annotations

import io
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.errors import RemoteError
from pole_agent.remote.release import Release, unpacked
from pole_agent.remote.sources import Folder
from pole_agent.remote.trust import Trust
from pole_agent.remote.wave import place, turn
from tests.remote.office import Office

NAME = "release/x86_64-py3.11.tar.gz"
POLES = [f"P-{n:04d}" for n in range(2000)]


def wave(**chosen: Any) -> dict[str, Any]:
    return {"version": "2.0", "wave": chosen}


def test_canaries_come_first_and_hold_stops_all() -> None:
    first = wave(canary=["P-0001"], percent=0)
    assert [pole for pole in POLES if turn(first, pole)] == ["P-0001"]
    assert not any(turn(wave(canary=["P-0001"], percent=100, hold=True), pole) for pole in POLES)
    assert all(turn({"version": "2.0"}, pole) for pole in POLES)


@given(st.floats(0, 100), st.floats(0, 100))
def test_who_has_it_keeps_it(one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert turn(wave(percent=more), "P-1") or not turn(wave(percent=less), "P-1")


def test_a_percentage_is_one_and_another_each_time() -> None:
    chosen = {pole for pole in POLES if turn(wave(percent=25), pole)}
    assert 400 < len(chosen) < 600
    next_time = {pole for pole in POLES if place("2.1", pole) < 25}
    assert 50 < len(chosen & next_time) < 200


@pytest.mark.parametrize(
    "custom",
    [wave(percent=101), wave(percent="9"), wave(canary="P"), {"version": "2", "wave": 1}, {}, wave(hold=1)],
)
def test_a_wave_that_is_none_is_refused(custom: dict[str, Any]) -> None:
    with pytest.raises(RemoteError):
        turn(custom, "P-1")


def bundle(installer: str, *more: tarfile.TarInfo) -> bytes:
    blob = io.BytesIO()
    with tarfile.open(fileobj=blob, mode="w:gz") as archive:
        script = tarfile.TarInfo("pole-agent-2.0/install")
        script.mode, script.size = 0o755, len(installer)
        archive.addfile(script, io.BytesIO(installer.encode()))
        for member in more:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return blob.getvalue()


class Site:
    def __init__(self, folder: Path) -> None:
        self.office = Office(folder / "public", datetime.now(UTC))
        self.own, self.told, self.open = folder / "own", list[dict[str, Any]](), True

    def sign(self, blob: bytes, **chosen: Any) -> None:
        self.office.add(NAME, blob, {"version": "2.0"} | chosen)
        self.office.publish("release")

    def install(self, *, again: bool = False) -> bool:
        trust = Trust(self.own / "metadata", self.office.first_root, Folder(self.office.folder))
        trust.refresh()
        release = Release(self.own, "P-1", "1.0", lambda: self.open, self.told.append)
        return release.install(NAME, trust, again=again)

    @property
    def states(self) -> list[str]:
        return [told["state"] for told in self.told]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_the_installer_of_the_bundle_decides(site: Site, tmp_path: Path) -> None:
    assert site.install()
    site.sign(bundle(f"#!/bin/sh\npwd > {tmp_path}/ran\n"))
    site.open = False
    assert site.install()
    assert not (tmp_path / "ran").exists()
    site.open = True
    assert site.install()
    assert (tmp_path / "ran").read_text().strip().endswith("pole-agent-2.0")
    assert site.states == ["none", "waiting", "trying", "kept"]
    assert site.told[-1]["running"] == "2.0"
    assert not (site.own / "releases" / "unpacked").exists()


def test_one_that_fails_is_told_and_not_repeated(site: Site) -> None:
    site.sign(bundle("#!/bin/sh\necho starting\necho the unit did not come up >&2\nexit 1\n"))
    assert not site.install()
    assert "the unit did not come up" in site.told[-1]["problems"][0]["problem"]
    assert not site.install()
    assert site.states == ["trying", "reverted", "reverted"]
    assert not site.install(again=True)
    assert site.states[3:] == ["trying", "reverted"]


def test_one_that_is_no_bundle_is_told(site: Site) -> None:
    site.sign(b"signed, and no bundle")
    assert not site.install()
    assert site.states == ["trying", "reverted"]
    assert "not a bundle" in site.told[-1]["problems"][0]["problem"]


def test_it_waits_for_its_turn(site: Site) -> None:
    site.sign(bundle("#!/bin/sh\nexit 1\n"), wave={"percent": 0})
    assert site.install()
    assert site.states == ["held"]


def link(name: str, to: str, kind: bytes) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, to
    return made


@pytest.mark.parametrize(
    "member",
    [
        tarfile.TarInfo("../outside"),
        tarfile.TarInfo("/tmp/outside"),
        link("pole-agent-2.0/link", "/etc/passwd", tarfile.SYMTYPE),
        link("pole-agent-2.0/link", "../../outside", tarfile.LNKTYPE),
        link("pole-agent-2.0/device", "", tarfile.CHRTYPE),
    ],
    ids=["up", "absolute", "symlink", "hardlink", "device"],
)
def test_nothing_leaves_the_folder(tmp_path: Path, member: tarfile.TarInfo) -> None:
    file, folder = tmp_path / "b.tar.gz", tmp_path / "in" / "side"
    file.write_bytes(bundle("x", member))
    folder.parent.mkdir()
    with pytest.raises(RemoteError, match="not a bundle"):
        unpacked(file, folder)
    assert [p.name for p in folder.parent.iterdir()] == ["side"]
    assert not Path("/tmp/outside").exists()


@pytest.mark.parametrize("blob", [b"", b"x" * 99, bundle("x")[:60]], ids=["empty", "noise", "cut"])
def test_a_damaged_bundle_is_refused(tmp_path: Path, blob: bytes) -> None:
    file = tmp_path / "b.tar.gz"
    file.write_bytes(blob)
    with pytest.raises(RemoteError, match="not a bundle"):
        unpacked(file, tmp_path / "place")
