"""The names of what a pole may ask for. It asks by name; nobody offers it anything else."""

from __future__ import annotations

import re
from collections.abc import Iterable

WORD = "[A-Za-z0-9][A-Za-z0-9._-]*"
KINDS = {
    "release": re.compile(r"release/[a-z0-9_]+-py3\.\d+\.tar\.gz"),
    "model": re.compile(rf"model/{WORD}\.(toml|onnx)"),
    "full": re.compile(rf"full/{WORD}\.toml"),
    "fence": re.compile(rf"fence/{WORD}\.geojson"),
    "light": re.compile(rf"light/(group/)?{WORD}\.toml"),
}
LONGEST = 120


def kind_of(name: str) -> str | None:
    """`light` for `light/group/north.toml`; None for a name that no pole asks for."""
    kind = name.partition("/")[0]
    return kind if len(name) <= LONGEST and kind in KINDS and KINDS[kind].fullmatch(name) else None


def names_of(
    pole: str, machine: str, minor: int, groups: Iterable[str] = (), files: Iterable[str] = ()
) -> list[str]:
    """What this pole asks for, small files first; `files` are models and fences, such as `model/x.onnx`."""
    named = [f"full/{pole}.toml", *(f"light/group/{group}.toml" for group in groups), f"light/{pole}.toml"]
    named += [*files, f"release/{machine}-py3.{minor}.tar.gz"]
    return [name for name in dict.fromkeys(named) if kind_of(name)]
