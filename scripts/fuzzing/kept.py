"""What stays between runs, in .cache/fuzz: corpora, findings, and how many inputs there were in all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzzing.judge import Finding
from fuzzing.target import Ready


@dataclass(frozen=True, slots=True)
class Kept:
    """`folder` is .cache/fuzz."""

    folder: Path

    def corpus(self, name: str, ready: Ready) -> Path:
        """The folder of inputs that reach something new, with the seeds in it."""
        folder = self.folder / name / "corpus"
        folder.mkdir(parents=True, exist_ok=True)
        for seed in ready.seeds:
            (folder / _digest(seed)).write_bytes(seed)
        return folder

    def dictionary(self, name: str, ready: Ready) -> Path:
        """The words of a target as libFuzzer reads them."""
        file = self.folder / name / "words.txt"
        words = [word.encode() if isinstance(word, str) else word for word in ready.words]
        file.write_text("".join(f'"{_escaped(word)}"\n' for word in words if word))
        return file

    def keep(self, name: str, finding: Finding, data: bytes) -> Path:
        """Write an input that is a finding, with what it is and how it is repeated beside it."""
        folder = self.folder / name / "findings"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / hashlib.sha256(finding.where.encode()).hexdigest()[:12]
        file.write_bytes(data)
        shown = _shown(file)
        file.with_suffix(".txt").write_text(
            f"{finding.kind}: {finding.where}\n{finding.text}\nscripts/fuzz {name} --one {shown}\n"
        )
        return file

    def total(self) -> dict[str, int]:
        """Inputs by target, over all runs."""
        try:
            found = json.loads((self.folder / "total.json").read_text())
        except (OSError, ValueError):
            return {}
        return {str(name): int(count) for name, count in found.items()}

    def add(self, counts: Mapping[str, int]) -> int:
        """Add those of a run; all of all runs."""
        total = self.total()
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "total.json").write_text(json.dumps(total, indent=1) + "\n")
        return sum(total.values())


def read_state(file: Path) -> dict[str, Any]:
    """What a worker says of itself; empty while it says nothing."""
    try:
        return dict(json.loads(file.read_text()))
    except (OSError, ValueError):
        return {}


def _shown(file: Path) -> Path:
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def _digest(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def _escaped(word: bytes) -> str:
    plain = b" !#$%&()*+,-./:;<=>?@[]^_`{|}~"
    return "".join(chr(b) if (chr(b).isalnum() and b < 128) or b in plain else f"\\x{b:02x}" for b in word)
