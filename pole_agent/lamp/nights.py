"""Which night the ledger counts, when it is summed up, and when the ledger is written. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pole_agent.almanac import DAY_S, Night, Place, night_of, rfc3339
from pole_agent.lamp.ledger import Ledger
from pole_agent.vocabulary import RecordEvent, Severity

# The ledger is written this often while it grows: 1 MB a day, and a power cut costs a quarter of an hour of
# it
KEEP_S = 900.0


@dataclass(slots=True, kw_only=True)
class NightsState:
    """Times are monotonic."""

    night: Night | None = None  # that is counted; None: its date is not known
    turned_at: float  # the last one was summed up, or the count began
    kept_at: float  # the ledger was last due to be written


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """What to write: the row, and the finished nights as events."""

    text: str
    events: tuple[RecordEvent, ...]


class Nights:
    """From noon to noon, where the clock is right; else a day from the last one."""

    def __init__(self, place: Place, ledger: Ledger, state: NightsState) -> None:
        self._place, self._ledger = place, ledger
        self.state = state

    def step(self, wall: float | None, now: float) -> bool:
        """At solar noon the night is summed up. `wall` None: the clock is not trusted.

        True: the ledger is to be written now.
        """
        state, old = self.state, self.state.night
        if wall is None:
            if now - state.turned_at >= DAY_S:  # no clock for a day: a night without a date
                self._turn(None, now)
        elif old is None or not old.start <= wall < old.end:
            self._find(old, wall, now)
        if now - state.kept_at < KEEP_S:
            return False
        state.kept_at = now
        self._ledger.charge(now)
        return self._ledger.state.changed or bool(self._ledger.state.finished)

    def _find(self, old: Night | None, wall: float, now: float) -> None:
        """The clock has left the night of before."""
        try:
            new = night_of(wall, self._place)
        except (ValueError, OverflowError):
            return  # a time beyond the calendar
        if old is not None and new.start > old.start:
            self._turn(new, now)
        elif old is None or old.start - new.start > 1.5 * DAY_S:
            self.state.night, self.state.kept_at = new, float("-inf")
        # A small step back over noon: the night that was summed up stays summed up.

    def _turn(self, new: Night | None, now: float) -> None:
        """Sum the night up, and go on with another."""
        state, old = self.state, self.state.night
        if old is not None:
            self._ledger.turn(str(old.date), rfc3339(old.start), rfc3339(old.end), now)
        else:
            self._ledger.turn(None, None, None, now)
        state.night, state.turned_at, state.kept_at = new, now, float("-inf")

    def restore(self, row: dict[str, Any], boot_id: str) -> None:
        """Go on from the row of before a restart. Raises what a mistake in it raises."""
        self._ledger.restore(row)
        if row.get("boot_id") != boot_id:
            self._ledger.power_came()
        started = row.get("night_start")
        if started is not None:
            self.state.night = night_of(float(started) + 1.0, self._place)

    def begin_writing(self, boot_id: str, now: float) -> LedgerRow:
        """What to write; then call `written`, or `not_written` where it failed.

        Raises ValueError where a sum is no number: what no restart could read does not replace what one can.
        """
        night, document = self.state.night, self._ledger.document(now)
        finished, document["finished"] = document["finished"], []
        document |= {"boot_id": boot_id, "night_start": night.start if night else None}
        text = json.dumps(document, allow_nan=False)
        self._ledger.state.changed = False
        events = (RecordEvent("lamp.summarized", Severity.INFO, told, now) for told in finished)
        return LedgerRow(text=text, events=tuple(events))

    def written(self, row: LedgerRow) -> None:
        """Its nights are told."""
        del self._ledger.state.finished[: len(row.events)]

    def not_written(self) -> None:
        self._ledger.state.changed = True
