"""What the office remembers of its fleet: poles.json and fleet.json, with nothing secret in them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pole_agent.errors import ConfigError, Problem, RemoteError
from pole_agent.languages import phrase
from pole_agent.replacing import replace_file

POLES, FLEET, LOCK = "poles.json", "fleet.json", ".lock"
SECRET, OPEN, FOLDER = 0o600, 0o644, 0o700


@dataclass(slots=True)
class Pole:
    """One pole, as long as its id is known: also after it was retired."""

    id: str
    site: str
    prefix: str
    name: str = ""
    retired: bool = False
    sealing_key: str = ""  # public
    certificate: str = ""  # the serial number of the one that counts
    until: str = ""
    revoked: list[str] = field(default_factory=list)
    former: list[str] = field(default_factory=list)  # renewed with the same key; revoked with it


@dataclass(slots=True)
class Book:
    """All of them, and what was said once for the whole fleet."""

    folder: Path
    brokers: list[str] = field(default_factory=list)
    port: int = 8884
    repository: str = ""
    crl_number: int = 0
    poles: dict[str, Pole] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Book:
        """Raises ConfigError for files that were damaged. A folder that is not there is an empty fleet."""
        said, known = _json(folder / FLEET), _json(folder / POLES)
        try:
            poles = {p["id"]: Pole(**p) for p in known.get("poles", [])}
            return cls(folder, **said, poles=poles)
        except (TypeError, KeyError, AttributeError) as error:
            raise ConfigError([Problem(str(folder), phrase("fleet-damaged", error=error))]) from error

    def write(self) -> None:
        said = {
            "brokers": self.brokers,
            "port": self.port,
            "repository": self.repository,
            "crl_number": self.crl_number,
        }
        keep(self.folder / FLEET, _text(said), OPEN)
        poles = [asdict(self.poles[name]) for name in sorted(self.poles)]
        keep(self.folder / POLES, _text({"poles": poles}), OPEN)

    def standing(self) -> list[Pole]:
        return [pole for name, pole in sorted(self.poles.items()) if not pole.retired]

    def refused(self) -> set[str]:
        """The serial numbers of all that counts no more."""
        return {serial for pole in self.poles.values() for serial in pole.revoked}

    def pole(self, name: str) -> Pole:
        """Raises ConfigError for one that is not known."""
        if name in self.poles:
            return self.poles[name]
        raise ConfigError([Problem(name, phrase("pole-unknown", folder=self.folder))])


def keep(path: Path, blob: bytes, mode: int) -> bool:
    """Write it where it is not there already; was it written?"""
    with contextlib.suppress(OSError):
        if path.read_bytes() == blob and path.stat().st_mode & 0o777 == mode:
            return False
    make_folder(path.parent)
    replace_file(path, blob, mode)
    return True


def make_folder(folder: Path) -> None:
    """For its owner only, also above it as far as it has to be made."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(FOLDER, exist_ok=True)
        folder.chmod(FOLDER)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One run at a time. Raises RemoteError."""
    make_folder(folder)
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, SECRET)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise RemoteError(phrase("fleet-busy", folder=folder)) from error
    finally:
        os.close(lock)


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        raise ConfigError([Problem(str(path), phrase("fleet-damaged", error=error))]) from error
    return found if isinstance(found, dict) else {}


def _text(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
