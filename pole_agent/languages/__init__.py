"""Every sentence that a person reads has a code; each language is one file beside this one.

``phrase("unknown-key", known="id, site")`` is text: the English sentence, which errors, logs, JSON and the
wire carry as it is. It remembers its code and its facts, so ``.of("id")`` says the same in Indonesian. What
comes back from the wire or the store is plain English again: ``in_language`` finds its code by the English
templates. Text that no template knows, such as the name of a zone, stays as it is.

A language is a file such as ``id.py``: ``PHRASES`` maps a code to a template with the facts in braces, and
``LOCALES`` names the locales beside the file's own name. What it leaves out is said in English.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
import string
from collections.abc import Iterable, Mapping
from types import ModuleType

from pole_agent.languages.en import PHRASES as ENGLISH

LANGUAGES = tuple(
    sorted((module.name for module in pkgutil.iter_modules(__path__)), key=lambda n: (n != "en", n))
)
LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides, as POSIX has it
MAX_DEPTH = 6  # sentences within sentences
MAX_CHARS = 2000  # of a sentence that is looked up
MAX_PARTS, MAX_SPAN = 40, 3  # joined by semicolons: of a text, of one sentence in it
WORD = re.compile("[A-Za-z]{2}")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
PAGE = "ui-"  # codes of what only the scripts of the page say: it never comes back as text
COMPOSED = ("at-key", "joined")  # of other phrases, without a word of their own


class Phrase(str):
    """A sentence in English, with its code and the facts in it. A fact may be a phrase too."""

    __slots__ = ("code", "facts")
    code: str
    facts: Mapping[str, object]

    def __new__(cls, text: str, code: str = "", facts: Mapping[str, object] | None = None) -> Phrase:
        made = super().__new__(cls, text)
        made.code, made.facts = code, facts or {}
        return made

    def __str__(self) -> Phrase:
        """Itself, so that ``str(error)`` keeps the code."""
        return self

    def of(self, language: str) -> str:
        """The sentence in this language, in English where the language does not have it."""
        template = phrases(language).get(self.code)
        if language == "en" or template is None:
            return self[:]
        return template.format(**{name: _fact(fact, language) for name, fact in self.facts.items()})


def phrase(code: str, /, **facts: object) -> Phrase:
    """The sentence of this code, in one line. A test holds codes and facts of all callers against the
    catalogues.
    """
    said = {name: _in_one_line(fact) for name, fact in facts.items()}
    return Phrase(ENGLISH[code].format(**said), code, said)


def together(texts: Iterable[str]) -> Phrase:
    """Several sentences as one, joined by semicolons; empty for none."""
    *before, last = [text if isinstance(text, Phrase) else Phrase(text) for text in texts] or [Phrase("")]
    for text in reversed(before):
        last = phrase("joined", first=text, rest=last)
    return last


def in_language(text: str, language: str) -> str:
    """A phrase, or a sentence that was one, in this language."""
    return text if language == "en" else _found(text, MAX_DEPTH).of(language)


def language_of(environment: Mapping[str, str]) -> str:
    """The language that the user of this shell wants, English where it is not here."""
    wanted = next((value for name in LOCALE if (value := environment.get(name))), "")
    locale = re.split(r"[_.@-]", wanted)[0].lower()
    return next((lang for lang in LANGUAGES if locale == lang or locale in _catalogue(lang).LOCALES), "en")


def phrases(language: str) -> Mapping[str, str]:
    """The templates of a language by their codes; none where there is no such language."""
    return _catalogue(language).PHRASES if language in LANGUAGES else {}


@functools.cache
def _catalogue(language: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{language}")


def _in_one_line(fact: object) -> object:
    """The fact of a sentence: what would end the line, or steer a terminal, is written as an escape."""
    if isinstance(fact, Exception):
        fact = str(fact)
    return fact if isinstance(fact, Phrase) or not isinstance(fact, str) else visible(fact)


def visible(text: str) -> str:
    """The text without a control character or line end in it; each is written as an escape."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _fact(fact: object, language: str) -> object:
    if isinstance(fact, Phrase):
        return fact.of(language)
    # What a library says is a sentence; a single word may be anybody's name.
    return in_language(fact, language) if isinstance(fact, str) and " " in fact else fact


def _found(text: str, depth: int) -> Phrase:
    """The phrase that this English text is, or the phrases that it joins; without a code where it is none.

    The work grows with the length of the text.
    """
    if isinstance(text, Phrase) and text.code:
        return text
    if len(text) > MAX_CHARS or not depth:
        return Phrase(text)
    parts = text.split("; ")
    if len(parts) == 1 or len(parts) > MAX_PARTS:
        return _one(text, depth)
    # Sentences may hold semicolons of their own: the cut with the most fixed text counts. From the end.
    best: dict[int, tuple[int, list[Phrase]]] = {len(parts): (0, [])}
    for start in reversed(range(len(parts))):
        cuts = []
        for end in range(start + 1, min(start + MAX_SPAN, len(parts)) + 1):
            one = _one("; ".join(parts[start:end]), depth)
            cuts.append((_definite(one) + best[end][0], [one, *best[end][1]]))
        best[start] = max(cuts, key=lambda cut: cut[0])
    definite, said = best[0]
    whole = _one(text, depth)
    return whole if _definite(whole) >= definite else together(said)


def _one(text: str, depth: int) -> Phrase:
    if not depth:
        return Phrase(text)
    if code := _fixed().get(text):
        return Phrase(text, code)
    whole = _pattern(text, depth)
    key, colon, problem = text.partition(": ")
    if colon and " " not in key:
        # A key or a file may stand before a sentence: then the more definite of the two counts.
        inner = _one(problem, depth - 1)
        if _definite(inner) > _definite(whole):
            return Phrase(text, "at-key", {"key": key, "problem": inner})
    return whole


def _pattern(text: str, depth: int) -> Phrase:
    for code, fixed, names in _varying():
        if (parts := _between(fixed, text)) is not None:
            facts = zip(names, parts, strict=True)
            return Phrase(text, code, {n: _found(p, depth - 1) if p != text else p for n, p in facts})
    return Phrase(text)


def _between(fixed: list[str], text: str) -> list[str] | None:
    """What stands between the fixed parts, each as short as it can be, in linear time; None where the text is
    another.
    """
    first, *middle, last = fixed
    at, end = len(first), len(text) - len(last)
    if not text.startswith(first) or not text.endswith(last):
        return None
    found = []
    for part in middle:
        next_at = text.find(part, at + 1, end)
        if next_at < 0:
            return None
        found.append(text[at:next_at])
        at = next_at + len(part)
    return [*found, text[at:end]] if at < end else None


def _definite(found: Phrase) -> int:
    """How many characters of it the template fixes."""
    if found.code in COMPOSED:
        return sum(_definite(fact) for fact in found.facts.values() if isinstance(fact, Phrase))
    return len("".join(_split(ENGLISH[found.code])[0])) if found.code else 0


def _split(template: str) -> tuple[list[str], list[str]]:
    """The fixed parts of a template, and the names of the facts between them."""
    fixed, names = [""], []
    for text, name, _, _ in string.Formatter().parse(template):
        fixed[-1] += text
        if name is not None:
            fixed.append("")
            names.append(name)
    return fixed, names


def _parts() -> list[tuple[str, list[str], list[str]]]:
    """Code, fixed parts and facts of every sentence that may come back as text."""
    return [(code, *_split(said)) for code, said in ENGLISH.items() if not code.startswith(PAGE)]


@functools.cache
def _fixed() -> dict[str, str]:
    """Code by text, of the sentences without facts."""
    return {fixed[0]: code for code, fixed, names in _parts() if not names}


@functools.cache
def _varying() -> list[tuple[str, list[str], list[str]]]:
    """Code, fixed parts and facts of the sentences with words to find them by, the most definite first."""
    known = [(c, fixed, names) for c, fixed, names in _parts() if names and WORD.search(" ".join(fixed))]
    return sorted(known, key=lambda entry: -len("".join(entry[1])))
