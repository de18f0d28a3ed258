"""Who came by: counts per zone, line and class for a summary every five minutes. Empty ones are skipped."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

WINDOW_S = 300.0
DWELL_EDGES_S = (5, 15, 60, 300)


class Traffic:
    """Counts of one camera since the last summary."""

    def __init__(self, now: float) -> None:
        self._since = now
        self._entered: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._peak: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._dwell: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(DWELL_EDGES_S) + 1))
        self._crossed: defaultdict[str, dict[str, Counter[str]]] = defaultdict(lambda: {"forward": Counter(), "backward": Counter()})

    def enter(self, zone: str, label: str) -> None:
        self._entered[zone][label] += 1

    def inside(self, zone: str, counts: Counter[str]) -> None:
        for label, count in counts.items():
            self._peak[zone][label] = max(self._peak[zone][label], count)

    def leave(self, zone: str, stayed_s: float) -> None:
        self._dwell[zone][sum(stayed_s >= edge for edge in DWELL_EDGES_S)] += 1

    def cross(self, line: str, way: int, label: str) -> None:
        self._crossed[line]["forward" if way > 0 else "backward"][label] += 1

    def due(self, now: float) -> bool:
        return now - self._since >= WINDOW_S

    def summary(self, camera: str, now: float) -> dict[str, Any] | None:
        """The data of ``traffic.summarized``, and start anew. None when nobody came by."""
        since, names = self._since, sorted(set(self._entered) | set(self._dwell))
        zones = [
            {
                "zone": name,
                "entered": dict(self._entered[name]),
                "peak": dict(self._peak[name]),
                "dwell_s": {"edges": list(DWELL_EDGES_S), "counts": self._dwell[name]},
            }
            for name in names
        ]
        lines = [{"line": n, **{way: dict(c) for way, c in ways.items()}} for n, ways in sorted(self._crossed.items())]
        Traffic.__init__(self, now)
        if not zones and not lines:
            return None
        return {"camera": camera, "window_s": round(now - since, 1), "zones": zones, "lines": lines}
