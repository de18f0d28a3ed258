"""What the pole's own status tells, heard back from the broker. Pure. Times are monotonic seconds.

The echo of its own words proves that what the broker grants it also delivers. A status that is wrong is
repaired: the will of a connection that is long dead, published late, or a topic that somebody cleared. A
status that another client writes means two poles with one identity.
"""

from __future__ import annotations

import json
from enum import Enum, auto
from typing import Any

ECHO_S = 20.0  # for a word to come back
MISSES = 2  # words that did not come back: then it is told
CHECK_S = 1800.0  # a word is said again after that, to hear whether it still comes back
SLOWEST_S = 600.0
# The shortest pause between two repairs, and the longest: who fights for the topic is not fought
REPAIR_S = (1.0, 60.0)
QUIET_S = 600.0  # after that the pause is short again


class Heard(Enum):
    """What a status means."""

    NOTHING = auto()
    OURS = auto()
    WRONG = auto()  # say it again
    TWIN = auto()


class Presence:
    """`boot_id` is our own. `begin` at each connection."""

    def __init__(self, boot_id: str) -> None:
        self._boot_id = boot_id
        self.heard_ourselves = False  # on any connection: from then on another client's word is a twin's
        self._wills: set[str] = set()  # boots whose will came late
        self.begin(0)

    def begin(self, birth: int) -> None:
        """A new connection, of this number."""
        self._birth = birth
        self._echoed = False
        self._said_at: float | None = None  # of the word that has not come back
        self._next_at = self._repair_at = float("inf")
        self._changed = False  # since we said it last: the echo of an older word does not make it right
        self._repaired_at, self._pause = float("-inf"), REPAIR_S[0]
        self.misses = 0

    def say_again(self, birth: int, now: float) -> None:
        """What we are has changed."""
        self._birth, self._repair_at, self._changed = birth, now, True

    def said(self, now: float, *, echo: bool) -> None:
        """The broker took our status. `echo`: it has promised to send it back."""
        self._repair_at, self._changed = float("inf"), False
        if echo and self._said_at is None:
            self._said_at = now
        self._next_at = now + (
            min(SLOWEST_S, ECHO_S * 2.0 ** max(0, self.misses + 1 - MISSES)) if echo else CHECK_S
        )

    def heard(self, payload: bytes, now: float) -> Heard:
        """Our own topic, as the broker has it."""
        document = _read(payload)
        boot, state = document.get("boot_id"), document.get("state")
        if boot == self._boot_id and state == "online":
            self.heard_ourselves = self._echoed = True
            self._said_at, self.misses = None, 0
            self._next_at = now + CHECK_S
            if not self._changed:
                self._repair_at = float("inf")
            return Heard.OURS
        if boot is None or boot == self._boot_id:
            # What the broker has kept comes before our first word
            return self._wrong(now) if self._echoed else Heard.NOTHING
        if (
            self._echoed
            and state == "offline"
            and document.get("reason") == "lost"
            and self._older(document)
            and boot not in self._wills
        ):
            # Of a connection that we had before the last boot; a second one of it was made by a twin
            self._wills.add(str(boot))
            return self._wrong(now)
        return Heard.TWIN if self.heard_ourselves else Heard.NOTHING

    def look(self, now: float) -> bool:
        """Is our status to be said (again) now? Counts a word that did not come back."""
        if now >= self._repair_at:
            self._repair_at = float("inf")
            return True
        if now < self._next_at:
            return False
        if self._said_at is not None:
            self.misses += 1
        self._next_at = float("inf")
        return True

    @property
    def unheard(self) -> bool:
        """Does nothing come back?"""
        return self.misses >= MISSES

    def next_at(self) -> float:
        return min(self._next_at, self._repair_at)

    def _older(self, document: dict[str, Any]) -> bool:
        birth = document.get("birth")
        return isinstance(birth, int) and birth <= self._birth

    def _wrong(self, now: float) -> Heard:
        if now - self._repaired_at > QUIET_S:
            self._pause = REPAIR_S[0]
        if self._repair_at == float("inf"):
            self._repair_at = max(now, self._repaired_at + self._pause)
            self._repaired_at, self._pause = self._repair_at, min(REPAIR_S[1], self._pause * 2.0)
        return Heard.WRONG


def _read(payload: bytes) -> dict[str, Any]:
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
