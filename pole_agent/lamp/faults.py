"""Is the lamp really as it is driven? Faults from a feedback input; without one they are unknown, never "no".
Pure.

The names follow the TALQ lamp monitor and uCIFI: lamp failure, dimming failure, lamp unexpectedly on,
cycling, day burner.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
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


class Faults:
    """Watches what is driven against what comes back."""

    def __init__(self, rated_w: float) -> None:
        self._rated_w = rated_w
        self._duty = -1.0
        self._steady_since = 0.0
        self._was_lit: bool | None = None
        self._starts: deque[float] = deque()
        self._true_since: dict[str, float] = {}
        self._false_since: dict[str, float] = {}
        self._silent_since: dict[str, float] = {}
        self.open: dict[str, float] = {}  # fault -> monotonic time of its opening
        self.known: dict[str, bool] = dict.fromkeys(NAMES, False)

    def take_over(self, old: Faults) -> None:
        """Go on with what another has seen: after a reload no fault and no time of one begins anew."""
        self._duty, self._steady_since, self._was_lit, self._starts = (
            old._duty,
            old._steady_since,
            old._was_lit,
            old._starts,
        )
        self._true_since, self._false_since, self._silent_since = (
            old._true_since,
            old._false_since,
            old._silent_since,
        )
        self.open, self.known = old.open, old.known

    def step(
        self, duty: float, dark: bool | None, feedback: Feedback | None, stuck: bool | None, now: float
    ) -> list[Change]:
        """Judge one moment. `duty`: what is driven, 0 when the relay is open; `stuck`: of the photocell.

        None: unknown.
        """
        if duty != self._duty:
            self._duty, self._steady_since = duty, now
        settled = now - self._steady_since >= SETTLE_S
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
            self._silent_since.pop(name, None)
        return [change for name in NAMES for change in self._judge(name, seen[name], data, now)]

    def states(self) -> dict[str, bool | None]:
        """By fault: True, False, or None where no sensor tells."""
        return {name: name in self.open if self.known[name] else None for name in NAMES}

    def _forget(self, name: str, now: float) -> list[Change]:
        """The sensor says nothing any more: unknown again, and a fault that was open is closed as that."""
        self.known[name] = False
        if name not in self.open:
            return []
        return [Change(name, False, {"unknown": True, "lasted_s": round(now - self.open.pop(name), 1)})]

    def _cycles(self, lit: bool, steady_on: bool, now: float) -> bool:
        """Does it go out and come back by itself while it is driven all the time?"""
        if lit and self._was_lit is False and steady_on:
            self._starts.append(now)
        self._was_lit = lit
        while self._starts and now - self._starts[0] > CYCLE_WINDOW_S:
            self._starts.popleft()
        return len(self._starts) >= CYCLES

    def _judge(self, name: str, seen: bool | None, data: Mapping[str, Any], now: float) -> list[Change]:
        if seen is None:
            self._true_since.pop(name, None)
            since = self._silent_since.setdefault(name, now)
            if self.known[name] and now - since >= CLEAR_S:
                return self._forget(name, now)
            return []
        self._silent_since.pop(name, None)
        self.known[name] = True
        if not seen:
            self._true_since.pop(name, None)
            since = self._false_since.setdefault(name, now)
            if name in self.open and now - since >= CLEAR_S:
                lasted = now - self.open.pop(name)
                return [Change(name, False, {**data, "lasted_s": round(lasted, 1)})]
            return []
        self._false_since.pop(name, None)
        since = self._true_since.setdefault(name, now)
        patience = {
            "dimming_failure": DIMMING_S,
            "day_burner": DAY_BURNER_S,
            "cycling": 0.0,
            "photocell_stuck": 0.0,
        }.get(name, SETTLE_S)
        if name not in self.open and now - since >= patience:
            self.open[name] = now
            return [Change(name, True, data)]
        return []
