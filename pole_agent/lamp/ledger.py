"""What the lamp did: burn hours, switch-ons, energy, and hours by level, reason and presence for each night.
Pure.

Unmetered street light is often billed flat, so many hours at rated power; the ledger shows both. Energy is
estimated as duty cycle × rated power × time. Hours by level and presence are the operational profile of EN
13201-5.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

Seconds = defaultdict[str, float]
MAX_VALUE = 1e12  # no lamp has burned longer
SUMS = 5  # of a night, in its document
FLAT_HOURS = 12.0  # of a flat bill, a night at rated power


class Ledger:
    """Totals since the first day, the night that runs, and finished nights that nobody was told of yet.

    Kept as JSON by its owner.
    """

    def __init__(self, rated_w: float, now: float) -> None:
        self.rated_w = rated_w
        self._at = now
        self._level = self._duty = 0.0
        self._reason = ""
        self._presence = False
        self.burn_s = self.energy_wh = 0.0
        self.switch_ons = self.boots = 0
        self._night = _Night()
        self.finished: list[dict[str, Any]] = []
        self.changed = False  # since the last `kept`

    @property
    def burn_h(self) -> float:
        return self.burn_s / 3600

    def note(self, level: float, duty: float, reason: str, presence: bool, now: float) -> None:
        """From `now` (monotonic) on the lamp is like this."""
        self.charge(now)
        if level == 0 and duty > 0:
            level = self._level  # it still fades out
        if self._reason and (level, reason) != (self._level, self._reason):
            self._night.changes += 1
            self.changed = True
        if self._reason and duty > 0 and self._duty == 0:
            self.switch_ons += 1
            self._night.switch_ons += 1
            self.changed = True
        self._level, self._duty, self._reason, self._presence = level, duty, reason, presence

    def charge(self, now: float) -> None:
        """Account for the time up to `now`."""
        spent, self._at = max(0.0, now - self._at), now
        if not self._reason or not spent:
            return
        night = self._night
        night.seconds += spent
        night.reasons[self._reason] += spent
        if self._duty > 0:
            energy = self._duty * self.rated_w * spent / 3600
            self.burn_s += spent
            self.energy_wh += energy
            night.burn_s += spent
            night.energy_wh += energy
            night.levels[_key(self._level)] += spent
            if self._presence:
                night.present[_key(self._level)] += spent
            self.changed = True

    def power_came(self) -> None:
        """The pole has booted: with the reference wiring its lamp came on with the power."""
        self.boots += 1
        self.switch_ons += 1
        self._night.switch_ons += 1
        self.changed = True

    def set_hours(self, hours: float, now: float) -> None:
        """The lamp has burned so long: a new lamp, or a new controller on an old one."""
        self.charge(now)
        self.burn_s = hours * 3600
        self.changed = True

    def turn(self, evening: str | None, began: str | None, ended: str | None, now: float) -> None:
        """Noon: the night is finished.

        Its date, its first and its last moment (RFC 3339), as far as they are known.
        """
        self.charge(now)
        if self._night.seconds > 0:
            self.finished.append(
                {"night": evening, "from": began, "to": ended, **self._night.summary(self.rated_w)}
                | {
                    "total": {
                        "burn_h": round(self.burn_h, 2),
                        "switch_ons": self.switch_ons,
                        "boots": self.boots,
                    }
                    | {"energy_kwh_estimated": round(self.energy_wh / 1000, 3)}
                }
            )
        self._night = _Night()
        self.changed = True

    def document(self, now: float) -> dict[str, Any]:
        """Everything that is to be kept over a power cut."""
        self.charge(now)
        return {
            "burn_s": round(self.burn_s, 1),
            "energy_wh": round(self.energy_wh, 3),
            "switch_ons": self.switch_ons,
            "boots": self.boots,
            "night": self._night.document(),
            "finished": list(self.finished),
        }

    def restore(self, document: dict[str, Any]) -> None:
        """Go on from what was kept, and add what was counted since. What another version did not count is 0.

        Raises ValueError, TypeError, AttributeError; nothing is changed then.
        """
        night = _Night.read(document.get("night", {}))
        burn_s, energy_wh, switch_ons, boots = (
            _amount(document.get(key, 0)) for key in ("burn_s", "energy_wh", "switch_ons", "boots")
        )
        finished = [dict(f) for f in document.get("finished", [])]
        self.burn_s += burn_s
        self.energy_wh += energy_wh
        self.switch_ons += int(switch_ons)
        self.boots += int(boots)
        self._night.add(night)
        self.finished = [*finished, *self.finished]


class _Night:
    """The sums of one night, in seconds."""

    def __init__(self) -> None:
        self.seconds = self.burn_s = self.energy_wh = 0.0
        self.switch_ons = self.changes = 0
        self.reasons: Seconds = defaultdict(float)
        self.levels: Seconds = defaultdict(float)
        self.present: Seconds = defaultdict(float)

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
    def read(cls, document: dict[str, Any]) -> _Night:
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

    def add(self, other: _Night) -> None:
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


def _amount(value: Any) -> float:
    """A kept number that can be true. Raises ValueError, TypeError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < MAX_VALUE:
        raise ValueError(f"{value!r} is no amount")
    return float(value)


def _key(level: float) -> str:
    return f"{level:.1f}"


def _hours(seconds: float) -> float:
    return round(seconds / 3600, 3)


def _table(seconds: Seconds) -> dict[str, float]:
    return {key: _hours(s) for key, s in sorted(seconds.items())}


def _rounded(seconds: Seconds) -> dict[str, float]:
    return {key: round(s, 1) for key, s in sorted(seconds.items())}
