"""Which configuration the repository wants for this pole: the base, and the overlays of its groups and its
own on it, each judged by who signed it.

The base is the whole file that two of three have signed (`full/POLE.toml`), or what a hand has left at the
pole: the newer of the two.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from pole_agent.errors import ConfigError, Problem
from pole_agent.languages import phrase
from pole_agent.remote.journal import Journal, digest
from pole_agent.remote.overlay import composed
from pole_agent.remote.policy import Authority, refused
from pole_agent.settings import Settings
from pole_agent.settings.load import parse

HEADER = """# Written by pole-agent apply: a file by hand or full/POLE.toml, with signed overlays over it.
# What is changed here by hand becomes the new file below them.
"""
Texts = Callable[
    [str], str | None
]  # the verified text of a target, None where nothing is signed by that name


@dataclass(frozen=True, slots=True)
class Wanted:
    """`text`: of the file; `base` and `full`: as in the journal. `problems`: what was refused; then an older
    part stays in its place.
    """

    text: str
    settings: Settings
    base: str
    full: str | None
    problems: list[Problem]


def wanted(text: str, journal: Journal, of: Texts, path: Path) -> Wanted:
    """From the present text of the file at `path`. Raises RemoteError, ConfigError for a present one that is
    unusable.
    """
    by_hand = digest(text) != journal.installed
    base, full = (text, journal.full) if by_hand else (journal.base, journal.full)
    settings = parse(base)
    pole = settings.pole.id
    problems: list[Problem] = []
    signed = of(f"full/{pole}.toml")
    if signed is not None and digest(signed) != full:
        try:
            after = parse(signed)
            problems = _named(f"full/{pole}.toml", refused(settings, after, Authority.TWO_KEYS))
            if not problems:
                base, full, settings = signed, digest(signed), after
        except ConfigError as error:
            problems = _named(f"full/{pole}.toml", error.problems)
    try:
        found = _laid_over(base, pole, of)
        after = parse(found)
        more = refused(settings, after, Authority.ONE_KEY)
    except ConfigError as error:
        more = error.problems
    if more:
        found, problems = base, [*problems, *_named("light", more)]
    return Wanted(found, parse(found, str(path), path.parent), base, full, problems)


def _laid_over(base: str, pole: str, of: Texts) -> str:
    document = tomllib.loads(base)
    found = composed(
        document,
        _document(of, f"light/{pole}.toml"),
        lambda group: _document(of, f"light/group/{group}.toml"),
    )
    if found == document:
        return base
    return HEADER + tomli_w.dumps(found)


def _document(of: Texts, target: str) -> dict[str, Any]:
    text = of(target)
    if text is None:
        return {}
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError([Problem(target, phrase("toml-invalid", error=error))]) from error


def _named(target: str, problems: list[Problem]) -> list[Problem]:
    return [Problem(f"{target}: {p.path}" if p.path else target, p.text) for p in problems]
