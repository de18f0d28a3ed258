"""program + presence + override -> lamp.

The one FATAL loop: when it fails, the agent goes down and the wiring keeps the street lit. What is decided is
decided in `lamp.street_light`; this loop waits, reads, drives the pin and carries the effects out.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

from pole_agent.context import Context
from pole_agent.errors import LampError, OutboxError
from pole_agent.health.evidence import STORED
from pole_agent.lamp.controller import Controller, Output
from pole_agent.lamp.effects import Announce, Effect, Keep, KeepLedger, Log, LogReasons, Record
from pole_agent.lamp.fade import FADE_TICK_S
from pole_agent.lamp.lamp import Luminaire
from pole_agent.lamp.moment import Moment
from pole_agent.lamp.rows import ENDED, KEYS, LEDGER
from pole_agent.lamp.street_light import LampState, StreetLight
from pole_agent.store.database import Database
from pole_agent.uplink.events import Message, encode

log = logging.getLogger(__name__)

DISK_S = 0.5
RETRY_S = 90.0  # a disk that does not answer is asked again


class Light:
    """Owns the lamp. Nothing here waits for disk, network, camera or a trusted clock."""

    def __init__(
        self,
        context: Context,
        luminaire: Luminaire,
        lamp: StreetLight,
        *,
        beat: Callable[[], None] = lambda: None,
        before: Light | None = None,
    ) -> None:
        """`before` has handed over what it remembers; a write that it has begun comes before ours."""
        self._luminaire, self.lamp, self.boosts = luminaire, lamp, lamp.state.boosts
        self._keeper, self._clock, self._store = context.keeper, context.clock, context.store
        self._board, self._parts = context.board, context.parts
        self._topic, self._beat = f"{context.base}/lamp/state", beat
        self._wake = asyncio.Event()
        self.boosts.wake = self._wake.set
        self._closed: bool | None = None  # the relay; None: unknown
        self._keeping: asyncio.Lock = asyncio.Lock() if before is None else before._keeping
        self._background: set[asyncio.Task[None]] = set()
        self._unkept = ""  # why the last write failed
        self._slow: set[asyncio.Task[None]] = set()  # writes that a command did not wait for any longer

    def hand_over(self, luminaire: Luminaire) -> LampState:
        """What the light after a reload goes on with; this one ends. `luminaire`: what that one drives."""
        state = self.lamp.hand_over(self._clock.monotonic())
        if luminaire is not self._luminaire:
            state.driven = None
        return state

    @property
    def controller(self) -> Controller:
        return self.lamp.controller

    @property
    def changes(self) -> int:
        """How often the level or its reason has changed."""
        return self.lamp.state.changes

    async def run(self) -> None:
        self._parts.recover("lamp")
        loop = asyncio.get_running_loop()

        def pressed() -> None:
            loop.call_soon_threadsafe(self.press)

        self._luminaire.on_press(pressed)
        while True:
            fading = self.step(self._clock.monotonic())
            self._beat()
            pause_s = FADE_TICK_S if fading else self.lamp.pause_s(self._clock.monotonic())
            await self._clock.wait(self._wake, pause_s)

    def step(self, now: float) -> bool:
        """Decide and drive; True while a fade goes on. Raises LampError."""
        moment, light = self._moment(now), self._luminaire
        output = self.lamp.step(moment, self.boosts.at(now), light.lux(), light.feedback())
        self._drive(output)
        words, aside = self.lamp.doubt(output, moment, accepted=self._keeper.accepted_sun())
        self._keeper.sun_says(words, aside=aside)
        # The photocell may have ended the trust in the clock.
        self._carry_out(self.lamp.news(output, self._moment(now)))
        self._carry_out(self.lamp.book(moment))
        return output.fading

    def _moment(self, now: float) -> Moment:
        keeper = self._keeper
        trusted = keeper.trusted  # asked first: by that a jump of the clock is noticed
        return Moment(
            now=now,
            offset=keeper.offset,
            trusted=trusted,
            kind=keeper.kind,
            reason=keeper.reason,
            boot_id=keeper.boot_id,
        )

    def _drive(self, output: Output) -> None:
        if self._luminaire.relay is not None and output.closed != self._closed:
            self._luminaire.relay.set(output.closed)
            self._closed = output.closed
        state = self.lamp.state
        if output.duty != state.driven:
            self._luminaire.lamp.set(output.duty)
            state.driven = output.duty

    # --- effects

    def _carry_out(self, effects: Iterable[Effect]) -> set[asyncio.Task[None]]:
        """Returns the writes of overrides, durations and the ledger; they go on in the background."""
        writes = set()
        for effect in effects:
            match effect:
                case Keep():
                    writes.add(self._in_background(self._keep(effect)))
                case KeepLedger():
                    writes.add(self._in_background(self.keep()))
                case Record(event):
                    self._store.record(event)
                case LogReasons(text):
                    self._log_reasons(text)
                case Announce():
                    self._parts.note("lamp", faults=self.controller.faults.states())
                    self.announce()
                case Log(text, warning):
                    log.log(logging.WARNING if warning else logging.INFO, text)
        return writes

    async def _keep(self, row: Keep) -> None:
        def write(db: Database) -> None:
            db.set(row.key, row.text)

        await self._store.write(write, *([] if row.event is None else [row.event]))

    def _log_reasons(self, text: str) -> None:
        stamp = self._keeper.stamp(self._clock.monotonic())
        self._in_background(self._store.later(lambda db: db.log_lamp(stamp, text)))

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
                    log.warning("the lamp's override or ledger could not be stored: %s", error)
                self._unkept = str(error)

        task = asyncio.create_task(run(), name="keep the lamp's state")
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    # --- commands

    async def command(self, payload: Mapping[str, Any], by: str, *, local: bool = False) -> dict[str, Any]:
        """Carry out ``lamp/set``. `local`: it was given at the pole itself. Raises CommandRefused.

        The light changes at once; the answer waits a moment for the disk, so that what was answered survives
        a power cut.
        """
        moment = self._moment(self._clock.monotonic())
        writes = self._carry_out(self.lamp.command(payload, by, moment, local=local))
        self._act()
        await self._kept(writes)
        return {}

    async def _kept(self, writes: set[asyncio.Task[None]]) -> None:
        """Wait until it is on the disk. A disk that hangs is waited for once, not at every command."""
        if writes and not self._slow:
            _, pending = await asyncio.wait(writes, timeout=DISK_S)
            if pending:
                self._slow = pending
                for task in pending:
                    task.add_done_callback(lambda _: self._slow.clear())

    def press(self) -> None:
        """The button in the pole."""
        self._carry_out(self.lamp.press(self._moment(self._clock.monotonic())))
        self._act()

    def _act(self) -> None:
        """Drive the lamp at once, before the answer goes out; the loop goes on from there, and fails if the
        lamp does.
        """
        with contextlib.suppress(LampError):
            self.step(self._clock.monotonic())
        self._wake.set()

    # --- what survives a restart

    async def restore(self) -> None:
        """Take up the override, its usual duration and the ledger of before a restart.

        Tries again until the disk answers.
        """
        while not self.lamp.state.restored:
            try:
                stored, rows = await self._store.read(
                    lambda db: (db.newest_time(), {key: db.get(key) for key in KEYS})
                )
            except OutboxError:
                await self._clock.sleep(RETRY_S)  # the store says so itself
                continue
            # Before it is asked how long an override of before still lasts
            self._keeper.remember(STORED, stored)
            self._carry_out(self.lamp.restore(rows, self._moment(self._clock.monotonic())))
            self._wake.set()

    async def keep(self) -> None:
        """Write the ledger down; finished nights become events in the same transaction.

        Who is cancelled while waiting for it does not end it: the store writes in any case, and the nights
        must not be told again. Raises OutboxError, and ValueError where a sum is no number.
        """
        task = asyncio.create_task(self._write_ledger(), name="write the ledger")
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        await asyncio.shield(task)

    async def _write_ledger(self) -> None:
        async with self._keeping:
            row = self.lamp.begin_writing(self._moment(self._clock.monotonic()))
            if row is None:
                return
            text = row.text
            try:
                await self._store.write(lambda db: db.set(LEDGER, text), *row.events)
            except BaseException:
                self.lamp.not_written()
                raise
            self.lamp.written(row)

    async def end(self) -> None:
        """The agent stops in order: from now on the wiring decides. Raises OutboxError."""
        stamp = self._keeper.stamp(self._clock.monotonic())
        await self._store.write(lambda db: db.log_lamp(stamp, ENDED))

    # --- what is told

    def announce(self) -> None:
        """Put the state on the board."""
        self._board.post(self._topic, Message(self._topic, encode(self.state()), retain=True))

    def state(self) -> dict[str, Any]:
        """The payload of ``lamp/state``."""
        return self.lamp.notice(self._moment(self._clock.monotonic()))

    def lit(self) -> bool | None:
        """What the lamp's feedback says; None without one."""
        feedback = self._luminaire.feedback()
        return None if feedback is None else feedback.lit

    def remaining_s(self) -> float | None:
        """How long the override still lasts; known without a clock too."""
        return self.lamp.remaining_s(self._clock.monotonic())

    def account(self) -> dict[str, Any]:
        """Hours and energy so far, and faults, for people at the pole."""
        return self.lamp.account(self._clock.monotonic())
