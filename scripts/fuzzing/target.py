"""One thing that takes bytes from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Lost(AssertionError):
    """An input broke a promise of the target without an exception: it was lost, or taken for another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A target that is loaded.

    `take` reads an input. It returns where the input was accepted or refused as its room promises; any
    exception is a finding, and so is `Lost`. `words` are what mutations put in.
    """

    take: Callable[[bytes], None]
    seeds: Sequence[bytes]
    words: Sequence[str | bytes] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`prepare` imports what it needs: so it can be instrumented first. It gets a folder of its own.

    `native`: what atheris cannot see into; mutations there are blind. `text`: mutations may change a token.
    """

    name: str
    about: str
    prepare: Callable[[Path], Ready]
    most_bytes: int = 4096
    native: str = ""
    text: bool = True


def samples(pattern: str = "*.json") -> list[bytes]:
    """Messages of docs/samples."""
    return [path.read_bytes() for path in sorted((ROOT / "docs" / "samples").glob(pattern))]
