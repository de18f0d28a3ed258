"""The language of who asks: LC_ALL, LC_MESSAGES, LANG, or --lang, for every command alike."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import zoneinfo
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.cli import COMMANDS
from pole_agent.languages import LOCALE, language_of
from pole_agent.words import how_long, local_time
from tests import cli
from tests.commands.test_commands import Start
from tests.commands.test_drone_command import POLE
from tests.conftest import CLIP, eventually

# Words that no Indonesian sentence has, outside of what is typed and of the contract's own words.
ENGLISH = re.compile(
    r"\b(the|is|was|are|of|by|until|since|asks|because|with|not|nobody|unknown|see|at|for|what|who|within|from|and|or|its?|has|have|no)\b"
)
TYPED = re.compile(r"pole-agent [^;\n]*|[\"'`].*?[\"'`]|--[a-z-]+|/\S+|\[\w+\]")


def call(*arguments: str, **locale: str) -> subprocess.CompletedProcess[str]:
    return cli.call(*arguments, env={k: v for k, v in os.environ.items() if k not in LOCALE} | locale)


def english_in(text: str) -> list[str]:
    return [line for line in text.splitlines() if ENGLISH.search(TYPED.sub("", line))]


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ({}, "en"),
        ({"LANG": "id_ID.UTF-8"}, "id"),
        ({"LANG": "id_ID"}, "id"),
        ({"LANG": "id"}, "id"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "id_ID.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "id_ID.UTF-8"}, "id"),
        ({"LANG": "id_ID.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "C", "LC_ALL": "id_ID.utf8"}, "id"),
        ({"LANG": "id_ID.UTF-8", "LC_ALL": ""}, "id"),
        ({"LANG": "idle_XX"}, "en"),
        ({"LANG": "jv_ID.UTF-8"}, "en"),
    ],
)
def test_the_first_locale_that_is_set_decides(locale: dict[str, str], language: str) -> None:
    assert language_of(locale) == language


@given(st.dictionaries(st.sampled_from(LOCALE), st.text(max_size=20)))
def test_any_locale_is_a_language(locale: dict[str, str]) -> None:
    assert language_of(locale) in ("en", "id")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_a_language(command: str) -> None:
    assert "--lang" in call(command, "--help").stdout


def test_wrong_file_is_told_in_language_of_shell(bench: Callable[..., Path]) -> None:
    """A wrong file is told in the language of the shell."""
    config = str(bench("floor = 7\n"))
    assert "lamp.floor: harus paling banyak 1" in call("check", "--config", config, LANG="id_ID.UTF-8").stderr
    assert (
        "expected less than or equal to 1"
        in call("check", "--config", config, LANG="id_ID.UTF-8", LC_ALL="C.UTF-8").stderr
    )
    assert (
        "expected less than or equal to 1"
        in call("check", "--config", config, "--lang", "en", LANG="id_ID.UTF-8").stderr
    )


@pytest.mark.parametrize(
    "words",
    [
        ("lamp",),
        ("lamp", "set", "0.3", "--for", "600", "--reason", "uji"),
        ("lamp", "hours"),
        ("lamp", "tonight"),
        ("lamp", "resume"),
        ("lamp", "set", "0.5", "--for", "999999"),
        ("why", "lamp"),
        ("why", "drone", "ID"),
        ("drone", "list"),
        ("drone", "show", "ID"),
        ("drone", "deny", "ID"),
        ("drone", "approve", "ID", "--by", "x"),
        ("drone", "show", "ffff"),
        ("drone", "approve", "ID"),
        ("drone", "stop"),
        ("drone", "resume"),
        ("outbox", "stats"),
        ("doctor", "--quick"),
        ("check",),
        ("retire", "--yes"),
        ("run",),
        ("camera", "shot", "--out", "/nowhere/x.jpg"),
        ("camera", "shot", "--out", "x.gif"),
        ("camera", "probe", str(CLIP), "--seconds", "1"),
        ("check", "--config", "nowhere.toml"),
        ("why", "incident", "x y"),
        ("drone", "key", "--name", "x", "--out", "/nowhere/key"),
    ],
    ids=lambda words: "-".join(words)[:24],
)
def test_indonesian_answers_hold_no_english(
    words: tuple[str, ...], indonesian_pole: Callable[[], tuple[str, str]]
) -> None:
    config, request = indonesian_pole()
    named = tuple(request if word == "ID" else word for word in words)
    where = () if {"probe", "--config", "key"} & set(words) else ("--config", config)
    done = call(*named, *where, LANG="id_ID.UTF-8")
    assert done.stdout + done.stderr
    assert english_in(done.stdout + done.stderr) == []
    explicit = call(*named, *where, "--lang", "id")
    assert english_in(explicit.stdout + explicit.stderr) == []


@pytest.fixture(scope="module")
def indonesian_pole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], tuple[str, str]]:
    """One pole for all of these: (its configuration, a drone request that it has), started when first asked
    for.
    """
    import json

    from tests.conftest import BENCH, run_agent

    folder = tmp_path_factory.mktemp("pole")
    config = folder / "pole.toml"
    config.write_text(BENCH.format(state=folder / "state") + POLE)
    process = run_agent("run", "--config", str(config), "--log-level", "error", start_new_session=True)
    found: list[str] = []

    def ready() -> tuple[str, str]:
        def has_one() -> bool:
            told = call("drone", "--config", str(config), "--json", "list")
            found.extend(r["request_id"] for r in (json.loads(told.stdout) if told.returncode == 0 else []))
            return bool(found)

        if not found:
            eventually(has_one, within_s=40, every_s=0.3)
        return str(config), found[0]

    ready.process = process  # type: ignore[attr-defined]
    return ready


@pytest.fixture(scope="module", autouse=True)
def _ended(indonesian_pole: Callable[[], tuple[str, str]]) -> object:
    yield
    indonesian_pole.process.kill()  # type: ignore[attr-defined]
    indonesian_pole.process.communicate(timeout=10)  # type: ignore[attr-defined]


# --- times

JAKARTA = zoneinfo.ZoneInfo("Asia/Jakarta")
NOON = 1_795_496_400.0  # 2026-11-24 12:00 in Sumedang


def test_times_are_local_with_their_zone() -> None:
    assert local_time(NOON, JAKARTA, NOON) == "12:00 WIB"
    assert local_time(NOON + 86_400, JAKARTA, NOON, seconds=True) == "2026-11-25 12:00:00 WIB"
    assert local_time(NOON, zoneinfo.ZoneInfo("Asia/Makassar"), NOON) == "13:00 WITA"


@pytest.mark.parametrize(
    ("seconds", "en", "id"),
    [
        (0, "0 s", "0 detik"),
        (45.4, "45 s", "45 detik"),
        (3540, "59 min", "59 menit"),
        (12_000, "3 h 20 min", "3 jam 20 menit"),
        (7200, "2 h", "2 jam"),
        (400_000, "5 days", "5 hari"),
        (-5, "0 s", "0 detik"),
    ],
)
def test_spans_are_no_finer_than_anybody_needs(seconds: float, en: str, id: str) -> None:
    assert (how_long(seconds), how_long(seconds, "id")) == (en, id)


# --- the demo


@pytest.mark.skipif(
    shutil.which("mosquitto_sub") is None, reason="needs mosquitto_sub: sudo apt install mosquitto-clients"
)
def test_what_the_demo_prints_can_be_pasted(agent: Start) -> None:
    """Into a shell that does not know where pole-agent is, in another folder."""
    process = agent("demo", "--approval", "required", start_new_session=True)
    assert process.stdout is not None
    printed = []
    while not (line := process.stdout.readline()).startswith("  /") or " drone list " not in line:
        printed.append(line)
        assert process.poll() is None, process.stderr
    commands = [line.strip() for line in [*printed, line] if line.startswith("  ")]
    assert [shlex.split(c)[-1] if "mosquitto" in c else shlex.split(c)[-2] for c in commands][-2:] == [
        "--socket",
        "--socket",
    ]
    for command in commands:
        if command.startswith("mosquitto_sub"):
            command += " -C 1 -W 10"
        eventually(lambda: _pasted(command) == 0, within_s=20, every_s=0.5)  # noqa: B023


def _pasted(command: str) -> int:
    return subprocess.run(
        command, shell=True, cwd="/", capture_output=True, timeout=30, env={"PATH": "/usr/bin:/bin"}
    ).returncode
