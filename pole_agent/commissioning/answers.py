"""Questions to the person at the pole, and what may be answered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pole_agent.languages import Phrase, phrase

CHOICES = {
    "yes": phrase("choice-yes"),
    "no": phrase("choice-no"),
    "dark": phrase("choice-dark"),
    "dim": phrase("choice-dim"),
    "full": phrase("choice-full"),
}
YES_NO = ("yes", "no")
LIGHT = ("dark", "dim", "full")
SHORT = {
    "y": "yes",
    "n": "no",
    "ya": "yes",
    "tidak": "no",
    "t": "no",
    "gelap": "dark",
    "redup": "dim",
    "penuh": "full",
}
TIME = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Question:
    """`choices`: the words that may be answered; none: a time of day."""

    key: str
    text: Phrase
    choices: Sequence[str] = YES_NO

    def read(self, text: str) -> str | None:
        """The answer in the words of the record, None where it is none."""
        word = text.strip().lower()
        if not self.choices:
            return f"{int(match[1]):02d}:{match[2]}" if (match := TIME.fullmatch(word)) else None
        if word.isdigit() and 1 <= int(word) <= len(self.choices):
            return self.choices[int(word) - 1]
        word = SHORT.get(word, word)
        return word if word in self.choices else None

    def shown(self, language: str) -> str:
        """The choices as a person reads them."""
        if not self.choices:
            return phrase("choice-time").of(language)
        return "  ".join(f"{n} {CHOICES[c].of(language)}" for n, c in enumerate(self.choices, 1))
