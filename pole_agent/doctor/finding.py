"""What a check found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pole_agent.indonesian import translate
from pole_agent.settings import Settings
from pole_agent.words import Both

State = Literal["ok", "warn", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: what was looked at, how it is, in words, and what to do about it."""

    name: str
    state: State
    words: Both
    fix: Both | None = None

    def as_data(self, language: str) -> dict[str, Any]:
        fix = {"fix": self.fix.of(language)[:500]} if self.fix else {}
        return {"check": self.name, "state": self.state, "words": self.words.of(language)[:500], **fix}


AS_ROOT = (
    Both(
        "a password or certificate is kept for the service alone",
        "kata sandi atau sertifikat disimpan hanya untuk layanan",
    ),
    Both("Look as root: sudo pole-agent doctor.", "Periksa sebagai root: sudo pole-agent doctor."),
)  # words and fix
Check = Callable[[Settings], Iterable[Finding]]


def said(error: Exception | str) -> Both:
    """What another part of the agent says, in both languages as far as it is known."""
    return Both(str(error), translate(str(error)))
