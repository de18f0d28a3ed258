"""A sentence in the two languages of those who stand at the pole, and times as they read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Literal, NamedTuple

Language = Literal["en", "id"]
LANGUAGES: tuple[Language, ...] = ("en", "id")
LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides, as POSIX has it


class Both(NamedTuple):
    """One sentence or word in English and Indonesian."""

    en: str
    id: str

    def of(self, language: str) -> str:
        return self.id if language == "id" else self.en


# Classes and severities, as people say them.
NAMES = {
    "person": Both("person", "orang"),
    "bicycle": Both("bicycle", "sepeda"),
    "motorcycle": Both("motorcycle", "sepeda motor"),
    "two_wheeler": Both("two-wheeler", "kendaraan roda dua"),
    "car": Both("car", "mobil"),
    "bus": Both("bus", "bus"),
    "truck": Both("truck", "truk"),
    "vehicle": Both("vehicle", "kendaraan"),
    "info": Both("info", "info"),
    "warning": Both("warning", "peringatan"),
    "alarm": Both("alarm", "alarm"),
}


def named(word: str, language: str) -> str:
    """A class or severity in the language of the reader; what is not known stays."""
    return NAMES[word].of(language) if word in NAMES else word


def language_of(environment: Mapping[str, str]) -> Language:
    """The language of the messages that the user of this shell wants: Indonesian, else English."""
    wanted = next((value for name in LOCALE if (value := environment.get(name))), "")
    return "id" if re.split(r"[_.@-]", wanted)[0].lower() in ("id", "ind", "indonesian") else "en"


def local_time(wall: float, zone: tzinfo | None, now: float, *, seconds: bool = False) -> str:
    """ "18:04 WIB", with the date where that is another day than `now`; `zone` None is that of
    this machine.
    """
    at, today = (datetime.fromtimestamp(w, zone).astimezone(zone) for w in (wall, now))
    clock = "%H:%M:%S %Z" if seconds else "%H:%M %Z"
    return at.strftime(clock if at.date() == today.date() else f"%Y-%m-%d {clock}")


def how_long(seconds: float, language: str = "en") -> str:
    """ "45 s", "59 min", "3 h 20 min": no finer than anybody needs."""
    units = Both("s min h days", "detik menit jam hari").of(language).split()
    whole = max(0, round(seconds))
    if whole < 100:
        return f"{whole} {units[0]}"
    minutes = round(whole / 60)
    if minutes < 100:
        return f"{minutes} {units[1]}"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} {units[2]}" + (f" {rest} {units[1]}" if rest else "")
    return f"{round(hours / 24)} {units[3]}"
