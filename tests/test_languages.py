"""Every sentence that a person reads has a code, and stands in each language with the same facts: the sources
themselves are asked.
"""

from __future__ import annotations

import ast
import copy
import functools
import inspect
import json
import pickle
import re
import shutil
import sqlite3
import string
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent import languages
from pole_agent.errors import PoleAgentError
from pole_agent.languages import (
    LANGUAGES,
    MAX_CHARS,
    PAGE,
    WORD,
    Phrase,
    _between,
    _split,
    in_language,
    phrase,
    phrases,
    together,
)
from pole_agent.page import files
from tests.conftest import ROOT

PACKAGE = ROOT / "pole_agent"
ENGLISH = phrases("en")
LIBRARY = "library-"  # codes of what the system and the libraries say: nobody of ours says them
THREE_WORDS = re.compile(r"[a-z]{2} [a-z]{2,} [a-z]{2}")
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
TOML_SAYS = ("suffixed_err", "TOMLDecodeError", "ValueError")
# What these are called with is read by people.
SPEAKERS = (
    "Against",
    "ApprovalRefused",
    "CameraError",
    "CommandRefused",
    "Frozen",
    "Heard",
    "LampError",
    "LinkLost",
    "ModelError",
    "NotAcknowledged",
    "NotRunning",
    "OutboxError",
    "PoleAgentError",
    "Problem",
    "PublishRefused",
    "RemoteError",
    "UplinkError",
    "degrade",
    "say",
)


@functools.cache
def sources() -> list[tuple[str, ast.Module]]:
    return [(str(p.relative_to(PACKAGE)), ast.parse(p.read_text())) for p in sorted(PACKAGE.rglob("*.py"))]


def calls() -> Iterator[tuple[str, ast.Call]]:
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "phrase":
                yield f"{name}:{node.lineno}", node


def facts_of(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def words_in(node: ast.expr) -> str:
    """The fixed text of a string, "" where it is none."""
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=values):
            return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in values)
        case ast.IfExp(body=body, orelse=orelse):
            return words_in(body) or words_in(orelse)
        case ast.BinOp(left=left, right=right):
            return words_in(left) + words_in(right)
    return ""


def has_words(template: str) -> bool:
    """Can it be found by its words? Not so a number with its unit."""
    return WORD.search(" ".join(_split(template)[0])) is not None


def is_sentence(text: str) -> bool:
    return " " in text.strip() and re.search("[a-z]{2}", text.replace("{}", "")) is not None


def test_every_code_is_known_with_its_facts() -> None:
    """A caller names a code that stands in the catalogue, and exactly the facts of its sentence."""
    wrong = []
    for place, call in calls():
        (code,) = call.args
        assert isinstance(code, ast.Constant), f"{place}: the code is computed"
        given = {keyword.arg for keyword in call.keywords}
        said = str(code.value)
        if said not in ENGLISH or given != facts_of(ENGLISH[said]):
            wrong.append(f"{place}: {said} {sorted(map(str, given))}")
    assert not wrong, wrong


def test_every_code_is_used() -> None:
    """Each code is a word of letters, and somebody says it."""
    used = {call.args[0].value for _, call in calls() if isinstance(call.args[0], ast.Constant)}
    assert all(KEBAB.fullmatch(code) for code in ENGLISH)
    used |= files.codes()  # by the scripts of the page
    assert sorted(c for c in ENGLISH if c not in used and not c.startswith(LIBRARY)) == []


def test_no_fact_is_a_sentence() -> None:
    """What is a fact is said as it is: a sentence in it would stay English."""
    found = [
        f"{place}: {keyword.arg}"
        for place, call in calls()
        for keyword in call.keywords
        if THREE_WORDS.search(words_in(keyword.value))
    ]
    assert not found, found


def test_nothing_is_said_without_a_code() -> None:
    """Errors, reasons and lines for people are phrases, not strings."""
    found = []
    for name, tree in sources():
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id=speaker) | ast.Attribute(attr=speaker)) if speaker in SPEAKERS:
                    found += [
                        f"{name}:{said.lineno}: {words_in(said)}"
                        for said in [*node.args, *(k.value for k in node.keywords)]
                        if is_sentence(words_in(said))
                    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_the_same_facts(language: str) -> None:
    """A template of another language names the facts of the English one, and no other."""
    for code, template in phrases(language).items():
        assert facts_of(template) == facts_of(ENGLISH[code]), code


def test_indonesian_is_complete() -> None:
    assert set(phrases("id")) == set(ENGLISH)


@pytest.mark.parametrize(
    "code",
    [c for c in ENGLISH if not c.startswith(PAGE) and (not facts_of(ENGLISH[c]) or has_words(ENGLISH[c]))],
)
def test_english_text_is_found_again(code: str) -> None:
    """What comes back from the wire as plain English is said in Indonesian as the phrase itself would be."""
    said = phrase(code, **{fact: f"Q{n}x" for n, fact in enumerate(sorted(facts_of(ENGLISH[code])))})
    assert in_language(said[:], "id") == said.of("id")


def test_a_phrase_in_a_phrase_is_found_again() -> None:
    inner = phrase("configuration-unreadable", error="Permission denied")
    said = phrase("at-key", key="x.toml", problem=inner)
    assert said.of("id") == "x.toml: tidak dapat dibaca: akses ditolak; buat dengan: pole-agent init"
    assert in_language(said[:], "id") == said.of("id")
    several = together([said, phrase("picture-frozen")])
    for text in (several, several[:]):
        assert in_language(text, "id") == f"{said.of('id')}; gambar membeku"


def test_a_phrase_is_text() -> None:
    """Errors, JSON, the store, copies and pickles carry it; `str` of an error keeps its code."""
    said = phrase("name-unknown", kind=phrase("zone"), name="x", known='"road"')
    assert json.dumps(said) == json.dumps(said[:])
    assert sqlite3.connect(":memory:").execute("SELECT ?", (said,)).fetchone() == (said[:],)
    for again in (copy.deepcopy(said), pickle.loads(pickle.dumps(said)), str(PoleAgentError(said))):
        assert isinstance(again, Phrase)
        assert (again, again.code, again.facts) == (said, said.code, said.facts)


@pytest.mark.parametrize("fact", ["a\nb", "a\r\x1b[2Jb", "a\u2028b\x85", ValueError("line 1\nline 2")])
def test_a_sentence_is_one_line(fact: object) -> None:
    """Whoever sends a key, a name or a file decides nothing about the lines of a log."""
    said = phrase("unknown-key", known=fact)
    for text in (said, said.of("id")):
        assert len(text.splitlines()) == 1
        assert not any(ord(c) < 32 for c in text)
    assert in_language(said[:], "id") == said.of("id")


def test_a_name_is_not_translated() -> None:
    """A zone that is called like a word of ours keeps its name."""
    assert '"rain"' in phrase("name-twice", name="rain", count=2).of("id")


def test_a_third_language_is_one_file(tmp_path: Path) -> None:
    """A file beside the others is a language: found, chosen by its locale, English where it says nothing."""
    shutil.copytree(PACKAGE / "languages", tmp_path / "languages")
    (tmp_path / "languages/jv.py").write_text(
        'LOCALES = ("jav",)\nPHRASES = {"is-required": "kudu diisi", "at-key": "{key} -> {problem}"}\n'
    )
    script = (
        "import languages as l\n"
        "said = l.phrase('at-key', key='pole.id', problem=l.phrase('is-required'))\n"
        "print(l.LANGUAGES, l.language_of({'LANG': 'jav'}), said.of('jv'), l.in_language(said[:], 'jv'),"
        " l.phrase('picture-frozen').of('jv'), sep='|')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        check=True,
    )
    required = "pole.id -> kudu diisi"
    assert done.stdout.strip() == f"('en', 'id', 'jv')|jv|{required}|{required}|the picture is frozen"


def test_what_the_reader_of_toml_says_is_known() -> None:
    """Of the Python that runs this: its own source is asked."""
    parser = ast.parse(inspect.getsource(tomllib._parser))  # type: ignore[attr-defined]
    raised = [
        n.args
        for n in ast.walk(parser)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in TOML_SAYS
    ]
    said = {text for arguments in raised if (text := words_in(arguments[-1])) and re.search("[a-z]{3}", text)}
    known = {"{}".join(_split(template)[0]) for template in ENGLISH.values()}
    assert len(said) > 15
    assert said - known <= {"parse_float must not return dicts or lists", "{} (at {})"}


@given(st.text(max_size=300))
def test_any_text_is_answered(text: str) -> None:
    assert isinstance(in_language(text, "id"), str)


@given(st.lists(st.sampled_from([*ENGLISH.values(), "x", " ", ": ", ", allowed "]), max_size=6).map("".join))
def test_what_varies_is_found_as_a_pattern_would(text: str) -> None:
    for template in list(ENGLISH.values())[::7]:
        fixed, names = _split(template)
        if names and len(text) < 200:
            match = re.compile("(.+?)".join(map(re.escape, fixed)), re.DOTALL).fullmatch(text)
            if match:
                assert _between(fixed, text) == list(match.groups())


@pytest.mark.parametrize("part", ["a ", ": ", "; ", ", allowed ", "; check that ", "{", ", by ", " at "])
def test_no_text_takes_long(part: str) -> None:
    """Not even the longest that is looked up: the work grows with its length, not with a power of it."""
    begun = time.process_time()
    for _ in range(5):
        in_language((part * MAX_CHARS)[:MAX_CHARS], "id")
    assert time.process_time() - begun < 2


def test_languages_are_the_files() -> None:
    files = {path.stem for path in Path(languages.__file__).parent.glob("*.py")} - {"__init__"}
    assert (set(LANGUAGES), LANGUAGES[0]) == (files, "en")
