"""The kinds of rules. To add one: an entry in `KINDS`, with a function where no condition here fits.

The judge, the settings, the statement for the public and the schemas read this table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pole_agent import words
from pole_agent.languages import Phrase, phrase
from pole_agent.words import Both

# The condition may fail this long before the incident closes. Who is hidden stays in it while the tracker
# remembers him
GRACE_S = 2.0
LONGEST_STAY_S = 3600.0  # beyond its dwell time, after which the incident of one that still stands there ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One object of the rule's classes that is in its zone, at this frame."""

    stood_s: float  # in one place
    dwell_s: float  # what the rule asks for
    static: bool  # it is a part of the street by now, like a parked car
    told: bool  # its incident of this rule is over, and it has not moved since


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a kind is to judge, settings and readers.

    `sentence`: what raises it, for the public; {who}, {place}, {line}, {dwell}, {count} and {way} are filled
    in.
    """

    name: Phrase
    sentence: Both
    meets: Callable[[Seen], bool] = lambda seen: False  # for a zone; a line is met by crossing it
    on_line: bool = False  # it watches a line, the others a zone
    one_way: bool = False  # the rule must say which direction
    per_rule: bool = False  # one incident for all objects together; else one for each
    early: bool = False  # it is told of those who may come, and counts who came through before it was sure
    from_standstill: bool = False  # the dwell time begins when the object stands, not when it comes in
    dwell_s: float = 0.0  # the default
    count: int = 1  # the default: so many objects


def moves(seen: Seen) -> bool:
    return not seen.static


def stays(seen: Seen) -> bool:
    return seen.stood_s <= seen.dwell_s + LONGEST_STAY_S and not seen.told


def stands(seen: Seen) -> bool:
    return stays(seen) and seen.stood_s > GRACE_S


KINDS = {
    "presence": Kind(
        name=phrase("presence"),
        sentence=Both("{who} {place}{dwell}", "{who} {place}{dwell}"),
        meets=moves,
        per_rule=True,
        early=True,
    ),
    "loitering": Kind(
        name=phrase("loitering"),
        sentence=Both("{who} who stay {place}{dwell}", "{who} yang berlama-lama {place}{dwell}"),
        meets=stays,
        dwell_s=30.0,
    ),
    "crowd": Kind(
        name=phrase("crowd"),
        sentence=Both("{count} or more {who} {place}{dwell}", "{count} atau lebih {who} {place}{dwell}"),
        meets=moves,
        per_rule=True,
        count=5,
    ),
    "crossing": Kind(
        name=phrase("crossing"),
        sentence=Both("{who} that go {line}{way}", "{who} yang {line}{way}"),
        on_line=True,
    ),
    "wrong_way": Kind(
        name=phrase("wrong-way"),
        sentence=Both("{who} that go {line} the wrong way", "{who} yang {line} ke arah yang salah"),
        on_line=True,
        one_way=True,
    ),
    "stopped": Kind(
        name=phrase("stopped"),
        sentence=Both("{who} that stand still {place}{dwell}", "{who} yang berhenti {place}{dwell}"),
        meets=stands,
        from_standstill=True,
        dwell_s=30.0,
    ),
}
if TYPE_CHECKING:
    RuleKind = str  # mypy does not follow a table
else:
    RuleKind = Literal[tuple(KINDS)]


def named(word: str, language: str) -> str:
    """A kind, class or severity in the language of the reader; what is not known stays."""
    return KINDS[word].name.of(language) if word in KINDS else words.named(word, language)
