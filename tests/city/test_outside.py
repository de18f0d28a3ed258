"""The city is an outside program: it knows the poles by their contract, databases by one interface."""

from __future__ import annotations

import ast
from pathlib import Path

import city
import pytest

FILES = sorted(Path(city.__file__).parent.glob("*.py"))
PURE = ("asking", "books", "desk", "folding", "presence", "reading", "shown")
IMPURE = {"asyncio", "threading", "socket", "logging", "sqlite3", "subprocess", "time", "os", "pathlib"}


def imported(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.stem)
def test_what_a_file_may_import(file: Path) -> None:
    names = {name.split(".")[0] for name in imported(file)}
    assert "pole_agent" not in names
    if file.stem in PURE:
        assert not names & IMPURE
        assert {n for n in imported(file) if n.startswith("city.")} <= {
            n for pure in PURE for n in imported(file) if n.startswith(f"city.{pure}")
        }
    if file.stem not in ("sqlite", "postgres"):
        assert not names & {"sqlite3", "asyncpg"}
