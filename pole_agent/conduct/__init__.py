"""The pole states its own conduct, in English and Indonesian: a pure function of its settings, so that a sign
and a pole can be compared.

`conduct` makes the statement, `digest` names it by a hash that stands in ``info``, `sign` says the most
important of it in at most five sentences, `page` prints both. Numbers and names come from the settings;
nothing is written here that the settings do not decide, or that the code does not keep in every
configuration.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from pole_agent.conduct.alarms import alarms
from pole_agent.conduct.drones import drones
from pole_agent.conduct.identity import identity
from pole_agent.conduct.keeping import keeping, leaving, never_leaving
from pole_agent.conduct.light import light
from pole_agent.conduct.seeing import seeing
from pole_agent.settings import Settings
from pole_agent.words import PAIR, Both


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading and its sentences, in both languages."""

    title: Both
    sentences: tuple[Both, ...]


def conduct(settings: Settings) -> list[Chapter]:
    """Everything that this pole does which concerns those who live beside it."""
    chapters: Sequence[tuple[Both, Sequence[Both]]] = (
        (Both("This pole", "Tiang ini"), identity(settings)),
        (Both("The light", "Lampu"), light(settings)),
        (Both("What the camera is for", "Untuk apa kameranya"), seeing(settings)),
        (Both("What raises an alarm", "Apa yang memicu alarm"), alarms(settings)),
        (Both("What leaves the pole", "Apa yang keluar dari tiang"), leaving(settings)),
        (Both("What never leaves it", "Apa yang tidak pernah keluar"), never_leaving(settings)),
        (Both("How long things stay", "Berapa lama data disimpan"), keeping(settings)),
        (Both("Drones", "Drone"), drones(settings)),
    )
    return [Chapter(title, tuple(sentences)) for title, sentences in chapters]


def lines(chapters: Sequence[Chapter], language: str) -> list[str]:
    """The statement as text: a heading, then its sentences as a list."""
    found: list[str] = []
    for chapter in chapters:
        found += [
            *([""] if found else []),
            chapter.title.of(language),
            *(f"- {s.of(language)}" for s in chapter.sentences),
        ]
    return found


def digest(settings: Settings) -> str:
    """The statement by its hash (SHA-256, hexadecimal), over both languages."""
    chapters = conduct(settings)
    return hashlib.sha256(
        "\n".join(line for language in PAIR for line in lines(chapters, language)).encode()
    ).hexdigest()
