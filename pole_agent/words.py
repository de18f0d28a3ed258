"""Kinds, classes, severities and times, as people say them."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import NamedTuple

from pole_agent.languages import phrase

PAIR = ("en", "id")


class Both(NamedTuple):
    """A sentence of the statement for the public in its two languages: its hash covers both."""

    en: str
    id: str

    def of(self, language: str) -> str:
        return self.id if language == "id" else self.en


# Classes and severities, as people say them.
NAMES = {
    "person": phrase("person"),
    "bicycle": phrase("bicycle"),
    "motorcycle": phrase("motorcycle"),
    "two_wheeler": phrase("two-wheeler"),
    "car": phrase("car"),
    "bus": phrase("bus"),
    "truck": phrase("truck"),
    "vehicle": phrase("vehicle"),
    "info": phrase("info"),
    "warning": phrase("warning"),
    "alarm": phrase("alarm"),
}


def named(word: str, language: str) -> str:
    """A class or severity in the language of the reader; what is not known stays."""
    return NAMES[word].of(language) if word in NAMES else word


def local_time(wall: float, zone: tzinfo | None, now: float, *, seconds: bool = False) -> str:
    """ "18:04 WIB", with the date where that is another day than `now`; `zone` None is that of
    this machine.
    """
    at, today = (datetime.fromtimestamp(w, zone).astimezone(zone) for w in (wall, now))
    clock = "%H:%M:%S %Z" if seconds else "%H:%M %Z"
    return at.strftime(clock if at.date() == today.date() else f"%Y-%m-%d {clock}")


def how_long(seconds: float, language: str = "en") -> str:
    """ "45 s", "59 min", "3 h 20 min": no finer than anybody needs."""
    whole = max(0, round(seconds))
    if whole < 100:
        return phrase("seconds", number=whole).of(language)
    minutes = round(whole / 60)
    if minutes < 100:
        return phrase("minutes", number=minutes).of(language)
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return phrase("days", number=round(hours / 24)).of(language)
    if rest:
        return phrase("hours-and-minutes", hours=hours, minutes=rest).of(language)
    return phrase("hours", number=hours).of(language)
