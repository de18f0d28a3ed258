"""Whether the clock is trusted, and everything that is held against it. Pure: a `Reading` of both clocks is
an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pole_agent.health.clock_memory import Memory
from pole_agent.health.evidence import (
    BEHIND_S,
    CERTIFICATE,
    EARLIER,
    KNOWN,
    RELEASE_S,
    STORED,
    Against,
    Jump,
    against,
)

CHECK_S = 10.0
JUMP_S = 120.0  # a trusted clock that jumps further was wrong before or is wrong now
DOUBT_S = 900.0
# Where no time server is asked, and long after the boot, when nobody sets a clock any more
LONG_DOUBT_S = 86_400.0
SETTLING_S = 3600.0
NOTICED_S = 20.0  # a jump is noticed at the latest so long after it

Trust = Literal["auto", "system", "clip"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What both clocks show at one moment."""

    wall: float
    monotonic: float

    @property
    def offset(self) -> float:
        """Wall minus monotonic."""
        return self.wall - self.monotonic


class Doubts:
    """`trusted`: is the wall clock right? `heard_after`: only what is heard after this wall time counts.

    `cell_aside`: a person accepted the clock against the photocell. `released`: times that evidence was given
    up.
    """

    def __init__(self, trust: Trust, reading: Reading) -> None:
        self._trust = trust
        self.trusted = False
        self.cell_aside = False
        self.heard_after = 0.0
        self.released = 0
        self._sun_accepted = False
        self._bounds: dict[str, float] = {}
        self._starts: dict[str, float] = {}  # of certificates
        self._false_starts: dict[str, float] = {}
        self._jump: Jump | None = None
        self._doubted = False  # it was trusted, and jumped
        self._sun = ""
        # The offset up to which the broker's certificate was not valid yet
        self._refused_at: float | None = None
        self.agreed_s = self._agreed_wall = 0.0
        self._counted_at: float | None = None
        self._last: float | None = None  # the offset when it was trusted last
        self._steady = reading.offset

    def recall(self, memory: Memory, boot_id: str, reading: Reading) -> Jump | None:
        """What is known over a restart. Returns the jump of the clock meanwhile, as `look` does."""
        wall, now = reading.wall, reading.monotonic
        self.cell_aside, self._false_starts = memory.cell_aside, dict(memory.false_starts)
        if memory.agreed_wall <= wall + BEHIND_S:
            self.agreed_s, self._agreed_wall = memory.agreed_s, memory.agreed_wall
        if memory.known > 0:
            self._bounds[KNOWN] = memory.known - now
        same = memory.boot_id == boot_id and memory.monotonic <= now
        if memory.behind_s > 0:
            self._bounds[EARLIER] = (memory.read if same else reading.offset) + memory.behind_s
        if same and memory.least is not None:
            self._bounds[KNOWN] = max(memory.least, self._bounds.get(KNOWN, memory.least))
        if not same or memory.offset is None:
            return None
        # It may have jumped while no agent ran.
        self._steady = self._last = memory.offset
        self.trusted = True
        jump = self.look(reading)
        self.trusted = self.trusted and self._trust == "system"
        return jump

    def look(self, reading: Reading) -> Jump | None:
        """Before anything is concluded from the clock: what was heard before a jump is no word after it.

        Returns the jump of a clock that was trusted until now.
        """
        seconds, self._steady = reading.offset - self._steady, reading.offset
        if self._trust == "clip" or abs(seconds) <= JUMP_S:
            return None
        jump: Jump | None = None
        if self.trusted:
            long = self._trust == "system" and reading.monotonic > SETTLING_S
            jump = Jump(seconds, reading.monotonic + (LONG_DOUBT_S if long else DOUBT_S))
            self._jump, self._doubted = jump, True
        if self._doubted:  # the first setting of the clock after a boot is no jump to doubt
            self.heard_after = reading.wall - NOTICED_S
        self.trusted = False
        self.agreed_s, self._counted_at, self._refused_at, self._sun = 0.0, None, None, ""
        return jump

    def evidence(self, reading: Reading) -> list[Against]:
        """Everything that speaks against the clock now, the gravest first."""
        if self._trust == "clip":
            return []
        wall, now = reading.wall, reading.monotonic
        if self._jump is not None and (now >= self._jump.until or self._is_back(reading)):
            self._jump = None
        early = self._refused_at is not None and reading.offset <= self._refused_at
        return list(against(wall, now, self._bounds, self._jump, self._sun, early))

    def remember(self, kind: str, wall: float, reading: Reading) -> bool:
        """A moment that has surely passed. True: the clock is behind it."""
        if kind.startswith(CERTIFICATE):
            self._starts[kind] = wall
        least = wall - reading.monotonic
        self._bounds[kind] = max(least, self._bounds.get(kind, least))
        behind = reading.offset < least - BEHIND_S and self._trust != "clip"
        if behind:
            self.trusted = False
        return behind

    def is_false(self, kind: str, wall: float) -> bool:
        """Was this moment given up as evidence?"""
        return self._false_starts.get(kind) == wall

    def sun_says(self, words: str, *, aside: bool) -> bool:
        """What a photocell says against the clock; empty: nothing. True: that ends the trust."""
        self._sun, self.cell_aside = words, aside
        ends = bool(words) and self.trusted
        if ends:
            self.trusted = False
        return ends

    def accepted_sun(self) -> bool:
        accepted, self._sun_accepted = self._sun_accepted, False
        return accepted

    def broker_says(self, *, too_early: bool, reading: Reading) -> None:
        if not too_early:
            self._refused_at = None
        elif self._refused_at is None:
            self._refused_at = reading.offset + BEHIND_S

    def asked(self, heard: bool, reading: Reading) -> str:
        """A time server was asked, and heard or not. Returns what contradicted both clock and server, when
        that is given up now; else "".
        """
        if heard:
            self._bounds.pop(EARLIER, None)
        found = self.evidence(reading)
        if not self._agrees(found, heard, reading):
            return ""
        self._release(reading)
        return found[0].words

    def conclude(self, trusted: bool, reading: Reading) -> None:
        self.trusted = trusted
        if trusted:
            # From here on the clock itself is the last known time.
            self._last, self._bounds = reading.offset, {KNOWN: reading.offset}
            self.agreed_s, self._counted_at = 0.0, None

    def accept(self, reading: Reading) -> None:
        """A person says that the clock is right."""
        self._release(reading)
        self._jump, self.heard_after, self._doubted, self._sun = None, 0.0, False, ""
        self.cell_aside = self._sun_accepted = True

    def surely(self, now: float) -> dict[str, float]:
        """By kind, the wall time that it must be at least now."""
        return {kind: round(least + now, 1) for kind, least in self._bounds.items()}

    def memory(self, boot_id: str, reason: str, reading: Reading) -> Memory:
        """What to keep over a restart. `reason`: why it is not trusted."""
        wall, now, offset = reading.wall, reading.monotonic, reading.offset
        if self.trusted:
            return Memory(
                wall,
                boot_id,
                round(now),
                round(offset),
                cell_aside=self.cell_aside,
                false_starts=self._false_starts,
            )
        surely = {kind: least for kind, least in self._bounds.items() if kind in (KNOWN, STORED)}
        least = max(surely.values(), default=None)
        behind = [round(b - offset) for b in self._bounds.values() if b - offset > BEHIND_S]
        return Memory(
            known=0.0 if least is None else least + now,
            boot_id=boot_id,
            monotonic=round(now),
            offset=None if self._last is None else round(self._last),
            least=None if least is None else float(round(least)),
            read=round(offset),
            behind_s=max([0.0, *behind]),
            agreed_s=float(round(self.agreed_s)),
            agreed_wall=float(round(self._agreed_wall)),
            cell_aside=self.cell_aside,
            reason=reason,
            false_starts=self._false_starts,
        )

    def _is_back(self, reading: Reading) -> bool:
        """It reads again what it read when it was trusted, by the monotonic clock: nothing has happened."""
        return self._last is not None and abs(reading.offset - self._last) <= BEHIND_S

    def _agrees(self, found: list[Against], heard: bool, reading: Reading) -> bool:
        """A heard source agrees with the clock, and evidence that may be false speaks against both. True once
        that was so for long enough.

        Counted on the monotonic clock, over restarts and boots; only while the source is heard.
        """
        now = reading.monotonic
        if not (heard and found and all(a.can_be_false for a in found)):
            self._counted_at = None
            return False
        if self._counted_at is not None:
            self.agreed_s += min(now - self._counted_at, 6 * CHECK_S)
        self._counted_at, self._agreed_wall = now, reading.wall
        return self.agreed_s >= RELEASE_S

    def _release(self, reading: Reading) -> None:
        """Give up what speaks against the clock."""
        self._false_starts |= {kind: start for kind, start in self._starts.items() if start > reading.wall}
        self._bounds = {KNOWN: reading.offset}
        self._refused_at, self.agreed_s, self._counted_at = None, 0.0, None
        self.released += 1
