"""What the page says: every sentence has its code, its facts, and is said in both languages."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import string

import pytest

from pole_agent.languages import PAGE, phrases
from pole_agent.page import files
from tests.conftest import ROOT

SCRIPTS = sorted(files.FOLDER.glob("*.js"))
CALL = re.compile(r'(?<![\w.])t\(\s*"([a-z0-9-]+)"\s*(?:,\s*\{((?:[^{}]|\{[^{}]*\})*)\})?\s*\)')
MOST_BYTES = 150_000
# htm 3.1.1 with preact, standalone.module.js of its npm package; Apache-2.0 and MIT, see NOTICE
PREACT = "72284e8e9079c87817145df1110f74e8a2aa040b2fc384922e18dfcb46fc1fd7"


def facts_of(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_codes(script: object) -> None:
    """A script names codes of the catalogue, each with exactly the facts of its sentence."""
    text = (files.FOLDER / str(script)).read_text()
    for code, given in CALL.findall(text):
        assert code in phrases("en"), code
        names = {
            part.split(":")[0].strip() for part in re.split(r",(?![^()\[\]]*[)\]])", given) if part.strip()
        }
        assert names == facts_of(phrases("en")[code]), code
    for code in files.CODES.findall(text):
        assert any(known == code or known.startswith(code.rstrip("-") + "-") for known in phrases("en")), code


def test_all_used() -> None:
    """No sentence of the page is left over, and each is there in every language."""
    known = {code for code in phrases("en") if code.startswith(PAGE)}
    assert known == {code for code in files.codes() if code.startswith(PAGE)}
    for language in ("en", "id"):
        words = files.words_of(language)
        assert known <= set(words) and all(words.values())
    assert files.words_of("id")["class-two-wheeler"] != files.words_of("en")["class-two-wheeler"]


def test_no_sentence_in_a_script() -> None:
    """What a person reads stands in the catalogue: a script has no text between its tags."""
    for script in SCRIPTS:
        found = re.findall(r">([A-Za-z][^<>${}`()=&|]*)</", script.read_text())
        assert all(text in ("x", "y") or text.startswith("sudoedit ") for text in found), script.name


def test_size() -> None:
    """The whole page, compressed: small enough for a phone on a bad link."""
    whole = [file.read_bytes() for file in files.FOLDER.rglob("*") if file.is_file()]
    whole.append(json.dumps(files.words_of("id")).encode())
    assert sum(len(gzip.compress(body, 9)) for body in whole) < MOST_BYTES


def test_vendored() -> None:
    """What is not ours is what its release holds, and is named."""
    vendored = {file.name: file for file in (files.FOLDER / "vendor").iterdir()}
    assert set(vendored) == {"preact.js"}
    assert hashlib.sha256(vendored["preact.js"].read_bytes()).hexdigest() == PREACT
    notice = (ROOT / "NOTICE").read_text()
    assert "pole_agent/page/static/vendor/preact.js" in notice and PREACT in notice


def test_no_other_host() -> None:
    """No file of the page names another host."""
    for file in files.FOLDER.rglob("*"):
        if file.is_file() and file.parent.name != "vendor":
            hosts = re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", file.read_text())
            assert set(hosts) <= {"http://www.w3.org"}, file
