"""Hours per level and per reason, and an estimate of the energy: street light is often billed by them."""

from __future__ import annotations

from collections import Counter
from typing import Any

WINDOW_S = 3600.0


class Ledger:
    """What the lamp did since the last summary. The energy is level × rated power × time: an estimate, not a measurement."""

    def __init__(self, rated_w: float, now: float) -> None:
        self._rated_w = rated_w
        self._since = self._at = now
        self._level = 0.0
        self._reason = ""
        self._seconds: Counter[str] = Counter()
        self._by_level: Counter[str] = Counter()
        self._watt_s = 0.0
        self.changes = 0

    def note(self, level: float, reason: str, now: float) -> None:
        """From `now` on the lamp is at this level for this reason."""
        self._charge(now)
        if (level, reason) != (self._level, self._reason) and self._reason:
            self.changes += 1
        self._level, self._reason = level, reason

    def due(self, now: float) -> bool:
        return now - self._since >= WINDOW_S

    def summary(self, now: float) -> dict[str, Any]:
        """The data of ``lamp.summarized``, and start anew."""
        self._charge(now)
        data = {
            "window_s": round(now - self._since, 1),
            "level_s": {level: round(s, 1) for level, s in sorted(self._by_level.items())},
            "reason_s": {reason: round(s, 1) for reason, s in sorted(self._seconds.items())},
            "changes": self.changes,
            "energy_wh_estimated": round(self._watt_s / 3600, 2),
        }
        self._since, self.changes, self._watt_s = now, 0, 0.0
        self._seconds.clear()
        self._by_level.clear()
        return data

    def _charge(self, now: float) -> None:
        spent, self._at = max(0.0, now - self._at), now
        if self._reason and spent:
            self._seconds[self._reason] += spent  # type: ignore[assignment]
            self._by_level[f"{self._level:.1f}"] += spent  # type: ignore[assignment]
            self._watt_s += self._level * self._rated_w * spent
