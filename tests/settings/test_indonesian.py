"""Every sentence of the checks is known in Indonesian: the sources themselves are asked."""

from __future__ import annotations

import ast
import inspect
import re
import string
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.cli import COMMANDS
from pole_agent.indonesian import MAX_CHARS, TABLE, _varying, translate
from tests.cli import call
from tests.conftest import ROOT

PACKAGE = ROOT / "pole_agent"
SOURCES = [
    *sorted((PACKAGE / "settings").glob("*.py")),
    *sorted((PACKAGE / "console").glob("*.py")),
    *sorted((PACKAGE / "simulator").glob("*.py")),
    *(
        PACKAGE / p
        for p in (
            *(f"commands/{name}.py" for name in COMMANDS),
            "health/machine.py",
            "lifecycle.py",
            "drone/approval.py",
            "drone/commands.py",
            "loops/dispatch/__init__.py",
            "loops/dispatch/handler.py",
            "drone/controller.py",
            "drone/decisions.py",
            "drone/evaluation.py",
            "drone/flights.py",
            "drone/intake.py",
            "drone/registry.py",
            "drone/restore.py",
            "drone/stored.py",
            "drone/gates.py",
            "drone/machine.py",
            "lamp/commands.py",
            "almanac.py",
            "dates.py",
            "lamp/pwm.py",
            "drone/areas.py",
            "vision/card.py",
            "vision/eyesight.py",
            "camera/handshake.py",
            "camera/opening.py",
            "camera/live.py",
            "camera/recorded.py",
            "camera/multipart.py",
            "camera/probe.py",
            "loops/watch.py",
            "loops/report.py",
            "health/heat.py",
            "health/certificates.py",
            "health/evidence.py",
            "health/time_servers.py",
        )
    ),
]
SAYING = ("eyesight.py", "multipart.py", "live.py")  # what their functions return is said of a camera
SPEAKERS = (
    "Against",
    "Heard",
    "ValueError",
    "Problem",
    "append",
    "ModelError",
    "LampError",
    "CameraError",
    "degrade",
    "PoleAgentError",
    "NotRunning",
    "OutboxError",
    "UplinkError",
    "CommandRefused",
    "ApprovalRefused",
    "spoken",
    "say",
)
TOML_SAYS = ("suffixed_err", "TOMLDecodeError", "ValueError")
NAMED = ("what", "why", "FROZEN", "few")  # what is said of it later


def _text(node: ast.expr) -> str | None:
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=values):
            return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in values)
    return None


def sentences() -> Iterator[str]:
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            returned = (
                [node.value] if isinstance(node, ast.Return) and node.value and source.name in SAYING else []
            )
            for said in [*_said(node), *returned]:
                text = _text(said)
                if text is not None and " " in text and re.search("[a-z]{2}", text.replace("{}", "")):
                    yield text


def _said(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.keyword(arg="why", value=value):
            return [value]
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if name in SPEAKERS:
            return args
        case ast.Yield(value=ast.expr() as value):
            return [value]
        case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)], value=value) if name in NAMED:
            return [value.body] if isinstance(value, ast.IfExp) else [value]
    return []


@pytest.mark.parametrize("sentence", sorted(set(sentences())))
def test_every_sentence_is_in_the_table(sentence: str) -> None:
    assert sentence in TABLE


def test_what_the_reader_of_toml_says_is_in_the_table() -> None:
    """Of the Python that runs this: its own source is asked."""
    parser = ast.parse(inspect.getsource(tomllib._parser))  # type: ignore[attr-defined]
    raised = [
        n.args
        for n in ast.walk(parser)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in TOML_SAYS
    ]
    said = {
        text
        for arguments in raised
        if (text := _text(arguments[-1])) is not None and re.search("[a-z]{3}", text)
    }
    assert len(said) > 15
    assert {s for s in said if s not in TABLE} <= {"parse_float must not return dicts or lists", "{} (at {})"}


def test_nothing_is_lost_on_the_way() -> None:
    for english, indonesian in TABLE.items():
        fields = {name for _, name, _, _ in string.Formatter().parse(indonesian) if name is not None}
        assert fields == {str(n) for n in range(english.count("{}"))}, english


def test_what_varies_stays() -> None:
    assert (
        translate('rule[0].zone: there is no zone "x"; there is "road"')
        == 'rule[0].zone: tidak ada zona "x"; yang ada "road"'
    )
    assert (
        translate("lamp.floor: input should be less than or equal to 1; given: 2")
        == "lamp.floor: harus paling banyak 1; diberikan: 2"
    )
    assert translate("x.toml: cannot be read: Permission denied; write one with: pole-agent init") == (
        "x.toml: tidak dapat dibaca: akses ditolak; buat dengan: pole-agent init"
    )
    assert translate("x.toml: is not valid TOML: Invalid value (at line 3, column 5)") == (
        "x.toml: bukan TOML yang sah: nilai tidak sah (pada baris 3, kolom 5)"
    )
    assert translate("something nobody wrote") == "something nobody wrote"


@given(st.text(max_size=300))
def test_any_text_is_answered(text: str) -> None:
    assert isinstance(translate(text), str)


@given(st.lists(st.sampled_from([*TABLE, "x", " ", ": ", "{}", ", allowed "]), max_size=6).map("".join))
def test_what_varies_is_found_as_a_pattern_would(text: str) -> None:
    for english in list(TABLE)[::7]:
        pattern = re.compile("(.+?)".join(map(re.escape, english.split("{}"))), re.DOTALL)
        match = pattern.fullmatch(text) if len(text) < 200 else None
        if match:
            assert _varying(english.split("{}"), text) == list(match.groups())


@pytest.mark.parametrize("part", ["a ", ": ", ", allowed ", "; is it on this network", "{", ", by ", " at "])
def test_no_text_takes_long(part: str) -> None:
    """Not even the longest that is looked at: the work grows with its length, not with a power of it."""
    begun = time.process_time()
    for _ in range(5):
        translate((part * MAX_CHARS)[:MAX_CHARS])
    assert time.process_time() - begun < 2


def test_check_and_init_speak_indonesian(bench: Callable[..., Path], tmp_path: Path) -> None:
    config = bench("floor = 7\n")
    done = call("check", "--config", str(config), "--lang", "id")
    assert done.returncode == 2
    assert "lamp.floor: harus paling banyak 1" in done.stderr
    fine = call("check", "--config", str(bench()), "--lang", "id")
    assert "peringatan: mqtt: tidak ada broker" in fine.stdout
    assert "baik: tiang T-1" in fine.stdout
    made = call(
        "init", "--lang", "id", "--latitude=-6.8", "--longitude=107.9", "--out", str(tmp_path / "new.toml")
    )
    assert "ditulis; berikutnya: pole-agent check" in made.stdout
