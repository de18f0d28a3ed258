"""Metadata that were damaged or tampered with, a thousand: each is refused, or says what was signed."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pole_agent.errors import RemoteError
from tests.remote.conftest import Look
from tests.remote.office import LIGHT, TEXT, Office
from tests.remote.test_attacks import taken
from tests.remote.web import Site
from tests.share import part

FULL = "full/SMD-0042.toml"
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**63, 10**400, 1.5, float("inf"), "", "x", "\x00", "../../x",
    "9999-12-31T23:59:59Z",    "2027-02-30T00:00:00Z", [], {}, [[]], {"": ""}, "\ud800", "é" * 50,
)  # fmt: skip
Mutation = Callable[[random.Random, bytes], bytes]


def flip(by: random.Random, blob: bytes) -> bytes:
    place = by.randrange(len(blob))
    return blob[:place] + bytes([blob[place] ^ (1 << by.randrange(8))]) + blob[place + 1 :]


def cut(by: random.Random, blob: bytes) -> bytes:
    return blob[: by.randrange(len(blob))]


def repeat(by: random.Random, blob: bytes) -> bytes:
    start, end = sorted(by.randrange(len(blob)) for _ in range(2))
    return blob[:end] + blob[start:end] * by.randrange(1, 4) + blob[end:]


def drop(by: random.Random, blob: bytes) -> bytes:
    start = by.randrange(len(blob))
    return blob[:start] + blob[start + by.randrange(1, 40) :]


def digit(by: random.Random, blob: bytes) -> bytes:
    """Another number, hash, key or date, of the same length."""
    places = [found.start() for found in re.finditer(rb"[0-9a-f]", blob)]
    place = by.choice(places)
    return blob[:place] + by.choice(b"0123456789abcdef".decode()).encode() + blob[place + 1 :]


def value(by: random.Random, blob: bytes) -> bytes:
    """Another value somewhere in the tree, a missing key, or one more."""
    tree = json.loads(blob)
    places: list[tuple[Any, Any]] = []
    open_ = [tree]
    while open_:
        node = open_.pop()
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            places.append((node, key))
            if isinstance(child, dict | list):
                open_.append(child)
    node, key = by.choice(places)
    how = by.randrange(4)
    if how == 0:
        del node[key]
    elif how == 1 and isinstance(node, dict):
        node[str(by.choice(VALUES))[:20]] = node[key]
    else:
        node[key] = by.choice(VALUES)
    return json.dumps(tree).encode()


def twice(by: random.Random, blob: bytes) -> bytes:
    """A key that stands twice: parsers differ in which of them counts."""
    return re.sub(rb'"version": ?(\d+)', rb'"version": 99, "version": \1', blob, count=1)


def deep(by: random.Random, blob: bytes) -> bytes:
    return blob.replace(b":", b":" + b"[" * by.choice((10, 1000, 60_000)), 1)


MUTATIONS: tuple[Mutation, ...] = (flip, cut, repeat, drop, digit, value, value, value, twice, deep)


def attack(count: int, seed: int, office: Office, site: Site, look: Look, folder: Path) -> None:
    """So many mutated files. Every pole is told an error, or has exactly what the office signed."""
    office.add(FULL, TEXT)
    office.publish("full")
    look("known")
    office.publish("light", "full", "targets")
    office.publish_root()
    files = [file.name for file in (office.folder / "metadata").iterdir()]
    newest = [
        max(f for f in files if f.endswith(end)) for end in ("root.json", "snapshot.json", "targets.json")
    ]
    newest += ["timestamp.json", max(f for f in files if "light" in f), max(f for f in files if "full" in f)]
    by, refused, same = random.Random(seed), 0, 0
    for number in range(count):
        name, mutation = by.choice(newest), by.choice(MUTATIONS)
        sound = office.read(f"metadata/{name}")
        office.write(f"metadata/{name}", mutation(by, sound))
        try:
            store = folder / f"store{number}"
            if number % 2:  # a pole that knows what was signed before
                shutil.copytree(folder / "known", store, symlinks=True)
            trust = look(store.name)
            for path in (LIGHT, FULL):
                assert taken(trust, folder, path) == TEXT, (number, name, mutation)
            assert trust.find("full/other.toml") is None
            same += 1
        except RemoteError as error:
            assert "\n" not in str(error)
            refused += 1
        office.write(f"metadata/{name}", sound)
        shutil.rmtree(store, ignore_errors=True)
    assert refused + same == count
    assert refused > count * 0.7, (
        "what was the same: nothing that counts was changed, or it was known already"
    )
    assert taken(look("known"), folder) == TEXT


def test_mutated_metadata(office: Office, site: Site, look: Look, tmp_path: Path) -> None:
    """A hundred, in the ordinary run."""
    attack(100, 1, office, site, look, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_a_thousand_mutated_metadata(office: Office, site: Site, look: Look, tmp_path: Path) -> None:
    attack(part(1000, 200), 2, office, site, look, tmp_path)
