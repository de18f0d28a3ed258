"""What the lamp did: burn hours, switch-ons, energy, and hours by level, reason and presence for each night.
Pure.

Unmetered street light is often billed flat, so many hours at rated power; the ledger shows both. Energy is
estimated as duty cycle × rated power × time. Hours by level and presence are the operational profile of EN
13201-5.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from pole_agent.languages import phrase

Seconds = defaultdict[str, float]
MAX_VALUE = 1e12  # no lamp has burned longer
SUMS = 5  # of a night, in its document
FLAT_HOURS = 12.0  # of a flat bill, a night at rated power


def _no_seconds() -> Seconds:
    return defaultdict(float)


@dataclass(slots=True, kw_only=True)
class NightSums:
    """The sums of one night, in seconds; by reason, by level, and by level while somebody was there."""

    seconds: float = 0.0
    burn_s: float = 0.0
    energy_wh: float = 0.0
    switch_ons: int = 0
    changes: int = 0
    reasons: Seconds = field(default_factory=_no_seconds)
    levels: Seconds = field(default_factory=_no_seconds)
    present: Seconds = field(default_factory=_no_seconds)

    def summary(self, rated_w: float) -> dict[str, Any]:
        return {
            "observed_h": _hours(self.seconds),
            "burn_h": _hours(self.burn_s),
            "switch_ons": self.switch_ons,
            "changes": self.changes,
            "energy_wh_estimated": round(self.energy_wh, 1),
            "energy_wh_flat": round(FLAT_HOURS * rated_w, 1),
            "reason_h": _table(self.reasons),
            "level_h": _table(self.levels),
            "presence_h": _table(self.present),
        }

    def document(self) -> dict[str, Any]:
        return {
            "sums": [
                round(self.seconds, 1),
                round(self.burn_s, 1),
                round(self.energy_wh, 3),
                self.switch_ons,
                self.changes,
            ],
            "reasons": _rounded(self.reasons),
            "levels": _rounded(self.levels),
            "present": _rounded(self.present),
        }

    @classmethod
    def read(cls, document: dict[str, Any]) -> NightSums:
        night = cls()
        sums = [*map(_amount, document.get("sums", [])), *[0.0] * SUMS][:SUMS]
        night.seconds, night.burn_s, night.energy_wh, switch_ons, changes = sums
        night.switch_ons, night.changes = int(switch_ons), int(changes)
        for seconds_by, name in (
            (night.reasons, "reasons"),
            (night.levels, "levels"),
            (night.present, "present"),
        ):
            seconds_by.update({str(k): _amount(v) for k, v in document.get(name, {}).items()})
        return night

    def add(self, other: NightSums) -> None:
        self.seconds += other.seconds
        self.burn_s += other.burn_s
        self.energy_wh += other.energy_wh
        self.switch_ons += other.switch_ons
        self.changes += other.changes
        for mine, theirs in (
            (self.reasons, other.reasons),
            (self.levels, other.levels),
            (self.present, other.present),
        ):
            for key, seconds in theirs.items():
                mine[key] += seconds


@dataclass(slots=True, kw_only=True)
class LedgerState:
    """How the lamp is now and since when (monotonic), totals since the first day, the night that runs, and
    finished nights that nobody was told of yet.
    """

    at: float = 0.0  # accounted for up to here
    level: float = 0.0
    duty: float = 0.0
    reason: str = ""  # empty: nothing is known of the lamp yet
    presence: bool = False
    burn_s: float = 0.0
    energy_wh: float = 0.0
    switch_ons: int = 0
    boots: int = 0
    night: NightSums = field(default_factory=NightSums)
    finished: list[dict[str, Any]] = field(default_factory=list)
    changed: bool = False  # since it was written


class Ledger:
    """Accounts for the time. Kept as JSON by its owner."""

    def __init__(self, rated_w: float, state: LedgerState | None = None) -> None:
        self._rated_w = rated_w
        self.state = LedgerState() if state is None else state

    @property
    def burn_h(self) -> float:
        return self.state.burn_s / 3600

    def note(self, level: float, duty: float, reason: str, presence: bool, now: float) -> None:
        """From `now` (monotonic) on the lamp is like this."""
        state = self.state
        self.charge(now)
        if level == 0 and duty > 0:
            level = state.level  # it still fades out
        if state.reason and (level, reason) != (state.level, state.reason):
            state.night.changes += 1
            state.changed = True
        if state.reason and duty > 0 and state.duty == 0:
            state.switch_ons += 1
            state.night.switch_ons += 1
            state.changed = True
        state.level, state.duty, state.reason, state.presence = level, duty, reason, presence

    def charge(self, now: float) -> None:
        """Account for the time up to `now`."""
        state = self.state
        spent, state.at = max(0.0, now - state.at), now
        if not state.reason or not spent:
            return
        night = state.night
        night.seconds += spent
        night.reasons[state.reason] += spent
        if state.duty > 0:
            energy = state.duty * self._rated_w * spent / 3600
            state.burn_s += spent
            state.energy_wh += energy
            night.burn_s += spent
            night.energy_wh += energy
            night.levels[_key(state.level)] += spent
            if state.presence:
                night.present[_key(state.level)] += spent
            state.changed = True

    def power_came(self) -> None:
        """The pole has booted: with the reference wiring its lamp came on with the power."""
        state = self.state
        state.boots += 1
        state.switch_ons += 1
        state.night.switch_ons += 1
        state.changed = True

    def set_hours(self, hours: float, now: float) -> None:
        """The lamp has burned so long: a new lamp, or a new controller on an old one."""
        self.charge(now)
        self.state.burn_s = hours * 3600
        self.state.changed = True

    def turn(self, evening: str | None, began: str | None, ended: str | None, now: float) -> None:
        """Noon: the night is finished.

        Its date, its first and its last moment (RFC 3339), as far as they are known.
        """
        state = self.state
        self.charge(now)
        if state.night.seconds > 0:
            state.finished.append(
                {"night": evening, "from": began, "to": ended, **state.night.summary(self._rated_w)}
                | {
                    "total": {
                        "burn_h": round(self.burn_h, 2),
                        "switch_ons": state.switch_ons,
                        "boots": state.boots,
                    }
                    | {"energy_kwh_estimated": round(state.energy_wh / 1000, 3)}
                }
            )
        state.night = NightSums()
        state.changed = True

    def document(self, now: float) -> dict[str, Any]:
        """Everything that is to be kept over a power cut."""
        self.charge(now)
        return {
            "burn_s": round(self.state.burn_s, 1),
            "energy_wh": round(self.state.energy_wh, 3),
            "switch_ons": self.state.switch_ons,
            "boots": self.state.boots,
            "night": self.state.night.document(),
            "finished": list(self.state.finished),
        }

    def restore(self, document: dict[str, Any]) -> None:
        """Go on from what was kept, and add what was counted since. What another version did not count is 0.

        Raises ValueError, TypeError, AttributeError; nothing is changed then.
        """
        state = self.state
        night = NightSums.read(document.get("night", {}))
        burn_s, energy_wh, switch_ons, boots = (
            _amount(document.get(key, 0)) for key in ("burn_s", "energy_wh", "switch_ons", "boots")
        )
        finished = [dict(f) for f in document.get("finished", [])]
        state.burn_s += burn_s
        state.energy_wh += energy_wh
        state.switch_ons += int(switch_ons)
        state.boots += int(boots)
        state.night.add(night)
        state.finished = [*finished, *state.finished]


def _amount(value: Any) -> float:
    """A kept number that can be true. Raises ValueError, TypeError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < MAX_VALUE:
        raise ValueError(phrase("amount-invalid", value=f"{value!r}"))
    return float(value)


def _key(level: float) -> str:
    return f"{level:.1f}"


def _hours(seconds: float) -> float:
    return round(seconds / 3600, 3)


def _table(seconds: Seconds) -> dict[str, float]:
    return {key: _hours(s) for key, s in sorted(seconds.items())}


def _rounded(seconds: Seconds) -> dict[str, float]:
    return {key: round(s, 1) for key, s in sorted(seconds.items())}
