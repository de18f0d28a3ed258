"""Is the lamp really as it is driven? Faults from a feedback input; without one they are unknown, never "no".
Pure.

The names follow the TALQ lamp monitor and uCIFI: lamp failure, dimming failure, lamp unexpectedly on,
cycling, day burner.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SETTLE_S = 10.0  # a driver needs time to start and to dim
DIMMING_S = 60.0
TOLERANCE = 0.25  # of the rated power
DAY_BURNER_S = 900.0
CYCLES, CYCLE_WINDOW_S = 5, 900.0
CLEAR_S = 60.0  # a fault is over when it has not been seen for so long

NAMES = ("lamp_failure", "dimming_failure", "unexpectedly_on", "cycling", "day_burner", "photocell_stuck")


@dataclass(frozen=True, slots=True)
class Feedback:
    """One reading: is there current or light, and how many watts (None: the input only knows on and off)."""

    lit: bool
    watts: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A fault opens (`open`) or closes, with what was seen."""

    fault: str
    open: bool
    data: Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class FaultsState:
    """What was seen so far. Times are monotonic, by fault."""

    duty: float = -1.0
    steady_since: float = 0.0
    was_lit: bool | None = None
    starts: deque[float] = field(default_factory=deque)
    true_since: dict[str, float] = field(default_factory=dict)
    false_since: dict[str, float] = field(default_factory=dict)
    silent_since: dict[str, float] = field(default_factory=dict)
    open: dict[str, float] = field(default_factory=dict)  # when it was opened
    known: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(NAMES, False))


class Faults:
    """Watches what is driven against what comes back."""

    def __init__(self, rated_w: float, state: FaultsState | None = None) -> None:
        self._rated_w = rated_w
        self.state = FaultsState() if state is None else state

    def step(
        self, duty: float, dark: bool | None, feedback: Feedback | None, stuck: bool | None, now: float
    ) -> list[Change]:
        """Judge one moment. `duty`: what is driven, 0 when the relay is open; `stuck`: of the photocell.

        None: unknown.
        """
        if duty != self.state.duty:
            self.state.duty, self.state.steady_since = duty, now
        settled = now - self.state.steady_since >= SETTLE_S
        seen: dict[str, bool | None] = dict.fromkeys(NAMES)
        # A sensor is there and has nothing to say: it has not settled yet, or the lamp is off
        waiting: set[str] = set()
        seen["photocell_stuck"] = stuck
        data: dict[str, Any] = {"duty": round(duty, 3)}
        if feedback is not None:
            data |= {"lit": feedback.lit} | (
                {} if feedback.watts is None else {"watts": round(feedback.watts, 1)}
            )
            seen["cycling"] = self._cycles(feedback.lit, duty > 0 and settled, now)
            seen["day_burner"] = dark is False and feedback.lit if dark is not None else None
            waiting = {"lamp_failure", "unexpectedly_on"}
            if feedback.watts is not None or not feedback.lit:
                waiting.add("dimming_failure")
            if settled:
                seen["lamp_failure"] = duty > 0 and not feedback.lit
                seen["unexpectedly_on"] = duty == 0 and feedback.lit
                if feedback.watts is not None and feedback.lit:
                    seen["dimming_failure"] = (
                        duty > 0 and abs(feedback.watts - duty * self._rated_w) > TOLERANCE * self._rated_w
                    )
        for name in waiting:
            self.state.silent_since.pop(name, None)
        return [change for name in NAMES for change in self._judge(name, seen[name], data, now)]

    def states(self) -> dict[str, bool | None]:
        """By fault: True, False, or None where no sensor tells."""
        return {name: name in self.state.open if self.state.known[name] else None for name in NAMES}

    def _forget(self, name: str, now: float) -> list[Change]:
        """The sensor says nothing any more: unknown again, and a fault that was open is closed as that."""
        self.state.known[name] = False
        if name not in self.state.open:
            return []
        return [Change(name, False, {"unknown": True, "lasted_s": round(now - self.state.open.pop(name), 1)})]

    def _cycles(self, lit: bool, steady_on: bool, now: float) -> bool:
        """Does it go out and come back by itself while it is driven all the time?"""
        state = self.state
        if lit and state.was_lit is False and steady_on:
            state.starts.append(now)
        state.was_lit = lit
        while state.starts and now - state.starts[0] > CYCLE_WINDOW_S:
            state.starts.popleft()
        return len(state.starts) >= CYCLES

    def _judge(self, name: str, seen: bool | None, data: Mapping[str, Any], now: float) -> list[Change]:
        state = self.state
        if seen is None:
            state.true_since.pop(name, None)
            since = state.silent_since.setdefault(name, now)
            if state.known[name] and now - since >= CLEAR_S:
                return self._forget(name, now)
            return []
        state.silent_since.pop(name, None)
        state.known[name] = True
        if not seen:
            state.true_since.pop(name, None)
            since = state.false_since.setdefault(name, now)
            if name in state.open and now - since >= CLEAR_S:
                lasted = now - state.open.pop(name)
                return [Change(name, False, {**data, "lasted_s": round(lasted, 1)})]
            return []
        state.false_since.pop(name, None)
        since = state.true_since.setdefault(name, now)
        patience = {
            "dimming_failure": DIMMING_S,
            "day_burner": DAY_BURNER_S,
            "cycling": 0.0,
            "photocell_stuck": 0.0,
        }.get(name, SETTLE_S)
        if name not in state.open and now - since >= patience:
            state.open[name] = now
            return [Change(name, True, data)]
        return []
