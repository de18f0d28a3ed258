"""Each Indonesian manual keeps step with the English one: the same headings, the same commands, and a link in
the table.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

DOCS = ROOT / "docs"
INDONESIAN = sorted((DOCS / "id").glob("*.md"))
BLOCK = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)


def _levels(text: str) -> list[int]:
    """The levels of the headings, outside code."""
    return [len(marks) for marks in re.findall(r"^(#+) ", BLOCK.sub("", text), re.MULTILINE)]


def _blocks(text: str) -> list[tuple[str, list[str]]]:
    """Language and lines of each code block, without comments and blank lines."""
    blocks = []
    for language, code in BLOCK.findall(text):
        lines = [re.sub(r"(?:^|\s)#\s.*", "", line).rstrip() for line in code.splitlines()]
        blocks.append((language, [line for line in lines if line]))
    return blocks


def test_there_are_indonesian_manuals() -> None:
    assert INDONESIAN


@pytest.mark.parametrize("manual", INDONESIAN, ids=lambda p: p.stem)
def test_headings_are_in_step(manual: Path) -> None:
    """The English manual has as many headings of the same levels, in the same order."""
    assert _levels(manual.read_text()) == _levels((DOCS / manual.name).read_text())


@pytest.mark.parametrize("manual", INDONESIAN, ids=lambda p: p.stem)
def test_code_blocks_are_in_step(manual: Path) -> None:
    """Whoever pastes a command gets the same in both languages; only comments are translated."""
    assert _blocks(manual.read_text()) == _blocks((DOCS / manual.name).read_text())


@pytest.mark.parametrize("manual", INDONESIAN, ids=lambda p: p.stem)
def test_the_table_names_each_manual(manual: Path) -> None:
    assert f"]({manual.name}) ([id](id/{manual.name}))" in (DOCS / "README.md").read_text()
