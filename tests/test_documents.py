"""Links in the manuals lead somewhere, commands in them exist, and the configurations that we
ship are fine.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pole_agent.cli import COMMANDS
from pole_agent.conduct import conduct, lines
from pole_agent.settings.advice import warnings
from pole_agent.settings.load import load
from tests.conftest import ROOT

PAGES = sorted(
    p for p in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "models").glob("*.md")]
)
SITES = sorted((ROOT / "config" / "sites").glob("*.toml"))
SCRIPTS = sorted(
    p
    for p in (ROOT / "scripts").iterdir()
    if p.is_file() and p.read_bytes().startswith(b"#!/usr/bin/env bash")
)


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name} -> {target}"
        if anchor and file.suffix == ".md":
            headings = {_anchor(h) for h in re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)}
            assert anchor in headings, f"{page.name} -> {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_command_and_script_that_is_named_exists(page: Path) -> None:
    text = page.read_text()
    named = set(re.findall(r"`(?:sudo )?pole-agent ([a-z]+)", text)) | set(
        re.findall(r"^(?:sudo )?pole-agent ([a-z]+)", text, re.MULTILINE)
    )
    assert named - {"approval"} <= set(COMMANDS), page.name  # the first line of what an officer signs
    for script in set(re.findall(r"(?<![\w/])scripts/([a-z0-9.-]+[a-z0-9])", text)):
        assert (ROOT / "scripts" / script).exists(), f"{page.name}: scripts/{script}"


def test_the_tour_visits_every_room() -> None:
    tour = (ROOT / "docs" / "tour.md").read_text()
    for room in (
        "camera",
        "vision",
        "tracking",
        "incidents",
        "lamp",
        "drone",
        "store",
        "uplink",
        "loops",
        "compose",
    ):
        assert f"../pole_agent/{room}/" in tour, room


@pytest.mark.parametrize("site", SITES, ids=lambda p: p.stem)
def test_the_sites_are_fine(site: Path) -> None:
    settings = load(site).settings
    found = warnings(settings)
    assert all("night_permit" in w or "drone.officer" in w for w in found), found
    for language in ("en", "id"):
        assert settings.pole.operator in "\n".join(lines(conduct(settings), language))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.name)
def test_the_scripts_are_shell(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", "-S", "warning", "-x", str(script)], check=True, cwd=ROOT)


SPOKEN = sorted(
    {
        *PAGES,
        *ROOT.glob("pole_agent/**/*.py"),
        *ROOT.glob("scripts/**/*.py"),
        *SCRIPTS,
        ROOT / "pyproject.toml",
    }
)


@pytest.mark.parametrize("file", SPOKEN, ids=lambda p: str(p.relative_to(ROOT)))
def test_nobody_is_told_to_install_a_name(file: Path) -> None:
    """Nobody is told to install a name that nobody owns.

    The project is on no package index: whoever takes the name there would be installed.
    """
    for line in file.read_text().replace("\\\n", " ").splitlines():
        asked = re.search(
            r"\b(pip[3x]?|uv|uvx)\b.*\b(install|add|run|download)\b.*(?<![\w/.=-])[\"']?pole[-_]agent(?![\w/.-])",
            line,
        )
        assert not asked or "--no-index" in line, line.strip()


def test_commit_hooks_run_what_check_runs() -> None:
    """Each hook of pre-commit is a line of scripts/check, and each of its tools has a hook."""
    check = (ROOT / "scripts" / "check").read_text().replace("$bin/", ".venv-dev/bin/")
    hooks = re.findall(r"entry: (.*)$", (ROOT / ".pre-commit-config.yaml").read_text(), re.MULTILINE)
    assert all(f"\n{hook}" in check for hook in hooks), hooks
    assert {hook.split()[0] for hook in hooks} == set(
        re.findall(r"^(\.venv-dev/bin/\S+)", check, re.MULTILINE)
    )


TESTS = sorted((ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("file", TESTS, ids=lambda p: p.stem)
def test_names_of_tests_are_short(file: Path) -> None:
    """A test has at most 50 characters to its name, and no other in its file has the same."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    names = [
        f.name
        for f in ast.walk(ast.parse(file.read_text()))
        if isinstance(f, functions) and f.name.startswith("test_")
    ]
    assert len(names) == len(set(names))
    assert [n for n in names if len(n) > 50] == []


def _commands(page: str) -> list[str]:
    """The lines of the shell blocks, without their comments."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    return [
        line.partition("  #")[0].rstrip().replace("ALAMAT", "ADDRESS")
        for block in blocks
        for line in block.splitlines()
    ]


def test_both_readmes_are_in_step() -> None:
    """As many sections, the same commands to paste and the same links to manuals, in the same order."""
    english, indonesian = ((ROOT / name).read_text() for name in ("README.md", "README.id.md"))
    assert _commands("README.md") == _commands("README.id.md")
    headings = [
        [h.count("#") for h in re.findall(r"^(#+) ", text, re.MULTILINE)] for text in (english, indonesian)
    ]
    assert headings[0] == headings[1]
    links = [
        re.findall(r"\]\((docs/[^)#]*)\)", re.sub(r"!\[.*?\)", "", text)) for text in (english, indonesian)
    ]
    assert links[0] == [link for link in links[1] if not link.endswith(".id.md")]


def test_contributing_names_what_is_there() -> None:
    """Each file of a table is there, and each name that is written beside a single file stands in it."""
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert len(rows) > 25
    for files, what in rows:
        if "(new)" in files:
            continue
        paths = [
            next(p for p in (ROOT / "pole_agent" / name, ROOT / name) if p.exists())
            for name in re.findall(r"`([^`]+)`", files)
        ]
        text = "".join(p.read_text() for p in paths if p.is_file())
        for name in re.findall(r"`([A-Za-z_]+)`", what) if text else ():
            assert name in text, f"{files}: {name}"


def test_decisions_are_numbered_and_listed() -> None:
    """Each decision is a file with its number and title, and the list names them all in order."""
    folder = ROOT / "docs" / "decisions"
    found = sorted(p for p in folder.glob("*.md") if p.name != "README.md")
    titles = [p.read_text().splitlines()[0] for p in found]
    listed = re.findall(r"^(\d+)\. \[(.+)\]\((\S+)\)$", (folder / "README.md").read_text(), re.MULTILINE)
    assert [f"# {number}. {title}" for number, title, _ in listed] == titles
    assert [name for _, _, name in listed] == [p.name for p in found]
    assert [int(number) for number, _, _ in listed] == list(range(1, len(found) + 1))
    bodies = {p.name: p.read_text().split("\n\n", 1)[1] for p in found}
    assert not [name for name, body in bodies.items() if not re.match(r"[A-Z(`]", body)]
