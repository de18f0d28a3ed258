"""program + presence + override -> lamp.

The one FATAL loop: when it fails, the agent goes down and the wiring keeps the street lit.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict, replace
from typing import Any

from pole_agent.almanac import DAY_S, Night, night_of, rfc3339
from pole_agent.clock import wait
from pole_agent.context import Context
from pole_agent.errors import CommandRefused, LampError, OutboxError
from pole_agent.health.evidence import STORED
from pole_agent.lamp import commands
from pole_agent.lamp.boosts import Boosts
from pole_agent.lamp.commands import BurnHours, Lasting, Resume, Sweep
from pole_agent.lamp.controller import FADE_TICK_S, Controller, Output
from pole_agent.lamp.daylight import Daylight
from pole_agent.lamp.decide import Override
from pole_agent.lamp.faults import Change
from pole_agent.lamp.lamp import Luminaire
from pole_agent.store.database import Database
from pole_agent.uplink.events import Message, encode
from pole_agent.vocabulary import RecordEvent, Severity

log = logging.getLogger(__name__)

TICK_S = 1.0
# The ledger is written this often while it grows: 1 MB a day, and a power cut costs a quarter of an hour of
# it
KEEP_S = 900.0
# What corrupt JSON can raise
NONSENSE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, CommandRefused)
DISK_S = 0.5
ENDED = json.dumps({"ended": True})  # in the log
KEYS = OVERRIDE, LASTING, LEDGER = "override", "lamp.default_duration_s", "lamp.ledger"  # in the store


class Light:
    """Owns the lamp. Nothing here waits for disk, network, camera or a trusted clock."""

    def __init__(
        self,
        context: Context,
        luminaire: Luminaire,
        controller: Controller,
        boosts: Boosts,
        *,
        beat: Callable[[], None] = lambda: None,
        button_off_s: float = 0.0,
    ) -> None:
        """`button_off_s`: for so long the button in the pole turns the lamp off."""
        self._luminaire, self.controller, self.boosts = luminaire, controller, boosts
        self._keeper, self._clock, self._store = context.keeper, context.clock, context.store
        self._board, self._parts = context.board, context.parts
        self._topic, self._beat, self._button_off_s = f"{context.base}/lamp/state", beat, button_off_s
        self._default_s = commands.DEFAULT_S
        self._wake = asyncio.Event()
        boosts.wake = self._wake.set
        self._driven: float | None = None
        self._closed: bool | None = None
        self._told: tuple[Any, ...] = ()
        self._night: Night | None = None
        self._daylight = Daylight(controller.plan.place)
        if self._keeper.cell_aside:
            self._daylight.set_aside()
        self._rose_at = self._level = float("-inf")
        self._begun = self._clock.monotonic()
        self._kept_at = self._turned_at = self._begun
        self._restored = self._commanded = False
        self._began = True  # nothing of this process is in the log yet
        self._keeping = asyncio.Lock()
        self._background: set[asyncio.Task[None]] = set()
        self._unkept = ""  # why the last write failed
        self._slow: set[asyncio.Task[None]] = set()  # writes that a command did not wait for any longer
        self.changes = 0

    def take_over(self, old: Light) -> None:
        """Go on where the light of before a reload stands."""
        self.controller.take_over(old.controller, self._clock.monotonic())
        self._default_s, self._restored, self._commanded = old._default_s, old._restored, old._commanded
        self._night, self._kept_at, self._turned_at = old._night, old._kept_at, old._turned_at
        self._rose_at, self._level = old._rose_at, old._level
        if self.controller.plan.place == old.controller.plan.place:
            self._daylight = old._daylight
        self.changes, self._began = old.changes, False
        if old._luminaire is self._luminaire:
            self._driven = old._driven

    async def run(self) -> None:
        self._parts.recover("lamp")
        loop = asyncio.get_running_loop()

        def pressed() -> None:
            loop.call_soon_threadsafe(self.press)

        self._luminaire.on_press(pressed)
        while True:
            fading = self.step(self._clock.monotonic())
            self._beat()
            await wait(self._clock, self._wake, FADE_TICK_S if fading else self._pause())

    def step(self, now: float) -> bool:
        """Decide and drive; True while a fade goes on. Raises LampError."""
        # By that a jump is noticed, if there was one
        wall = self._keeper.wall_at(now) if self._keeper.trusted else None
        before = self.controller.override
        light = self._luminaire
        output = self.controller.step(wall, now, self.boosts.at(now), light.lux(), light.feedback())
        self._drive(output)
        self._look_at_the_sun(output, now)
        if before is not None and self.controller.override is None:
            self._keep(OVERRIDE, None)
        for change in output.changes:
            self._tell_fault(change, now)
        self._announce_changes(output)
        self._turn_nights(wall, now)
        return output.fading

    def _look_at_the_sun(self, output: Output, now: float) -> None:
        """What the photocell says against the clock, trusted or not."""
        level = output.decision.level
        if level > self._level:
            self._rose_at = now
        self._level = level
        if self._keeper.accepted_sun():
            self._daylight.set_aside()
        # Without a photocell too: what one has said that a reload took away is given up after a day.
        words = self._daylight.step(
            self.controller.cell_dark, self._keeper.wall_at(now), now, level > 0, self._rose_at
        )
        self._keeper.sun_says(words, aside=self._daylight.aside)

    def _drive(self, output: Output) -> None:
        if self._luminaire.relay is not None and output.closed != self._closed:
            self._luminaire.relay.set(output.closed)
            self._closed = output.closed
        if output.duty != self._driven:
            self._luminaire.lamp.set(output.duty)
            self._driven = output.duty

    # --- what is told

    def _announce_changes(self, output: Output) -> None:
        decision, override = output.decision, self.controller.override
        open_faults = tuple(self.controller.faults.open)
        clock = self._keeper.kind  # not its words, which change from minute to minute
        told = (
            decision.level,
            decision.reason,
            override,
            open_faults,
            self._default_s,
            clock,
            self.controller.program,
        )
        if told == self._told:
            return
        if told[:2] != self._told[:2]:
            self.changes += bool(self._told)
            log.info("lamp %.0f %% (%s)", decision.level * 100, decision.reason)
        if told[:3] != self._told[:3] or told[5:] != self._told[5:]:
            self._log_reasons()
        self._told = told
        self._parts.note("lamp", faults=self.controller.faults.states())
        self.announce()

    def _log_reasons(self) -> None:
        """Why it is like this from now on, for `pole-agent why lamp`.

        Written along with what is written next.
        """
        stamp, reasons = self._keeper.stamp(self._clock.monotonic()), self.controller.reasons()
        reasons |= {"began": self._began, "clock": None if self._keeper.trusted else self._keeper.reason}
        self._began = False
        self._in_background(self._store.later(lambda db: db.log_lamp(stamp, json.dumps(reasons))))

    def announce(self) -> None:
        """Put the state on the board."""
        self._board.post(self._topic, Message(self._topic, encode(self.state()), retain=True))

    def state(self) -> dict[str, Any]:
        """The payload of ``lamp/state``."""
        decision, override = self.controller.decision, self.controller.override
        level, reason = (decision.level, decision.reason) if decision else (1.0, "failsafe")
        return {
            "state": "ON" if level > 0 else "OFF",
            "brightness": round(level * 255),
            "level": round(level, 4),
            "reason": reason,
            "until": self._time(decision.until) if decision and reason == "override" else None,
            "program": self.controller.program,
            "override": override
            and {
                "level": override.level,
                "mode": "fixed" if override.fixed else "adaptive",
                "by": override.by,
                "reason": override.reason,
                "until": self._time(override.until),
            },
            "default_duration_s": self._default_s,
            "faults": sorted(self.controller.faults.open),
        }

    def remaining_s(self) -> float | None:
        """How long the override still lasts; known without a clock too."""
        override = self.controller.override
        return None if override is None else round(max(0.0, override.until - self._clock.monotonic()), 1)

    def account(self) -> dict[str, Any]:
        """Hours and energy so far, for people at the pole."""
        return self.controller.ledger.document(self._clock.monotonic()) | {
            "faults": self.controller.faults.states()
        }

    def _time(self, monotonic: float | None) -> str | None:
        return (
            rfc3339(self._keeper.wall_at(monotonic))
            if monotonic is not None and self._keeper.trusted
            else None
        )

    def _tell_fault(self, change: Change, now: float) -> None:
        kind = "lamp.fault_opened" if change.open else "lamp.fault_closed"
        severity = Severity.WARNING if change.open else Severity.INFO
        log.log(
            logging.WARNING if change.open else logging.INFO,
            "lamp fault %s %s",
            change.fault,
            "opens" if change.open else "closes",
        )
        self._store.record(RecordEvent(kind, severity, {"fault": change.fault, **change.data}, now))

    # --- commands

    async def command(self, payload: Mapping[str, Any], by: str, *, local: bool = False) -> dict[str, Any]:
        """Carry out ``lamp/set``. `local`: it was given at the pole itself. Raises CommandRefused.

        The light changes at once; the answer waits a moment for the disk, so that what was answered survives
        a power cut.
        """
        now = self._clock.monotonic()
        writes: list[asyncio.Task[None]] = []
        match commands.read(payload, now, self._default_s, local=local):
            case Override() as override:
                writes = self._replace(replace(override, by=by))
            case Resume():
                writes = self._replace(None, by)
            case Lasting(seconds):
                self._default_s = seconds
                writes = [self._keep(LASTING, json.dumps(seconds))]
            case BurnHours() if not self._restored:
                raise CommandRefused("the ledger has not been read from the disk yet; try again in a moment")
            case BurnHours(hours):
                self.controller.ledger.set_hours(hours, now)
                writes = [self._in_background(self.keep())]
            case Sweep() as sweep:
                log.info("lamp sweep for %.0f s by %s", sweep.seconds, by)
                self.controller.sweep(sweep, now)
        self._act()
        await self._kept(writes)
        return {}

    async def _kept(self, writes: list[asyncio.Task[None]]) -> None:
        """Wait until it is on the disk. A disk that hangs is waited for once, not at every command."""
        if writes and not self._slow:
            _, pending = await asyncio.wait(writes, timeout=DISK_S)
            if pending:
                self._slow = pending
                for task in pending:
                    task.add_done_callback(lambda _: self._slow.clear())

    def press(self) -> None:
        """The button in the pole: off for a while; pressed again, back to the program."""
        override = self.controller.override
        if override is not None and override.by == "button":
            self._replace(None, "button")
        else:
            until = self._clock.monotonic() + self._button_off_s
            self._replace(
                Override(0.0, until, fixed=True, by="button", reason="button in the pole", local=True)
            )
        self._act()

    def _act(self) -> None:
        """Drive the lamp at once, before the answer goes out; the loop goes on from there, and fails if the
        lamp does.
        """
        with contextlib.suppress(LampError):
            self.step(self._clock.monotonic())
        self._wake.set()

    def _replace(self, override: Override | None, by: str = "") -> list[asyncio.Task[None]]:
        """The newest override wins; who asked, and why, is recorded."""
        now = self._clock.monotonic()
        self.controller.override, self._commanded = override, True
        if override is None:
            return [self._keep(OVERRIDE, None, RecordEvent("lamp.resumed", Severity.INFO, {"by": by}, now))]
        data = {
            "level": override.level,
            "duration_s": round(override.until - now, 1),
            "mode": "fixed" if override.fixed else "adaptive",
        }
        data |= {"by": override.by, "reason": override.reason, "local": override.local}
        kept = asdict(override) | {
            "boot_id": self._keeper.boot_id,
            "wall_until": self._keeper.wall_at(override.until),
        }
        return [
            self._keep(OVERRIDE, json.dumps(kept), RecordEvent("lamp.overridden", Severity.INFO, data, now))
        ]

    # --- what survives a restart

    async def restore(self) -> None:
        """Take up the override, its usual duration and the ledger of before a restart.

        Tries again until the disk answers.
        """
        while not self._restored:
            try:
                stored, kept = await self._store.read(
                    lambda db: (db.newest_time(), {key: db.get(key) for key in KEYS})
                )
            except OutboxError:
                await self._clock.sleep(KEEP_S / 10)  # the store says so itself
                continue
            # Before it is asked how long an override of before still lasts
            self._keeper.remember(STORED, stored)
            for key, take in (
                (OVERRIDE, self._restore_override),
                (LASTING, self._restore_lasting),
                (LEDGER, self._restore_ledger),
            ):
                try:
                    if (text := kept[key]) is not None:
                        take(json.loads(text))
                except NONSENSE as error:
                    log.warning("%s in the store cannot be read and is ignored: %s", key, error)
            self._restored = True
            if kept[LEDGER] is None:
                self.controller.ledger.power_came()
            self._wake.set()

    def _restore_override(self, kept: dict[str, Any]) -> None:
        """Read as if it were commanded now, for the time that is left. What another version did not write has
        its default.

        Raises what a mistake in it raises.
        """
        if self._commanded:
            return  # newer than what the disk remembers
        now = self._clock.monotonic()
        if kept.get("boot_id") == self._keeper.boot_id and "until" in kept:
            left = float(kept["until"]) - now
        else:
            if not self._keeper.trusted:
                return  # how long it still lasts is unknown; the program is the safe answer
            left = float(kept["wall_until"]) - self._keeper.wall_at(now)
        if left <= 0:
            return
        payload = {
            "level": kept["level"],
            "duration_s": max(1.0, left),
            "mode": "fixed" if kept.get("fixed") is True else "adaptive",
        }
        override = commands.read(
            payload | {"reason": kept.get("reason", "")}, now, local=kept.get("local") is True
        )
        if isinstance(override, Override):
            self.controller.override = replace(override, by=str(kept.get("by", ""))[:100])

    def _restore_lasting(self, kept: Any) -> None:
        command = commands.read({"default_duration_s": kept}, 0.0)
        if isinstance(command, Lasting):
            self._default_s = command.seconds

    def _restore_ledger(self, kept: dict[str, Any]) -> None:
        place, ledger = self.controller.plan.place, self.controller.ledger
        ledger.restore(kept)
        if kept.get("boot_id") != self._keeper.boot_id:
            ledger.power_came()
        started = kept.get("night_start")
        if started is not None:
            self._night = night_of(float(started) + 1.0, place)

    def _turn_nights(self, wall: float | None, now: float) -> None:
        """At solar noon the night is summed up; now and then the ledger is kept."""
        if not self._restored:
            return
        ledger = self.controller.ledger
        old = self._night
        if wall is None:
            if now - self._turned_at >= DAY_S:  # no clock for a day: a night without a date
                self._turn(None, now)
        elif old is None or not old.start <= wall < old.end:
            new = self._night_of(wall)
            if new is not None and old is not None and new.start > old.start:
                self._turn(new, now)
            elif new is not None and (old is None or old.start - new.start > 1.5 * DAY_S):
                self._night, self._kept_at = new, float("-inf")
            # A small step back over noon: the night that was summed up stays summed up.
        if now - self._kept_at >= KEEP_S:
            self._kept_at = now
            ledger.charge(now)
            if ledger.changed or ledger.finished:
                self._in_background(self.keep())

    def _turn(self, new: Night | None, now: float) -> None:
        """Sum the night up, and go on with another."""
        old, self._night = self._night, new
        if old is not None:
            self.controller.ledger.turn(str(old.date), rfc3339(old.start), rfc3339(old.end), now)
        else:
            self.controller.ledger.turn(None, None, None, now)
        self._turned_at, self._kept_at = now, float("-inf")

    def _night_of(self, wall: float) -> Night | None:
        try:
            return night_of(wall, self.controller.plan.place)
        except (ValueError, OverflowError):
            return None

    async def keep(self) -> None:
        """Write the ledger down; finished nights become events in the same transaction.

        Raises OutboxError.
        """
        if not self._restored:
            return  # what is on the disk is not known: it must not be overwritten
        async with self._keeping:
            now, ledger = self._clock.monotonic(), self.controller.ledger
            document = ledger.document(now)
            told, document["finished"] = document["finished"], []
            document |= {
                "boot_id": self._keeper.boot_id,
                "night_start": self._night.start if self._night else None,
            }
            events = [RecordEvent("lamp.summarized", Severity.INFO, night, now) for night in told]
            ledger.changed = False
            try:
                await self._store.write(
                    lambda db: db.set(LEDGER, json.dumps(document, allow_nan=False)), *events
                )
            except BaseException:
                ledger.changed = True
                raise
            del ledger.finished[: len(told)]

    async def end(self) -> None:
        """The agent stops in order: from now on the wiring decides. Raises OutboxError."""
        stamp = self._keeper.stamp(self._clock.monotonic())
        await self._store.write(lambda db: db.log_lamp(stamp, ENDED))

    def _keep(self, key: str, text: str | None, *events: RecordEvent) -> asyncio.Task[None]:
        """A state and its event, in one transaction."""

        def write(db: Database) -> None:
            db.set(key, text)

        return self._in_background(self._store.write(write, *events))

    def _in_background(self, write: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """The lamp never waits for the disk; a disk that fails says so itself, and a thousand commands on it
        are one line in the log.
        """

        async def run() -> None:
            try:
                await write
                self._unkept = ""
            except (OutboxError, ValueError) as error:
                if not self._unkept:
                    log.warning("the lamp's override or ledger could not be kept: %s", error)
                self._unkept = str(error)

        task = asyncio.create_task(run(), name="keep the lamp's state")
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    def _pause(self) -> float:
        until = self.controller.decision.until if self.controller.decision else None
        return TICK_S if until is None else min(TICK_S, max(0.001, until - self._clock.monotonic()))
