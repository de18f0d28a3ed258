"""A sentence in the two languages of those who stand at the pole."""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["en", "id"]
LANGUAGES: tuple[Language, ...] = ("en", "id")


class Both(NamedTuple):
    """One sentence or word in English and Indonesian."""

    en: str
    id: str

    def of(self, language: str) -> str:
        return self.id if language == "id" else self.en
