"""What a check found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pole_agent.languages import in_language, phrase
from pole_agent.settings import Settings

State = Literal["ok", "warn", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: what was looked at, how it is, in words, and what to do about it."""

    name: str
    state: State
    words: str
    fix: str = ""

    def as_data(self, language: str) -> dict[str, Any]:
        fix = {"fix": in_language(self.fix, language)[:500]} if self.fix else {}
        words = in_language(self.words, language)[:500]
        return {"check": self.name, "state": self.state, "words": words, **fix}


AS_ROOT = (
    phrase("secret-for-service-only"),
    phrase("run-as-root-fix"),
)  # words and fix
Check = Callable[[Settings], Iterable[Finding]]
