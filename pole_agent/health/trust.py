"""Is the clock right? And the moment of anything on every clock.

A pole has no battery clock: at boot it may believe 1970, or the time of its last shutdown. Its clock is
trusted when a time server was heard (with `trust = "system"`: at once) and nothing of our own speaks against
it. `doubts` weighs that; here is who is asked, and what is told.
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
from pole_agent.health.doubts import CHECK_S, Doubts, Reading, Trust
from pole_agent.health.evidence import EARLIEST_WALL, Against, Jump, plausible, said
from pole_agent.health.time_servers import NEVER_HEARD, synchronized
from pole_agent.languages import phrase
from pole_agent.vocabulary import Stamp

__all__ = ["CHECK_S", "KEEP_S", "TimeKeeper", "boot_id"]

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
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
        trust: Trust,
        boot: str,
        told: Callable[[float], bool] = synchronized,
        chip: Callable[[float], bool] = lambda _after: False,
        unheard: Callable[[], str] = lambda: NEVER_HEARD,
        memory: Memory | None = None,
    ) -> None:
        self.clock, self.boot_id, self.trust = clock, boot, trust
        self._told, self._chip, self._unheard = told, chip, unheard
        # `check` runs in a thread; it is not held while somebody is asked
        self._concluding = threading.Lock()
        self._doubts = Doubts(trust, self._reading())
        self._by: Literal["server", "chip", "system"]
        # How many of the `released` the store knows of: who keeps evidence on the disk sets it. It stands
        # here because a reload keeps the keeper.
        self.settled = 0
        self._kind: str
        self.reason: str  # why it is not trusted; empty when it is
        if memory is not None:
            self._note_jump(self._doubts.recall(memory, boot, self._reading()))
        # Asked at once, so that a restart does not show the failsafe level for a moment.
        self.check()

    @property
    def trusted(self) -> bool:
        """Is the wall clock right?

        One that jumped is not, until it was heard of again and has been steady for a while.
        """
        self._look()
        return self._doubts.trusted

    @property
    def cell_aside(self) -> bool:
        """Did a person accept the clock against the photocell?"""
        return self._doubts.cell_aside

    @property
    def released(self) -> int:
        """Times that evidence was given up; who keeps evidence on the disk looks at it."""
        return self._doubts.released

    def _reading(self) -> Reading:
        return Reading(self.clock.wall(), self.clock.monotonic())

    def _look(self) -> None:
        """Has the clock jumped?"""
        self._note_jump(self._doubts.look(self._reading()))

    def _note_jump(self, jump: Jump | None) -> None:
        if jump is not None:
            lasts_s = jump.until - self.clock.monotonic()
            log.warning("the clock jumped by %.0f s: it is not trusted for %.0f s", jump.seconds, lasts_s)
            self._note(self.evidence())

    def remember(self, kind: str, wall: float) -> None:
        """A moment that has surely passed: something was stored then, or a certificate began."""
        if self._doubts.is_false(kind, wall) or wall <= 0:
            return
        with self._concluding:
            self._look()
            if self._doubts.remember(kind, wall, self._reading()):
                self._note(self.evidence())

    def source(self) -> str:
        """Who says that the clock is right, or that nobody does."""
        return {"server": self._unheard(), "chip": phrase("set-from-chip")}.get(
            self._by, phrase("trusted-by-setting")
        )

    def accepted_sun(self) -> bool:
        """Was the clock accepted against the photocell since this was asked last?"""
        return self._doubts.accepted_sun()

    def sun_says(self, words: str, *, aside: bool) -> None:
        """What a photocell says against the clock; empty: nothing.

        `aside`: a person accepted the clock against it.
        """
        self._look()
        if self._doubts.sun_says(words, aside=aside):
            self._note(self.evidence())

    def broker_says(self, *, too_early: bool) -> None:
        """The certificate of the broker is not valid yet by this clock; or it is."""
        self._doubts.broker_says(too_early=too_early, reading=self._reading())

    def evidence(self) -> list[Against]:
        """Everything that speaks against the clock now, the gravest first."""
        return self._doubts.evidence(self._reading())

    def check(self) -> bool:
        """Ask again; True when the clock became trusted at this call.

        Blocks up to 0.3 s: call it in a thread.
        """
        doubts = self._doubts
        with self._concluding:
            was, found = self.trusted, self.evidence()
        ask = self.trust == "auto" and bool(found or not was)
        after = max(doubts.heard_after, self.clock.wall() - FRESH_S) if found else doubts.heard_after
        heard = ask and self._told(after)
        chip = ask and not heard and self._chip(doubts.heard_after)
        with self._concluding:
            if given_up := doubts.asked(heard, self._reading()):
                log.warning(
                    "a time server was heard for a day and agrees with the clock: the evidence against both"
                    " is dropped (%s)",
                    given_up,
                )
            # Looked at once more: the clock may have jumped while somebody was asked.
            was, found = self.trusted, self.evidence()
            trusted = not found and (was or not ask or heard or chip)
            doubts.conclude(trusted, self._reading())
            self._note(found)
            if ask or self.trust != "auto":
                self._by = "system" if not ask else "chip" if chip else "server"
            return trusted and not was

    def accept(self) -> str:
        """A person at the pole says that the clock is right: what speaks against it is given up. Returns why
        it cannot be, empty when done.

        It is no time server: with `trust = "auto"` one has still to be heard.
        """
        wall = self.clock.wall()
        if not plausible(wall):
            return phrase("clock-impossible", time=said(wall))
        self._look()  # a jump that nobody has noticed yet is one that is accepted
        self._doubts.accept(self._reading())
        self.check()
        return ""

    def document(self) -> dict[str, Any]:
        """What is believed and why, for people at the pole.

        `surely`: by kind, the wall time that it must be at least now.
        """
        trusted = self.trusted
        found = [] if trusted else self.evidence()
        return {
            "wall": self.clock.wall(),
            "trusted": trusted,
            "reason": "" if trusted else self.reason,
            "kind": self.kind,
            "against": [{"kind": a.kind, "words": a.words} for a in found],
            "source": self.source(),
            "surely": self._doubts.surely(self.clock.monotonic()),
            "release": EARLIEST_WALL,
            "agreed_s": round(self._doubts.agreed_s),
            "cell_aside": self.cell_aside,
        }

    def memory(self) -> Memory:
        """What to keep over a restart."""
        told = self.reason if self._kind != "unheard" else ""
        return self._doubts.memory(self.boot_id, told, self._reading())

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
            self._kind, self.reason = "unheard", "" if self._doubts.trusted else self._unheard()

    @property
    def offset(self) -> float:
        """Wall minus monotonic, now."""
        return self._reading().offset

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
