"""Is the clock right? And the moment of anything on every clock.

A pole has no battery clock: at boot it may believe 1970, or the time of its last shutdown. Its clock is
trusted when a time server was heard (with `trust = "system"`: at once) and nothing of our own speaks against
it (`evidence`).
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pole_agent.clock import Clock
from pole_agent.health.clock_memory import Memory
from pole_agent.health.evidence import (
    BEHIND_S,
    CERTIFICATE,
    EARLIER,
    EARLIEST_WALL,
    KNOWN,
    RELEASE_S,
    STORED,
    Against,
    Jump,
    against,
    plausible,
    said,
)
from pole_agent.health.time_servers import NEVER_HEARD, synchronized
from pole_agent.vocabulary import Stamp

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
CHECK_S = 10.0
JUMP_S = 120.0  # a trusted clock that jumps further was wrong before or is wrong now
DOUBT_S = 900.0
# Where no time server is asked, and long after the boot, when nobody sets a clock any more
LONG_DOUBT_S = 86_400.0
SETTLING_S = 3600.0
NOTICED_S = 20.0  # a jump is noticed at the latest so long after it
FRESH_S = 3 * 3600.0  # a time server is asked every 34 minutes at least (systemd-timesyncd, chrony)
KEEP_S = 600.0  # how often the last known time is written down

log = logging.getLogger(__name__)


def boot_id() -> str:
    """The kernel's name of this boot; a fresh one where it is not told."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return str(uuid.uuid4())


class TimeKeeper:
    """Knows whether the wall clock is trusted, and why not; and stamps moments.

    `told` answers whether a time server was heard after a wall time, `chip` whether the kernel set the clock
    from a chip that is believed, `unheard` why nobody was heard. `trust` "clip": the time of a clip, which is
    as it is given.
    """

    def __init__(
        self,
        clock: Clock,
        trust: Literal["auto", "system", "clip"],
        boot: str,
        told: Callable[[float], bool] = synchronized,
        chip: Callable[[float], bool] = lambda _after: False,
        unheard: Callable[[], str] = lambda: NEVER_HEARD,
        memory: Memory | None = None,
    ) -> None:
        self.clock, self.boot_id, self.trust = clock, boot, trust
        self._told, self._chip, self._unheard = told, chip, unheard
        self._bounds: dict[str, float] = {}
        self._starts: dict[str, float] = {}  # of certificates
        # `check` runs in a thread; it is not held while somebody is asked
        self._concluding = threading.Lock()
        self._jump: Jump | None = None
        self._sun = ""
        # The offset up to which the broker's certificate was not valid yet
        self._refused_at: float | None = None
        self._heard_after, self._doubted = 0.0, False
        self.cell_aside = self._sun_accepted = False
        self._by: Literal["server", "chip", "system"]
        # Times that evidence was given up, and how many of them the store knows of: who keeps evidence on the
        # disk sets it. It stands here because a reload keeps the keeper.
        self.released = self.settled = 0
        self._false_starts: dict[str, float] = {}
        self._agreed_s = self._agreed_wall = 0.0
        self._counted_at: float | None = None
        self._last: float | None = None  # the offset when it was trusted last
        self._steady = self.offset
        self._trusted = False
        self._kind: str
        self.reason: str  # why it is not trusted; empty when it is
        if memory is not None:
            self._take_up(memory)
        # Asked at once, so that a restart does not show the failsafe level for a moment.
        self.check()

    def _take_up(self, memory: Memory) -> None:
        wall, now = self.clock.wall(), self.clock.monotonic()
        self.cell_aside, self._false_starts = memory.cell_aside, dict(memory.false_starts)
        if memory.agreed_wall <= wall + BEHIND_S:
            self._agreed_s, self._agreed_wall = memory.agreed_s, memory.agreed_wall
        if memory.known > 0:
            self._bounds[KNOWN] = memory.known - now
        same = memory.boot_id == self.boot_id and memory.monotonic <= now
        if memory.behind_s > 0:
            self._bounds[EARLIER] = (memory.read if same else self.offset) + memory.behind_s
        if same:
            if memory.least is not None:
                self._bounds[KNOWN] = max(memory.least, self._bounds.get(KNOWN, memory.least))
            if memory.offset is not None:
                # It may have jumped while no agent ran.
                self._steady = self._last = memory.offset
                self._trusted = True
                self._trusted = self.trusted and self.trust == "system"

    @property
    def trusted(self) -> bool:
        """Is the wall clock right?

        One that jumped is not, until it was heard of again and has been steady for a while.
        """
        self._notice_jump()
        return self._trusted

    def _notice_jump(self) -> None:
        """Before anything is concluded from the clock: what was heard before a jump is no word after it."""
        offset = self.offset
        if self.trust != "clip" and abs(offset - self._steady) > JUMP_S:
            self._jumped(offset - self._steady)
        self._steady = offset

    def _jumped(self, seconds: float) -> None:
        now = self.clock.monotonic()
        if self._trusted:
            long = self.trust == "system" and now > SETTLING_S
            lasts_s = LONG_DOUBT_S if long else DOUBT_S
            log.warning("the clock jumped by %.0f s: it is not trusted for %.0f s", seconds, lasts_s)
            self._jump, self._doubted = Jump(seconds, now + lasts_s), True
            self._note(self.evidence())
        if self._doubted:  # the first setting of the clock after a boot is no jump to doubt
            self._heard_after = self.clock.wall() - NOTICED_S
        self._trusted = False
        self._agreed_s, self._counted_at, self._refused_at, self._sun = 0.0, None, None, ""

    def remember(self, kind: str, wall: float) -> None:
        """A moment that has surely passed: something was stored then, or a certificate began."""
        if self._false_starts.get(kind) == wall or wall <= 0:
            return
        with self._concluding:
            self._notice_jump()
            if kind.startswith(CERTIFICATE):
                self._starts[kind] = wall
            least = wall - self.clock.monotonic()
            self._bounds[kind] = max(least, self._bounds.get(kind, least))
            if self.offset < least - BEHIND_S and self.trust != "clip":
                self._trusted = False
                self._note(self.evidence())

    def source(self) -> str:
        """Who says that the clock is right, or that nobody does."""
        return {"server": self._unheard(), "chip": "set from the clock chip at boot"}.get(
            self._by, "believed as it is (clock.trust)"
        )

    def accepted_sun(self) -> bool:
        """Was the clock accepted against the photocell since this was asked last?"""
        accepted, self._sun_accepted = self._sun_accepted, False
        return accepted

    def sun_says(self, words: str, *, aside: bool) -> None:
        """What a photocell says against the clock; empty: nothing.

        `aside`: a person accepted the clock against it.
        """
        self._notice_jump()
        self._sun, self.cell_aside = words, aside
        if words and self._trusted:
            self._trusted = False
            self._note(self.evidence())

    def broker_says(self, *, too_early: bool) -> None:
        """The certificate of the broker is not valid yet by this clock; or it is."""
        if not too_early:
            self._refused_at = None
        elif self._refused_at is None:
            self._refused_at = self.offset + BEHIND_S

    def evidence(self) -> list[Against]:
        """Everything that speaks against the clock now, the gravest first."""
        if self.trust == "clip":
            return []
        wall, now = self.clock.wall(), self.clock.monotonic()
        if self._jump is not None and (now >= self._jump.until or self._is_back()):
            self._jump = None
        early = self._refused_at is not None and self.offset <= self._refused_at
        return list(against(wall, now, self._bounds, self._jump, self._sun, early))

    def _is_back(self) -> bool:
        """It reads again what it read when it was trusted, by the monotonic clock: nothing has happened."""
        return self._last is not None and abs(self.offset - self._last) <= BEHIND_S

    def check(self) -> bool:
        """Ask again; True when the clock became trusted at this call.

        Blocks up to 0.3 s: call it in a thread.
        """
        with self._concluding:
            was, found = self.trusted, self.evidence()
        ask = self.trust == "auto" and bool(found or not was)
        heard = ask and self._told(
            max(self._heard_after, self.clock.wall() - FRESH_S) if found else self._heard_after
        )
        chip = ask and not heard and self._chip(self._heard_after)
        with self._concluding:
            if heard:
                self._bounds.pop(EARLIER, None)
            if self._count(self.evidence(), heard):
                self._release()
            # Looked at once more: the clock may have jumped while somebody was asked.
            was, found = self.trusted, self.evidence()
            self._trusted = not found and (was or not ask or heard or chip)
            self._note(found)
            if ask or self.trust != "auto":
                self._by = "system" if not ask else "chip" if chip else "server"
            if self._trusted:
                # From here on the clock itself is the last known time.
                self._last, self._bounds = self.offset, {KNOWN: self.offset}
                self._agreed_s, self._counted_at = 0.0, None
            return self._trusted and not was

    def _count(self, found: list[Against], heard: bool) -> bool:
        """A heard source agrees with the clock, and evidence that may be false speaks against both. True when
        that is given up now.

        Counted on the monotonic clock, over restarts and boots; only while the source is heard.
        """
        now, wall = self.clock.monotonic(), self.clock.wall()
        if not (heard and found and all(a.can_be_false for a in found)):
            self._counted_at = None
            return False
        if self._counted_at is not None:
            self._agreed_s += min(now - self._counted_at, 6 * CHECK_S)
        self._counted_at, self._agreed_wall = now, wall
        if self._agreed_s < RELEASE_S:
            return False
        log.warning(
            "a time server was heard for a day and agrees with the clock: what contradicts both is given up"
            " (%s)",
            found[0].words,
        )
        return True

    def _release(self) -> None:
        wall = self.clock.wall()
        self._false_starts |= {kind: start for kind, start in self._starts.items() if start > wall}
        self._bounds = {KNOWN: self.offset}
        self._refused_at, self._agreed_s, self._counted_at = None, 0.0, None
        self.released += 1

    def accept(self) -> str:
        """A person at the pole says that the clock is right: what speaks against it is given up. Returns why
        it cannot be, empty when done.

        It is no time server: with `trust = "auto"` one has still to be heard.
        """
        wall = self.clock.wall()
        if not plausible(wall):
            return (
                f"the clock reads {said(wall)}, which cannot be right; set it first: sudo timedatectl"
                " set-time"
            )
        self.trusted  # noqa: B018 - a jump that nobody has noticed yet is one that is accepted
        self._release()
        self._jump, self._heard_after, self._doubted, self._sun = None, 0.0, False, ""
        self.cell_aside = self._sun_accepted = True
        self.check()
        return ""

    def document(self) -> dict[str, Any]:
        """What is believed and why, for people at the pole.

        `surely`: by kind, the wall time that it must be at least now.
        """
        trusted, now = self.trusted, self.clock.monotonic()
        found = [] if trusted else self.evidence()
        return {
            "wall": self.clock.wall(),
            "trusted": trusted,
            "reason": "" if trusted else self.reason,
            "kind": self.kind,
            "against": [{"kind": a.kind, "words": a.words} for a in found],
            "source": self.source(),
            "surely": {kind: round(least + now, 1) for kind, least in self._bounds.items()},
            "release": EARLIEST_WALL,
            "agreed_s": round(self._agreed_s),
            "cell_aside": self.cell_aside,
        }

    def memory(self) -> Memory:
        """What to keep over a restart."""
        wall, now = self.clock.wall(), self.clock.monotonic()
        if self._trusted:
            return Memory(
                wall,
                self.boot_id,
                round(now),
                round(self.offset),
                cell_aside=self.cell_aside,
                false_starts=self._false_starts,
            )
        surely = {kind: least for kind, least in self._bounds.items() if kind in (KNOWN, STORED)}
        least = max(surely.values(), default=None)
        behind_s = max(
            [0.0, *(round(b - self.offset) for b in self._bounds.values() if b - self.offset > BEHIND_S)]
        )
        last = None if self._last is None else round(self._last)
        known = 0.0 if least is None else least + now
        agreed = float(round(self._agreed_s)), float(round(self._agreed_wall))
        kept = None if least is None else float(round(least))
        told = self.reason if self._kind != "unheard" else ""
        return Memory(
            known,
            self.boot_id,
            round(now),
            last,
            kept,
            round(self.offset),
            behind_s,
            *agreed,
            self.cell_aside,
            told,
            self._false_starts,
        )

    @property
    def kind(self) -> str:
        """What the trust rests on, in one word: "trusted", "unheard", or the kind of what speaks against the
        clock.
        """
        return "trusted" if self.trusted else self._kind

    def _note(self, found: list[Against]) -> None:
        """Why it is not trusted, if it is not: what is gravest."""
        if found:
            self._kind, self.reason = found[0].kind, found[0].words
        else:
            self._kind, self.reason = "unheard", "" if self._trusted else self._unheard()

    @property
    def offset(self) -> float:
        """Wall minus monotonic, now."""
        return self.clock.wall() - self.clock.monotonic()

    def wall_at(self, monotonic: float) -> float:
        return monotonic + self.offset

    def stamp(self, monotonic: float) -> Stamp:
        """The moment of a monotonic time of this boot."""
        return Stamp(
            monotonic, self.boot_id, self.wall_at(monotonic), "synced" if self.tells_time else "unsynced"
        )

    @property
    def tells_time(self) -> bool:
        """Is it trusted, and that of the world?

        The lamp of a demo trusts a clock that was set to dusk; its events must not.
        """
        return self.trusted and not self.clock.shifted
