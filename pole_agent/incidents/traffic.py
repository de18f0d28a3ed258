"""Who came by: counts per zone, line and class for a summary every five minutes. Empty ones are skipped.

Per zone: how many came in, the most at a time (peak), the mean number present (occupancy), and how long they
stayed. Per line: how many crossed it each way.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from pole_agent.incidents.trajectory import Trajectory

WINDOW_S = 300.0
DWELL_EDGES_S = (5, 15, 60, 300)


class Traffic:
    """Counts of one camera since the last summary."""

    def __init__(self, now: float) -> None:
        self._since = now
        # Walks, not classes: what somebody is, is known best at the end.
        self._entered: defaultdict[str, list[Trajectory]] = defaultdict(list)
        self._peak: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._present_s: defaultdict[str, Counter[str]] = defaultdict(Counter)  # object seconds
        self._counted_at = now
        self._dwell: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(DWELL_EDGES_S) + 1))
        self._crossed: defaultdict[str, dict[str, list[Trajectory]]] = defaultdict(
            lambda: {"forward": [], "backward": []}
        )

    def enter(self, zone: str, trajectory: Trajectory) -> None:
        self._entered[zone].append(trajectory)

    def inside(self, counts: Mapping[str, Mapping[str, int]], now: float) -> None:
        """Take the number of objects in each zone, by class, since the last time."""
        step, self._counted_at = now - self._counted_at, now
        for zone, labels in counts.items():
            for label, count in labels.items():
                self._peak[zone][label] = max(self._peak[zone][label], count)
                self._present_s[zone][label] += count * step  # type: ignore[assignment]

    def skip(self, now: float) -> None:
        """Nobody looked until `now`: nobody was seen."""
        self._counted_at = now

    def leave(self, zone: str, stayed_s: float) -> None:
        self._dwell[zone][sum(stayed_s >= edge for edge in DWELL_EDGES_S)] += 1

    def cross(self, line: str, way: int, trajectory: Trajectory) -> None:
        self._crossed[line]["forward" if way > 0 else "backward"].append(trajectory)

    def due(self, now: float) -> bool:
        return now - self._since >= WINDOW_S

    def summary(self, camera: str, now: float) -> dict[str, Any] | None:
        """The data of ``traffic.summarized``, and reset. None when nobody came by."""
        came_by = any(self._entered.values()) or bool(self._dwell) or bool(self._crossed)
        since, names = self._since, sorted(set(self._entered) | set(self._dwell) | set(self._peak))
        window = max(now - since, 1e-3)
        zones = [
            {
                "zone": name,
                "entered": _by_class(self._entered[name]),
                "peak": dict(self._peak[name]),
                "occupancy": {label: round(s / window, 2) for label, s in self._present_s[name].items()},
                "dwell_s": {"edges": list(DWELL_EDGES_S), "counts": self._dwell[name]},
            }
            for name in names
        ]
        lines = [
            {"line": n, **{way: _by_class(trajectories) for way, trajectories in ways.items()}}
            for n, ways in sorted(self._crossed.items())
        ]
        Traffic.__init__(self, now)
        if not came_by:  # what only stands there is no traffic
            return None
        return {"camera": camera, "window_s": round(window, 1), "zones": zones, "lines": lines}


def _by_class(trajectories: Iterable[Trajectory]) -> dict[str, int]:
    return dict(Counter(trajectory.track.label for trajectory in trajectories))
