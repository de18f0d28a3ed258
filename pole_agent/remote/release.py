"""Install a new version: a signed bundle, by the installer that is in it, which takes it back when it does
not come up healthy.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import tarfile
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pole_agent.errors import RemoteError
from pole_agent.languages import Phrase, phrase
from pole_agent.remote.trust import Target, Trust
from pole_agent.remote.wave import turn, version_of
from pole_agent.replacing import replace_file

log = logging.getLogger(__name__)

INSTALLER, TIMEOUT_S = "install", 3600.0
MOST_FILES, MOST_BYTES = 20_000, 2 << 30
TOLD = 300  # characters of what the installer said last
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(slots=True)
class Release:
    """`folder`: of root; `running`: the version that runs; `open_now`: is this the time for a restart?"""

    folder: Path
    pole: str
    running: str
    open_now: Callable[[], bool]
    tell: Callable[[dict[str, Any]], None]

    def install(self, name: str, trust: Trust, *, again: bool = False) -> bool:
        """Returns whether what is wanted runs. Raises RemoteError, OSError."""
        target = trust.find(name)
        if target is None:
            self._tell("none", None)
            return True
        version = version_of(target.custom)
        if version == self.running:
            self._tell("kept", version)
            return True
        if not turn(target.custom, self.pole):
            self._tell("held", version, phrase("release-held"))
            return True
        if not again and (failed := self._failed()).get("sha256") == target.sha256:
            self._tell("reverted", version, str(failed.get("problem")))
            return False
        if not self.open_now():
            self._tell("waiting", version, phrase("release-waits"))
            return True
        return self._run(target, version, trust)

    def _run(self, target: Target, version: str, trust: Trust) -> bool:
        bundle = self.folder / "releases" / f"{target.sha256}.tar.gz"
        trust.fetch(target, bundle)
        self._tell("trying", version)
        place = self.folder / "releases" / "unpacked"
        shutil.rmtree(place, ignore_errors=True)
        why: str | None
        try:
            why = _installed(unpacked(bundle, place))
        except RemoteError as error:
            why = str(error)
        finally:
            shutil.rmtree(place, ignore_errors=True)
        if why is None:
            bundle.unlink()
            self._tell("kept", version, running=version)
            return True
        failed = {"sha256": target.sha256, "problem": str(why)}
        replace_file(self.folder / "release.json", json.dumps(failed).encode(), 0o600)
        self._tell("reverted", version, why)
        return False

    def _failed(self) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / "release.json").read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def _tell(self, state: str, wanted: str | None, why: str = "", running: str = "") -> None:
        if state not in ("none", "kept"):
            log.info("version %s: %s %s", wanted, state, why)
        problems = [{"key": "", "problem": str(why)}] if why else []
        told = {"state": state, "wanted": wanted, "running": running or self.running, "problems": problems}
        self.tell(told | {"at": time.time()})


def unpacked(bundle: Path, place: Path) -> Path:
    """The folder that is in the bundle. Nothing leaves `place`, and no link, device or owner comes with it.

    Raises RemoteError, OSError.
    """
    place.mkdir(parents=True, mode=0o700)
    try:
        with tarfile.open(bundle, "r:gz") as archive:
            bytes_, count = 0, 0
            for member in archive:
                bytes_, count = bytes_ + member.size, count + 1
                if count > MOST_FILES or bytes_ > MOST_BYTES:
                    raise RemoteError(phrase("bundle-too-large", file=bundle))
                _unpack(archive, member, place)
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error) as error:
        raise RemoteError(phrase("bundle-invalid", file=bundle, error=error)) from error
    found = [folder for folder in place.iterdir() if (folder / INSTALLER).is_file()]
    if len(found) != 1:
        raise RemoteError(phrase("bundle-invalid", file=bundle, error=INSTALLER))
    return found[0]


def _unpack(archive: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    """tarfile's own filter came with Python 3.11.4; Debian 12 has 3.11.2. A bundle is files and folders."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or not (member.isreg() or member.isdir()):
        raise ValueError(member.name)
    if member.isdir():
        (place / path).mkdir(parents=True, exist_ok=True)
        return
    (place / path).parent.mkdir(parents=True, exist_ok=True)
    content = archive.extractfile(member)
    assert content is not None
    with content, (place / path).open("xb") as file:
        shutil.copyfileobj(content, file)
    (place / path).chmod(0o755 if member.mode & 0o100 else 0o644)


def _installed(folder: Path) -> Phrase | None:
    """None when the installer says that the new version runs; else what it said last."""
    try:
        done = subprocess.run(
            [str(folder / INSTALLER)],
            cwd=folder,
            env={"PATH": PATH, "LANG": "C.UTF-8", "HOME": os.environ.get("HOME", "/root")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return phrase("installer-timed-out", minutes=f"{TIMEOUT_S / 60:.0f}")
    said = done.stdout.decode("utf-8", "replace").strip()
    log.info("%s", said)
    if done.returncode == 0:
        return None
    last = said.splitlines()[-1][-TOLD:] if said else str(done.returncode)
    return phrase("installer-failed", said=last)
