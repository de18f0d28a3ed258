"""The tool that plants faults, at a project of a few lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
RULES = '''"""Not 1 word of a text is changed."""
import logging

log = logging.getLogger("rules")
LIMIT: int = 3  # 3 is promised


def allowed(number: int) -> bool:
    """0 < 1."""
    if number > 90:
        log.warning("more than %d", 90)
        raise ValueError("no text for people changes")
    return 0 <= number <= LIMIT
'''
TESTS = """
import pytest
from tiny.rules import allowed

def test_the_limit():
    assert allowed(3) and not allowed(4)

def test_far_beyond():
    with pytest.raises(ValueError):
        allowed(91)

@pytest.mark.slow
def test_slow():
    assert not allowed(-1) and allowed(0)
"""
LISTS = 'package = "tiny"\n[[room]]\nfiles = ["*.py"]\ntests = ["tests"]\n'
EQUIVALENT = (
    '[[mutant]]\nfile = "rules.py"\nold = "if number > 90:"\nnew = "if number >= 90:"\nwhy = "for this'
    ' test"\n'
)
SETTINGS = (
    '[tool.pytest.ini_options]\npythonpath = ["."]\nmarkers = ["slow: slow"]\naddopts ='
    ' "--import-mode=importlib"\n'
)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    files = {
        "tiny/__init__.py": "",
        "tiny/rules.py": RULES,
        "tests/test_rules.py": TESTS,
        "pyproject.toml": SETTINGS,
        ".gitignore": ".cache\n",
        "tests/mutation/promises.toml": LISTS,
        "tests/mutation/equivalent.toml": EQUIVALENT,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def mutate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mutation", "--root", str(root), "--jobs", "1", *arguments]
    environment = {k: v for k, v in os.environ.items() if k != "MUTATE_MAP"} | {
        "PYTHONPATH": str(ROOT / "scripts")
    }
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def report(root: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((root / ".cache" / "mutate" / "report.json").read_text())
    return told


def test_faults_are_planted_in_code_only(tiny: Path) -> None:
    """Code is changed, on both sides of each limit; docstrings, annotations, log calls and texts for people
    are not.
    """
    said = mutate(tiny, "--list").stdout
    for change in (
        "LIMIT: int = 3 # 3 is promised => LIMIT: int = 4 # 3 is promised",
        "if number > 90: => if number >= 90:",
        "if number > 90: => if number <= 90:",
        "if number > 90: => if False:",
        "return 0 <= number <= LIMIT => return 0 < number <= LIMIT",
        "return 0 <= number <= LIMIT => return 0 <= number < LIMIT",
        "return 0 <= number <= LIMIT => return not (0 <= number <= LIMIT)",
        'raise ValueError("no text for people changes") => pass',
    ):
        assert f": {change}\n" in said.replace("  ", " "), change
    assert "log" not in said and "word" not in said and "rules~" not in said


@pytest.mark.slow
def test_a_run_tells_what_lived_and_goes_on(tiny: Path) -> None:
    """What a test notices is killed, a limit without a test survives, a listed one is not run; a second run
    runs nothing.
    """
    done = mutate(tiny, "--files", "rules.py")
    told = report(tiny)
    lived = {(entry["old"], entry["new"]) for entry in told["survivors"]}
    assert done.returncode == 1, done.stdout + done.stderr
    # Nobody asks for 0, but the slow test
    assert ("return 0 <= number <= LIMIT", "return 0 < number <= LIMIT") in lived
    assert ("return 0 <= number <= LIMIT", "return 0 <= number < LIMIT") not in lived
    assert ("LIMIT: int = 3  # 3 is promised", "LIMIT: int = 4  # 3 is promised") not in lived
    assert not any("raise" in old for old, _ in lived)
    total = told["total"]
    assert total["equivalent"] == 1 and total["not run"] == 0
    assert total["mutants"] == total["killed"] + total["survived"] + 1 and total["survived"] == len(lived) > 0
    assert (tiny / "tiny" / "rules.py").read_text() == RULES

    again = mutate(tiny, "--files", "rules.py")
    assert report(tiny)["total"] == total and "[1/" not in again.stdout
    journal = tiny / ".cache" / "mutate" / "journal.jsonl"
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:-1]) + '{"state": "cut off he')
    assert "[1/1," in mutate(tiny, "--files", "rules.py").stdout and report(tiny)["total"] == total


def test_a_seed_decides_the_sample(tiny: Path) -> None:
    """The seed decides, and nothing else."""
    lists = [mutate(tiny, "--list", "--sample", "4", "--seed", seed).stdout for seed in ("1", "1", "2")]
    assert lists[0] == lists[1] != lists[2] and all(said.endswith("\n4 mutants\n") for said in lists)


def test_written_faults_are_run_or_gone(tiny: Path) -> None:
    """A text that is there is replaced; one that is not is called gone, unless a successor is named."""
    planted = [
        {"file": "rules.py", "note": "no limit", "old": "<= LIMIT", "new": "<= LIMIT + 9"},
        {"file": "rules.py", "note": "no floor", "old": "0 <= number", "new": "-9 <= number"},
        {"file": "old.py", "note": "elsewhere", "old": "x", "new": "y"},
        {"file": "old.py", "note": "moved", "old": "x", "new": "y"},
    ]
    (tiny / "planted.json").write_text(json.dumps(planted))
    moved = {"old.py: moved": {"file": "rules.py", "old": "raise ValueError", "new": "ValueError"}}
    (tiny / "moved.json").write_text(json.dumps(moved))
    command = ("--planted", str(tiny / "planted.json"), "--successors", str(tiny / "moved.json"))
    done = mutate(tiny, *command)
    told = report(tiny)
    assert done.returncode == 1 and told["total"]["killed"] == 2, done.stdout + done.stderr
    assert [entry["kind"] for entry in told["survivors"]] == ["no floor"]
    assert [entry["note"] for entry in told["gone"]] == ["elsewhere"]
    again = mutate(tiny, *command)
    assert report(tiny)["total"] == told["total"] and "[1/" not in again.stdout
    assert (tiny / "tiny" / "rules.py").read_text() == RULES
