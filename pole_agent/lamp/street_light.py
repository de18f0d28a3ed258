"""The street light: clocks, readings and commands come in, effects go out. Pure.

`Controller` decides the level. Here is what surrounds it: who may command what, what is told and when, what a
restart brings back. The loop waits, drives the pin and carries the effects out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pole_agent.errors import CommandRefused
from pole_agent.lamp import commands
from pole_agent.lamp.boosts import Boosts
from pole_agent.lamp.commands import BurnHours, Lasting, Resume, Sweep
from pole_agent.lamp.controller import Configuration, Controller, ControllerState, Output
from pole_agent.lamp.daylight import Daylight, DaylightState
from pole_agent.lamp.decide import Decision, Override
from pole_agent.lamp.effects import Announce, Effect, Keep, KeepLedger, Log, LogReasons, Record
from pole_agent.lamp.faults import Change, Feedback
from pole_agent.lamp.moment import Moment
from pole_agent.lamp.nights import LedgerRow, Nights, NightsState
from pole_agent.lamp.rows import (
    DAMAGED,
    LASTING,
    LEDGER,
    OVERRIDE,
    override_text,
    read_lasting,
    read_override,
)
from pole_agent.languages import phrase
from pole_agent.vocabulary import BoostLamp, RecordEvent, Severity

TICK_S = 1.0
BUTTON = "button"


@dataclass(slots=True, kw_only=True)
class LampState:
    """Everything that the lamp remembers. A start begins one, a reload hands it on. Times are monotonic."""

    controller: ControllerState = field(default_factory=ControllerState)
    daylight: DaylightState = field(default_factory=DaylightState)
    nights: NightsState
    boosts: Boosts = field(default_factory=Boosts)
    default_s: float = commands.DEFAULT_S  # an override that names no duration lasts so long
    restored: bool = False  # what is on the disk is known
    commanded: bool = False  # since the start: newer than what is on the disk
    logged: bool = False  # this process is in the log of reasons
    level: float = float("-inf")  # that was decided last, and when it last rose
    rose_at: float = float("-inf")
    changes: int = 0  # of level or reason
    driven: float | None = None  # the duty cycle that the pin has; None: unknown

    @classmethod
    def begin(cls, now: float) -> LampState:
        """Of a start at `now`."""
        return cls(nights=NightsState(turned_at=now, kept_at=now))


class StreetLight:
    """Built from the configuration and the state of before."""

    def __init__(
        self,
        configuration: Configuration,
        state: LampState,
        *,
        button_off_s: float = 0.0,
        cell_aside: bool = False,
    ) -> None:
        """`button_off_s`: for so long the button in the pole turns the lamp off. `cell_aside`: a person has
        accepted the clock against the photocell.
        """
        place = configuration.plan.place
        if state.daylight.place != place:  # another sun, but the same cell
            state.daylight = DaylightState(place=place, aside=cell_aside)
        self.state = state
        self.controller = Controller(configuration, state.controller)
        self._daylight = Daylight(place, state.daylight)
        self._nights = Nights(place, self.controller.ledger, state.nights)
        self._button_off_s = button_off_s
        self._told: tuple[Any, ...] = ()  # a reload tells it again: who listens may be another

    def hand_over(self, now: float) -> LampState:
        """What the light after a reload goes on with; this one ends."""
        self.controller.hand_over(now)
        return self.state

    # --- a tick

    def step(
        self, moment: Moment, boosts: Iterable[BoostLamp], lux: float | None, feedback: Feedback | None
    ) -> Output:
        """What to drive now. `lux` and `feedback` are the readings; None: there is none."""
        return self.controller.step(moment.trusted_wall, moment.now, boosts, lux, feedback)

    def doubt(self, output: Output, moment: Moment, *, accepted: bool) -> tuple[str, bool]:
        """What the photocell says against the clock, trusted or not (empty: nothing), and whether the cell is
        set aside.

        `accepted`: a person has accepted the clock against it since the last step.
        """
        state, level = self.state, output.decision.level
        if level > state.level:
            state.rose_at = moment.now
        state.level = level
        if accepted:
            self._daylight.set_aside()
        # Without a photocell too: what one has said that a reload took away is given up after a day.
        words = self._daylight.step(
            self.controller.cell_dark, moment.wall, moment.now, level > 0, state.rose_at
        )
        return words, self._daylight.state.aside

    def news(self, output: Output, moment: Moment) -> Iterator[Effect]:
        """What follows from a step: what is kept, recorded, logged and told."""
        if output.ended:
            yield Keep(OVERRIDE, None)
        for change in output.changes:
            yield from _of_fault(change, moment.now)
        yield from self._of_change(output.decision, moment)

    def _of_change(self, decision: Decision, moment: Moment) -> Iterator[Effect]:
        controller, state, before = self.controller, self.state, self._told
        shown = decision.level, decision.reason
        # Not the words about the clock, which change from minute to minute
        why = *shown, controller.override, moment.kind, controller.program
        told = *why, tuple(controller.faults.state.open), state.default_s
        if told == before:
            return
        self._told = told
        if shown != before[: len(shown)]:
            state.changes += bool(before)
            yield Log(f"lamp {decision.level * 100:.0f} % ({decision.reason})")
        if why != before[: len(why)]:
            began, state.logged = not state.logged, True
            clock = None if moment.trusted else moment.reason
            yield LogReasons(json.dumps(controller.reasons() | {"began": began, "clock": clock}))
        yield Announce()

    def book(self, moment: Moment) -> Iterator[Effect]:
        """The night that ends is summed up; now and then the ledger is written."""
        # Before the disk was read, what is on it may belong to this night.
        if self.state.restored and self._nights.step(moment.trusted_wall, moment.now):
            yield KeepLedger()

    def pause_s(self, now: float) -> float:
        """How long nothing happens by itself."""
        until = self.controller.decision.until if self.controller.decision else None
        return TICK_S if until is None else min(TICK_S, max(0.001, until - now))

    # --- commands

    def command(
        self, payload: Mapping[str, Any], by: str, moment: Moment, *, local: bool
    ) -> Sequence[Effect]:
        """Obey ``lamp/set``; the next step shows it. `local`: it was given at the pole itself.

        Raises CommandRefused.
        """
        match commands.read(payload, moment.now, self.state.default_s, local=local):
            case Override() as override:
                return [self._replace(replace(override, by=by), by, moment)]
            case Resume():
                return [self._replace(None, by, moment)]
            case Lasting(seconds):
                self.state.default_s = seconds
                return [Keep(LASTING, json.dumps(seconds))]
            case BurnHours() if not self.state.restored:
                raise CommandRefused(phrase("ledger-not-read"))
            case BurnHours(hours):
                self.controller.ledger.set_hours(hours, moment.now)
                return [KeepLedger()]
            case Sweep() as sweep:
                self.controller.sweep(sweep, moment.now)
                return [Log(f"lamp sweep for {sweep.seconds:.0f} s by {by}")]

    def press(self, moment: Moment) -> Sequence[Effect]:
        """The button in the pole: off for a while; pressed again, back to the program."""
        override = self.controller.override
        if override is not None and override.by == BUTTON:
            return [self._replace(None, BUTTON, moment)]
        until = moment.now + self._button_off_s
        off = Override(0.0, until, fixed=True, by=BUTTON, reason=phrase("button-in-the-pole"), local=True)
        return [self._replace(off, BUTTON, moment)]

    def _replace(self, override: Override | None, by: str, moment: Moment) -> Keep:
        """The newest override wins; who asked, and why, is recorded."""
        self.controller.override, self.state.commanded = override, True
        if override is None:
            resumed = RecordEvent("lamp.resumed", Severity.INFO, {"by": by}, moment.now)
            return Keep(OVERRIDE, None, resumed)
        data = {
            "level": override.level,
            "duration_s": round(override.until - moment.now, 1),
            "mode": _mode(override),
            "by": override.by,
            "reason": override.reason,
            "local": override.local,
        }
        overridden = RecordEvent("lamp.overridden", Severity.INFO, data, moment.now)
        return Keep(OVERRIDE, override_text(override, moment), overridden)

    # --- what survives a restart

    def restore(self, rows: Mapping[str, str | None], moment: Moment) -> list[Effect]:
        """Take up what the store has kept, by key. One damaged row spoils no other."""
        troubles: list[Effect] = []
        for key, text in rows.items():
            try:
                if text is not None:
                    self._take(key, json.loads(text), moment)
            except DAMAGED as error:
                words = f"{key} in the store cannot be read and is ignored: {error}"
                troubles.append(Log(words, warning=True))
        self.state.restored = True
        if rows[LEDGER] is None:
            self.controller.ledger.power_came()
        return troubles

    def _take(self, key: str, row: Any, moment: Moment) -> None:
        if key == LEDGER:
            self._nights.restore(row, moment.boot_id)
        elif key == LASTING:
            self.state.default_s = read_lasting(row)
        elif not self.state.commanded:  # else newer than what the disk remembers
            self.controller.override = read_override(row, moment) or self.controller.override

    def begin_writing(self, moment: Moment) -> LedgerRow | None:
        """What to write of the ledger; None: what is on the disk is not known, so it must not be overwritten.

        Raises ValueError where a sum is no number.
        """
        return self._nights.begin_writing(moment.boot_id, moment.now) if self.state.restored else None

    def written(self, row: LedgerRow) -> None:
        self._nights.written(row)

    def not_written(self) -> None:
        self._nights.not_written()

    # --- what is told

    def notice(self, moment: Moment) -> dict[str, Any]:
        """The payload of ``lamp/state``."""
        controller = self.controller
        decision, override = controller.decision, controller.override
        level, reason = (decision.level, decision.reason) if decision else (1.0, "failsafe")
        return {
            "state": "ON" if level > 0 else "OFF",
            "brightness": round(level * 255),
            "level": round(level, 4),
            "reason": reason,
            "until": moment.text_of(decision.until) if decision and reason == "override" else None,
            "program": controller.program,
            "override": override
            and {
                "level": override.level,
                "mode": _mode(override),
                "by": override.by,
                "reason": override.reason,
                "until": moment.text_of(override.until),
            },
            "default_duration_s": self.state.default_s,
            "faults": sorted(controller.faults.state.open),
        }

    def remaining_s(self, now: float) -> float | None:
        """How long the override still lasts; known without a clock too."""
        override = self.controller.override
        return None if override is None else round(max(0.0, override.until - now), 1)

    def account(self, now: float) -> dict[str, Any]:
        """Hours and energy so far, and faults, for people at the pole."""
        controller = self.controller
        return controller.ledger.document(now) | {"faults": controller.faults.states()}


def _mode(override: Override) -> str:
    return "fixed" if override.fixed else "adaptive"


def _of_fault(change: Change, now: float) -> Iterator[Effect]:
    verb, severity = ("opened", Severity.WARNING) if change.open else ("closed", Severity.INFO)
    yield Log(f"lamp fault {change.fault} {'opens' if change.open else 'closes'}", warning=change.open)
    yield Record(RecordEvent(f"lamp.fault_{verb}", severity, {"fault": change.fault, **change.data}, now))
