"""Is a pole there? Pure.

Its retained `status` says online until somebody says otherwise. When pole and broker die together, nobody
does: so what counts is the last sign of life, aged against the time for which we could have heard one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from city.reading import moment, wall_of

SILENT_S = 180.0  # three times the pause between two words of `health`
AHEAD_S = 60.0  # a sign from further in the future has a wrong clock behind it
Presence = Literal["online", "offline", "silent", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """The last word of a pole on one topic. `came`: wall seconds; `retained`: it may be much older."""

    path: str
    came: float
    retained: bool
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """The writer, by its last beat: until when it wrote, and since when it has been connected. Wall seconds;
    `since` is None while it is not.
    """

    at: float = 0.0
    since: float | None = None
    why: str = ""

    def hears(self, now: float, within_s: float = 30.0) -> bool:
        return self.since is not None and now - self.at < within_s


def ear_of(document: Mapping[str, Any]) -> Ear:
    """What the writer's fact says; one that never wrote for anything else."""
    try:
        since = wall_of(moment(document["since"])) if document["connected"] is True else None
        return Ear(at=wall_of(moment(document["at"])), since=since, why=str(document.get("why", "")))
    except (KeyError, TypeError, ValueError):
        return Ear()


def last_sign(words: Iterable[Word]) -> float | None:
    """Wall seconds of the last sign of life: a live word, or what a trusted clock wrote into `health`."""
    signs = []
    for word in words:
        if not word.retained:
            signs.append(word.came)
        elif word.path == "health" and _trusted(word.document):
            try:
                signs.append(min(word.came, wall_of(moment(word.document.get("at")))))
            except ValueError:
                continue
    return max(signs, default=None)


def presence(words: Mapping[str, Word], ear: Ear, now: float) -> Presence:
    """While we do not hear, nothing changes: time counts only as long as the writer was connected."""
    status = words.get("status")
    if status is None:
        return "unknown"
    if status.document.get("state") != "online":
        return "offline"
    if ear.since is None:
        return "online"
    sign = last_sign(words.values())
    heard_until = min(now, ear.at)
    # Without any sign of its own, what the broker kept counts from when we heard it
    begin = max(ear.since, status.came if sign is None else sign)
    if sign is not None and sign < ear.since and _old_before(sign, status):
        begin = sign
    return "silent" if heard_until - begin > SILENT_S else "online"


def _old_before(sign: float, status: Word) -> bool:
    """Was it dead already when we came? Its own trusted clock says so, and only the broker says otherwise."""
    return status.retained and status.came - sign > SILENT_S


def _trusted(health: Mapping[str, Any]) -> bool:
    clock = health.get("clock")
    return isinstance(clock, dict) and clock.get("trusted") is True
