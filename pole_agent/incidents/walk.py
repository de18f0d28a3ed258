"""What the judge remembers of one track: its path, where it has been standing, which lines it crossed."""

from __future__ import annotations

from pole_agent.geometry import crosses
from pole_agent.incidents.rules import Line, Zone
from pole_agent.vocabulary import Point, Track

PATH_POINTS = 8
KEPT_POINTS = 32  # thinned to half when full: any length of life fits
STILL_HEIGHTS = 0.5  # within half its own height an object has stopped
RECROSS_S = 2.0  # a foot that trembles on a line crosses it once


class Walk:
    """One per track, from first sight to its end."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self.foot = track.box.foot
        self.entered: dict[str, float] = {}  # zone name -> since when inside
        self.visited: set[str] = set()  # zones it was ever inside
        self.still_since = track.last_seen
        self._still_at = self.foot
        self._crossed: dict[tuple[str, int], float] = {}
        self._points = [self.foot]
        self._stride = 1
        self._skipped = 0

    def step(self, track: Track, now: float) -> Point:
        """Take the track's place at `now`; return the foot before."""
        before, self.foot, self.track = self.foot, track.box.foot, track
        reach = STILL_HEIGHTS * max(track.box.height, 0.02)
        if abs(self.foot[0] - self._still_at[0]) > reach or abs(self.foot[1] - self._still_at[1]) > reach:
            self._still_at, self.still_since = self.foot, now
        self._skipped += 1
        if self._skipped >= self._stride:
            self._skipped = 0
            self._points.append(self.foot)
            if len(self._points) > KEPT_POINTS:
                self._points = self._points[::2]
                self._stride *= 2
        return before

    def stay(self, zone: Zone, now: float) -> float | None:
        """Seconds inside the zone, None when outside."""
        if not zone.holds(self.foot):
            self.entered.pop(zone.name, None)
            return None
        return now - self.entered.setdefault(zone.name, now)

    def crossing(self, line: Line, before: Point, now: float) -> int:
        """+1 forward, -1 backward, 0 no crossing at this step."""
        way = crosses(before, self.foot, line.start, line.end)
        if not way:
            return 0
        last = self._crossed.get((line.name, way))
        self._crossed[line.name, way] = now
        return way if last is None or now - last > RECROSS_S else 0

    def path(self) -> tuple[Point, ...]:
        """Up to 8 points from first to last, rounded to a thousandth of the picture."""
        points = [*self._points, self.foot] if self._points[-1] != self.foot else self._points
        count = min(PATH_POINTS, len(points))
        chosen = [points[round(i * (len(points) - 1) / max(1, count - 1))] for i in range(count)]
        return tuple((round(x, 3), round(y, 3)) for x, y in chosen)
