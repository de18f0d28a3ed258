"""What is mutated and which tests there are: the lists in tests/mutation, and a copy of the tree for each
worker.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path

LISTS = Path("tests") / "mutation"


@dataclass(frozen=True)
class Room:
    files: list[str]
    tests: list[str]
    skip: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Equivalent:
    file: str
    old: str
    new: str
    why: str


@dataclass(frozen=True)
class Project:
    root: Path

    @cached_property
    def _list(self) -> dict[str, object]:
        return tomllib.loads((self.root / LISTS / "promises.toml").read_text())

    @property
    def package(self) -> Path:
        return self.root / str(self._list["package"])

    @cached_property
    def rooms(self) -> list[Room]:
        return [Room(**room) for room in self._list["room"]]  # type: ignore[attr-defined]

    @cached_property
    def equivalents(self) -> list[Equivalent]:
        path = self.root / LISTS / "equivalent.toml"
        return (
            [Equivalent(**entry) for entry in tomllib.loads(path.read_text()).get("mutant", [])]
            if path.exists()
            else []
        )

    def promised(self) -> list[str]:
        """The files that keep the promises, relative to the package."""
        every = sorted(str(path.relative_to(self.package)) for path in self.package.rglob("*.py"))
        return [
            name
            for name in every
            if any(_fits(name, room.files) and not _fits(name, room.skip) for room in self.rooms)
        ]

    def room_tests(self, file: str) -> list[str]:
        """The files of tests that run first for a file, as patterns."""
        beside = [f"tests/{file.split('/')[0]}"]  # of a file that is not on the list
        return next((room.tests for room in self.rooms if _fits(file, room.files)), beside)

    def source(self, file: str) -> str:
        return (self.package / file).read_text()

    def module(self, file: str) -> str:
        return ".".join([self.package.name, *file.removesuffix(".py").removesuffix("/__init__").split("/")])

    def files(self) -> list[str]:
        """All of the tree that git would keep."""
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=True)
        return sorted(name for name in done.stdout.split("\0") if name and (self.root / name).is_file())

    def copy(self, folder: Path) -> None:
        for name in self.files():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.root / name, folder / name)

    def state(self) -> str:
        """A sum over everything that decides whether a mutant lives."""
        parts = hashlib.sha256()
        for name in self.files():
            if name.startswith((f"{self.package.name}/", "tests/", "pyproject.toml")) and not name.startswith(
                str(LISTS)
            ):
                parts.update(name.encode() + b"\0" + (self.root / name).read_bytes())
        return parts.hexdigest()[:16]

    def test_files(self) -> list[str]:
        return [name for name in self.files() if re.fullmatch(r"tests/(.*/)?test_[^/]*\.py", name)]


def in_room(test_file: str, patterns: list[str]) -> bool:
    return any(
        fnmatch(test_file, pattern) or test_file.startswith(f"{pattern.rstrip('/')}/") for pattern in patterns
    )


def _fits(name: str, patterns: list[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)
