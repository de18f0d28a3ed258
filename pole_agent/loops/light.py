"""program + presence + override -> lamp. The one FATAL loop: when it fails, the agent goes down and the wiring keeps the street lit."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from pole_agent.almanac import Place, is_dark, rfc3339
from pole_agent.clock import Clock, wait
from pole_agent.errors import OutboxError
from pole_agent.health.trust import TimeKeeper
from pole_agent.lamp import commands
from pole_agent.lamp.boosts import Boosts
from pole_agent.lamp.decide import Decision, Limits, Override, decide
from pole_agent.lamp.lamp import Lamp
from pole_agent.lamp.ledger import Ledger
from pole_agent.lamp.levels import Curve, duty, faded
from pole_agent.lamp.program import Step, wanted
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board
from pole_agent.uplink.events import Message, encode
from pole_agent.vocabulary import RecordEvent, Severity

log = logging.getLogger(__name__)

TICK_S = 1.0
FADE_TICK_S = 0.02
OVERRIDE = "override"  # the key in the store


class Light:
    """Owns the lamp. Nothing here waits for disk, network, camera or a trusted clock."""

    def __init__(
        self,
        lamp: Lamp,
        program: Sequence[Step],
        place: Place,
        limits: Limits,
        curve: Curve,
        fade_s: float,
        rated_w: float,
        boosts: Boosts,
        keeper: TimeKeeper,
        clock: Clock,
        store: Store,
        board: Board,
        topic: str,
        beat: Callable[[], None],
    ) -> None:
        self._lamp, self._program, self._place, self._limits = lamp, program, place, limits
        self._curve, self._fade_s = curve, fade_s
        self._boosts, self._keeper, self._clock, self._store, self._board = boosts, keeper, clock, store, board
        self._topic, self._beat = topic, beat
        self._override: Override | None = None
        self._wake = asyncio.Event()
        boosts.wake = self._wake.set
        self._ledger = Ledger(rated_w, clock.monotonic())
        self._looked_up_at = float("-inf")
        self._program_level: float | None = None
        self._dark: bool | None = None
        self.decision: Decision | None = None
        self._start, self._began, self._fading_s, self._now_at = 0.0, 0.0, 0.0, 0.0
        self._driven: float | None = None
        self.changes = 0

    async def run(self) -> None:
        while True:
            fading = self.step(self._clock.monotonic())
            self._beat()
            await wait(self._clock, self._wake, FADE_TICK_S if fading else self._pause())

    def step(self, now: float) -> bool:
        """Decide and drive; True while a fade goes on. Raises LampError."""
        self._look_up(now)
        if self._override is not None and self._override.until <= now:
            self._override = None
            self._forget_override()
        decision = decide(self._program_level, self._dark, self._override, self._boosts.at(now), self._limits, now)
        if decision != self.decision:
            self._change(decision, now)
        # One tick ahead, so that the first step of a fade is already light.
        self._now_at = faded(self._start, decision.level, self._began, self._fading_s, now + FADE_TICK_S)
        wanted_duty = duty(self._now_at, self._curve)
        if wanted_duty != self._driven:
            self._lamp.set(wanted_duty)
            self._driven = wanted_duty
        if self._ledger.due(now):
            self._store.record(RecordEvent("lamp.summarized", Severity.INFO, self._ledger.summary(now), now))
        return self._now_at != decision.level

    def _change(self, decision: Decision, now: float) -> None:
        before, self.decision = self.decision, decision
        if before is None or before.level != decision.level:
            transition = self._override.transition_s if self._override and decision.reason == "override" else None
            self._start, self._began = self._now_at, now
            self._fading_s = 0.0 if before is None else self._fade_s if transition is None else transition
            self.changes += before is not None
        if before is None or (before.level, before.reason) != (decision.level, decision.reason):
            self._ledger.note(decision.level, decision.reason, now)
            log.info("lamp %.0f %% (%s)", decision.level * 100, decision.reason)
            self.announce()
        elif before.until != decision.until and decision.reason == "override":
            self.announce()

    def announce(self) -> None:
        """Put the state on the board."""
        self._board.post(self._topic, Message(self._topic, encode(self.state()), retain=True))

    def state(self) -> dict[str, Any]:
        """The payload of ``lamp/state``."""
        decision = self.decision
        if decision is None:
            return {"state": "ON", "brightness": 255, "level": 1.0, "reason": "failsafe", "until": None}
        until = decision.until if decision.reason == "override" else None
        return {
            "state": "ON" if decision.level > 0 else "OFF",
            "brightness": round(decision.level * 255),
            "level": round(decision.level, 4),
            "reason": decision.reason,
            "until": rfc3339(self._keeper.wall_at(until)) if until is not None and self._keeper.trusted else None,
        }

    def command(self, payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Carry out ``lamp/set``. Raises CommandRefused."""
        override = commands.read(payload, self._clock.monotonic())
        self._override = None if override is None else replace(override, by=by)
        self._wake.set()
        self._keep_override()
        return {}

    async def restore(self) -> None:
        """Take up the override of before a restart, if it still lasts."""
        try:
            text = await self._store.read(lambda db: db.get(OVERRIDE))
        except OutboxError:
            return  # the store says so itself
        if text is None or self._override is not None:
            return
        try:
            kept = json.loads(text)
            boot_id, wall_until = str(kept.pop("boot_id")), float(kept.pop("wall_until"))
            override = Override(**kept)
            if boot_id != self._keeper.boot_id:
                if not self._keeper.trusted:
                    return  # how long it still lasts is unknown; the program is the safe answer
                override = replace(override, until=wall_until - self._keeper.offset)
            if override.until - self._clock.monotonic() > commands.LONGEST_S:
                return
        except (ValueError, TypeError, KeyError) as error:
            log.warning("the stored override cannot be read and is ignored: %s", error)
            return
        self._override = override
        self._wake.set()

    def _keep_override(self) -> None:
        override = self._override
        if override is None:
            self._forget_override()
            return
        text = json.dumps(asdict(override) | {"boot_id": self._keeper.boot_id, "wall_until": self._keeper.wall_at(override.until)})
        _in_background(self._store.write(lambda db: db.set(OVERRIDE, text)))

    def _forget_override(self) -> None:
        _in_background(self._store.write(lambda db: db.set(OVERRIDE, None)))

    def _look_up(self, now: float) -> None:
        """Program and darkness, once a second: they change slowly and cost a little arithmetic."""
        if now - self._looked_up_at < TICK_S and (self._program_level is not None) == self._keeper.trusted:
            return
        self._looked_up_at = now
        if self._keeper.trusted:
            wall = self._keeper.wall_at(now)
            self._program_level, self._dark = wanted(self._program, wall, self._place), is_dark(wall, self._place)
        else:
            self._program_level = self._dark = None

    def _pause(self) -> float:
        until = self.decision.until if self.decision else None
        return TICK_S if until is None else min(TICK_S, max(0.001, until - self._clock.monotonic()))


_background: set[asyncio.Task[None]] = set()


def _in_background(write: Any) -> None:
    """The lamp never waits for the disk; a disk that fails says so itself."""

    async def run() -> None:
        try:
            await write
        except OutboxError:
            log.warning("the override could not be kept; it ends with a restart")

    task = asyncio.ensure_future(run())
    _background.add(task)
    task.add_done_callback(_background.discard)
