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

HEADER = (
    "# Written by pole-agent apply from the repository of the regency: {base} with overlays on it.\n"
    "# A change by hand is kept as the new base.\n"
)
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
    settings = _settings(base, path)
    pole = settings.pole.id
    problems: list[Problem] = []
    signed = of(f"full/{pole}.toml")
    if signed is not None and digest(signed) != full:
        try:
            after = _settings(signed, path)
            problems = _named(f"full/{pole}.toml", refused(settings, after, Authority.TWO_KEYS))
            if not problems:
                base, full, settings = signed, digest(signed), after
        except ConfigError as error:
            problems = _named(f"full/{pole}.toml", error.problems)
    try:
        found, after = _laid_over(base, pole, of, path)
        more = refused(settings, after, Authority.ONE_KEY)
    except ConfigError as error:
        more = error.problems
    if more:
        return Wanted(base, settings, base, full, [*problems, *_named("light", more)])
    return Wanted(found, after, base, full, problems)


def _laid_over(base: str, pole: str, of: Texts, path: Path) -> tuple[str, Settings]:
    document = tomllib.loads(base)
    found = composed(
        document,
        _document(of, f"light/{pole}.toml"),
        lambda group: _document(of, f"light/group/{group}.toml"),
    )
    if found == document:
        return base, _settings(base, path)
    text = HEADER.format(base=f"full/{pole}.toml or a file by hand") + tomli_w.dumps(found)
    return text, _settings(text, path)


def _document(of: Texts, target: str) -> dict[str, Any]:
    text = of(target)
    if text is None:
        return {}
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError([Problem(target, phrase("toml-invalid", error=error))]) from error


def _settings(text: str, path: Path) -> Settings:
    return parse(text, str(path), path.parent)


def _named(target: str, problems: list[Problem]) -> list[Problem]:
    return [Problem(f"{target}: {p.path}" if p.path else target, p.text) for p in problems]
